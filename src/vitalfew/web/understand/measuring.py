"""Figures under any combination of filters, computed when they are asked for, and withheld where a few people could be told.

Answers, checks of promises and comments become *facts* of one form: what the figure is about (`cell`), who it is about (`unit`), the
record they stand in, its place in every dimension one can filter by, and its weight and value. Every page sums facts in the engine;
what stands behind each figure, and behind each coarser one, is counted in the same way, so one place decides what is withheld
(shell.withholding). The number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vitalfew.engine.reader import Reader, Row
from vitalfew.web.shell import withholding
from vitalfew.web.shell.access import Visit
from vitalfew.web.shell.filters import Filters, facets
from vitalfew.web.shell.runkept import PerRun
from vitalfew.web.shell.withholding import Outside, Reason

# Cuts that withholding looks at; a run with more of them has the first, by name.
MOST_CUTS = 8
_COLUMNS = (("account", "account"), ("group", "grp"), ("channel", "channel"))


@dataclass(frozen=True)
class Facts:
    """A source of facts: SQL of ours over `tables`, with columns tab, source, "key", cell, unit, moment, account, grp, channel,
    weight, part, good and bad; and the values it binds."""

    name: str
    sql: str
    tables: tuple[str, ...]
    records: tuple[str, ...]
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Sums:
    """One cell (and piece of a breakdown): its sums, or why it is withheld."""

    cell: str
    piece: str
    n: int
    people: int
    sums: Mapping[str, float | None]
    withheld: Reason | None = None


@dataclass(frozen=True)
class Measured:
    """The sums asked for, and the filters these facts know nothing of."""

    rows: tuple[Sums, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass
class _Question:
    """One question put to the facts: SQL in parts, and the values it binds, in the order of the parts."""

    facts: Facts
    cuts: tuple[str, ...]
    filters: Filters
    by: str = ""
    dimensions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dimensions = {"year": "d_year", "quarter": "d_quarter"}
        self.dimensions |= {f"cut:{name}": f"d_s{at}" for at, name in enumerate(self.cuts)}
        self.dimensions |= {name: f"d_{column}" for name, column in _COLUMNS}

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.facts.tables, *(("segments",) if self.cuts else ()))))

    def conditions(self) -> dict[str, tuple[str, Any]]:
        """Each filter in force by its dimension: SQL with one place, and its value."""
        found: dict[str, tuple[str, Any]] = {}
        period = self.filters.period
        if period:
            found["quarter" if "-" in period else "year"] = ("d_quarter = ?" if "-" in period else "d_year = ?", period)
        cut = self.filters.cut
        if cut and cut[0] in self.cuts:
            found[f"cut:{cut[0]}"] = (f"d_s{self.cuts.index(cut[0])} = ?", cut[1])
        for name, column in _COLUMNS:
            if getattr(self.filters, name):
                found[name] = (f"d_{column} = ?", getattr(self.filters, name))
        return found

    def flagged(self, conditions: Mapping[str, tuple[str, Any]]) -> tuple[str, list[Any]]:
        """The facts with their dimensions, whether they are `inside` the conditions, and the `piece` of the breakdown."""
        values: list[Any] = list(self.facts.values)
        cuts = joined = ""
        if self.cuts:
            pivot = ", ".join(f'max("value") FILTER (WHERE segment = ?) AS d_s{at}' for at in range(len(self.cuts)))
            named = ", ".join("?" * len(self.facts.records))
            cuts = f""", cuts AS (SELECT "table" AS tab, source, "key", {pivot} FROM {{segments}}
              WHERE "table" IN ({named}) GROUP BY "table", source, "key")"""
            joined = 'LEFT JOIN cuts c ON b.tab = c.tab AND b.source = c.source AND b."key" = c."key"'
            values += [*self.cuts, *self.facts.records]
        columns = ", ".join(f"c.d_s{at}" for at in range(len(self.cuts)))
        inside = " AND ".join(sql for sql, _value in conditions.values()) or "true"
        values += [value for _sql, value in conditions.values()]
        piece = self.dimensions[self.by] if self.by else "''"
        return (
            f"""WITH base AS ({self.facts.sql}){cuts}, placed AS (SELECT b.*, CAST(year(moment) AS VARCHAR) AS d_year,
              CAST(year(moment) AS VARCHAR) || '-Q' || CAST(quarter(moment) AS VARCHAR) AS d_quarter,
              b.account AS d_account, b.grp AS d_grp, b.channel AS d_channel{", " + columns if columns else ""} FROM base b {joined}),
            flagged AS (SELECT *, coalesce({inside}, false) AS inside, {piece} AS piece FROM placed)""",
            values,
        )


_SUMS = """SELECT cell, piece, count(*) AS n, count(DISTINCT unit) AS people, sum(weight) AS weight, sum(weight * weight) AS squares,
  sum(weight * part) AS first, sum(weight * part * part) AS second, sum(weight * good) AS good, sum(weight * bad) AS bad
  FROM flagged WHERE inside AND piece IS NOT NULL AND cell IS NOT NULL GROUP BY cell, piece ORDER BY cell, piece"""


def measure(visit: Visit, facts: Facts, filters: Filters, by: str = "") -> Measured:
    """The sums of each cell under `filters`, broken down `by` a dimension: quarter, year, group, channel or cut:NAME."""
    return _MEASURED.of(visit, (facts.name, facts.values, filters, by), lambda: _measured(visit, facts, filters, by))


_MEASURED: PerRun[Measured] = PerRun(600)
_KNOWN: PerRun[frozenset[str]] = PerRun(60)


def known(visit: Visit, facts: Facts) -> frozenset[str]:
    """The filters these facts can be narrowed by: those of which some record says something."""

    def made() -> frozenset[str]:
        told = ", ".join(f"count({column}) > 0 AS {quoted}" for quoted, column in (("a", "account"), ("g", "grp"), ("c", "channel")))
        text = f"WITH base AS ({facts.sql}) SELECT count(moment) > 0 AS p, {told} FROM base"
        row = visit.reader.select(text, facts.tables, facts.values)[0]
        names = {"period": row["p"], "account": row["a"], "group": row["g"], "channel": row["c"]}
        return frozenset(name for name, is_known in names.items() if is_known) | {"segment"}

    return _KNOWN.of(visit, ("known", facts.name, facts.values), made)


def _measured(visit: Visit, facts: Facts, filters: Filters, by: str) -> Measured:
    cuts = tuple(facets(visit).segments)[:MOST_CUTS]
    usable = known(visit, facts)
    ignored = [name for name in ("period", "account", "group", "channel") if getattr(filters, name) and name not in usable]
    if filters.cut and filters.cut[0] not in cuts:
        ignored.append("segment")
    question = _Question(facts, cuts, filters.with_(**dict.fromkeys(ignored, "")), by)
    least = withholding.least_of(visit.settings.company.minimum_group)
    conditions = question.conditions()
    sql, values = question.flagged(conditions)
    rows = visit.reader.select(f"{sql} {_SUMS}", question.tables, values)
    withheld: dict[tuple[str, str], Reason] = {}
    if conditions or by:
        withheld = {
            **_hidden_rest(visit.reader, question, conditions, least),
            **_revealing(visit.reader, question, sql, values, least),
        }
    found = []
    for row in rows:
        at = (row["cell"], row["piece"])
        reason = Reason.FEW if withholding.few(row["people"], least) else withheld.get(at)
        sums = {name: row[name] for name in ("weight", "squares", "first", "second", "good", "bad")} if reason is None else {}
        found.append(Sums(row["cell"], row["piece"], row["n"], row["people"], sums, reason))
    return Measured(tuple(found), tuple(ignored))


def _revealing(reader: Reader, question: _Question, sql: str, values: Sequence[Any], least: int) -> dict[tuple[str, str], Reason]:
    """The figures that differ by a few people from a coarser one.

    In each dimension where all records of a figure have one value, that value is a filter the figure's records meet; each person
    outside is counted with the dimensions in which their records share it.
    """
    columns = list(question.dimensions.values())
    same = ", ".join(f"CASE WHEN count({d}) = count(*) AND min({d}) = max({d}) THEN min({d}) END AS c{d}" for d in columns)
    shared = " + ".join(f"CASE WHEN f.{d} = s.c{d} THEN {1 << at} ELSE 0 END" for at, d in enumerate(columns))
    text = f"""{sql}, same AS (SELECT cell, piece, {same} FROM flagged WHERE inside AND piece IS NOT NULL GROUP BY cell, piece),
      outside AS (SELECT DISTINCT s.cell, s.piece, f.unit, {shared} AS shared FROM flagged f JOIN same s ON f.cell = s.cell
        WHERE NOT (f.inside AND coalesce(f.piece = s.piece, false)))
      SELECT cell, piece, shared, count(*) AS n, min(unit, {int(least)}) AS some FROM outside GROUP BY cell, piece, shared"""
    found: dict[tuple[str, str], list[Outside]] = {}
    for row in reader.select(text, question.tables, values):
        found.setdefault((row["cell"], row["piece"]), []).append(Outside(int(row["shared"]), row["n"], row["some"] or ()))
    one_of = sum(1 << at for at, name in enumerate(question.dimensions) if name.startswith("cut:"))
    return {at: Reason.DIFFERENCE for at, rows in found.items() if withholding.differs_by_few(rows, least, one_of)}


def _hidden_rest(
    reader: Reader, question: _Question, conditions: Mapping[str, tuple[str, Any]], least: int
) -> dict[tuple[str, str], Reason]:
    """The figures hidden because the hidden values beside them hold too few people: a query for each list they stand in."""
    found: dict[tuple[str, str], Reason] = {}
    lists = [(name, {each: told for each, told in conditions.items() if each != name}, told[1]) for name, told in conditions.items()]
    if "quarter" in conditions:
        # A quarter stands among all quarters, and among those of its year.
        year = str(conditions["quarter"][1])[:4]
        others = {name: told for name, told in conditions.items() if name != "quarter"}
        lists.append(("quarter", {**others, "year": ("d_year = ?", year)}, conditions["quarter"][1]))
    if question.by:
        lists.append((question.by, dict(conditions), None))
    for name, others, value in lists:
        for row in _rest(reader, question, name, others, least):
            more = withholding.following(row["gone"], least, row["following"])
            if more is not None and value in (None, more):
                found[(row["cell"], row["piece"] if value is not None else more)] = Reason.REST
    return found


def _rest(reader: Reader, question: _Question, name: str, others: Mapping[str, tuple[str, Any]], least: int) -> list[Row]:
    """In the list of one dimension's values, under the other conditions: how many people are hidden, and the next smallest value."""
    sql, values = question.flagged(others)
    column, whole = question.dimensions[name], name == question.by
    piece = "''" if whole else "piece"
    text = f"""{sql}, listed AS (SELECT cell, {piece} AS piece, unit, {column} AS v FROM flagged WHERE inside),
      each AS (SELECT cell, piece, v, count(DISTINCT unit) AS n FROM listed GROUP BY cell, piece, v),
      gone AS (SELECT l.cell, l.piece, count(DISTINCT l.unit) AS gone FROM listed l JOIN each e
        ON l.cell = e.cell AND l.piece IS NOT DISTINCT FROM e.piece AND l.v IS NOT DISTINCT FROM e.v
        WHERE e.n < {int(least)} OR e.v IS NULL GROUP BY l.cell, l.piece)
      SELECT g.cell, g.piece, g.gone, substr(min(lpad(CAST(e.n AS VARCHAR), 12, '0') || e.v), 13) AS following
      FROM gone g JOIN each e ON g.cell = e.cell AND g.piece IS NOT DISTINCT FROM e.piece AND e.n >= {int(least)} AND e.v IS NOT NULL
      WHERE g.gone < {int(least)} GROUP BY g.cell, g.piece, g.gone"""
    return reader.select(text, question.tables, values)
