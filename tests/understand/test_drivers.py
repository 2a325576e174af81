"""Drivers: planted truth, refusal, missing answers, promises, segments, bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import survey_world
from numpy.typing import NDArray

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context
from vitalfew.numerics import lmg
from vitalfew.settings import Company
from vitalfew.understand import drivers

Floats = NDArray[np.float64]
SCALE = {"kind": "rating", "scale": [1, 10]}


def question(name: str, **more: Any) -> dict[str, Any]:
    return {"column": name, **SCALE, "driver": name.capitalize(), **more}


def company(**more: Any) -> Company:
    asked = survey(
        loyalty={"column": "loyalty", **SCALE, "outcome": True},
        delivery=question("delivery", group="Logistics"),
        billing=question("billing", group="Finance"),
        advice=question("advice"),
    )
    return company_of(source=asked, company={"draws": 100}, **more)


def world(n: int, missing: float = 0.0, seed: int = 1) -> dict[str, Floats]:
    """Loyalty = .6 delivery + .3 billing + 0 advice + noise; delivery and billing move together."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    made = {
        "delivery": 5 + shared + rng.normal(size=n),
        "billing": 6.5 + shared + rng.normal(size=n),
        "advice": 7 + rng.normal(size=n),
    }
    made["loyalty"] = 1 + 0.6 * made["delivery"] + 0.3 * made["billing"] + rng.normal(size=n)
    for name in ("delivery", "billing", "advice"):
        made[name] = np.where(rng.random(n) < missing, np.nan, made[name])
    return made


def of(made: list[dict[str, Any]], segment: str = "all") -> dict[str, dict[str, Any]]:
    return {row["driver"]: row for row in made if row["segment"] == segment}


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_the_planted_effects_lie_within_their_intervals_and_the_planted_first_is_first(context: Context, missing: float) -> None:
    tables = tables_of(context, responses=survey_world.rows(world(1500, missing)))
    outputs = drivers.compute(tables, company(), context)
    found = of(rows_of(outputs, "drivers", context))
    assert found["Delivery"]["rank"] == 1
    assert found["Delivery"]["first_probability"] > 0.95
    for name, effect in (("Delivery", 0.6), ("Billing", 0.3), ("Advice", 0.0)):
        assert found[name]["effect_low"] <= effect <= found[name]["effect_high"]
        assert found[name]["low"] <= found[name]["share"] <= found[name]["high"]
    # Population: variances 2, 2, 1, covariance 1 of delivery and billing; var(loyalty) = 2.26.
    population = np.array([[2.26, 1.5, 1.2, 0], [1.5, 2, 1, 0], [1.2, 1, 2, 0], [0, 0, 0, 1.0]])
    shares = lmg.lmg(population) / lmg.lmg(population).sum()
    assert found["Delivery"]["low"] <= shares[0] <= found["Delivery"]["high"]
    assert sum(row["share"] for row in found.values()) == pytest.approx(1, abs=1e-8)
    assert found["Delivery"]["r2"] == pytest.approx(1.26 / 2.26, abs=0.05)
    assert found["Delivery"]["n"] == 1500 if not missing else found["Delivery"]["n"] > 1350
    assert ("are missing" in (found["Delivery"]["note"] or "")) == (missing > 0)
    drawn = rows_of(outputs, "draws", context)
    assert {row["quantity"] for row in drawn} == {"effect"}
    mine = [row["value"] for row in drawn if row["claim"] == "driver:loyalty/delivery"]
    assert len(mine) == 100
    assert np.quantile(mine, [0.025, 0.975]) == pytest.approx([found["Delivery"]["effect_low"], found["Delivery"]["effect_high"]])


def test_effects_without_blanks_are_least_squares(context: Context) -> None:
    given = world(400)
    tables = tables_of(context, responses=survey_world.rows(given))
    found = of(rows_of(drivers.compute(tables, company(), context), "drivers", context))
    names = ["delivery", "billing", "advice"]
    design = np.column_stack([np.ones(400), *(given[name] for name in names)])
    expected = np.linalg.lstsq(design, given["loyalty"], rcond=None)[0][1:]
    assert [found[name.capitalize()]["effect"] for name in names] == pytest.approx(expected.tolist(), abs=1e-8)
    assert found["Delivery"]["correlation"] == pytest.approx(np.corrcoef(given["delivery"], given["loyalty"])[0, 1])
    assert found["Delivery"]["performance"] == pytest.approx(given["delivery"].mean())
    assert found["Delivery"]["quadrant"] == "fix"
    assert found["Billing"]["quadrant"] == "keep"
    assert found["Advice"]["quadrant"] == "leave"


def test_thirty_answers_are_refused_for_four_drivers_but_what_is_known_stays(context: Context) -> None:
    given = {**world(35), "price": np.random.default_rng(3).normal(5, 1, 35)}
    settings = company_of(source=survey(**company().model_dump()["source"][0]["questions"], price=question("price")))
    tables = tables_of(context, responses=survey_world.rows(given))
    outputs = drivers.compute(tables, settings, context)
    rows = rows_of(outputs, "drivers", context)
    assert len(rows) == 4
    assert all(row["share"] is None and row["effect"] is None for row in rows)
    assert all("40 are needed for 4 drivers" in row["note"] for row in rows)
    assert all(row["performance"] is not None for row in rows)
    assert outputs.gaps[-1].figure == "drivers of loyalty"
    assert rows_of(outputs, "draws", context) == []


def promised(kept: Floats) -> list[dict[str, Any]]:
    return [
        {
            "promise": "promise:on-time",
            "table": "orders",
            "source": "shop",
            "key": str(place),
            "kept": bool(value),
        }
        for place, value in enumerate(kept)
    ]


ON_TIME = {"name": "On time", "kept_when": "delivered_at <= promised_at", "group": "Logistics"}


def test_a_promise_is_a_driver_of_the_answers_about_its_orders(context: Context) -> None:
    n = 500
    kept = (np.random.default_rng(4).random(n) < 0.8).astype(float)
    given = world(n)
    given["loyalty"] = given["loyalty"] + 2 * kept
    responses = survey_world.rows(given, order=[f"shop#{place}" for place in range(n)])
    tables = tables_of(context, responses=responses, promise_checks=promised(kept))
    found = of(rows_of(drivers.compute(tables, company(promise=[ON_TIME]), context), "drivers", context))
    assert found["On time"]["question"] == "promise:on-time"
    assert found["On time"]["effect_low"] <= 2 <= found["On time"]["effect_high"]
    assert found["On time"]["performance"] == pytest.approx(kept.mean())
    assert found["On time"]["level"] is None


def test_a_promise_customers_rate_is_not_counted_twice(context: Context) -> None:
    n = 200
    responses = survey_world.rows(world(n), order=[f"shop#{place}" for place in range(n)])
    tables = tables_of(context, responses=responses, promise_checks=promised(np.arange(n) % 3 > 0))
    promise = {**ON_TIME, "perceived": "delivery"}
    found = of(rows_of(drivers.compute(tables, company(promise=[promise]), context), "drivers", context))
    assert "On time" not in found
    assert found["Delivery"]["note"] == "stands also for the promise On time, which is not counted twice"


def test_large_segments_have_drivers_of_their_own(context: Context) -> None:
    n = 600
    given = world(n)
    where = np.array(["north", "south", "tiny"])[np.where(np.arange(n) < 12, 2, np.arange(n) % 2)]
    south = where == "south"
    given["loyalty"] = np.where(south, 5 + 0.9 * (given["advice"] - 7) + np.random.default_rng(5).normal(size=n), given["loyalty"])
    tables = tables_of(context, responses=survey_world.rows(given), segments=survey_world.segment("region", list(where)))
    rows = rows_of(drivers.compute(tables, company(), context), "drivers", context)
    assert {row["segment"] for row in rows} == {"all", "region=north", "region=south"}
    assert of(rows, "region=north")["Delivery"]["rank"] == 1
    assert of(rows, "region=south")["Advice"]["rank"] == 1


def test_the_same_answers_give_the_same_bytes_whatever_their_order(context: Context) -> None:
    responses = survey_world.rows(world(300, 0.2))
    first = drivers.compute(tables_of(context, responses=responses), company(), context)
    second = drivers.compute(tables_of(context, responses=responses[::-1]), company(), context)
    for name in ("drivers", "levels", "draws"):
        assert first.tables[name].equals(second.tables[name])


def test_without_data_every_table_is_empty_and_the_gap_says_what_is_needed(context: Context) -> None:
    outputs = drivers.compute(tables_of(context), company(), context)
    assert all(outputs.tables[name].num_rows == 0 for name in ("drivers", "levels", "draws"))
    assert "nobody answered" in outputs.gaps[0].reason
    assert drivers.compute(tables_of(context), company_of(), context).gaps[0].data.startswith("a question with outcome")
