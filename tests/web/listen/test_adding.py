"""A source from files somebody sends: looked at, tried, kept as an entry with a history, read by the next run."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.conftest import Cast

from vitalfew.company import load
from vitalfew.edits import Edit
from vitalfew.faults import Refused
from vitalfew.listen.proposing import aside as in_process
from vitalfew.listen.stage import faults_of
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.overlay import in_force, new_faults, standing
from vitalfew.web.listen import aside, uploads
from vitalfew.web.people.models import AuditEntry, Company
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.shell.companies import company_for, settings_of

NEW = "/c/other/sources/new/"
ORDERS = ["order_no,customer_mail,ordered on,total,country"] + [
    f"O{n},person{n % 60}@other.example,{n % 28 + 1:02d}/0{n % 6 + 1}/2026,{20 + n % 90}.50,{('FR', 'DE', 'PT')[n % 3]}"
    for n in range(80)
]


@pytest.fixture
def in_earnest() -> None:
    """Jobs are done as they are when people send files."""


@pytest.fixture(autouse=True)
def _looked_at_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are done in this process, which has everything loaded already; tests that use `in_earnest` have a process of their own."""
    if "in_earnest" not in request.fixturenames:
        monkeypatch.setattr(aside, "done", lambda job, _seconds=0: json.loads(json.dumps(in_process.JOBS[job["do"]](job))))


@pytest.fixture
def client(cast: Cast, own: Path) -> Client:
    return cast.client("stranger")


def file(name: str, content: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def orders(rows: int = 80) -> str:
    return "\n".join(ORDERS[: rows + 1]) + "\n"


def send(client: Client, *files: SimpleUploadedFile) -> Any:
    return client.post(NEW, {"files": list(files)}, follow=True)


def fields(page: Any, **changed: str) -> dict[str, str]:
    """What the browser would send of the form as it stands, with changes."""
    return {**_form(page), **changed}


def _form(page: Any) -> dict[str, str]:
    text = page.content.decode()
    inside = text.split('class="mapping"', 1)[1].split("</form>", 1)[0]
    made: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if given.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        made[given["name"]] = _plain(given.get("value", ""))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r"<option(?: value=\"([^\"]*)\")? selected>([^<]*)", options)
        first = re.search(r"<option(?: value=\"([^\"]*)\")?>([^<]*)", options)
        found = chosen or first
        made[name] = _plain(found[1] if found and found[1] is not None else found[2] if found else "")
    made.pop("csrfmiddlewaretoken", None)
    return made


def _plain(text: str) -> str:
    return unescape(text)


def place(page: Any, column: str) -> int:
    return next(row.place for row in page.context["form"].rows if row.name == column)


def target(page: Any, column: str) -> str:
    return str(next(row.target for row in page.context["form"].rows if row.name == column))


def keep(client: Client, page: Any, **changed: str) -> Any:
    """Look at what would be read, then keep it."""
    address = page.request["PATH_INFO"]
    seen = client.post(address, fields(page, do="try", **changed))
    assert seen.status_code == 200, seen.context["form"].errors or [row.errors for row in seen.context["form"].rows if row.errors]
    return client.post(address, fields(seen, do="keep"), follow=True)


@pytest.mark.usefixtures("in_earnest")
def test_an_export_is_proposed_tried_and_kept_and_the_next_run_and_the_command_line_read_it(
    client: Client, cast: Cast, own: Path
) -> None:
    page = send(client, file("Bestellungen 2026.csv", orders()))
    assert page.context["form"].table == "orders"
    assert target(page, "order_no") == "columns.order"
    assert target(page, "customer_mail") == "columns.email"
    assert target(page, "ordered on") == "columns.at"
    assert target(page, "total") == "columns.amount"
    assert not (own / "exports").exists(), "nothing is among the exports before somebody says so"
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try"))
    reading = seen.context["reading"]
    assert (reading["read"], reading["loaded"], reading["left"]) == (80, 80, 0)
    assert Version.objects.count() == 0
    done = client.post(page.request["PATH_INFO"], fields(seen, do="keep"), follow=True)
    assert done.status_code == 200
    version = Version.objects.get()
    assert (version.item.section, version.item.key, version.state, version.author) == (
        "source",
        "bestellungen-2026",
        "approved",
        "owner@other.example",
    )
    assert (own / "exports" / "bestellungen-2026.csv").read_text() == orders()
    assert [each.name for each in settings_of(cast.other).source] == ["survey", "bestellungen_2026"]
    loaded = load(own, faults_of, in_force(cast.other))
    assert loaded.company.source[1].table == "orders"
    assert not list((own / ".vitalfew" / "uploads").iterdir()), "what was kept does not wait any more"
    assert {each.action for each in AuditEntry.objects.filter(company=cast.other)} >= {"sources.upload", "items.approved"}


def test_it_is_taken_away_and_brought_back_like_everything_people_write(client: Client, cast: Cast, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    item = "/c/other/write/source/entry/orders/"
    assert client.get(item).status_code == 200
    client.post(f"{item}delete/", {"began": "1"})
    assert [each.name for each in settings_of(cast.other).source] == ["survey"]
    client.post(f"{item}restore/1/", {"began": "2"})
    assert [each.name for each in settings_of(cast.other).source] == ["survey", "orders"]
    assert [each.author for each in Version.objects.all()] == ["owner@other.example"] * 3


# --- every form the reader takes ----------------------------------------------------------------------------------------------


def _xlsx(text: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(text.splitlines()):
            sheet.write_row(number, 0, line.split(","))
    return out.getvalue()


def _parquet(text: str) -> bytes:
    header, *lines = (line.split(",") for line in text.splitlines())
    out = io.BytesIO()
    pq.write_table(pa.table({name: [line[place] for line in lines] for place, name in enumerate(header)}), out)
    return out.getvalue()


def _jsonl(text: str) -> bytes:
    header, *lines = (line.split(",") for line in text.splitlines())
    return "\n".join(json.dumps(dict(zip(header, line, strict=True))) for line in lines).encode()


FORMS: dict[str, Callable[[str], bytes]] = {
    "orders.csv": lambda text: text.encode(),
    "orders.tsv": lambda text: text.replace(",", "\t").encode(),
    "orders.csv.gz": lambda text: gzip.compress(text.encode()),
    "orders.xlsx": _xlsx,
    "orders.parquet": _parquet,
    "orders.jsonl": _jsonl,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_the_reader_takes_can_be_sent(client: Client, own: Path, name: str) -> None:
    page = send(client, file(name, FORMS[name](orders())))
    assert page.context["form"].table == "orders"
    assert target(page, "order_no") == "columns.order"
    done = keep(client, page)
    assert done.status_code == 200
    assert (own / "exports" / name).stat().st_size > 0
    assert Version.objects.get().values["path"] == [f"exports/{name}"]


# --- names, sizes, contents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\windows\\x.csv", "x.csv"),
        ("/etc/cron.d/evil.csv", "evil.csv"),
        ("Ünïque «file» (1).CSV", "unique-file-1.csv"),
        ("a*b?[c].csv", "a-b-c.csv"),
        ("con.csv", "con-file.csv"),
        ("company.csv", "company-file.csv"),
        (".csv", "export.csv"),
        ("x" * 300 + ".csv", "x" * 80 + ".csv"),
        ("orders.csv.exe", ""),
        ("orders", ""),
        ("archive.zip", ""),
        ("notes.gz", ""),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert uploads.safe_name(given) == kept


def test_nothing_among_the_exports_is_overwritten(client: Client, own: Path) -> None:
    (own / "exports").mkdir()
    (own / "exports" / "orders.csv").write_text("somebody else's\n")
    (own / "exports" / "orders-2.csv").symlink_to(own / "company.toml")
    before = (own / "company.toml").read_text()
    keep(client, send(client, file("orders.csv", orders())))
    assert (own / "exports" / "orders.csv").read_text() == "somebody else's\n"
    assert (own / "company.toml").read_text() == before
    assert Version.objects.get().values["path"] == ["exports/orders-3.csv"]
    assert (own / "exports" / "orders-3.csv").read_text() == orders()
    assert not list((own / "exports").glob(".incoming*"))


def test_content_that_is_read_already_is_recognised_whatever_it_is_called(client: Client, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    again = send(client, file("other name.csv", orders()))
    assert again.status_code == 422
    assert "its content is that of exports/orders.csv (orders), which is read already" in again.content.decode()
    twice = send(client, file("a.csv", orders(40)), file("b.csv", orders(40)))
    assert twice.status_code == 200
    assert "its content is that of a.csv, which you sent with it" in twice.content.decode()
    survey = (own / "survey.csv").read_bytes()
    assert "survey.csv (survey)" in send(client, file("x.csv", survey)).content.decode()


def test_a_file_that_was_there_and_nobody_reads_is_taken_as_it_is(client: Client, own: Path) -> None:
    (own / "exports").mkdir()
    (own / "exports" / "orders.csv").write_text(orders())
    keep(client, send(client, file("orders.csv", orders())))
    assert Version.objects.get().values["path"] == ["exports/orders.csv"]
    assert [each.name for each in (own / "exports").iterdir()] == ["orders.csv"]


def test_a_pattern_of_another_source_does_not_swallow_the_file(client: Client, own: Path, cast: Cast) -> None:
    (own / "exports").mkdir()
    (own / "exports" / "first.csv").write_text(orders(20).replace("O", "P"))
    source = '[[source]]\nname = "shop"\ntable = "orders"\npath = "exports/*.csv"\n[source.columns]\norder = "order_no"\nat = "ordered on"\n'
    (own / "company.toml").write_text((own / "company.toml").read_text() + source)
    offered = send(client, file("orders.csv", orders()))
    assert "Read it with shop" in offered.content.decode()
    keep(client, client.get(f"{offered.request['PATH_INFO']}0/"))
    assert Version.objects.get().values["path"] == ["exports/uploaded/orders.csv"]
    assert load(own, faults_of, in_force(cast.other)).company.source[1].name == "shop"
    text = (own / "company.toml").read_text()
    (own / "company.toml").write_text(text.replace("exports/*.csv", "exports/**/*.csv"))
    page = client.get(f"{send(client, file('more.csv', orders(60))).request['PATH_INFO']}0/")
    address = page.request["PATH_INFO"]
    seen = client.post(address, fields(page, do="try"))
    refused = client.post(address, fields(seen, do="keep"))
    assert refused.status_code == 422
    assert "shop reads everything like exports/**/*.csv, and would read this too" in refused.content.decode()
    assert not (own / "exports" / "more.csv").exists()


@pytest.mark.usefixtures("in_earnest")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.zip", b"PK\3\4", "its name must end in one of"),
        ("orders.csv", b"", "the file is empty"),
        ("orders.csv", b"order_no,total\n", "it has a header but no record"),
        ("orders.xlsx", b"%PDF-1.7 ...", "it is a PDF, not an xlsx workbook"),
        ("bomb.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 30_000_000, 9), "it unpacks to more than 200 times its size"),
        ("orders.parquet", b"PAR1nonsense", "export it again"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason_and_leaves_nothing_behind(
    client: Client, own: Path, name: str, content: bytes, said: str
) -> None:
    answer = send(client, file(name, content))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not list((own / ".vitalfew" / "uploads").glob("*"))
    assert not (own / "exports").exists()


def test_what_is_too_large_is_refused_before_it_is_stored(client: Client, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalfew.web.shell.bounded.LARGEST_REQUEST", 10_000)
    stored: list[object] = []
    monkeypatch.setattr(uploads, "receive", lambda *_: stored.append(1))
    answer = send(client, file("orders.csv", "x" * 20_000))
    assert answer.status_code == 422
    assert "larger than 100 MiB together" in answer.content.decode()
    assert not stored
    monkeypatch.undo()
    monkeypatch.setattr(uploads, "LARGEST", 10_000)
    assert send(client, file("a.csv", "x" * 6_000), file("b.csv", "y" * 6_000)).status_code == 422
    assert client.post(NEW, {}).status_code == 422
    many = [file(f"f{n}.csv", orders(20)) for n in range(uploads.MOST_FILES + 1)]
    assert "at most 20 files" in send(client, *many).content.decode()


@pytest.mark.usefixtures("in_earnest")
def test_a_reader_that_breaks_or_takes_too_long_breaks_no_page(client: Client, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = aside.done
    monkeypatch.setattr(aside, "done", lambda job: original(job, 0.05))
    slow = send(client, file("orders.csv", orders()))
    assert "took too long" in slow.content.decode()
    monkeypatch.setattr(aside, "done", lambda _job: original({"do": "nothing of the kind"}))
    assert "reading them broke off" in send(client, file("orders.csv", orders())).content.decode()
    assert not list((own / ".vitalfew" / "uploads").glob("*"))


def test_a_full_disk_is_told_and_nothing_is_kept(client: Client, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = send(client, file("orders.csv", orders()))
    address = page.request["PATH_INFO"]
    seen = client.post(address, fields(page, do="try"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_copied", full)
    answer = client.post(address, fields(seen, do="keep"))
    assert answer.status_code == 422
    assert "could not be written: No space left on device" in answer.content.decode()
    assert Version.objects.count() == 0
    assert not list((own / "exports").iterdir())


# --- changing what was proposed -----------------------------------------------------------------------------------------------


def survey(rows: int = 120) -> str:
    lines = ["ref,answered,who,Recommend us?,Delivery,Invoices,Branch,Why?"]
    for n in range(rows):
        delivery = 6 if n % 11 == 0 else n % 5 + 1
        words = ("the parcel came too late again", "all was good and quick here")[n % 2]
        lines.append(
            f"R{n},2026-0{n % 6 + 1}-{n % 28 + 1:02d},person{n % 60}@other.example,{n % 11},{delivery},{(n // 5) % 5 + 1},{('N', 'S')[n % 2]},{words} {n}"
        )
    return "\n".join(lines) + "\n"


def test_what_was_proposed_can_be_changed_column_by_column(client: Client, cast: Cast, own: Path) -> None:
    page = send(client, file("survey june.csv", survey()))
    delivery, branch, why = (place(page, name) for name in ("Delivery", "Branch", "Why?"))
    changes = {
        "name": "June",
        f"scale{delivery}": "1 - 6",
        f"blank{delivery}": "",
        f"label{delivery}": "Delivery on the day",
        f"t{branch}": "",
        f"t{why}": "",
    }
    keep(client, page, **changes)
    source = settings_of(cast.other).source[1]
    assert source.name == "June"
    asked = {each.column: each for each in source.questions.values()}
    assert (asked["Delivery"].scale, asked["Delivery"].blank, asked["Delivery"].label) == ((1, 6), [], "Delivery on the day")
    assert "Why?" not in asked
    assert not source.segments
    assert asked["Recommend us?"].outcome
    assert load(own, faults_of, in_force(cast.other)).company.source[1].name == "June"


def test_a_rating_chosen_by_hand_gets_its_scale_from_the_numbers(client: Client, own: Path) -> None:
    page = send(client, file("orders.csv", orders()))
    client.post(page.request["PATH_INFO"], {"do": "table", "table": "responses"})
    page = client.get(page.request["PATH_INFO"])
    assert page.context["form"].table == "responses"
    total = place(page, "total")
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try", **{f"t{total}": "questions.rating"}))
    row = seen.context["form"].rows[total]
    assert row.fields["scale"] == "20.5-99.5"
    assert row.sure == "chosen"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Give the source a name."),
        ({"name": "Survey"}, "has the same name as"),
        ({"name": "x" * 300}, "The name is too long."),
        ({"t0": "columns.nonsense"}, "Choose one of the list."),
        ({"t1": "columns.order"}, "is this already: choose one of the two."),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(client: Client, own: Path, changed: dict[str, str], said: str) -> None:
    page = send(client, file("orders.csv", orders()))
    answer = client.post(page.request["PATH_INFO"], fields(page, do="try", **changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Version.objects.count() == 0


def consents() -> str:
    said = ("nein", "widerrufen", "ja")
    return "\n".join(
        ["E-Mail,Einwilligung,Datum", *(f"jo{n}@example.com,{said[n % 3]},{n % 28 + 1:02d}.05.2026" for n in range(60))]
    )


def besides(page: Any, target: str) -> Any:
    return next(each for each in page.context["form"].further if each.proposed["target"] == target)


def test_what_a_list_of_consents_is_about_is_asked_and_chosen(client: Client, cast: Cast, own: Path) -> None:
    page = send(client, file("unsubscribed.csv", consents()))
    text = page.content.decode()
    purpose = besides(page, "columns.purpose")
    assert (purpose.value, purpose.choices) == ("contact", [("contact", "to be contacted"), ("analysis", "to be analysed")])
    assert "what did they agree to?" in text
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try", **{f"c{purpose.place}": "analysis"}))
    assert re.search(r'value="analysis" checked', seen.content.decode())
    assert seen.context["reading"]["loaded"] == 60
    keep(client, page, **{f"c{purpose.place}": "analysis"})
    rule = settings_of(cast.other).source[1].columns["purpose"]
    assert (rule.value, rule.column) == ("analysis", None)
    page = send(client, file("newsletter.csv", consents().replace("2026", "2025")))
    page = client.get(f"{page.request['PATH_INFO']}0/")
    keep(client, page, **{f"c{purpose.place}": "", f"v{purpose.place}": "post by letter"})
    found = {each.name: each.columns for each in settings_of(cast.other).source}
    assert found["newsletter"]["purpose"].value == "post by letter"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"c": "", "v": "  "}, "Say what it is for every record, or do not read it."),
        ({"c": "", "v": "x" * 300}, "What was asked for (analysis, contact) is too long."),
        ({"c": "", "v": "a\x00b"}, "Null characters are not allowed."),
        ({"t": "columns.purpose"}, "Datum is this already: choose one of the two."),
    ],
)
def test_what_is_wrong_with_the_purpose_is_said(client: Client, own: Path, changed: dict[str, str], said: str) -> None:
    page = send(client, file("unsubscribed.csv", consents()))
    number = besides(page, "columns.purpose").place
    given = {f"{name}{place(page, 'Datum') if name == 't' else number}": value for name, value in changed.items()}
    answer = client.post(page.request["PATH_INFO"], fields(page, do="try", **given))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Version.objects.count() == 0


def test_what_would_be_refused_is_shown_with_its_reasons(client: Client, own: Path) -> None:
    page = send(client, file("orders.csv", orders().replace("04/04/2026", "34/04/2026").replace("20.50", "dear")))
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try"))
    reading = seen.context["reading"]
    assert reading["read"] == reading["loaded"] + reading["left"] == 80
    assert reading["left"] > 0
    assert "no such date between 1900 and 2100" in seen.content.decode()


def test_only_what_was_seen_is_kept(client: Client, own: Path) -> None:
    page = send(client, file("orders.csv", orders()))
    address = page.request["PATH_INFO"]
    assert client.post(address, fields(page, do="keep")).context["reading"]["ready"], "without a look it is looked at"
    seen = client.post(address, fields(page, do="try"))
    changed = client.post(address, fields(seen, do="keep", name="another"))
    assert changed.context["reading"]["ready"], "what changed since is looked at once more"
    assert Version.objects.count() == 0
    client.post(address, fields(changed, do="keep"))
    assert Version.objects.get().item.key == "another"


def test_keys_of_the_sources_there_are_are_found(client: Client, cast: Cast, own: Path) -> None:
    people = "customer_id,full name,email\n" + "".join(f"K{n:04d},Ann Lee {n},k{n}@other.example\n" for n in range(80))
    keep(client, send(client, file("customers.csv", people)))
    bought = "order_no,customer,ordered on,total\n" + "".join(
        f"O{n},K{n % 80:04d},2026-03-{n % 28 + 1:02d},{n}.5\n" for n in range(90)
    )
    page = send(client, file("orders.csv", bought))
    row = page.context["form"].rows[place(page, "customer")]
    assert (row.target, row.fields["of"]) == ("columns.person", "customers")
    keep(client, page)
    assert settings_of(cast.other).source[-1].columns["person"].of == "customers"


def test_files_of_one_form_are_one_source_and_others_each_their_own(client: Client, cast: Cast, own: Path) -> None:
    page = send(
        client,
        file("orders 2025.csv", orders(40)),
        file("orders 2026.csv", orders(80).replace("O", "Q")),
        file("survey june.csv", survey()),
    )
    assert [(each["source"]["table"], len(each["source"]["files"])) for each in page.context["rows"]] == [
        ("orders", 2),
        ("responses", 1),
    ]
    first = client.get(f"{page.request['PATH_INFO']}0/")
    left = keep(client, first)
    assert "1 more was sent with it" in left.content.decode()
    assert client.get(first.request["PATH_INFO"]).status_code == 302, "what is kept is not kept twice"
    keep(client, client.get(f"{page.request['PATH_INFO']}1/"))
    assert [(each.name, len(each.path)) for each in settings_of(cast.other).source[1:]] == [("orders", 2), ("survey_june", 1)]
    assert not list((own / ".vitalfew" / "uploads").iterdir())


# --- who may ------------------------------------------------------------------------------------------------------------------


def _own_cast(cast: Cast, own: Path) -> None:
    """All roles as members of the company whose workspace may be written into."""
    for member in cast.members.values():
        member.company = cast.other
        member.save()


def test_only_those_who_may_send_look_keep_and_throw_away(cast: Cast, own: Path) -> None:
    owner = cast.client("stranger")
    page = send(owner, file("orders.csv", orders()))
    address = page.request["PATH_INFO"]
    upload = address.rpartition("0/")[0]
    _own_cast(cast, own)
    for role in ROLES:
        allowed = reach(role, "sources.write") == "company"
        client = cast.client(role)
        for each in (NEW, upload, address):
            assert (client.get(each).status_code == 200) is allowed, (role, each)
            if not allowed:
                assert client.post(each, {"do": "keep"}).status_code == 403, (role, each)
        assert client.post(f"{upload}discard/").status_code == 403 if not allowed else True
        assert (client.get("/c/other/write/source/").status_code == 200) is allowed
        assert (client.get("/c/other/write/source/entry/survey/").status_code == 200) is allowed
    assert [role for role in ROLES if reach(role, "sources.write")] == ["owner", "administrator", "analyst"]


def test_an_upload_of_another_company_looks_like_none(cast: Cast, own: Path) -> None:
    page = send(cast.client("stranger"), file("orders.csv", orders()))
    token = page.request["PATH_INFO"].split("/")[-3]
    owner = cast.client("owner")
    assert owner.get(f"/c/northlight/sources/new/{token}/").status_code == 404
    assert owner.get(f"/c/northlight/sources/new/{'x' * 22}/").status_code == 404
    assert owner.get(f"/c/other/sources/new/{token}/0/").status_code == 404
    assert cast.client("stranger").get(f"/c/other/sources/new/{token}/7/").status_code == 404


def test_an_analyst_proposes_sees_only_the_form_of_values_and_an_administrator_approves(cast: Cast, own: Path) -> None:
    _own_cast(cast, own)
    analyst = cast.client("analyst")
    page = send(analyst, file("survey june.csv", survey()))
    text = page.content.decode()
    assert "the parcel came too late again 0" not in text
    assert "person1@" not in text
    done = keep(analyst, page)
    assert "is proposed" in done.content.decode()
    assert [each.name for each in settings_of(cast.other).source] == ["survey"]
    version = Version.objects.get()
    assert version.state == "proposed"
    cast.client("administrator").post("/c/other/write/pending/", {"version": version.pk, "approve": "1", "decision": ""})
    assert [each.name for each in settings_of(cast.other).source] == ["survey", "survey_june"]


# --- what a source written in the application may not do ----------------------------------------------------------------------

SOURCE: dict[str, Any] = {"name": "Spy", "table": "orders", "columns": {"order": "a", "at": "b"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": ["/etc/passwd"]}, "reads files of the folder exports alone"),
        ({"path": ["exports/../company.toml"]}, "reads files of the folder exports alone"),
        ({"path": ["exports/**/*"]}, "reads files of the folder exports alone"),
        ({"path": [".vitalfew/vitalfew.db"]}, "reads files of the folder exports alone"),
        ({"path": ["exports/.hidden.csv"]}, "reads files of the folder exports alone"),
        ({"sql": "select 1", "database": "env:SECRET_KEY"}, "reads no database and no web address"),
        ({"url": "https://internal.example/x"}, "reads no database and no web address"),
    ],
)
def test_a_source_from_the_application_reads_nothing_but_the_exports(
    client: Client, cast: Cast, own: Path, given: dict[str, Any], said: str
) -> None:
    faults = new_faults(standing(cast.other), [Edit("source", "spy", {**SOURCE, **given})])
    assert any(said in each.what for each in faults), faults
    lines = ["[[source]]", 'name = "Spy"', 'table = "orders"', *(f"{name} = {value!r}" for name, value in given.items())]
    content = "\n".join([*lines, "columns = { order = 'a', at = 'b' }"]) + "\n"
    answer = client.post("/c/other/write/import/", {"file": file("x.toml", content)})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_file_that_is_gone_is_told_as_the_applications_fault(client: Client, cast: Cast, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    (own / "exports" / "orders.csv").unlink()
    with pytest.raises(Refused) as refused:
        load(own, faults_of, in_force(cast.other))
    assert str(refused.value.faults[0]).startswith("application: source 'orders': there is no file exports/orders.csv")
    assert client.get("/c/other/write/source/").status_code == 200


def test_names_and_values_of_a_hostile_file_stay_text(client: Client, own: Path) -> None:
    hostile = "<script>naughty()</script>"
    header = f'"{hostile}","ordered on","""><img src=x onerror=naughty()>",{{{{ 7*7 }}}}'
    lines = [f"O{n},2026-03-{n % 28 + 1:02d},{hostile},=1+1" for n in range(60)]
    page = send(client, file('"><svg onload=naughty()>.csv', "\n".join([header, *lines]) + "\n"))
    text = page.content.decode()
    assert "<script>naughty" not in text
    assert "<img src=x" not in text
    assert "<svg onload" not in text
    assert "49" not in text.split("{{ 7*7 }}")[0][-200:]
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try", name=hostile))
    assert "<script>naughty" not in seen.content.decode()


def test_uploads_nobody_comes_back_to_are_swept_away(client: Client, own: Path) -> None:
    send(client, file("orders.csv", orders()))
    folder = own / ".vitalfew" / "uploads"
    first = next(folder.iterdir())
    assert "orders.csv" in client.get(NEW).content.decode()
    old = time.time() - 4 * 86_400
    os.utime(first, (old, old))
    send(client, file("survey june.csv", survey()))
    assert first not in list(folder.iterdir())
    token = next(folder.iterdir()).name
    assert client.post(f"{NEW}{token}/discard/").status_code == 302
    assert not list(folder.iterdir())


def test_the_page_of_sources_leads_here(client: Client, cast: Cast) -> None:
    assert NEW in client.get("/c/other/sources/").content.decode()
    assert "/sources/new/" not in cast.client("integrator").get("/c/northlight/sources/").content.decode()
    assert client.get("/c/other/write/source/new/").headers["Location"] == NEW
    assert client.get("/c/other/write/source/entry/survey/edit/").status_code == 404


# --- what init has learnt, on the page ----------------------------------------------------------------------------------------


def test_a_survey_with_one_answer_a_row_keeps_its_questions_in_its_source(client: Client, cast: Cast, own: Path) -> None:
    lines = ["response_id,date,email,question,value,text"]
    for n in range(100):
        head = f"R{n},2026-0{n % 6 + 1}-{n % 28 + 1:02d},person{n % 60}@other.example"
        lines += [
            f"{head},Recommend,{(n * 7) % 11},",
            f"{head},Delivery,{n % 5 + 1},",
            f"{head},Why,,the parcel came far too late {n}",
        ]
    page = send(client, file("answers.csv", "\n".join(lines) + "\n"))
    assert [each.label for each in page.context["form"].further] == ["Delivery", "Recommend", "Why"]
    seen = client.post(page.request["PATH_INFO"], fields(page, do="try"))
    assert {each["question"]: each["n"] for each in seen.context["reading"]["questions"]} == {
        "Delivery": 100,
        "Recommend": 100,
        "Why": 100,
    }
    client.post(page.request["PATH_INFO"], fields(seen, do="keep"))
    source = settings_of(cast.other).source[1]
    assert {name: each.kind for name, each in source.questions.items()} == {"Recommend": "nps", "Delivery": "rating", "Why": "text"}
    assert load(own, faults_of, in_force(cast.other)).company.source[1].name == source.name


def test_options_in_columns_of_their_own_are_one_question_of_the_source(client: Client, cast: Cast, own: Path) -> None:
    header, *lines = survey().splitlines()
    marks = [f"{line},{int(n % 2 == 0)},{int(n % 3 == 0)}" for n, line in enumerate(lines)]
    page = send(client, file("survey june.csv", "\n".join([f"{header},Q9_1,Q9_2", *marks]) + "\n"))
    keep(client, page)
    assert settings_of(cast.other).source[1].questions["q9"].kind == "top_picks"


def test_a_company_without_any_source_begins_here(cast: Cast, tmp_path: Path) -> None:
    """company.toml may hold nothing but who we are; what runs and commands need, a source, is added in the application."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "company.toml").write_text('[company]\nname = "New"\n[[group]]\nname = "Desk"\n', encoding="utf-8")
    assert company_for(folder).name == "New"
    Company.objects.filter(name="New").delete()
    cast.other.folder = str(folder)
    cast.other.save()
    client = cast.client("stranger")
    assert NEW in client.get("/c/other/sources/").content.decode()
    with pytest.raises(Refused, match=r"there is no \[\[source\]\]"):
        load(folder, faults_of, in_force(cast.other))
    keep(client, send(client, file("orders.csv", orders())))
    assert [each.name for each in load(folder, faults_of, in_force(cast.other)).company.source] == ["orders"]
    assert client.post("/c/other/write/source/entry/orders/delete/", {"began": "1"}).status_code == 302
    assert settings_of(cast.other).source == []
    assert client.get("/c/other/write/").status_code == 200
