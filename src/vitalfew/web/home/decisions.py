"""What needs a decision: what waits for approval, and what the run and company.toml leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from vitalfew.web.act.views import faults_of
from vitalfew.web.authoring.queries import pending
from vitalfew.web.focus import plan
from vitalfew.web.shell.access import Visit

if TYPE_CHECKING:
    from vitalfew.documents.book import Book

MOST_NAMES = 4


@dataclass(frozen=True)
class Decision:
    """One thing to decide: in a sentence, about what, and where."""

    what: str
    names: Sequence[str]
    address: str

    @property
    def shown(self) -> Sequence[str]:
        """The first names."""
        return self.names[:MOST_NAMES]

    @property
    def more(self) -> int:
        """How many names are not shown."""
        return max(0, len(self.names) - MOST_NAMES)


def decisions_of(visit: Visit, today: date | None = None) -> list[Decision]:
    """Everything that waits for the visitor's decision, the plan's own faults first."""
    book, company = plan.book_of(visit), visit.company.slug
    found = [
        *_pending(visit),
        *_choice(book, reverse("focus:choice", args=[company])),
        *_issues(book, reverse("focus:issues", args=[company])),
        *_groups(book, reverse("act:groups", args=[company])),
        *_raci(book, reverse("act:raci", args=[company])),
        *_risks(book, reverse("act:risks", args=[company]), today or timezone.localdate()),
        *_promises(book),
    ]
    return [each for each in found if each.names]


def _pending(visit: Visit) -> list[Decision]:
    """What members proposed and the visitor may approve."""
    waiting = [each for each in pending(visit.company) if visit.may("items.approve", each.group or None)]
    names = [str((each.values or each.file_values or {}).get("name") or each.item.key) for each in waiting]
    what = ngettext("%(n)s proposal waits for your approval.", "%(n)s proposals wait for your approval.", len(names))
    return [Decision(what % {"n": len(names)}, names, reverse("authoring:pending", args=[visit.company.slug]))]


def _choice(book: Book, address: str) -> list[Decision]:
    losing = [row["name"] for row in book.chosen if book.loses(row)]
    what = ngettext(
        "%(n)s chosen initiative costs more than it brings within the plan: keep it?",
        "%(n)s chosen initiatives cost more than they bring within the plan: keep them?",
        len(losing),
    ) % {"n": len(losing)}
    return [Decision(what, losing, address)]


def _issues(book: Book, address: str) -> list[Decision]:
    names = [row["name"] for row in book.unowned_issues()]
    what = ngettext(
        "%(n)s issue has no work group: who causes it?", "%(n)s issues have no work group: who causes them?", len(names)
    )
    return [Decision(what % {"n": len(names)}, names, f"{address}#unowned")]


def _groups(book: Book, address: str) -> list[Decision]:
    without_lead = [each.name for each in book.company.group if not each.lead]
    without_sponsor = [each.name for each in book.company.group if not each.sponsor]
    lead = ngettext("%(n)s work group has no lead.", "%(n)s work groups have no lead.", len(without_lead))
    sponsor = ngettext("%(n)s work group has no sponsor.", "%(n)s work groups have no sponsor.", len(without_sponsor))
    return [
        Decision(lead % {"n": len(without_lead)}, without_lead, address),
        Decision(sponsor % {"n": len(without_sponsor)}, without_sponsor, address),
    ]


def _raci(book: Book, address: str) -> list[Decision]:
    faults = faults_of(book)
    what = ngettext("%(n)s responsibility is not clear.", "%(n)s responsibilities are not clear.", len(faults))
    return [Decision(what % {"n": len(faults)}, faults, address)]


def _risks(book: Book, address: str, today: date) -> list[Decision]:
    past = [row["may"] for row in book["risks"] if row["review"] and row["review"] < today]
    what = ngettext("%(n)s risk is past its review.", "%(n)s risks are past their review.", len(past))
    return [Decision(what % {"n": len(past)}, past, address)]


def _promises(book: Book) -> list[Decision]:
    names = [each.name for each in book.company.promise if each.standard is None]
    what = ngettext(
        "%(n)s promise has no standard: how often must it be kept?",
        "%(n)s promises have no standard: how often must they be kept?",
        len(names),
    )
    return [Decision(what % {"n": len(names)}, names, "")]
