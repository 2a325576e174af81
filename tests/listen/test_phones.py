"""Numbers read by the patterns of a country are what the parser of phonenumbers makes of them."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from vitalfew.listen import phones

REGIONS = ("FR", "DE", "IT", "ES", "GB", "US", "NL", "BE", "AT", "CH", "PT", "PL", "SE", "NO", "DK", "FI", "IE", "BR", "MX", "AU")
REGIONS += ("JP", "CN", "IN", "RU", "TR", "ZA", "CA", "NZ", "KR", "AR", "IL", "GR", "HU", "CZ", "SG", "KZ", "VA", "GG", "UA", "RO")


def written(draw: random.Random, region: str) -> str:
    """A number of the country as people write it, or nearly: examples with digits changed, prefixes, blanks and brackets."""
    example = phonenumbers.example_number_for_type(region, draw.choice((0, 1, 3, 4, 6)))
    digits = list(phonenumbers.national_significant_number(example)) if example else [draw.choice("0123456789") for _ in range(9)]
    for place in range(draw.choice((0, 1, 3)), len(digits)):
        if draw.random() < 0.7:
            digits[place] = draw.choice("0123456789")
    text = draw.choice(("", "", "0", "0", "1", "8", "00", "06", "01")) + "".join(digits[: draw.choice((99, 99, 99, 7))])
    if draw.random() < 0.3:
        at = draw.randrange(1, len(text))
        text = text[:at] + draw.choice((" ", "-", ".", ") ", "  ", " (")) + text[at:]
    return draw.choice(("", "", "", "(")) + text


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_read_by_patterns_is_what_the_parser_makes_of_it(region: str) -> None:
    draw = random.Random(region)
    for _ in range(400):
        text = written(draw, region)
        by_patterns = phones._plain(text, region)
        assert by_patterns in (None, phones._parsed(text, region)), text


def test_most_numbers_of_a_country_need_no_parser() -> None:
    draw = random.Random(1)
    mobile = [f"06{draw.randrange(10**8):08d}" for _ in range(500)]
    valid = [text for text in mobile if phones._parsed(text, "FR")]
    assert len(valid) > 400
    assert [text for text in valid if phones._plain(text, "FR") is None] == []


def test_what_patterns_do_not_settle_is_parsed() -> None:
    assert phones.e164("+33 6 12 34 56 78", "DE") == "+33612345678"
    assert phones.e164("0033612345678", "FR") == "+33612345678"
    assert phones.e164("06 12 34 56 78 ext 3", "FR") == "+33612345678"
    assert phones.e164("12", "FR") is None
    assert phones.e164("0612345678", None) is None
