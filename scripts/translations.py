"""The application's words in other languages: collected from the code, checked, compiled.

    translations.py collect    write what is new into src/vitalfew/web/locale/*/LC_MESSAGES/django.po (needs GNU gettext)
    translations.py compile    write django.mo beside each django.po
    translations.py check      exit 1 when a text is missing, doubtful or differs in its placeholders, or a django.mo is old

The compiled files are kept in the repository, so that installing needs no gettext; `check` holds that they are those of the texts.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
WEB = ROOT / "src" / "vitalfew" / "web"
LANGUAGES = ("fr", "de", "es", "pt")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
TAG = re.compile(r"<[^<>]+>")


def po(language: str, web: Path = WEB) -> Path:
    """The texts of a language."""
    return web / "locale" / language / "LC_MESSAGES" / "django.po"


def collect(web: Path = WEB) -> None:
    """Every text of templates and code below `web`, into the files of all languages there."""
    command = [sys.executable, "-m", "django", "makemessages", "--no-location", "--no-obsolete", "--no-wrap"]
    # Without settings, or they would name the texts of the application itself when a copy is collected.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([*command, *(f"--locale={each}" for each in LANGUAGES)], cwd=web, env=environment, check=True)  # noqa: S603 - our own words
    for language in LANGUAGES:
        # The date would change the file at every collection.
        text = po(language, web).read_text(encoding="utf-8")
        po(language, web).write_text(re.sub(r'"(POT-Creation|PO-Revision)-Date: .*\n', "", text), encoding="utf-8")


def catalog(language: str) -> Catalog:
    """The texts of a language, read."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> bytes:
    """What django.mo of a language must be."""
    made = io.BytesIO()
    texts = catalog(language)
    # Without dates in the file Babel puts the present minute, and no two compilations were alike.
    texts.creation_date = texts.revision_date = NO_DATE
    write_mo(made, texts)
    return made.getvalue()


def differs(original: str, text: str, given: set[str]) -> str | None:
    """How a text breaks what its original carries; `given` are the placeholders the code fills, one form or the other."""
    wanted, there = set(PLACEHOLDER.findall(original)), set(PLACEHOLDER.findall(text))
    # One form may name a number where the original writes it as a word, but never leave one out or ask for one that is not given.
    if not wanted <= there <= given:
        return "other placeholders"
    if sorted(TAG.findall(original)) != sorted(TAG.findall(text)):
        return "other tags"
    if (original[:1].isspace(), original[-1:].isspace()) != (text[:1].isspace(), text[-1:].isspace()):
        return "other space at an end"
    return None


def faults(language: str) -> list[str]:
    """What is wrong with the texts of a language, a line each."""
    return faults_of(language, catalog(language))


def faults_of(language: str, texts_read: Catalog) -> list[str]:
    """What is wrong with the texts of a catalog, a line each."""
    found: list[str] = []
    for message in texts_read:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if "fuzzy" in message.flags or not all(texts):
            found.append(f"{language}: not translated: {ids[0]!r}")
            continue
        if len(texts) != len(ids):
            found.append(f"{language}: other number of plural forms: {ids[0]!r}")
            continue
        for original, text in zip(ids, texts, strict=True):
            if broken := differs(original, str(text), set(PLACEHOLDER.findall(ids[-1]))):
                found.append(f"{language}: {broken}: {ids[0]!r} -> {text!r}")
    return found


def missing() -> list[str]:
    """Languages whose files lack texts of the code, by collecting anew in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(WEB, Path(folder) / "web", ignore=shutil.ignore_patterns("__pycache__", "static")))
        collect(copy)
        return [f"{each}: collect anew" for each in LANGUAGES if po(each, copy).read_bytes() != po(each).read_bytes()]


def main(verb: str) -> int:
    """Run one verb; returns the exit code."""
    if verb == "collect":
        collect()
    elif verb == "compile":
        for language in LANGUAGES:
            po(language).with_suffix(".mo").write_bytes(compiled(language))
    elif verb == "check":
        found = missing() + [line for language in LANGUAGES for line in faults(language)]
        old = [
            each
            for each in LANGUAGES
            if not po(each).with_suffix(".mo").exists() or po(each).with_suffix(".mo").read_bytes() != compiled(each)
        ]
        found += [f"{language}: django.mo is not that of django.po; run translations.py compile" for language in old]
        print("\n".join(found) or "every text is there in every language")
        return 1 if found else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
