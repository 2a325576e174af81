"""The files: the same for the same seed, messy as exports are, and what truth.json says of them is so."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from vitalfew import company, demo
from vitalfew.settings import Company


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("demo")
    demo.write(made, seed=1)
    return made


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def settings(folder: Path) -> Company:
    return company.load(folder).company


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def table(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[list[str]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding)
    return list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))


def good(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if not row[0].startswith("X")]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_world(folder: Path, tmp_path: Path) -> None:
    demo.write(tmp_path / "again", seed=1)
    demo.write(tmp_path / "other", seed=2)
    first, again, other = digests(folder), digests(tmp_path / "again"), digests(tmp_path / "other")
    assert first == again
    assert first.keys() == other.keys()
    assert not [name for name in first if first[name] == other[name]]


def test_a_size_or_seed_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"size must be one of small, medium, large\. Got 'tiny' instead"):
        demo.write(tmp_path, size="tiny")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"seed must be 0 or more\. Got -1 instead"):
        demo.write(tmp_path, seed=-1)


def test_company_toml_is_complete_and_free_of_faults(settings: Company) -> None:
    assert len(settings.source) == 10
    assert settings.outcome == "recommend"
    assert 14 <= len(settings.initiative) <= 18
    assert len(settings.theme) == 28
    assert len({cause.group for cause in settings.cause}) >= 4
    assert all(depths == {1, 2, 3, 4, 5} for depths in _depths(settings).values())
    assert len(settings.promise) == 3
    assert len(settings.risk) == 5
    assert len(settings.benefit) == 2
    assert [each for each in settings.initiative if each.needs]
    assert [each for each in settings.initiative if each.excludes]
    total = sum(each.cost for each in settings.initiative)
    assert 0.25 * total <= sum(settings.limits.budget.values()) <= 0.45 * total


def _depths(settings: Company) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for cause in settings.cause:
        found.setdefault(cause.issue, set()).add(cause.depth)
    return found


def test_both_waves_ask_the_same_questions_in_other_words(settings: Company) -> None:
    old, new = (next(source for source in settings.source if source.name == name) for name in ("survey_2025", "survey_2026"))
    assert old.questions.keys() == new.questions.keys()
    assert not {each.column for each in old.questions.values()} & {each.column for each in new.questions.values()}
    assert {tuple(each.blank) for each in old.questions.values()} != {tuple(each.blank) for each in new.questions.values()}


def test_truth_names_people_of_every_kind_of_record(folder: Path, truth: dict[str, Any]) -> None:
    sources = Counter(key.partition("#")[0] for key in truth["people"])
    assert set(sources) == {"crm_contacts", "webshop_users", "helpdesk", "orders", "survey_2025", "survey_2026"}
    tickets = good(table(folder / "exports" / "helpdesk_tickets.csv.gz"))
    assert len(tickets) == truth["records"]["helpdesk"]
    unknown = [row for row in tickets if f"helpdesk#{row['ticket']}" not in truth["people"]]
    assert 0 < len(unknown) < 0.02 * len(tickets)
    # Only a shared mailbox and no name: nobody could tell.
    assert not [row for row in unknown if row["requester"] or row["requester_phone"]]
    assert {f"helpdesk#{row['ticket']}" for row in tickets} == {key for key in truth["themes"] if key.startswith("helpdesk#")}


def test_the_same_people_have_many_spellings(folder: Path, truth: dict[str, Any]) -> None:
    contacts = good(table(folder / "exports" / "crm_contacts.csv", "cp1252", ";"))
    lines = (folder / "exports" / "webshop_users.jsonl").read_text(encoding="utf-8").splitlines()
    users = [json.loads(line) for line in lines if line.endswith("}") and '"X' not in line]
    crm = {row["E-mail"].lower() for row in contacts}
    known = {truth["people"][f"crm_contacts#{row['Contact No']}"] for row in contacts}
    assert len(known) < len(contacts)
    only_here = [user for user in users if truth["people"][f"webshop_users#{user['user_id']}"] not in known]
    assert 0.03 * len(users) < len(only_here) < 0.25 * len(users)
    exact = sum(user["email"] in crm for user in users) / len(users)
    assert 0.3 < exact < 0.85
    assert [user for user in users if "+shop@" in user["email"]]
    assert [user for user in users if user["email"].isupper()]
    assert [user for user in users if ", " in user["full_name"]]
    phones = Counter(row["Phone"] for row in contacts)
    assert phones["0000000000"] > 2
    tickets = good(table(folder / "exports" / "helpdesk_tickets.csv.gz"))
    shared = Counter(
        row["requester_email"] for row in tickets if row["requester_email"].startswith(("info@", "lab@", "purchasing@"))
    )
    assert max(shared.values()) > 1


def test_mobile_numbers_and_switchboards_are_numbers_that_exist(folder: Path) -> None:
    numbers = [row["Phone"] for row in good(table(folder / "exports" / "crm_contacts.csv", "cp1252", ";"))]
    written = ["+" + number[2:] if number.startswith("00") and number[2] != "0" else number for number in numbers]
    full = [number for number in written if number.startswith("+") and "0000 000000" not in number]
    valid = [number for number in full if phonenumbers.is_valid_number(phonenumbers.parse(number))]
    assert len(valid) == len(full) > 1000
    # A switchboard is shared by colleagues.
    assert Counter(number.replace(" ", "").replace("-", "").replace(".", "") for number in valid).most_common(1)[0][1] > 1


def test_bad_rows_are_in_the_files_as_truth_counts_them(folder: Path, truth: dict[str, Any]) -> None:
    exports = folder / "exports"
    found = {
        "crm_accounts": table(exports / "crm_accounts.csv"),
        "crm_contacts": table(exports / "crm_contacts.csv", "cp1252", ";"),
        "helpdesk": table(exports / "helpdesk_tickets.csv.gz"),
        "survey_2025": table(exports / "survey_2025.csv"),
        "orders": [row for path in sorted((exports / "orders").iterdir()) for row in table(path)],
    }
    for source, rows in found.items():
        bad = [row for row in rows if row[0].startswith("X")]
        assert len(bad) == truth["bad_rows"][source], source
        ragged = [row for row in bad if len(row) != len(rows[0])]
        kinds = truth["bad_kinds"][source]
        assert len(ragged) == kinds.get("ragged line", 0) + kinds.get("too many fields", 0) > 0
        assert not [row for row in rows if not row[0].startswith("X") and len(row) != len(rows[0])]
    sheet = CalamineWorkbook.from_path(exports / "survey_2026.xlsx").get_sheet_by_name("Answers").to_python()
    assert sum(str(row[0]).startswith("X") for row in sheet) == truth["bad_rows"]["survey_2026"]


def test_survey_waves_write_dates_and_blanks_in_their_own_way(folder: Path) -> None:
    old = good(table(folder / "exports" / "survey_2025.csv"))
    assert all(datetime.fromisoformat(row["submitted"]).year == 2025 for row in old)
    assert {"99", ""} <= {row["Q3"] for row in old}
    sheet = CalamineWorkbook.from_path(folder / "exports" / "survey_2026.xlsx").get_sheet_by_name("Answers").to_python()
    new = [row for row in sheet[1:] if not str(row[0]).startswith("X")]
    assert all(datetime.strptime(str(row[1]), "%d/%m/%Y %H:%M").year == 2026 for row in new)
    assert {6.0, ""} <= {row[7] for row in new}
    unanswered = [sum(row[column] in (6.0, "") for row in new) / len(new) for column in range(5, 15)]
    assert min(unanswered) > 0.03
    assert max(unanswered) < 0.18
    comments = sum(bool(row[-1]) for row in new) / len(new)
    assert 0.5 < comments < 0.6


def test_orders_keep_the_promises_truth_says_and_hold_a_year_before_and_after_each_answer(
    folder: Path, truth: dict[str, Any]
) -> None:
    rows = [row for path in sorted((folder / "exports" / "orders").iterdir()) for row in good(table(path))]
    assert len(rows) == truth["records"]["orders"]
    arrived = [row for row in rows if row["delivered_on"]]
    assert truth["promises"]["On time"]["n"] == len(arrived)
    on_time = sum(row["delivered_on"] <= row["promised_for"] for row in arrived) / len(arrived)
    assert on_time == pytest.approx(truth["promises"]["On time"]["kept"], abs=1e-6)
    complete = sum(row["state"] == "delivered" for row in arrived) / len(arrived)
    assert complete == pytest.approx(truth["promises"]["Complete"]["kept"], abs=1e-6)
    assert min(row["ordered"] for row in rows) < "2024-05-15"
    assert max(row["ordered"] for row in rows) > "2026-06-25"
    last_year = sum(float(row["amount"]) for row in rows if row["ordered"] >= "2025-07-01" and row["state"] != "cancelled")
    assert last_year == pytest.approx(truth["revenue"], abs=0.5)


def test_handling_costs_are_those_of_the_tickets_in_the_file(folder: Path, truth: dict[str, Any], settings: Company) -> None:
    money: Counter[str] = Counter()
    for row in good(table(folder / "exports" / "helpdesk_tickets.csv.gz")):
        if row["opened"] >= "2025-07-01":
            about = truth["themes"][f"helpdesk#{row['ticket']}"]
            money[about] += int(row["handling_minutes"]) / 60 * settings.hour_cost(row["team"]) + float(row["extra_cost"] or 0)
    for issue in truth["issues"]:
        assert money[issue["name"]] == pytest.approx(issue["handling_cost"], abs=0.05)
        assert issue["cost"] == pytest.approx(issue["revenue_cost"] + issue["handling_cost"], abs=0.02)


def test_a_past_change_cut_the_tickets_of_its_topic(folder: Path, truth: dict[str, Any]) -> None:
    rows = good(table(folder / "exports" / "helpdesk_tickets.csv.gz"))
    for benefit in truth["benefits"]:
        days = [datetime.fromisoformat(row["opened"]) for row in rows if row["category"] == benefit["topic"]]
        change = datetime.fromisoformat(benefit["changed_on"])
        before = sum(0 <= (change - day).days < 365 for day in days)
        after = sum(day >= change for day in days) / (datetime(2026, 7, 1) - change).days * 365
        assert after < 0.75 * before
        assert after == pytest.approx(benefit["after"], abs=4 * benefit["after"] ** 0.5 + 4)


def test_web_sessions_drop_off_sooner_on_the_phone(folder: Path) -> None:
    rows = pq.read_table(folder / "exports" / "web_sessions.parquet").to_pylist()
    steps = Counter((row["device"], row["step"]) for row in rows)
    reached = {device: steps[device, "order placed"] / steps[device, "visit"] for device in ("desktop", "mobile")}
    assert reached["mobile"] < 0.6 * reached["desktop"]


def test_groups_in_truth_are_the_dearest_issues_and_stand_clear(truth: dict[str, Any]) -> None:
    for group, planted in truth["groups"].items():
        own = sorted((each for each in truth["issues"] if each["group"] == group), key=lambda each: -each["cost"])
        assert [each["name"] for each in own[:2]] == planted
        assert own[2]["cost"] <= 0.6 * own[1]["cost"]
    assert sum(each["share"] for each in truth["drivers"].values()) == pytest.approx(1, abs=1e-3)
