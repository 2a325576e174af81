"""Penalty and reward: planted kinds of driver come back, and the parts of a scale."""

from __future__ import annotations

import numpy as np
import pytest
import survey_world

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.understand import drivers, levels

RATING = {"kind": "rating", "scale": [1, 5]}
KINDS = {"minimum": (-1.0, 0.0), "exceptional": (0.0, 1.0), "par": (-1.0, 1.0), "indifferent": (0.0, 0.0)}


@pytest.mark.parametrize("missing", [0.0, 0.25])
def test_each_planted_kind_of_driver_gets_its_level(context: Context, missing: float) -> None:
    rng = np.random.default_rng(2)
    n = 1200
    given = {name: rng.choice([1.0, 2, 3, 4, 5], size=n, p=[0.15, 0.15, 0.4, 0.15, 0.15]) for name in KINDS}
    # Each end holds more than a tenth of the answers, so it is a part of its own.
    effects = [low * (given[name] <= 1) + high * (given[name] >= 5) for name, (low, high) in KINDS.items()]
    outcome = 3 + np.sum(effects, axis=0) + rng.normal(0, 0.5, n)
    given = {name: np.where(rng.random(n) < missing, np.nan, column) for name, column in given.items()}
    asked = {name: {"column": name, **RATING, "driver": name} for name in KINDS}
    settings = company_of(
        source=survey(outcome={"column": "o", "kind": "number", "outcome": True}, **asked), company={"draws": 100}
    )
    tables = tables_of(context, responses=survey_world.rows({**given, "outcome": outcome}))
    outputs = drivers.compute(tables, settings, context)
    found = {row["driver"]: row for row in rows_of(outputs, "levels", context)}
    assert {name: row["level"] for name, row in found.items()} == {name: name for name in KINDS}
    for row in rows_of(outputs, "drivers", context):
        penalty, reward = KINDS[row["driver"]]
        assert row["penalty"] == pytest.approx(penalty, abs=0.25)
        assert row["reward"] == pytest.approx(reward, abs=0.25)
        assert row["penalty_low"] < row["penalty"] < row["penalty_high"]
    assert "keep it reliable" in found["minimum"]["why"]
    assert "excel here" in found["exceptional"]["why"]


def test_without_blanks_the_contrast_is_a_regression_on_dummies() -> None:
    rng = np.random.default_rng(3)
    drivers_given = rng.integers(1, 6, size=(300, 2)).astype(float)
    outcome = rng.normal(size=300) + drivers_given[:, 0]
    weight = np.ones(300)
    made = levels.contrasts(["a", "b"], outcome, drivers_given, [(1, 5), (1, 5)], weight, lambda rows: np.ones((len(rows), 1)), 1)
    marks = [column for each in drivers_given.T for column in (each <= 1, each >= 5)]
    expected = np.linalg.lstsq(np.column_stack([weight, *marks]), outcome, rcond=None)[0][1:]
    assert [made[0].penalty, made[0].reward, made[1].penalty, made[1].reward] == pytest.approx(expected.tolist())


def test_the_parts_hold_a_tenth_of_the_answers_but_stay_at_their_end_of_the_scale() -> None:
    answers = np.repeat([1.0, 2, 3, 4, 5], [4, 20, 40, 30, 6])
    assert levels.parts(answers, (1, 5)) == (2.0, 4.0)
    assert levels.parts(np.repeat([1.0, 2, 3, 4, 5], [15, 20, 30, 20, 15]), (1, 5)) == (1.0, 5.0)
    assert levels.parts(np.repeat([0.0, 1.0], 50), (0, 1)) is None
    assert levels.parts(np.repeat([3.0, 4, 5], [5, 45, 50]), (1, 5)) is None
    assert levels.parts(np.array([np.nan]), (1, 5)) is None
