"""The figures of each question: NPS, means, top-two shares, shares of choices and rates, each with n and a 95 % interval.

Answers are reduced in the engine to counts and weighted sums per question and cut, and finished in NumPy. The cuts are everyone,
each quarter, and each segment value. Method and formulas: docs/algorithms/metrics.md and numerics/intervals.py.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.numerics import intervals
from vitalfew.outputs import Outputs
from vitalfew.settings import Company, Question
from vitalfew.understand import cuts
from vitalfew.vocabulary import arrow_table

Floats = NDArray[np.float64]
# Choices of one question that get a figure: beyond these a list is no longer a metric.
MOST_CHOICES = 50
_KEYS = ("question", "segment", "period")


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """Table metrics, with the evidence of each figure and what could not be computed."""
    context.progress("metrics")
    least = company.company.minimum_group
    rows = _numeric(tables, company, context, least) + _choices(tables, company, context, least)
    gaps: list[Gap] = []
    if not rows:
        reason = "no response has an answer that can be counted"
        gaps.append(Gap("metrics", reason, "a survey with ratings, recommendations, numbers, choices or yes-no answers"))
    rows += _win_rates(tables, least)
    steps = []
    for row in rows:
        row["metric"] = claim_id("metric", row["question"], row["statistic"], row["segment"], row["period"])
        name = str(row["question"]).partition("=")[0]
        support = selection("deals") if name == "win_rate" else selection("responses", question=name)
        steps.append(Step(str(row["metric"]), support, "answers" if name != "win_rate" else "decided deals", None, row["n"]))
    return Outputs({"metrics": arrow_table("metrics", rows)}, steps, gaps)


def quarter(at: ir.TimestampValue) -> ir.StringValue:
    """A time as its quarter, such as 2026-Q3."""
    return at.year().cast("string") + ibis.literal("-Q") + at.quarter().cast("string")


def _spread(table: ir.Table, response_cuts: ir.Table | None) -> ir.Table:
    """Each row once for everyone, once for its quarter and once for each of its segments: columns segment and period added."""
    every = ibis.literal("all")
    parts = [table.mutate(segment=every, period=every)]
    dated = table.filter(table["at"].notnull())
    parts.append(dated.mutate(segment=every, period=quarter(dated["at"])))
    if response_cuts is not None:
        joined = table.join(response_cuts.select("response", segment=response_cuts.cut), "response")
        parts.append(joined.mutate(period=every).select(*parts[0].columns))
    return ibis.union(*parts)


def _sum(value: ir.NumericValue) -> ir.FloatingScalar:
    # Through decimals, so that the order in which threads add does not show; values here are shares of a span, or weights.
    return value.cast("decimal(38, 12)").sum().cast("float64")


def _numeric(tables: Tables, company: Company, context: Context, least: int) -> list[dict[str, Any]]:
    """NPS, means, top-two shares and rates."""
    known = {name: each for name, each in company.questions.items() if each.kind in ("nps", "rating", "number", "yes_no")}
    if not known or not tables.count("responses"):
        return []
    responses = tables["responses"]
    given = responses.filter(responses.question.isin(list(known)), responses.value.notnull(), ~responses.value.isnan())
    spans = _spans(tables, given, known)
    if not spans:
        return []
    told = context.engine.table(pa.Table.from_pylist([{"question": name, **span} for name, span in sorted(spans.items())]))
    joined = given.join(told, "question")
    narrow = joined.select(
        "question",
        "response",
        "at",
        person=ibis.coalesce(joined.person, joined.response),
        weight=ibis.coalesce(joined.weight, 1.0),
        part=(joined.value - joined.start) / joined.span,
        good=(joined.value >= joined.good_from).cast("float64"),
        bad=(joined.value <= joined.bad_to).cast("float64"),
    )
    spread = _spread(narrow, _cuts(tables, context))
    sums = spread.group_by(*_KEYS).aggregate(
        n=spread.count(),
        people=spread.person.nunique(),
        weight=_sum(spread.weight),
        squares=_sum(spread.weight * spread.weight),
        first=_sum(spread.weight * spread.part),
        second=_sum(spread.weight * spread.part * spread.part),
        good=_sum(spread.weight * spread.good),
        bad=_sum(spread.weight * spread.bad),
    )
    columns = tables.numpy(sums.order_by(list(_KEYS)))
    rows = []
    for kind, statistics in (("nps", ("nps",)), ("rating", ("mean", "top2")), ("number", ("mean",)), ("yes_no", ("rate",))):
        chosen = np.array([known[name].kind == kind for name in columns["question"]], dtype=bool)
        part = {name: column[chosen] for name, column in columns.items()}
        for statistic in statistics:
            start = np.array([spans[name]["start"] for name in part["question"]])
            span = np.array([spans[name]["span"] for name in part["question"]])
            rows += _rows(part, statistic, _finished(part, statistic, start, span), least)
    return rows


def _spans(tables: Tables, given: ir.Table, known: dict[str, Question]) -> dict[str, dict[str, float]]:
    """Where each question's scale starts, how long it is, and where its good answers begin and its bad ones end."""
    ends = given.group_by("question").aggregate(low=given.value.min(), high=given.value.max())
    spans = {}
    for row in tables.rows(ends.order_by("question")):
        question = known[row["question"]]
        low, high = question.bounds or (row["low"], row["high"])
        good, bad = (9.0, 6.0) if question.kind == "nps" else (high - 1, low - 1)
        spans[row["question"]] = {"start": low, "span": max(high - low, 1e-9), "good_from": good, "bad_to": bad}
    return spans


def _finished(part: dict[str, NDArray[Any]], statistic: str, start: Floats, span: Floats) -> dict[str, Floats]:
    """Value, low, high and effective n of one statistic, from sums."""
    weight = part["weight"]
    n = intervals.effective(weight, part["squares"])
    with np.errstate(invalid="ignore", divide="ignore"):
        share, good, bad = part["first"] / weight, part["good"] / weight, part["bad"] / weight
        variance = np.maximum(part["second"] / weight - share**2, 0)
        if statistic == "nps":
            value, (low, high) = 100 * (good - bad), intervals.nps(good, bad, n)
        elif statistic == "mean":
            # Sums were rounded to 1e-12: a variance below 1e-11 is none, and an interval of no width would say too much.
            low, high = intervals.mean(share, np.where(variance > 1e-11, variance, np.nan), n)
            value, low, high = start + span * share, start + span * low, start + span * high
        else:
            value = good if statistic == "top2" else share
            low, high = intervals.wilson(np.clip(value, 0, 1), n)
    return {"value": value, "low": low, "high": high, "n_effective": n}


def _choices(tables: Tables, company: Company, context: Context, least: int) -> list[dict[str, Any]]:
    """The share of each answer of choice, top-picks and codes questions, among the responses that answered the question."""
    known = [name for name, each in company.questions.items() if each.kind in ("choice", "top_picks", "codes")]
    if not known or not tables.count("responses"):
        return []
    responses = tables["responses"]
    given = responses.filter(responses.question.isin(known), responses.choice.notnull())
    once = given.group_by("question", "response", "choice").aggregate(
        at=given["at"].max(),
        person=ibis.coalesce(given.person.max(), given.response.max()),
        weight=ibis.coalesce(given.weight.max(), 1.0),
    )
    path = context.folder / "choices.parquet"
    context.engine.write(once, path, ("question", "response", "choice"))
    once = context.engine.read(path)
    base = once.group_by("question", "response").aggregate(at=once["at"].max(), person=once.person.max(), weight=once.weight.max())
    cut = _cuts(tables, context)
    spread = _spread(base, cut)
    totals = spread.group_by(*_KEYS).aggregate(
        n=spread.count(), people=spread.person.nunique(), weight=_sum(spread.weight), squares=_sum(spread.weight * spread.weight)
    )
    chosen = _spread(once, cut)
    counts = chosen.group_by(*_KEYS, "choice").aggregate(first=_sum(chosen.weight))
    named = once.group_by("question", "choice").aggregate(times=once.count())
    common = _common(tables.rows(named.order_by(["question", ibis.desc("times"), "choice"])))
    numerators = {(row["choice"], *(row[key] for key in _KEYS)): row["first"] for row in tables.rows(counts)}
    part: dict[str, list[Any]] = {name: [] for name in (*_KEYS, "n", "people", "weight", "squares", "first")}
    for row in tables.rows(totals.order_by(list(_KEYS))):
        for choice in common.get(row["question"], []):
            first = numerators.get((choice, *(row[key] for key in _KEYS)), 0.0)
            values = {**row, "question": f"{row['question']}={choice}", "first": first}
            for name, column in part.items():
                column.append(values[name])
    if not part["n"]:
        return []
    arrays = {name: np.array(column) for name, column in part.items()}
    arrays.update(second=arrays["first"], good=arrays["first"], bad=arrays["first"])
    nothing, one = np.zeros(len(arrays["n"])), np.ones(len(arrays["n"]))
    return _rows(arrays, "share", _finished(arrays, "share", nothing, one), least)


def _common(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The commonest choices of each question, commonest first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        choices = found.setdefault(row["question"], [])
        if len(choices) < MOST_CHOICES:
            choices.append(row["choice"])
    return found


def _win_rates(tables: Tables, least: int) -> list[dict[str, Any]]:
    """Won among decided deals: overall, by quarter of the decision, by work group and by segment. n counts deals, not people."""
    deals = tables["deals"].filter(lambda t: t.outcome.isin(["won", "lost"]))
    if not tables.count("deals"):
        return []
    employees = tables["employees"].group_by("employee").aggregate(team=lambda t: t.group.max())
    led = deals.left_join(employees, "employee")
    decided = led.select(
        response=led.source + ibis.literal("#") + led.key,
        at=led.closed_at,
        team=ibis.coalesce(led.group, led.team),
        won=(led.outcome == "won").cast("int64"),
    )
    segments = tables["segments"].filter(lambda t: (t.table == "deals") & t.value.notnull())
    few = segments.group_by("segment").aggregate(values=segments.value.nunique())
    kept = segments.join(few.filter(few["values"] <= cuts.MOST_VALUES).select("segment"), "segment")
    cut = kept.select(
        response=kept.source + ibis.literal("#") + kept.key, cut=kept.segment + ibis.literal("=") + kept.value
    ).distinct()
    teams = decided.filter(decided.team.notnull()).select("response", cut=ibis.literal("group=") + decided.team)
    spread = _spread(decided.drop("team"), ibis.union(cut, teams, distinct=True))
    sums = spread.group_by("segment", "period").aggregate(n=spread.count(), won=spread.won.sum())
    columns = tables.numpy(sums.order_by(["segment", "period"]))
    n, won = columns["n"].astype(float), columns["won"].astype(float)
    if not len(n):
        return []
    low, high = intervals.wilson(won / n, n)
    part = {**columns, "question": np.array(["win_rate"] * len(n), dtype=object), "people": columns["n"]}
    return _rows(part, "rate", {"value": won / n, "low": low, "high": high, "n_effective": n}, least)


def _cuts(tables: Tables, context: Context) -> ir.Table | None:
    return cuts.of_responses(tables, context) if tables.count("segments") else None


def _rows(part: dict[str, NDArray[Any]], statistic: str, figures: dict[str, Floats], least: int) -> list[dict[str, Any]]:
    """Rows of table metrics; a figure of fewer than `least` people, or one that would reveal such a figure, is withheld."""
    rows = []
    hidden = _hidden(part, least)
    for place in range(len(part["n"])):
        n, effective = int(part["n"][place]), float(figures["n_effective"][place])
        value, low, high = (float(figures[name][place]) for name in ("value", "low", "high"))
        notes = []
        if effective < n * (1 - 1e-9):
            notes.append(f"weighted: worth {effective:.0f} equally weighted answers")
        if not np.isfinite(low):
            notes.append("no interval: one answer, or all answers are equal")
        if hidden[place]:
            value = low = high = np.nan
            few = part["people"][place] < least
            notes = [f"withheld: fewer than {least} people" if few else "withheld: it would reveal a figure of too few people"]
        rows.append(
            {
                "question": str(part["question"][place]),
                "statistic": statistic,
                "segment": str(part["segment"][place]),
                "period": str(part["period"][place]),
                "n": n,
                "n_effective": _figure(effective),
                "value": _figure(value),
                "low": _figure(low),
                "high": _figure(high),
                "note": "; ".join(notes) or None,
            }
        )
    return rows


def _hidden(part: dict[str, NDArray[Any]], least: int) -> list[bool]:
    """Which figures are withheld: those of too few people, and the smallest other of a column whose gap they would fill.

    When the cells of one column that are withheld hold too few people together, total minus shown would tell their figure.
    """
    small = np.asarray(part["people"], float) < least
    hidden: list[bool] = [bool(each) for each in small]
    columns: dict[tuple[str, str], list[int]] = {}
    for place in range(len(small)):
        segment, period = str(part["segment"][place]), str(part["period"][place])
        column = "period" if period != "all" else segment.partition("=")[0]
        if (segment, period) != ("all", "all"):
            columns.setdefault((str(part["question"][place]), column), []).append(place)
    for places in columns.values():
        gone = sum(int(part["people"][place]) for place in places if small[place])
        rest = sorted((int(part["people"][place]), place) for place in places if not small[place])
        if any(small[place] for place in places) and gone < least and rest:
            hidden[rest[0][1]] = True
    return hidden


def _figure(value: float) -> float | None:
    return round(value, 10) if np.isfinite(value) else None
