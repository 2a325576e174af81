"""One-page strategies, actions, RACI and risks, from made findings."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.act import one_page, sponsors, stage, vision
from vitalfew.act.facts import Facts
from vitalfew.engine import Context
from vitalfew.outputs import Outputs
from vitalfew.settings import Company

LOGISTICS = {
    "name": "Logistics",
    "lead": "Lena",
    "sponsor": "Carl (COO)",
    "serves": "everyone who waits for a parcel",
    "people": 12,
}
LATE = {
    **{"issue": "issue:logistics/late-delivery", "name": "Late delivery", "group": "Logistics", "driver": "On time"},
    **{"theme": "theme:late-delivery", "outcome": "score", "n_people": 418, "n_comments": 230, "points": 0.14, "points_low": 0.12},
    **{"points_high": 0.16, "revenue": 42_000.0, "hours": 340.0, "value": 120_000.0, "low": 80_000.0, "high": 160_000.0, "rank": 1},
    **{"top": True, "quote": "it came three weeks late"},
}
DAMAGED = {
    **LATE,
    "issue": "issue:logistics/damaged",
    "name": "Damaged parcel",
    "theme": "theme:damaged",
    "rank": 2,
    "quote": "broken box",
}
DAMAGED |= {
    "driver": "Packaging",
    "value": None,
    "low": None,
    "high": None,
    "note": "no point value",
    "n_people": 60,
    "n_comments": 40,
}
INVOICE = {
    **LATE,
    "issue": "issue:billing/wrong-bill",
    "name": "Wrong bill",
    "group": "Billing",
    "theme": None,
    "driver": None,
    "rank": 1,
}


def _theme(name: str, comments: int, driver: str, **more: Any) -> dict[str, Any]:
    own = {
        "theme": f"theme:{name}",
        "parent": "theme:delivery",
        "name": name.replace("-", " ").capitalize(),
        "sentiment": "negative",
    }
    return {**own, "n_comments": comments, "share": comments / 1000, "driver": driver, "quote": f"words on {name}", **more}


def _initiative(name: str, group: str = "Logistics", chosen: bool = True, **more: Any) -> dict[str, Any]:
    own = {
        "initiative": f"initiative:{name.lower().replace(' ', '-')}",
        "name": name,
        "group": group,
        "chosen": chosen,
        "share": 0.4,
    }
    plan = {"start": date(2026, 7, 1), "end": date(2026, 9, 30), "effort": 3.0} if chosen else {"reason": "does not fit the budget"}
    return {**own, **plan, "value": 50_000.0, "low": 20_000.0, "high": 90_000.0, "acts_on": LATE["issue"], "months": 3, **more}


def _company(**more: Any) -> Company:
    asked = survey(score={"column": "Q1", "kind": "rating", "scale": [1, 5], "outcome": True})
    return company_of(source=asked, **{"group": [LOGISTICS, {"name": "Billing"}], **more})


def _found(**more: Any) -> dict[str, Any]:
    whys = (
        "Trucks leave late",
        "Picking ends late",
        "Orders arrive in one wave",
        "The shop closes at midnight",
        "Nobody owns the cut-off",
    )
    promise = {"promise": "promise:on-time", "name": "On time", "segment": "all", "group": "Logistics", "n": 5164, "kept": 0.92}
    packaging = {"driver_id": "driver:score/packaging", "outcome": "score", "driver": "Packaging", "segment": "all", "share": 0.2}
    packaging |= {"low": 0.1, "high": 0.3, "performance": 3.5, "scale_low": 1.0, "scale_high": 5.0, "n": 800, "rank": 1}
    made: dict[str, Any] = {
        "issues": [LATE, DAMAGED, INVOICE],
        "themes": [
            _theme("late-delivery", 80, "On time"),
            _theme("lost-parcel", 15, "On time"),
            _theme("early-parcel", 5, "On time"),
            _theme("damaged", 40, "Packaging"),
        ],
        "drivers": [packaging, {**packaging, "driver_id": "driver:score/price", "driver": "Price", "performance": 4.5, "rank": 2}],
        "competitors": [{"source": "c", "key": "1", "competitor": "Rival", "factor": "packaging", "level": 4.1}],
        "promises": [{**promise, "low": 0.91, "high": 0.93, "standard": 0.95}],
        "causes": [
            {
                "issue": LATE["issue"],
                "branch": "1",
                "depth": depth,
                "text": text,
                "status": "confirmed" if depth == 5 else "guessed",
            }
            for depth, text in enumerate(whys, 1)
        ],
        "initiatives": [_initiative("Earlier cut-off"), _initiative("Second depot", chosen=False)],
        "metrics": [
            {"metric": "m", "question": "score", "statistic": "mean", "segment": "all", "period": "all", "n": 5232, "value": 4.14}
        ],
        "expectations": [{"expectation": "expectation:on-time", "statement": "It comes when you said", "themes": "theme:delivery"}],
    }
    return {**made, **more}


def _run(context: Context, company: Company | None = None, **more: Any) -> Outputs:
    return stage.run(tables_of(context, **_found(**more)), company or _company(), context)


def _page(outputs: Outputs, context: Context, group: str = "Logistics") -> dict[str, list[dict[str, Any]]]:
    page: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(outputs, "one_pages", context):
        if row["group"] == group:
            page.setdefault(row["section"], []).append(row)
    return page


def test_the_page_of_the_documentation(context: Context) -> None:
    outputs = _run(context)
    page = _page(outputs, context)
    assert tuple(page) == one_page.SECTIONS
    assert page["whom we serve"][0]["text"] == "everyone who waits for a parcel"
    late = page["issue"][0]
    assert late["label"] == "Late delivery"
    assert late["text"].startswith(
        "EUR 120,000 a year at stake (EUR 80,000 to EUR 160,000); 0.14 points lost (0.12 to 0.16), 418 people, 230 comments"
    )
    assert late["claim"] == LATE["issue"]
    damaged = page["issue"][1]["text"]
    assert damaged.startswith("worth not known (no point value)")
    assert "Packaging is 20 % (10 % to 30 %) of what moves score, rated 3.5 (company 4), Rival 4.1" in damaged
    assert [row["text"] for row in page["whys"]][:2] == ["Trucks leave late", "Picking ends late"]
    assert page["whys"][4]["text"] == "Nobody owns the cut-off (confirmed)"
    assert page["whys"][5]["text"] == "Not yet asked: the 5 whys of this issue. Start with: why does this happen: Damaged parcel?"
    assert page["indicators"][0]["text"] == "now 92 %, target 95 %; shows within weeks"
    assert page["stop"][0]["label"] == "Not now: Second depot"
    assert page["stop"][0]["text"] == "does not fit the budget"
    assert page["sponsor"][0]["text"] == "Carl (COO); not yet signed"
    assert "30 September 2026" in page["told"][0]["text"]


def test_the_vital_few_are_the_themes_that_make_up_four_fifths_of_the_complaints_within_the_driver(context: Context) -> None:
    facts = Facts(tables_of(context, **_found()), _company())
    few = [(theme["theme"], part) for theme, part in facts.vital_few(facts.top("Logistics")[0])]
    assert few == [("theme:late-delivery", pytest.approx(0.8))]
    lower = _found(
        themes=[_theme("late-delivery", 79, "On time"), _theme("lost-parcel", 16, "On time"), _theme("early-parcel", 5, "On time")]
    )
    facts = Facts(tables_of(context, **lower), _company())
    assert [theme["theme"] for theme, _ in facts.vital_few(facts.top("Logistics")[0])] == [
        "theme:late-delivery",
        "theme:lost-parcel",
    ]


def test_a_page_fits_one_sheet_whatever_is_written(context: Context) -> None:
    long = "word " * 200
    issues = [{**LATE, "name": long, "quote": long, "note": long}, {**DAMAGED, "name": long, "note": long, "quote": long}]
    causes = [
        {"issue": issue["issue"], "branch": "1", "depth": depth, "text": long, "status": "tested"}
        for issue in issues
        for depth in range(1, 6)
    ]
    initiatives = [_initiative(f"{long} {i}", chosen=i < 9) for i in range(12)]
    themes = [{**_theme(f"t{i}", 10, "On time"), "quote": long, "name": long} for i in range(30)]
    outputs = _run(context, issues=issues, causes=causes, initiatives=initiatives, themes=themes)
    page = _page(outputs, context)
    assert sum(len(lines) for lines in page.values()) <= 36
    for section, lines in page.items():
        assert len(lines) <= one_page.MOST_LINES[section]
        assert all(len(line["text"]) <= 260 and len(line["label"]) <= 60 for line in lines)
    assert len(page["whys"]) == 6
    assert page["whys"][2]["label"].startswith("Why 5: ")


def test_a_group_of_which_little_is_known_says_what_is_missing(context: Context) -> None:
    page = _page(_run(context), context, "Billing")
    assert page["whom we serve"][0]["text"] == "Not yet said: whom Billing serves."
    assert "Not yet set" in page["indicators"][0]["text"]
    assert page["actions"][0]["text"].startswith("None yet")
    assert page["sponsor"][0]["text"].startswith("Not yet named")


def test_actions_answer_the_whys_and_the_plan(context: Context) -> None:
    causes = [
        {
            "issue": "Late delivery",
            "depth": 5,
            "text": "Nobody owns the cut-off",
            "action": "Name an owner",
            "owner": "Lena",
            "status": "confirmed",
        },
        {"issue": "Late delivery", "depth": 2, "text": "Old scanners", "action": "New scanners", "status": "refuted"},
        {"issue": "unheard of", "depth": 1, "text": "?", "action": "Something", "status": "guessed"},
    ]
    rows = rows_of(_run(context, _company(cause=causes)), "actions", context)
    assert [(row["position"], row["what"], row["owner"]) for row in rows] == [
        (1, "Earlier cut-off", "Lena"),
        (2, "Name an owner", "Lena"),
    ]
    plan, answer = rows
    assert (plan["start"], plan["due"], plan["effort"]) == (date(2026, 7, 1), date(2026, 9, 30), 3.0)
    assert plan["cause"] == "Nobody owns the cut-off"
    assert (plan["baseline"], plan["target"]) == (0.92, 0.95)
    assert (answer["cause"], answer["due"], answer["issue"]) == ("Nobody owns the cut-off", None, LATE["issue"])


def test_a_target_comes_from_the_share_an_initiative_removes_when_no_standard_is_set(context: Context) -> None:
    plan = [_initiative("Better boxes", acts_on=DAMAGED["issue"])]
    row = rows_of(_run(context, initiatives=plan), "actions", context)[0]
    assert row["baseline"] == pytest.approx(0.04)
    assert row["target"] == pytest.approx(0.04 * 0.6)


def test_a_raci_is_proposed_for_each_chosen_initiative_nobody_wrote_one_for(context: Context) -> None:
    initiative = {"name": "Earlier cut-off", "people": {"Logistics": 2, "IT": 1}, "sponsor": "Carl (COO)"}
    rows = rows_of(_run(context, _company(initiative=[initiative])), "raci", context)
    assert {row["role"]: row["letter"] for row in rows} == {"Lena": "A", "Logistics": "R", "IT": "C", "Carl (COO)": "I"}
    assert {row["work"] for row in rows} == {"Earlier cut-off"}
    assert "proposed" in " ".join(row["note"] for row in rows)


def test_a_raci_is_checked(context: Context) -> None:
    two = {"work": "Two heads", "accountable": ["Ann", "Bob"], "responsible": ["Ann"], "consulted": ["a", "b", "c", "d", "e"]}
    none = {"work": "No hands", "accountable": ["Ann"], "informed": ["a", "b", "c", "d", "e"]}
    many = [{"work": f"Work {i}", "accountable": ["Ann"], "responsible": ["Bob"]} for i in range(4)]
    rows = rows_of(_run(context, _company(raci=[two, none, *many])), "raci", context)
    notes = {work: " ".join(row["note"] for row in rows if row["work"] == work) for work in ("Two heads", "No hands", "Work 1")}
    assert "2 accountable: exactly one must be" in notes["Two heads"]
    assert "5 consulted" in notes["Two heads"]
    assert "nobody responsible" in notes["No hands"]
    assert "5 informed" in notes["No hands"]
    assert "Ann is responsible or accountable for 6 pieces of work" in notes["Work 1"]
    assert "Bob is" not in notes["Work 1"]


def test_a_group_that_causes_an_issue_and_has_no_work_is_named(context: Context) -> None:
    gaps = {gap.figure: gap.reason for gap in _run(context).gaps}
    assert gaps == {"responsibility of Billing": "Billing causes Wrong bill and has no part in any piece of work."}


def test_risks_are_those_people_named_and_those_read_off_the_plan(context: Context) -> None:
    authored = [
        {"because": "peak season", "may": "carriers refuse parcels", "leading_to": "late parcels", "initiative": "Earlier cut-off"}
    ]
    needs = [{"name": "Earlier cut-off"}, {"name": "Night shift", "needs": ["Earlier cut-off"]}]
    initiatives = [
        _initiative("Earlier cut-off", low=-5.0),
        _initiative("Night shift", start=date(2026, 10, 1), end=date(2026, 12, 31)),
    ]
    resources = [
        {"resource": "Logistics", "month": date(2026, 8, 1), "limit": 4.0, "used": 3.6, "unit": "person-months"},
        {"resource": "Logistics", "month": date(2026, 10, 1), "limit": 4.0, "used": 3.2, "unit": "person-months"},
        {"resource": "money", "month": date(2026, 7, 1), "limit": 10.0, "used": 10.0, "unit": "money"},
    ]
    rows = rows_of(
        _run(context, _company(risk=authored, initiative=needs), initiatives=initiatives, resources=resources), "risks", context
    )
    found = {row["risk"]: row for row in rows}
    assert len(found) == 4
    assert [row["origin"] for row in rows].count("company.toml") == 1
    assert "90 % of the people of Logistics in August 2026" in found["risk:earlier-cut-off/capacity"]["because"]
    assert found["risk:earlier-cut-off/value"]["may"] == "Earlier cut-off may bring nothing"
    assert found["risk:night-shift/waits-for-earlier-cut-off"]["initiative"] == "initiative:night-shift"
    assert all(1 <= row["probability"] <= 5 and 1 <= row["impact"] <= 5 for row in rows)


def test_a_calm_plan_has_no_proposed_risks(context: Context) -> None:
    resources = [{"resource": "Logistics", "month": date(2026, 8, 1), "limit": 4.0, "used": 3.2, "unit": "person-months"}]
    assert rows_of(_run(context, resources=resources), "risks", context) == []


def test_every_line_with_a_claim_can_be_walked_from_its_page(context: Context) -> None:
    outputs = _run(context)
    walked = {step.support for step in outputs.steps if step.claim == "one_page:logistics"}
    claims = {row["claim"] for row in rows_of(outputs, "one_pages", context) if row["group"] == "Logistics" and row["claim"]}
    assert claims == walked
    assert LATE["issue"] in walked


def test_nothing_found_gives_empty_tables_and_says_why(context: Context) -> None:
    outputs = stage.run(tables_of(context), company_of(), context)
    assert {name: len(rows_of(outputs, name, context)) for name in outputs.tables} == dict.fromkeys(stage.WRITES, 0)
    assert [gap.figure for gap in outputs.gaps] == ["one-page strategies"]


def test_issues_no_group_owns_make_no_page_and_no_action(context: Context) -> None:
    lost = {**LATE, "issue": "issue:not-assigned/lost", "name": "Lost", "group": "Not assigned"}
    outputs = _run(context, issues=[LATE, lost], initiatives=[_initiative("Find it", group="Not assigned", acts_on=lost["issue"])])
    assert {row["group"] for row in rows_of(outputs, "one_pages", context)} == {"Logistics"}
    assert rows_of(outputs, "actions", context) == []
    assert [gap.figure for gap in outputs.gaps if "Not assigned" in gap.figure] == []


def test_a_theme_stands_once_on_a_page_and_the_only_driver_is_told_by_its_effect(context: Context) -> None:
    only = {"driver_id": "driver:score/on-time", "outcome": "score", "driver": "On time", "segment": "all", "share": 1.0, "rank": 1}
    only |= {"low": 1.0, "high": 1.0, "effect": 1.78, "effect_low": 1.62, "effect_high": 1.93}
    never = {**LATE, "issue": "issue:logistics/never", "name": "Never arrived", "theme": "theme:lost-parcel", "rank": 2}
    themes = [_theme("late-delivery", 40, "On time"), _theme("lost-parcel", 60, "On time")]
    page = _page(_run(context, issues=[LATE, never], themes=themes, drivers=[only]), context)
    assert [row["label"] for row in page["vital few"]] == ["Late delivery", "Lost parcel"]
    assert "one kept promise (On time) goes with +1.8 (1.6 to 1.9) points of score" in page["issue"][0]["text"]
    assert "100 %" not in page["issue"][0]["text"]


def test_no_sentence_ends_in_two_full_stops_and_no_date_is_a_number(context: Context) -> None:
    causes = [{"issue": "Late delivery", "depth": 5, "text": "Nobody owns it.", "action": "Name an owner", "status": "tested"}]
    whys = [{"issue": LATE["issue"], "branch": "1", "depth": 5, "text": "Nobody owns it.", "status": "tested"}]
    outputs = _run(context, _company(cause=causes), causes=whys)
    texts = [row["text"] for row in rows_of(outputs, "one_pages", context)]
    assert any("Answers: Nobody owns it." in text for text in texts)
    assert any("1 July 2026 to 30 September 2026" in text for text in texts)
    assert [text for text in texts if ".." in text or "2026-" in text] == []


def test_the_health_of_a_sponsorship_is_the_mean_of_what_is_known() -> None:
    company = company_of(
        sponsor=[
            {"name": "Good", "commitment": "leading", "wanted": "leading"},
            {
                **{"name": "Late", "commitment": "neutral", "wanted": "leading", "last_contact": "2026-03-02", "cadence_days": 60},
                **{"money_asked": 100, "money_granted": 25, "people_asked": 2, "people_granted": 2},
            },
        ]
    )
    good, late = sponsors.sponsors(company, date(2026, 6, 30))
    assert (good["health"], good["score"], good["overdue_days"], good["reason"]) == ("good", 1.0, None, "")
    # Commitment two steps below: 0.5. Contact 120 - 60 = 60 days late, a whole cadence: 0. Granted: a quarter of the money: 0.25.
    assert (late["overdue_days"], late["score"], late["health"]) == (60, 0.25, "poor")
    assert late["reason"] == "neutral, wanted leading; contact 60 days late; 25 % of what was asked is granted"


def test_a_next_contact_in_the_past_is_late_unless_it_took_place() -> None:
    def late(**said: str) -> int | None:
        company = company_of(sponsor=[{"name": "A", **said}])
        found: int | None = sponsors.sponsors(company, date(2026, 6, 30))[0]["overdue_days"]
        return found

    assert late(next_contact="2026-06-20") == 10
    assert late(next_contact="2026-07-20") == 0
    assert late(next_contact="2026-06-20", last_contact="2026-06-20") is None
    assert late() is None


def test_the_vision_is_told_part_by_part() -> None:
    parts = {
        "customer_problem": "Nobody knows where a parcel is",
        "intended": {"use": "found in a minute"},
        "not_doing": ["same day"],
    }
    rows = vision.compute(company_of(vision=parts))
    assert [(row["position"], row["part"], row["stage"], row["text"]) for row in rows] == [
        (1, "customer problem", None, "Nobody knows where a parcel is"),
        (2, "intended experience", "use", "found in a minute"),
        (3, "not doing", None, "same day"),
    ]
