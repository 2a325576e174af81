"""The numbers of the worked examples in docs/algorithms are what the code gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from made_tables import company_of, rows_of, tables_of
from vitalfew.engine import Context
from vitalfew.focus import issues, roadmap
from vitalfew.focus.choice import Choice
from vitalfew.focus.horizon import Horizon
from vitalfew.focus.initiatives import Charter, paying, value_alone
from vitalfew.focus.instance import Candidate, Instance, alone, plan_value
from vitalfew.focus.portfolio import Decision

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"


def lines(page: str) -> list[str]:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines()


def test_issues(context: Context) -> None:
    named = {"share_people": 0.1, "points": 3.0, "handling": 9000.0}
    drawn = [
        {"claim": "theme:wrong-invoice", "quantity": quantity, "draw": draw, "value": value}
        for quantity, value in named.items()
        for draw in range(50)
    ]
    row = {"theme": "theme:wrong-invoice", "parent": "", "name": "Wrong invoice", "sentiment": "negative", "group": "Billing"}
    worth = {"outcome": "nps", "revenue_share": 0.04, "revenue": 1_000_000.0, "basis": "stated in company.toml"}
    tables = tables_of(context, themes=[row], draws=drawn, point_value=[worth])
    _, outputs = issues.compute(tables, company_of(company={"draws": 50}), context)
    (issue,) = rows_of(outputs, "issues", context)
    assert f"| {issue['points']:.2f} | {issue['value']:,.0f} |" in lines("issues")


def test_choice() -> None:
    one = Candidate("initiative:one", "One", "A", (0,), 0.5, 2, 0.0)
    two = Candidate("initiative:two", "Two", "A", (0,), 0.4, 2, 0.0)
    instance = Instance((one, two), (1200.0,), 6, (float("inf"),) * 6, {}, 5, 5)
    assert f"| each alone, added | {alone(instance, 0) + alone(instance, 1):.0f} |" in lines("choice")
    assert f"| together, as here | {plan_value(instance, (0, 0)):.0f} |" in lines("choice")


def test_choice_leaves_out_proposals_that_do_not_pay() -> None:
    page, worth = lines("choice"), np.full((3, 1), 1200.0)
    plain = Candidate("initiative:one", "One", "A", (0,), 0.5, 2, 0.0)
    brings, _, _ = value_alone(plain, worth, 6)
    assert f"| brings | {brings:.0f} |" in page
    for cost in (200.0, 201.0):
        charter = Charter(replace(plain, cost=cost), "cost conversion", "proposed")
        (judged,) = paying([charter], worth, 6, lambda amount: f"EUR {amount:,.0f}")
        assert f"| costs {cost:.0f} | {f'out: {judged.refused}' if judged.refused else 'candidate'} |" in page


def test_roadmap(context: Context) -> None:
    pilot = Candidate("initiative:pilot", "Carrier pilot", "Logistics", (0,), 0.3, 3, 9000.0, {"Logistics": 3.0})
    instance = Instance((pilot,), (1.0,), 12, (float("inf"),) * 12, {}, 5, 1)
    choice = Choice((1,), 1.0, 1.0, {"RICE": 1.0}, {})
    decision = Decision(instance, (Charter(pilot, "cost conversion", "company.toml"),), choice, (), np.ones(1), ())
    rows = rows_of(roadmap.compute(decision, Horizon.after(date(2026, 6, 30), 12)), "roadmap", context)
    shown = [f"| {row['month']:%Y-%m} | {row['people']:.1f} | {row['money']:,.0f} |" for row in rows]
    assert [line for line in lines("roadmap") if line.startswith("| 20")] == shown
    assert sum(row["money"] for row in rows) == pytest.approx(pilot.cost)
