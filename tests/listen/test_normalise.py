"""Normal forms of values that identify, and names that are or are not one person's."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.listen import names, normalise


def test_the_examples_in_the_documentation_run() -> None:
    for module in (names, normalise):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Anna.Rossi@Acme.IT", "anna.rossi@acme.it"),
        ("  mailto:anna@acme.it; ", "anna@acme.it"),
        ("Anna <ANNA@acme.it>", "anna@acme.it"),
        ("ａｎｎａ@acme.it", "anna@acme.it"),
        ("anna@münchen.de", "anna@xn--mnchen-3ya.de"),
        ("anna at acme.it", None),
        ("anna@acme", None),
        ("@acme.it", None),
        ("an na@acme.it", None),
        ("", None),
    ],
)
def test_an_address_has_one_normal_form(written: str, normal: str | None) -> None:
    assert normalise.email(written) == normal


def test_a_dotless_i_does_not_become_somebody_else() -> None:
    assert "mıke".upper().lower() == "mike"
    assert normalise.email("mıke@acme.it") != normalise.email("mike@acme.it")
    assert normalise.email("straße@acme.de") != normalise.email("strasse@acme.de")


@given(st.emails())
def test_the_normal_form_of_an_address_is_its_own_normal_form(address: str) -> None:
    once = normalise.email(address)
    if once is not None:
        assert normalise.email(once) == once


def test_sub_addresses_and_dots_are_dropped_only_for_joining() -> None:
    assert normalise.email("a.b+shop@gmail.com") == "a.b+shop@gmail.com"
    assert normalise.email_key("a.b+shop@gmail.com") == "ab@gmail.com"
    assert normalise.email_key("a.b+shop@acme.it") == "a.b@acme.it"


@pytest.mark.parametrize("address", ["info@a.it", "Sales2@a.it".lower(), "no-reply@a.it", "rechnung@a.de", "anna@example.com"])
def test_mailboxes_of_functions_and_of_nobody_are_known(address: str) -> None:
    assert normalise.is_role_mailbox(address)


def test_a_person_called_like_nothing_in_the_list_has_a_mailbox_of_their_own() -> None:
    assert not normalise.is_role_mailbox("anna.info@acme.it")


@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6 12 34 56 78", None, "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("06 12 34 56 78", None, None),
        ("0000000000", "FR", None),
        ("123456", "FR", None),
        ("0612", "FR", None),
        ("call me", "FR", None),
    ],
)
def test_a_phone_is_e164_or_nothing(written: str, region: str | None, normal: str | None) -> None:
    assert normalise.phone(written, region) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME Ltd.", "Acme Limited"),
        ("Acme S.r.l.", "acme srl"),
        ("Müller & Söhne GmbH & Co. KG", "MULLER SOHNE"),
        ("Société Générale S.A.", "societe generale"),
        ("The Widget Company, Inc.", "Widget"),
    ],
)
def test_legal_forms_accents_and_case_make_no_other_company(one: str, other: str) -> None:
    assert normalise.company_name(one) == normalise.company_name(other) is not None


def test_what_stands_for_no_company_is_none() -> None:
    assert normalise.company_name("n/a") is None
    assert normalise.company_name("self-employed") is None
    assert normalise.company_name(" - ") is None


def test_a_free_mail_domain_is_no_company() -> None:
    assert normalise.domain("anna@gmail.com") is None
    assert normalise.domain("anna@acme.it") == "acme.it"


def test_regions_are_found_in_many_languages() -> None:
    assert [normalise.region(name) for name in ("Deutschland", "Italie", "UK", "Brasil", "nowhere")] == [
        "DE",
        "IT",
        "GB",
        "BR",
        None,
    ]
    assert normalise.home_region("Europe/Rome", "EUR", "en") == "IT"
    assert normalise.home_region("UTC", "BRL", "en") == "BR"
    assert normalise.home_region("UTC", "EUR", "en") is None


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("Dr. Anna Rossi", "ROSSI, Anna", "same"),
        ("Jürgen Müller", "Juergen Mueller", "same"),
        ("A. Rossi", "Anna Rossi", "compatible"),
        ("Bob Smith", "Robert Smith", "compatible"),
        ("Anna Maria Rossi", "Anna Rossi", "compatible"),
        ("Jon Smyth", "John Smith", "compatible"),
        ("Rossi", "Anna Rossi", "compatible"),
        ("Anna Rossi", "Anna Bianchi", "renamed"),
        ("Anna Rossi", "Marco Rossi", "related"),
        ("Anna Rossi", "Peter Weber", "different"),
        ("A. Bianchi", "Anna Rossi", "different"),
        ("Jan Wolf", "Jan Kohl", "renamed"),
    ],
)
def test_two_names_are_compared_word_by_word(one: str, other: str, verdict: str) -> None:
    assert names.compare(names.words(one), names.words(other)) == verdict
    assert names.compare(names.words(other), names.words(one)) == verdict


def test_a_placeholder_is_no_name() -> None:
    assert names.words("Test User") == () == names.words("n/a") == names.words("anna@acme.it")


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_slips_agree_with_the_whole_matrix(one: str, other: str) -> None:
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                rows[i][j] = i + j
                continue
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    for most in range(4):
        assert names.within(one, other, most) == (rows[-1][-1] <= most)
