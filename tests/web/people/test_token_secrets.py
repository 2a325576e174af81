"""API tokens: shown once, stored hashed, ended by date, by revocation, and with the membership."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from tests.web.conftest import Cast

from vitalfew.web.people import tokens
from vitalfew.web.people.models import Token


def test_a_token_opens_the_membership_it_was_made_for(cast: Cast) -> None:
    made, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 30)
    found = tokens.membership_for(secret)
    assert found is not None
    token, membership = found
    assert (token, membership) == (made, cast.members["integrator"])
    assert membership.company == cast.company
    assert not token.may_write


def test_a_secret_has_256_bits_and_is_nowhere_in_the_database(cast: Cast) -> None:
    made, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ_WRITE, 30)
    assert len(secret.removeprefix(tokens.PREFIX)) * 6 >= 256
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people_token")
        stored = str(cursor.fetchall())
    assert secret not in stored
    assert secret.removeprefix(tokens.PREFIX) not in stored
    assert made.prefix == secret[: len(made.prefix)]
    assert len(made.prefix) <= 9, "so little of it may be shown"


def test_no_two_secrets_are_the_same(cast: Cast) -> None:
    assert len({tokens.make(cast.members["owner"], "x", Token.READ, 1)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("wrong", ["", "vf_", "vf_x", "Bearer", "vf_" + "a" * 43, "vf_" + "a" * 500, "vf_\ud800", "vf_\x00", "é"])
def test_what_is_no_token_opens_nothing(cast: Cast, wrong: str) -> None:
    tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 30)
    assert tokens.membership_for(wrong) is None


def test_a_secret_that_is_almost_right_opens_nothing(cast: Cast) -> None:
    _, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 30)
    for near in (secret[:-1], secret + "A", secret.swapcase(), secret.removeprefix("vf_"), " " + secret):
        assert tokens.membership_for(near) is None, near


def test_a_revoked_token_opens_nothing_and_is_revoked_once(cast: Cast) -> None:
    made, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 30)
    assert tokens.revoke(made)
    assert not tokens.revoke(made)
    assert tokens.membership_for(secret) is None
    made.refresh_from_db()
    assert made.state == "revoked"


def test_an_expired_token_opens_nothing(cast: Cast) -> None:
    made, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 1)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tokens.membership_for(secret) is None
    made.refresh_from_db()
    assert made.state == "expired"


def test_a_token_ends_with_its_membership_and_with_its_user(cast: Cast) -> None:
    member = cast.members["integrator"]
    _, secret = tokens.make(member, "Warehouse", Token.READ, 30)
    member.user.is_active = False
    member.user.save()
    assert tokens.membership_for(secret) is None
    member.user.is_active = True
    member.user.save()
    assert tokens.membership_for(secret) is not None
    member.delete()
    assert tokens.membership_for(secret) is None


def test_last_use_is_noted_at_most_once_a_minute(cast: Cast) -> None:
    made, secret = tokens.make(cast.members["integrator"], "Warehouse", Token.READ, 30)
    tokens.membership_for(secret)
    made.refresh_from_db()
    first = made.last_used_at
    assert first is not None
    tokens.membership_for(secret)
    made.refresh_from_db()
    assert made.last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.membership_for(secret)
    made.refresh_from_db()
    assert made.last_used_at is not None
    assert made.last_used_at >= first


@pytest.mark.parametrize("days", [0, -1, 400, 10**9])
def test_a_token_without_an_end_cannot_be_made(cast: Cast, days: int) -> None:
    with pytest.raises(ValueError, match="a token lives"):
        tokens.make(cast.members["integrator"], "Warehouse", Token.READ, days)
