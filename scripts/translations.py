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
LANGUAGES = ("fr", "de", "pt")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def po(language: str) -> Path:
    """The texts of a language."""
    return WEB / "locale" / language / "LC_MESSAGES" / "django.po"


def collect() -> None:
    """Every text of templates and code, into the files of all languages."""
    command = [sys.executable, "-m", "django", "makemessages", "--no-location", "--no-obsolete", "--no-wrap"]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "VITALFEW_HOME": home, "DJANGO_SETTINGS_MODULE": "vitalfew.web.settings"}
        subprocess.run([*command, *(f"--locale={each}" for each in LANGUAGES)], cwd=WEB, env=environment, check=True)  # noqa: S603 - our own words
    for language in LANGUAGES:
        # The date would change the file at every collection.
        text = po(language).read_text(encoding="utf-8")
        po(language).write_text(re.sub(r'"(POT-Creation|PO-Revision)-Date: .*\n', "", text), encoding="utf-8")


def catalog(language: str) -> Catalog:
    """The texts of a language, read."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> bytes:
    """What django.mo of a language must be."""
    made = io.BytesIO()
    texts = catalog(language)
    # Babel fills a missing date with now, and the file would differ every minute.
    texts.creation_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(made, texts)
    return made.getvalue()


def faults(language: str) -> list[str]:
    """What is wrong with the texts of a language, a line each."""
    found: list[str] = []
    for message in catalog(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if "fuzzy" in message.flags or not all(texts):
            found.append(f"{language}: not translated: {ids[0]!r}")
            continue
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        for text in texts[-1:]:
            if set(PLACEHOLDER.findall(str(text))) != wanted:
                found.append(f"{language}: other placeholders: {ids[0]!r} -> {text!r}")
    return found


def missing() -> list[str]:
    """Texts of the code that the files do not have, by collecting anew beside them."""
    before = {language: po(language).read_bytes() for language in LANGUAGES}
    try:
        collect()
        return [f"{language}: collect anew" for language in LANGUAGES if po(language).read_bytes() != before[language]]
    finally:
        for language, text in before.items():
            po(language).write_bytes(text)


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
