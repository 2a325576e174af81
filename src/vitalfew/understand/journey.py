"""Journeys: the steps cases pass through, where they wait, end, come back and change hands, and the commonest paths."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from vitalfew.engine import Context, Tables, exact_sum
from vitalfew.evidence import Gap, Step, claim_id, selection
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

WHOLE = "(whole case)"
# Sites with thousands of pages have more moves and paths than anybody reads: the commonest are kept.
MOST_MOVES = 2_000
MOST_PATHS = 1_000
LONGEST_PATH = 600
_SEPARATOR = " > "
_DAY_US = 86_400_000_000.0


def compute(tables: Tables, company: Company, context: Context) -> Outputs:
    """Tables journey and paths, from the interactions that have a step and a time."""
    context.progress("the journey, step by step")
    path = context.folder / "journey-events.parquet"
    found = context.engine.write(_events(tables), path, ("case_id", "place"))
    if not found:
        gap = Gap(
            "journey",
            "No interaction has a step, a time, and a case or a person.",
            "Tickets, sessions or process logs with a step each.",
        )
        return Outputs({"journey": arrow_table("journey", []), "paths": arrow_table("paths", [])}, gaps=[gap])
    events = context.engine.read(path)
    cases = events.group_by("case_id").aggregate(
        days=_days(events["at"].min(), events["at"].max()),
        path=events.step.group_concat(sep=_SEPARATOR, order_by=events.place),
    )
    case_path = context.folder / "journey-cases.parquet"
    context.engine.write(cases, case_path, ("case_id",))
    cases = context.engine.read(case_path)
    total = context.engine.collect(
        cases.aggregate(cases=cases.count(), median_days=cases.days.median(), variants=cases.path.nunique())
    ).to_pylist()[0]
    scores = _scores(tables, company, events, context)
    people = context.engine.collect(events.aggregate(people=events.who.nunique())).column("people")[0].as_py()
    whole = {
        **{"stage": "", "step": WHOLE, "next": "", "cases": total["cases"], "people": people, "share": 1.0},
        **{"median_days": total["median_days"], "note": f"from the first event to the last; {total['variants']} different paths"},
    }
    steps, moves, gaps = _steps(events, total["cases"], scores, company, context), _moves(events, context), []
    if len(moves) >= MOST_MOVES or total["variants"] > MOST_PATHS:
        reason = f"There are {total['variants']} paths; the commonest {MOST_PATHS} paths and {MOST_MOVES} moves are kept."
        gaps.append(Gap("rare paths", reason, "Steps named by what they are for rather than, say, by address of the page."))
    if scores is None:
        wanted = "Answers to the outcome question that name their case, or whose person has interactions."
        gaps.append(Gap("score by step", "No answer could be tied to a step.", wanted))
    rows = [whole, *steps, *moves]
    made = {"journey": arrow_table("journey", rows), "paths": arrow_table("paths", _paths(cases, total["cases"], context))}
    return Outputs(made, _evidence(steps), gaps)


def _events(tables: Tables) -> ir.Table:
    """One row per event in its case, in order, with what comes next.

    Without a case, what a person does on one day from one source is a case. Events of one moment are ordered by their key, as a
    number where it is one, so that the line number of a log keeps its order.
    """
    done = tables["interactions"]
    session = done.person + "/" + done["at"].cast("date").cast("string")
    named = done.mutate(
        case_id=done.source + "#" + ibis.coalesce(done["case"], session),
        who=ibis.coalesce(done.person, done.account),
        hand=ibis.coalesce(done["group"], done.employee),
        number=ibis.ifelse(done.key.re_search("^[0-9]{1,18}$"), done.key, None).cast("int64"),
        stage=done.stage.fill_null(""),
    )
    kept = named.filter(named.step.notnull(), named.step != "", named["at"].notnull(), named.case_id.notnull())
    order = [kept["at"], kept.number, kept.key]
    window = ibis.window(group_by=kept.case_id, order_by=order)
    return kept.select(
        "case_id",
        "at",
        "who",
        "hand",
        "stage",
        "step",
        "group",
        "case",
        place=ibis.row_number().over(window),
        next=kept.step.lead().over(window),
        next_at=kept["at"].lead().over(window),
        next_hand=kept.hand.lead().over(window),
    )


def _days(first: Any, last: Any) -> Any:
    return last.delta(first, unit="us").cast("float64") / _DAY_US


def _steps(events: ir.Table, total: int, scores: ir.Table | None, company: Company, context: Context) -> list[dict[str, Any]]:
    in_case = events.group_by("stage", "step", "case_id").aggregate(
        passes=events.count(),
        ends=events.next.isnull().cast("int64").max(),
        changes=(events.hand != events.next_hand).fill_null(False).cast("int64").sum(),
    )
    by_case = in_case.group_by("stage", "step").aggregate(
        cases=in_case.count(),
        drop_off=in_case.ends.sum() / in_case.count(),
        rework=(in_case.passes > 1).cast("int64").sum() / in_case.count(),
        handoffs=in_case.changes.sum() / in_case.count(),
    )
    by_event = events.group_by("stage", "step").aggregate(
        people=events.who.nunique(), median_days=_days(events["at"], events.next_at).median(), hands=events.hand.count()
    )
    together = by_case.inner_join(by_event, ["stage", "step"])
    rows: list[dict[str, Any]] = context.engine.collect(together.order_by("stage", "step")).to_pylist()
    groups = _groups(events, context)
    scored = {(row["stage"], row["step"]): row for row in context.engine.collect(scores).to_pylist()} if scores is not None else {}
    for row in rows:
        at = (row["stage"], row["step"])
        row |= {"next": "", "share": row["cases"] / total, "group": groups.get(at)}
        # Nobody is named in the log: hand-offs are not known, rather than none.
        row["handoffs"] = row["handoffs"] if row.pop("hands") else None
        score = scored.get(at)
        if score is not None and score["answered"] >= company.company.minimum_group:
            row["score"] = score["score"]
            row["note"] = f"score: mean {company.outcome} of {score['answered']} people"
        elif score is not None:
            row["note"] = f"score withheld: fewer than {company.company.minimum_group} people"
    return rows


def _groups(events: ir.Table, context: Context) -> dict[tuple[str, str], str]:
    """The group that most often does each step; the first by name among equals."""
    known = events.filter(events["group"].notnull())
    counted = known.group_by("stage", "step", "group").aggregate(times=known.count())
    listed = context.engine.collect(counted.order_by("stage", "step", ibis.desc("times"), "group")).to_pylist()
    found: dict[tuple[str, str], str] = {}
    for row in listed:
        found.setdefault((row["stage"], row["step"]), row["group"])
    return found


def _moves(events: ir.Table, context: Context) -> list[dict[str, Any]]:
    going = events.filter(events.next.notnull())
    in_step = events.group_by("stage", "step").aggregate(step_cases=events.case_id.nunique())
    moved = going.group_by("stage", "step", "next").aggregate(
        cases=going.case_id.nunique(), people=going.who.nunique(), median_days=_days(going["at"], going.next_at).median()
    )
    commonest = moved.order_by(ibis.desc("cases"), "stage", "step", "next").limit(MOST_MOVES)
    shared = commonest.inner_join(in_step, ["stage", "step"])
    rows: list[dict[str, Any]] = context.engine.collect(shared.order_by("stage", "step", "next")).to_pylist()
    for row in rows:
        row["share"] = row["cases"] / row.pop("step_cases")
    return rows


def _paths(cases: ir.Table, total: int, context: Context) -> list[dict[str, Any]]:
    variants = cases.group_by("path").aggregate(cases=cases.count(), median_days=cases.days.median())
    listed: list[dict[str, Any]] = context.engine.collect(
        variants.order_by(ibis.desc("cases"), "path").limit(MOST_PATHS)
    ).to_pylist()
    for rank, row in enumerate(listed, 1):
        row |= {"rank": rank, "share": row["cases"] / total}
        if len(row["path"]) > LONGEST_PATH:
            row["path"] = row["path"][:LONGEST_PATH].rpartition(_SEPARATOR)[0] + _SEPARATOR + "..."
    return listed


def _scores(tables: Tables, company: Company, events: ir.Table, context: Context) -> ir.Table | None:
    """Per step the mean outcome of those who pass, by the case the answer names, else by the person; None when nothing ties."""
    if not company.outcome:
        return None
    responses = tables["responses"]
    given = responses.filter(responses.question == company.outcome, responses.value.notnull(), ~responses.value.isnan())
    for event_key, own in (("case", "case"), ("who", "person"), ("who", "account")):
        who = ibis.coalesce(given.person, given.response)
        answers = given.filter(given[own].notnull()).select(
            unit=given[own], answerer=who, value="value", weight=given.weight.fill_null(1.0)
        )
        passed = events.filter(events[event_key].notnull()).select("stage", "step", unit=events[event_key]).distinct()
        joined = passed.inner_join(answers, "unit")
        scored = joined.group_by("stage", "step").aggregate(
            score=exact_sum(joined.value * joined.weight) / exact_sum(joined.weight), answered=joined.answerer.nunique()
        )
        path = context.folder / f"journey-scores-{own}.parquet"
        if context.engine.write(scored, path, ("stage", "step")):
            return context.engine.read(path)
    return None


def _evidence(steps: list[dict[str, Any]]) -> list[Step]:
    return [
        Step(
            claim_id("journey", row["stage"] or "any", row["step"]),
            selection("interactions", step=row["step"]),
            "passes",
            n=row["cases"],
        )
        for row in steps
    ]
