"""The walk from a claim to its records: for whom, how far, and how fast."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse
from tests.web.conftest import Cast

from vitalfew.web.people.rights import ROLES

ISSUE = "issue:logistics/late-delivery"
ELSEWHERE = "issue:billing/invoice-differs-from-quote"


def address(claim: str, company: str = "northlight") -> str:
    return reverse("understand:why", args=[company, claim])


@pytest.mark.parametrize(
    ("claim", "role", "status"),
    [
        *(("theme:late-delivery", role, 200) for role in ROLES),
        *((ISSUE, role, 200) for role in ROLES),
        *((ELSEWHERE, role, 403 if role in ("lead", "employee") else 200) for role in ROLES),
        *((f"issue:logistics/absent{role}", role, 404) for role in ROLES),
        *((claim, "stranger", 404) for claim in (ISSUE, "theme:late-delivery", "theme:absent")),
        *((claim, "nobody", 302) for claim in (ISSUE, "theme:absent")),
        ("orders:orders#O00000001", "owner", 404),
        ("mentions[theme=theme:late-delivery]", "owner", 404),
    ],
)
def test_a_claim_opens_for_those_who_may_read_it(cast: Cast, claim: str, role: str, status: int) -> None:
    assert cast.client(role).get(address(claim)).status_code == status


def test_an_absent_company_and_one_of_others_answer_alike(cast: Cast) -> None:
    client = cast.client("stranger")
    assert client.get(address(ISSUE)).content == client.get(address(ISSUE, "absent")).content


def test_the_walk_ends_at_records_for_those_who_may_read_them(cast: Cast) -> None:
    told = cast.client("owner").get(address("theme:late-delivery")).content.decode()
    assert "helpdesk#T" in told
    assert reverse("understand:why", args=["northlight", "driver:recommend/delivery-on-time"]) in told


@pytest.mark.parametrize("role", ["analyst", "executive", "employee", "integrator"])
def test_without_the_right_to_records_only_counts_and_masked_words_are_told(cast: Cast, role: str) -> None:
    for claim in ("theme:late-delivery", "promise:on-time", "driver:recommend/delivery-on-time"):
        told = cast.client(role).get(address(claim)).content.decode()
        assert "helpdesk#T" not in told
        assert "orders#O" not in told
        assert "survey_2025#R" not in told
        assert "person:" not in told
    assert "130 comments" in cast.client(role).get(address("theme:late-delivery")).content.decode()


def test_a_lead_sees_records_of_the_own_group_and_words_of_others(cast: Cast) -> None:
    client = cast.client("lead")
    own = client.get(address("driver:recommend/delivery-on-time")).content.decode()
    assert "survey_2025#R" in own
    other = client.get(address("driver:recommend/correct-invoices")).content.decode()
    assert "survey_2025#R" not in other
    theme = client.get(address("theme:invoice-differs-from-quote")).content.decode()
    assert "helpdesk#T" not in theme
    assert "“" in theme


def test_a_walk_is_fast_once_the_chain_is_known(cast: Cast) -> None:
    client = cast.client("owner")
    client.get(address(ISSUE))
    begun = time.perf_counter()
    for claim in (ISSUE, "theme:late-delivery", "promise:on-time", "driver:recommend/delivery-on-time"):
        client.get(address(claim))
    first = (time.perf_counter() - begun) / 4
    begun = time.perf_counter()
    for _ in range(4):
        assert client.get(address(ISSUE)).status_code == 200
    again = (time.perf_counter() - begun) / 4
    assert again < 0.3, f"{first:.3f} s, then {again:.3f} s"
