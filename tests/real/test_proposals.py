"""What `vitalfew init` proposes from real exports nobody here wrote, against the mappings written for them by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_real_exports import FOLDERS

from vitalfew.company import load
from vitalfew.listen.proposing import propose
from vitalfew.listen.stage import faults_of

pytestmark = pytest.mark.real

Sources = Callable[[str], dict[str, dict[str, Any]]]


@pytest.fixture(scope="session")
def proposals(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """The sources proposed for a set of exports, by file; the proposal has stood the check."""
    done: dict[str, dict[str, dict[str, Any]]] = {}

    def of(name: str) -> dict[str, dict[str, Any]]:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            (folder / "exports").symlink_to((shared_data / FOLDERS[name]).resolve())
            text = propose(folder).text
            (folder / "company.toml").write_text(text, encoding="utf-8")
            load(folder, faults_of)
            done[name] = {Path(each["path"]).name.partition(".")[0]: each for each in tomllib.loads(text)["source"]}
        return done[name]

    return of


def test_olist_is_customers_orders_lines_and_reviews_and_nothing_else(proposals: Sources) -> None:
    found = proposals("olist")
    assert {name: each["table"] for name, each in found.items()} == {
        "olist_customers_dataset": "people",
        "olist_orders_dataset": "orders",
        "olist_order_items_dataset": "order_lines",
        "olist_order_reviews_dataset": "responses",
    }
    orders = found["olist_orders_dataset"]["columns"]
    assert orders == {
        "order": "order_id",
        "at": "order_purchase_timestamp",
        "person": {"column": "customer_id", "of": "olist_customers"},
        "promised_at": "order_estimated_delivery_date",
        "delivered_at": "order_delivered_customer_date",
        "status": "order_status",
    }
    reviews = found["olist_order_reviews_dataset"]
    # 34 review ids stand for several orders; the two together are a key.
    assert reviews["columns"]["response"] == {"sql": '"review_id" || \'/\' || "order_id"'}
    score = reviews["questions"]["review_score"]
    assert (score["kind"], score["scale"], score["outcome"]) == ("rating", [1, 5], True)


def test_a_nought_that_means_not_applicable_is_found_wherever_it_was_given(proposals: Sources) -> None:
    survey = proposals("airline")["airline_passenger_satisfaction_full"]
    ratings = {name: each for name, each in survey["questions"].items() if each["kind"] == "rating"}
    assert len(ratings) == 14
    assert all(each["scale"] == [1, 5] for each in ratings.values())
    never = {name for name, each in ratings.items() if "blank" not in each}
    # One passenger gave 0 for check-in, gate and seat, in rows that are not sampled; nobody for baggage.
    assert never == {"baggage_handling"}
    assert all(each["blank"] == [0] for name, each in ratings.items() if name not in never)
    satisfied = survey["questions"]["satisfaction"]
    assert (satisfied["kind"], satisfied["yes"], satisfied["outcome"]) == ("yes_no", ["Satisfied"], True)


def test_a_log_of_ticket_steps_is_recognised(proposals: Sources) -> None:
    log = proposals("helpdesk")["helpdesk"]
    assert log["table"] == "interactions"
    wanted = {"case": "Case ID", "step": "Activity", "employee": "Resource", "at": "Complete Timestamp"}
    assert wanted.items() <= log["columns"].items()
    assert "id" not in log["columns"]


def test_a_pipeline_of_opportunities_is_recognised(proposals: Sources) -> None:
    found = proposals("opportunities")
    assert {name: each["table"] for name, each in found.items()} == {
        "accounts": "accounts",
        "sales_teams": "employees",
        "sales_pipeline": "deals",
    }
    deals = found["sales_pipeline"]["columns"]
    assert deals["account"] == {"column": "account", "of": "accounts"}
    assert deals["outcome"]["sql"].startswith("case when")
    # The accounts' own revenue is not what they pay us: it is asked about and not read.
    assert "revenue" not in found["accounts"]["columns"]
