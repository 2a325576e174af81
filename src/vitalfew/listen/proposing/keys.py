"""Which column of a file holds the keys of another: the share of its values that stand among the other's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vitalfew.listen.proposing.columns import Column, words_of
from vitalfew.listen.proposing.profile import Profile

MOST = 2000
HELD = 0.5
FOUND = 0.9


@dataclass(frozen=True)
class Keys:
    """The keys of one source: its name, the column that holds them, their values, the share of its rows that were sampled."""

    source: str
    column: str
    values: Mapping[str, int]
    coverage: float


@dataclass(frozen=True)
class Reference:
    """A column whose values are keys of a source: the share that is (allowing for what was not sampled), and a rival source."""

    column: str
    source: str
    share: float
    rival: str = ""


def keys_of(source: str, profile: Profile, column: str) -> Keys | None:
    """The keys of a source that has a column of them."""
    found = profile.column(column)
    return Keys(source, column, found.values, profile.sampled / profile.rows) if found else None


def share_in(column: Column, keys: Keys) -> float:
    """Share of a column's different values that are keys, 0 to 1."""
    tried = list(column.values)[:MOST]
    held = sum(value in keys.values for value in tried)
    return min(1.0, held / len(tried) / keys.coverage) if tried else 0.0


def refers(column: Column, targets: Sequence[Keys]) -> Reference | None:
    """The source whose keys a column holds; None when fewer than half of its values are keys of any."""
    shares = sorted(((share_in(column, each), _alike(column, each), each.source) for each in targets), reverse=True)
    if not shares or shares[0][0] < HELD:
        return None
    share, _, source = shares[0]
    rival = shares[1][2] if len(shares) > 1 and shares[1][0] >= share - 0.05 else ""
    if rival:
        # Numbers from 1 on are keys everywhere: then the names decide.
        best = max(shares[:2], key=lambda each: (each[1], each[0]))
        share, source = best[0], best[2]
        rival = next(each[2] for each in shares[:2] if each[2] != source)
        rival = "" if best[1] > min(shares[:2], key=lambda each: (each[1], each[0]))[1] else rival
    return Reference(column.name, source, share, rival)


def unnamed(columns: Sequence[Column], targets: Sequence[Keys]) -> Reference | None:
    """A column that holds keys although its name does not say so: nearly all of at least 20 values, and not mere small numbers."""
    for column in columns:
        if not column.identifying or column.distinct < 20:
            continue
        found = refers(column, targets)
        if found and found.share >= FOUND:
            keys = next(each for each in targets if each.source == found.source)
            if column.kind != "whole" or _alike(column, keys):
                return found
    return None


def _alike(column: Column, keys: Keys) -> int:
    """How many words the two columns and the source share."""
    own = set(words_of(column.name).split()) - {"id", "no", "number"}
    theirs = set(words_of(f"{keys.column} {keys.source}").split()) - {"id", "no", "number"}
    return len({word.rstrip("s") for word in own} & {word.rstrip("s") for word in theirs})


def together(profile: Profile, columns: Sequence[Column], first: str = "") -> tuple[str, str] | None:
    """Two columns whose values together tell every row apart, `first` one of them when given."""
    fit = [each for each in columns if each.kind in ("word", "whole") and each.blank < 0.01 and each.distinct > 1]
    fit = [each for each in fit if each.identifying or each.name == first][:8]
    for place, one in enumerate(fit):
        for two in fit[place + 1 :]:
            if first and first not in (one.name, two.name):
                continue
            if one.distinct * two.distinct < profile.sampled:
                continue
            pairs = set(zip(profile.cells(one.name), profile.cells(two.name), strict=True))
            if len(pairs) == profile.sampled:
                return (one.name, two.name)
    return None
