"""A further file of a source that is there: recognised by its columns, tried beside what there is, kept once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import Cast
from tests.web.listen.test_adding import ORDERS, _own_cast, file, keep, orders, send

from vitalfew.company import load
from vitalfew.listen.files import found
from vitalfew.listen.proposing import aside as in_process
from vitalfew.listen.stage import faults_of
from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.overlay import in_force
from vitalfew.web.listen import aside, uploads
from vitalfew.web.people.models import AuditEntry
from vitalfew.web.people.rights import ROLES, reach
from vitalfew.web.shell.companies import settings_of

NEW = "/c/other/sources/new/"
SHOP = """
[[source]]
name = "shop"
table = "orders"
path = "exports/orders_*.csv"
[source.columns]
order = "order_no"
email = "customer_mail"
at = "ordered on"
amount = "total"
"""


@pytest.fixture(autouse=True)
def _looked_at_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "done", lambda job, _seconds=0: json.loads(json.dumps(in_process.JOBS[job["do"]](job))))


@pytest.fixture
def client(cast: Cast, own: Path) -> Client:
    return cast.client("stranger")


@pytest.fixture
def shop(own: Path) -> Path:
    """company.toml reads orders by a pattern."""
    (own / "exports").mkdir()
    (own / "exports" / "orders_2026-05.csv").write_text(orders(40))
    (own / "company.toml").write_text((own / "company.toml").read_text() + SHOP)
    return own


def later(first: int = 70, last: int = 130) -> str:
    """Orders of which some are those of `orders()` again."""
    lines = [
        f"O{n},person{n % 60}@other.example,{n % 28 + 1:02d}/0{n % 6 + 1}/2026,{20 + n % 90}.50,{('FR', 'DE', 'PT')[n % 3]}"
        for n in range(first, last)
    ]
    return "\n".join([ORDERS[0], *lines]) + "\n"


def address(page: Any, key: str) -> str:
    """The page on which a file sent is read as a source is."""
    base = page.request["PATH_INFO"]
    return base if "/as/" in base else f"{base}0/as/{key}/"


def confirm(client: Client, where: str) -> Any:
    seen = client.get(where)
    return client.post(where, {"do": "keep", "seen": seen.context["reading"]["seen"]}, follow=True)


def test_a_further_file_is_offered_to_the_source_that_has_its_columns_and_extends_its_path(
    client: Client, cast: Cast, own: Path
) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    page = send(client, file("orders july.csv", later()))
    text = page.content.decode()
    assert "Read it with orders" in text
    assert "It is another source" in text
    seen = client.get(address(page, "orders"))
    reading = seen.context["reading"]
    assert (reading["read"], reading["loaded"], reading["left"]) == (60, 50, 10)
    assert reading["already"] == {"same": 10, "other": 0}
    assert not (own / "exports" / "orders-july.csv").exists(), "nothing is among the exports before somebody says so"
    done = confirm(client, address(page, "orders"))
    assert "reads exports/orders-july.csv too from the next run on" in done.content.decode()
    assert settings_of(cast.other).source[1].path == ["exports/orders.csv", "exports/orders-july.csv"]
    assert [each.number for each in Version.objects.order_by("number")] == [1, 2]
    assert load(own, faults_of, in_force(cast.other)).company.source[1].path[-1] == "exports/orders-july.csv"
    assert not list((own / ".vitalfew" / "uploads").iterdir())
    assert f"{NEW}?for=orders" in client.get("/c/other/write/source/entry/orders/").content.decode()
    client.post("/c/other/write/source/entry/orders/restore/1/", {"began": "2"})
    assert settings_of(cast.other).source[1].path == ["exports/orders.csv"]


def test_the_same_content_is_not_taken_twice_and_changed_records_are_counted_apart(client: Client, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    assert send(client, file("again.csv", orders())).status_code == 422
    page = send(client, file("more.csv", later(70, 90).replace("FR", "ES")))
    reading = client.get(address(page, "orders")).context["reading"]
    assert reading["already"]["same"] + reading["already"]["other"] == 10
    assert reading["already"]["other"] > 0
    assert reading["loaded"] == 10


def test_of_several_sources_the_one_whose_files_are_called_so_comes_first(client: Client, own: Path) -> None:
    keep(client, send(client, file("web.csv", later(200, 260))))
    page = send(client, file("branch.csv", later(300, 360)))
    keep(client, client.get(f"{page.request['PATH_INFO']}0/"))
    offered = send(client, file("branch 2.csv", later(400, 430)))
    assert [each.name for each in offered.context["rows"][0]["readers"]] == ["branch", "web"]


def test_the_page_of_sources_leads_here_for_those_who_may(client: Client, cast: Cast, shop: Path) -> None:
    survey = (shop / "company.toml").read_text().replace('path = "survey.csv"', 'path = "exports/survey.csv"')
    (shop / "exports" / "survey.csv").write_bytes((shop / "survey.csv").read_bytes())
    (shop / "company.toml").write_text(survey)
    assert f"{NEW}?for=survey" in client.get("/c/other/sources/").content.decode()
    _own_cast(cast, shop)
    assert "?for=survey" not in cast.client("integrator").get("/c/other/sources/").content.decode()


def _approved(client: Client, number: int) -> Any:
    version = Version.objects.get(number=number)
    return client.post("/c/other/write/pending/", {"version": version.pk, "approve": "1"}, follow=True)


def _joined(client: Client, asked: Any, **choices: str) -> Any:
    kept = {"begun": asked.context["begun"], "theirs": asked.context["theirs_number"]}
    return client.post("/c/other/write/source/entry/orders/merge/0/", {**kept, **choices}, follow=True)


def test_two_files_proposed_at_once_for_one_source_are_both_read_once_both_are_approved(
    client: Client, cast: Cast, own: Path
) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    _own_cast(cast, own)
    owner, analyst = cast.client("owner"), cast.client("analyst")
    for name, content in (("july.csv", later(200, 260)), ("august.csv", later(300, 360))):
        done = confirm(analyst, address(send(analyst, file(name, content)), "orders"))
        assert "It is proposed that orders reads" in done.content.decode()
    assert settings_of(cast.other).source[1].path == ["exports/orders.csv"]
    _approved(owner, 2)
    asked = _approved(owner, 3)
    assert (asked.status_code, asked.context["conflicts"]) == (409, 0)
    assert "what both added is taken" in asked.content.decode()
    _joined(owner, asked)
    assert settings_of(cast.other).source[1].path == ["exports/orders.csv", "exports/july.csv", "exports/august.csv"]
    assert list(Version.objects.order_by("number").values_list("state", flat=True)) == [
        "approved",
        "approved",
        "merged",
        "approved",
    ]


def test_a_file_added_while_another_took_files_away_is_chosen(client: Client, cast: Cast, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    confirm(client, address(send(client, file("july.csv", later(200, 260))), "orders"))
    _own_cast(cast, own)
    owner, analyst = cast.client("owner"), cast.client("analyst")
    confirm(analyst, address(send(analyst, file("august.csv", later(300, 360))), "orders"))
    owner.post("/c/other/write/source/entry/orders/restore/1/", {"began": "2"})
    asked = _approved(owner, 3)
    assert (asked.status_code, asked.context["conflicts"]) == (409, 1)
    assert _joined(owner, asked).status_code == 409, "a side must be chosen"
    _joined(owner, asked, **{"choice:path": "mine"})
    assert settings_of(cast.other).source[1].path == ["exports/orders.csv", "exports/july.csv", "exports/august.csv"]


def test_a_file_that_brings_nothing_new_cannot_be_kept(client: Client, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    page = send(client, file("part.csv", orders(30)))
    seen = client.get(address(page, "orders"))
    assert "Nothing new would be loaded" in seen.content.decode()
    assert client.post(address(page, "orders"), {"do": "keep", "seen": seen.context["reading"]["seen"]}).status_code == 422
    assert Version.objects.count() == 1


def test_what_a_pattern_finds_is_published_under_such_a_name_without_an_entry(client: Client, cast: Cast, shop: Path) -> None:
    page = send(client, file("Orders 2026-06.csv", later(40, 100)))
    assert "Read it with shop" in page.content.decode()
    done = confirm(client, address(page, "shop"))
    assert "shop finds exports/orders_2026-06.csv by its pattern" in done.content.decode()
    assert [each.name for each in found(shop, ["exports/orders_*.csv"])] == [
        "exports/orders_2026-05.csv",
        "exports/orders_2026-06.csv",
    ]
    assert Version.objects.count() == 0
    told = AuditEntry.objects.get(company=cast.other, action="sources.deliver")
    assert told.detail["files"] == ["exports/orders_2026-06.csv"]


def test_an_analyst_proposes_what_needs_an_entry_and_may_not_keep_what_a_pattern_finds(cast: Cast, shop: Path) -> None:
    owner = cast.client("stranger")
    keep(owner, client_page(owner, send(owner, file("sales.csv", later(200, 280)))))
    _own_cast(cast, shop)
    analyst = cast.client("analyst")
    page = send(analyst, file("orders.csv", later(300, 340)))
    where = address(page, "shop")
    seen = analyst.get(where)
    assert "The head of CX or an administrator can keep it" in seen.content.decode()
    assert "@other.example" not in seen.content.decode()
    assert analyst.post(where, {"do": "keep", "seen": seen.context["reading"]["seen"]}).status_code == 403
    assert len(found(shop, ["exports/orders_*.csv"])) == 1
    done = confirm(analyst, address(page, "sales"))
    assert "It is proposed that sales reads" in done.content.decode()
    assert len(settings_of(cast.other).source[-1].path) == 1
    cast.client("administrator").post(
        "/c/other/write/pending/", {"version": Version.objects.get(state="proposed").pk, "approve": "1", "decision": ""}
    )
    assert len(settings_of(cast.other).source[-1].path) == 2


def client_page(client: Client, page: Any) -> Any:
    """The mapping of what was sent, where a source was offered."""
    base = page.request["PATH_INFO"]
    return page if base.endswith("/0/") else client.get(f"{base}0/")


def test_only_those_who_may_look_at_it(cast: Cast, shop: Path) -> None:
    where = address(send(cast.client("stranger"), file("orders.csv", later())), "shop")
    _own_cast(cast, shop)
    for role in ROLES:
        allowed = reach(role, "sources.write") == "company"
        assert (cast.client(role).get(where).status_code == 200) is allowed, role
        assert ("?for=shop" in cast.client(role).get("/c/other/sources/new/?for=shop").content.decode()) is False
    assert cast.client("nobody").get(where).status_code == 302


def test_for_a_source_the_columns_that_lack_are_named(client: Client, shop: Path) -> None:
    assert "A further file" in client.get(f"{NEW}?for=shop").content.decode()
    assert "is not there any more" in client.get(f"{NEW}?for=nobody%22%3E%3Cb%3E").content.decode()
    lacking = later().replace("total", "sum", 1)
    page = client.post(f"{NEW}?for=shop", {"files": [file("orders.csv", lacking)]}, follow=True)
    assert "shop reads columns that the file lacks: total" in page.content.decode()
    assert "Read it with shop" not in page.content.decode()
    direct = client.get(f"{page.request['PATH_INFO']}0/as/shop/", follow=True)
    assert "shop reads columns that the file lacks: total" in direct.content.decode()
    straight = client.post(f"{NEW}?for=shop", {"files": [file("orders.csv", later())]}, follow=True)
    assert straight.request["PATH_INFO"].endswith("/0/as/shop/")


def test_a_delimiter_form_or_encoding_other_than_the_settings_name_is_told(client: Client, shop: Path) -> None:
    text = (shop / "company.toml").read_text()
    stated = text.replace('path = "exports/orders_*.csv"', 'path = "exports/orders_*.csv"\ndelimiter = ","\nencoding = "cp1252"')
    (shop / "company.toml").write_text(stated)
    other = client.post(f"{NEW}?for=shop", {"files": [file("orders.csv", later().replace(",", ";"))]}, follow=True)
    assert "shop reads files with another delimiter; this one has “;”" in other.content.decode()
    utf8 = client.post(f"{NEW}?for=shop", {"files": [file("orders.csv", later().replace("FR", "Île"))]}, follow=True)
    assert "which looks like utf-8" in utf8.content.decode()
    tabs = client.post(f"{NEW}?for=shop", {"files": [file("orders.tsv", later().replace(",", "\t"))]}, follow=True)
    assert "shop reads files of another form: csv" in tabs.content.decode()


def test_control_totals_hold_for_all_files_together(client: Client, shop: Path) -> None:
    text = (shop / "company.toml").read_text()
    (shop / "company.toml").write_text(text.replace('table = "orders"', 'table = "orders"\ncontrol = { rows = 40 }'))
    page = send(client, file("orders.csv", later(40, 60)))
    seen = client.get(address(page, "shop"))
    assert "60 records were read where control says 40" in seen.content.decode()
    assert client.post(address(page, "shop"), {"do": "keep", "seen": "x"}).status_code == 422


def test_a_source_taken_away_or_changed_meanwhile_is_told(client: Client, own: Path) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    page = send(client, file("july.csv", later()))
    where = address(page, "orders")
    seen = client.get(where).context["reading"]["seen"]
    item = "/c/other/write/source/entry/orders/"
    client.post(f"{item}delete/", {"began": "1"})
    assert "is not there any more" in client.get(where, follow=True).content.decode()
    client.post(f"{item}restore/1/", {"began": "2"})
    again = client.post(where, {"do": "keep", "seen": seen})
    assert again.status_code == 422
    assert "changed since you looked" in again.content.decode()
    assert not (own / "exports" / "july.csv").exists()


def test_where_reading_beside_takes_too_long_it_is_read_alone_and_that_is_said(
    client: Client, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(client, send(client, file("orders.csv", orders())))
    page = send(client, file("july.csv", later()))
    in_time = aside.done

    def slow(job: Any, seconds: float = 0) -> dict[str, Any]:
        if job["do"] == "deliver":
            raise aside.Broken(slow=True)
        return in_time(job, seconds)

    monkeypatch.setattr(aside, "done", slow)
    seen = client.get(address(page, "orders"))
    assert seen.context["reading"]["loaded"] == 60
    assert "too large to be read beside it" in seen.content.decode()


@pytest.mark.parametrize(
    ("pattern", "name", "made"),
    [
        ("exports/orders/*.csv", "july.csv", "exports/orders/july.csv"),
        ("exports/orders_*.csv", "orders-2026.csv", "exports/orders_2026.csv"),
        ("exports/**/*.csv", "july.csv", "exports/july.csv"),
        ("exports/*.csv*", "july.csv.gz", "exports/july.csv.gz"),
        ("exports/orders_20??.csv", "july.csv", ""),
        ("exports/*.xlsx", "july.csv", ""),
    ],
)
def test_names_are_made_that_a_pattern_finds(pattern: str, name: str, made: str) -> None:
    assert next(iter(uploads.names_found_by(pattern, name)), "") == made
