"""Forecasts kept: what was expected on the day of the strategy, so that it can be compared with what comes."""

from __future__ import annotations

from datetime import date
from typing import Any

from vitalfew.evidence import Step, claim_id


def compute(
    drivers: list[dict[str, Any]], initiatives: list[dict[str, Any]], benefits: list[dict[str, Any]], today: date
) -> tuple[list[dict[str, Any]], list[Step]]:
    """Rows of table effects: of drivers and initiatives as forecast, of counted benefits as measured."""
    rows = [*_of_drivers(drivers, today), *_of_initiatives(initiatives, today), *_of_benefits(benefits, today)]
    return rows, [Step(row["effect"], row["claim"], "what it is about", n=row.get("n")) for row in rows]


def _of_drivers(drivers: list[dict[str, Any]], today: date) -> list[dict[str, Any]]:
    return [
        {
            **{"effect": claim_id("effect", row["driver_id"].partition(":")[2]), "claim": row["driver_id"], "kind": "forecast"},
            **{"metric": f"{row['outcome']} for one point of {row['driver']}", "value": row["effect"], "n": row["n"]},
            **{"low": row["effect_low"], "high": row["effect_high"], "grade": "forecast", "at": today},
            "note": "association in answers, others held; compare it with what a change of the driver brings",
        }
        for row in drivers
        if row["segment"] == "all" and row["effect"] is not None
    ]


def _of_initiatives(initiatives: list[dict[str, Any]], today: date) -> list[dict[str, Any]]:
    return [
        {
            **{"effect": claim_id("effect", "initiative", row["name"]), "claim": row["initiative"], "kind": "forecast"},
            **{"metric": "value within the horizon", "value": row["value"], "low": row["low"], "high": row["high"]},
            **{"grade": "forecast", "at": today, "note": f"in the plan from {row['start']} to {row['end']}"},
        }
        for row in initiatives
        if row["chosen"] and row["value"] is not None
    ]


def _of_benefits(benefits: list[dict[str, Any]], today: date) -> list[dict[str, Any]]:
    return [
        {
            **{
                "effect": claim_id("effect", row["benefit"].partition(":")[2], "measured"),
                "claim": row["benefit"],
                "kind": "measured",
            },
            **{"metric": "money a year", "value": row["money"], "low": row["low"], "high": row["high"]},
            **{"grade": row["grade"], "at": today, "note": row["note"]},
        }
        for row in benefits
        if row["grade"] != "forecast" and row.get("low") is not None
    ]
