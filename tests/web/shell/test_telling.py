"""The sentences of a run in the reader's language: found again, their figures kept, names and quotes as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.utils import translation
from tests.web.conftest import Cast

from vitalfew.company import NO_SOURCE, Raw, examine
from vitalfew.edits import SINGLES
from vitalfew.listen.proposing.sketch import sketch
from vitalfew.web.people.models import Company
from vitalfew.web.shell import sentences
from vitalfew.web.shell.access import Reading
from vitalfew.web.shell.telling import KINDS, told, unknown

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
# The columns in which a run writes sentences of its own.
WRITTEN = {
    "actions": ("indicator",),
    "benefits": ("note",),
    "drivers": ("note",),
    "effects": ("note", "metric"),
    "initiatives": ("reason",),
    "issues": ("note",),
    "journey": ("note",),
    "levels": ("why",),
    "not_computed": ("figure", "reason", "data"),
    "one_pages": ("label", "text"),
    "point_value": ("note",),
    "portfolio": ("note",),
    "promises": ("note",),
    "quarantine": ("reason",),
    "remarks": ("remark",),
    "deliveries": ("remark",),
    "risks": ("because", "may", "leading_to", "action", "trigger"),
    "themes": ("note",),
    "metrics": ("note",),
    "links": ("rule",),
    "evidence": ("role",),
}


def written(reading: Reading) -> Iterator[tuple[str, str]]:
    """Every sentence of the run with its column."""
    assert reading.run is not None
    paths = reading.run.paths()
    for table, columns in WRITTEN.items():
        found = pq.read_table(paths[table], columns=list(columns))
        for column in columns:
            for value in sorted({each for each in found.column(column).to_pylist() if each}):
                yield f"{table}.{column}", value


def test_every_sentence_of_the_demo_company_is_known(cast: Cast) -> None:
    reading = Reading(Company.objects.get(slug="northlight"))
    authored = (reading.workspace.folder / "company.toml").read_text(encoding="utf-8")
    names = {row["name"] for table in ("issues", "themes", "initiatives") for row in reading.reader.small(table)}
    left, sentences_seen = [], 0
    for column, value in written(reading):
        if value in authored or value in names:
            continue
        sentences_seen += 1
        for part in unknown(value):
            # What people wrote themselves stays as it is, also when the run cut it.
            if part not in names and part.rstrip("….") not in authored and not part.startswith("“"):
                left.append((column, part))
    assert sentences_seen > 300
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_figure_is_lost_or_made_up_by_saying_it_in_another_language(cast: Cast, language: str) -> None:
    def digits(text: str) -> list[str]:
        # The days and months a language writes in words or numbers are no figures; separators differ.
        plain = re.sub(r"(?<=\d)[.,\u00a0\u202f ](?=\d)", "", text)
        return sorted(re.findall(r"\d+", re.sub(r"\d{4}-\d{2}(-\d{2})?", "", plain)))

    reading = Reading(Company.objects.get(slug="northlight"))
    with translation.override(language):
        for column, value in written(reading):
            if not re.search(r"[A-Z]{3} \d|[€£$]|\d{4}-\d{2}| 20\d\d", value):
                assert digits(told(value)) == digits(value), column


def test_a_reason_in_german_and_french() -> None:
    reason = "in: adds EUR 35,800 within the 12 months; without it the best other plan is worth EUR 21,500 less"
    with translation.override("fr"):
        assert told(reason) == (
            "dans le plan\u00a0: ajoute 35\u00a0800\u00a0€ en 12 mois\u00a0; sans elle, le meilleur autre plan vaut 21\u00a0500\u00a0€ de moins"
        )
    with translation.override("de"):
        assert "35.800\u00a0€" in told(reason)
        assert "without" not in told(reason)
    with translation.override("en"):
        assert told(reason) == reason


@pytest.mark.parametrize("text", ["Ordering by phone, key and people", "“the key, the phone, people”", "", "Søren"])
def test_names_and_quotes_stay_as_they_are(text: str) -> None:
    with translation.override("de"):
        assert told(text) == text


def test_every_placeholder_is_of_a_known_kind() -> None:
    for text in sentences.EVERY:
        for name in re.findall(r"%\((\w+)\)s", text):
            assert name.partition("_")[0] in KINDS, text
    assert len(set(sentences.EVERY)) > 400


def test_what_proposals_say_of_themselves_is_known(demo_workspace: Path) -> None:
    """Reasons and questions on the page on which a source is added; names of columns stand in quotes."""
    sources, _left = sketch(demo_workspace)
    said = {text for each in sources for column in each.columns for text in (column.reason, column.ask) if text}
    said |= {text for each in sources for further in each.further for text in (further.reason, further.ask) if text}
    said |= {text for each in sources for text in (each.reason, *each.notes)}
    assert len(said) > 60
    with translation.override("fr"):
        left = sorted(part for text in said for part in unknown(text))
    assert left == []
    with translation.override("de"):
        assert told("called 'ordered', dates; day first, told by 1,204 dates with a number beyond 12") == (
            "heißt 'ordered', Datumsangaben; Tag zuerst, zu erkennen an 1.204 Daten mit einer Zahl über 12"
        )


# What is wrong with a setting, and where each text comes from: the settings themselves, pydantic, and expressions.
WRONG: list[tuple[str, dict[str, object]]] = [
    ("promise", {"name": "A", "text": "t", "table": "nowhere"}),
    ("promise", {"name": "A", "text": "t", "table": "orders", "standard": 7, "kept_when": "sum(amount) > 3"}),
    (
        "promise",
        {"name": "A", "text": "t", "table": "orders", "kept_when": "nowhere > 3", "perceived": "nothing", "group": "Nobody"},
    ),
    ("promise", {"name": "A", "text": "t", "table": "orders", "kept_when": "(select 1) > 3"}),
    ("initiative", {"name": "B", "cost": "much", "months": 1.5}),
    ("initiative", {"name": "B", "needs": ["C"], "driver": "Nothing"}),
    ("mend", {"source": "nowhere", "column": "x", "value": "a", "pattern": "b"}),
    ("mend", {"source": "nowhere", "column": "x", "pattern": "(", "to": "b"}),
    ("limits", {"budget": {"2026": 3}, "months": 0}),
    ("consent", {"required": True, "contact_required": True}),
    ("link", {"left": "x", "right": "y#1"}),
    ("link", {"left": "x#1", "right": "y#1"}),
    ("company", {"name": "", "time_zone": "Paris", "minimum_group": 1, "as_of": "yesterday"}),
    ("benefit", {"name": "D", "table": "orders", "occurs_when": "amount > 3", "kind": "wonder"}),
]


@pytest.mark.parametrize(("section", "values"), WRONG)
def test_what_is_wrong_with_a_setting_is_told_in_the_reader_s_language(section: str, values: dict[str, object]) -> None:
    raw = Raw({"company": {"name": "Acme", "currency": "EUR"}, section: values if section in SINGLES else [values]}, "")
    if section == "company":
        raw = Raw({"company": values}, "")
    _settings, faults = examine(raw)
    said = [each.what for each in faults if each.what != NO_SOURCE]
    assert said
    with translation.override("fr"):
        # Keys of company.toml stay: people write them.
        left = [part for text in said for part in unknown(text) if not re.fullmatch(r"\[*[a-z_.]+\]*", part)]
    assert left == []
