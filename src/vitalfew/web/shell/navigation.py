"""The pages in the order of the method, and which of them a visitor may open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from vitalfew.web.shell.access import Visit


@dataclass(frozen=True)
class Entry:
    """One page: the name of its address, its label, and the capability it needs."""

    route: str
    label: _StrPromise
    capability: str


# Rooms in the order of the method; each app says in its `urls.PAGES` which pages it has.
ROOMS: Sequence[tuple[_StrPromise, Sequence[str]]] = (
    (_("Home"), ("home",)),
    (_("Listen"), ("listen", "runs")),
    (_("Understand"), ("understand",)),
    (_("Focus"), ("focus",)),
    (_("Act"), ("act", "authoring")),
    (_("Prove"), ("prove",)),
    (_("Company"), ("people", "api")),
)


def entries(visit: Visit) -> list[dict[str, object]]:
    """Rooms with the pages the visitor may open; rooms without any are left out."""
    current = visit.request.resolver_match.view_name if visit.request.resolver_match else ""
    found: list[dict[str, object]] = []
    for label, apps in ROOMS:
        pages = []
        for entry in (entry for app in apps for entry in import_module(f"vitalfew.web.{app}.urls").PAGES):
            if not visit.may(entry.capability):
                continue
            address = reverse(entry.route, args=[visit.company.slug])
            pages.append({"label": entry.label, "address": address, "current": entry.route == current, "route": entry.route})
        if pages:
            found.append({"label": label, "pages": pages, "current": any(each["current"] for each in pages)})
    return found
