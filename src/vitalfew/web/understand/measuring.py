"""Figures under any combination of filters, computed when they are asked for, and withheld where a few people could be told.

Answers, checks of promises and comments become *facts* of one form: what the figure is about (`cell`), who it is about (`unit`),
the record they stand in, its place in every dimension one can filter by, and its weight and value. Every page sums facts in the
engine; what stands behind each figure, and behind each coarser one, is counted in the same way, so one place decides what is
withheld (shell.withholding). The number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vitalfew.engine.reader import Reader, Row
from vitalfew.runs import digest
from vitalfew.web.shell import withholding
from vitalfew.web.shell.access import Reading
from vitalfew.web.shell.filters import Filters, facets
from vitalfew.web.shell.runkept import KEPT, PerRun, on_disk
from vitalfew.web.shell.withholding import Outside, Reason
from vitalfew.web.understand import crowds

# Cuts that withholding looks at; a run with more of them has the first, by name.
MOST_CUTS = 8
# A figure: its cell and the piece of its breakdown.
_At = tuple[str, str]
_COLUMNS = (("account", "account"), ("group", "grp"), ("channel", "channel"))


@dataclass(frozen=True)
class Facts:
    """A source of facts: SQL of ours over `tables`, with columns tab, source, "key", cell, unit, moment, account, grp, channel,
    weight, part, good and bad; and the values it binds. `quoted`: pages look up its records themselves, too."""

    name: str
    sql: str
    tables: tuple[str, ...]
    records: tuple[str, ...]
    values: tuple[Any, ...] = ()
    quoted: bool = False


@dataclass(frozen=True)
class Sums:
    """One cell (and piece of a breakdown): its sums, or why it is withheld."""

    cell: str
    piece: str
    n: int
    people: int
    sums: Mapping[str, float | None]
    withheld: Reason | None = None

    @property
    def plain(self) -> list[Any]:
        """As `of` takes it back."""
        reason = self.withheld.value if self.withheld else None
        sums = {name: None if each is None else float(each) for name, each in self.sums.items()}
        return [self.cell, self.piece, self.n, self.people, sums, reason]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Sums:
        """The sums from what `plain` gave."""
        cell, piece, n, people, sums, reason = plain
        return cls(cell, piece, n, people, sums, Reason(reason) if reason else None)


@dataclass(frozen=True)
class Measured:
    """The sums asked for, and the filters these facts know nothing of."""

    rows: tuple[Sums, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass
class _Question:
    """One question put to the facts: SQL in parts, and the values it binds, in the order of the parts."""

    table: str
    cuts: tuple[str, ...]
    filters: Filters
    by: str = ""
    cell: str = ""
    dimensions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dimensions = {"year": "d_year", "quarter": "d_quarter"}
        self.dimensions |= {f"cut:{name}": f"d_s{at}" for at, name in enumerate(self.cuts)}
        self.dimensions |= {name: f"d_{column}" for name, column in _COLUMNS}

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table,)

    def conditions(self) -> dict[str, tuple[str, Any]]:
        """Each filter in force by its dimension: SQL with one place, and its value."""
        found: dict[str, tuple[str, Any]] = {}
        period = self.filters.period
        if period:
            found["quarter" if "-" in period else "year"] = (_is("d_quarter" if "-" in period else "d_year"), period)
        cut = self.filters.cut
        if cut and cut[0] in self.cuts:
            found[f"cut:{cut[0]}"] = (_is(f"d_s{self.cuts.index(cut[0])}"), cut[1])
        for name, column in _COLUMNS:
            if getattr(self.filters, name):
                found[name] = (_is(f"d_{column}"), getattr(self.filters, name))
        return found

    def flagged(
        self, conditions: Mapping[str, tuple[str, Any]], columns: Sequence[str], cells: Sequence[str] = ()
    ) -> tuple[str, list[Any]]:
        """`columns` of the facts, whether they are `inside` the conditions, and the `piece` of the breakdown; of `cells` alone when
        some are named."""
        inside = " AND ".join(sql for sql, _value in conditions.values()) or "true"
        values = [value for _sql, value in conditions.values()]
        piece = self.dimensions[self.by] if self.by else "''"
        only, cells = "", cells or ((self.cell,) if self.cell else ())
        if cells:
            only = f" WHERE cell IN ({', '.join('?' * len(cells))})"
            values += cells
        wanted = ", ".join(f'"{each}"' for each in columns)
        text = f"SELECT {wanted}, coalesce({inside}, false) AS inside, {piece} AS piece FROM {{{self.table}}}{only}"
        return f"WITH flagged AS ({text})", values


# Part of each file's name: files of another form are worked out anew.
_FORM = "3"
_PLACED = """SELECT * EXCLUDE (unit, moment, account, grp, channel), hash(unit) AS unit, CAST(year(moment) AS VARCHAR) AS d_year,
  CAST(year(moment) AS VARCHAR) || '-Q' || CAST(quarter(moment) AS VARCHAR) AS d_quarter,
  account AS d_account, grp AS d_grp, channel AS d_channel"""


def placed(reading: Reading, facts: Facts) -> str:
    """The table of `facts` with their place in every dimension, worked out once for a run and kept beside it.

    A person is there as a number of 64 bits made of the name: counting a million of them takes a third of the time.
    """
    cuts = tuple(facets(reading).segments)[:MOST_CUTS]
    values: list[Any] = []
    text, tables = f"{_PLACED} FROM ({facts.sql})", facts.tables
    if cuts:
        pivot = ", ".join(f'max("value") FILTER (WHERE segment = ?) AS d_s{at}' for at in range(len(cuts)))
        columns = ", ".join(f"c.d_s{at}" for at in range(len(cuts)))
        text = f"""WITH cuts AS (SELECT "table" AS tab, source, "key", {pivot} FROM {{segments}}
            WHERE "table" IN ({", ".join("?" * len(facts.records))}) GROUP BY "table", source, "key"),
          base AS ({facts.sql})
          {_PLACED.replace("*", "b.*", 1)}, {columns} FROM base b
          LEFT JOIN cuts c ON b.tab = c.tab AND b.source = c.source AND b."key" = c."key\""""
        values += [*cuts, *facts.records]
        tables = (*tables, "segments")
    values += facts.values
    name = f"facts_{digest(_FORM, facts.name, text, repr(values))}"
    folder = reading.run.folder.name if reading.run else "none"
    path = reading.workspace.home / KEPT / folder / f"{name}.parquet"
    dimensions = [
        f"d_{column}" for column in ("year", "quarter", "account", "grp", "channel", *(f"s{at}" for at in range(len(cuts))))
    ]
    numbers = ", ".join(f"CASE WHEN {each} IS NOT NULL THEN hash({each}) END AS {_number(each)}" for each in dimensions)
    # Names of records are most of the bytes, and only quotes are looked up by them.
    less = "" if facts.quoted else ' EXCLUDE (tab, source, "key")'
    whole = f"SELECT *{less}, {numbers} FROM ({text})"
    reading.reader.keep(name, path, whole, tuple(dict.fromkeys(tables)), values)
    return name


def _number(column: str) -> str:
    """The column beside a dimension's that holds its values as numbers: whether two are equal is told in a fraction of the time."""
    return f"n{column}"


def _is(column: str) -> str:
    """The condition that a dimension has the value bound to it."""
    return f"{_number(column)} = hash(CAST(? AS VARCHAR))"


_SUMS = """SELECT cell, piece, count(*) AS n, count(DISTINCT unit) AS people, sum(weight) AS weight,
  sum(weight * weight) AS squares,
  sum(weight * part) AS first, sum(weight * part * part) AS second, sum(weight * good) AS good, sum(weight * bad) AS bad
  FROM flagged WHERE inside AND piece IS NOT NULL AND cell IS NOT NULL GROUP BY cell, piece ORDER BY cell, piece"""


def measure(visit: Reading, facts: Facts, filters: Filters, by: str = "", cell: str = "") -> Measured:
    """The sums of each cell (or of `cell`) under `filters`, `by` quarter, year, group, channel or cut:NAME when one is named."""
    key = (facts.name, facts.values, filters, by, cell)

    def made() -> Measured:
        asked = _Asked(filters, by, cell)
        if not _is_usual(visit, filters):
            return _measured(visit, facts, asked)
        # What everybody asks is worked out once for all processes.
        least = withholding.least_of(visit.settings.company.minimum_group)
        told = () if filters == Filters() else (filters.period, filters.channel, filters.group, filters.segment)
        name = f"figures_{digest(placed(visit, facts), by, cell, str(least), *told)}"

        def plain() -> list[Any]:
            found = _measured(visit, facts, asked)
            return [list(found.ignored), [each.plain for each in found.rows]]

        ignored, rows = on_disk(visit, name, plain)
        return Measured(tuple(map(Sums.of, rows)), tuple(ignored))

    return _MEASURED.of(visit, key, made)


def _is_usual(visit: Reading, filters: Filters) -> bool:
    """Whether the figures under `filters` are kept on disk: of everything, or of one period, channel, group or segment of the run.

    Nothing else is, or addresses made up could fill the disk.
    """
    told, cut = facets(visit), filters.cut
    if filters == Filters():
        return True
    return (
        (filters == Filters(period=filters.period) and filters.period in told.periods)
        or (filters == Filters(channel=filters.channel) and filters.channel in told.channels)
        or (filters == Filters(group=filters.group) and filters.group in told.groups)
        or (filters == Filters(segment=filters.segment) and cut is not None and cut[1] in told.segments.get(cut[0], ()))
    )


_MEASURED: PerRun[Measured] = PerRun(600)
_KNOWN: PerRun[frozenset[str]] = PerRun(60)


def known(visit: Reading, facts: Facts) -> frozenset[str]:
    """The filters these facts can be narrowed by: those of which some record says something."""

    def made() -> frozenset[str]:
        table = placed(visit, facts)
        row = on_disk(
            visit,
            f"known_{digest(table)}",
            lambda: visit.reader.select(
                f"""SELECT count(d_year) > 0 AS period, count(d_account) > 0 AS account, count(d_grp) > 0 AS "group",
              count(d_channel) > 0 AS channel FROM {{{table}}}""",
                (table,),
            ),
        )[0]
        return frozenset(name for name, is_known in row.items() if is_known) | {"segment"}

    return _KNOWN.of(visit, ("known", facts.name, facts.values), made)


@dataclass(frozen=True)
class _Asked:
    filters: Filters
    by: str = ""
    cell: str = ""


def _question(visit: Reading, facts: Facts, asked: _Asked) -> tuple[_Question, tuple[str, ...]]:
    """The question put to the facts, and the filters they know nothing of."""
    cuts = tuple(facets(visit).segments)[:MOST_CUTS]
    usable = known(visit, facts)
    filters = asked.filters
    ignored = [name for name in ("period", "account", "group", "channel") if getattr(filters, name) and name not in usable]
    if filters.cut and filters.cut[0] not in cuts:
        ignored.append("segment")
    without = filters.with_(**dict.fromkeys(ignored, ""))
    return _Question(placed(visit, facts), cuts, without, asked.by, asked.cell), tuple(ignored)


def _measured(visit: Reading, facts: Facts, asked: _Asked) -> Measured:
    question, ignored = _question(visit, facts, asked)
    least = withholding.least_of(visit.settings.company.minimum_group)
    conditions = question.conditions()
    sql, values = question.flagged(conditions, ("cell", "unit", "weight", "part", "good", "bad"))
    rows = visit.reader.select(f"{sql} {_SUMS}", question.tables, values)
    withheld: dict[_At, Reason] = {}
    if conditions or asked.by:
        withheld = {
            **_hidden_rest(visit.reader, question, conditions, least),
            **_revealing(visit.reader, question, conditions, least),
        }
    found = []
    for row in rows:
        at = (row["cell"], row["piece"])
        reason = Reason.FEW if withholding.few(row["people"], least) else withheld.get(at)
        sums = {name: row[name] for name in ("weight", "squares", "first", "second", "good", "bad")} if reason is None else {}
        found.append(Sums(row["cell"], row["piece"], row["n"], row["people"], sums, reason))
    return Measured(tuple(found), ignored)


def inside(visit: Reading, facts: Facts, filters: Filters) -> tuple[str, tuple[str, ...], list[Any]]:
    """SQL that begins a query over the facts (table `flagged`, those that meet the filters are `inside`), its tables and values."""
    question, _ignored = _question(visit, facts, _Asked(filters))
    sql, values = question.flagged(question.conditions(), ("tab", "source", "key", "cell"))
    return sql, (*question.tables, *facts.tables), values


# From here on people are only estimated (HyperLogLog, within a few in a hundred): no such crowd can be fewer than the least number.
_CROWD = 500


def _revealing(reader: Reader, question: _Question, conditions: Mapping[str, tuple[str, Any]], least: int) -> dict[_At, Reason]:
    """The figures that differ by a few people from a coarser one.

    In each dimension where all records of a figure have one value, that value is a filter the figure's records meet; each person
    outside is counted with the dimensions in which their records share it.
    """
    cells: tuple[str, ...] = ()
    if crowds.is_large(reader, question.table):
        cells = _doubtful(reader, question, conditions)
        if not cells:
            return {}
    begun, values = _outside(question, conditions, cells)
    about = f"""{begun} SELECT cell, piece, shared, approx_count_distinct(unit) AS n FROM outside
      GROUP BY cell, piece, shared ORDER BY cell, piece, shared"""
    found: dict[_At, list[Outside]] = {}
    few: list[tuple[str, str, int]] = []
    for row in reader.select(about, question.tables, values):
        if row["n"] >= _CROWD:
            found.setdefault((row["cell"], row["piece"]), []).append(Outside(int(row["shared"]), row["n"]))
        else:
            few.append((row["cell"], row["piece"], int(row["shared"])))
    if few:
        named = ", ".join(["(?, ?, ?)"] * len(few))
        exact = f"""{begun}, named AS (SELECT DISTINCT o.* FROM outside o JOIN (VALUES {named}) AS w(cell, piece, shared)
            ON o.cell = w.cell AND o.piece = w.piece AND o.shared = w.shared)
          SELECT cell, piece, shared, count(*) AS n, min(unit, {int(least)}) AS some FROM named GROUP BY cell, piece, shared"""
        for row in reader.select(exact, question.tables, [*values, *(part for place in few for part in place)]):
            found.setdefault((row["cell"], row["piece"]), []).append(Outside(int(row["shared"]), row["n"], row["some"] or ()))
    one_of = sum(1 << at for at, name in enumerate(question.dimensions) if name.startswith("cut:"))
    return {at: Reason.DIFFERENCE for at, rows in found.items() if withholding.differs_by_few(rows, least, one_of)}


def _outside(
    question: _Question, conditions: Mapping[str, tuple[str, Any]], cells: Sequence[str] = (), only: str = "true"
) -> tuple[str, list[Any]]:
    """SQL of `same`, what is constant in each figure, and `outside`, the facts outside it with what they share; and its values."""
    columns = [_number(each) for each in question.dimensions.values()]
    sql, values = question.flagged(conditions, ("cell", "unit", *columns), cells)
    same = ", ".join(f"CASE WHEN count({d}) = count(*) AND min({d}) = max({d}) THEN min({d}) END AS c{d}" for d in columns)
    shared = " + ".join(f"CASE WHEN f.{d} = s.c{d} THEN {1 << at} ELSE 0 END" for at, d in enumerate(columns))
    constant = " + ".join(f"CASE WHEN c{d} IS NOT NULL THEN {1 << at} ELSE 0 END" for at, d in enumerate(columns))
    text = f"""{sql}, told AS (SELECT cell, piece, {same} FROM flagged WHERE inside AND piece IS NOT NULL GROUP BY cell, piece),
      same AS (SELECT *, {constant} AS constant FROM told),
      outside AS (SELECT s.cell, s.piece, f.unit, {shared} AS shared FROM flagged f JOIN same s ON f.cell = s.cell
        WHERE {only} AND NOT (f.inside AND coalesce(f.piece = s.piece, false)))"""
    return text, values


def _doubtful(reader: Reader, question: _Question, conditions: Mapping[str, tuple[str, Any]]) -> tuple[str, ...]:
    """The cells a sample of the people leaves in doubt: for those, everybody outside is counted."""
    begun, values = _outside(question, conditions, only=crowds.SAMPLED)
    text = f"""{begun}, about AS (SELECT cell, piece, shared, approx_count_distinct(unit) AS n FROM outside
        GROUP BY cell, piece, shared)
      SELECT s.cell, s.piece, s.constant, a.shared, a.n FROM same s LEFT JOIN about a ON a.cell = s.cell AND a.piece = s.piece"""
    chosen = {*conditions, *([question.by] if question.by else [])}
    places = [at for at, name in enumerate(question.dimensions) if name in chosen]
    return crowds.doubtful(reader.select(text, question.tables, values), places)


def _hidden_rest(reader: Reader, question: _Question, conditions: Mapping[str, tuple[str, Any]], least: int) -> dict[_At, Reason]:
    """The figures hidden because the hidden values beside them hold too few people: a query for each list they stand in."""
    found: dict[_At, Reason] = {}
    lists = [
        (name, {each: told for each, told in conditions.items() if each != name}, told[1]) for name, told in conditions.items()
    ]
    if "quarter" in conditions:
        # A quarter stands among all quarters, and among those of its year.
        year = str(conditions["quarter"][1])[:4]
        others = {name: told for name, told in conditions.items() if name != "quarter"}
        lists.append(("quarter", {**others, "year": (_is("d_year"), year)}, conditions["quarter"][1]))
    if question.by:
        lists.append((question.by, dict(conditions), None))
    for name, others, value in lists:
        for row in _rest(reader, question, name, others, least):
            more = withholding.following(row["gone"], least, row["following"])
            if more is not None and value in (None, more):
                found[(row["cell"], row["piece"] if value is not None else more)] = Reason.REST
    return found


def _rest(reader: Reader, question: _Question, name: str, others: Mapping[str, tuple[str, Any]], least: int) -> list[Row]:
    """In the list of one dimension's values, under the other conditions: the people hidden, and the next smallest value."""
    column, piece = question.dimensions[name], "''" if name == question.by else "piece"
    people = crowds.estimate(reader, question.table, _CROWD)
    # Where every value has a crowd, or those without a value are one, nothing is hidden: one look settles most cells.
    sql, values = question.flagged(others, ("cell", "unit", _number(column)))
    unsure = reader.select(
        f"""{sql}, about AS (SELECT cell, {piece} AS piece, {_number(column)} AS v, {people.sql} AS n FROM flagged WHERE inside
          GROUP BY ALL) SELECT DISTINCT cell FROM about GROUP BY cell, piece
          HAVING bool_or(v IS NULL OR n < {people.crowd}) AND NOT bool_or(v IS NULL AND n >= {people.crowd}) ORDER BY cell""",
        question.tables,
        values,
    )
    if not unsure:
        return []
    sql, values = question.flagged(others, ("cell", "unit", column), [row["cell"] for row in unsure if row["cell"] is not None])
    alike = "{0}.cell = {1}.cell AND {0}.piece IS NOT DISTINCT FROM {1}.piece"
    valued = alike + " AND {0}.v IS NOT DISTINCT FROM {1}.v"
    text = f"""{sql}, listed AS (SELECT cell, {piece} AS piece, unit, {column} AS v FROM flagged WHERE inside),
      about AS (SELECT cell, piece, v, {people.sql} AS n FROM listed GROUP BY cell, piece, v),
      counted AS (SELECT l.cell, l.piece, l.v, count(DISTINCT l.unit) AS n FROM listed l
        JOIN (SELECT * FROM about WHERE n < {people.crowd}) a ON {valued.format("l", "a")} GROUP BY l.cell, l.piece, l.v),
      each AS (SELECT * FROM counted UNION ALL SELECT * FROM about WHERE n >= {people.crowd}),
      gone AS (SELECT l.cell, l.piece, count(DISTINCT l.unit) AS gone FROM listed l JOIN counted e ON {valued.format("l", "e")}
        WHERE e.n < {int(least)} OR e.v IS NULL GROUP BY l.cell, l.piece)
      SELECT g.cell, g.piece, g.gone, substr(min(lpad(CAST(e.n AS VARCHAR), 12, '0') || e.v), 13) AS following
      FROM gone g JOIN each e ON {alike.format("g", "e")} AND e.n >= {int(least)} AND e.v IS NOT NULL
      WHERE g.gone < {int(least)}
        AND NOT EXISTS (SELECT 1 FROM about a WHERE {alike.format("g", "a")} AND a.v IS NULL AND a.n >= {people.crowd})
      GROUP BY g.cell, g.piece, g.gone"""
    return reader.select(text, question.tables, values)
