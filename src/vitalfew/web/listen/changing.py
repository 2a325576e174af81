"""How a source that was added in the application is read, changed: the same form as for a new one, filled with what stands.

Its files stay where they are: they are looked at and tried in their place. The entry keeps its key, its name, its files and its
history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from vitalfew.listen.rules import is_long
from vitalfew.settings import Source
from vitalfew.web.authoring.changes import Change, Conflict, Entry, entry, normal, save
from vitalfew.web.authoring.editing import Begun, moved, side_by_side
from vitalfew.web.authoring.overlay import standing
from vitalfew.web.authoring.sections import SECTIONS, effect
from vitalfew.web.listen import aside, mapped_form, uploads
from vitalfew.web.listen.adding import SOURCE, checked, digest, said_broken, settings_as_json, shown, tried
from vitalfew.web.listen.mapped_form import MappedForm
from vitalfew.web.listen.masked import sees_names
from vitalfew.web.listen.targets import REFERS, TABLE_NAMES, timed
from vitalfew.web.shell.access import Visit, page

MAPPED = ("columns", "segments", "questions")
IN_FORM = ("name", "table", "path", *MAPPED)
"""What the form says of a source; everything else stays as it is."""
_IN_ROW = {
    "questions": {"column", "kind", "scale", "blank", "label", "driver", "outcome", *mapped_form.OF_QUESTION, *mapped_form.OF_KIND},
    "segments": {"column"},
}


@page("sources.write")
def change(request: HttpRequest, visit: Visit, key: str) -> HttpResponse:
    """How a source is read, as it stands or, with `?table=`, as another table; a POST that has seen the figures keeps it."""
    found = entry(visit.company, standing(visit.company), SOURCE, key)
    if found is None or found.file_values is not None:
        raise Http404
    if request.method != "POST":
        sent, wrong = _looked(visit, found, request.GET.get("table", ""))
        if sent is None:
            messages.error(request, wrong)
            return redirect("authoring:item", visit.company.slug, SOURCE, key)
        return _form(request, visit, sent, mapped_form.proposed(sent.sources[0], sees_names(visit)), None)
    again = reverse("listen:change_source", args=[visit.company.slug, key])
    given = {name: str(value) for name, value in request.POST.items()}
    sent = uploads.opened(visit.workspace.folder, given.get("token", ""), of=key)
    if sent is None:
        messages.error(request, _("This page was open for too long. Here is the source as it stands now."))
        return redirect(again)
    if given.get("do") == "table":
        if given.get("table", "") in TABLE_NAMES:
            return redirect(f"{again}?table={given['table']}")
        messages.error(request, _("Choose one of the list."))
        return redirect(again)
    return _sent(request, visit, sent, found, given)


def _sent(request: HttpRequest, visit: Visit, sent: uploads.Upload, found: Entry, given: Mapping[str, str]) -> HttpResponse:
    """The form as somebody sent it: tried, and kept when it is what they have seen."""
    sketch, base = sent.sources[0], sent.data["base"]
    if any("\x00" in value for value in given.values()):
        form = mapped_form.proposed(sketch, sees_names(visit))
        form.errors.append(_("Null characters are not allowed."))
        return _form(request, visit, sent, form, None)
    # The name stays: rules that mend, decisions on who is who and keys of other sources call it by that.
    form = mapped_form.sent(sketch, {**given, "name": base["name"]}, sees_names(visit))
    if form.wrong:
        return _form(request, visit, sent, form, None)
    others = visit.settings.model_copy(update={"source": [each for each in visit.settings.source if each.name != base["name"]]})
    values = checked(visit, form, mapped_form.values(form, base["path"], others.questions), found.key)
    if values is None:
        return _form(request, visit, sent, form, None)
    if values == base:
        messages.info(request, _("Nothing was changed."))
        return redirect("authoring:item", visit.company.slug, SOURCE, found.key)
    reading, wrong = tried(visit, sent, values)
    if wrong:
        form.errors.append(wrong)
        return _form(request, visit, sent, form, None)
    ready = not reading["faults"] and bool(reading["loaded"])
    if given.get("do") == "keep" and ready and given.get("seen") == digest(values):
        return _keep(request, visit, sent, found, values)
    now, _wrong = tried(visit, sent, base)
    return _form(request, visit, sent, form, {**against(reading, now), "seen": digest(values), "ready": ready})


def _form(
    request: HttpRequest, visit: Visit, sent: uploads.Upload, form: MappedForm, reading: dict[str, Any] | None
) -> HttpResponse:
    context = {
        **shown(visit, form, reading),
        "changing": {"key": sent.data["of"], "title": sent.data["base"]["name"], "token": sent.token},
        "given": sent.data["base"]["name"],
    }
    return render(request, "listen/map_source.html", context, status=422 if form.wrong else 200)


def _keep(request: HttpRequest, visit: Visit, sent: uploads.Upload, found: Entry, values: dict[str, Any]) -> HttpResponse:
    """Save a version of the entry, or show what somebody else made of it meanwhile beside it."""
    section, note = SECTIONS[SOURCE], _("how it is read")
    begun = Begun(sent.data["began"], sent.data["base"], None, mine=values, note=note)
    if moved(found, begun):
        return side_by_side(request, visit, section, found.key, begun)
    made = Change(SOURCE, found.key, "values", values, begun.began, None, note)
    try:
        version = save(visit.company, visit.user.email, made, effect(visit, section, (None,)))
    except Conflict:
        return side_by_side(request, visit, section, found.key, begun)
    visit.record(f"items.{version.state}", f"{SOURCE}:{found.key}", number=version.number, kind="values")
    said = {
        "approved": _("%(source)s is read so from the next run on."),
        "proposed": _("It is proposed to read %(source)s so. It is once the head of CX approves it."),
    }
    messages.success(request, said[version.state] % {"source": values["name"]})
    return redirect("authoring:item", visit.company.slug, SOURCE, found.key)


# --- what stands --------------------------------------------------------------------------------------------------------------


def _looked(visit: Visit, found: Entry, table: str) -> tuple[uploads.Upload | None, str]:
    """The files of a source as they were looked at, with what the source says of them; None with what stands against it.

    The same source with the same files is not looked at twice. What was found stays until nobody has come back to it for days:
    somebody else may have it open.
    """
    workspace = visit.workspace.folder
    if found.values is None:
        return None, _("The source is not there any more, or reads other files now.")
    values = normal(SOURCE, found.values)
    table = table if table in TABLE_NAMES else values["table"]
    stats = [each.stat() for each in map(workspace.joinpath, values["path"]) if each.is_file()]
    known = [found.key, found.in_force, values, table, [(each.st_size, each.st_mtime_ns) for each in stats]]
    token = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:40]
    uploads.sweep(workspace)
    sent = uploads.opened(workspace, token, of=found.key)
    if sent is not None:
        return sent, ""
    job = {"do": "stand", "workspace": str(workspace), "settings": settings_as_json(visit), "source": values, "table": table}
    try:
        answer = aside.done(job)
    except aside.Broken as broken:
        return None, said_broken(broken)
    if not answer["sources"]:
        return None, "; ".join(f"{each['file']}: {each['reason']}" for each in answer["left_out"])
    sketch = {**answer["sources"][0], "form": {name: value for name, value in values.items() if name not in IN_FORM}}
    if table == values["table"]:
        sketch = laid(sketch, Source.model_validate(values))
    data = {"of": found.key, "began": found.in_force, "base": values, "sources": [sketch], "who": visit.user.email}
    try:
        return uploads.looked_at(workspace, token, data), ""
    except OSError as error:
        return None, _("The files could not be written: %(reason)s. Nothing was kept.") % {"reason": error.strerror or error}


def laid(sketch: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """A sketch of the files of `source` in which each column becomes what the source says, instead of what would be proposed.

    What the form cannot show at a column stands besides, unchanged: expressions, constants, columns of which one is read twice or
    that the files do not have.
    """
    columns = {
        each["name"]: {**each, "target": "", "rule": {}, "reason": "", "ask": "", "stands": True} for each in sketch["columns"]
    }
    choices = {value for _label, options in mapped_form.targets(source.table) for value, _text in options}
    further = []
    for target, rule in _said(source):
        section = target.partition(".")[0]
        becomes = {"questions": f"questions.{rule.get('kind')}", "segments": "segments"}.get(section, target)
        column = columns.get(rule.get("column", ""))
        if column is not None and not column["target"] and becomes in choices and set(rule) <= _in_row(source.table, target):
            column.update(target=target, rule=rule, confidence=1.0)
        else:
            further.append({"target": target, "rule": rule, "confidence": 1.0, "reason": "", "ask": "", "kept": True})
            if column is not None and not column["target"]:
                column["reason"] = "it is read besides, see below"
    return {**sketch, "columns": list(columns.values()), "further": further, "confidence": 1.0, "reason": "", "notes": []}


def _said(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a source says of its columns, in its order: the target, and the rule as company.toml would have it."""
    for section in ("columns", "segments"):
        for name, rule in getattr(source, section).items():
            yield f"{section}.{name}", rule.model_dump(mode="json", exclude_none=True)
    for name, question in source.questions.items():
        asked = question.model_dump(mode="json", exclude_defaults=True)
        if not is_long(source) and not question.columns and question.sql is None:
            asked["column"] = question.column or name
        yield f"questions.{name}", asked


def _in_row(table: str, target: str) -> set[str]:
    """The keys of a rule that the fields beside a column can show."""
    section, _dot, name = target.partition(".")
    if section in _IN_ROW:
        return _IN_ROW[section]
    return {"column", *(("format",) if timed(table, name) else ()), *(("of",) if name in REFERS else ())}


def against(reading: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What would be read beside what is read now: `now` holds its totals, and each row has `before`, None where nothing is known.

    Rows that only what is read now has stand behind, with 0.
    """
    if not now or now["faults"] or reading["faults"]:
        return {**reading, "now": None}
    made = {**reading, "now": {name: now[name] for name in ("read", "loaded", "left")}}
    for name, named in (("refused", ("column", "reason")), ("columns", ("column",)), ("questions", ("question",))):
        before = {tuple(each[part] for part in named): each for each in now[name]}
        rows = [{**each, "before": before.pop(tuple(each[part] for part in named), {"n": 0})["n"]} for each in reading[name]]
        made[name] = rows + [{**each, "n": 0, "before": each["n"], "mean": None} for each in before.values()]
    return made
