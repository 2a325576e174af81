"""The room as a whole: empty input, and the parts handing tables to each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import survey_world

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import stage
from vitalfew.vocabulary import TABLES


def test_the_room_writes_the_tables_it_says_from_nothing_at_all(context: Context) -> None:
    outputs = stage.run(tables_of(context), company_of(), context)
    assert set(outputs.tables) <= set(stage.WRITES)
    assert all(TABLES[name].room == "understand" for name in stage.WRITES)
    assert all(not rows_of(outputs, name, context) for name in outputs.tables)
    assert all(gap.reason and gap.data for gap in outputs.gaps)


def test_a_promise_checked_by_one_part_is_a_driver_in_the_next(context: Context) -> None:
    n = 300
    late = np.arange(n) % 5 == 0
    rng = np.random.default_rng(1)
    score = np.clip(np.round(4.2 - 2 * late + rng.normal(0, 0.7, n)), 1, 5)
    orders: list[dict[str, Any]] = [
        {
            "source": "shop",
            "key": f"{place:06d}",
            "person": f"p{place:06d}",
            "at": datetime(2026, 1, 1) + timedelta(hours=place),
            "amount": 50.0,
            "promised_at": datetime(2026, 2, 1),
            "delivered_at": datetime(2026, 2, 9 if late[place] else 1),
        }
        for place in range(n)
    ]
    settings = company_of(
        source=survey(score={"column": "Q1", "kind": "rating", "scale": [1, 5], "outcome": True}),
        promise=[{"name": "On time", "kept_when": "delivered_at <= promised_at"}],
        company={"draws": 60},
    )
    responses = survey_world.rows({"score": score}, order=[f"shop#{place:06d}" for place in range(n)])
    outputs = stage.run(tables_of(context, responses=responses, orders=orders), settings, context)
    driver = rows_of(outputs, "drivers", context)[0]
    assert (driver["driver"], driver["share"]) == ("On time", 1.0)
    assert abs(driver["effect"] - (score[~late].mean() - score[late].mean())) < 1e-6
    claims = {row["claim"] for row in rows_of(outputs, "draws", context)}
    assert "driver:score/on-time" in claims
    assert len(rows_of(outputs, "promise_checks", context)) == n
