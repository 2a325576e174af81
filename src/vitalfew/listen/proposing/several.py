"""Questions whose answers stand in several columns: "choose all that apply", and codes of a comment in columns of their own.

Survey tools write a column for each option, called alike but for a number, a code in brackets or the option itself: `Q9_1`,
`Q9[SQ002]`, `Which do you use? / App`. A chosen option is marked by 1, by Y or yes, or by its own words; one that was not by 0, N
or nothing. Coders write the first code of a comment in the first column, the second in the second, and so on, so each is filled
less than the one before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from vitalfew.listen.proposing.columns import Column
from vitalfew.listen.proposing.lines import identifier

MARKS = frozenset(("1", "1.0", "y", "yes", "true", "x", "ja", "oui", "si", "sí", "sim", "checked", "selected"))
NO_MARKS = frozenset(("0", "0.0", "n", "no", "false", "nein", "non", "não", "nao", "unchecked", "not selected"))
FEWER = 0.75
"""A column of further codes is filled at most so often as the first, taken over all of them."""
CODES = 80
_NUMBERED = re.compile(
    r"(?P<stem>.*?[^\W\d_].*?)\s*(?:[_.\- ](?P<a>\d{1,3}|other|sonstiges|autre|otro|outro)|\[(?P<b>[^\]]+)\]|\((?P<c>\d{1,3})\))"
)
_OPTION = re.compile(r"(?P<stem>.+?) / (?P<option>.+)")


@dataclass(frozen=True)
class Group:
    """Columns of one question: its `stem`, why, `sql` that joins the options marked, or whether cells hold `coded` answers."""

    stem: str
    columns: tuple[Column, ...]
    reason: str
    label: str = ""
    sql: str = ""
    coded: bool = False


def groups(columns: Sequence[Column]) -> list[Group]:
    """The questions over several of `columns`."""
    by_stem: dict[str, list[tuple[Column, str]]] = {}
    for column in columns:
        stem, option = _parted(column)
        if stem:
            by_stem.setdefault(stem, []).append((column, option))
    made = [_group(stem, parts) for stem, parts in by_stem.items() if len(parts) > 1]
    return [each for each in made if each is not None]


def _parted(column: Column) -> tuple[str, str]:
    """What a column shares with the others of its question, and the option that is its own; '' for one that stands alone."""
    found = _OPTION.fullmatch(column.name)
    if found:
        return found["stem"], found["option"]
    found = _NUMBERED.fullmatch(column.name)
    if not found:
        return "", ""
    own = found["a"] or found["b"] or found["c"]
    # Qualtrics writes the wording and, after a dash, the option in its second row.
    return found["stem"], column.text.rpartition(" - ")[2] if " - " in column.text else own


def _group(stem: str, parts: Sequence[tuple[Column, str]]) -> Group | None:
    columns = tuple(column for column, _option in parts)
    filled = [column for column in columns if column.filled]
    if len(filled) < 2:
        return None
    label = _label(stem, columns)
    values = [{value.casefold() for value in column.values} for column in filled]
    if all(each <= MARKS | NO_MARKS and each & MARKS for each in values):
        # Numbers 0 and 1 in every row of every column are marks; a lone 1 nowhere beside a 0 or a blank says nothing.
        if all(each <= MARKS for each in values) and all(column.blank == 0 for column in filled):
            return None
        return Group(stem, columns, f"{len(columns)} columns, each marks one option", label, _joined(parts))
    own_words = [len(each) == 1 and not each & (MARKS | NO_MARKS) for each in values]
    if all(own_words) and len({next(iter(each)) for each in values}) == len(values) and any(column.blank > 0 for column in filled):
        return Group(stem, columns, f"{len(columns)} columns, each holds its option where it was chosen", label)
    return _codes(stem, columns, filled, label)


def _codes(stem: str, columns: tuple[Column, ...], filled: Sequence[Column], label: str) -> Group | None:
    """Columns of a first, a second and further codes out of one list."""
    counts = [column.filled for column in columns]
    fewer = all(one >= two for one, two in itertools.pairwise(counts)) and counts[-1] <= FEWER * counts[0]
    union = {value for column in filled for value in column.values}
    shared = len(union) <= CODES and set(filled[-1].values) & set(filled[0].values)
    listed = all(column.kind in ("whole", "word", "yes_no") for column in filled) and len(union) > 2
    if not (fewer and shared and listed):
        return None
    coded = all(re.fullmatch(r"-?\d+(\.0)?", value) for value in union)
    reason = f"{len(columns)} columns with {len(union)} codes between them, each filled less often than the one before"
    return Group(stem, columns, reason, label, coded=coded)


def _label(stem: str, columns: Sequence[Column]) -> str:
    texts = {column.text.rpartition(" - ")[0] for column in columns if " - " in column.text}
    return next(iter(texts)) if len(texts) == 1 else stem if " " in stem else ""


def _joined(parts: Sequence[tuple[Column, str]]) -> str:
    """SQL for the options that were marked, parted by semicolons."""
    marks = ", ".join(f"'{each}'" for each in sorted(MARKS))
    cases = [f"CASE WHEN lower({identifier(column.name)}) IN ({marks}) THEN {_text(option)} END" for column, option in parts]
    joined = f"concat_ws(';', {', '.join(cases)})"
    return f"nullif({joined}, '')"


def _text(option: str) -> str:
    plain = " ".join(re.sub(r"[;|]", ",", option).split())
    return "'" + plain.replace("'", "''") + "'"
