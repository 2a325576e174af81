"""Two runs compared: what moved, whether chance alone could bring it, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.cache import cache
from django.utils import translation

from vitalfew.runs import Run, Workspace
from vitalfew.vocabulary import arrow_table
from vitalfew.web.runs import telling
from vitalfew.web.runs.comparing import Comparison, compare, latest_change
from vitalfew.web.runs.difference import Answers, between
from vitalfew.web.runs.made_from import differences

Tables = dict[str, list[dict[str, Any]]]
SETTINGS = {
    "company": {"name": "Acme"},
    "source": [
        {
            "name": "survey",
            "table": "responses",
            "path": ["s.csv"],
            "questions": {"q": {"kind": "nps", "outcome": True, "column": "Q", "label": "Recommendation"}},
        }
    ],
}


def written(
    folder: Path, tables: Tables, settings: dict[str, Any] | None = None, today: str = "2026-06-30", code: str = "c"
) -> Run:
    """A run with these rows."""
    from vitalfew.settings import Company

    folder.mkdir(parents=True)
    for name, rows in tables.items():
        full = [dict.fromkeys(c.name for c in _vocabulary(name).columns) | row for row in rows]
        pq.write_table(arrow_table(name, full), folder / f"{name}.parquet")
    (folder / "run.json").write_text(json.dumps({"today": today, "engine": "duckdb", "version": "1", "stages": {}}))
    if settings is not None:
        dumped = Company.model_validate(settings).model_dump(mode="json")
        (folder / "settings.json").write_text(json.dumps({"settings": dumped, "inputs": {"s.csv": code}, "code": code}))
    return Run(folder, today, "duckdb", "1", {})


def _vocabulary(name: str) -> Any:
    from vitalfew.vocabulary import TABLES

    return TABLES[name]


def answers_of(scores: list[int], first: int = 0) -> Tables:
    rows = [
        {
            "source": "survey",
            "key": str(n),
            "response": str(n),
            "person": f"p{n}",
            "question": "q",
            "kind": "nps",
            "value": v,
            "weight": 1.0,
        }
        for n, v in enumerate(scores, first)
    ]
    value = 100.0 * float(np.mean([(v >= 9) - (v <= 6) for v in scores]))
    metric = {
        "metric": "m",
        "question": "q",
        "statistic": "nps",
        "segment": "all",
        "period": "all",
        "n": len(scores),
        "value": value,
    }
    return {"responses": rows, "metrics": [metric]}


def issue(name: str, value: float, half: float) -> dict[str, Any]:
    return {"issue": f"issue:{name}", "name": name, "value": value, "low": value - half, "high": value + half}


def initiative(name: str, chosen: bool, reason: str = "") -> dict[str, Any]:
    return {"initiative": f"initiative:{name}", "name": name, "chosen": chosen, "reason": reason, "value": 1.0}


def driver(name: str, rank: int, share: float) -> dict[str, Any]:
    return {
        "driver_id": f"driver:{name}",
        "outcome": "q",
        "driver": name,
        "segment": "all",
        "rank": rank,
        "share": share,
        "low": share - 0.05,
        "high": share + 0.05,
    }


def source(name: str, rows: int, quarantined: int, sha: str) -> dict[str, Any]:
    return {"source": name, "rows_read": rows, "rows_loaded": rows - quarantined, "rows_quarantined": quarantined, "sha256": sha}


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., Comparison]:
    """Compare two made runs."""
    cache.clear()  # made runs have the same names in every test; real ones are named by their contents

    def make(before: Tables, after: Tables, **more: Any) -> Comparison:
        old = written(tmp_path / "a", before, more.get("old", SETTINGS))
        new = written(tmp_path / "b", after, more.get("new", SETTINGS), more.get("today", "2026-06-30"), more.get("code", "c"))
        return compare(old, new)

    return make


# --- the outcome ---


def test_the_interval_of_the_difference_is_that_of_a_bootstrap_over_people() -> None:
    rng = np.random.default_rng(7)
    base = rng.normal(7, 2, 300)
    old = Answers(np.arange(300).astype(object), base, np.ones(300))
    # 250 people are in both, most of them with the same answer; 150 are new.
    again = np.concatenate([base[:250] + (rng.random(250) < 0.2) * rng.normal(0.5, 1, 250), rng.normal(7.4, 2, 150)])
    new = Answers(np.concatenate([np.arange(250), np.arange(1000, 1150)]).astype(object), again, rng.uniform(0.5, 2, 400))
    found = between(old, new)
    assert found is not None
    everyone = sorted({*old.who, *new.who})
    place = {who: n for n, who in enumerate(everyone)}
    at = [np.array([place[w] for w in part.who]) for part in (old, new)]
    draws = []
    for _ in range(4000):
        w = rng.exponential(size=len(everyone))
        means = [np.average(part.score, weights=part.weight * w[index]) for part, index in zip((old, new), at, strict=True)]
        draws.append(means[1] - means[0])
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.value == pytest.approx(np.average(again, weights=new.weight) - base.mean())
    assert found.low == pytest.approx(low, abs=0.05)
    assert found.high == pytest.approx(high, abs=0.05)


def test_without_a_real_change_chance_is_named_about_as_often_as_it_should_be() -> None:
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        pool = rng.normal(0, 1, 260)
        old = Answers(np.arange(200).astype(object), pool[:200], np.ones(200))
        new = Answers(np.arange(60, 260).astype(object), pool[60:], np.ones(200))
        found = between(old, new)
        assert found is not None
        wrong += not found.by_chance
    assert 8 <= wrong <= 34  # 5 % of 400, give or take three standard errors


def test_the_same_answers_are_no_difference(compared: Callable[..., Comparison]) -> None:
    same = answers_of([9, 10, 3, 7, 8, 2] * 10)
    found = compared(same, same)
    assert found.headline is not None
    assert found.headline.difference is not None
    assert found.headline.difference.value == found.headline.difference.low == 0
    assert found.same
    assert telling.summary(found) == "Nothing changed."


def test_a_large_rise_is_more_than_chance_and_a_small_one_is_not(compared: Callable[..., Comparison]) -> None:
    found = compared(answers_of([2, 7, 9] * 60), answers_of([9, 9, 2] * 60, first=1000))
    assert found.headline is not None
    assert telling.outcome(found.headline) == ("Recommendation rose from 0.0 to 33, more than chance alone would bring.")


def test_a_few_new_answers_may_be_chance(compared: Callable[..., Comparison]) -> None:
    scores = [2, 7, 9] * 60
    found = compared(answers_of(scores), answers_of([*scores, 9, 9]))
    assert found.headline is not None
    assert telling.outcome(found.headline).endswith("which chance alone could bring.")


def test_a_withheld_figure_stays_withheld(compared: Callable[..., Comparison]) -> None:
    few = answers_of([9, 9, 2])
    few["metrics"][0]["value"] = None
    found = compared(few, answers_of([9, 2] * 30))
    assert found.headline is not None
    assert found.headline.difference is None
    assert "cannot be compared" in telling.outcome(found.headline)


# --- the rest of the strategy ---


def test_issues_are_new_gone_or_changed_beyond_their_intervals(compared: Callable[..., Comparison]) -> None:
    found = compared(
        {"issues": [issue("stays", 100, 20), issue("grows", 100, 20), issue("within", 100, 20), issue("went", 50, 5)]},
        {"issues": [issue("stays", 100, 20), issue("grows", 150, 20), issue("within", 130, 40), issue("came", 70, 5)]},
    )
    assert [(each.name, each.kind) for each in found.issues] == [("came", "new"), ("went", "gone"), ("grows", "up")]


def test_initiatives_in_and_out_of_the_plan_with_the_reason(compared: Callable[..., Comparison]) -> None:
    found = compared(
        {"initiatives": [initiative("kept", True), initiative("a", True), initiative("b", False), initiative("gone", True)]},
        {"initiatives": [initiative("kept", True), initiative("a", False, "out: no money"), initiative("b", True, "in: adds")]},
    )
    assert {(each.name, each.kind) for each in found.initiatives} == {("a", "out"), ("b", "in"), ("gone", "out")}
    assert telling.plan(found) == "b came into the plan. 2 initiatives went out of the plan: a, gone."


def test_drivers_that_changed_places_or_moved_beyond_their_intervals(compared: Callable[..., Comparison]) -> None:
    found = compared(
        {"drivers": [driver("speed", 1, 0.5), driver("price", 2, 0.3), driver("care", 3, 0.2)]},
        {"drivers": [driver("price", 1, 0.45), driver("speed", 2, 0.43), driver("care", 3, 0.21)]},
    )
    assert {(each.name, each.kind, each.beyond) for each in found.drivers} == {("price", "up", True), ("speed", "down", True)}


def test_sources_with_more_rows_and_more_quarantined(compared: Callable[..., Comparison]) -> None:
    found = compared(
        {"sources": [source("survey", 100, 2, "x"), source("crm", 10, 0, "y"), source("same", 5, 0, "z")]},
        {"sources": [source("survey", 150, 7, "x2"), source("crm", 10, 0, "y2"), source("same", 5, 0, "z")]},
    )
    told = {each.source: (each.kind, each.changed, each.more, each.more_quarantined) for each in found.sources}
    assert told == {"survey": ("changed", True, 50, 5), "crm": ("same", True, 0, 0), "same": ("same", False, 0, 0)}
    assert telling.because(found) == "Why: crm has other contents; survey has 50 rows more."


# --- why ---


def test_changed_settings_are_named_with_before_and_after(compared: Callable[..., Comparison]) -> None:
    new = {**SETTINGS, "company": {"name": "Acme", "margin": 0.4}, "group": [{"name": "Desk", "people": 3}]}
    found = compared({}, {}, new=new, today="2026-07-01")
    told = {(each.section, each.name, each.kind): each.keys for each in found.origins.settings}
    assert told[("company", "", "changed")] == (("margin", "1.0", "0.4"),)
    assert ("group", "Desk", "added") in told
    assert telling.because(found) == (
        "Why: settings were changed (company, work groups); the strategy is made for July 1, 2026 instead of June 30, 2026."
    )


def test_other_code_is_a_reason(compared: Callable[..., Comparison]) -> None:
    assert telling.because(compared({}, {}, code="d")) == "Why: the way figures are computed changed."


def test_a_run_of_an_older_version_without_its_settings_is_compared_all_the_same(compared: Callable[..., Comparison]) -> None:
    found = compared({"issues": [issue("went", 1, 0)]}, {}, old=None)
    assert [each.kind for each in found.issues] == ["gone"]
    assert not found.origins.known
    assert "too old" in telling.because(found)


def test_entries_without_a_name_and_twins_are_compared() -> None:
    cause = {"issue": "i", "branch": "a", "depth": 1, "text": "x"}
    old, new = {"cause": [cause, cause]}, {"cause": [cause, {**cause, "text": "y"}]}
    (found,) = differences(old, new)
    assert (found.kind, found.keys) == ("changed", (("text", "x", "y"),))
    assert next(differences({"limits": {"budget": {"a": 1}}}, {"limits": {"budget": {"a": 2, "b": 1}}})).keys == (
        ("budget.a", "1", "2"),
        ("budget.b", "", "1"),
    )


def test_of_who_is_who_and_of_sponsors_nothing_but_that_they_changed_is_told() -> None:
    link = {"left": "crm#anna@x.it", "right": "web#2", "decision": "same", "reason": "she said so"}
    old = {"link": [], "sponsor": [{"name": "Sam", "gains": "a promotion"}]}
    new = {"link": [link], "sponsor": [{"name": "Sam", "gains": "a bonus"}]}
    found = list(differences(old, new))
    assert [(each.section, each.name, each.kind, each.keys) for each in found] == [
        ("link", "", "changed", ()),
        ("sponsor", "", "changed", ()),
    ]
    assert list(differences({}, {"link": []})) == []


def test_it_is_told_in_the_readers_numbers(compared: Callable[..., Comparison]) -> None:
    found = compared({"sources": [source("s", 1000, 0, "x")]}, {"sources": [source("s", 13345, 0, "y")]})
    with translation.override("de"):
        assert "12.345" in telling.because(found)


# --- two real runs ---


def test_a_real_change_of_data_and_settings_is_told(changed_workspace: Path) -> None:
    found = latest_change(Workspace(changed_workspace))
    assert found is not None
    assert found.origins.inputs == ("survey.csv",)
    assert found.origins.sections == ("group",)
    assert not found.origins.code
    (survey,) = found.sources
    assert survey.more == 40
    told = telling.summary(found)
    assert "Why: survey has 40 rows more; settings were changed (work groups)" in told
    assert "rose" in told
    before, after = (Workspace(changed_workspace).run(each) for each in (found.before, found.after))
    assert before is not None
    assert after is not None
    back = compare(after, before)
    assert back.sources[0].more == -40
    assert "fell" in telling.summary(back)


def test_one_run_has_nothing_to_be_compared_with(other_workspace: Path) -> None:
    assert latest_change(Workspace(other_workspace)) is None
