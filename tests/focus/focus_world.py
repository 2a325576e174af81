"""A small planted company for the tests of this room: two groups, a broken promise, complaints, a weak driver, worlds."""

from __future__ import annotations

from typing import Any

import numpy as np

from made_tables import company_of, survey, tables_of
from vitalfew.engine import Context, Tables
from vitalfew.settings import Company

DRAWS = 100
REVENUE = 1_000_000.0
RATING = {"kind": "rating", "scale": [1, 5]}

GROUPS = [{"name": "Logistics"}, {"name": "Billing"}]
PROMISE = {
    "name": "On time",
    "group": "Logistics",
    "kept_when": "true",
    "perceived": "delivery",
    "issue": "Late delivery",
}
SURVEY = survey(
    recommend={"column": "Q1", "kind": "nps", "outcome": True},
    delivery={"column": "Q2", **RATING, "driver": "Delivery", "group": "Logistics"},
    clarity={"column": "Q3", **RATING, "driver": "Clear offers", "group": "Billing", "issue": "Unclear offers"},
)


def company(**sections: Any) -> Company:
    """Settings of the planted company; sections given replace its own."""
    own = {"draws": DRAWS, **sections.pop("company", {})}
    return company_of(**{"company": own, "group": GROUPS, "promise": [PROMISE], "source": SURVEY, **sections})


def theme(name: str, **given: Any) -> dict[str, Any]:
    """A row of themes."""
    key = "theme:" + name.lower().replace(" ", "-")
    row = {"theme": key, "parent": "theme:all", "name": name, "sentiment": "negative", "outcome": "recommend", "quote": f"{name}!"}
    return {**row, "n_comments": 20, "n_people": 20, **given}


def world(claim: str, quantity: str) -> np.ndarray:
    """The planted draws of a quantity: around its planted mean, the same for every test."""
    middle, spread = PLANTED[claim, quantity]
    seed = sum((claim + quantity).encode())
    return middle + spread * np.random.default_rng(seed).standard_normal(DRAWS)


PLANTED = {
    ("theme:parcel-comes-late", "share_people"): (0.12, 0.01),
    ("theme:parcel-comes-late", "points"): (2.0, 0.1),
    ("theme:parcel-comes-late", "handling"): (5000.0, 100.0),
    ("theme:wrong-invoice", "share_people"): (0.10, 0.01),
    ("theme:wrong-invoice", "points"): (3.0, 0.2),
    ("theme:wrong-invoice", "handling"): (9000.0, 300.0),
    ("theme:slow-refund", "share_people"): (0.05, 0.01),
    ("theme:slow-refund", "points"): (1.0, 0.1),
    ("theme:odd-colours", "share_people"): (0.02, 0.002),
    ("theme:odd-colours", "points"): (0.0, 1.0),
    ("promise:on-time", "broken_share"): (0.20, 0.01),
    ("promise:on-time", "gap"): (1.5, 0.1),
    ("driver:recommend/clear-offers", "effect"): (0.4, 0.05),
    ("point_value:recommend", "revenue_share"): (0.04, 0.004),
}


def planted(context: Context, **replaced: Any) -> Tables:
    """The tables the room reads. Late delivery is a promise, a theme and a driver; Clear offers is a driver alone."""
    themes = [
        {"theme": "theme:all", "parent": "", "name": "All", "sentiment": "mixed", "n_comments": 80},
        theme("Parcel comes late", driver="Delivery", group="Logistics", lift=4.0, n_comments=50),
        theme("Wrong invoice", group="Billing", n_comments=40),
        theme("Slow refund", group="Billing"),
        theme("Odd colours", group="Billing"),
        theme("Friendly people", group="Billing", sentiment="positive"),
        theme("Nobody's trouble", n_comments=8),
    ]
    driver = {"outcome": "recommend", "segment": "all", "n": 200, "scale_low": 1.0, "scale_high": 5.0, "effect": 0.4}
    drivers = [
        {**driver, "driver_id": "driver:recommend/delivery", "driver": "Delivery", "question": "delivery", "group": "Logistics"}
        | {"share": 0.45, "rank": 2, "performance": 4.0},
        {**driver, "driver_id": "driver:recommend/clear-offers", "driver": "Clear offers", "question": "clarity"}
        | {"group": "Billing", "share": 0.55, "rank": 1, "performance": 3.0},
    ]
    promise = {"promise": "promise:on-time", "name": "On time", "segment": "all", "group": "Logistics", "kept": 0.8, "n": 500}
    promises = [{**promise, "outcome": "recommend", "n_kept": 160, "n_broken": 40, "score_gap": 1.5}]
    rows: dict[str, Any] = {
        "themes": themes,
        "drivers": drivers,
        "promises": promises,
        "point_value": [
            {"outcome": "recommend", "revenue_share": 0.04, "n": 90, "revenue": REVENUE, "basis": "measured", "note": ""}
        ],
        "draws": [
            {"claim": claim, "quantity": quantity, "draw": number, "value": value}
            for claim, quantity in PLANTED
            for number, value in enumerate(world(claim, quantity))
        ],
        "mentions": [
            {"source": "survey", "key": f"{claim}{i}", "question": "comment", "rank": 1, "theme": claim, "person": f"p{i}"}
            for claim, count in (("theme:parcel-comes-late", 10), ("theme:wrong-invoice", 8), ("theme:slow-refund", 6))
            for i in range(count)
        ],
        "promise_checks": [
            {"promise": "promise:on-time", "source": "shop", "key": str(i), "person": f"p{i}", "kept": i % 2 == 0}
            for i in range(20)
        ],
        "responses": [
            {"source": "survey", "key": str(i), "question": "clarity", "choice": "", "person": f"p{i}", "value": float(1 + i % 5)}
            for i in range(30)
        ],
        "customers": [{"id": f"p{i}", "kind": "person", "revenue": 100.0} for i in range(30)],
        "people": [{"person": f"p{i}", "account": f"a{i // 2}"} for i in range(30)],
    }
    return tables_of(context, **{**rows, **replaced})
