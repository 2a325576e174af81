"""The page "Who is this?": a form for what is known of somebody, and the answer below it. What is typed stands in no address."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from vitalfew.faults import Refused
from vitalfew.web.shell import wording
from vitalfew.web.shell.access import Visit, page
from vitalfew.web.understand import asking, consenting
from vitalfew.who import Answer, Candidate
from vitalfew.who.comparing import FIELDS

_ORDER = ("email", "phone", "name", "company", "born", "street", "postcode", "city", "handle", "national_id")
_FIRST = 4
_TYPES = {"email": "email", "phone": "tel"}
_LONGEST = 200


@page("records.read")
def who(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The form; after it was sent, who it is."""
    given = {name: request.POST.get(name, "").replace("\x00", "").strip()[:_LONGEST] for name in FIELDS}
    made: dict[str, Any] = {}
    if request.method == "POST":
        if not any(given.values()):
            made["fault"] = _("Write what you know of them: an e-mail address, a phone number, a name.")
        else:
            try:
                made |= _answered(visit, asking.look_up(visit, given))
            except Refused:
                unread = visit.run is not None
                made["fault"] = (
                    _("None of this can be read as an address, a number or a name.") if unread else _("There is no run yet.")
                )
    fields = [
        {"name": name, "label": asking.LABELS[name], "value": given[name], "type": _TYPES.get(name, "text")} for name in _ORDER
    ]
    more = any(each["value"] for each in fields[_FIRST:])
    return render(request, "understand/who.html", {**made, "first": fields[:_FIRST], "rest": fields[_FIRST:], "more": more})


def _answered(visit: Visit, answer: Answer) -> dict[str, Any]:
    account = answer.account if answer.outcome in ("account", "nobody") else None
    return {
        "answer": answer,
        "candidates": [_card(each) for each in answer.candidates],
        "account": account,
        "account_lines": asking.five_lines(account.history) if account else [],
        "notes": _notes(answer),
        "of_group": visit.reach("records.read") != "company",
        "learnt": "learnt" in answer.basis,
    }


def _card(each: Candidate) -> dict[str, Any]:
    evidence = [
        {
            "field": asking.LABELS[one.field],
            "agreement": asking.AGREEMENTS[one.agreement],
            "against": one.agreement in ("other", "different"),
            "value": one.value,
            "record": one.record,
        }
        for one in each.evidence
    ]
    # One digit, and never 100 %: nobody is certain.
    sure = wording.number(min(each.confidence, 0.999) * 100, 1)
    return {
        "who": each,
        "sure": sure,
        "evidence": evidence,
        "lines": asking.five_lines(each.history),
        "consent": consenting.of_candidate(each),
    }


def _notes(answer: Answer) -> list[str]:
    """The notes of an answer in the reader's language."""
    found = []
    for note in answer.notes:
        value, mark, _rest = note.partition(" is a shared ")
        name, unread, _rest = note.partition(" could not be read")
        if mark:
            found.append(_("%(value)s is shared by several people: it tells the account, not the person.") % {"value": value})
        elif unread:
            found.append(_("%(field)s could not be read and was left out.") % {"field": asking.LABELS.get(name, name)})
        else:
            found.append(_("No account of that name is known.") if note.startswith("no account") else note)
    return found
