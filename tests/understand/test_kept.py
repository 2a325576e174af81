"""Which check of a promise belongs to which response."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from made_tables import tables_of
from vitalfew.engine import Context
from vitalfew.understand import answers, kept


def response(key: str, person: str | None, at: datetime, order: str | None = None) -> dict[str, Any]:
    one = {"source": "s", "key": key, "response": f"s#{key}", "question": "score", "kind": "rating", "value": 3.0}
    return {**one, "person": person, "at": at, "order": order}


def check(table: str, key: str, person: str, at: datetime, was_kept: bool) -> dict[str, Any]:
    one = {"promise": "promise:fast", "table": table, "source": "desk", "key": key}
    return {**one, "person": person, "at": at, "kept": was_kept}


def test_an_order_takes_its_own_check_and_a_person_the_latest_before_the_answer(context: Context) -> None:
    day = [datetime(2026, 1, number) for number in range(1, 20)]
    tables = tables_of(
        context,
        responses=[
            response("1", "ann", day[10], order="desk#1"),
            response("2", "ann", day[10]),
            response("3", "bob", day[1]),
            response("4", None, day[10]),
            response("5", "cat", day[10]),
        ],
        promise_checks=[
            check("orders", "1", "ann", day[0], was_kept=False),
            check("interactions", "2", "ann", day[5], was_kept=True),
            check("interactions", "3", "ann", day[12], was_kept=False),
            check("interactions", "4", "bob", day[5], was_kept=True),
            check("interactions", "5", "cat", day[5], was_kept=True),
            check("interactions", "6", "cat", day[5], was_kept=False),
        ],
    )
    found = kept.by_response(tables, answers.read(tables, ["score"]))
    np.testing.assert_array_equal(found["promise:fast"], [0.0, 1.0, np.nan, np.nan, 0.0])
