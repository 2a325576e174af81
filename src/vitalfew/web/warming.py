"""What a process loads before it answers, so that nobody's first page pays for it.

Views import what is heavy (Arrow, DuckDB, Ibis, the drawing of charts) only where they need it, for the commands' sake. A process
that answers pages needs all of it within its first minutes, so it is loaded while the port still lets requests wait.
"""

from __future__ import annotations

import logging
import time
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.template import engines
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils import formats, translation

log = logging.getLogger("vitalfew.warming")
MODULES = (
    "vitalfew.documents.book",
    "vitalfew.documents.chain",
    "vitalfew.documents.charts",
    "vitalfew.documents.figures",
    "vitalfew.documents.why",
    "vitalfew.documents.words",
    "vitalfew.engine.reader",
    "vitalfew.listen.masking",
    "vitalfew.numerics.intervals",
    "vitalfew.web.runs.difference",
    "vitalfew.web.ops.database",
    "sqlglot.dialects.duckdb",
    "xlsxwriter",
    "django.contrib.messages.storage.fallback",
    "django.core.cache.backends.locmem",
)


def warm() -> None:
    """Load every module, address, template and language a page may ask for, and draw a first chart."""
    began = time.monotonic()
    for name in MODULES:
        import_module(name)
    _ = get_resolver().url_patterns
    _ = engines["django"].engine.template_context_processors  # type: ignore[attr-defined]
    for name in templates():
        get_template(name)
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            formats.number_format(1.5)
            translation.gettext("Home")
    _draw()
    log.info("ready", extra={"milliseconds": round((time.monotonic() - began) * 1000)})


def templates() -> list[str]:
    """Every template of the application, by the name it is asked for."""
    root = Path(__file__).parent
    found = [path.relative_to(folder) for folder in root.glob("*/templates") for path in folder.rglob("*.html")]
    return sorted(each.as_posix() for each in found)


def _draw() -> None:
    """The first chart of a process starts the engine that draws; the others take a few milliseconds."""
    from vitalfew.documents import charts, words  # noqa: PLC0415 - heavy, as this whole module is about

    charts.bars("warming", "", [charts.Bar("", 0.5, 0.4, 0.6, "")], ("", ""), words.share)
