"""No figure, and no difference of two figures, tells what fewer than five people said."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.web.people.models import Company, Membership, User
from vitalfew.web.shell.access import Visit
from vitalfew.web.shell.filters import Filters, facets
from vitalfew.web.shell.withholding import Outside, Reason, differs_by_few, few, following, hidden_of, least_of
from vitalfew.web.understand import figures

LEAST = 5

# The settings of a company are asked of the database, too: what people wrote lies on top of the file.
pytestmark = pytest.mark.django_db


def test_the_least_number_is_never_below_three() -> None:
    assert [least_of(each) for each in (0, 1, 3, 5, 10)] == [3, 3, 3, 5, 10]
    assert few(4, 5)
    assert not few(5, 5)


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 30), max_size=12), st.integers(0, 12))
def test_what_is_hidden_in_a_list_is_nobody_or_enough_people(people: dict[str, int], unknown: int) -> None:
    hidden = hidden_of(people, unknown, LEAST)
    assert all(people[value] >= LEAST for value in people if value not in hidden)
    gone = unknown + sum(people[value] for value in hidden)
    assert gone == 0 or gone >= LEAST or len(hidden) == len(people)


PERSON = st.integers(0, 25)


@given(st.lists(st.tuples(PERSON, st.integers(0, 15)), max_size=40))
def test_a_few_people_more_are_found_exactly_as_by_counting_every_coarser_figure(outside: list[tuple[int, int]]) -> None:
    """The people outside are grouped by what they share; the answer is that of looking at each of the 16 coarser figures."""
    groups: dict[int, set[str]] = {}
    for person, shared in outside:
        groups.setdefault(shared, set()).add(f"p{person}")
    rows = [Outside(shared, len(people), sorted(people)[:LEAST]) for shared, people in groups.items()]
    naive = False
    for wanted in range(16):
        people = {f"p{person}" for person, shared in outside if shared & wanted == wanted}
        naive = naive or 0 < len(people) < LEAST
    assert differs_by_few(rows, LEAST) is naive


def test_two_segments_are_never_chosen_at_once() -> None:
    rows = [Outside(0b11, 2, ["a", "b"]), Outside(0b01, 20), Outside(0b10, 20)]
    assert differs_by_few(rows, LEAST)
    assert not differs_by_few(rows, LEAST, one_of=0b11)
    assert following(3, LEAST, "next") == "next"
    assert following(0, LEAST, "next") is None
    assert following(5, LEAST, "next") is None


# --- the demo company ---


@pytest.fixture(scope="module")
def visit(demo_workspace: Path) -> Visit:
    """The owner, looking at the demo company's run."""
    company = Company(pk=1, slug="northlight", name="Northlight Supply", folder=str(demo_workspace))
    return Visit(RequestFactory().get("/"), Membership(company=company, user=User(email="owner@northlight.example"), role="owner"))


QUESTION = "delivery"
_RECORDS = """SELECT r."key" AS record, coalesce(r.person, r.response) AS unit, r."group" AS grp, r.account,
  CAST(year(r."at") AS VARCHAR) AS y, CAST(year(r."at") AS VARCHAR) || '-Q' || CAST(quarter(r."at") AS VARCHAR) AS q,
  max(s."value") FILTER (WHERE s.segment = 'country') AS country, max(s."value") FILTER (WHERE s.segment = 'sector') AS sector
  FROM {responses} r LEFT JOIN {segments} s ON s."table" = 'responses' AND s.source = r.source AND s."key" = r."key"
  WHERE r.question = ? AND r."value" IS NOT NULL GROUP BY r.source, r."key", r.response, r.person, r."group", r.account, r."at" """


def crowded(visit: Visit) -> list[str]:
    """The accounts most people of which answered, most first."""
    counts = visit.reader.counts("responses", ("account",), distinct="person")
    return [row["account"] for row in sorted(counts, key=lambda row: (-row["n_distinct"], row["account"] or "")) if row["account"]]


def meets(record: dict[str, str], filters: Filters) -> bool:
    cut = filters.cut
    return (
        filters.period in ("", record["q"], record["y"])
        and (cut is None or record[cut[0]] == cut[1])
        and filters.account in ("", record["account"])
        and filters.group in ("", record["grp"])
    )


def test_no_difference_of_two_shown_figures_tells_of_a_few_people_in_ten_thousand_pairs(visit: Visit) -> None:
    records = visit.reader.select(_RECORDS, ("responses", "segments"), [QUESTION])
    known = facets(visit)
    draw = random.Random(7)
    accounts = crowded(visit)[:25]
    cuts = [f"{name}={value}" for name, values in known.segments.items() for value in values]
    # Accounts of a few people, whole and by survey wave, are where a difference would tell most.
    pool = {Filters(period=period, account=account) for account in accounts[:20] for period in ("", "2025-Q2", "2026-Q2")}
    while len(pool) < 130:
        filters = Filters(
            draw.choice(["", "", "2025-Q2", "2026-Q2", "2025", "2026"]),
            draw.choice(["", *cuts]),
            draw.choice(["", "", *accounts]),
            draw.choice(["", "", "Logistics"]),
        )
        # Many combinations of an account and a segment are of nobody and tell nothing.
        if any(meets(record, filters) for record in records):
            pool.add(filters)
    shown: dict[Filters, set[int]] = {}
    withheld = 0
    for filters in sorted(pool, key=repr):
        found = figures.scores(visit, filters, QUESTION)[0]
        inside = {at for at, record in enumerate(records) if meets(record, filters)}
        assert bool(found) is bool(inside), filters
        if not found:
            continue
        people = {records[at]["unit"] for at in inside}
        if found[0].value is None:
            assert found[0].n is None
            withheld += 1
            continue
        assert found[0].n == len(inside)
        assert len(people) >= LEAST
        shown[filters] = inside
    assert withheld > 10
    assert len(shown) > 40
    listed = sorted(shown, key=repr)
    pairs = [(draw.choice(listed), draw.choice(listed)) for _ in range(10_000)] + list(combinations(listed, 2))
    for one, other in pairs:
        for small, large in ((shown[one], shown[other]), (shown[other], shown[one])):
            if small < large:
                told = {records[at]["unit"] for at in large - small}
                assert len(told) >= LEAST, f"{one} and {other} tell of {len(told)} people"


def test_what_a_list_hides_is_nobody_or_enough_people(visit: Visit) -> None:
    every = visit.reader.select(_RECORDS, ("responses", "segments"), [QUESTION])
    accounts = [(Filters(account=account), "quarter", "q") for account in crowded(visit)[:15]]
    cuts = [(filters, by, name) for filters in (Filters(), Filters(period="2026"), Filters(group="Logistics"))
            for by, name in (("cut:country", "country"), ("cut:sector", "sector"))]  # fmt: skip
    hidden = 0
    for filters, by, name in [*accounts, *cuts]:
        found = figures.scores(visit, filters, QUESTION, by)[0]
        shown = {each.piece for each in found if each.value is not None}
        rest = {record["unit"] for record in every if meets(record, filters) and record[name] not in shown}
        hidden += bool(rest)
        assert not rest or len(rest) >= LEAST or not shown, f"{filters} by {by} hides {len(rest)} people"
    assert hidden > 5


def test_figures_without_and_with_one_filter_are_those_of_the_run(visit: Visit) -> None:
    """Two ways to the same numbers: the run's table, and the sums at request time."""
    compared = 0
    known = {(row["question"], row["statistic"], row["segment"], row["period"]): row for row in visit.reader.small("metrics")}
    for filters in (Filters(), Filters(period="2026-Q2"), Filters(segment="country=Germany"), Filters(segment="sector=hospital")):
        for each in figures.scores(visit, filters)[0]:
            row = known[each.cell, each.statistic, filters.segment or "all", filters.period or "all"]
            if each.value is None:
                assert each.note.startswith("withheld")
                continue
            assert each.n == row["n"]
            assert (each.value, each.low, each.high) == pytest.approx((row["value"], row["low"], row["high"]), abs=1e-8)
            compared += 1
    assert compared > 60


def test_a_withheld_figure_says_why_and_carries_no_number(visit: Visit) -> None:
    found = figures.scores(visit, Filters(period="2026-Q2", segment="sector=care", account="account:abbey-clinic"))[0]
    found += figures.scores(visit, Filters(account="account:abbey-clinic"))[0]
    assert all(each.value is None and each.n is None and each.note for each in found)
    assert Reason("few") is Reason.FEW
