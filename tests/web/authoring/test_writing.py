"""Forms, approval, history, undo, comments."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.authoring.conftest import Write, filled
from tests.web.conftest import Cast

from vitalfew.web.authoring.models import Item, Remark, Version
from vitalfew.web.authoring.queries import contests, pending
from vitalfew.web.authoring.sections import SECTIONS
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.shell.companies import settings_of

CAUSE = "late-delivery-logistics-1-1"
ROLES = ("owner", "administrator", "analyst", "executive", "lead", "employee", "integrator", "stranger")


@pytest.mark.parametrize("section", [name for name, each in SECTIONS.items() if not each.page])
def test_every_section_has_a_list_and_a_form_that_opens(small: Cast, section: str) -> None:
    client = small.client("owner")
    listed = client.get(f"/c/small/write/{section}/", follow=True)
    assert listed.status_code == 200
    kind = f"entry/{section}/edit" if SECTIONS[section].single else "new"
    opened = client.get(f"/c/small/write/{section}/{kind}/")
    assert opened.status_code == 200
    assert set(opened.context["form"].fields) == set(SECTIONS[section].model.model_fields)
    assert b"style=" not in opened.content
    assert b" onclick" not in opened.content


def test_an_owners_change_is_in_force_at_once_and_the_file_is_not_written(small: Cast, write: Write) -> None:
    answer = write("owner", "promise", "on-time", text="By the day we named")
    assert answer.status_code == 302
    assert settings_of(small.company).promise[0].text == "By the day we named"
    version = Version.objects.get()
    assert (version.number, version.state, version.author) == (1, "approved", "owner@small.example")
    assert version.file_values is not None
    assert version.file_values["text"] == "Delivered by the day we gave"
    assert AuditEntry.objects.filter(action="items.approved", target="promise:on-time").count() == 1


def test_a_leads_why_holds_at_once_but_a_promise_waits_for_the_head_of_cx(small: Cast, write: Write) -> None:
    write("lead", "cause", CAUSE, text="The van comes at noon")
    assert settings_of(small.company).cause[0].text == "The van comes at noon"
    write("lead", "promise", "on-time", text="Faster")
    assert settings_of(small.company).promise[0].text == "Delivered by the day we gave"
    waiting = pending(small.company).get()
    page = small.client("owner").get("/c/small/write/pending/")
    assert b"Faster" in page.content
    small.client("owner").post("/c/small/write/pending/", {"version": waiting.pk, "approve": "1", "decision": "agreed"})
    assert settings_of(small.company).promise[0].text == "Faster"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by, waiting.decision) == ("approved", "owner@small.example", "agreed")


def test_a_declined_change_stays_in_the_history_and_out_of_force(small: Cast, write: Write) -> None:
    write("analyst", "initiative", "clear-bills", cost=700)
    waiting = pending(small.company).get()
    small.client("owner").post("/c/small/write/pending/", {"version": waiting.pk, "decline": "1", "decision": "too dear"})
    assert [each.cost for each in settings_of(small.company).initiative] == [1000, 0]
    assert b"too dear" in small.client("analyst").get("/c/small/write/initiative/entry/clear-bills/").content


def test_a_lead_cannot_approve_and_cannot_decline_what_is_anothers(small: Cast, write: Write) -> None:
    write("analyst", "promise", "on-time", text="Faster")
    waiting = pending(small.company).get()
    for action in ("approve", "decline"):
        answer = small.client("lead").post("/c/small/write/pending/", {"version": waiting.pk, action: "1"})
        assert answer.status_code == 403
    assert small.client("stranger").post("/c/small/write/pending/", {"version": waiting.pk, "approve": "1"}).status_code == 404
    assert small.client("analyst").post("/c/small/write/pending/", {"version": waiting.pk, "decline": "1"}).status_code == 302
    assert pending(small.company).count() == 0


def test_a_version_of_another_company_looks_absent(small: Cast, write: Write) -> None:
    write("analyst", "promise", "on-time", text="Faster")
    waiting = pending(small.company).get()
    client = small.client("stranger")
    theirs = client.post("/c/other/write/pending/", {"version": waiting.pk, "approve": "1"})
    absent = client.post("/c/other/write/pending/", {"version": 987654, "approve": "1"})
    assert theirs.status_code == absent.status_code == 404
    assert pending(small.company).count() == 1


def test_faults_of_shape_and_of_meaning_stand_beside_the_field_and_nothing_is_saved(small: Cast, write: Write) -> None:
    shape = write("owner", "promise", "on-time", standard="7")
    assert shape.status_code == 422
    assert "standard" in shape.context["form"].errors
    meaning = write("owner", "promise", "on-time", kept_when="deliverd_at <= promised_at")
    assert "deliverd_at" in str(meaning.context["form"].errors["kept_when"])
    clash = write("owner", "group", "billing", name="Logistics")
    assert "same name" in str(clash.context["form"].errors)
    assert not Version.objects.exists()


def test_a_faulty_edit_cannot_be_approved(small: Cast, write: Write) -> None:
    write("owner", "initiative", name="Scanners", driver="Delivery on time")
    write("analyst", "initiative", "parcel-tracking", needs=["Scanners"])
    small.client("owner").post("/c/small/write/initiative/entry/scanners/delete/", {"began": "1"})
    assert [each.name for each in settings_of(small.company).initiative] == ["Parcel tracking", "Clear bills"]
    waiting = pending(small.company).get()
    answer = small.client("owner").post("/c/small/write/pending/", {"version": waiting.pk, "approve": "1"}, follow=True)
    assert "Scanners" in answer.content.decode()
    assert pending(small.company).count() == 1
    assert settings_of(small.company).initiative[0].needs == []


def test_deletion_is_a_version_and_every_version_can_be_brought_back(small: Cast, write: Write) -> None:
    client = small.client("owner")
    write(client, "promise", "on-time", text="Second")
    client.post("/c/small/write/promise/entry/on-time/delete/", {"began": "1"})
    assert settings_of(small.company).promise == []
    client.post("/c/small/write/promise/entry/on-time/restore/1/", {"began": "2"})
    assert settings_of(small.company).promise[0].text == "Second"
    client.post("/c/small/write/promise/entry/on-time/restore/0/", {"began": "3"})
    assert settings_of(small.company).promise[0].text == "Delivered by the day we gave"
    assert list(Version.objects.values_list("number", "kind")) == [(1, "values"), (2, "deleted"), (3, "values"), (4, "file")]
    page = client.get("/c/small/write/promise/entry/on-time/")
    assert page.status_code == 200
    assert [each.version.number for each in page.context["history"]] == [4, 3, 2, 1]


def test_a_button_of_an_old_page_changes_nothing(small: Cast, write: Write) -> None:
    client = small.client("owner")
    write(client, "promise", "on-time", text="Second")
    client.post("/c/small/write/promise/entry/on-time/delete/", {"began": "0"})
    assert settings_of(small.company).promise[0].text == "Second"


def test_a_draft_is_seen_by_its_author_only_and_is_not_in_force(small: Cast, write: Write) -> None:
    write("owner", "promise", "on-time", text="Half a thought", draft="1")
    assert settings_of(small.company).promise[0].text == "Delivered by the day we gave"
    address = "/c/small/write/promise/entry/on-time/"
    assert b"Half a thought" in small.client("owner").get(address).content
    assert b"Half a thought" not in small.client("administrator").get(address).content
    assert small.client("administrator").get(address + "edit/?from=1").status_code == 404
    assert small.client("administrator").post(address + "restore/1/", {"began": "0"}).status_code == 404
    client = small.client("owner")
    opened = client.get(address + "edit/?from=1")
    client.post(address + "edit/", filled(opened))
    assert settings_of(small.company).promise[0].text == "Half a thought"


def test_comments_are_kept_with_the_entry(small: Cast) -> None:
    client = small.client("executive")
    client.post("/c/small/write/promise/entry/on-time/remark/", {"text": "Who gave that day?"})
    assert Remark.objects.get().author == "executive@small.example"
    assert b"Who gave that day?" in small.client("lead").get("/c/small/write/promise/entry/on-time/").content


def test_the_rows_of_budget_and_capacity_are_numbers_by_name(small: Cast, write: Write) -> None:
    write("owner", "limits", "limits", budget={"2026-Q3": "7500", "2026-Q4": ""}, capacity={"Logistics": "1,5", "Billing": ""})
    limits = settings_of(small.company).limits
    assert (limits.budget, limits.capacity) == ({"2026-Q3": 7500}, {"Logistics": 1.5})
    assert write("owner", "limits", "limits", capacity={"Logistics": "nan"}).status_code == 422


def test_a_vision_that_is_a_slogan_is_refused(small: Cast, write: Write) -> None:
    answer = write("owner", "vision", "vision", change="We put the customer at the centre")
    assert "customer at the cent" in str(answer.context["form"].errors["change"])
    assert write("owner", "vision", "vision", change="A parcel is found in one minute, without a call").status_code == 302


def test_a_circle_of_needs_is_refused(small: Cast, write: Write) -> None:
    write("owner", "initiative", "parcel-tracking", needs=["Clear bills"])
    answer = write("owner", "initiative", "clear-bills", needs=["Parcel tracking"])
    assert "circle" in str(answer.context["form"].errors)


# --- who may: role x own group, other group, other company, absent -----------------------------------------------------------------

OWN, OTHERS = CAUSE, "unclear-bill-billing-1-1"
READ = {
    **dict.fromkeys(("owner", "administrator", "analyst", "executive", "integrator"), (200, 200)),
    "lead": (200, 403),
    "employee": (403, 403),
    "stranger": (404, 404),
}
WRITE = {
    **dict.fromkeys(("owner", "administrator", "analyst", "integrator"), (200, 200)),
    **dict.fromkeys(("executive", "employee"), (403, 403)),
    "lead": (200, 403),
    "stranger": (404, 404),
}


@pytest.mark.parametrize("role", ROLES)
def test_whys_open_by_role_and_group(small: Cast, role: str) -> None:
    client = small.client(role)
    base = "/c/small/write/cause/entry/"
    assert tuple(client.get(f"{base}{key}/").status_code for key in (OWN, OTHERS)) == READ[role]
    assert tuple(client.get(f"{base}{key}/edit/").status_code for key in (OWN, OTHERS)) == WRITE[role]
    absent = client.get(f"{base}absent/").status_code
    assert absent == (403 if role == "employee" else 404)
    for action in ("delete/", "restore/1/", "remark/", "merge/0/"):
        wanted = READ[role][1] if action == "remark/" else WRITE[role][1]
        if wanted != 200:
            assert client.post(f"{base}{OTHERS}/{action}", {"began": "0", "text": "x"}).status_code == wanted, action
    assert not Version.objects.exists() or WRITE[role] == (200, 200)


@pytest.mark.parametrize("role", ROLES)
def test_another_companys_entry_looks_like_one_that_is_absent(small: Cast, role: str) -> None:
    if role == "stranger":
        return
    client = small.client(role)
    for tail in ("", "edit/", "merge/1/"):
        theirs = client.get(f"/c/other/write/cause/entry/{OWN}/{tail}")
        absent = client.get(f"/c/none/write/cause/entry/{OWN}/{tail}")
        assert theirs.status_code == absent.status_code == 404
        assert theirs.content == absent.content


def test_a_lead_cannot_write_for_another_group_nor_move_an_entry_there(small: Cast, write: Write) -> None:
    client = small.client("lead")
    opened = client.get(f"/c/small/write/cause/entry/{CAUSE}/edit/")
    assert client.post(f"/c/small/write/cause/entry/{CAUSE}/edit/", filled(opened, group="Billing")).status_code == 403
    assert write("lead", "risk", because="a", may="b", leading_to="c", initiative="Clear bills").status_code == 403
    assert not Item.objects.exists()


def test_a_lead_reads_no_sponsors_of_others(small: Cast, write: Write) -> None:
    write("owner", "sponsor", name="Carl", gains="a promotion")
    write("owner", "sponsor", name="Lena", group="Logistics")
    page = small.client("lead").get("/c/small/write/sponsor/").content
    assert b"Lena" in page
    assert b"Carl" not in page
    assert small.client("lead").get("/c/small/write/sponsor/entry/carl/").status_code == 403
    assert small.client("executive").get("/c/small/write/sponsor/").status_code == 403


def test_unknown_sections_and_signed_forms_of_others_are_refused(small: Cast) -> None:
    client = small.client("owner")
    assert client.get("/c/small/write/question/").status_code == 404
    assert client.get("/c/small/write/nonsense/new/").status_code == 404
    assert client.post("/c/small/write/promise/entry/on-time/edit/", {"begun": "forged", "name": "x"}).status_code == 400


def test_a_lead_contests_an_issue_laid_on_the_group(small: Cast) -> None:
    issues = small.client("owner").get("/c/small/").wsgi_request.visit.reader.small("issues")
    own = next(row for row in issues if row["group"] == "Logistics")["issue"]
    assert small.client("lead").post(f"/c/small/write/contest/{own}/", {"text": "It is the carrier's"}).status_code == 302
    assert contests(small.company, own).get().text == "It is the carrier's"
    assert b"carrier" in small.client("owner").get(f"/c/small/write/contest/{own}/").content
    assert small.client("lead").get("/c/small/write/contest/issue:absent/none/").status_code == 404
    assert small.client("stranger").get(f"/c/small/write/contest/{own}/").status_code == 404


def test_an_expression_is_judged_while_it_is_typed(small: Cast) -> None:
    client = small.client("lead")
    good = client.get(
        "/c/small/write/check/", {"field": "kept_when", "table": "orders", "kept_when": "delivered_at <= promised_at"}
    )
    bad = client.get("/c/small/write/check/", {"field": "kept_when", "table": "orders", "kept_when": "read_csv('/etc/passwd')"})
    assert b"can be read" in good.content
    assert b"errorlist" in bad.content


# --- the boards ---------------------------------------------------------------------------------------------------------------------


def test_sponsors_are_shown_with_their_health_to_those_who_write_them(small: Cast, write: Write) -> None:
    page = small.client("owner").get("/c/small/act/sponsors/")
    row = page.context["rows"][0]
    assert (row["name"], row["health"], row["key"]) == ("Sam", "poor", "sam")
    assert b"neutral, wanted leading" in page.content
    assert small.client("lead").get("/c/small/act/sponsors/").context["rows"] == []
    assert small.client("executive").get("/c/small/act/sponsors/").status_code == 403


def test_barriers_are_shown_with_what_waits_behind_them(small: Cast, write: Write) -> None:
    write("owner", "barrier", "two-systems", name="Two old systems")
    page = small.client("executive").get("/c/small/act/barriers/")
    assert b"Two systems" in page.content
    assert page.context["rows"][0]["late"] is True
    assert page.context["rows"][0]["key"] == "", "it has another name now"


def test_an_edit_that_no_longer_fits_the_file_is_left_out_and_told(small: Cast, write: Write, small_run: Path) -> None:
    write("owner", "promise", name="Money back", group="Billing", kept_when="true")
    write("owner", "theme", name="Slow", words="slow")
    before = (small_run / "company.toml").read_text(encoding="utf-8")
    try:
        (small_run / "company.toml").write_text(before.replace('"Billing"', '"Invoices"'), encoding="utf-8")
        settings = settings_of(small.company)
        assert [each.name for each in settings.promise] == ["On time"]
        assert [each.name for each in settings.theme] == ["Slow"]
        page = small.client("owner").get("/c/small/write/")
        assert "nobody defined the group" in page.content.decode()
        assert len(page.context["unfit"]) == 1
        page = small.client("owner").get("/c/small/write/", headers={"accept-language": "fr"})
        assert "personne n’a défini le groupe &#x27;Billing&#x27;" in page.content.decode()
    finally:
        (small_run / "company.toml").write_text(before, encoding="utf-8")


def test_every_field_of_every_section_has_a_name_to_show() -> None:
    from vitalfew.web.authoring.labels import FIELDS

    assert {name: set(fields) for name, fields in FIELDS.items()} == {
        name: set(section.model.model_fields) for name, section in SECTIONS.items()
    }


def test_pages_ask_the_database_as_often_for_many_entries_as_for_few(small: Cast, write: Write) -> None:
    client = small.client("owner")

    def asked(address: str) -> int:
        client.get(address)  # what holds is put together once, after each change
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    write(client, "theme", name="A", words="a")
    few = asked("/c/small/write/theme/"), asked("/c/small/write/")
    for number in range(8):
        write(client, "theme", name=f"T{number}", words="a")
        write("analyst", "theme", f"t{number}", driver="Delivery on time")
    assert (asked("/c/small/write/theme/"), asked("/c/small/write/")) == few


# --- a name that was changed ------------------------------------------------------------------------------------------------------


def test_a_renamed_initiative_is_followed_by_what_names_it_and_so_is_its_return(small: Cast, write: Write) -> None:
    client = small.client("owner")
    assert write(client, "initiative", "parcel-tracking", name="Tracking by text").status_code == 302
    now = settings_of(small.company)
    assert now.risk[0].initiative == "Tracking by text"
    assert now.barrier[0].blocks == ["Tracking by text"]
    write(client, "raci", work="Tracking by text", accountable=["Ines"])
    risk = client.get("/c/small/write/risk/entry/parcel-tracking-be-ill/edit/")
    assert risk.context["form"]["initiative"].value() == "Tracking by text"
    assert write(client, "initiative", "parcel-tracking", name="Text messages").status_code == 302
    now = settings_of(small.company)
    assert (now.risk[0].initiative, now.raci[0].work) == ("Text messages", "Text messages")
    assert write(client, "initiative", "parcel-tracking", name="Parcel tracking").status_code == 302
    now = settings_of(small.company)
    assert (now.risk[0].initiative, now.raci[0].work) == ("Parcel tracking", "Parcel tracking")
    assert not client.get("/c/small/write/").context["unfit"]


def test_a_renamed_group_keeps_its_lead_and_what_belongs_to_it(small: Cast, write: Write) -> None:
    assert write("owner", "group", "logistics", name="Delivery").status_code == 302
    now = settings_of(small.company)
    assert {now.promise[0].group, now.initiative[0].group, now.cause[0].group} == {"Delivery"}
    assert write("lead", "cause", "late-delivery-logistics-1-1", text="Vans are late").status_code == 302
    assert settings_of(small.company).cause[0].text == "Vans are late"
    assert small.client("lead").get("/c/small/").status_code == 200
    assert small.client("lead").get("/c/small/write/cause/entry/unclear-bill-billing-1-1/").status_code == 403


def test_what_a_form_refuses_it_says_in_the_reader_s_language(small: Cast) -> None:
    given = {
        "name": "Fast",
        "text": "Fast",
        "table": "orders",
        "kept_when": "sum(amount) > 3",
        "standard": "7",
        "action": "approve",
    }
    page = small.client("owner").post("/c/small/write/promise/new/", given, headers={"accept-language": "de"}).content.decode()
    assert "Muss höchstens 1 sein" in page or "Darf höchstens 1 sein" in page
    given |= {"standard": "0.9"}
    page = small.client("owner").post("/c/small/write/promise/new/", given, headers={"accept-language": "de"}).content.decode()
    assert "Aggregate und Fenster sind nicht erlaubt" in page
