"""A small believable set of tables, with hostile and very long strings among them, for looking at and testing documents."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from vitalfew.engine import Context, DuckEngine, Tables
from vitalfew.evidence import selection
from vitalfew.settings import Company
from vitalfew.vocabulary import arrow_table

SCRIPT = "<script>alert(1)</script>"
BRACES = "{{7*7}}"
LONG = (
    "Delivery appointments that are confirmed by text message and then silently moved by the carrier without telling anybody " * 2
)
TODAY = date(2026, 6, 30)

COMPANY = Company.model_validate(
    {
        "company": {
            "name": "Acme & Filhos",
            "currency": "EUR",
            "as_of": TODAY,
            "vision": "Small workshops lose days waiting for parts. With us the part is there when the job starts, and when it is "
            "not, we say so first.",
        },
        "group": [
            {
                "name": "Logistics",
                "kind": "support function",
                "lead": "Inês Duarte",
                "people": 12,
                "hour_cost": 48,
                "sponsor": "COO",
            },
            {"name": "Billing", "kind": "support function", "lead": "Tom Baker", "people": 6, "hour_cost": 52},
            {"name": "IT", "kind": "support function", "lead": "Ana Ruiz", "people": 9, "hour_cost": 70},
        ],
        "initiative": [
            {
                "name": "Promise dates the carrier can keep",
                "group": "Logistics",
                "owner": "Inês Duarte",
                "cost": 60000,
                "months": 4,
            },
            {"name": "One invoice a month", "group": "Billing", "owner": "Tom Baker", "cost": 35000, "months": 3},
        ],
        "limits": {"budget": {"2026-Q3": 90000, "2026-Q4": 90000}, "capacity": {"Logistics": 4, "IT": 6}, "months": 12},
        "source": [
            {
                "name": "survey",
                "table": "responses",
                "path": "exports/survey.csv",
                "questions": {
                    "recommend": {"column": "Q1", "kind": "nps", "outcome": True, "label": "Recommend us"},
                    "delivery": {"column": "Q2", "kind": "rating", "scale": [1, 5], "driver": "Delivery on time"},
                },
            }
        ],
    }
)
ISSUES = [
    (
        "issue:logistics/late-delivery",
        "Late delivery",
        "Logistics",
        "Delivery on time",
        "theme:late-delivery",
        412,
        186000.0,
        1,
        True,
    ),
    (
        "issue:logistics/damaged-parcels",
        "Damaged parcels",
        "Logistics",
        "Condition on arrival",
        "theme:damage",
        131,
        54000.0,
        2,
        True,
    ),
    ("issue:logistics/carrier-appointments", LONG, "Logistics", LONG, "theme:appointments", 40, 9000.0, 3, False),
    ("issue:billing/wrong-invoice", "Wrong invoice", "Billing", "Invoice is right", "theme:invoice", 220, 97000.0, 1, True),
    ("issue:billing/refund-takes-weeks", "Refund takes weeks", "Billing", "Refunds", "theme:refund", 90, None, 2, True),
    ("issue:it/script", f"Portal shows {SCRIPT} {BRACES}", "IT", "Portal", "theme:portal", 77, 31000.0, 1, True),
]
QUOTES = {
    "theme:late-delivery": (
        "O prazo não foi cumprido, esperei três semanas e ninguém avisou.",
        "Promised Tuesday, came the Friday after.",
    ),
    "theme:damage": ("Chegou tudo partido.", "The box was open and two pieces were missing."),
    "theme:appointments": (LONG * 3, "They moved it twice."),
    "theme:invoice": ("You billed us twice for the same order and it took four calls.", f"{BRACES} again"),
    "theme:refund": ("Cinco semanas para devolver o dinheiro!", "Still waiting for my refund."),
    "theme:portal": (f"<img src=x onerror=alert(1)> {SCRIPT} does not open", '=HYPERLINK("http://evil")'),
}
NAMES = {
    "theme:late-delivery": "Late delivery",
    "theme:damage": "Damaged on arrival",
    "theme:appointments": LONG,
    "theme:invoice": "Wrong invoice",
    "theme:refund": "Slow refunds",
    "theme:portal": f"Portal {SCRIPT}",
}


def initiatives() -> list[dict[str, Any]]:
    """Eight candidates, four of them chosen."""
    given = [
        ("Promise dates the carrier can keep", "Logistics", "issue:logistics/late-delivery", 60000, 148349.0, True, 7, 10),
        ("One invoice a month", "Billing", "issue:billing/wrong-invoice", 35000, 71000.0, True, 7, 9),
        ("Stronger boxes for glass", "Logistics", "issue:logistics/damaged-parcels", 18000, 39000.0, True, 11, 12),
        (f"Portal {SCRIPT} fixed {BRACES}", "IT", "issue:it/script", 22000, 24000.0, True, 8, 11),
        ("Second carrier for the islands", "Logistics", "issue:logistics/late-delivery", 120000, 90000.0, False, 0, 0),
        ("Refunds within two days", "Billing", "issue:billing/refund-takes-weeks", 20000, None, False, 0, 0),
        (LONG, "IT", "issue:logistics/carrier-appointments; issue:it/script", 80000, 12000.0, False, 0, 0),
        ("Loyalty points", "", "", 150000, 5000.0, False, 0, 0),
    ]
    rows = []
    for position, (name, group, acts, cost, value, chosen, start, end) in enumerate(given):
        rows.append(
            {
                "initiative": f"initiative:{position + 1}-{name.split()[0].lower()}",
                "name": name,
                "group": group,
                "kind": "cost conversion",
                "origin": "company.toml" if position < 2 else "proposed",
                "acts_on": acts,
                "share": 0.4,
                "cost": float(cost),
                "effort": 6.0,
                "months": max(1, end - start + 1),
                "value": value,
                "low": None if value is None else value * 0.62,
                "high": None if value is None else value * 1.41,
                "chosen": chosen,
                "start": date(2026, start, 1) if chosen else None,
                "end": date(2026, end, 28) if chosen else None,
                "reason": "worth 2.5 times its cost; first because Logistics is free in July"
                if chosen
                else "no budget left in 2026-Q3; it would displace One invoice a month and lose €31,000",
                "stability": 0.97 - 0.1 * position,
                "verdict": "core" if position < 2 else "borderline" if chosen else "out",
                "regret": 31000.0,
                "rank_rice": position + 1,
                "rank_wsjf": 8 - position,
                "rank_value_cost": position + 1,
            }
        )
    return rows


def small_tables() -> dict[str, list[dict[str, Any]]]:
    """Rows of the tables the rooms reduce."""
    chosen = [row for row in initiatives() if row["chosen"]]
    months = lambda row: [date(2026, m, 1) for m in range(row["start"].month, row["end"].month + 1)]  # noqa: E731
    drivers = [
        ("Delivery on time", 0.41),
        ("Invoice is right", 0.23),
        ("Condition on arrival", 0.16),
        ("Portal", 0.12),
        (LONG, 0.08),
    ]
    quarters = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
    return {
        "sources": [
            {
                "source": "survey",
                "table": "responses",
                "path": "exports/survey.csv",
                "rows_read": 1210,
                "rows_loaded": 1204,
                "rows_quarantined": 6,
                "encoding": "cp1252 (detected)",
                "sha256": "ab" * 32,
                "columns": '["id", "email", "Q1"]',
                "read_to": "",
            },
            {
                "source": "orders",
                "table": "orders",
                "path": "exports/orders/*.csv.gz",
                "rows_read": 9000,
                "rows_loaded": 9000,
                "rows_quarantined": 0,
                "encoding": "utf-8",
                "sha256": "cd" * 32,
            },
        ],
        "quarantine": [
            {
                "source": "survey",
                "path": "exports/survey.csv",
                "line": 17 + i,
                "column": "Q1",
                "value": SCRIPT if i == 0 else str(11 + i),
                "reason": "off the scale 0 to 10; list it in blank if it means no answer",
            }
            for i in range(6)
        ],
        "deliveries": [
            {
                "source": "survey",
                "what": "records",
                "before": 1300,
                "now": 1210,
                "remark": f"shorter than last time: 1,210 records, 1,300 before; {SCRIPT}",
            }
        ],
        "remarks": [
            {"source": "survey", "column": "Q9", "value": "", "n": 12, "remark": "twelve comments are empty but for spaces"}
        ],
        "metrics": [
            {
                "metric": "metric:recommend/nps/all/all",
                "question": "recommend",
                "statistic": "nps",
                "segment": "all",
                "period": "all",
                "n": 1204,
                "n_effective": 1204.0,
                "value": 23.2,
                "low": 18.1,
                "high": 28.3,
            },
            *[
                {
                    "metric": f"metric:recommend/nps/all/{q.lower()}",
                    "question": "recommend",
                    "statistic": "nps",
                    "segment": "all",
                    "period": q,
                    "n": 301,
                    "value": v,
                    "low": v - 9,
                    "high": v + 9,
                }
                for q, v in zip(quarters, (31.0, 27.0, 21.0, 14.0), strict=True)
            ],
            {
                "metric": "metric:recommend/nps/state-rj/all",
                "question": "recommend",
                "statistic": "nps",
                "segment": "state=RJ",
                "period": "all",
                "n": 3,
                "note": "withheld: fewer than 5 people",
            },
            {
                "metric": "metric:recommend/nps/state-sp/all",
                "question": "recommend",
                "statistic": "nps",
                "segment": "state=SP",
                "period": "all",
                "n": 400,
                "value": 30.0,
                "low": 21.0,
                "high": 39.0,
            },
            {
                "metric": "metric:delivery/mean/all/all",
                "question": "delivery",
                "statistic": "mean",
                "segment": "all",
                "period": "all",
                "n": 1100,
                "value": 3.4,
                "low": 3.3,
                "high": 3.5,
            },
        ],
        "drivers": [
            {
                "driver_id": f"driver:recommend/{i}",
                "outcome": "recommend",
                "driver": name,
                "question": "delivery",
                "group": "Logistics",
                "segment": "all",
                "n": 1100,
                "answered": 1000,
                "r2": 0.46,
                "share": s,
                "low": s * 0.8,
                "high": s * 1.2,
                "rank": i + 1,
                "first_probability": 0.99 if i == 0 else 0.01,
                "correlation": 0.5,
                "performance": 3.4,
                "scale_low": 1.0,
                "scale_high": 5.0,
                "effect": 1.2,
                "effect_low": 0.9,
                "effect_high": 1.5,
                "level": ("minimum", "minimum", "par", "exceptional", "indifferent")[i],
                "penalty": -2.1,
                "penalty_low": -2.6,
                "penalty_high": -1.6,
                "reward": 0.2,
                "reward_low": -0.1,
                "reward_high": 0.5,
                "quadrant": "fix" if i < 2 else "keep",
            }
            for i, (name, s) in enumerate(drivers)
        ],
        "levels": [
            {
                "outcome": "recommend",
                "driver": name,
                "level": "minimum" if i < 2 else "par",
                "why": "bad delivery costs 2.1 points, good delivery earns nothing more",
                "value": s,
            }
            for i, (name, s) in enumerate(drivers)
        ],
        "themes": [
            {
                "theme": "theme:delivery",
                "parent": "",
                "name": "Delivery",
                "words": "delivery, late, prazo",
                "sentiment": "negative",
                "n_comments": 500,
                "n_people": 470,
                "share": 0.6,
                "cumulative": 0.6,
                "vital_few": True,
                "outcome": "recommend",
            },
            *[
                {
                    "theme": theme,
                    "parent": "theme:delivery",
                    "name": NAMES[theme],
                    "words": "late, atraso, prazo",
                    "sentiment": "negative",
                    "n_comments": 300 - 45 * i,
                    "n_people": 280 - 45 * i,
                    "share": 0.3 - 0.045 * i,
                    "cumulative": min(1.0, 0.3 + 0.17 * i),
                    "vital_few": i < 4,
                    "outcome": "recommend",
                    "impact": i - 6.1,
                    "low": i - 8.0,
                    "high": i - 4.0,
                    "drop": -41.0,
                    "drop_low": -50.0,
                    "drop_high": -32.0,
                    "driver": "Delivery on time",
                    "group": "Logistics",
                    "lift": 3.1,
                    "quote": quotes[0],
                    "second_quote": quotes[1],
                }
                for i, (theme, quotes) in enumerate(QUOTES.items())
            ],
        ],
        "expectations": [
            {
                "expectation": "expectation:on-time",
                "statement": "Be there on the day you said, or tell me first",
                "share_people": 0.46,
                "share_revenue": 0.52,
                "themes": "theme:late-delivery;theme:appointments",
                "n_people": 470,
            },
            {
                "expectation": "expectation:right",
                "statement": "Get it right the first time",
                "share_people": 0.31,
                "share_revenue": 0.29,
                "themes": "theme:invoice",
                "n_people": 300,
            },
        ],
        "promises": [
            {
                "promise": "promise:on-time",
                "name": "On time",
                "text": "Delivered by the date we gave",
                "segment": segment,
                "group": "Logistics",
                "table": "orders",
                "n": n,
                "kept": kept,
                "low": kept and kept - 0.01,
                "high": kept and kept + 0.01,
                "standard": 0.95,
                "perceived": 0.71,
                "perceived_n": 1100,
                "gap": kept and 0.95 - kept,
                "perceived_gap": kept and kept - 0.71,
                "outcome": "recommend",
                "score_kept": 8.3,
                "score_broken": 5.9,
                "score_gap": 2.4,
                "gap_low": 2.1,
                "gap_high": 2.7,
                "n_kept": 900,
                "n_broken": 120,
                "value_at_stake": 186000.0,
                "low_value": 120000.0,
                "high_value": 251000.0,
                "note": None if kept else "withheld: fewer than 5 people",
            }
            for segment, n, kept in (("all", 9000, 0.913), ("state=RJ", 800, 0.81), ("state=AC", 3, None))
        ],
        "point_value": [
            {
                "outcome": "recommend",
                "revenue_share": 0.0042,
                "low": 0.0021,
                "high": 0.0063,
                "n": 900,
                "revenue": 4.2e6,
                "basis": "measured",
                "note": "from next year's orders",
            }
        ],
        "journey": [
            {
                "stage": stage,
                "step": step,
                "next": following,
                "cases": cases,
                "people": cases,
                "share": cases / 5000,
                "median_days": 1.5,
                "drop_off": drop,
                "rework": 0.05,
                "handoffs": 1.2,
                "group": "Logistics",
                "score": 7.9,
            }
            for stage, step, following, cases, drop in (
                ("compare", "search", "", 5000, 0.4),
                ("purchase", "basket", "", 3000, 0.3),
                ("purchase", "payment", "", 2100, 0.05),
                ("use", "delivery", "", 2000, 0.0),
                ("use", f"call {SCRIPT}", "", 700, 0.9),
                ("compare", "search", "basket", 3000, None),
                ("purchase", "basket", "payment", 2100, None),
            )
        ],
        "paths": [
            {"rank": i + 1, "path": path, "cases": 1500 - 400 * i, "share": 0.3 - 0.08 * i, "median_days": 6.5}
            for i, path in enumerate(("search > basket > payment > delivery", "search > basket", "search"))
        ],
        "issues": [
            {
                "issue": issue,
                "name": name,
                "group": group,
                "driver": driver,
                "theme": theme,
                "outcome": "recommend",
                "n_people": n,
                "n_comments": n + 12,
                "share_people": n / 1204,
                "points": 2.1,
                "points_low": 1.2,
                "points_high": 3.0,
                "revenue": 900000.0,
                "hours": 820.0,
                "handling": 39000.0,
                "value": value,
                "low": value and value * 0.6,
                "high": value and value * 1.4,
                "rank": rank,
                "top": top,
                "first_probability": 0.93,
                "quote": QUOTES[theme][0],
                "note": None if value else "no revenue is known for the people affected",
            }
            for issue, name, group, driver, theme, n, value, rank, top in ISSUES
        ],
        "causes": [
            {
                "issue": ISSUES[0][0],
                "branch": "1",
                "depth": depth,
                "text": text,
                "evidence": "carrier report",
                "controllable": True,
                "status": "confirmed" if depth < 3 else "guessed",
                "kind": "method",
            }
            for depth, text in enumerate(
                (
                    "The date at checkout is the carrier's best case",
                    "It ignores the cut-off of the warehouse",
                    "Nobody owns the calendar",
                    "It came with the old shop and was never handed over",
                    LONG,
                ),
                1,
            )
        ],
        "initiatives": initiatives(),
        "portfolio": [
            {
                "status": "optimal",
                "value": 282349.0,
                "low": 190000.0,
                "high": 391000.0,
                "bound": 284000.0,
                "gap": 0.006,
                "baseline_rule": "value / cost",
                "baseline_value": 251000.0,
                "rules": "RICE 214,000; WSJF 199,000; value / cost 251,000",
                "budget": 180000.0,
                "used": 135000.0,
                "chosen": 4,
                "candidates": 8,
                "objective": "money",
            }
        ],
        "frontier": [
            {"budget": 30000.0 * i, "value": 290000.0 * (1 - 0.6**i), "bound": 292000.0 * (1 - 0.58**i), "chosen": "a; b"}
            for i in range(7)
        ],
        "resources": [
            {
                "resource": name,
                "month": date(2026, m, 1),
                "limit": limit,
                "used": limit * (0.9 if m < 10 else 0.4),
                "unit": unit,
                "worth": w,
            }
            for name, limit, unit, w, at in (
                ("money", 90000.0, "money", 0.7, (7, 10)),
                ("Logistics", 4.0, "person-months", 4100.0, range(7, 13)),
                ("IT", 6.0, "person-months", 0.0, range(7, 13)),
            )
            for m in at
        ],
        "roadmap": [
            {
                "initiative": row["initiative"],
                "name": row["name"],
                "group": row["group"],
                "month": month,
                "start": row["start"],
                "end": row["end"],
                "people": 1.5,
                "money": row["cost"] / len(months(row)),
                "needs": "",
            }
            for row in chosen
            for month in months(row)
        ],
        **act_tables(),
    }


def act_tables() -> dict[str, list[dict[str, Any]]]:
    """Rows of the tables of act and prove, and the evidence."""
    lines = [
        ("whom we serve", "Customers", "4,310 workshops in Portugal and Spain, one order in three for tomorrow's job"),
        ("expectation", "Be there on the day you said", "Standard: 95 % by the date we gave; now 91 %"),
        ("issue", "Late delivery", "412 customers, value at stake €186,000 (112,000 to 260,000)"),
        ("issue", "Damaged parcels", "131 customers, value at stake €54,000 (32,000 to 76,000)"),
        ("vital few", "Late delivery", QUOTES["theme:late-delivery"][0]),
        ("vital few", "Appointments", LONG * 4),
        ("whys", "1", "The date at checkout is the carrier's best case"),
        ("whys", "2", LONG * 2),
        ("indicators", "Orders by the date we gave", "now 91 %, target 95 %, shows after one month"),
        ("benefit", "Expected", "€148,000 (92,000 to 209,000) within 12 months"),
        ("help", "From IT", "a calendar service by August"),
        ("stop", "We stop", "promising next day to the islands"),
        ("told", "Customers told on", "1 October 2026"),
        ("sponsor", "Signed", "COO"),
    ]
    return {
        "one_pages": [
            {
                "group": group,
                "position": i,
                "section": section,
                "label": label,
                "text": text,
                "claim": ISSUES[0][0] if section == "issue" else None,
            }
            for group in ("Logistics", "Billing")
            for i, (section, label, text) in enumerate(lines)
        ],
        "raci": [
            {"work": "Promise dates the carrier can keep", "role": role, "letter": letter, "note": note}
            for role, letter, note in (
                ("Inês Duarte", "A", ""),
                ("IT", "R", ""),
                ("Billing", "C", ""),
                ("Sales", "I", "too many are only told"),
            )
        ],
        "risks": [
            {
                "risk": "risk:1",
                "because": "the carrier changes its plan in October",
                "may": "dates may be wrong again",
                "leading_to": "a second broken promise",
                "probability": 3,
                "impact": 4,
                "residual_probability": 2,
                "residual_impact": 3,
                "response": "mitigate",
                "action": "weekly file",
                "trigger": "kept below 90 % in a week",
                "owner": "Inês Duarte",
                "review": date(2026, 9, 1),
                "initiative": "initiative:1-promise",
                "origin": "company.toml",
            }
        ],
        "actions": [
            {
                "action": f"action:{i}",
                "group": "Logistics",
                "position": i,
                "issue": ISSUES[0][0],
                "cause": "calendar",
                "what": what,
                "owner": "Inês Duarte",
                "start": date(2026, 7, 1),
                "due": date(2026, 9, 30),
                "effort": 2.0,
                "status": "agreed",
                "indicator": "orders by the date we gave",
                "baseline": 0.91,
                "target": 0.95,
                "initiative": "initiative:1-promise",
            }
            for i, what in enumerate(
                ("Give the calendar an owner", "Take the cut-off into the date", LONG * 2, f"{SCRIPT} off", "Tell customers first")
            )
        ],
        "benefits": [
            {
                "benefit": "benefit:1",
                "issue": ISSUES[0][0],
                "initiative": "initiative:1-promise",
                "whose": "ours",
                "hours_each": 0.4,
                "money_each": 3.0,
                "before": 2100.0,
                "after": None,
                "hours": 330.0,
                "money": 21000.0,
                "low": 14000.0,
                "high": 29000.0,
                "grade": "forecast",
                "recurring": True,
                "note": "forecast from the share removed",
            },
            {
                "benefit": "benefit:2",
                "issue": ISSUES[3][0],
                "initiative": "initiative:2-one",
                "whose": "customers'",
                "hours_each": 1.0,
                "money_each": 0.0,
                "before": 900.0,
                "after": 420.0,
                "hours": 480.0,
                "money": None,
                "grade": "claimed",
                "verified_by": "Finance",
                "verified_on": date(2026, 6, 1),
                "recurring": True,
                "note": "no comparison group",
            },
        ],
        "effects": [
            {
                "effect": "effect:1",
                "claim": "initiative:1-promise",
                "kind": "forecast",
                "metric": "recommend",
                "value": 2.1,
                "low": 1.0,
                "high": 3.2,
                "n": 1100,
                "grade": "forecast",
                "at": TODAY,
                "note": "driver effect x share removed",
            }
        ],
        "evidence": evidence(),
        "not_computed": [
            {
                "stage": "understand",
                "figure": "What makes a customer",
                "reason": "no source says who became a customer and who did not",
                "data": "deals with their outcome, won or lost",
            },
            {
                "stage": "prove",
                "figure": "Tested effects",
                "reason": "no change had a comparison group",
                "data": "compared_when in [[benefit]]",
            },
        ],
    }


def evidence() -> list[dict[str, Any]]:
    """The chain from an initiative to comments and orders, with a circle in it."""
    steps = [
        ("initiative:1-promise", ISSUES[0][0], "removes part of", 1.0, 412),
        (ISSUES[0][0], "driver:recommend/0", "hurts", 0.9, 1100),
        (ISSUES[0][0], "theme:late-delivery", "is told in", 0.8, 280),
        (ISSUES[0][0], "promise:on-time", "breaks", 0.7, 9000),
        (ISSUES[0][0], "point_value:recommend", "is valued by", 0.6, 900),
        ("theme:late-delivery", selection("mentions", theme="theme:late-delivery"), "rests on the comments", 1.0, 40),
        ("theme:late-delivery", ISSUES[0][0], "belongs to", 0.1, None),
        ("driver:recommend/0", selection("responses", question="recommend"), "is measured by", 1.0, 60),
        ("promise:on-time", selection("promise_checks", promise="promise:on-time", kept="false"), "is broken in", 1.0, 12),
        ("promise:on-time", "orders:orders#o1", "for example", 0.5, 1),
        ("initiative:4-portal", ISSUES[5][0], "removes part of", 1.0, 77),
        (ISSUES[5][0], "theme:portal", "is told in", 1.0, 77),
        ("theme:portal", selection("mentions", theme="theme:portal"), "rests on the comments", 1.0, 40),
        ("metric:recommend/nps/all/all", selection("responses", question="recommend"), "counts", 1.0, 60),
    ]
    return [dict(zip(("claim", "support", "role", "weight", "n"), step, strict=True)) for step in steps]


def record_tables() -> dict[str, list[dict[str, Any]]]:
    """Records: answers, comments, orders, checks, customers."""
    start = datetime(2026, 3, 1, 9)
    themes = list(QUOTES)
    responses, mentions = [], []
    for i in range(60):
        at, theme = start + timedelta(days=i), themes[i % len(themes)]
        shared = {"source": "survey", "key": f"r{i}", "response": f"survey#r{i}", "person": f"p{i}", "at": at, "weight": 1.0}
        responses.append({**shared, "question": "recommend", "kind": "nps", "value": float(i % 11)})
        responses.append({**shared, "question": "comment", "kind": "text", "text": QUOTES[theme][i // 6 % 2]})
        mentions.append(
            {
                "source": "survey",
                "key": f"r{i}",
                "table": "responses",
                "question": "comment",
                "person": f"p{i}",
                "rank": 1,
                "theme": theme,
                "sentiment": "negative",
                "quote": QUOTES[theme][i // 6 % 2],
                "start": 0,
                "end": 10,
            }
        )
    orders = [
        {
            "source": "orders",
            "key": f"o{i}",
            "at": start,
            "person": f"p{i}",
            "amount": 120.0 + i,
            "promised_at": start + timedelta(days=7),
            "delivered_at": start + timedelta(days=5 + i),
        }
        for i in range(20)
    ]
    checks = [
        {
            "promise": "promise:on-time",
            "table": "orders",
            "source": "orders",
            "key": f"o{i}",
            "person": f"p{i}",
            "at": start,
            "kept": i < 3,
        }
        for i in range(15)
    ]
    customers = [
        {
            "id": f"account:{i}",
            "kind": "account",
            "name": SCRIPT if i == 0 else f"Oficina {i}",
            "revenue": 90000.0 / (i + 1),
            "cost_to_serve": 900.0,
            "profit": 27000.0 / (i + 1) - 900.0,
            "expected_value": 80000.0 / (i + 1),
            "risk": 0.1,
            "score": 8.0,
        }
        for i in range(60)
    ]
    return {"responses": responses, "mentions": mentions, "orders": orders, "promise_checks": checks, "customers": customers}


def make(folder: Path, only: tuple[str, ...] | None = None) -> tuple[Tables, Context]:
    """The sample as Parquet under `folder`; `only` keeps the tables named, to show what a single source gives."""
    engine = DuckEngine(threads=1)
    paths = {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in {**small_tables(), **record_tables()}.items():
        if only is None or name in only:
            paths[name] = folder / f"{name}.parquet"
            pq.write_table(arrow_table(name, found), paths[name])
    working = folder / "working"
    working.mkdir(exist_ok=True)
    return Tables(engine, paths), Context(engine, TODAY, 1, working, folder)


BARE = Company.model_validate({"company": {"name": "Survey only", "as_of": TODAY}})
