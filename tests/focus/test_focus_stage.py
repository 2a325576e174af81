"""The room as a whole: causes, initiatives with reasons, the plan, value against budget, resources and the roadmap."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from focus_world import DRAWS, REVENUE, company, planted, world

from made_tables import rows_of, tables_of
from vitalfew.engine import Context
from vitalfew.focus import stage
from vitalfew.focus.causes import NOT_ASKED
from vitalfew.focus.horizon import Horizon
from vitalfew.outputs import Outputs

INITIATIVES = [
    {"name": "Track parcels", "group": "Logistics", "driver": "Delivery", "share": 0.4, "cost": 3000, "months": 2}
    | {"people": {"Logistics": 2.0}},
    {"name": "Second carrier", "group": "Logistics", "removes": ["Late delivery"], "share": 0.3, "cost": 9000, "months": 3}
    | {"people": {"Logistics": 3.0}},
    {"name": "Check invoices", "group": "Billing", "removes": ["wrong invoices"], "share": 0.5, "cost": 4000, "months": 3},
    {"name": "Golden palace", "group": "Billing", "removes": ["Slow refund"], "cost": 900000, "months": 2},
    {"name": "Fly to the moon", "group": "Billing", "removes": ["Gravity"], "cost": 10},
    {"name": "Somehow", "group": "Billing", "removes": ["Slow refund"]},
    {"name": "After somehow", "group": "Billing", "removes": ["Slow refund"], "cost": 5, "needs": ["Somehow"]},
]
LIMITS = {"months": 12, "budget": {"2026-Q3": 5000, "2026-Q4": 5000}, "capacity": {"Logistics": 1.0}}
CAUSES = [
    {"issue": "Late delivery", "depth": 1, "text": "The warehouse closes at noon", "status": "confirmed"},
    {"issue": "Wet parcels", "depth": 1, "text": "The roof leaks"},
]


@pytest.fixture
def outputs(context: Context) -> Outputs:
    return ran(context)


def ran(context: Context, **sections: Any) -> Outputs:
    own = {"initiative": INITIATIVES, "limits": LIMITS, "cause": CAUSES, **sections}
    return stage.run(planted(context), company(**own), context)


def by_name(outputs: Outputs, context: Context) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rows_of(outputs, "initiatives", context)}


def test_every_table_of_the_room_is_written(outputs: Outputs) -> None:
    assert sorted(outputs.tables) == sorted(stage.WRITES)


def test_ids_come_from_names(outputs: Outputs, context: Context) -> None:
    found = by_name(outputs, context)
    assert found["Track parcels"]["initiative"] == "initiative:track-parcels"
    assert found["Track parcels"]["acts_on"] == "issue:logistics/late-delivery"
    assert found["Check invoices"]["acts_on"] == "issue:billing/wrong-invoice"


def test_the_plan_and_its_roadmap_agree(outputs: Outputs, context: Context) -> None:
    found = by_name(outputs, context)
    chosen = sorted(name for name, row in found.items() if row["chosen"])
    assert chosen == ["Check invoices", "Track parcels"]
    # The first quarter's 5,000 pay for one of the two; the invoices are worth more.
    assert (found["Check invoices"]["start"], found["Check invoices"]["end"]) == (date(2026, 7, 1), date(2026, 9, 30))
    assert (found["Track parcels"]["start"], found["Track parcels"]["end"]) == (date(2026, 10, 1), date(2026, 11, 30))
    months = [
        (row["month"], row["people"], row["money"])
        for row in rows_of(outputs, "roadmap", context)
        if row["name"] == "Track parcels"
    ]
    assert months == [(date(2026, 10, 1), 1.0, 1500.0), (date(2026, 11, 1), 1.0, 1500.0)]


def test_the_value_of_the_plan_is_yearly_value_times_share_times_months_left(outputs: Outputs, context: Context) -> None:
    (plan,) = rows_of(outputs, "portfolio", context)
    late = (
        world("promise:on-time", "broken_share") * world("promise:on-time", "gap") * world("point_value:recommend", "revenue_share")
    )
    late = late * REVENUE + world("theme:parcel-comes-late", "handling")
    wrong = world("theme:wrong-invoice", "share_people") * world("theme:wrong-invoice", "points")
    wrong = wrong * world("point_value:recommend", "revenue_share") * REVENUE + world("theme:wrong-invoice", "handling")
    # Invoices are done after 3 of the 12 months, parcels after 5.
    worlds = late * 0.4 * 7 / 12 + wrong * 0.5 * 9 / 12
    assert plan["value"] == pytest.approx(worlds.mean())
    assert plan["low"] < plan["value"] < plan["high"]
    assert (plan["status"], plan["objective"], plan["chosen"]) == ("optimal", "money", 2)
    assert plan["value"] >= plan["baseline_value"]
    assert plan["bound"] >= plan["value"]
    assert (plan["budget"], plan["used"]) == (10000.0, 7000.0)


def test_reasons_are_sentences_a_manager_reads(outputs: Outputs, context: Context) -> None:
    found = by_name(outputs, context)
    assert found["Track parcels"]["reason"].startswith("in: adds EUR ")
    assert found["Golden palace"]["reason"] == "out: costs EUR 900,000; the whole budget is EUR 10,000"
    assert found["Fly to the moon"]["reason"] == "out: names an issue that this run does not find"
    assert found["Somehow"]["reason"] == "out: needs an estimate of cost and people"
    assert found["After somehow"]["reason"] == "out: needs Somehow, which cannot be chosen"
    assert found["Second carrier"]["reason"].startswith("out: would displace ")
    assert found["Second carrier"]["reason"].endswith("less")
    assert found["Second carrier"]["regret"] > 0


def test_a_proposal_that_costs_more_than_it_brings_is_no_candidate_and_an_authored_one_carries_a_warning(context: Context) -> None:
    dear = {"name": "Dear checks", "group": "Billing", "removes": ["wrong invoice"], "share": 0.5, "months": 3, "cost": 30000}
    after = {"name": "After checks", "group": "Billing", "removes": ["Slow refund"], "cost": 5, "needs": ["Dear checks"]}
    limits = {"months": 12, "budget": {"2026-Q3": 50000}}
    authored = ran(context, initiative=[dear], limits=limits)
    row = by_name(authored, context)["Dear checks"]
    said = f"brings EUR {row['value']:,.0f} within 12 months, costs EUR 30,000"
    assert row["value"] < row["cost"]
    assert row["chosen"]
    assert row["reason"].endswith(f"; warning: {said}")

    idea = ran(context, initiative=[{**dear, "proposed": True}], limits=limits)
    row = by_name(idea, context)["Dear checks"]
    assert (row["origin"], row["chosen"], row["reason"]) == ("proposed", False, f"out: {said}")
    assert (row["rank_rice"], row["stability"], row["value"] > 0) == (None, None, True)
    (plan,) = rows_of(idea, "portfolio", context)
    assert (plan["value"], plan["baseline_value"], plan["chosen"]) == (0, 0, 0)

    # What another one needs may lose money by itself.
    both = by_name(ran(context, initiative=[{**dear, "proposed": True}, after], limits=limits), context)
    assert both["Dear checks"]["reason"].startswith("in: ")
    assert both["Dear checks"]["reason"].endswith(f"; warning: {said}")

    cheap = ran(context, initiative=[{**dear, "proposed": True, "cost": 3000}], limits=limits)
    assert by_name(cheap, context)["Dear checks"]["chosen"]
    assert "warning" not in by_name(cheap, context)["Dear checks"]["reason"]


def test_without_money_nothing_is_left_out_for_its_cost(context: Context) -> None:
    tables = planted(context, point_value=[{"outcome": "recommend", "basis": "none", "note": "No orders."}])
    idea = {**INITIATIVES[2], "proposed": True, "cost": 5000}
    outputs = stage.run(tables, company(initiative=[idea], limits=LIMITS), context)
    row = by_name(outputs, context)["Check invoices"]
    assert row["chosen"]
    assert "costs" not in row["reason"]


def test_what_an_initiative_names_in_vain_is_a_gap(outputs: Outputs) -> None:
    assert any("'Gravity'" in gap.reason for gap in outputs.gaps)
    assert any("'Wet parcels'" in gap.reason for gap in outputs.gaps)


def test_top_issues_nobody_acts_on_get_a_proposal_that_waits_for_an_estimate(outputs: Outputs, context: Context) -> None:
    proposal = by_name(outputs, context)["Remove: Unclear offers"]
    assert (proposal["origin"], proposal["share"], proposal["cost"], proposal["chosen"]) == ("proposed", 0.3, None, False)
    assert proposal["reason"] == "out: needs an estimate of cost and people"
    assert proposal["value"] > 0
    assert "Remove: Late delivery" not in by_name(outputs, context)


def test_only_authored_whys_are_told_and_the_others_are_open(outputs: Outputs, context: Context) -> None:
    rows = {row["issue"]: row for row in rows_of(outputs, "causes", context)}
    assert rows["issue:logistics/late-delivery"]["text"] == "The warehouse closes at noon"
    assert rows["issue:billing/wrong-invoice"]["text"] == NOT_ASKED
    assert rows["issue:billing/wrong-invoice"]["status"] == "open"
    whys = [step.role for step in outputs.steps if step.support == "cause:issue-logistics-late-delivery/1-1"]
    assert whys == ["why 1 (confirmed): The warehouse closes at noon"]


def test_verdicts_follow_the_share_of_worlds(outputs: Outputs, context: Context) -> None:
    found = by_name(outputs, context)
    assert found["Track parcels"]["verdict"] == "core"
    assert found["Golden palace"]["verdict"] == "out"
    for row in found.values():
        assert row["stability"] is None or 0 <= row["stability"] <= 1


def test_resources_show_limits_use_and_what_more_would_be_worth(outputs: Outputs, context: Context) -> None:
    rows = rows_of(outputs, "resources", context)
    money = [row for row in rows if row["resource"] == "money"]
    assert [row["month"] for row in money] == [date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1), date(2027, 4, 1)]
    assert sum(row["used"] for row in money) == pytest.approx(7000)
    assert all(row["used"] <= row["limit"] + 1e-9 for row in money)
    assert money[0]["limit"] == 5000
    logistics = [row for row in rows if row["resource"] == "Logistics"]
    assert len(logistics) == 12
    assert max(row["used"] for row in logistics) == 1.0
    # Before October 1,000 of the 5,000 is left, and 3,000 are wanted: a little more money starts the parcels sooner.
    assert money[0]["worth"] > money[1]["worth"] > 0


def test_the_frontier_rises_with_the_budget(outputs: Outputs, context: Context) -> None:
    rows = rows_of(outputs, "frontier", context)
    assert [row["budget"] for row in rows] == [0, 2500, 5000, 7500, 10000, 12500, 15000]
    values = [row["value"] for row in rows]
    assert values == sorted(values)
    assert values[0] == 0
    (plan,) = rows_of(outputs, "portfolio", context)
    assert values[4] == pytest.approx(plan["value"])


def test_evidence_leads_from_the_plan_to_initiatives_to_issues_and_costs(outputs: Outputs) -> None:
    steps = {(step.claim, step.support): step.role for step in outputs.steps}
    assert ("portfolio:plan", "initiative:track-parcels") in steps
    assert steps["initiative:track-parcels", "issue:logistics/late-delivery"].startswith("removes 40 % of it, worth EUR")
    said = steps["initiative:track-parcels", "setting:initiative/track-parcels"]
    assert said == "costs EUR 3,000 and 2.0 person-months over 2 months"


def test_a_budget_of_zero_leaves_nothing_to_choose_and_says_so(context: Context) -> None:
    outputs = ran(context, limits={"budget": {"2026-Q3": 0}}, initiative=INITIATIVES[:4])
    (plan,) = rows_of(outputs, "portfolio", context)
    assert (plan["status"], plan["value"], plan["chosen"]) == ("nothing to choose", 0, 0)
    assert plan["note"].startswith("The budget is zero and no initiative is free of cost.")
    assert rows_of(outputs, "roadmap", context) == []


def test_no_initiatives_leave_nothing_to_choose_and_say_so(context: Context) -> None:
    outputs = ran(context, initiative=[])
    (plan,) = rows_of(outputs, "portfolio", context)
    assert plan["status"] == "nothing to choose"
    assert "No initiative with an estimate of cost and people" in plan["note"]


def test_without_a_stated_budget_money_does_not_limit_the_plan(context: Context) -> None:
    outputs = ran(context, limits={"months": 12})
    (plan,) = rows_of(outputs, "portfolio", context)
    assert plan["budget"] is None
    assert "No budget is stated" in plan["note"]
    assert "No capacity is stated for Logistics" in plan["note"]


def test_an_empty_company_gives_empty_tables_and_gaps(context: Context) -> None:
    outputs = stage.run(tables_of(context), company(promise=[]), context)
    assert rows_of(outputs, "issues", context) == []
    assert rows_of(outputs, "portfolio", context)[0]["status"] == "nothing to choose"
    assert {gap.figure for gap in outputs.gaps} >= {"issues", "the choice of initiatives"}


def test_without_money_the_plan_is_made_for_outcome_points(context: Context) -> None:
    tables = planted(context, point_value=[{"outcome": "recommend", "basis": "none", "note": "No orders."}])
    outputs = stage.run(tables, company(initiative=INITIATIVES, limits=LIMITS), context)
    (plan,) = rows_of(outputs, "portfolio", context)
    assert plan["objective"] == "outcome points"
    (gap,) = [gap for gap in outputs.gaps if gap.figure == "value at stake in money"]
    assert gap.reason.endswith("is not known: No orders.")
    assert plan["chosen"] == 2
    assert "outcome points" in by_name(outputs, context)["Track parcels"]["reason"]


def test_the_same_input_gives_the_same_tables(context: Context, outputs: Outputs) -> None:
    again = ran(context)
    for name in stage.WRITES:
        assert rows_of(again, name, context) == rows_of(outputs, name, context)
    assert list(again.steps) == list(outputs.steps)


def test_months_quarters_and_money_are_told_from_the_day_after_this_month() -> None:
    horizon = Horizon.after(date(2026, 11, 23), 4)
    assert [horizon.quarter(month) for month in range(4)] == ["2026-Q4", "2027-Q1", "2027-Q1", "2027-Q1"]
    assert horizon.money({"2026-Q3": 9.0, "2026-Q4": 1.0, "2027-Q1": 2.0}) == (1.0, float("inf"), float("inf"), 3.0)
    assert horizon.last_day(2) == date(2027, 2, 28)
    assert [horizon.position(day) for day in (None, date(2026, 1, 1), date(2027, 1, 1), date(2027, 1, 2))] == [0, 0, 1, 2]


def test_the_planted_draws_are_as_many_as_the_settings_say() -> None:
    assert company().company.draws == DRAWS
