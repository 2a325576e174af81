"""Portuguese, as its readers write it."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import translation
from tests.web.conftest import Cast

from vitalfew.web.shell import wording


@pytest.mark.parametrize("asked", ["pt", "pt-BR,en;q=0.5", "pt-PT,pt;q=0.9"])
def test_every_portuguese_browser_is_spoken_to_in_portuguese(cast: Cast, asked: str) -> None:
    page = Client(headers={"accept-language": asked}).get("/account/login/").content.decode()
    assert '<html lang="pt-br"' in page
    assert "Ir para o conteúdo" in page
    # The sign-in library's word is the application's: one word for one thing.
    assert "Senha" in page
    assert "Palavra-passe" not in page


def test_numbers_money_and_months_are_written_as_in_portuguese() -> None:
    with translation.override("pt-br"):
        assert wording.share(0.123) == "12%"
        assert wording.share(0.0123) == "1,2%"
        assert wording.money(-123_456, "BRL") == "\u2212R$\u00a0123.000"
        assert wording.money(1234, "EUR") == "1.230\u00a0€"
        assert wording.day(date(2026, 5, 3)) == "3 de maio de 2026"
        assert wording.month(date(2026, 5, 1)) == "maio de 2026"
