"""The exploring pages: for whom they open, what they hold under filters, and what a file of them holds."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from tests.web.conftest import Cast

from vitalfew.web.people.models import AuditEntry

PAGES = ("metrics", "drivers", "themes", "promises", "journeys", "customers")
FILTERS = (
    "",
    "?period=2026-Q2",
    "?segment=country%3DGermany",
    "?period=2025&segment=sector%3Dcare&group=Logistics",
    "?channel=phone",
    "?account=account:abbey-clinic",
    "?period=1999-Q1&segment=planet%3DMars&group=Nobody&channel=telepathy&account=nothing",
)


def address(name: str, *args: str, company: str = "northlight") -> str:
    return reverse(f"understand:{name}", args=[company, *args])


def exported(client: Client, where: str) -> list[dict[str, str]]:
    answer = client.get(where + ("&" if "?" in where else "?") + "format=csv")
    assert answer.status_code == 200, answer.content[:200]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_every_page_opens_under_every_filter_and_gives_both_files(cast: Cast) -> None:
    client = cast.client("owner")
    places = [address(name) for name in PAGES]
    places += [address("theme", "theme:late-delivery"), address("metrics") + "?question=recommend"]
    places += [address("account", "account:abbey-clinic"), address("search") + "?q=late"]
    for place in places:
        for chosen in FILTERS if place in (address("metrics"), address("themes")) else FILTERS[3:]:
            where = place + (chosen if "?" not in place else chosen.replace("?", "&"))
            answer = client.get(where)
            assert answer.status_code == 200, where
            assert b" style=" not in answer.content, where
        if "search" not in place:
            for form in ("csv", "xlsx"):
                file = client.get(place + ("&" if "?" in place else "?") + f"format={form}")
                assert file.status_code == 200, place
                assert b"".join(file.streaming_content), place  # type: ignore[attr-defined]
                file.close()


@pytest.mark.parametrize(
    ("name", "args", "role", "status"),
    [
        *(("theme", "theme:late-delivery", role, 200) for role in ("owner", "analyst", "executive", "lead", "integrator")),
        ("theme", "theme:late-delivery", "employee", 403),
        ("theme", "theme:absent", "owner", 404),
        *(("account", "account:abbey-clinic", role, 200) for role in ("owner", "administrator", "lead")),
        *(("account", "account:abbey-clinic", role, 403) for role in ("analyst", "executive", "employee", "integrator")),
        *(("customer", "person:1d9a7a27081c", role, 403) for role in ("analyst", "executive", "employee", "integrator")),
        ("customer", "person:1d9a7a27081c", "owner", 200),
        ("customer", "person:absent", "owner", 404),
        ("customer", "account:abbey-clinic", "owner", 302),
        ("account", "account:absent", "owner", 404),
        ("account", "account:absent", "analyst", 403),
        *((name, args, "stranger", 404) for name, args in (("theme", "theme:late-delivery"), ("account", "account:abbey-clinic"))),
        *((name, "absent", "stranger", 404) for name in ("theme", "account", "customer")),
        *((name, "absent", "nobody", 302) for name in ("theme", "account", "customer")),
    ],
)
def test_an_address_with_an_object_opens_for_those_who_may(cast: Cast, name: str, args: str, role: str, status: int) -> None:
    assert cast.client(role).get(address(name, args)).status_code == status


def test_a_lead_sees_only_customers_and_events_of_the_own_group(cast: Cast) -> None:
    client = cast.client("lead")
    reader_rows = exported(client, address("account", "account:abbey-clinic"))
    assert reader_rows
    assert {row["group"] for row in reader_rows} == {"Logistics"}
    whole = exported(cast.client("owner"), address("account", "account:abbey-clinic"))
    assert len(whole) > len(reader_rows)
    member = cast.members["lead"]
    member.group = "Nobody's group"
    member.save()
    assert cast.client("lead").get(address("account", "account:abbey-clinic")).status_code == 403
    assert exported(cast.client("lead"), address("customers")) == []


def test_a_filter_narrows_the_page_and_its_file_alike(cast: Cast) -> None:
    client = cast.client("analyst")
    every = {(row["Question"], row["Statistic"]): row for row in exported(client, address("metrics"))}
    some = {(row["Question"], row["Statistic"]): row for row in exported(client, address("metrics") + "?segment=country%3DGermany")}
    assert every.keys() == some.keys()
    assert all(int(some[key]["n"]) < int(every[key]["n"]) for key in every)
    told = client.get(address("metrics") + "?segment=country%3DGermany").content.decode()
    assert "Remove this filter" in told
    assert f'href="{address("themes")}?segment=country%3DGermany"' in told


def test_what_does_not_apply_is_said(cast: Cast) -> None:
    told = cast.client("owner").get(address("drivers") + "?channel=phone").content.decode()
    assert "Not narrowed by channel" in told
    told = cast.client("owner").get(address("metrics") + "?channel=phone").content.decode()
    assert "Not narrowed by channel" in told


def test_the_account_filter_is_for_those_who_may_read_customers(cast: Cast) -> None:
    where = address("promises") + "?account=account:abbey-clinic"
    assert exported(cast.client("analyst"), where) == exported(cast.client("analyst"), address("promises"))
    assert exported(cast.client("owner"), where) != exported(cast.client("owner"), address("promises"))


def test_an_export_stands_in_the_audit_log(cast: Cast) -> None:
    exported(cast.client("analyst"), address("themes") + "?period=2026-Q1")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.actor, entry.target, entry.detail["format"], entry.detail["filters"]) == (
        "analyst@northlight.example",
        "themes",
        "csv",
        "period=2026-Q1",
    )


def test_customers_are_paged_sorted_and_found(cast: Cast) -> None:
    client = cast.client("owner")
    rows = exported(client, address("customers") + "?sort=-revenue")
    assert len(rows) == 600
    revenue = [float(row["revenue"]) for row in rows]
    assert revenue == sorted(revenue, reverse=True)
    found = exported(client, address("customers") + "?q=abbey")
    assert found
    assert all("abbey" in (row["name"] + row["id"]).lower() for row in found)
    first, second = (client.get(address("customers") + f"?page={n}").content for n in (1, 2))
    assert first != second
    assert client.get(address("customers") + "?page=99999999&sort=;drop").status_code == 200


@pytest.mark.parametrize("page", ["metrics", "themes", "customers"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    cast: Cast, page: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = cast.client("owner")
    with django_assert_max_num_queries(6):
        client.get(address(page))


NAUGHTY = (
    "<script>alert(1)</script>",
    "'; DROP TABLE customers; --",
    "{{ 7*7 }}",
    "%s%n",
    "\u202edesrever",
    '"><img src=x onerror=1>',
    "\x00",
)


def test_naughty_words_are_sought_and_shown_inert(cast: Cast) -> None:
    for at, text in enumerate(NAUGHTY):
        for role in ("owner", "employee"):
            answer = cast.client(role).get(
                address("search"), {"q": text, "period": text, "segment": f"{text}={text}", "account": text}
            )
            assert answer.status_code == 200
            assert b"<script>alert" not in answer.content
            assert b"<img" not in answer.content
        for page in (PAGES[at % len(PAGES)], "customers"):
            answer = cast.client("owner").get(address(page), {"q": text, "segment": f"x={text}", "group": text, "account": text})
            assert answer.status_code == 200
            assert b"<script>alert" not in answer.content
            assert b"<img" not in answer.content


def test_search_finds_by_rights(cast: Cast) -> None:
    told = {
        role: cast.client(role).get(address("search") + "?q=late").content.decode() for role in ("owner", "analyst", "employee")
    }
    assert "Late delivery" in told["employee"]
    assert "Comments" in told["analyst"]
    assert "Comments" not in told["employee"]
    named = {role: cast.client(role).get(address("search") + "?q=abbey+clinic").content.decode() for role in ("owner", "analyst")}
    assert address("account", "account:abbey-clinic") in named["owner"]
    assert "account:abbey-clinic" not in named["analyst"]
    billing = {role: cast.client(role).get(address("search") + "?q=invoice").content.decode() for role in ("owner", "employee")}
    assert "issue:billing" in billing["owner"]
    assert "issue:billing" not in billing["employee"]
