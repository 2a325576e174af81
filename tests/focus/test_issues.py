"""Issues: what is found, what it is worth, and that one interval runs from the comment to the money."""

from __future__ import annotations

import numpy as np
import pytest
from focus_world import REVENUE, company, planted, theme, world

from made_tables import rows_of
from vitalfew.engine import Context
from vitalfew.evidence import Gap
from vitalfew.focus.issues import compute
from vitalfew.focus.matching import best_match, overlap


def issues_of(context: Context, given=None, settings=None) -> dict[str, dict]:
    _, outputs = compute(given or planted(context), settings or company(), context)
    return {row["issue"]: row for row in rows_of(outputs, "issues", context)}


def test_late_delivery_appears_once_and_not_as_a_promise_a_theme_and_a_driver(context: Context) -> None:
    found = issues_of(context)
    assert sorted(found) == [
        "issue:billing/odd-colours",
        "issue:billing/slow-refund",
        "issue:billing/unclear-offers",
        "issue:billing/wrong-invoice",
        "issue:logistics/late-delivery",
        "issue:not-assigned/nobody-s-trouble",
    ]
    late = found["issue:logistics/late-delivery"]
    assert (late["theme"], late["driver"], late["quote"]) == ("theme:parcel-comes-late", "Delivery", "Parcel comes late!")


def test_the_interval_of_the_money_is_that_of_the_products_of_the_draws(context: Context) -> None:
    row = issues_of(context)["issue:billing/wrong-invoice"]
    points = world("theme:wrong-invoice", "share_people") * world("theme:wrong-invoice", "points")
    money = points * world("point_value:recommend", "revenue_share") * REVENUE + world("theme:wrong-invoice", "handling")
    assert row["points"] == pytest.approx(points.mean())
    assert (row["points_low"], row["points_high"]) == pytest.approx(tuple(np.quantile(points, [0.025, 0.975])))
    assert row["value"] == pytest.approx(money.mean())
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(money, [0.025, 0.975])))
    # 10 % of customers x 3 points x 4 % of a million + 9,000 of handling.
    assert row["value"] == pytest.approx(21_000, rel=0.05)


def test_the_margin_is_taken_from_revenue_and_not_from_handling(context: Context) -> None:
    row = issues_of(context, settings=company(company={"margin": 0.5}))["issue:billing/wrong-invoice"]
    assert row["value"] == pytest.approx(0.5 * 12_000 + 9_000, rel=0.05)


def test_a_promise_rests_on_its_scores_or_its_comments_whichever_are_more(context: Context) -> None:
    late = issues_of(context)["issue:logistics/late-delivery"]
    gap = world("promise:on-time", "broken_share") * world("promise:on-time", "gap")
    assert late["points"] == pytest.approx(gap.mean())
    assert "200 scores of kept and broken promises, more than the 50 comments" in late["note"]
    few = planted(context, promises=[{**_promise(), "n_kept": 9, "n_broken": 5}])
    late = issues_of(context, few)["issue:logistics/late-delivery"]
    said = world("theme:parcel-comes-late", "share_people") * world("theme:parcel-comes-late", "points")
    assert late["points"] == pytest.approx(said.mean())
    assert "50 comments, more than the 14 scores" in late["note"]


def _promise() -> dict:
    row = {"promise": "promise:on-time", "name": "On time", "segment": "all", "group": "Logistics", "kept": 0.8, "n": 500}
    return {**row, "outcome": "recommend"}


def test_a_weak_driver_counts_what_it_lies_below_the_mean_driver(context: Context) -> None:
    row = issues_of(context)["issue:billing/unclear-offers"]
    # Performances 4 and 3 on 1 to 5: the weak one is half a point below their mean.
    assert row["points"] == pytest.approx(0.5 * world("driver:recommend/clear-offers", "effect").mean())
    # Answers 1 and 2 of 1 to 5 lie below the middle: 12 of 30.
    assert row["n_people"] == 12


def test_people_comments_and_revenue_are_those_known_to_be_affected(context: Context) -> None:
    found = issues_of(context)
    late = found["issue:logistics/late-delivery"]
    # Ten people say it (p0 to p9); the promise was broken to the ten odd ones of p0 to p19: fifteen people.
    assert (late["n_people"], late["n_comments"], late["revenue"]) == (15, 10, 1500.0)
    assert found["issue:billing/wrong-invoice"]["n_people"] == 8


def test_revenue_is_that_of_accounts_where_accounts_pay(context: Context) -> None:
    given = planted(context, customers=[{"id": f"a{i}", "kind": "account", "revenue": 1000.0} for i in range(15)])
    # p0 to p7 belong to four accounts.
    assert issues_of(context, given)["issue:billing/wrong-invoice"]["revenue"] == 4000.0


def test_what_is_not_shown_to_hurt_is_kept_and_says_so(context: Context) -> None:
    row = issues_of(context)["issue:billing/odd-colours"]
    assert row["points_low"] < 0
    assert "not shown to hurt" in row["note"]


def test_each_group_has_its_top_two_by_value(context: Context) -> None:
    found = issues_of(context)
    billing = sorted((row["rank"], row["name"]) for row in found.values() if row["group"] == "Billing")
    assert [name for _, name in billing][:2] == ["Wrong invoice", "Unclear offers"]
    assert [row["name"] for row in found.values() if row["group"] == "Billing" and row["top"]] == [
        "Wrong invoice",
        "Unclear offers",
    ]
    assert found["issue:billing/wrong-invoice"]["first_probability"] == 1.0
    chances = [row["first_probability"] for row in found.values() if row["group"] == "Billing"]
    assert sum(chances) == pytest.approx(2.0)


def test_without_the_worth_of_a_point_issues_are_ranked_by_points_lost(context: Context) -> None:
    none = [{"outcome": "recommend", "revenue": REVENUE, "basis": "none", "note": "No orders are known."}]
    findings, outputs = compute(planted(context, point_value=none), company(), context)
    rows = {row["name"]: row for row in rows_of(outputs, "issues", context)}
    assert findings.objective == "outcome points"
    assert rows["Wrong invoice"]["value"] is None
    assert rows["Wrong invoice"]["handling"] == pytest.approx(9000, rel=0.05)
    assert "no money: No orders are known." in rows["Wrong invoice"]["note"]
    assert rows["Wrong invoice"]["rank"] == 1
    assert any(gap.figure == "value at stake in money" for gap in outputs.gaps)


def test_a_stated_worth_of_a_point_without_draws_is_used_as_it_is(context: Context) -> None:
    stated = [{"outcome": "other", "revenue_share": 0.01, "revenue": REVENUE, "basis": "stated in company.toml", "note": ""}]
    row = issues_of(context, planted(context, point_value=stated))["issue:billing/slow-refund"]
    points = world("theme:slow-refund", "share_people") * world("theme:slow-refund", "points")
    assert row["value"] == pytest.approx(points.mean() * 0.01 * REVENUE)


def test_figures_of_fewer_than_five_people_are_withheld(context: Context) -> None:
    few = [{"source": "s", "key": str(i), "question": "q", "theme": "theme:wrong-invoice", "person": f"p{i}"} for i in range(4)]
    row = issues_of(context, planted(context, mentions=few))["issue:billing/wrong-invoice"]
    assert (row["n_people"], row["value"], row["points"], row["handling"]) == (4, None, None, None)
    assert row["note"] == "withheld: fewer than 5 people"


def test_an_unowned_theme_is_listed_with_the_setting_that_would_assign_it(context: Context) -> None:
    _, outputs = compute(planted(context), company(), context)
    gap = next(gap for gap in outputs.gaps if gap.figure == "the work group that causes an issue")
    assert "Nobody's trouble" in gap.reason


def test_complaints_in_unknown_sentiment_count_when_they_go_with_lower_scores(context: Context) -> None:
    themes = [
        theme("Atraso", sentiment="unknown", group="Billing", drop_high=-0.2),
        theme("Cor", sentiment="unknown", group="Billing", drop_high=0.3),
    ]
    names = {row["name"] for row in issues_of(context, planted(context, themes=themes)).values()}
    assert "Atraso" in names
    assert "Cor" not in names


def test_a_promise_takes_in_the_theme_that_is_likelier_where_it_is_broken_in_any_language(context: Context) -> None:
    themes = [theme("Atraso da encomenda", driver="On time", group="Logistics", lift=3.0)]
    found = issues_of(context, planted(context, themes=themes))
    assert found["issue:logistics/late-delivery"]["theme"] == "theme:atraso-da-encomenda"
    themes = [theme("Atraso da encomenda", driver="On time", group="Logistics", lift=1.2)]
    assert "issue:logistics/atraso-da-encomenda" in issues_of(context, planted(context, themes=themes))


def test_nothing_in_gives_an_empty_table_and_a_gap(context: Context) -> None:
    from made_tables import tables_of

    findings, outputs = compute(tables_of(context), company(), context)
    assert findings.issues == ()
    assert rows_of(outputs, "issues", context) == []
    assert isinstance(outputs.gaps[0], Gap)


def test_evidence_leads_to_the_theme_the_promise_the_driver_and_the_worth_of_a_point(context: Context) -> None:
    _, outputs = compute(planted(context), company(), context)
    supports = {step.support: step.role for step in outputs.steps if step.claim == "issue:logistics/late-delivery"}
    assert sorted(supports) == ["driver:recommend/delivery", "point_value:recommend", "promise:on-time", "theme:parcel-comes-late"]
    assert "one point of recommend is worth 4." in supports["point_value:recommend"] or "3.9" in supports["point_value:recommend"]
    said = {step.support: step.role for step in outputs.steps if step.claim == "issue:billing/wrong-invoice"}
    assert said["theme:wrong-invoice"].endswith("% of customers say it")


@pytest.mark.parametrize(
    ("name", "key"),
    [("late delivery", "a"), ("Deliveries late", "a"), ("The wrong invoice", "b"), ("colour of the sky", None)],
)
def test_names_are_matched_by_slug_and_then_by_words(name: str, key: str | None) -> None:
    assert best_match(name, {"a": ["Late delivery"], "b": ["Wrong invoice", ""]}) == key


def test_overlap_counts_shared_words_of_both_names() -> None:
    assert overlap("late delivery", "late parcel") == pytest.approx(0.5)
