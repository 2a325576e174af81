"""Members, tokens and the audit log: who may do what to whom, and what the database itself refuses."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from tests.web.conftest import Cast

from vitalfew.web.people import members, tokens
from vitalfew.web.people.models import AuditEntry, Invitation, Membership, Token
from vitalfew.web.people.rights import CAPABILITIES, ROLES, reach

PEOPLE = "/c/northlight/people/"


def test_an_administrator_cannot_make_an_owner(cast: Cast) -> None:
    client = cast.client("administrator")
    client.post(PEOPLE, {"email": "new@northlight.example", "role": "owner"})
    assert not Invitation.objects.exists()
    analyst = cast.members["analyst"]
    client.post(f"{PEOPLE}{analyst.pk}/", {"role": "owner"})
    analyst.refresh_from_db()
    assert analyst.role == "analyst"
    with pytest.raises(members.NotAllowed):
        members.change(analyst, "administrator", "owner", "", "")


def test_an_administrator_cannot_change_or_remove_an_owner(cast: Cast) -> None:
    owner = cast.members["owner"]
    Membership.objects.filter(pk=cast.members["analyst"].pk).update(role="owner")
    client = cast.client("administrator")
    assert client.post(f"{PEOPLE}{owner.pk}/", {"role": "analyst"}).status_code == 403
    assert client.post(f"{PEOPLE}{owner.pk}/remove/").status_code == 403
    owner.refresh_from_db()
    assert owner.role == "owner"


def test_the_last_owner_stays(cast: Cast) -> None:
    owner, client = cast.members["owner"], cast.client("owner")
    client.post(f"{PEOPLE}{owner.pk}/", {"role": "analyst"})
    client.post(f"{PEOPLE}{owner.pk}/remove/")
    owner.refresh_from_db()
    assert owner.role == "owner"
    Membership.objects.filter(pk=cast.members["analyst"].pk).update(role="owner")
    client.post(f"{PEOPLE}{owner.pk}/", {"role": "analyst"})
    owner.refresh_from_db()
    assert owner.role == "analyst", "one of two may go"


def test_a_removed_member_sees_nothing_and_their_tokens_end(cast: Cast) -> None:
    integrator = cast.members["integrator"]
    _made, secret = tokens.make(integrator, "x", Token.READ, 30)
    client = cast.client("integrator")
    assert client.get("/c/northlight/").status_code == 200
    cast.client("owner").post(f"{PEOPLE}{integrator.pk}/remove/")
    assert client.get("/c/northlight/").status_code == 404
    assert tokens.membership_for(secret) is None


def test_changes_of_members_are_in_the_audit_log(cast: Cast) -> None:
    cast.client("owner").post(f"{PEOPLE}{cast.members['analyst'].pk}/", {"role": "executive"})
    entry = AuditEntry.objects.get(action="change member")
    assert (entry.actor, entry.target) == ("owner@northlight.example", "analyst@northlight.example")
    assert (entry.detail["before"], entry.detail["role"]) == ("analyst", "executive")


def test_a_token_is_shown_once(cast: Cast) -> None:
    client = cast.client("integrator")
    page = client.post("/c/northlight/tokens/", {"name": "Load", "scope": "read", "days": "30"}).content.decode()
    secret = page.split('<code class="secret">')[1].split("<")[0]
    found = tokens.membership_for(secret)
    assert found is not None
    assert found[1] == cast.members["integrator"]
    again = client.get("/c/northlight/tokens/").content.decode()
    assert secret not in again
    assert found[0].prefix in again


def test_an_integrator_sees_and_revokes_only_their_own_tokens(cast: Cast) -> None:
    theirs, secret = tokens.make(cast.members["owner"], "Of the owner", Token.READ, 30)
    client = cast.client("integrator")
    assert "Of the owner" not in client.get("/c/northlight/tokens/").content.decode()
    assert client.post(f"/c/northlight/tokens/{theirs.pk}/revoke/").status_code == 403
    assert tokens.membership_for(secret) is not None
    cast.client("administrator").post(f"/c/northlight/tokens/{theirs.pk}/revoke/")
    assert tokens.membership_for(secret) is None


# --- addresses with two arguments: role x own company, another's, absent ---


def _member(cast: Cast) -> str:
    return f"people/{cast.members['analyst'].pk}/"


def _remove(cast: Cast) -> str:
    return f"people/{cast.members['analyst'].pk}/remove/"


def _withdraw(cast: Cast) -> str:
    return f"invitations/{members.invite(cast.company, 'owner', 'owner', 'x@northlight.example', 'employee')[0].pk}/withdraw/"


def _revoke(cast: Cast) -> str:
    return f"tokens/{tokens.make(cast.members['integrator'], 'x', Token.READ, 30)[0].pk}/revoke/"


ADDRESSES: list[tuple[str, Callable[[Cast], str]]] = [
    ("people.manage", _member),
    ("people.manage", _remove),
    ("people.manage", _withdraw),
    ("tokens.manage", _revoke),
]


@pytest.mark.parametrize(("capability", "address"), ADDRESSES, ids=[each.__name__ for _, each in ADDRESSES])
@pytest.mark.parametrize("role", ROLES)
def test_who_may_post_where(cast: Cast, role: str, capability: str, address: Callable[[Cast], str]) -> None:
    assert capability in CAPABILITIES
    answer = cast.client(role).post(f"/c/northlight/{address(cast)}", {"role": "analyst"})
    assert answer.status_code == (302 if reach(role, capability) else 403)


@pytest.mark.parametrize("address", [each for _, each in ADDRESSES], ids=[each.__name__ for _, each in ADDRESSES])
def test_what_is_anothers_looks_absent(cast: Cast, address: Callable[[Cast], str]) -> None:
    there = address(cast)
    absent = "/".join(str(uuid.uuid4()) if len(part) == 36 else part for part in there.split("/"))
    stranger, owner = cast.client("stranger"), cast.client("owner")
    answers = [
        stranger.post(f"/c/northlight/{there}"),
        stranger.post(f"/c/nowhere/{there}"),
        stranger.post(f"/c/other/{there}"),  # the object of one company under the address of another
        owner.post(f"/c/northlight/{absent}"),
    ]
    assert [each.status_code for each in answers] == [404] * 4
    assert answers[0].content == answers[1].content
    assert cast.client("nobody").post(f"/c/northlight/{there}")["Location"].startswith("/account/login/")
    assert Membership.objects.filter(pk=cast.members["analyst"].pk).exists()
