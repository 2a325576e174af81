"""How often a page asks the database does not grow with what lies in it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.web.conftest import Cast
from tests.web.test_access import PLAIN

from vitalfew.web.api.models import Delivery, Endpoint
from vitalfew.web.authoring.models import Item, Remark, Version
from vitalfew.web.people import audit
from vitalfew.web.people.models import Invitation, Membership, Token, User
from vitalfew.web.runs.models import Job

FEW, MANY = 2, 17
SECTIONS = {
    "initiative": {"name": "", "removes": ["late delivery"], "cost": 1000},
    "risk": {"because": "it is new", "may": "", "leading_to": "delay"},
    "group": {"name": "", "kind": "support function"},
}


def fill(cast: Cast, first: int, last: int) -> None:
    """Rows number `first` to `last` of everything people leave in the database."""
    company, now = cast.company, timezone.now()
    owner = cast.members["owner"]
    for number in range(first, last):
        user = User.objects.create_user(f"more{number}@northlight.example", None, f"More {number}")
        member = Membership.objects.create(company=company, user=user, role="analyst")
        for holder in (owner, member):
            digest = f"{holder.pk.hex}{number:032d}"
            later = now + timedelta(days=30)
            Token.objects.create(membership=holder, name=f"t{number}", scope="read", prefix="vf_", digest=digest, expires_at=later)
        Invitation.objects.create(
            company=company, email=f"guest{number}@northlight.example", role="executive", digest=f"{number:064d}",
            made_by="owner", expires_at=now + timedelta(days=7),
        )  # fmt: skip
        audit.record(company, user.email, "read", f"page {number}")
        for state in ("done", "failed"):
            Job.objects.create(company=company, state=state, asked_by=user, not_before=now, finished_at=now, reason="a reason")
        endpoint = Endpoint.objects.create(company=company, url=f"https://hooks.example/{number}", made_by="owner")
        Delivery.objects.create(endpoint=endpoint, event=endpoint.pk, kind="run.done", body="{}", state="dead", error="no answer")
        for section, values in SECTIONS.items():
            named = {name: value or f"{section} {number}" for name, value in values.items()}
            item = Item.objects.create(company=company, section=section, key=f"{section}-{number}", in_force=1, latest=2)
            for version, state in ((1, "approved"), (2, "proposed")):
                Version.objects.create(item=item, number=version, values=named, state=state, author=user.email)
            Remark.objects.create(item=item, author=user.email, text="why not sooner?")


def asked(client: Client, address: str) -> int:
    """How often the page asks the database, once what a process keeps is there."""
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        client.get(address)
    return len(found)


def test_the_number_of_queries_of_a_page_does_not_grow_with_the_rows(cast: Cast) -> None:
    client = cast.client("owner")
    addresses = ["/" + text.replace("<slug:company>", "northlight") for text, _ in PLAIN]
    fill(cast, 0, FEW)
    few = {address: asked(client, address) for address in addresses}
    fill(cast, FEW, MANY)
    many = {address: asked(client, address) for address in addresses}
    assert {address: (few[address], many[address]) for address in addresses if many[address] > few[address]} == {}
