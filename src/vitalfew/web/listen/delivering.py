"""A further file of a source that is there: what a run would read of it as that source reads, and keeping it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vitalfew.company import EXPORTS
from vitalfew.edits import Edit
from vitalfew.runs import HOME
from vitalfew.web.authoring.changes import Change, Conflict, normal, save
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, effect
from vitalfew.web.listen import aside, uploads
from vitalfew.web.listen.masked import sees_names, shape
from vitalfew.web.listen.receivers import Receiver, receivers
from vitalfew.web.shell.access import Visit, page

SOURCE = "source"
SECONDS = 100


@page("sources.write")
def deliver(request: HttpRequest, visit: Visit, token: str, number: int, key: str) -> HttpResponse:
    """What a run would read of files sent, as the source `key` reads; a POST that has seen it keeps them."""
    sent = uploads.opened(visit.workspace.folder, token)
    if sent is None or number >= len(sent.sources):
        raise Http404
    if str(number) in sent.kept:
        return redirect("authoring:item", visit.company.slug, SOURCE, sent.kept[str(number)])
    found = receivers(visit).get(key)
    fit = next((each for each in sent.fits[number] if each["key"] == key), None)
    if found is None or (fit is not None and not fit["fits"]):
        gone = _("The source is not there any more, or reads other files now.")
        messages.error(request, gone if found is None else said_against(found.name, fit or {}))
        return redirect("listen:upload", visit.company.slug, token)
    reading, wrong = _read(visit, sent, number, found)
    seen = _digest(sent, number, found)
    ready = not wrong and not reading["faults"] and bool(reading["loaded"])
    if request.method == "POST":
        if not found.decides(visit):
            raise PermissionDenied
        if ready and request.POST.get("seen") == seen:
            answer = _keep(request, visit, sent, number, found)
            if not isinstance(answer, str):
                return answer
            wrong = answer
        else:
            wrong = wrong or _("The source or the files changed since you looked. Look once more before you keep it.")
    if not sees_names(visit):
        for each in reading.get("refused", ()):
            each["values"] = [shape(value) for value in each["values"]]
    given = {each["name"]: each["given"] for each in sent.data["files"]}
    names = sent.sources[number]["files"]
    context = {
        "upload": sent,
        "number": number,
        "receiver": found,
        "given": ", ".join(given.get(name, name) for name in names),
        "count": len(names),
        "reading": {**reading, "seen": seen, "ready": ready} if reading else None,
        "wrong": wrong,
        "fit": fit,
        "may_keep": found.decides(visit),
        "decides": visit.may("items.approve"),
    }
    return render(request, "listen/deliver.html", context, status=422 if wrong else 200)


def said_against(source: str, fit: dict[str, Any]) -> str:
    """Why a source cannot read a file as it is."""
    given = {"source": source, "detail": fit.get("detail", ""), "columns": ", ".join(fit.get("missing", ()))}
    if fit.get("why") == "form":
        return _("%(source)s reads files of another form: %(detail)s.") % given
    if fit.get("why") == "unreadable":
        return _("%(source)s cannot read the file: %(detail)s") % given
    if fit.get("why") == "otherwise":
        return _("%(source)s reads files with another delimiter; this one has “%(detail)s”. Export it as before.") % given
    return _("%(source)s reads columns that the file lacks: %(columns)s") % given


def _digest(sent: uploads.Upload, number: int, found: Receiver) -> str:
    """Changes with the files, the source and everything it says."""
    names = set(sent.sources[number]["files"])
    files = sorted(each["sha256"] for each in sent.data["files"] if each["name"] in names)
    said = json.dumps([found.entry.key, found.entry.in_force, dict(found.values), files], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _read(visit: Visit, sent: uploads.Upload, number: int, found: Receiver) -> tuple[dict[str, Any], str]:
    """What a run would read of the files, and what went wrong. The same question is not answered twice by reading.

    They are read beside what the source has. Where that takes too long they are read alone, and the answer has no `already`.
    """
    place = sent.folder / f"deliver-{_digest(sent, number, found)}.json"
    try:
        return json.loads(place.read_text(encoding="utf-8")), ""
    except (OSError, ValueError):
        pass
    files = [sent.relative(name) for name in sent.sources[number]["files"]]
    settings = visit.settings.model_dump(mode="json", exclude_defaults=True)
    job = {"workspace": str(visit.workspace.folder), "settings": settings}
    try:
        answer = aside.done({**job, "do": "deliver", "source": dict(found.values), "files": files}, SECONDS)
    except aside.Broken:
        alone = {name: value for name, value in found.values.items() if name != "control"}
        try:
            answer = aside.done({**job, "do": "read", "source": {**alone, "path": files}})
        except aside.Broken:
            return {"faults": [], "loaded": 0}, _("Reading the files took too long, or broke off. Send a part of them.")
    answer = json.loads(json.dumps(answer).replace(f"{HOME}/{uploads.FOLDER}/{sent.token}/files/", ""))
    place.write_text(json.dumps(answer), encoding="utf-8")
    return answer, ""


def _keep(request: HttpRequest, visit: Visit, sent: uploads.Upload, number: int, found: Receiver) -> HttpResponse | str:
    """Bring the files among the exports and let the source read them; else what stands against it."""
    names, workspace, key = sent.sources[number]["files"], visit.workspace.folder, found.entry.key
    before = list(found.values["path"])
    if not found.patterns:
        tried = normal(SOURCE, {**found.values, "path": [*before, *(f"{EXPORTS}/{name}" for name in names)]})
        faults = new_faults(standing(visit.company), [Edit(SOURCE, key, tried)])
        if faults:
            return "; ".join(str(each) for each in faults)
    try:
        if found.patterns:
            paths = uploads.publish_as(workspace, sent, names, found.patterns, visit.settings)
        else:
            paths = uploads.publish(workspace, sent, names, visit.settings)
    except uploads.Unplaced as unplaced:
        return _(
            "No free name was found for %(file)s by which %(pattern)s finds it. Give the file such a name and send it again."
        ) % {
            "file": unplaced.name,
            "pattern": unplaced.pattern,
        }
    except uploads.Swallowed as swallowed:
        given = {"source": swallowed.source, "pattern": swallowed.pattern}
        return _("The source %(source)s reads everything like %(pattern)s, and would read this too.") % given
    except OSError as error:
        return _("The files could not be written: %(reason)s. Nothing was kept.") % {"reason": error.strerror or error}
    told = {"source": found.name, "files": ", ".join(paths)}
    if found.patterns:
        visit.record("sources.deliver", f"{SOURCE}:{key}", files=paths, found_by=list(found.patterns))
        messages.success(
            request,
            _(
                "%(source)s finds %(files)s by its pattern, so nothing had to be written: the next run reads it. To take it back, "
                "have the file taken out of the folder exports."
            )
            % told,
        )
    else:
        values = normal(SOURCE, {**found.values, "path": list(dict.fromkeys([*before, *paths]))})
        change = Change(SOURCE, key, "values", values, found.entry.in_force, found.entry.file_values, _("a further file"))
        try:
            version = save(visit.company, visit.user.email, change, effect(visit, SECTIONS[SOURCE], (None,)))
        except Conflict:
            return _("Somebody changed this since you opened the page. Look at it again first.")
        visit.record(f"items.{version.state}", f"{SOURCE}:{key}", number=version.number, kind="values", files=paths)
        approved = _("%(source)s reads %(files)s too from the next run on.") % told
        proposed = _("It is proposed that %(source)s reads %(files)s too. It does once the head of CX approves it.") % told
        messages.success(request, approved if version.state == "approved" else proposed)
    sent.kept[str(number)] = key
    left = [each for each in range(len(sent.sources)) if str(each) not in sent.kept]
    if not left:
        sent.discard()
        return redirect("authoring:item", visit.company.slug, SOURCE, key)
    sent.write()
    messages.info(request, ngettext("%(n)s more was sent with it.", "%(n)s more were sent with it.", len(left)) % {"n": len(left)})
    return redirect("listen:upload", visit.company.slug, sent.token)
