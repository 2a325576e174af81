"""Every text of the application is there in every language offered, and the check of it sees what is wrong."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import gettext, ngettext, override

ROOT = Path(__file__).parent.parent.parent.parent
spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
assert spec is not None
assert spec.loader is not None
translations: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(translations)


def texts(entry: str) -> Catalog:
    """A catalog of one entry, beside a header."""
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    return read_po(io.BytesIO((head + entry + "\n").encode()), locale="es")


def test_the_languages_offered_are_those_with_texts() -> None:
    # A language may be offered as one country writes it; its texts lie under the language.
    assert [code.partition("-")[0] for code, _ in settings.LANGUAGES] == ["en", *translations.LANGUAGES]


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_text_is_translated_and_compiled(language: str) -> None:
    assert translations.faults(language) == []
    assert translations.po(language).with_suffix(".mo").read_bytes() == translations.compiled(language)


def test_no_text_of_the_code_is_missing() -> None:
    assert translations.missing() == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Issue"\nmsgstr ""', "not translated"),
        ('#, fuzzy\nmsgid "Issue"\nmsgstr "Problema"', "not translated"),
        ('msgid "by %(who)s"\nmsgstr "por %(quien)s"', "other placeholders"),
        ('msgid "by %(who)s"\nmsgstr "por alguien"', "other placeholders"),
        ('msgid "%(n)s line"\nmsgid_plural "%(n)s lines"\nmsgstr[0] "%(n)s línea"\nmsgstr[1] "líneas"', "other placeholders"),
        ('msgid "%(n)s line"\nmsgid_plural "%(n)s lines"\nmsgstr[0] "%(m)s línea"\nmsgstr[1] "%(n)s líneas"', "other placeholders"),
        ('msgid "%(n)s line"\nmsgid_plural "%(n)s lines"\nmsgstr[0] "%(n)s línea"\nmsgstr[1] ""', "not translated"),
        ('msgid "is <strong>kept</strong>"\nmsgstr "se <strong>cumple"', "other tags"),
        ('msgid "kept\\n"\nmsgstr "cumplida"', "other space at an end"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(entry: str, fault: str) -> None:
    assert [line.split(": ")[1] for line in translations.faults_of("es", texts(entry))] == [fault]


@pytest.mark.parametrize(
    "entry",
    [
        'msgid "by %(who)s"\nmsgstr "por %(who)s"',
        'msgid "one fault"\nmsgid_plural "%(n)s faults"\nmsgstr[0] "%(n)s error"\nmsgstr[1] "%(n)s errores"',
    ],
)
def test_what_is_right_is_left_alone(entry: str) -> None:
    assert translations.faults_of("es", texts(entry)) == []


def test_a_page_word_is_said_in_each_language() -> None:
    said = {}
    for language in translations.LANGUAGES:
        with override(language):
            said[language] = (gettext("Work groups"), ngettext("%(n)s line", "%(n)s lines", 2) % {"n": 2})
    assert said["fr"] == ("Groupes de travail", "2 lignes")
    assert said["de"] == ("Arbeitsgruppen", "2 Zeilen")
    assert said["es"] == ("Grupos de trabajo", "2 líneas")
