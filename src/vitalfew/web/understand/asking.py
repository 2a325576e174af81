"""Who is this? The lookup at the moment of touch, for pages and API: what the visitor may be told, and the audit log."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vitalfew.engine.reader import Where
from vitalfew.listen.masking import mask
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import Visit
from vitalfew.who import Account, Answer, Candidate, Directory, History
from vitalfew.who.comparing import FIELDS

MOST_OPEN = 16

AGREEMENTS = {
    "same": gettext_lazy("the same"),
    "slip": gettext_lazy("one slip apart"),
    "local": gettext_lazy("the same before the @"),
    "compatible": gettext_lazy("may be one name"),
    "renamed": gettext_lazy("same given name"),
    "related": gettext_lazy("same family name"),
    "shared": gettext_lazy("shared by several"),
    "other": gettext_lazy("another"),
    "different": gettext_lazy("another"),
}
LABELS = {
    "email": gettext_lazy("E-mail address"),
    "phone": gettext_lazy("Phone"),
    "name": gettext_lazy("Name"),
    "company": gettext_lazy("Company"),
    "born": gettext_lazy("Birthday"),
    "street": gettext_lazy("Street and number"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "handle": gettext_lazy("User name"),
    "national_id": gettext_lazy("National id"),
    "account": gettext_lazy("Account"),
    "record": gettext_lazy("Record"),
}
"""What can be asked for, and what is compared, as the page names it; FIELDS first, in the order of the form."""

_OPEN: OrderedDict[Path, Directory] = OrderedDict()
_LOCK = threading.Lock()


def directory_of(visit: Visit) -> Directory:
    """The company's directory, kept open: it follows the current run by itself. Raises faults.Refused when there is no run."""
    folder = visit.workspace.folder
    with _LOCK:
        if folder in _OPEN:
            _OPEN.move_to_end(folder)
            return _OPEN[folder]
    made = Directory(folder)
    with _LOCK:
        _OPEN[folder] = made
        while len(_OPEN) > MOST_OPEN:
            _OPEN.popitem(last=False)
    return made


def look_up(visit: Visit, given: Mapping[str, str], key: str = "") -> Answer:
    """Who it is, as far as the visitor may know. The audit log says that somebody was looked up and by which fields, never by what.

    Raises faults.Refused when there is no run, or nothing to identify anybody by.
    """
    said = {name: given.get(name) for name in FIELDS}
    answer = _told(visit, directory_of(visit).identify(key=key or None, **said))
    _record(visit, "look up customer", answer, said, key)
    return answer


def remember(visit: Visit, record: str, given: Mapping[str, str]) -> tuple[Answer, str]:
    """Look somebody up and remember the record (source#key); for those who read the records of the whole company.

    Returns the answer and the id of the person it is now. Raises faults.Refused, and PermissionDenied.
    """
    if visit.reach("records.read") != "company":
        raise PermissionDenied
    said = {name: given.get(name) for name in FIELDS}
    directory = directory_of(visit)
    answer = directory.register(record, **said)
    _record(visit, "remember customer", answer, said, "")
    known = directory.identify(key=record)
    return answer, known.candidates[0].person if known.candidates else ""


def _record(visit: Visit, action: str, answer: Answer, said: Mapping[str, str | None], key: str) -> None:
    fields = [name for name in FIELDS if (said[name] or "").strip()] + (["key"] if key else [])
    visit.record(action, answer.person or "", outcome=answer.outcome, fields=fields)


def _told(visit: Visit, answer: Answer) -> Answer:
    """The answer with what people wrote masked; for a group lead only customers the own group had to do with, without history."""
    if visit.reach("records.read") == "company":
        shown = tuple(
            replace(each, history=_masked(each.history), account=_masked_account(each.account)) for each in answer.candidates
        )
        return replace(answer, candidates=shown, account=_masked_account(answer.account))
    met = tuple(_of_group(each) for each in answer.candidates if _met(visit, "person", each.person))
    if met:
        return replace(answer, candidates=met, account=met[0].account if answer.outcome == "found" else None)
    known = answer.account if not answer.candidates else None
    if known is not None and _met(visit, "account", known.account):
        return replace(answer, account=replace(known, history=History({})))
    return replace(answer, outcome="nobody", candidates=(), account=None)


def _met(visit: Visit, column: str, value: str) -> bool:
    groups = sorted(visit.own_groups)
    return visit.reader.count("timeline", [Where(column, "=", value), Where("group", "in", groups)]) > 0


def _of_group(candidate: Candidate) -> Candidate:
    account = candidate.account and replace(candidate.account, history=History({}))
    return replace(candidate, history=History({}), account=account)


def _masked_account(account: Account | None) -> Account | None:
    return account and replace(account, history=_masked(account.history))


def _masked(history: History) -> History:
    if not history.facts:
        return history
    texts = ("contact_text", "case_text", "answer_text")
    return replace(history, facts={**history.facts, **{name: mask(history.facts.get(name, "")) for name in texts}})


def five_lines(history: History) -> list[tuple[str, str]]:
    """The history as (what, words) in the reader's language; nothing when the visitor may not read it."""
    if not history.facts:
        return []
    return [
        (_("Last contact"), _dated(history, "contact_at", "contact_channel", "contact_text") or _("none known")),
        (_("Open case"), _dated(history, "case_at", "case", "case_text") or _("none")),
        (_("Last answer"), _answer(history) or _("none known")),
        (_("Orders"), _orders(history) or _("none")),
        (_("Complained about"), _complaints(history) or _("nothing known")),
    ]


def _dated(history: History, at: str, *rest: str) -> str:
    when = history.moment(at)
    if when is None:
        return ""
    return ", ".join([wording.day(when.date()), *(history.facts[name] for name in rest if history.facts.get(name))])


def _answer(history: History) -> str:
    told = _dated(history, "answer_at")
    score = history.number("answer_score")
    if not told:
        return ""
    said = history.facts.get("answer_text", "")
    return ", ".join([told, *([wording.points(score)] if score is not None else []), *([f"“{said}”"] if said else [])])


def _orders(history: History) -> str:
    count, last = int(history.number("orders") or 0), history.moment("order_at")
    if not count:
        return ""
    told = [wording.number(count, 0), wording.money(history.number("revenue"), history.currency)]
    return ", ".join([*told, *([_("the last on %(day)s") % {"day": wording.day(last.date())}] if last else [])])


def _complaints(history: History) -> str:
    found = [(history.facts.get(name, ""), history.number(f"{name}_n")) for name in ("complaint", "complaint_second")]
    return ", ".join(f"{name} ({wording.number(count, 0)})" for name, count in found if name)
