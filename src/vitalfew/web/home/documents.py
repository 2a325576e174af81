"""What the run wrote for people, as files to take away, each by right."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from vitalfew.settings import slug
from vitalfew.web.focus import plan
from vitalfew.web.shell.access import Visit

Row = dict[str, Any]
WHOLE, PAGES = "strategy.pdf", "pages.zip"


def documents_of(visit: Visit) -> list[Row]:
    """The documents of the current run the visitor may take, with their sizes."""
    if visit.run is None:
        return []
    folder = visit.run.folder / "strategy"
    found = []
    if may_take_whole(visit) and (folder / WHOLE).is_file():
        told = _("The whole strategy, to print or to send")
        found.append({"name": WHOLE, "title": _("The strategy"), "told": told, "size": (folder / WHOLE).stat().st_size})
    if may_take_pages(visit) and (folder / "index.html").is_file():
        told = _("Every page of the run with the records behind each figure; opens in a browser without a network")
        size = sum(path.stat().st_size for path in folder.rglob("*.html"))
        found.append({"name": PAGES, "title": _("The pages"), "told": told, "size": size})
    for name, file in plan.book_of(visit).groups.items():
        sheet = folder / "one-pages" / f"{file}.pdf"
        if plan.reads(visit, name) and sheet.is_file():
            told = _("Its strategy on one page")
            found.append({"name": f"one-pages/{file}.pdf", "title": name, "told": told, "size": sheet.stat().st_size})
    return found


def may_take_whole(visit: Visit) -> bool:
    """The whole strategy holds every group's sheet."""
    return visit.reach("group.read") == "company"


def may_take_pages(visit: Visit) -> bool:
    """The pages hold customers by name and their words."""
    return visit.reach("records.read") == "company"


def answer(visit: Visit, name: str) -> HttpResponse:
    """A document as a download. Raises Http404 when the run wrote no such document, PermissionDenied when it is another's."""
    if visit.run is None:
        raise Http404
    folder = visit.run.folder / "strategy"
    stem = slug(visit.company.name)
    if name == WHOLE:
        return _file(folder / WHOLE, f"{stem}-strategy.pdf", allowed=may_take_whole(visit))
    if name == PAGES:
        if not (folder / "index.html").is_file():
            raise Http404
        if not may_take_pages(visit):
            raise PermissionDenied
        return _download(_zipped(folder), f"{stem}-strategy.zip", "application/zip")
    files = {f"one-pages/{file}.pdf": (group, file) for group, file in plan.book_of(visit).groups.items()}
    if name not in files:
        raise Http404
    group, file = files[name]
    return _file(folder / "one-pages" / f"{file}.pdf", f"{stem}-{file}.pdf", allowed=plan.reads(visit, group))


def _file(path: Path, called: str, allowed: bool) -> HttpResponse:
    if not path.is_file():
        raise Http404
    if not allowed:
        raise PermissionDenied
    return _download(path.read_bytes(), called, "application/pdf")


def _download(content: bytes, called: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{called}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _zipped(folder: Path) -> bytes:
    """Every file of the run's pages; same run, same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()
