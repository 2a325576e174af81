"""Scores, shares and counts from the sums of facts, with the intervals the run itself gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from vitalfew.settings import Company, Question
from vitalfew.web.shell.access import Reading, Visit
from vitalfew.web.shell.filters import Filters
from vitalfew.web.shell.runkept import PerRun
from vitalfew.web.shell.withholding import Reason
from vitalfew.web.understand.measuring import Facts, Measured, Sums, measure

STATISTICS = {"nps": ("nps",), "rating": ("mean", "top2"), "number": ("mean",), "yes_no": ("rate",)}
FORMS = {"nps": "points", "mean": "points", "top2": "share", "rate": "share"}


@dataclass(frozen=True)
class Figure:
    """One figure as pages and files show it: `value`, `low` and `high` are None when it is withheld, and `note` says why."""

    cell: str
    piece: str
    statistic: str
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    note: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """The figure as `{% figure %}` takes it."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "note": self.note}


@dataclass(frozen=True)
class _Scale:
    start: float
    span: float
    good: float
    bad: float


_SCALES: PerRun[dict[str, _Scale]] = PerRun(8)
_ENDS = """SELECT question, min("value") AS low, max("value") AS high FROM {responses}
  WHERE "value" IS NOT NULL AND NOT isnan("value") GROUP BY question"""
_ANSWERS = """SELECT 'responses' AS tab, r.source, r."key", r.question AS cell, coalesce(r.person, r.response) AS unit,
  r."at" AS moment, r.account, r."group" AS grp, r.channel, coalesce(r.weight, 1.0) AS weight,
  (r."value" - s.start) / s.span AS part, CAST(r."value" >= s.good AS DOUBLE) AS good, CAST(r."value" <= s.bad AS DOUBLE) AS bad
  FROM {{responses}} r JOIN (VALUES {scales}) AS s(question, start, span, good, bad) ON r.question = s.question
  WHERE r."value" IS NOT NULL AND NOT isnan(r."value")"""
_CHECKS = """SELECT p."table" AS tab, p.source, p."key", p.promise AS cell,
  coalesce(p.person, p.account, p.source || '#' || p."key") AS unit, p."at" AS moment, p.account,
  coalesce(o."group", i."group") AS grp, coalesce(o.channel, i.channel) AS channel,
  coalesce(o.weight, 1.0) AS weight, CAST(p.kept AS DOUBLE) AS part, CAST(p.kept AS DOUBLE) AS good, 0.0 AS bad
  FROM {promise_checks} p LEFT JOIN {orders} o ON p."table" = 'orders' AND p.source = o.source AND p."key" = o."key"
  LEFT JOIN {interactions} i ON p."table" = 'interactions' AND p.source = i.source AND p."key" = i."key" WHERE p.kept IS NOT NULL"""
CHECKS = Facts("checks", _CHECKS, ("promise_checks", "orders", "interactions"), ("orders", "interactions", "deals", "contracts"))
# A comment counts once for a theme, once for the theme above it, and once for all comments (the cell '').
_COMMENTS = """SELECT DISTINCT m."table" AS tab, m.source, m."key", t.cell, coalesce(m.person, m.source || '#' || m."key") AS unit,
  coalesce(r."at", i."at") AS moment, coalesce(r.account, i.account) AS account, coalesce(r."group", i."group") AS grp,
  coalesce(r.channel, i.channel) AS channel, 1.0 AS weight, 1.0 AS part, 1.0 AS good, 0.0 AS bad
  FROM (SELECT DISTINCT "table", source, "key", question, person, theme FROM {mentions}) m
  JOIN (SELECT theme, theme AS cell FROM {themes} UNION SELECT theme, parent FROM {themes} WHERE parent <> ''
    UNION SELECT theme, '' FROM {themes}) t ON m.theme = t.theme
  LEFT JOIN {responses} r ON m."table" = 'responses' AND m.source = r.source AND m."key" = r."key" AND m.question = r.question
  LEFT JOIN {interactions} i ON m."table" = 'interactions' AND m.source = i.source AND m."key" = i."key" """
COMMENTS = Facts(
    "comments", _COMMENTS, ("mentions", "themes", "responses", "interactions"), ("responses", "interactions"), quoted=True
)


def answers(visit: Reading) -> tuple[Facts, dict[str, _Scale]] | None:
    """The facts of all questions that have a number; None when there are none."""
    scales = _scales(visit)
    if not scales:
        return None
    places = ", ".join(["(?, ?::DOUBLE, ?::DOUBLE, ?::DOUBLE, ?::DOUBLE)"] * len(scales))
    values = tuple(each for name, s in sorted(scales.items()) for each in (name, s.start, s.span, s.good, s.bad))
    return Facts("answers", _ANSWERS.format(scales=places), ("responses",), ("responses",), values), scales


def _scales(visit: Reading) -> dict[str, _Scale]:
    def made() -> dict[str, _Scale]:
        found = {}
        for row in visit.reader.select(_ENDS, ("responses",)):
            question = visit.settings.questions.get(row["question"])
            if question is None or question.kind not in STATISTICS:
                continue
            low, high = question.bounds or (row["low"], row["high"])
            good, bad = (9.0, 6.0) if question.kind == "nps" else (high - 1, low - 1)
            found[row["question"]] = _Scale(low, max(high - low, 1e-9), good, bad)
        return found

    return _SCALES.of(visit, "scales", made)


def scores(visit: Visit, filters: Filters, question: str = "", by: str = "") -> tuple[list[Figure], tuple[str, ...]]:
    """The figures of every question, or of one broken down; and the filters that do not apply to answers."""
    asked = answers(visit)
    if asked is None or (question and question not in asked[1]):
        return [], ()
    facts, scales = asked
    found = measure(visit, facts, filters, by, question)
    made = []
    for row in found.rows:
        kind = visit.settings.questions[row.cell].kind
        made += [_score(visit, row, name, scales[row.cell]) for name in STATISTICS[kind]]
    return made, found.ignored


def shares(visit: Visit, facts: Facts, filters: Filters, by: str = "") -> tuple[list[Figure], Measured]:
    """Shares with their intervals (promises kept), one for each cell and piece."""
    found = measure(visit, facts, filters, by)
    return [_score(visit, row, "rate", _Scale(0.0, 1.0, 1.0, 0.0)) for row in found.rows], found


def _score(visit: Visit, row: Sums, statistic: str, scale: _Scale) -> Figure:
    """Value and interval, from the sums, as understand.metrics has them."""
    import numpy as np  # noqa: PLC0415 - pages without figures start without NumPy

    from vitalfew.numerics import intervals  # noqa: PLC0415

    if row.withheld is not None:
        return Figure(row.cell, row.piece, statistic, None, None, None, None, why_withheld(visit, row.withheld))
    weight, squares, first, second, good, bad = (float(row.sums[name] or 0.0) for name in
                                                 ("weight", "squares", "first", "second", "good", "bad"))  # fmt: skip
    if weight <= 0:
        return Figure(row.cell, row.piece, statistic, row.n, None, None, None, _("no answer has a weight"))
    n = float(intervals.effective(weight, squares))
    mean = first / weight
    variance = max(second / weight - mean**2, 0.0)
    if statistic == "nps":
        value, ends = 100 * (good - bad) / weight, intervals.nps(good / weight, bad / weight, n)
        low, high = float(ends[0]), float(ends[1])
    elif statistic == "mean":
        # A variance this small is rounding: an interval of no width would say too much.
        ends = intervals.mean(mean, variance if variance > 1e-11 else np.nan, n)
        value, low, high = (scale.start + scale.span * float(each) for each in (mean, *ends))
    else:
        value = good / weight if statistic == "top2" else mean
        ends = intervals.wilson(min(max(value, 0.0), 1.0), n)
        low, high = float(ends[0]), float(ends[1])
    known = bool(np.isfinite(low))
    note = "" if known else _("no interval: one answer, or all answers are equal")
    return Figure(row.cell, row.piece, statistic, row.n, value, low if known else None, high if known else None, note)


def why_withheld(visit: Visit, reason: Reason) -> str:
    """Why a figure is withheld, as readers are told."""
    least = max(3, visit.settings.company.minimum_group)
    if reason is Reason.FEW:
        return _("withheld: fewer than %(least)s people") % {"least": least}
    return _("withheld: with other figures it would tell what a few people said")


def label(settings: Company, question: str) -> str:
    """What readers see instead of a question's name."""
    asked: Question | None = settings.questions.get(question)
    spelled = question.replace("_", " ").capitalize()
    return (asked.label or asked.driver or spelled) if asked is not None else spelled


def statistic_label(name: str) -> str:
    """A statistic as readers call it."""
    names = {"nps": _("NPS"), "mean": _("mean"), "top2": _("top two answers"), "rate": _("share of yes"), "share": _("share")}
    return names.get(name, name)
