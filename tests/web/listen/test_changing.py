"""How a source that was added in the application is read, changed: the form as it stands, tried beside it, kept as a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import Cast
from tests.web.listen.test_adding import (
    _own_cast,
    besides,
    consents,
    fields,
    file,
    keep,
    orders,
    place,
    send,
    survey,
    target,
)
from tests.web.listen.test_delivering import address, confirm, later

from vitalfew.company import load
from vitalfew.listen.proposing import aside as in_process
from vitalfew.listen.stage import faults_of
from vitalfew.settings import Source
from vitalfew.web.authoring.changes import normal
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.overlay import in_force
from vitalfew.web.listen import aside, mapped_form, uploads
from vitalfew.web.listen.changing import laid
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.shell.companies import settings_of

CHANGE = "/c/other/sources/change/orders/"
ITEM = "/c/other/write/source/entry/orders/"


@pytest.fixture(autouse=True)
def _looked_at_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "done", lambda job, _seconds=0: json.loads(json.dumps(in_process.JOBS[job["do"]](job))))


@pytest.fixture
def client(cast: Cast, own: Path) -> Client:
    return cast.client("stranger")


@pytest.fixture
def kept(client: Client) -> Client:
    """A source of orders that was added in the application."""
    keep(client, send(client, file("orders.csv", orders())))
    return client


def source(cast: Cast, name: str = "orders") -> Source:
    return next(each for each in settings_of(cast.other).source if each.name == name)


def changed(client: Client, page: Any, **given: str) -> Any:
    """Look at what would be read otherwise, then keep it."""
    seen = client.post(CHANGE, fields(page, do="try", **given))
    assert seen.status_code == 200, seen.context["form"].errors
    return client.post(CHANGE, fields(seen, do="keep"), follow=True)


def test_a_source_is_read_otherwise_under_its_key_with_a_history_and_taken_back(kept: Client, cast: Cast, own: Path) -> None:
    before = source(cast)
    assert CHANGE in kept.get(ITEM).content.decode()
    page = kept.get(CHANGE)
    assert target(page, "total") == "columns.amount"
    assert "as it is read now" in page.content.decode()
    country = place(page, "country")
    seen = kept.post(CHANGE, fields(page, do="try", **{f"t{country}": "", f"t{place(page, 'total')}": ""}))
    reading = seen.context["reading"]
    assert reading["now"] == {"read": 80, "loaded": 80, "left": 0}
    assert {each["column"]: (each["n"], each["before"]) for each in reading["columns"]}["amount"] == (0, 80)
    assert "As it stands: 80 records read, 80 loaded, 0 refused." in seen.content.decode()
    done = kept.post(CHANGE, fields(seen, do="keep"), follow=True)
    assert "orders is read so from the next run on" in done.content.decode()
    after = source(cast)
    assert "amount" not in after.columns
    assert (after.path, after.name) == (before.path, before.name)
    assert [(each.number, each.item.key, each.based_on) for each in Version.objects.order_by("number")] == [
        (1, "orders", 0),
        (2, "orders", 1),
    ]
    assert AuditEntry.objects.filter(company=cast.other, action="items.approved").count() == 2
    assert "amount" not in load(own, faults_of, in_force(cast.other)).company.source[1].columns
    kept.post(f"{ITEM}restore/1/", {"began": "2"})
    assert source(cast) == before


def test_what_is_not_changed_stays_exactly_as_it_is(kept: Client, cast: Cast, own: Path) -> None:
    done = kept.post(CHANGE, fields(kept.get(CHANGE), do="try"), follow=True)
    assert "Nothing was changed." in done.content.decode()
    assert Version.objects.count() == 1
    assert [each.name for each in (own / "exports").iterdir()] == ["orders.csv"]
    assert not list((own / ".vitalfew" / "uploads").glob("*/files")), "no file is copied"


FULL = {
    "name": "full",
    "table": "responses",
    "path": ["exports/full.csv"],
    "encoding": "utf-8",
    "delimiter": ";",
    "control": {"rows": 3},
    "columns": {
        "response": {"column": "ref"},
        "at": {"column": "answered", "format": "%d.%m.%Y"},
        "channel": {"value": "post"},
        "touchpoint": {"sql": "upper(place)"},
        "name": {"column": "gone"},
    },
    "segments": {"where": {"column": "place"}, "again": {"column": "ref"}, "half": {"sql": "substr(ref, 1, 1)"}},
    "questions": {
        "overall": {
            "column": "Q1",
            "kind": "rating",
            "scale": [1, 5],
            "blank": [9.0, "none, really"],
            "label": "Overall",
            "outcome": True,
        },
        "speed": {
            "column": "Q2",
            "kind": "rating",
            "scale": [0, 10],
            "driver": "Speed",
            "group": "Logistics",
            "labels": {"good": 9.0},
        },
        "coded": {"column": "Q3", "kind": "codes", "codebook": "exports/codes.csv"},
        "both": {"columns": ["Q4a", "Q4b"], "kind": "top_picks"},
        "said": {"sql": "Q3 || Q2", "kind": "text"},
        "yes": {"column": "Q5", "kind": "yes_no", "yes": ["ja"], "touchpoint": "Shop"},
    },
}
"""A source that says everything the form has and has not."""


def test_everything_a_source_says_goes_through_the_form_unchanged(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    lines = ["ref;answered;place;Q1;Q2;Q3;Q4a;Q4b;Q5", *(f"R{n};0{n}.05.2026;north;{n};{n};{n};1;0;ja" for n in range(1, 4))]
    (tmp_path / "exports" / "full.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    values = normal("source", FULL)
    job = {
        "do": "stand",
        "workspace": str(tmp_path),
        "settings": {"company": {"name": "x"}},
        "source": values,
        "table": "responses",
    }
    sketch = in_process.JOBS["stand"](job)["sources"][0]
    rest = {name: values[name] for name in ("encoding", "delimiter", "control")}
    form = mapped_form.proposed(laid({**sketch, "form": rest}, Source.model_validate(values)), plain=True)
    assert [row.target for row in form.rows] == [
        "columns.response",
        "columns.at",
        "segments",
        "questions.rating",
        "questions.rating",
        "",
        "",
        "",
        "questions.yes_no",
    ]
    assert normal("source", mapped_form.values(form, values["path"], {})) == values
    other = mapped_form.sent(
        form.sketch, {"name": "full", "t4": "questions.number", **{f"f{n}": "1" for n in range(9)}}, plain=True
    )
    speed = mapped_form.values(other, values["path"], {})["questions"]["speed"]
    assert {name: value for name, value in speed.items() if value} == {"column": "Q2", "kind": "number", "group": "Logistics"}
    assert next(row for row in form.rows if row.name == "Q3").column["reason"] == "it is read besides, see below"


def test_a_question_keeps_its_name_and_owner_when_its_kind_or_scale_changes(client: Client, cast: Cast, own: Path) -> None:
    keep(client, send(client, file("june.csv", survey())))
    found = source(cast, "june")
    name, question = next((name, each) for name, each in found.questions.items() if each.kind == "rating")
    page = client.get("/c/other/sources/change/june/")
    number = place(page, str(question.column))
    given = fields(page, do="try", **{f"scale{number}": "0-10"})
    seen = client.post("/c/other/sources/change/june/", given)
    assert seen.status_code == 200, seen.context["form"].errors
    assert next(row for row in seen.context["form"].rows if row.place == number).sure == "chosen"
    assert {row.sure for row in seen.context["form"].rows if row.place != number} == {"stands"}
    client.post("/c/other/sources/change/june/", fields(seen, do="keep"))
    after = source(cast, "june").questions[name]
    assert (after.kind, after.scale) == ("rating", (0, 10))
    assert set(source(cast, "june").questions) == set(found.questions)


def test_the_purpose_of_consents_is_changed_later(client: Client, cast: Cast, own: Path) -> None:
    keep(client, send(client, file("unsubscribed.csv", consents())))
    where = "/c/other/sources/change/unsubscribed/"
    page = client.get(where)
    number = besides(page, "columns.purpose").place
    seen = client.post(where, fields(page, do="try", **{f"c{number}": "analysis"}))
    client.post(where, fields(seen, do="keep"))
    assert source(cast, "unsubscribed").columns["purpose"].value == "analysis"


def test_another_table_is_proposed_anew_over_the_same_files(kept: Client, cast: Cast) -> None:
    page = kept.post(CHANGE, fields(kept.get(CHANGE), do="table", table="interactions"), follow=True)
    assert page.context["form"].table == "interactions"
    assert source(cast).table == "orders"
    changed(kept, page)
    after = source(cast)
    assert (after.table, after.path) == ("interactions", ["exports/orders.csv"])
    assert "Choose one of the list." in kept.post(CHANGE, fields(page, do="table", table="x"), follow=True).content.decode()


def test_the_name_stays_whatever_is_sent(kept: Client, cast: Cast) -> None:
    page = kept.get(CHANGE)
    assert "Change how orders is read" in page.content.decode()
    assert "name" not in fields(page)
    changed(kept, page, name="Shop orders", **{f"t{place(page, 'country')}": ""})
    assert source(cast).name == "orders"


def test_further_files_with_other_columns_are_shown_and_kept(kept: Client, cast: Cast) -> None:
    more = "\n".join(f"{line},{n or 'rebate'}" for n, line in enumerate(later(200, 260).splitlines())) + "\n"
    confirm(kept, address(send(kept, file("july.csv", more)), "orders"))
    page = kept.get(CHANGE)
    assert page.context["sketch"]["rows"] == 140
    assert target(page, "rebate") == ""
    changed(kept, page, **{f"t{place(page, 'country')}": ""})
    assert source(cast).path == ["exports/orders.csv", "exports/july.csv"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"t1": "columns.order"}, "is this already: choose one of the two."),
        ({"t0": "columns.nonsense"}, "Choose one of the list."),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(kept: Client, given: dict[str, str], said: str) -> None:
    answer = kept.post(CHANGE, fields(kept.get(CHANGE), do="keep", **given))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Version.objects.count() == 1


def test_only_what_was_seen_is_kept_and_a_page_long_open_begins_anew(kept: Client, own: Path) -> None:
    page = kept.get(CHANGE)
    country = f"t{place(page, 'country')}"
    assert kept.post(CHANGE, fields(page, do="keep", seen="x", **{country: ""})).status_code == 200
    assert Version.objects.count() == 1
    for token in ("gone-gone-gone-gone", "../../x", ""):
        again = kept.post(CHANGE, fields(page, do="keep", token=token, **{country: ""}), follow=True)
        assert "open for too long" in again.content.decode()
    assert Version.objects.count() == 1


def test_two_people_at_once_get_the_page_that_joins_and_nothing_is_lost(kept: Client, cast: Cast, own: Path) -> None:
    _own_cast(cast, own)
    first, second = cast.client("owner"), cast.client("administrator")
    theirs, mine = first.get(CHANGE), second.get(CHANGE)
    seen = second.post(CHANGE, fields(mine, do="try", **{f"t{place(mine, 'country')}": ""}))
    changed(first, theirs, **{f"t{place(theirs, 'total')}": ""})
    asked = second.post(CHANGE, fields(seen, do="keep"))
    assert (asked.status_code, asked.context["conflicts"]) == (409, 0)
    assert Version.objects.count() == 2
    second.post(f"{ITEM}merge/0/", {"begun": asked.context["begun"], "theirs": asked.context["theirs_number"]})
    after = source(cast)
    assert "amount" not in after.columns
    assert "country" not in [each.column for each in (*after.columns.values(), *after.segments.values())]


def test_the_same_column_changed_by_both_is_chosen(kept: Client, cast: Cast, own: Path) -> None:
    theirs, mine = kept.get(CHANGE), kept.get(CHANGE)
    date = place(mine, "ordered on")
    seen = kept.post(CHANGE, fields(mine, do="try", **{f"t{date}": "columns.promised_at"}))
    assert seen.status_code == 200, seen.context["form"].errors
    changed(kept, theirs, **{f"t{date}": ""})
    asked = kept.post(CHANGE, fields(seen, do="keep"))
    assert asked.status_code == 409
    kept.post(f"{ITEM}delete/", {"began": "2"})
    gone = kept.post(CHANGE, fields(seen, do="keep"))
    assert gone.status_code == 409
    assert gone.context["whole"]


def test_an_analyst_proposes_and_sees_only_the_form_of_values(kept: Client, cast: Cast, own: Path) -> None:
    _own_cast(cast, own)
    analyst = cast.client("analyst")
    page = analyst.get(CHANGE)
    text = page.content.decode()
    assert "O1" not in [sample for row in page.context["form"].rows for sample in row.samples]
    assert "Its files stay as they are" in text
    done = changed(analyst, page, **{f"t{place(page, 'country')}": ""})
    assert "It is proposed to read orders so" in done.content.decode()
    before = source(cast)
    assert "country" in [each.column for each in (*before.columns.values(), *before.segments.values())]
    cast.client("owner").post("/c/other/write/pending/", {"version": Version.objects.get(number=2).pk, "approve": "1"})
    after = source(cast)
    assert "country" not in [each.column for each in (*after.columns.values(), *after.segments.values())]


def test_only_those_who_may_add_a_source_change_one(kept: Client, cast: Cast, own: Path) -> None:
    page = kept.get(CHANGE)
    assert cast.client("owner").get(CHANGE).status_code == 404, "a source of another company looks like none"
    _own_cast(cast, own)
    for role in ROLES:
        allowed = reach(role, "sources.write") == "company"
        client = cast.client(role)
        assert (client.get(CHANGE).status_code == 200) is allowed, role
        if not allowed:
            assert client.post(CHANGE, fields(page, do="keep")).status_code == 403, role
    assert cast.client("nobody").get(CHANGE).status_code == 302


def test_sources_of_company_toml_and_those_taken_away_are_not_changed_here(kept: Client, cast: Cast, own: Path) -> None:
    assert kept.get("/c/other/sources/change/survey/").status_code == 404
    assert kept.get("/c/other/sources/change/nobody/").status_code == 404
    assert "sources/change/survey" not in kept.get("/c/other/write/source/entry/survey/").content.decode()
    kept.post(f"{ITEM}delete/", {"began": "1"})
    assert "is not there any more" in kept.get(CHANGE, follow=True).content.decode()


def test_a_file_that_is_gone_or_damaged_is_told(kept: Client, own: Path) -> None:
    kept_file = own / "exports" / "orders.csv"
    kept_file.rename(own / "orders.away")
    assert "there is no file exports/orders.csv" in kept.get(CHANGE, follow=True).content.decode()
    kept_file.write_bytes(b"PK\x03\x04not a table")
    assert "exports/orders.csv" in kept.get(CHANGE, follow=True).content.decode()


def test_a_look_at_a_source_is_no_upload(kept: Client, own: Path) -> None:
    page = kept.get(CHANGE)
    token = fields(page)["token"]
    assert uploads.waiting(own) == []
    for where in (
        f"/c/other/sources/new/{token}/",
        f"/c/other/sources/new/{token}/0/",
        f"/c/other/sources/new/{token}/0/as/orders/",
    ):
        assert kept.get(where).status_code == 404
    assert kept.post(f"/c/other/sources/new/{token}/discard/").status_code == 404


def test_reading_that_breaks_or_takes_too_long_breaks_no_page(kept: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_job: Any, _seconds: float = 0) -> dict[str, Any]:
        raise aside.Broken(slow=True)

    page = kept.get(CHANGE)
    monkeypatch.setattr(aside, "done", slow)
    answer = kept.post(CHANGE, fields(page, do="try", **{f"t{place(page, 'country')}": ""}))
    assert answer.status_code == 422
    assert "took too long" in answer.content.decode()


def test_the_page_of_sources_leads_here(client: Client, cast: Cast, own: Path) -> None:
    text = (own / "company.toml").read_text()
    assert "sources/change/" not in client.get("/c/other/sources/").content.decode(), "survey is one of company.toml"
    (own / "company.toml").write_text(text.partition("[[source]]")[0])
    page = send(client, file("survey.csv", (own / "survey.csv").read_bytes()))
    keep(client, page, name="survey")
    assert "/c/other/sources/change/survey/" in client.get("/c/other/sources/").content.decode()
    _own_cast(cast, own)
    assert "sources/change/" not in cast.client("integrator").get("/c/other/sources/").content.decode()
