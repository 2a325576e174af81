"""Themes of comments: found, named, counted, measured and attributed, against planted truth and direct computation."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import planted
import pytest
from sklearn.metrics import adjusted_rand_score

from made_tables import company_of, rows_of, survey, tables_of
from vitalfew.engine import Context, DuckEngine
from vitalfew.numerics.draws import hashes, weights
from vitalfew.outputs import Outputs
from vitalfew.settings import Company
from vitalfew.understand import quotes, theme_tree, themes

OUTCOME: dict[str, Any] = {"kind": "nps", "outcome": True, "column": "Q1"}
COMMENT: dict[str, Any] = {"kind": "text", "column": "Q9"}
LANGUAGES = [("en", 1), ("en", 2), ("pt", 1), ("pt", 2)]


def company(**sections: Any) -> Company:
    settings = {"draws": 60, **sections.pop("company", {})}
    return company_of(company=settings, source=survey(recommend=OUTCOME, comment=COMMENT), **sections)


def answer(key: int, question: str, value: float | str, **more: Any) -> dict[str, Any]:
    kind = "text" if isinstance(value, str) else "nps"
    words = {"text": value} if isinstance(value, str) else {"value": value}
    base = {"source": "survey", "key": f"{key:05d}", "response": f"survey#{key:05d}", "person": f"person:{key}", "weight": 1.0}
    return {**base, "question": question, "kind": kind, **words, **more}


def answers(comments: list[planted.Planted], seed: int = 0) -> list[dict[str, Any]]:
    """A survey in which each comment stands with a score that suits it."""
    dice = random.Random(seed)
    rows = []
    for key, comment in enumerate(comments):
        rows.append(answer(key, "recommend", float(dice.randint(8, 10) if comment.praise else dice.randint(1, 7))))
        rows.append(answer(key, "comment", comment.text))
    return rows


def compute(context: Context, settings: Company, **tables: Any) -> Outputs:
    return themes.compute(tables_of(context, **tables), settings, context)


@pytest.mark.parametrize(("language", "seed"), LANGUAGES)
def test_planted_themes_are_found_in_two_languages(context: Context, language: str, seed: int) -> None:
    comments = planted.comments(700, seed, language)
    made = compute(context, company(), responses=answers(comments))
    main = {row["key"]: row["theme"] for row in rows_of(made, "mentions", context) if row["rank"] == 1}
    found = [main[f"{key:05d}"] for key in range(len(comments))]
    assert adjusted_rand_score([each.theme for each in comments], found) >= 0.5
    rows = rows_of(made, "themes", context)
    other = sum(row["share"] for row in rows if row["theme"] == "theme:other")
    assert other <= 0.05
    assert 2 <= len([row for row in rows if row["parent"] == ""]) <= 15


def test_praise_and_complaints_do_not_share_a_theme(context: Context) -> None:
    comments = planted.comments(700, 3)
    made = compute(context, company(), responses=answers(comments))
    main = {row["key"]: row["theme"] for row in rows_of(made, "mentions", context) if row["rank"] == 1}
    counts = Counter((main[f"{key:05d}"], each.praise) for key, each in enumerate(comments))
    mixed = sum(min(counts[theme, True], counts[theme, False]) for theme in set(main.values()))
    assert mixed <= 0.01 * len(comments)
    mood = {row["theme"]: row["sentiment"] for row in rows_of(made, "themes", context)}
    for theme in {theme for theme in main.values() if theme != "theme:other"}:
        assert mood[theme] == ("positive" if counts[theme, True] > counts[theme, False] else "negative")


def test_the_order_of_records_does_not_matter(context: Context, tmp_path: Path) -> None:
    rows = answers(planted.comments(400, 5))
    first = compute(context, company(), responses=rows)
    folder = tmp_path / "again" / "stage"
    folder.mkdir(parents=True)
    engine = DuckEngine(folder)
    again = Context(engine, context.today, context.seed, folder, tmp_path)
    random.Random(1).shuffle(rows)
    second = compute(again, company(), responses=rows)
    for name in ("themes", "mentions", "draws"):
        assert first.tables[name].equals(second.tables[name])
    assert list(first.steps) == list(second.steps)
    engine.close()


def test_quotes_stand_in_the_comment_where_the_span_says(context: Context) -> None:
    texts = [f"{a.text} {b.text}" for a, b in zip(planted.comments(150, 6), planted.comments(150, 7), strict=True)]
    texts[3] = "Ünïcödé 😀 the invoice was wrong.\n\n" + "very long " * 60 + "delivery late"
    texts[4] = "   "
    rows = [row for key, text in enumerate(texts) for row in (answer(key, "comment", text), answer(key, "recommend", 4.0))]
    made = compute(context, company(), responses=rows)
    mentions = rows_of(made, "mentions", context)
    assert {row["key"] for row in mentions} == {f"{key:05d}" for key in range(150) if key != 4}
    for row in mentions:
        assert texts[int(row["key"])][row["start"] : row["end"]] == row["quote"]
        assert 0 < len(row["quote"]) <= 200
    ranks = Counter((row["key"], row["theme"]) for row in mentions)
    assert max(ranks.values()) == 1
    assert any(row["rank"] == 2 for row in mentions)
    for row in rows_of(made, "themes", context):
        assert row["quote"] != row["second_quote"] or not row["quote"]


def test_a_theme_takes_the_name_the_company_gave_and_parts_of_it_are_joined(context: Context) -> None:
    comments = planted.comments(700, 8)
    authored = [
        {"name": "Invoices are wrong", "words": ["invoice", "bill"], "group": "Finance"},
        {"name": "Spaceships", "words": ["warp drive"]},
    ]
    made = compute(context, company(theme=authored), responses=answers(comments))
    rows = {row["name"]: row for row in rows_of(made, "themes", context)}
    assert rows["Invoices are wrong"]["group"] == "Finance"
    assert rows["Invoices are wrong"]["theme"] == "theme:invoices-are-wrong"
    assert "Spaceships" not in rows
    assert [gap.figure for gap in made.gaps] == ["theme Spaceships"]
    main = {row["key"]: row["theme"] for row in rows_of(made, "mentions", context) if row["rank"] == 1}
    planted_bills = {f"{key:05d}" for key, each in enumerate(comments) if each.theme == "wrong bill"}
    found = {key for key, theme in main.items() if theme == "theme:invoices-are-wrong"}
    assert len(found & planted_bills) >= 0.9 * len(found | planted_bills)


def test_names_are_phrases_customers_wrote_and_ids_are_unique(context: Context) -> None:
    made = compute(context, company(), responses=answers(planted.comments(700, 9)))
    rows = rows_of(made, "themes", context)
    assert len({row["theme"] for row in rows}) == len(rows)
    names = " | ".join(row["name"].lower() for row in rows)
    told = [word for word in ("refund", "login", "crash", "expensive", "packaging", "password", "slow", "late") if word in names]
    assert len(told) >= 6, names


def test_names_stand_in_comments_as_two_to_four_words_in_a_row(context: Context) -> None:
    comments = planted.comments(700, 9)
    made = compute(context, company(), responses=answers(comments))
    rows = rows_of(made, "themes", context)
    above = {row["parent"] for row in rows}
    names = [row["name"] for row in rows if row["theme"] not in above and row["name"] != "Other"]
    said = " | ".join(each.text.lower() for each in comments)
    as_said = [name for name in names if name.lower() in said and 2 <= len(name.split()) <= 4]
    assert len(as_said) >= 0.85 * len(names), sorted(set(names) - set(as_said))
    assert all(name[:1].isupper() for name in names)


def test_a_name_keeps_its_negation_and_never_names_a_brand(context: Context) -> None:
    texts = [f"I could not open the {each} report" for each in ("sales", "yearly", "weekly")] * 8
    texts += [f"Acmeshop parcels never arrived in {town}" for town in ("Rome", "Oslo", "Bonn", "Lyon")] * 6
    texts += [f"{word} prices went up again" for word in ("all", "your", "the", "many")] * 6
    rows = [row for key, text in enumerate(texts) for row in (answer(key, "comment", text), answer(key, "recommend", 2.0))]
    named = {}
    for brands in ([], ["acmeshop"]):
        made = compute(context, company(company={"brands": brands}), responses=rows)
        named[bool(brands)] = " | ".join(f"{row['name']}, {row['words']}".lower() for row in rows_of(made, "themes", context))
    assert "acmeshop" in named[False]
    assert "acmeshop" not in named[True]
    assert "never arrived" in named[True]


def test_the_two_quotes_of_a_theme_differ_in_words_and_open_without_a_greeting(context: Context) -> None:
    comments = planted.comments(700, 12)
    texts = [f"{('Hi all,', 'Dear Ann,', 'Good morning,')[key % 3]} {each.text}!!" for key, each in enumerate(comments)]
    rows = [row for key, text in enumerate(texts) for row in (answer(key, "comment", text), answer(key, "recommend", 3.0))]
    found = rows_of(compute(context, company(), responses=rows), "themes", context)
    pairs = [(row["quote"], row["second_quote"]) for row in found if row["second_quote"]]
    assert len(pairs) >= 10
    for first, second in pairs:
        assert not quotes.alike(first, second), (first, second)
        assert not first.startswith(("Hi", "Dear", "Good morning"))


def test_two_ways_of_saying_one_trouble_of_one_group_become_one(context: Context) -> None:
    middle = np.array([[1, 0, 0], [0.3, 0.95, 0], [0.2, 0, 0.98], [0.2, 0.1, 0.97]], dtype=np.float32)
    unit = theme_tree.unit(middle)

    def one(groups: list[str | None], drivers: list[str] | None = None, named: list[bool] | None = None) -> list[int]:
        return theme_tree.one_trouble(unit, groups, drivers or [""] * 4, named or [False] * 4).tolist()

    # The last two are nearly the same; the first is at .30 from the second and at .20 from them.
    assert one(["A", "A", "B", "B"]) == [0, 0, 1, 1]
    assert one(["A", "B", "B", "B"]) == [0, 1, 2, 2]
    assert one(["", "", "B", None]) == [0, 0, 1, 2]
    assert one(["A", "B", "B", ""]) == [0, 1, 2, 3]
    assert one(["A", "A", "", ""], named=[True, True, False, False]) == [0, 1, 2, 2]
    assert one(["A"] * 4, drivers=["x", "y", "x", "x"]) == [0, 1, 0, 0]
    assert one([None] * 4) == [0, 1, 2, 3]


def test_a_part_nobody_named_joins_the_trouble_its_group_named(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever one group causes is one trouble here: the theme with a name takes the other's comments, people and mentions."""
    dice = random.Random(3)
    ways = ["the {} parcel arrived late {}", "no {} parcel here {}, still waiting for the driver"]
    other = ["the invoice shows wrong items {} {}", "the login page failed {} {}", "the chair has scratches on arrival {} {}"]
    how, when = ["red", "green", "heavy", "small", "blue", "large"], ["monday", "friday", "today", "twice", "yesterday", "tuesday"]
    texts = [dice.choice(ways if key < 60 else other).format(dice.choice(how), dice.choice(when)) for key in range(150)]
    rows = [
        {"source": "desk", "key": f"{key:03d}", "person": f"person:{key}", "text": text, "minutes": 5.0}
        | {
            "group": "Logistics" if key < 60 else "Desk",
            "touchpoint": "parcel" if key < 60 else "other",
            "at": datetime(2026, 3, 1),
        }
        for key, text in enumerate(texts)
    ]
    group = [{"name": "Logistics", "touchpoints": ["parcel"]}, {"name": "Desk"}]
    settings = company_of(
        company={"draws": 50}, group=group, theme=[{"name": "Late parcels", "words": ["late"], "group": "Logistics"}]
    )
    apart = compute(context, settings, interactions=rows)
    assert {row["name"]: row["n_comments"] for row in rows_of(apart, "themes", context)}["Late parcels"] < 60
    monkeypatch.setattr(theme_tree, "_SAME_OWNED", -0.9)
    made = compute(context, settings, interactions=rows)
    found = {row["name"]: row for row in rows_of(made, "themes", context)}
    assert (found["Late parcels"]["n_comments"], found["Late parcels"]["n_people"]) == (60, 60)
    main = {row["key"]: row["theme"] for row in rows_of(made, "mentions", context) if row["rank"] == 1}
    assert {main[f"{key:03d}"] for key in range(60)} == {"theme:late-parcels"}
    assert "theme:late-parcels" not in {main[f"{key:03d}"] for key in range(60, 150)}


def test_the_vital_few_are_the_first_themes_that_make_up_eighty_percent(context: Context) -> None:
    made = compute(context, company(), responses=answers(planted.comments(700, 10)))
    rows = rows_of(made, "themes", context)
    above = {row["parent"] for row in rows}
    bad = [row for row in rows if row["sentiment"] in ("negative", "mixed") and row["theme"] not in above]
    bad.sort(key=lambda row: row["cumulative"])
    total = sum(row["n_comments"] for row in bad)
    running = np.cumsum([row["n_comments"] for row in bad]) / total
    assert [row["cumulative"] for row in bad] == pytest.approx(running.tolist())
    assert [row["vital_few"] for row in bad] == [True, *(running[:-1] < 0.8).tolist()]
    assert all(row["cumulative"] is None and not row["vital_few"] for row in rows if row["sentiment"] == "positive")


def _worked(context: Context) -> tuple[Outputs, list[dict[str, Any]], dict[str, float]]:
    """Three subjects and silent respondents: the worked example of docs/algorithms/themes.md."""
    rows: list[dict[str, Any]] = []
    scores: dict[str, float] = {}
    said = [
        ("the parcel came late again", 2.0, 20),
        ("wrong amount on the invoice", 4.0, 10),
        ("friendly staff, thank you", 9.0, 20),
    ]
    key = 0
    for text, score, times in said:
        for _ in range(times):
            rows += [answer(key, "recommend", score), answer(key, "comment", text)]
            scores[f"{key:05d}"] = score
            key += 1
    for score, times in ((2.0, 10), (9.0, 140)):
        for _ in range(times):
            rows.append(answer(key, "recommend", score))
            scores[f"{key:05d}"] = score
            key += 1
    authored = [{"name": "Late", "words": ["late"]}, {"name": "Bills", "words": ["invoice"]}, {"name": "Staff", "words": ["staff"]}]
    return compute(context, company(theme=authored), responses=rows), rows, scores


def test_impact_drop_and_share_of_the_worked_example(context: Context) -> None:
    made, _, scores = _worked(context)
    rows = {row["name"]: row for row in rows_of(made, "themes", context)}
    late = rows["Late"]
    everyone = np.array(list(scores.values()))
    assert everyone.mean() == pytest.approx(7.7)
    assert late["n_comments"] == late["n_people"] == 20
    assert late["share"] == pytest.approx(0.4)
    assert late["impact"] == pytest.approx(7.7 - (1540 - 40) / 180)
    assert late["drop"] == pytest.approx(2.0 - (10 * 4 + 20 * 9) / 30)
    assert late["low"] < late["impact"] < late["high"] < 0
    assert late["drop_low"] < late["drop"] < late["drop_high"] < 0
    # Of the 40 who are unhappy (30 of whom comment), 2 in 3 say late: 40/200 x 20/30 of all customers, though 40 % of comments.
    shares = [
        row["value"]
        for row in rows_of(made, "draws", context)
        if row["claim"] == "theme:late" and row["quantity"] == "share_people"
    ]
    assert np.mean(shares) == pytest.approx(40 / 200 * 20 / 30, rel=0.05)


def test_draws_are_the_direct_computation_under_the_shared_weights(context: Context) -> None:
    made, rows, scores = _worked(context)
    drawn = weights(hashes([f"person:{int(key)}" for key in scores]), 60, context.seed)
    values = np.array(list(scores.values()))
    commented = {row["key"] for row in rows if row["question"] == "comment"}
    late = np.array([int(key) < 20 for key in scores])
    bills = np.array([20 <= int(key) < 30 for key in scores])
    spoke = np.array([key in commented for key in scores])
    stored = [(row["claim"], row["quantity"], row["draw"], row["value"]) for row in rows_of(made, "draws", context)]
    for draw in (0, 17, 59):
        weight = drawn[:, draw]
        low = values <= 6
        share = weight[low].sum() / weight.sum() * weight[late].sum() / weight[low & spoke].sum()
        assert ("theme:late", "share_people", draw) in {each[:3] for each in stored}
        found = {each[1]: each[3] for each in stored if each[0] == "theme:late" and each[2] == draw}
        assert found["share_people"] == pytest.approx(share)
        design = np.column_stack([np.ones(len(values)), late, bills])[spoke]
        root = np.sqrt(weight[spoke])
        slopes = np.linalg.lstsq(design * root[:, None], values[spoke] * root, rcond=None)[0]
        assert found["points"] == pytest.approx(-slopes[1], rel=1e-6)
    assert "hours" not in {each[1] for each in stored}


RATED: dict[str, dict[str, Any]] = {
    "delivery": {"kind": "rating", "scale": [1, 5], "column": "a", "driver": "Delivery on time", "group": "Logistics"},
    "billing": {"kind": "rating", "scale": [1, 5], "column": "b", "driver": "Correct bills", "group": "Finance"},
    "staff": {"kind": "rating", "scale": [1, 5], "column": "c", "driver": "Friendly staff", "group": "Service"},
}


def _rated_rows(seed: int) -> list[dict[str, Any]]:
    """Customers whose mood moves every rating, and whose trouble moves one more; they speak of the trouble."""
    dice = random.Random(seed)
    words = {
        "delivery": "the parcel came {} days late",
        "billing": "wrong amount on invoice {}",
        "staff": "agent {} was rude to me",
    }
    rows = []
    for key in range(400):
        mood = dice.gauss(0, 0.7)
        trouble = dice.choice([*words, None])
        rating = {name: max(1.0, min(5.0, round(3.8 + mood + dice.gauss(0, 0.5) - 1.5 * (name == trouble)))) for name in words}
        score = max(0.0, min(10.0, round(2 * sum(rating.values()) / 3)))
        rows += [answer(key, name, value, kind="rating") for name, value in rating.items()]
        rows += [answer(key, "recommend", score)]
        text = words[trouble].format(dice.randint(2, 9)) if trouble else "all fine, thank you, great"
        rows.append(answer(key, "comment", text))
    return rows


def test_themes_are_attributed_to_the_driver_that_was_planted_in_spite_of_mood(context: Context) -> None:
    settings = company_of(
        company={"draws": 60},
        source=survey(recommend=OUTCOME, comment=COMMENT, **RATED),
        theme=[
            {"name": "Late", "words": ["late"]},
            {"name": "Bills", "words": ["invoice"]},
            {"name": "Rude", "words": ["rude"]},
        ],
    )
    effects = [
        {"claim": "driver:recommend/delivery-on-time", "quantity": "effect", "draw": draw, "value": 1.0 + draw / 100}
        for draw in range(60)
    ]
    driver = {"driver_id": "driver:recommend/delivery-on-time", "outcome": "recommend", "driver": "Delivery on time",
              "question": "delivery", "segment": "all", "effect": 1.3}  # fmt: skip
    rows = _rated_rows(2)
    made = compute(context, settings, responses=rows, draws=effects, drivers=[driver])
    found = {row["name"]: row for row in rows_of(made, "themes", context)}
    assert (found["Late"]["driver"], found["Late"]["group"]) == ("Delivery on time", "Logistics")
    assert (found["Bills"]["driver"], found["Bills"]["group"]) == ("Correct bills", "Finance")
    assert (found["Rude"]["driver"], found["Rude"]["group"]) == ("Friendly staff", "Service")
    assert found["Late"]["lift"] > 1.5
    steps = {(step.claim, step.support) for step in made.steps}
    assert ("theme:late", "driver:recommend/delivery-on-time") in steps
    assert ("theme:late", "mentions[theme=theme:late]") in steps
    assert any(support.startswith("responses:survey#") for claim, support in steps if claim == "theme:late")
    # Points lost = effect of the driver x how much lower those who say it rate it than those who do not, draw by draw.
    delivery = {row["key"]: row["value"] for row in rows if row["question"] == "delivery"}
    late = {row["key"] for row in rows if row["question"] == "comment" and "late" in row["text"]}
    keys = sorted(delivery)
    drawn = weights(hashes([f"person:{int(key)}" for key in keys]), 60, context.seed)[:, 5]
    value = np.array([delivery[key] for key in keys])
    says = np.array([key in late for key in keys])
    gap = np.average(value[~says], weights=drawn[~says]) - np.average(value[says], weights=drawn[says])
    points = [
        row["value"]
        for row in rows_of(made, "draws", context)
        if (row["claim"], row["quantity"], row["draw"]) == ("theme:late", "points", 5)
    ]
    assert points == pytest.approx([1.05 * gap])


def test_a_theme_goes_to_the_broken_promise_where_nothing_is_rated(context: Context) -> None:
    dice = random.Random(4)
    rows, checks = [], []
    for key in range(200):
        kept = dice.random() < 0.6
        rows.append(answer(key, "recommend", 9.0 if kept else 4.0, order=f"shop#{key}"))
        text = "thank you, great" if kept or dice.random() < 0.3 else f"the parcel came {dice.randint(2, 9)} days late"
        rows.append(answer(key, "comment", text, order=f"shop#{key}"))
        checks.append({"promise": "promise:on-time", "table": "orders", "source": "shop", "key": str(key), "kept": kept})
    promise = [{"name": "On time", "kept_when": "delivered_at <= promised_at", "group": "Logistics"}]
    settings = company(promise=promise, theme=[{"name": "Late", "words": ["late"]}])
    made = compute(context, settings, responses=rows, promise_checks=checks)
    late = next(row for row in rows_of(made, "themes", context) if row["name"] == "Late")
    assert (late["driver"], late["group"]) == ("On time", "Logistics")


def test_contacts_give_hours_money_and_the_group_that_owns_the_touchpoint(context: Context) -> None:
    rows = [
        {
            "source": "desk",
            "key": f"{key:03d}",
            "person": f"person:{key % 30}",
            "at": datetime(2026, 3, 1) if key % 2 else datetime(2024, 1, 1),
            "touchpoint": "invoice" if key < 40 else "phone",
            "group": "Helpdesk",
            "minutes": 30.0,
            "cost": 5.0,
            "text": "the invoice amount is wrong" if key < 40 else f"the parcel did not arrive, number {key}",
        }
        for key in range(80)
    ]
    group = [
        {"name": "Finance", "hour_cost": 40.0, "touchpoints": ["invoice"]},
        {"name": "Helpdesk", "hour_cost": 20.0},
    ]
    settings = company_of(
        company={"draws": 200}, group=group, theme=[{"name": "Bills", "words": ["invoice"]}, {"name": "Lost", "words": ["parcel"]}]
    )
    made = compute(context, settings, interactions=rows)
    found = {row["name"]: row for row in rows_of(made, "themes", context)}
    assert (found["Bills"]["group"], found["Lost"]["group"]) == ("Finance", "Helpdesk")
    assert found["Bills"]["impact"] is None
    assert "no outcome" in found["Bills"]["note"]
    draws = rows_of(made, "draws", context)
    mean = {
        (row["claim"], row["quantity"]): np.mean(
            [each["value"] for each in draws if (each["claim"], each["quantity"]) == (row["claim"], row["quantity"])]
        )
        for row in draws
    }
    # Half of the 40 contacts lie within the year: 20 x 30 minutes = 10 hours, at 20 an hour, and 20 x 5 of direct cost.
    assert mean["theme:bills", "hours"] == pytest.approx(10, rel=0.1)
    assert mean["theme:bills", "handling"] == pytest.approx(300, rel=0.1)
    assert mean["theme:bills", "share_people"] == pytest.approx(1)


def test_no_comment_is_a_gap_and_empty_tables(context: Context) -> None:
    made = compute(context, company(), responses=[answer(1, "recommend", 3.0)])
    assert {name: table.num_rows for name, table in made.tables.items()} == {"themes": 0, "mentions": 0, "draws": 0}
    assert [gap.figure for gap in made.gaps] == ["themes of comments"]


@pytest.mark.parametrize("texts", [["late"], ["late"] * 40, ["a", "b"], ["...", "!"], ["?"] * 3 + ["the bill is wrong"] * 9])
def test_tiny_inputs_are_assigned_or_honestly_other(context: Context, texts: list[str]) -> None:
    rows = [row for key, text in enumerate(texts) for row in (answer(key, "comment", text), answer(key, "recommend", 3.0))]
    made = compute(context, company(), responses=rows)
    assert len([row for row in rows_of(made, "mentions", context) if row["rank"] == 1]) == len(texts)
    found = rows_of(made, "themes", context)
    assert sum(row["n_comments"] for row in found if row["parent"] == "") == len(texts)
    for row in found:
        if row["n_people"] < 5:
            assert row["impact"] is None
            assert row["note"]


def test_anonymous_comments_count_each_as_one_customer(context: Context) -> None:
    rows = []
    for key in range(30):
        rows.append(answer(key, "recommend", 3.0, person=None))
        rows.append(answer(key, "comment", "the bill is wrong", person=None))
    made = compute(context, company(), responses=rows)
    assert [row["n_people"] for row in rows_of(made, "themes", context)] == [30]
