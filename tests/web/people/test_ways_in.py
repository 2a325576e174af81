"""Set-up, the demo company's link and invitations: each opens once, for whom it is meant, and then no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.conftest import PASSWORD, Cast

from vitalfew.web.people import keys, members
from vitalfew.web.people.models import AuditEntry, Company, Invitation, Key, Membership, User

NEW = {"name": "Ann", "password": "four words nobody guesses", "again": "four words nobody guesses"}
WHO = {**NEW, "email": "ann@other.example"}


@pytest.fixture
def empty(cast: Cast) -> Company:
    """A company without members."""
    return Company.objects.create(slug="empty", name="Empty", folder=cast.other.folder)


def test_the_set_up_link_makes_one_owner_and_is_dead_after(empty: Company) -> None:
    address = f"/setup/{keys.make(empty, Key.SETUP)}/"
    first = Client()
    assert first.get(address).status_code == 200
    assert first.post(address, WHO)["Location"] == "/c/empty/"
    made = empty.memberships.get()
    assert (made.user.email, made.role) == ("ann@other.example", "owner")
    assert first.get("/c/empty/").status_code == 200, "signed in"
    assert AuditEntry.objects.filter(company=empty, action="set up company", actor="ann@other.example").exists()
    second = Client()
    assert second.get(address).status_code == 404
    assert second.post(address, {**WHO, "email": "eve@other.example"}).status_code == 404
    assert empty.memberships.count() == 1


def test_a_newer_set_up_link_ends_the_older_and_a_member_ends_both(empty: Company, cast: Cast) -> None:
    older, newer = keys.make(empty, Key.SETUP), keys.make(empty, Key.SETUP)
    assert Client().get(f"/setup/{older}/").status_code == 404
    assert Client().get(f"/setup/{newer}/").status_code == 200
    Membership.objects.create(company=empty, user=cast.stranger.user, role="owner")
    assert Client().post(f"/setup/{newer}/", WHO).status_code == 404


def test_a_set_up_link_expires_and_opens_nothing_else(empty: Company, cast: Cast) -> None:
    secret = keys.make(empty, Key.SETUP)
    assert Client().get(f"/enter/{secret}/").status_code == 404
    Key.objects.update(expires_at=timezone.now())
    assert Client().post(f"/setup/{secret}/", WHO).status_code == 404


def test_set_up_does_not_open_an_account_that_exists(empty: Company, cast: Cast) -> None:
    answer = Client().post(f"/setup/{keys.make(empty, Key.SETUP)}/", {**WHO, "email": "OWNER@other.example"})
    assert answer.status_code == 200
    assert not empty.memberships.exists()
    assert cast.stranger.user.check_password(PASSWORD)


def test_the_demo_link_signs_the_head_of_cx_in_once(cast: Cast) -> None:
    address = f"/enter/{keys.make(cast.company, Key.ENTRY)}/"
    first = Client()
    assert first.get(address)["Location"] == "/c/northlight/"
    assert first.session["_auth_user_id"] == str(cast.members["owner"].user.pk)
    second = Client()
    assert second.get(address).status_code == 404
    assert "_auth_user_id" not in second.session


@pytest.mark.parametrize(
    "meta",
    [
        {"REMOTE_ADDR": "10.0.0.5"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
    ],
)
def test_the_demo_link_works_on_this_machine_only(cast: Cast, meta: dict[str, str]) -> None:
    address = f"/enter/{keys.make(cast.company, Key.ENTRY)}/"
    client = Client()
    assert client.get(address, **meta).status_code == 404
    assert "_auth_user_id" not in client.session
    assert client.get(address).status_code == 302, "a refused try does not use the link up"


def test_only_a_demo_company_has_an_entry_link(cast: Cast) -> None:
    assert Client().get(f"/enter/{keys.make(cast.other, Key.ENTRY)}/").status_code == 404


def invited(cast: Cast, email: str = "new@northlight.example", role: str = "analyst") -> tuple[Invitation, str]:
    made, secret = members.invite(cast.company, "owner", "owner", email, role)
    return made, f"/invitation/{secret}/"


def test_an_invitation_makes_the_member_that_was_invited_once(cast: Cast) -> None:
    _made, address = invited(cast)
    client = Client()
    # Another address, typed into the form by hand, changes nothing.
    assert client.post(address, {**NEW, "email": "eve@evil.example", "role": "owner"}).status_code == 302
    member = Membership.objects.get(company=cast.company, user__email="new@northlight.example")
    assert member.role == "analyst"
    assert not User.objects.filter(email="eve@evil.example").exists()
    assert Client().get(address).status_code == 404
    assert Client().post(address, NEW).status_code == 404


def test_an_invitation_is_for_its_address(cast: Cast) -> None:
    made, address = invited(cast)
    assert cast.client("stranger").post(address).status_code == 200
    assert not cast.stranger.user.memberships.filter(company=cast.company).exists()
    with pytest.raises(members.NotAllowed):
        members.accept(made, cast.stranger.user)


def test_an_invited_account_signs_in_first(cast: Cast) -> None:
    _made, address = invited(cast, "owner@other.example")
    assert Client().post(address, NEW).status_code == 200
    assert not cast.stranger.user.memberships.filter(company=cast.company).exists()
    assert cast.client("stranger").post(address).status_code == 302
    assert cast.stranger.user.memberships.get(company=cast.company).role == "analyst"


def test_an_invitation_expires(cast: Cast) -> None:
    _made, address = invited(cast)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(address, NEW).status_code == 404
    assert not User.objects.filter(email="new@northlight.example").exists()


def test_an_invitation_can_be_withdrawn_and_a_newer_one_replaces_it(cast: Cast) -> None:
    _older, first = invited(cast)
    newer, second = invited(cast)
    assert Client().get(first).status_code == 404
    cast.client("administrator").post(f"/c/northlight/invitations/{newer.pk}/withdraw/")
    assert Client().post(second, NEW).status_code == 404


def test_inviting_shows_the_link_when_no_mail_is_set_up(cast: Cast) -> None:
    given = {"email": "new@northlight.example", "role": "lead", "group": "Logistics"}
    page = cast.client("owner").post("/c/northlight/people/", given).content.decode()
    made = Invitation.objects.get()
    assert "/invitation/" in page
    assert made.digest not in page
    assert (made.role, made.group) == ("lead", "Logistics")
