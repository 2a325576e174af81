"""So many requests a minute for each token."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from tests.web.api.conftest import Programs, faults

from vitalfew.web.api import limits
from vitalfew.web.api.problems import Problem


def test_a_token_that_asks_too_often_is_told_how_long_to_wait(program: Programs, settings: Settings) -> None:
    settings.API_REQUESTS_A_MINUTE = 5
    owner, other = program("owner"), program("owner")
    # The minute may end in between: then the count begins anew, and at most ten are let through.
    answers = [owner.ask("") for _ in range(11)]
    refused = [each for each in answers if each.status_code == 429]
    assert refused
    assert faults(refused[0]) == {}
    assert 1 <= int(refused[0]["Retry-After"]) <= 61
    assert other.ask("").status_code == 200


def test_the_count_begins_anew_each_minute(settings: Settings) -> None:
    settings.API_REQUESTS_A_MINUTE = 2
    limits.count("token:x", 1000.0)
    limits.count("token:x", 1001.0)
    with pytest.raises(Problem) as refused:
        limits.count("token:x", 1002.0)
    assert refused.value.headers == {"Retry-After": "19"}
    limits.count("token:y", 1002.0)
    limits.count("token:x", 1021.0)
