"""What themes do to the outcome, whom they touch and what handling them costs, each with its resampling draws.

Everything here is a ratio, or a regression, of sums that are linear in the weights of people. So the sums are gathered once
per person as one sparse matrix, and multiplied by the weights of every draw (Bayesian bootstrap, Rubin 1981) a block of people
at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from vitalfew.numerics.draws import hashes, weights

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_CELLS = 20_000_000
_RECAPTURED = 10


class Sums:
    """Named sums over people: `add` gathers, `worked` gives each name an array (width, 1 + draws); column 0 has every weight 1."""

    def __init__(self, units: NDArray[np.object_], draws: int, seed: int) -> None:
        self._units, self._draws, self._seed = units, draws, seed
        self._parts: list[tuple[Places, Places, Floats]] = []
        self._where: dict[str, slice] = {}
        self._width = 0

    def add(self, name: str, width: int, unit: Places, column: Places | int, value: Floats | float) -> None:
        """Add `value` to `column` of `name` for each `unit`; arrays of one length."""
        columns = np.broadcast_to(np.asarray(column, dtype=np.int64), unit.shape)
        values = np.broadcast_to(np.asarray(value, dtype=np.float64), unit.shape)
        if name not in self._where:
            self._where[name] = slice(self._width, self._width + width)
            self._width += width
        self._parts.append((unit, columns + self._where[name].start, values))

    def worked(self) -> dict[str, Floats]:
        """Every sum, in every draw."""
        rows, columns, values = (np.concatenate([part[each] for part in self._parts]) for each in range(3))
        gathered = sparse.csr_matrix((values, (rows, columns)), shape=(len(self._units), self._width))
        total = np.zeros((self._width, 1 + self._draws))
        total[:, 0] = np.asarray(gathered.sum(axis=0)).ravel()
        used = np.flatnonzero(np.diff(gathered.indptr))
        step = max(1, _CELLS // max(self._draws, 1))
        for begin in range(0, len(used), step):
            part = used[begin : begin + step]
            drawn = weights(hashes(self._units[part]), self._draws, self._seed)
            total[:, 1:] += gathered[part].T @ drawn
        return {name: total[where] for name, where in self._where.items()}


@dataclass(frozen=True)
class Said:
    """Which themes each record holds: pairs (record, theme), each once."""

    record: Places
    theme: Places

    def of(self, theme: int) -> Places:
        """The records that hold `theme`."""
        records: Places = self.record[self.theme == theme]
        return records


@dataclass(frozen=True)
class Respondents:
    """r responses: place of their person among the units, survey weight, outcome (NaN without), band 0 to 3, and whether they
    comment.

    Bands are complaint, middle and praise by the outcome score, and no score.
    """

    unit: Places
    weight: Floats
    outcome: Floats
    band: Places
    commented: NDArray[np.bool_]


@dataclass(frozen=True)
class Contacts:
    """Contacts with words: place of the person, hours and money in the last 12 months (0 outside)."""

    unit: Places
    hours: Floats
    money: Floats


@dataclass(frozen=True)
class Rated:
    """One driver: its value for each response (NaN unknown), its effect on the outcome (1 + draws,), and the themes
    attributed to it."""

    value: Floats
    effect: Floats
    themes: tuple[int, ...]


@dataclass(frozen=True)
class Effects:
    """Per theme (rows) the plain figure (column 0) and its draws; NaN where it cannot be had. `points` says what it rests on."""

    impact: Floats
    drop: Floats
    share: Floats
    points: Floats
    hours: Floats
    money: Floats


def measure(
    respondents: Respondents,
    said: Said,
    contacts: Contacts,
    told: Said,
    themes: int,
    complaints: list[int],
    rated: list[Rated],
    everyone: Places,
    sums: Sums,
) -> Effects:
    """Effects of `themes` themes: `said` by responses, `told` in contacts; `everyone` are the places of all people known.

    `complaints` are the themes that points are lost to.
    """
    _gather_outcome(sums, respondents, said, themes)
    _gather_shares(sums, respondents, said, contacts, told, themes, everyone)
    met = _met(respondents, said, contacts, told, themes)
    # Without contacts, whoever wrote nothing is not known to have met nothing.
    judged = respondents.commented | bool(len(told.record))
    for number, driver in enumerate(rated):
        _gather_driver(sums, f"driver {number} met", respondents, met, judged, driver)
        _gather_driver(sums, f"driver {number} said", respondents, said, respondents.commented, driver)
    _gather_regression(sums, respondents, said, complaints)
    for name, value in (("hours", contacts.hours), ("money", contacts.money)):
        sums.add(name, themes, contacts.unit[told.record], told.theme, value[told.record])
    found = sums.worked()
    with np.errstate(divide="ignore", invalid="ignore"):
        impact, drop = _outcome(found)
        share = _shares(found, themes)
        points = _points(found, themes, complaints, rated)
    return Effects(impact, drop, share, points, found["hours"], found["money"])


def _gather_outcome(sums: Sums, respondents: Respondents, said: Said, themes: int) -> None:
    known = np.isfinite(respondents.outcome)
    weight = np.where(known, respondents.weight, 0.0)
    scored = weight * np.where(known, respondents.outcome, 0.0)
    for name, value in (("n", weight), ("y", scored)):
        sums.add(f"{name} all", 1, respondents.unit, 0, value)
        sums.add(f"{name} commented", 1, respondents.unit[respondents.commented], 0, value[respondents.commented])
        sums.add(f"{name} theme", themes, respondents.unit[said.record], said.theme, value[said.record])


def _outcome(found: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Impact: mean of all - mean without the theme's comments. Drop: mean of those who mention it - mean of the other
    commenters."""
    n, y = found["n theme"], found["y theme"]
    impact = found["y all"] / found["n all"] - _ratio(found["y all"] - y, found["n all"] - n)
    drop = _ratio(y, n) - _ratio(found["y commented"] - y, found["n commented"] - n)
    return impact, drop


def _ratio(above: Floats, below: Floats) -> Floats:
    # Differences of sums leave crumbs where they should leave nothing.
    return np.where(below > 1e-9, above / np.where(below > 1e-9, below, 1.0), np.nan)


def _gather_shares(
    sums: Sums, respondents: Respondents, said: Said, contacts: Contacts, told: Said, themes: int, everyone: Places
) -> None:
    own, weight = respondents.unit, respondents.weight
    sums.add("band", 4, own, respondents.band, weight)
    spoke = respondents.commented
    sums.add("band commented", 4, own[spoke], respondents.band[spoke], weight[spoke])
    cell = respondents.band[said.record] * themes + said.theme
    sums.add("band theme", 4 * themes, own[said.record], cell, weight[said.record])
    sums.add("people", 1, everyone, 0, 1.0)
    wrote = np.unique(contacts.unit[told.record] * themes + told.theme)
    answered = np.unique(own[said.record] * themes + said.theme)
    for name, pairs in (
        ("people theme", np.union1d(wrote, answered)),
        ("wrote theme", wrote),
        ("answered theme", answered),
        ("both theme", np.intersect1d(wrote, answered)),
    ):
        sums.add(name, themes, pairs // themes, pairs % themes, 1.0)


def _met(respondents: Respondents, said: Said, contacts: Contacts, told: Said, themes: int) -> Said:
    """Themes each response's person is known to have met: said in the response itself, or told in a contact of that person."""
    known = np.unique(contacts.unit[told.record] * themes + told.theme)
    unit, theme = known // themes, known % themes
    order = np.argsort(respondents.unit, kind="stable")
    first = np.searchsorted(respondents.unit[order], unit, side="left")
    count = np.searchsorted(respondents.unit[order], unit, side="right") - first
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    record = order[np.repeat(first, count) + step]
    pairs = np.unique(np.concatenate([record * themes + np.repeat(theme, count), said.record * themes + said.theme]))
    return Said(pairs // themes, pairs % themes)


def _shares(found: dict[str, Floats], themes: int) -> Floats:
    """Share of customers who meet each theme.

    From responses: sum over bands of P(band) P(mention | band, commented), since those who comment score differently from
    those who do not; bands nobody commented in are left out of both. From people known to have met it, in a response or a contact:
    those people / all people. Each can only miss people (one comment names one trouble; not all write in), so the larger is taken.

    Where at least 10 people name the theme in a response, those who had also written in about it tell how many of the troubled
    write in at all, and the people who wrote in are scaled up by it: two lists of the same people, capture and recapture (Chapman
    1951, University of California Publications in Statistics 1(7)). Where fewer than half had written in, the lists are not of the
    same trouble, or too few to scale by, and nothing is scaled.
    """
    band, commented = found["band"], found["band commented"]
    usable = np.where(commented > 0, band, 0.0)
    part = usable / usable.sum(axis=0)
    cells = found["band theme"].reshape(4, themes, -1)
    each = cells / np.where(commented > 0, commented, 1.0)[:, None, :]
    surveyed = (part[:, None, :] * each).sum(axis=0)
    met = found["people theme"] / found["people"]
    with np.errstate(invalid="ignore"):
        larger = np.nan_to_num(surveyed[:, 0]) >= np.nan_to_num(met[:, 0])
    plain = np.where(larger[:, None] & np.isfinite(surveyed[:, :1]), surveyed, met)
    wrote, answered, both = found["wrote theme"], found["answered theme"], found["both theme"]
    scaled = ((wrote + 1) * (answered + 1) / (both + 1) - 1) / found["people"]
    enough = (answered[:, :1] >= _RECAPTURED) & (both[:, :1] >= answered[:, :1] / 2)
    return np.where(enough, np.maximum(scaled, met), plain)


def _gather_driver(sums: Sums, name: str, respondents: Respondents, met: Said, judged: NDArray[np.bool_], driver: Rated) -> None:
    """Moments of the driver's rating on an intercept and each of its themes, among those who rated it."""
    holders = np.zeros(len(respondents.unit), dtype=bool)
    holders[met.record[np.isin(met.theme, driver.themes)]] = True
    _gather_moments(sums, name, respondents, met, driver.themes, driver.value, judged | holders)


def _gather_regression(sums: Sums, respondents: Respondents, said: Said, complaints: list[int]) -> None:
    """Moments of the outcome on an intercept and every complaint, among those who comment and give a score."""
    _gather_moments(sums, "outcome", respondents, said, tuple(complaints), respondents.outcome, respondents.commented)


def _gather_moments(
    sums: Sums,
    name: str,
    respondents: Respondents,
    held: Said,
    themes: tuple[int, ...],
    value: Floats,
    judged: NDArray[np.bool_],
) -> None:
    """Weighted moments of `value` on an intercept and an indicator of each of `themes`, over responses judged and valued."""
    size = len(themes) + 1
    column = np.full(int(max([*held.theme.tolist(), *themes], default=0)) + 1, -1, dtype=np.int64)
    column[list(themes)] = np.arange(1, size)
    usable = judged & np.isfinite(value)
    kept = usable[held.record] & (column[held.theme] > 0)
    rows = np.flatnonzero(usable)
    record = np.concatenate([rows, held.record[kept]])
    place = np.concatenate([np.zeros(len(rows), dtype=np.int64), column[held.theme[kept]]])
    design = sparse.csr_matrix((np.ones(len(record)), (record, place)), shape=(len(respondents.unit), size))
    counts = np.diff(design.indptr)
    # Every pair of columns a record has: each entry repeated as often as its record has entries.
    owner = np.repeat(np.arange(len(counts)), counts)
    times = counts[owner]
    first = np.repeat(design.indices, times).astype(np.int64)
    begin = np.repeat(design.indptr[owner], times)
    step = np.arange(len(first)) - np.repeat(np.cumsum(times) - times, times)
    second = design.indices[begin + step].astype(np.int64)
    whose = np.repeat(owner, times)
    sums.add(f"{name} moments", size * size, respondents.unit[whose], first * size + second, respondents.weight[whose])
    scored = respondents.weight[owner] * value[owner]
    sums.add(f"{name} scored", size, respondents.unit[owner], design.indices.astype(np.int64), scored)


def _lost(found: dict[str, Floats], name: str) -> Floats:
    """What each theme takes from the value, others held: the coefficients of the joint regression, sign turned.

    Shape (themes, 1 + draws); NaN for a theme nobody holds, and for all when there are fewer answers than themes. Joint, because
    those who meet one trouble of a driver often meet another: taken alone, a small trouble would be charged with its neighbour's.
    """
    draws = found["n all"].shape[1]
    size = len(found[f"{name} scored"])
    moments = found[f"{name} moments"].reshape(size, size, draws).transpose(2, 0, 1)
    if moments[0, 0, 0] <= size:
        return np.full((size - 1, draws), np.nan)
    ridge = 1e-9 * np.trace(moments, axis1=1, axis2=2)[:, None, None] * np.eye(size)
    solved = np.linalg.solve(moments + ridge, found[f"{name} scored"].T[:, :, None])[:, :, 0]
    present = np.einsum("dii->id", moments)[1:] > 0
    return np.where(present, -solved.T[1:], np.nan)


def _points(found: dict[str, Floats], themes: int, complaints: list[int], rated: list[Rated]) -> Floats:
    """Outcome points lost per person who meets the theme.

    With a rated driver: its effect x what the theme takes from its rating. That is measured two ways: among those who comment, by
    what they say in that answer (few, and sure), and among all, by what they are known to have met (many, with some mistaken).
    The plain figure is the mean of both; draws take the one and the other in turn, so that the interval spans what the two ways
    disagree on. Without a rated driver: what the theme takes from the outcome itself, among those who comment.
    """
    points = np.full((themes, found["n all"].shape[1]), np.nan)
    points[complaints] = _lost(found, "outcome")
    for number, driver in enumerate(rated):
        met, said = (_lost(found, f"driver {number} {way}") for way in ("met", "said"))
        both = np.isfinite(met).all(axis=1, keepdims=True) & np.isfinite(said).all(axis=1, keepdims=True)
        turn = np.arange(met.shape[1]) % 2 == 1
        mixed = np.where(turn, said, met)
        mixed[:, 0] = (met[:, 0] + said[:, 0]) / 2
        one = np.where(np.isfinite(met).all(axis=1, keepdims=True), met, said)
        lost = driver.effect * np.where(both, mixed, one)
        own = points[list(driver.themes)]
        points[list(driver.themes)] = np.where(np.isfinite(lost).all(axis=1, keepdims=True), lost, own)
    return points


def last_year(at: NDArray[np.datetime64], today: date) -> NDArray[np.bool_]:
    """Which times lie in the 12 months to `today`, its own day included. A time that is not known does not."""
    day = np.datetime64(today, "D")
    return (at > day - np.timedelta64(365, "D")) & (at < day + np.timedelta64(1, "D"))
