"""The walk from a claim to what it rests on, as a visitor may see it.

The chain of a run (documents.chain) is built once and kept: a run never changes. Records behind a support are read by the reader,
and which of them are shown depends on the visitor: everybody reads how many there are and customers' masked words; single records
are for those with `records.read`, for a group lead those of the own group.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from vitalfew.engine.reader import Reader, Row, Where
from vitalfew.evidence import claim_id
from vitalfew.listen.masking import mask
from vitalfew.vocabulary import TABLES

if TYPE_CHECKING:
    from vitalfew.documents.chain import Chain
    from vitalfew.engine import Tables
    from vitalfew.web.shell.access import Visit

MOST_STEPS = 12
SHOWN = 3
KEPT_RUNS = 4
KEPT_RECORDS = 4000
# The words of a record: what may be shown without saying whose they are.
WORDS = {"mentions": "quote", "responses": "text", "interactions": "text"}
# Claims about one work group: read with group.read.
OF_A_GROUP = ("issue", "cause", "action", "one_page")


class _Named:
    """A table's name where the chain expects an expression; every read is in the vocabulary's order."""

    def __init__(self, name: str) -> None:
        self.name = name

    def order_by(self, _columns: Sequence[str]) -> _Named:
        return self


class _SmallTables:
    """The small tables of a run through its reader, as the chain asks for them: no second engine for a few hundred rows."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, name: str) -> _Named:
        return _Named(name)

    def rows(self, named: _Named) -> list[Row]:
        return self._reader.rows(named.name)


@dataclass
class Walks:
    """The chain of one run, which work group each claim belongs to, and the records read so far."""

    chain: Chain
    groups: Mapping[str, str]
    theme_groups: Mapping[str, str]
    _records: OrderedDict[tuple[str, tuple[str, ...] | None], tuple[int, list[Row]]] = field(default_factory=OrderedDict)

    def records(self, reader: Reader, support: str, within: tuple[str, ...] | None) -> tuple[int, list[Row]] | None:
        """How many records `support` names, and the first three of the groups `within` (of all when None); None for no records."""
        from vitalfew.documents.chain import record_conditions  # noqa: PLC0415 - loads Ibis

        key = (support, within)
        if key in self._records:
            return self._records[key]
        asked = record_conditions(support)
        if asked is None:
            return None
        table, conditions = asked
        where = [_condition(table, column, value) for column, value in sorted(conditions.items())]
        counted = reader.count(table, where)
        if within is not None:
            where = _within(table, conditions, where, within, self) or []
        rows = _first(reader, table, where) if counted and (where or within is None) else []
        self._records[key] = counted, rows
        while len(self._records) > KEPT_RECORDS:
            self._records.popitem(last=False)
        return self._records[key]


_LOCK = threading.Lock()
_KEPT: OrderedDict[str, Walks] = OrderedDict()


def walks_of(visit: Visit) -> Walks:
    """The chain of the visitor's run, built at the first question."""
    from vitalfew.documents.chain import Chain  # noqa: PLC0415 - loads Ibis

    key = str(visit.run.folder) if visit.run else ""
    with _LOCK:
        if key not in _KEPT:
            chain = Chain.of(cast("Tables", _SmallTables(visit.reader)), visit.settings.company.currency)
            _KEPT[key] = Walks(chain, _groups(visit.reader), _theme_groups(visit.reader))
            while len(_KEPT) > KEPT_RUNS:
                _KEPT.popitem(last=False)
        _KEPT.move_to_end(key)
        return _KEPT[key]


def may_read(visit: Visit, walks: Walks, claim: str) -> bool:
    """Whether the visitor may open a claim: what belongs to one work group needs `group.read` for it."""
    if claim.partition(":")[0] not in OF_A_GROUP:
        return True
    return visit.may("group.read", walks.groups.get(claim, ""))


def steps(visit: Visit, walks: Walks, claim: str, deeper: bool = True) -> list[dict[str, Any]]:
    """What a claim rests on, heaviest first: claims with what they rest on in turn, and records."""
    chain, found = walks.chain, []
    for step in chain.supports.get(claim, ())[:MOST_STEPS]:
        support = str(step["support"])
        told: dict[str, Any] = {"role": chain.say(step["role"]), "support": support, "claim": None, "records": None}
        if chain.knows(support):
            open_to = may_read(visit, walks, support)
            told["claim"] = chain.claim(support)
            told["open"] = open_to
            told["steps"] = steps(visit, walks, support, False) if deeper and open_to and support != claim else []
        else:
            told.update(_records_told(visit, walks, step))
        found.append(told)
    return found


def _records_told(visit: Visit, walks: Walks, step: Mapping[str, object]) -> dict[str, Any]:
    """A support that is records: how many, and those the visitor may see."""
    from vitalfew.documents.chain import record_conditions, record_name  # noqa: PLC0415 - loads Ibis

    support = str(step["support"])
    chain, phrase = walks.chain, walks.chain.support_phrase(step)
    far = visit.reach("records.read")
    within = None if far != "group" else tuple(sorted(visit.own_groups))
    read = walks.records(visit.reader, support, within)
    asked = record_conditions(support)
    if read is None or asked is None:
        return {"phrase": phrase}
    counted, rows = read
    table = asked[0]
    used = step["n"] if isinstance(step["n"], int) else counted
    words = [] if far == "company" else _words(visit, walks, support, table)
    shown = [
        {"id": record_name(table, row), "text": mask(chain.record_text(table, row)), "person": row.get("person") or ""}
        for row in (rows if far is not None else ())
    ]
    if not shown and far != "company" and "#" in support and not support.endswith("]"):
        # A single record is named by its id: without the right to it only its kind is told.
        phrase = chain.support_phrase({"support": f"{table}[]", "n": 1})
    return {
        "phrase": phrase,
        "records": shown,
        "words": [] if shown else words,
        "more": max(0, min(used, counted) - len(shown)) if shown else 0,
        "missing": counted == 0,
        "hidden": far != "company" and not shown and counted > 0,
    }


def _words(visit: Visit, walks: Walks, support: str, table: str) -> list[str]:
    """Up to three customers' words behind a support, without who said them or when."""
    if table not in WORDS:
        return []
    read = walks.records(visit.reader, support, None)
    said = (mask(str(row[WORDS[table]])) for row in (read[1] if read else ()) if row[WORDS[table]])
    return list(dict.fromkeys(said))[:SHOWN]


def _within(
    table: str, conditions: Mapping[str, str], where: list[Where], groups: tuple[str, ...], walks: Walks
) -> list[Where] | None:
    """The conditions narrowed to records of `groups`; None when the table says of no record whose it is."""
    if "group" in TABLES[table].names:
        return [*where, Where("group", "in", groups)]
    if table == "mentions":
        return where if walks.theme_groups.get(conditions.get("theme", "")) in groups else None
    if table == "promise_checks":
        return where if walks.groups.get(conditions.get("promise", "")) in groups else None
    return None


def _first(reader: Reader, table: str, where: Sequence[Where]) -> list[Row]:
    """The first three records; of quotes, three different ones."""
    if table == "mentions":
        rows = reader.rows(table, where, ("rank",), limit=SHOWN * 8)
        return list({row["quote"]: row for row in reversed(rows)}.values())[::-1][:SHOWN]
    return reader.rows(table, where, limit=SHOWN)


def _condition(table: str, column: str, value: str) -> Where:
    kind = TABLES[table].column(column).kind
    if kind == "yes_no":
        return Where(column, "=", value.lower() == "true")
    if kind in ("whole", "number"):
        try:
            return Where(column, "=", float(value))
        except ValueError:
            return Where(column, "in", ())
    return Where(column, "=", value)


def _groups(reader: Reader) -> dict[str, str]:
    """The work group of each issue, why, action, one-page strategy and promise."""
    found: dict[str, str] = {row["issue"]: row["group"] or "" for row in reader.small("issues")}
    for row in reader.small("causes"):
        found[claim_id("cause", row["issue"] or "", f"{row['branch']}-{row['depth']}")] = found.get(row["issue"], "")
    found |= {row["action"]: row["group"] or "" for row in reader.small("actions")}
    found |= {claim_id("one_page", row["group"]): row["group"] for row in reader.small("one_pages") if row["group"]}
    return found | _first_by(reader.small("promises"), "promise")


def _theme_groups(reader: Reader) -> dict[str, str]:
    return _first_by(reader.small("themes"), "theme")


def _first_by(rows: Iterable[Mapping[str, Any]], name: str) -> dict[str, str]:
    return {row[name]: row["group"] or "" for row in rows}
