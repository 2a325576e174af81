"""Rules that mend, as people write them beside what was refused: looked at first, then kept, told with their use, taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from vitalfew import deliveries
from vitalfew.edits import key_of
from vitalfew.engine.patterns import fault as fault_of_pattern
from vitalfew.engine.reader import Row
from vitalfew.listen.typed import cleaned
from vitalfew.web.authoring.changes import Change, Conflict, Entry, entries, entry, normal, save, undo
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, effect
from vitalfew.web.shell.access import Visit, page

MEND = "mend"
_SHOWN = 10
# As the run decides it (`vitalfew.listen.mending`), on the values that were refused.
_MET = f"""source = ? AND "column" = ? AND CASE WHEN ? THEN coalesce(regexp_full_match({cleaned("value")}, ?), false)
  ELSE {cleaned("value")} IS NOT DISTINCT FROM {cleaned("?")} END"""
_MEETS = f"""SELECT value, count(*) AS n, sum(count(*)) OVER () AS total, count(*) OVER () AS kinds,
    CASE WHEN ? THEN regexp_replace({cleaned("value")}, ?, ?) ELSE ? END AS becomes
  FROM {{quarantine}} WHERE {_MET} GROUP BY value ORDER BY n DESC, value LIMIT {_SHOWN}"""


@dataclass(frozen=True)
class Rule:
    """A rule in force. `counted` says whether the current run was made with it, `used` how many values it changed there."""

    key: str
    values: Mapping[str, Any]
    who: str
    at: datetime | None
    counted: bool
    used: int


def may_mend(visit: Visit) -> bool:
    """Whether the visitor may say how refused values are read."""
    return visit.reach("sources.mend") == "company"


def rules(visit: Visit, source: str = "") -> list[Rule]:
    """The rules in force, in the order in which they act; none for those who may not write them."""
    if not may_mend(visit):
        return []
    made_from = (visit.run.made_from() if visit.run else None) or {}
    ran = [normal(MEND, each) for each in made_from.get("settings", {}).get(MEND, ())]
    used = {row["rule"]: row["n"] for row in visit.reader.counts("mended", ("rule",))}
    found = []
    for each in entries(visit.company, standing(visit.company), MEND):
        if each.values is not None and (not source or each.values["source"] == source):
            number = next((place for place, ruled in enumerate(ran, 1) if ruled == each.values), 0)
            found.append(_told(each, each.values, number, used.get(number, 0)))
    return found


def _told(found: Entry, values: Mapping[str, Any], number: int, used: int) -> Rule:
    written = found.version if found.version is not None and found.version.kind == "values" else None
    who, at = (written.author, written.at) if written else ("", None)
    return Rule(found.key, values, who, at, number > 0, used)


def taken_back(visit: Visit) -> int:
    """How many rules of the current run hold no more."""
    made_from = (visit.run.made_from() if visit.run else None) or {}
    now = [each.values for each in entries(visit.company, standing(visit.company), MEND)]
    return sum(normal(MEND, each) not in now for each in made_from.get("settings", {}).get(MEND, ())) if may_mend(visit) else 0


def columns_of(visit: Visit, source: str) -> list[str]:
    """The columns of a source's files as the current run read them; none when it did not keep them."""
    return next((deliveries.columns(row) for row in visit.reader.small("sources") if row["source"] == source), [])


class MendForm(forms.Form):
    """How a value is to be read."""

    source = forms.ChoiceField(label=gettext_lazy("Source"))
    column = forms.CharField(label=gettext_lazy("Column"), max_length=1000, strip=False)
    meets = forms.ChoiceField(
        label=gettext_lazy("Which values"),
        widget=forms.RadioSelect,
        initial="value",
        choices=[
            ("value", gettext_lazy("this value")),
            ("pattern", gettext_lazy("all values that match a pattern")),
            ("empty", gettext_lazy("empty cells")),
        ],
    )
    value = forms.CharField(
        label=gettext_lazy("Value or pattern"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("A pattern is a regular expression that fits the value as a whole, e.g. EUR (\\d+)"),
    )
    becomes = forms.ChoiceField(
        label=gettext_lazy("How it is read"),
        widget=forms.RadioSelect,
        initial="to",
        choices=[
            ("to", gettext_lazy("as another value")),
            ("blank", gettext_lazy("as empty")),
            ("leave_out", gettext_lazy("not at all: the record is left out")),
        ],
    )
    to = forms.CharField(
        label=gettext_lazy("The other value"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Write it as the source would. Of a pattern, \\1 is its first group."),
    )
    reason = forms.CharField(label=gettext_lazy("Why this is right"), max_length=1000)

    def __init__(self, visit: Visit, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.visit = visit
        self.fields["source"].choices = [(each.name, each.name) for each in visit.settings.source]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse what no run could use: a column that is not there, nothing to meet, a pattern that is none."""
        given: dict[str, Any] = super().clean() or {}
        known = columns_of(self.visit, given.get("source", ""))
        if known and given.get("column") and given["column"] not in known:
            told = {"source": given["source"], "columns": ", ".join(known)}
            self.add_error("column", _("%(source)s has no such column. It has: %(columns)s") % told)
        if given.get("meets") != "empty" and not (given.get("value") or "").strip():
            self.add_error("value", _("Write the value, or the pattern."))
        elif given.get("meets") == "pattern" and (wrong := fault_of_pattern(given.get("value", ""), given.get("to", ""))):
            self.add_error("value", wrong)
        if given.get("becomes") == "to" and not (given.get("to") or "").strip():
            self.add_error("to", _("Write what it is read as, or choose that it is read as empty."))
        return given

    def values(self) -> dict[str, Any]:
        """The rule as it is stored. Raises ValidationError."""
        given = self.cleaned_data
        met = {"pattern": given["value"]} if given["meets"] == "pattern" else {"value": given["value"].strip()}
        if given["meets"] == "empty":
            met = {"value": ""}
        read = {"to": given["to"]} if given["becomes"] == "to" else {given["becomes"]: True}
        return normal(MEND, {"source": given["source"], "column": given["column"], **met, **read, "reason": given["reason"]})


def met(visit: Visit, values: Mapping[str, Any]) -> list[Row]:
    """The refused values of the last run that a rule meets, the commonest first: `value`, `becomes`, `n`, `total`, `kinds`."""
    pattern = values.get("pattern")
    to = values.get("to")
    made = [pattern is not None and to is not None, f"^(?:{pattern or ''})$", to or "", to]
    return visit.reader.select(
        _MEETS,
        ("quarantine",),
        [*made, values["source"], values["column"], pattern is not None, pattern or "", values.get("value") or ""],
    )


@page("sources.mend")
def mend(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Write a rule: first look what it would change, then keep it."""
    if request.method != "POST":
        given = {name: str(value)[:1000] for name, value in request.GET.items() if "\x00" not in str(value)}
        form = MendForm(visit, initial={**given, **_empty(given)})
        seen = {"source": given.get("source", ""), "column": given.get("column", ""), "value": given.get("value", "")}
        return _form(visit, form, met(visit, seen) if seen["value"] else None)
    form = MendForm(visit, request.POST)
    values = _values(form) if form.is_valid() else None
    if values is None:
        return _form(visit, form, None)
    now = standing(visit.company)
    key = key_of(MEND, values)
    found = entry(visit.company, now, MEND, key)
    if found is not None and found.values is not None:
        form.add_error(None, _("There is a rule for this already. Change that one."))
        return _form(visit, form, None, known=key)
    change = Change(MEND, key, "values", values, found.in_force if found else 0, found.file_values if found else None)
    faults = new_faults(now, [change.edit] if change.edit else [])
    for fault in faults:
        form.add_error(None, str(fault))
    if faults:
        return _form(visit, form, None)
    looked = _mark(values)
    if request.POST.get("looked") != looked:
        return _form(visit, form, met(visit, values), values, looked)
    return _keep(request, visit, form, change)


def _empty(given: Mapping[str, str]) -> dict[str, str]:
    """A refused value that is empty is met as one."""
    return {"meets": "empty"} if "value" in given and not given["value"].strip() else {}


def _mark(values: Mapping[str, Any]) -> str:
    """What tells whether a rule is the one that was looked at."""
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest()[:16]


def _values(form: MendForm) -> dict[str, Any] | None:
    try:
        return form.values()
    except ValidationError as error:
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else ""
            form.add_error(name if name in form.fields else None, each["msg"].removeprefix("Value error, "))
        return None


def _form(
    visit: Visit,
    form: MendForm,
    found: Sequence[Row] | None,
    values: Mapping[str, Any] | None = None,
    looked: str = "",
    known: str = "",
) -> HttpResponse:
    source = str(form["source"].value() or "")
    context = {
        "form": form,
        "columns": columns_of(visit, source),
        "found": found,
        "total": found[0]["total"] if found else 0,
        "kinds": found[0]["kinds"] if found else 0,
        "values": values,
        "looked": looked,
        "known": known,
        "back": _back(visit, source, str(form["column"].value() or "")),
    }
    return render(visit.request, "listen/mend.html", context, status=422 if form.errors else 200)


def _back(visit: Visit, source: str, column: str) -> str:
    """The refused records of the column the rule is about."""
    where = reverse("listen:quarantine", args=[visit.company.slug])
    return f"{where}?{urlencode({'source': source, 'column': column})}" if source and column else where


def _keep(request: HttpRequest, visit: Visit, form: MendForm, change: Change) -> HttpResponse:
    try:
        version = save(visit.company, visit.user.email, change, effect(visit, SECTIONS[MEND], (None,)))
    except Conflict:
        form.add_error(None, _("Somebody changed this since you opened the page. Look at it again first."))
        return _form(visit, form, None)
    visit.record(f"items.{version.state}", f"{MEND}:{change.key}", number=version.number, kind=change.kind)
    messages.success(request, _("The rule is kept. It counts from the next run: read again to see what it does."))
    values = change.values or {}
    return redirect(_back(visit, values["source"], values["column"]))


@page("sources.mend")
@require_POST
def take_back(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take a rule back; one of company.toml is laid aside."""
    key = request.POST.get("key", "")[:200]
    now = standing(visit.company)
    found = entry(visit.company, now, MEND, key) if "\x00" not in key else None
    change = undo(found) if found is not None else None
    back = redirect("listen:quarantine", visit.company.slug)
    if change is None:
        messages.info(request, _("This rule had been taken back already."))
        return back
    try:
        version = save(visit.company, visit.user.email, change, effect(visit, SECTIONS[MEND], (None,)))
    except Conflict:
        messages.error(request, _("Somebody changed this since you opened the page. Look at it again first."))
        return back
    visit.record(f"items.{version.state}", f"{MEND}:{key}", number=version.number, kind=change.kind)
    messages.success(request, _("The rule is taken back. It counts from the next run."))
    return back
