"""Numbers, money and dates read as a person would say them, and nothing missing looks like a number."""

from __future__ import annotations

import doctest
import math

import pytest

from vitalfew.documents import words


def test_the_examples_in_the_docstrings_hold() -> None:
    found = doctest.testmod(words)
    assert found.attempted >= 10
    assert found.failed == 0


@pytest.mark.parametrize(
    "form", [words.number, words.share, words.points, words.whole, words.duration, lambda x: words.money(x, "EUR")]
)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_missing_value_is_said_to_be_not_computed(form: words.Format, value: float) -> None:
    assert form(value) == "not computed"


@pytest.mark.parametrize(("value", "said"), [(0.0, "€0"), (-0.4, "−€0.40"), (0.7, "€0.70"), (999.6, "€1,000"), (999_999, "€1.00 million"),
                                             (-1_240_000, "−€1.24 million"), (9.9999e8, "€1.00 billion"), (12_345, "€12,300")])  # fmt: skip
def test_money_keeps_three_significant_digits_at_every_size(value: float, said: str) -> None:
    got = words.money(value, "EUR").replace(words.NO_BREAK, " ")
    assert float(got.strip("−€").split()[0].replace(",", "")) == float(said.strip("−€").split()[0].replace(",", ""))
    assert got.startswith("−") == said.startswith("−")
    assert got.split()[1:] == said.split()[1:]


def test_a_figure_shows_interval_and_n_or_its_reason() -> None:
    assert words.figure(23, 18, 28, 1204) == "23 (18 to 28), n = 1,204"
    assert words.figure(23, None, None, 12, note="no interval for one period") == "23, n = 12 (no interval for one period)"
    assert words.figure(math.nan, 1, 2, 3, note="withheld: fewer than 5 people") == "not computed (withheld: fewer than 5 people)"


@pytest.mark.parametrize("length", [1, 5, 20, 99])
def test_clipped_text_never_exceeds_its_length(length: int) -> None:
    for text in ("a" * 300, "word " * 60, "\n\t ", "", None):
        assert len(words.clip(text, length)) <= length
