"""Masking finds what identifies people and leaves dates, amounts and order numbers alone."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from exports import company, read

from vitalfew.engine import DuckEngine
from vitalfew.listen.masking import SUSPECT, iban, label_columns, luhn, mask, mask_label
from vitalfew.listen.rules import KEYS
from vitalfew.vocabulary import TABLES, readable


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail me: Ann.Lee+x@mail.example.co.uk.", "mail me: [email]."),
        ("josé@exemplo.com.br ligou", "[email] ligou"),
        ("call +44 20 7946 0958", "call [phone]"),
        ("call +5511987654321 now", "call [phone] now"),
        ("liguei (11) 98765-4321 ontem", "liguei [phone] ontem"),
        ("Tel. 020 7946 0958, thanks", "Tel. [phone], thanks"),
        ("ring 0171/1234567", "ring [phone]"),
        ("555-123-4567 is mine", "[phone] is mine"),
        ("0049 30 901820", "[phone]"),
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("5500-0000-0000-0004", "[card]"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [account] please"),
        ("gb82west12345698765432", "[account]"),
    ],
)
def test_what_identifies_is_replaced(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "ordered 2026-06-30, came 07/08/2026",
        "on 2026-06-30 14:05 it broke",
        "paid 1.234.567,89 for order 48213",
        "order 123456789",
        "4111 1111 1111 1112 fails the check",
        "10 of 12 boxes, 3 x 250 ml",
        "version 10.2.3.4567",
        "5 stars, 100% fine, 24/7",
        "DE00 3704 0044 0532 0130 00 is no account",
        "NFe 35180712345678901234567890123456789012345678",
        "@airline why",
    ],
)
def test_what_does_not_identify_is_left(text: str) -> None:
    assert mask(text) == text


def test_the_check_digits_are_those_of_the_standards() -> None:
    # Examples of ISO 13616's registry and of card issuers' test numbers.
    assert all(
        iban(number)
        for number in (
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        )
    )
    assert not iban("GB28NWBK60161331926819")
    assert all(luhn(number) for number in ("378282246310005", "6011111111111117", "4222222222222", "79927398713"))


def test_exactly_one_check_digit_in_ten_passes_luhn() -> None:
    drawn = random.Random(7)
    for _ in range(50):
        begin = "".join(drawn.choice("0123456789") for _ in range(15))
        assert sum(luhn(begin + digit) for digit in "0123456789") == 1


def test_every_text_that_changes_is_suspect_to_the_engine() -> None:
    import re

    pattern = re.compile(SUSPECT.replace(r"\x{a0}", "\\xa0"))
    for text in (
        "a@b.co",
        "call +44 20 7946 0958",
        "(11) 98765-4321",
        "DE89 3704 0044 0532 0130 00",
        "4111111111111111",
        "555-1234",
    ):
        assert mask(text) != text
        assert pattern.search(text)


# What joins records or says who somebody is stays as it is; written out by hand, so that a new column is masked until somebody decides.
NOT_TYPED = {
    **{name: {"source", "key", "person", "account", "case", "order", "employee"} for name in readable()},
    "accounts": {"source", "key", "account", "parent", "owner", "domain"},
    "people": {"person", "account", "name", "email", "phone"},
    "employees": {"source", "key", "employee", "name", "email"},
    "relations": {"source", "key", "from", "to"},
    "responses": {"source", "key", "person", "account", "case", "order", "employee", "response", "question"},
}
HELD = "ask ann.lee@example.org or +44 20 7946 0958, card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00"
MASKED = "ask [email] or [phone], card [card], IBAN [account]"


@pytest.mark.parametrize("name", readable())
def test_every_text_column_that_people_may_type_into_is_masked_on_the_way_in(
    name: str, tmp_path: Path, shared_engine: DuckEngine
) -> None:
    """Each text column of the vocabulary is given what identifies somebody; only those that name records keep it."""
    columns = [each.name for each in TABLES[name].columns if each.kind == "text" and each.name not in NOT_TYPED[name]]
    assert set(label_columns(TABLES[name])) == set(columns)
    # What is answered is a question's, the state of a consent is one of three words, and what a run writes is nobody's to fill.
    made_here = {"responses": {"kind", "choice", "text"}, "consents": {"state"}, "people": {"analysis", "contact"}}.get(name, set())
    wanted = [each for each in columns if each not in made_here]
    fixed = {"consents": {"state": {"value": "given"}}}.get(name, {})
    questions = (
        {"why": {"column": "why", "kind": "text"}, "pick": {"column": "pick", "kind": "choice"}} if name == "responses" else {}
    )
    heads = ["id", *wanted, "cut", *questions]
    with (tmp_path / "typed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerow(["1", *[f"{HELD} {head}" for head in heads[1:]]])
        writer.writerow(["2", *["harmless"] * (len(heads) - 1)])
    source = {
        **{"name": "typed", "table": name, "path": "typed.csv", "segments": {"cut": "cut"}, "questions": questions},
        "columns": {KEYS[name][0] if name in KEYS else "id": "id", **{each: each for each in wanted}, **fixed},
    }
    found = read(shared_engine, tmp_path, company(source))
    assert found.quarantine == []
    rows = [row for row in found.records if row["_line"] == 2]
    for column in (*wanted, "seg:cut"):
        assert {row[column] for row in rows} == {f"{MASKED} {column.removeprefix('seg:')}"}, column
    if questions:
        assert {(row["text"], row["choice"]) for row in rows} == {(f"{MASKED} why", None), (None, f"{MASKED} pick")}
    assert {row[each] for row in found.records if row["_line"] == 3 for each in wanted} <= {"harmless"}


@pytest.mark.parametrize(
    ("label", "masked"),
    [
        ("4006381333931", "4006381333931"),
        ("9781234567897", "9781234567897"),
        ("1234567890", "1234567890"),
        ("4111111111111111", "[card]"),
        ("4111 1111 1111 1111", "[card]"),
        ("call 020 7946 0958", "call [phone]"),
        ("DE89370400440532013000", "[account]"),
        ("delivered", "delivered"),
    ],
)
def test_a_label_that_is_a_number_alone_is_a_code_and_stays(label: str, masked: str) -> None:
    assert mask_label(label) == masked
