"""Promises: how often they are kept, how customers see it, and what breaking them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.engine.expressions import check
from vitalfew.evidence import Gap, Step, claim_id, record_id, selection
from vitalfew.numerics import draws
from vitalfew.numerics.intervals import effective, wilson
from vitalfew.outputs import Outputs
from vitalfew.settings import Company, Promise
from vitalfew.understand import value
from vitalfew.understand.point_value import PointValue
from vitalfew.understand.sums import per_draw, ratio
from vitalfew.vocabulary import TABLES, arrow_table

# Segments: a cut of more values than this is an id, not a cut; fewer records than this say nothing about a value.
MOST_VALUES = 60
FEWEST_RECORDS = 20
# A person's answer tells of the promises of this many days before it, where answers do not name their order or case.
REMEMBERED_DAYS = 365
_CHECKS = TABLES["promise_checks"].names


@dataclass
class _Scores:
    """Mean outcome when kept and when broken, and their difference in every draw."""

    kept: float | None = None
    broken: float | None = None
    n_kept: int = 0
    n_broken: int = 0
    low: float | None = None
    high: float | None = None
    draws: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    note: str = ""

    @property
    def gap(self) -> float | None:
        return None if self.kept is None or self.broken is None else self.kept - self.broken


def compute(tables: Tables, company: Company, context: Context, worth: PointValue | None = None) -> Outputs:
    """Tables promises, promise_checks (an expression) and draws.

    `worth` is the value of a point, as `value.compute_with_worth` gives it; it is measured when left out.
    """
    if not company.promise:
        gap = Gap("promises", "company.toml names no promise.", "[[promise]] with kept_when over the columns of a table.")
        return Outputs({name: arrow_table(name, []) for name in ("promises", "promise_checks", "draws")}, gaps=[gap])
    worth = worth or value.compute_with_worth(tables, company, context)[1]
    rows: list[dict[str, Any]] = []
    drawn: list[tuple[str, str, NDArray[np.float64]]] = []
    steps: list[Step] = []
    gaps: list[Gap] = []
    checks: list[ir.Table] = []
    for promise in company.promise:
        context.progress(f"promise: {promise.name}")
        one = _OnePromise(promise, tables, company, context, worth)
        if not one.overall["n"]:
            gaps.append(one.nothing())
            continue
        rows += one.rows()
        drawn += one.drawn()
        steps += one.steps()
        gaps += one.gaps()
        checks.append(one.checks.select(*_CHECKS))
    written = ibis.union(*checks) if checks else arrow_table("promise_checks", [])
    made = {"promises": arrow_table("promises", rows), "promise_checks": written, "draws": _draws_table(drawn)}
    return Outputs(made, steps, gaps)


class _OnePromise:
    """One promise, judged on every record it applies to."""

    def __init__(self, promise: Promise, tables: Tables, company: Company, context: Context, worth: PointValue) -> None:
        self.promise, self.tables, self.company, self.context, self.worth = promise, tables, company, context, worth
        self.claim = claim_id("promise", promise.name)
        path = context.folder / f"checks-{self.claim.partition(':')[2]}.parquet"
        context.engine.write(self._judged(), path, ("source", "key"))
        self.checks = context.engine.read(path)
        self.overall = self._shares(self.checks.mutate(segment=ibis.literal("all")))[0]
        self.broken_share = self._broken_share()
        self.scores, self.linked, self.link = self._scores()

    def _judged(self) -> ir.Table:
        """The records with a verdict: the columns of promise_checks, and the sampling weight."""
        promise = self.promise
        columns = TABLES[promise.table].names
        table = self.tables[promise.table]
        kept = check(promise.kept_when, columns)
        applies = check(promise.applies_when, columns) if promise.applies_when else "TRUE"
        when = next((name for name in ("at", "start_at", "since", "first_seen") if name in columns), "")
        plain = {
            name: f'"{name}"' if name in columns else "CAST(NULL AS VARCHAR)" for name in ("source", "key", "person", "account")
        }
        judged = self.context.engine.project(
            table,
            {
                **plain,
                "at": f'CAST("{when}" AS TIMESTAMP)' if when else "CAST(NULL AS TIMESTAMP)",
                "weight": 'coalesce("weight", 1.0)' if "weight" in columns else "1.0",
                "case": '"case"' if "case" in columns else "CAST(NULL AS VARCHAR)",
                "kept": f"TRY(CAST(({kept}) AS BOOLEAN))",
                "applies": f"TRY(CAST(({applies}) AS BOOLEAN))",
            },
        )
        due = judged.filter(judged.kept.notnull(), judged.applies)
        return due.select(
            "source",
            "key",
            "person",
            "account",
            "case",
            "kept",
            promise=ibis.literal(self.claim),
            table=ibis.literal(promise.table),
            at=due["at"].cast("timestamp(6)"),
            weight=due.weight.cast("float64"),
        )

    def _shares(self, cut: ir.Table) -> list[dict[str, Any]]:
        """Per segment: records, sum of weights, of squared weights, and of the weights of kept records."""
        grouped = cut.group_by("segment").aggregate(
            n=cut.count(),
            weight=exact_sum(cut.weight),
            squared=exact_sum(cut.weight * cut.weight),
            kept=exact_sum(ibis.ifelse(cut.kept, cut.weight, 0.0)),
        )
        rows: list[dict[str, Any]] = self.context.engine.collect(grouped.order_by("segment")).to_pylist()
        return rows or [{"segment": "all", "n": 0, "weight": 0.0, "squared": 0.0, "kept": 0.0}]

    def segmented(self) -> ir.Table:
        """The checks, once per cut of their record, with `segment` = name=value.

        The record's own cuts come first; a cut only its person or account has is taken from there.
        """
        checks, cuts = self.checks, self.tables["segments"]
        own = cuts.filter(cuts.table == self.promise.table)
        direct = checks.inner_join(own, (checks.source == own.source) & (checks.key == own.key))
        parts = [direct.select(*_base(checks), name=own.segment, value=own.value)]
        known = own.select("segment").distinct()
        for table, unit in (("people", "person"), ("accounts", "account")):
            if self.promise.table == table:
                continue
            whose = self._cuts_of(table, unit).anti_join(known, "segment")
            joined = checks.inner_join(whose, checks[unit] == whose.unit)
            parts.append(joined.select(*_base(checks), name=whose.segment, value=whose.value))
        every = ibis.union(*parts)
        every = every.filter(every.value.notnull() & (every.value != ""))
        few = every.group_by("name").aggregate(values=every.value.nunique())
        usable = few.filter(few.values <= MOST_VALUES).select("name")
        cut = every.semi_join(usable, "name")
        return cut.mutate(segment=cut.name + "=" + cut.value)

    def _cuts_of(self, table: str, unit: str) -> ir.Table:
        """One value of each cut for each person, or account, from the cuts of its own records."""
        cuts, ties = self.tables["segments"], self.tables["identities"]
        theirs = cuts.filter(cuts.table == table)
        joined = theirs.inner_join(ties, (theirs.source == ties.source) & (theirs.key == ties.key))
        named = joined.select(unit=ties[unit], segment=theirs.segment, value=theirs.value).filter(lambda each: each.unit.notnull())
        return named.group_by("unit", "segment").aggregate(value=named.value.max())

    def _broken_share(self) -> NDArray[np.float64]:
        checks = self.checks
        unit = ibis.coalesce(checks.person, checks.account, checks.source + "#" + checks.key)
        sums = checks.group_by(unit=unit).aggregate(
            due=exact_sum(checks.weight), broken=exact_sum(ibis.ifelse(checks.kept, 0.0, checks.weight))
        )
        ids, moments = _moments(self.context, sums, ("due", "broken"))
        drawn = per_draw(ids, moments, self.company.company.draws, self.context.seed)
        return ratio(drawn[:, 1], drawn[:, 0])

    def _answers(self) -> ir.Table:
        responses = self.tables["responses"]
        given = responses.filter(responses.question == self.company.outcome, responses.value.notnull(), ~responses.value.isnan())
        return given.select(
            "account",
            "order",
            "case",
            "response",
            person=ibis.coalesce(given.person, given.response),
            answered=given["at"],
            score=given.value,
            answer_weight=given.weight.fill_null(1.0),
        )

    def _scores(self) -> tuple[_Scores, ir.Table | None, str]:
        """Scores by the order or case an answer names; else by person; else by account."""
        if not self.company.outcome:
            return _Scores(note="no outcome question"), None, ""
        if not self.overall["n"]:
            return _Scores(note="no record to judge"), None, ""
        answers = self._answers()
        found, linked, link = _Scores(note="no answer could be tied to a record"), None, ""
        for way, label in self._links(answers):
            scores = self._contrast(way)
            if scores.kept is not None or (linked is None and scores.n_kept + scores.n_broken):
                found, linked, link = scores, way, label
            if scores.kept is not None:
                break
        return found, linked, link

    def _links(self, answers: ir.Table) -> list[tuple[ir.Table, str]]:
        checks = self.checks
        ways: list[tuple[ir.Table, str]] = []
        verdict = (~checks.kept).cast("int64").max()
        if self.promise.table == "orders":
            named = checks.select(ref=checks.source + "#" + checks.key, broken=(~checks.kept).cast("int64"))
            ways.append((answers.inner_join(named, answers["order"] == named.ref), "answers about the very order"))
        if self.promise.table == "interactions":
            cases = checks.filter(checks.case.notnull()).group_by(ref="case").aggregate(broken=verdict)
            ways.append((answers.inner_join(cases, answers.case == cases.ref), "answers about the very case"))
        for unit in ("person", "account"):
            ways.append((self._remembered(answers, unit), f"answers of {unit}s within 12 months after"))
        return ways

    def _remembered(self, answers: ir.Table, unit: str) -> ir.Table:
        """Answers with whether any check of the same person (or account) in the year before was broken."""
        checks = self.checks.filter(lambda each: each[unit].notnull() & each["at"].notnull())
        checks = checks.select(unit=checks[unit], at=checks["at"], was=(~checks.kept).cast("int64"))
        # An answer is one row of `answers`: response and person name it.
        near = answers.inner_join(
            checks,
            (answers[unit] == checks.unit)
            & (checks["at"] <= answers.answered)
            & (checks["at"] > answers.answered - ibis.interval(days=REMEMBERED_DAYS)),
        )
        return near.group_by("response", "person", "score", "answer_weight").aggregate(broken=near.was.max())

    def _contrast(self, linked: ir.Table) -> _Scores:
        """The means and their difference in every draw; withheld when either side has too few people."""
        kept = linked.broken == 0
        w = linked.answer_weight
        sums = linked.group_by(unit="person").aggregate(
            kept=exact_sum(ibis.ifelse(kept, w, 0.0)),
            kept_sum=exact_sum(ibis.ifelse(kept, w * linked.score, 0.0)),
            broken=exact_sum(ibis.ifelse(kept, 0.0, w)),
            broken_sum=exact_sum(ibis.ifelse(kept, 0.0, w * linked.score)),
            n_kept=kept.cast("int64").sum(),
            n_broken=(~kept).cast("int64").sum(),
        )
        ids, moments = _moments(self.context, sums, ("kept", "kept_sum", "broken", "broken_sum", "n_kept", "n_broken"))
        least = self.company.company.minimum_group
        n_kept, n_broken = int(moments[:, 4].sum()), int(moments[:, 5].sum())
        if min(int((moments[:, 4] > 0).sum()), int((moments[:, 5] > 0).sum())) < least:
            return _Scores(n_kept=n_kept, n_broken=n_broken, note=f"scores withheld: fewer than {least} people on one side")
        totals = moments.sum(axis=0)
        drawn = per_draw(ids, moments[:, :4], self.company.company.draws, self.context.seed)
        gap = ratio(drawn[:, 1], drawn[:, 0]) - ratio(drawn[:, 3], drawn[:, 2])
        low, high = draws.interval(gap)
        return _Scores(float(totals[1] / totals[0]), float(totals[3] / totals[2]), n_kept, n_broken, low, high, gap)

    def _perceived(self) -> tuple[float | None, int]:
        """Share of the top two answers of the question named, and how many answered."""
        question = self.company.questions.get(self.promise.perceived)
        if question is None or question.bounds is None:
            return None, 0
        low, high = question.bounds
        # Of a yes or no, and of scales of two or three steps, only the best answer is a good one.
        good = high if high - low <= 2 else high - 1
        responses = self.tables["responses"]
        given = responses.filter(responses.question == self.promise.perceived, responses.value.notnull(), ~responses.value.isnan())
        weight = given.weight.fill_null(1.0)
        row = self.context.engine.collect(
            given.aggregate(
                n=given.count(),
                people=ibis.coalesce(given.person, given.response).nunique(),
                weight=exact_sum(weight),
                good=exact_sum(ibis.ifelse(given.value >= good, weight, 0.0)),
            )
        ).to_pylist()[0]
        enough = row["people"] >= self.company.company.minimum_group and row["weight"]
        return (row["good"] / row["weight"] if enough else None), int(row["n"])

    def _stake(self) -> tuple[float | None, float | None, float | None, str]:
        """Yearly value lost to broken promises: share broken x points x worth of a point x revenue x margin, with its interval."""
        worth, gap = self.worth, self.scores.gap
        if gap is None or worth.value is None:
            return None, None, None, "no value at stake: " + (self.scores.note if gap is None else "no point value")
        scale = worth.revenue * self.company.company.margin
        broken = 1 - self.overall["kept"] / self.overall["weight"]
        low, high = draws.interval(self.broken_share * self.scores.draws * worth.draws * scale)
        return broken * gap * worth.value * scale, low, high, ""

    def rows(self) -> list[dict[str, Any]]:
        """The rows of table promises: all, then each cut."""
        perceived, perceived_n = self._perceived()
        stake, low, high, note = self._stake()
        row = self._row(self.overall, self.scores)
        row |= {"perceived": perceived, "perceived_n": perceived_n or None}
        row["perceived_gap"] = None if perceived is None else row["kept"] - perceived
        row |= {"value_at_stake": stake, "low_value": low, "high_value": high}
        row["note"] = "; ".join(each for each in (f"scores: {self.link}" if self.link else "", self.scores.note, note) if each)
        return [row, *self._segment_rows()]

    def _segment_rows(self) -> list[dict[str, Any]]:
        path = self.context.folder / f"cuts-{self.claim.partition(':')[2]}.parquet"
        self.context.engine.write(self.segmented(), path, ("segment", "source", "key"))
        cut = self.context.engine.read(path)
        shares = [each for each in self._shares(cut) if each["n"] >= FEWEST_RECORDS]
        scores = self._segment_scores(cut) if self.link == "answers about the very order" else {}
        none = _Scores(note="value and score: see segment all")
        return [self._row(each, scores.get(each["segment"], none)) for each in shares]

    def _segment_scores(self, cut: ir.Table) -> dict[str, _Scores]:
        named = cut.select("segment", ref=cut.source + "#" + cut.key, broken=(~cut.kept).cast("int64"))
        answers = self._answers()
        linked = answers.inner_join(named, answers["order"] == named.ref)
        path = self.context.folder / f"cut-answers-{self.claim.partition(':')[2]}.parquet"
        self.context.engine.write(
            linked.select("segment", "person", "score", "answer_weight", "broken"),
            path,
            ("segment", "person", "score", "answer_weight", "broken"),
        )
        written = self.context.engine.read(path)
        names = self.context.engine.collect(written.select("segment").distinct().order_by("segment")).column("segment").to_pylist()
        return {name: self._contrast(written.filter(written.segment == name)) for name in names}

    def _row(self, shares: dict[str, Any], scores: _Scores) -> dict[str, Any]:
        promise = self.promise
        kept = shares["kept"] / shares["weight"] if shares["weight"] else float("nan")
        low, high = (float(end) for end in wilson(kept, effective(shares["weight"], shares["squared"])))
        return {
            **{"promise": self.claim, "name": promise.name, "text": promise.text, "segment": shares["segment"]},
            **{"group": promise.group, "table": promise.table, "n": shares["n"], "kept": kept, "low": low, "high": high},
            **{"standard": promise.standard, "gap": None if promise.standard is None else promise.standard - kept},
            **{"outcome": self.company.outcome, "score_kept": scores.kept, "score_broken": scores.broken, "score_gap": scores.gap},
            **{"gap_low": scores.low, "gap_high": scores.high, "n_kept": scores.n_kept, "n_broken": scores.n_broken},
            "note": scores.note,
        }

    def drawn(self) -> list[tuple[str, str, NDArray[np.float64]]]:
        """The draws of this promise: claim, quantity, values."""
        named = (("broken_share", self.broken_share), ("gap", self.scores.draws))
        return [(self.claim, name, values) for name, values in named if len(values)]

    def steps(self) -> list[Step]:
        """What the promise's figures rest on, down to some of the records where it was broken."""
        steps = [Step(self.claim, selection("promise_checks", promise=self.claim), "records it was due on", n=self.overall["n"])]
        if self.scores.gap is not None:
            n = self.scores.n_kept + self.scores.n_broken
            steps.append(Step(self.claim, selection("responses", question=self.company.outcome), f"scores: {self.link}", n=n))
            steps.append(Step(self.claim, self.worth.claim, "what a point is worth"))
        broken = self.checks.filter(~self.checks.kept).select("source", "key").order_by("source", "key").limit(5)
        for row in self.context.engine.collect(broken).to_pylist():
            steps.append(
                Step(self.claim, record_id(self.promise.table, row["source"], row["key"]), "one of the times it was broken", n=1)
            )
        return steps

    def gaps(self) -> list[Gap]:
        """What could not be computed of this promise."""
        found = []
        name = self.promise.name
        if self.scores.gap is None:
            wanted = (
                "Answers to the outcome question that name their order or case, or whose person has a record within a year before."
            )
            found.append(Gap(f"score when the promise {name} is broken", f"{self.scores.note}.".capitalize(), wanted))
        elif self.worth.value is None:
            found.append(Gap(f"value at stake of the promise {name}", self.worth.note, "What a point of the outcome is worth."))
        if self.promise.perceived and self._perceived()[0] is None:
            reason = f"Too few people answered the question {self.promise.perceived}, or it has no scale."
            found.append(Gap(f"how customers see the promise {name}", reason, f"Answers to {self.promise.perceived}."))
        return found

    def nothing(self) -> Gap:
        """The promise had no record at all."""
        reason = f"No record of {self.promise.table} could be judged by: {self.promise.kept_when}."
        return Gap(
            f"the promise {self.promise.name}", reason, f"Rows of {self.promise.table} with the columns of kept_when filled."
        )


def _base(checks: ir.Table) -> Sequence[Any]:
    return [checks[name] for name in ("source", "key", "kept", "weight")]


def _moments(context: Context, sums: ir.Table, names: Sequence[str]) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """The units, in order, and the columns `names` as a matrix (n, k)."""
    table = context.engine.collect(sums.filter(sums.unit.notnull()).order_by("unit"))
    columns = [table.column(name).to_numpy(zero_copy_only=False).astype(float) for name in names]
    return table.column("unit").to_numpy(zero_copy_only=False), np.column_stack(columns)


def _draws_table(drawn: Sequence[tuple[str, str, NDArray[np.float64]]]) -> Any:
    count = [len(values) for _, _, values in drawn]
    return arrow_table(
        "draws",
        {
            "claim": np.repeat([claim for claim, _, _ in drawn], count).astype(str).tolist(),
            "quantity": np.repeat([name for _, name, _ in drawn], count).astype(str).tolist(),
            "draw": np.concatenate([np.arange(each) for each in count]) if count else [],
            "value": np.concatenate([values for _, _, values in drawn]) if drawn else [],
        },
    )
