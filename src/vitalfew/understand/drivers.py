"""What moves an outcome: each driver's exact share of the explained variance, the effect of one point, and where it stands.

Shares are LMG shares (Shapley values of R squared, numerics/lmg.py) of moments that use every answer given (numerics/moments.py),
with intervals from reweighting people (numerics/draws.py). They are associations: nothing here was tested by changing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vitalfew.engine import Context, Tables
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.numerics import draws as resampling
from vitalfew.numerics import lmg, moments
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand import answers as reading
from vitalfew.understand import cuts, kept, levels
from vitalfew.vocabulary import arrow_table

Floats = NDArray[np.float64]
SEGMENTS = 12
SEGMENT_DRAWS = 100
FEWEST_ANSWERS = 30
# Subsets x draws enumerated for the intervals: about five seconds. Above, draws take sampled orders.
_ENUMERATED = 2**26
_ORDERS = 250


@dataclass(frozen=True)
class Driver:
    """One candidate driver along the responses of one outcome: `values` (n,) with NaN for missing, bounds of its scale."""

    name: str
    question: str
    group: str
    bounds: tuple[float, float] | None
    values: Floats
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """One outcome in one cut: who answered (`person` numbers them), how heavily each counts, and the drivers that can be used."""

    outcome: str
    segment: str
    response: NDArray[np.object_]
    values: Floats
    weight: Floats
    person: NDArray[np.int64]
    hashed: NDArray[np.uint64]
    drivers: tuple[Driver, ...]
    seed: int
    minimum_group: int
    note: str = ""

    @property
    def people(self) -> int:
        """Distinct people behind the answers."""
        return int(np.count_nonzero(np.bincount(self.person)))

    @property
    def needed(self) -> int:
        """People without whom shares are refused: max(30, 10 x drivers)."""
        return max(30, 10 * len(self.drivers))

    @property
    def matrix(self) -> Floats:
        """The drivers' answers, (n, p)."""
        return np.column_stack([driver.values for driver in self.drivers])

    def weights(self, draws: int) -> moments.Weights:
        """Survey weight x the person's resampling weight, for any rows."""
        return lambda rows: resampling.weights(self.hashed[rows], draws, self.seed) * self.weight[rows, None]

    def within(self, rows: NDArray[np.bool_], segment: str) -> Problem:
        """The same outcome among some of the responses."""
        drivers = tuple(replace(driver, values=driver.values[rows]) for driver in self.drivers)
        usable = tuple(driver for driver in drivers if not _unusable(driver.values))
        return replace(
            self,
            segment=segment,
            response=self.response[rows],
            values=self.values[rows],
            weight=self.weight[rows],
            person=self.person[rows],
            hashed=self.hashed[rows],
            drivers=usable,
        )


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """Tables drivers, levels and draws (quantity `effect`), with evidence and what could not be computed."""
    questions = company.questions
    numeric = ("nps", "rating", "number", "yes_no")
    outcomes = [name for name, each in questions.items() if each.outcome and each.kind in numeric]
    outcomes = outcomes or [name for name in [company.outcome] if name]
    asked = [name for name, each in questions.items() if each.driver]
    if not outcomes:
        return _nothing([Gap("drivers", "no question is marked as an outcome", "a question with outcome = true, or of kind nps")])
    answers = reading.read(tables, [*outcomes, *asked])
    promises = kept.by_response(tables, answers)
    parts = []
    for outcome in outcomes:
        context.progress(f"drivers of {outcome}")
        problem, gaps = _problem(company, answers, promises, outcome, context.seed)
        parts.append(Outputs(gaps=gaps))
        if problem is not None:
            parts.append(_solved(problem, company, tables, context))
    rows = {name: [part.tables[name] for part in parts if name in part.tables] for name in ("drivers", "levels", "draws")}
    joined = {name: arrow_table(name, pa.concat_tables(each) if each else []) for name, each in rows.items()}
    return Outputs(joined, [step for part in parts for step in part.steps], [gap for part in parts for gap in part.gaps])


def _nothing(gaps: Sequence[Gap]) -> Outputs:
    return Outputs({name: arrow_table(name, []) for name in ("drivers", "levels", "draws")}, (), gaps)


def _problem(
    company: Company, answers: reading.Answers, promises: dict[str, Floats], outcome: str, seed: int
) -> tuple[Problem | None, list[Gap]]:
    """The responses that answered the outcome and at least one driver, or None and why not."""
    figure = f"drivers of {outcome}"
    candidates = _questions(company, answers, outcome) + _promises(company, answers, promises, outcome)
    if not candidates:
        data = 'questions with driver = "..." in the same survey, or promises that can be checked on orders or interactions'
        return None, [Gap(figure, "no question or promise says what could drive it", data)]
    values = answers.column(outcome)
    rows = ~np.isnan(values)
    if rows.sum() == 0 or np.nanmax(values) == np.nanmin(values):
        return None, [Gap(figure, "nobody answered it, or all answers are equal", f"answers to {outcome} that differ")]
    usable, gaps = [], []
    for driver in candidates:
        reason = _unusable(driver.values[rows])
        if reason:
            data = f"at least {FEWEST_ANSWERS} differing answers from people who also answered {outcome}"
            gaps.append(Gap(f"{driver.name} as a driver of {outcome}", reason, data))
        else:
            usable.append(driver)
    if not usable:
        return None, [*gaps, Gap(figure, "no driver was answered together with it", f"surveys that ask {outcome} and its drivers")]
    rows &= np.any([~np.isnan(driver.values) for driver in usable], axis=0)
    chosen = tuple(replace(driver, values=driver.values[rows]) for driver in usable)
    note = "linear probability of yes" if company.questions[outcome].kind == "yes_no" else ""
    people = pa.array(answers.person[rows], type=pa.string()).dictionary_encode()
    person = people.indices.to_numpy().astype(np.int64)
    problem = Problem(
        outcome,
        "all",
        answers.response[rows],
        values[rows],
        answers.weight[rows],
        person,
        resampling.hashes(people.dictionary.to_pylist())[person],
        chosen,
        seed,
        company.company.minimum_group,
        note,
    )
    return problem, gaps


def _questions(company: Company, answers: reading.Answers, outcome: str) -> list[Driver]:
    """Questions by driver name; waves that ask one driver on one scale under several names are one driver."""
    made: dict[str, Driver] = {}
    hidden = {promise.perceived: promise.name for promise in company.promise if promise.perceived}
    for name, question in company.questions.items():
        if not question.driver or name == outcome:
            continue
        values = answers.column(name)
        known = made.get(question.driver)
        if known is not None and known.bounds == question.bounds:
            made[question.driver] = replace(known, values=np.where(np.isnan(known.values), values, known.values))
            continue
        label = question.driver if known is None else f"{question.driver} ({name})"
        note = f"stands also for the promise {hidden[name]}, which is not counted twice" if name in hidden else ""
        made[label] = Driver(label, name, question.group, question.bounds, values, note)
    return list(made.values())


def _promises(company: Company, answers: reading.Answers, promises: dict[str, Floats], outcome: str) -> list[Driver]:
    questions = company.questions
    asked = {name for name, each in questions.items() if each.driver and name != outcome}
    names = {each.driver for each in questions.values() if each.driver}
    found = []
    for promise in company.promise:
        checked = promises.get(claim_id("promise", promise.name))
        # A promise whose perception is a driver would be counted twice; so would one measured by the outcome itself.
        if checked is None or promise.perceived in asked:
            continue
        name = promise.name if promise.name not in names else f"{promise.name} (promise)"
        found.append(Driver(name, claim_id("promise", promise.name), promise.group, (0.0, 1.0), checked))
    return found


def _unusable(values: Floats) -> str:
    given = values[~np.isnan(values)]
    if given.size < FEWEST_ANSWERS:
        return f"only {given.size} answers together with the outcome"
    return "all its answers are equal" if given.min() == given.max() else ""


def _solved(problem: Problem, company: Company, tables: Tables, context: Context) -> Outputs:
    """Overall, then by segment."""
    n = problem.people
    if n < problem.needed:
        reason = (
            f"{n} people answered {problem.outcome} and a driver; {problem.needed} are needed for {len(problem.drivers)} drivers"
        )
        rows = _refused(problem, f"refused: {reason}")
        gap = Gap(f"drivers of {problem.outcome}", reason, "more answers, or fewer drivers")
        return Outputs({"drivers": arrow_table("drivers", rows)}, _steps(problem, rows), [gap])
    draws = company.company.draws
    rows, effects = solve(problem, draws)
    contrasts = levels.contrasts(
        [driver.name for driver in problem.drivers],
        problem.values,
        problem.matrix,
        [driver.bounds for driver in problem.drivers],
        problem.weight,
        problem.weights(draws),
        draws,
    )
    level_rows = []
    for row, contrast in zip(rows, contrasts, strict=True):
        figures = ("penalty", "penalty_low", "penalty_high", "reward", "reward_low", "reward_high")
        row.update({name: _figure(getattr(contrast, name)) for name in figures}, level=contrast.level or None)
        level = {"outcome": problem.outcome, "driver": row["driver"], "level": contrast.level or None}
        level_rows.append({**level, "why": contrast.why, "value": row["share"]})
    drawn = {
        "claim": np.repeat([row["driver_id"] for row in rows], draws),
        "quantity": ["effect"] * (len(rows) * draws),
        "draw": np.tile(np.arange(draws), len(rows)),
        "value": np.round(effects.T.ravel(), 10),
    }
    steps = _steps(problem, rows)
    for part in _segments(problem, tables, context):
        rows = rows + solve(part, min(SEGMENT_DRAWS, draws))[0]
    made = {
        "drivers": arrow_table("drivers", rows),
        "levels": arrow_table("levels", level_rows),
        "draws": arrow_table("draws", drawn),
    }
    return Outputs(made, steps)


def solve(problem: Problem, draws: int) -> tuple[list[dict[str, Any]], Floats]:
    """Rows of table drivers in the order of the problem's drivers, and the effect of each in each draw, (draws, p)."""
    columns = np.column_stack([problem.values, problem.matrix])
    made = moments.estimate(columns, problem.weight, problem.weights(draws), draws)
    absolute, drawn, error = _lmg(made, problem.seed)
    r2 = float(absolute.sum())
    share = absolute / r2 if r2 > 1e-12 else np.full(len(absolute), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = drawn / drawn.sum(axis=1, keepdims=True)
    slope = levels.coefficients(made.covariance[None])[0]
    slopes = levels.coefficients(made.covariances)
    firsts = np.bincount(np.nanargmax(np.nan_to_num(shares), axis=1), minlength=len(share)) / draws
    order = sorted(
        range(len(share)), key=lambda place: (-round(float(np.nan_to_num(share[place])), 10), problem.drivers[place].name)
    )
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    shared = _caution(problem, made, error)
    rows = []
    for place, row in enumerate(_described(problem)):
        low, high = resampling.interval(shares[:, place])
        effect_low, effect_high = resampling.interval(slopes[:, place])
        row.update(
            r2=_figure(r2),
            share=_figure(share[place]),
            low=_figure(low),
            high=_figure(high),
            rank=ranks[place],
            first_probability=_figure(firsts[place]),
            effect=_figure(slope[place]),
            effect_low=_figure(effect_low),
            effect_high=_figure(effect_high),
            note="; ".join(part for part in (row["note"], *shared) if part) or None,
        )
        rows.append(row)
    _quadrants(rows)
    return rows, slopes


def _lmg(made: moments.Moments, seed: int) -> tuple[Floats, Floats, float]:
    """LMG shares of R squared (p,), of each draw (B, p), and the largest standard error where orders were sampled."""
    p, draws = made.covariance.shape[0] - 1, len(made.covariances)
    both = np.concatenate([made.covariance[None], made.covariances])
    if p <= lmg.EXACT and draws * 2**p <= _ENUMERATED:
        exact = lmg.lmg(both)
        return exact[0], exact[1:], 0.0
    sampled, errors = lmg.sampled(both, _ORDERS, seed)
    if p > lmg.EXACT:
        return sampled[0], sampled[1:], float(errors[0].max())
    # The same orders serve the full data and the draws, so what sampling adds is nearly the same in both and is taken off.
    exact = lmg.lmg(made.covariance)
    return exact, np.maximum(sampled[1:] + (exact - sampled[0]), 0), 0.0


def _caution(problem: Problem, made: moments.Moments, error: float) -> list[str]:
    notes = [problem.note]
    if made.method == "em":
        blank = float(np.isnan(problem.matrix).mean())
        notes.append(f"{100 * blank:.0f} % of answers are missing and were allowed for, no row was dropped")
    if made.method == "pairwise":
        notes.append("moments from pairs of answers, because EM did not settle")
    if error > 0:
        notes.append(f"shares of R squared from sampled orders, standard error up to {error:.4f}")
    seen = (~np.isnan(problem.matrix)).astype(float)
    together = seen.T @ seen
    if together.min() < FEWEST_ANSWERS:
        notes.append("some drivers were hardly ever asked together")
    return notes


def _described(problem: Problem) -> list[dict[str, Any]]:
    """What is known of each driver without a model: who, how many, how good, and its correlation with the outcome."""
    rows, people = [], problem.people
    for driver in problem.drivers:
        seen = ~np.isnan(driver.values)
        weight, values, outcome = problem.weight[seen], driver.values[seen], problem.values[seen]
        enough = np.count_nonzero(np.bincount(problem.person[seen])) >= problem.minimum_group
        low, high = driver.bounds or (float(values.min()), float(values.max()))
        rows.append(
            {
                "driver_id": claim_id("driver", problem.outcome, driver.name),
                "outcome": problem.outcome,
                "driver": driver.name,
                "question": driver.question,
                "group": driver.group or None,
                "segment": problem.segment,
                "n": people,
                "answered": int(seen.sum()),
                "correlation": _figure(_correlation(values, outcome, weight)) if enough else None,
                "performance": _figure(np.average(values, weights=weight)) if enough else None,
                "scale_low": low,
                "scale_high": high,
                "note": driver.note,
            }
        )
    return rows


def _refused(problem: Problem, note: str) -> list[dict[str, Any]]:
    rows = _described(problem)
    for rank, row in enumerate(sorted(rows, key=lambda row: (-abs(row["correlation"] or 0.0), row["driver"])), 1):
        row.update(rank=rank, note=note)
    return rows


def _correlation(left: Floats, right: Floats, weight: Floats) -> float:
    covariance = np.cov(left, right, aweights=weight, ddof=0)
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1]) / spread if spread > 0 else float("nan")


def _quadrants(rows: list[dict[str, Any]]) -> None:
    """fix: large share, low performance; keep: large, high; watch: small, low; leave: small, high. Against median and mean.

    Performance is where the mean stands on the scale, turned round for a driver of which more clearly goes with a lower outcome.
    """
    placed = []
    for row in rows:
        span = row["scale_high"] - row["scale_low"]
        height = (row["performance"] - row["scale_low"]) / span if row["performance"] is not None and span > 0 else np.nan
        turned = (row["effect_high"] or 0) < 0 and (row["correlation"] or 0) < 0
        placed.append(1 - height if turned else height)
    if all(row["share"] is None for row in rows) or np.isnan(placed).all():
        return
    usual, middle = float(np.median([row["share"] or 0.0 for row in rows])), float(np.nanmean(placed))
    for row, height in zip(rows, placed, strict=True):
        large, low = (row["share"] or 0.0) >= usual, height < middle
        row["quadrant"] = ("fix" if low else "keep") if large else ("watch" if low else "leave")


def _segments(problem: Problem, tables: Tables, context: Context) -> list[Problem]:
    """The largest segments with enough people: at most 12, largest first."""
    if not tables.count("segments"):
        return []
    found = tables.arrow(cuts.of_responses(tables, context).select("response", "cut").order_by(["cut", "response"]))
    places = pc.index_in(found.column("response"), value_set=pa.array(problem.response, type=pa.string()))
    position = places.to_numpy(zero_copy_only=False).astype(float)
    known = ~np.isnan(position)
    named = found.column("cut").combine_chunks().dictionary_encode()
    values = named.dictionary.to_pylist()
    codes, members = named.indices.to_numpy()[known], position[known].astype(np.int64)
    counts = np.bincount(codes, minlength=len(values))
    made: list[Problem] = []
    for choice in sorted(range(len(values)), key=lambda place: (-counts[place], values[place])):
        inside = np.zeros(len(problem.values), dtype=bool)
        inside[members[codes == choice]] = True
        if len(made) == SEGMENTS or inside.sum() < FEWEST_ANSWERS:
            break
        part = problem.within(inside, values[choice])
        if part.drivers and part.values.min() < part.values.max() and part.people >= part.needed and not inside.all():
            made.append(part)
    return made


def _steps(problem: Problem, rows: list[dict[str, Any]]) -> list[Step]:
    steps = []
    for row in rows:
        claim, question = row["driver_id"], row["question"]
        steps.append(Step(claim, selection("responses", question=problem.outcome), "answers to the outcome", None, row["n"]))
        support = question if question.startswith("promise:") else selection("responses", question=question)
        steps.append(Step(claim, support, "answers about the driver", row.get("share"), row["answered"]))
    return steps


def _figure(value: float) -> float | None:
    """A figure as it is written: ten decimals, so that the last bits of a sum never show; null when there is none."""
    return round(float(value), 10) if np.isfinite(value) else None
