"""A new source from files somebody sends: what they would be, what a run would read of them, and keeping that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from vitalfew.company import EXPORTS
from vitalfew.edits import Edit, free, key_of
from vitalfew.listen.files import FORMATS
from vitalfew.web.authoring.changes import Change, Conflict, entries, normal, save
from vitalfew.web.authoring.overlay import new_faults, standing
from vitalfew.web.authoring.sections import SECTIONS, effect
from vitalfew.web.listen import aside, mapped_form, uploads
from vitalfew.web.listen.delivering import said_against
from vitalfew.web.listen.mapped_form import MappedForm
from vitalfew.web.listen.masked import sees_names, shape
from vitalfew.web.listen.receivers import receivers
from vitalfew.web.listen.targets import TABLE_NAMES
from vitalfew.web.shell.access import Visit, page

SOURCE = "source"
ENDINGS = ", ".join(sorted(FORMATS))


# --- sending files ------------------------------------------------------------------------------------------------------------


@page("sources.write")
def new(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The form that takes files, and what was sent and not finished."""
    faults = standing(visit.company).faults
    errors: list[str] = []
    wanted = request.GET.get("for", "")
    known = receivers(visit) if wanted else {}
    if wanted and wanted not in known:
        errors.append(_("The source is not there any more, or reads other files now."))
    if request.method == "POST" and not faults:
        answer = _received(request, visit)
        if not isinstance(answer, list):
            return answer
        errors = answer
    context = {
        "errors": errors,
        "faults": faults,
        "receiver": known.get(wanted),
        "largest": uploads.LARGEST >> 20,
        "most": uploads.MOST_FILES,
        "accept": ",".join([*FORMATS, ".gz"]),
        "waiting": [_told(each) for each in uploads.waiting(visit.workspace.folder)],
        "zone": visit.settings.company.time_zone,
    }
    return render(request, "listen/new_source.html", context, status=422 if errors and request.method == "POST" else 200)


def _received(request: HttpRequest, visit: Visit) -> HttpResponse | list[str]:
    """The page of what was sent, or what stands against it."""
    files: list[Any] = request.FILES.getlist("files")
    if getattr(request, "too_large", False) or sum(each.size for each in files) > uploads.LARGEST:
        largest = uploads.LARGEST >> 20
        return [
            _(
                "The files are larger than %(n)s MiB together. Pack them with gzip, send them one at a time, or have them put into "
                "the folder exports and named in company.toml."
            )
            % {"n": largest}
        ]
    if not files:
        return [_("Choose a file first.")]
    if len(files) > uploads.MOST_FILES:
        return [_("Send at most %(n)s files at a time.") % {"n": uploads.MOST_FILES}]
    workspace = visit.workspace.folder
    try:
        upload = uploads.receive(workspace, files, visit.settings, visit.user.email)
    except OSError as error:
        return [_("The files could not be written: %(reason)s. Nothing was kept.") % {"reason": error.strerror or error}]
    if upload.data["files"]:
        wrong = _look(visit, upload)
        if wrong:
            upload.discard()
            return [wrong]
    refused = [_refusal(*each) for each in upload.data["refused"]]
    if not upload.sources:
        upload.discard()
        return [*refused, *(f"{each['file']}: {each['reason']}" for each in upload.data.get("left_out", ()))]
    for each in refused:
        messages.warning(request, each)
    visit.record("sources.upload", upload.token, files=len(upload.data["files"]))
    wanted = receivers(visit).get(request.GET.get("for", ""))
    alone = len(upload.sources) == 1 and not upload.data["left_out"]
    if wanted is not None:
        for found in upload.fits:
            fit = next((one for one in found if one["key"] == wanted.entry.key), None)
            if fit is not None and not fit["fits"]:
                messages.warning(request, said_against(wanted.name, fit))
            elif fit is not None and alone:
                return redirect("listen:deliver", visit.company.slug, upload.token, 0, fit["key"])
    if alone and wanted is None and not any(one["fits"] for one in upload.fits[0]):
        return redirect("listen:map_source", visit.company.slug, upload.token, 0)
    return redirect("listen:upload", visit.company.slug, upload.token)


def _refusal(name: str, code: str, detail: str) -> str:
    given = {"file": name, "detail": detail}
    if code == "same":
        return _("%(file)s: its content is that of %(detail)s, which is read already.") % given
    if code == "twice":
        return _("%(file)s: its content is that of %(detail)s, which you sent with it.") % given
    if code == "empty":
        return _("%(file)s: the file is empty.") % given
    return _("%(file)s: its name must end in one of %(endings)s, also followed by .gz.") % {**given, "endings": ENDINGS}


def _look(visit: Visit, upload: uploads.Upload, tables: Mapping[str, str] | None = None) -> str:
    """Have the files looked at, and keep what was found; returns what went wrong, '' if nothing."""
    job = {
        "do": "sketch",
        "folder": str(upload.files),
        "workspace": str(visit.workspace.folder),
        "settings": settings_as_json(visit),
        "tables": dict(tables or {}),
        "receivers": {key: each.values for key, each in receivers(visit).items()},
    }
    try:
        answer = aside.done(job)
    except aside.Broken as broken:
        return said_broken(broken)
    upload.data.update(sources=answer["sources"], left_out=answer["left_out"], fits=answer["fits"], tables=dict(tables or {}))
    upload.write()
    return ""


def said_broken(broken: aside.Broken) -> str:
    """Why files could not be looked at."""
    if broken.slow:
        return _("Looking at the files took too long. Send a part of them, or have them put into the folder exports.")
    return _("The files could not be looked at: reading them broke off. Export them again, or send them as csv.")


def settings_as_json(visit: Visit) -> dict[str, Any]:
    """The company's settings in force, as a job takes them."""
    return visit.settings.model_dump(mode="json", exclude_defaults=True)


def _told(upload: uploads.Upload) -> dict[str, Any]:
    files = ", ".join(each["given"] for each in upload.data["files"])
    return {"token": upload.token, "files": files, "who": upload.data["who"], "at": upload.data["at"]}


# --- what was sent ------------------------------------------------------------------------------------------------------------


def _upload(visit: Visit, token: str) -> uploads.Upload:
    found = uploads.opened(visit.workspace.folder, token)
    if found is None:
        raise Http404
    return found


@page("sources.write")
def upload(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """The sources that files sent together would be."""
    sent = _upload(visit, token)
    known = receivers(visit)
    given = {each["name"]: each["given"] for each in sent.data["files"]}
    rows = [
        {
            "source": each,
            "number": number,
            "key": sent.kept.get(str(number), ""),
            "table": TABLE_NAMES[each["table"]],
            "given": ", ".join(given.get(name, name) for name in each["files"]),
            "readers": [known[fit["key"]] for fit in sent.fits[number] if fit["fits"] and fit["key"] in known],
        }
        for number, each in enumerate(sent.sources)
    ]
    offered = any(row["readers"] and not row["key"] for row in rows)
    context = {"upload": sent, "rows": rows, "offered": offered, "left_out": sent.data["left_out"]}
    return render(request, "listen/upload.html", context)


@page("sources.write")
@require_POST
def discard(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Throw away what was sent and not kept."""
    _upload(visit, token).discard()
    visit.record("sources.discard", token)
    messages.success(request, _("Thrown away. What you kept before stays."))
    return redirect("listen:new_source", visit.company.slug)


@page("sources.write")
def map_source(request: HttpRequest, visit: Visit, token: str, number: int) -> HttpResponse:
    """One source: its columns, what each becomes, what a run would read; and keeping it."""
    sent = _upload(visit, token)
    if number >= len(sent.sources):
        raise Http404
    sketch = sent.sources[number]
    if str(number) in sent.kept:
        return redirect("authoring:item", visit.company.slug, SOURCE, sent.kept[str(number)])
    plain = sees_names(visit)
    if request.method != "POST":
        return _form(request, visit, sent, number, mapped_form.proposed(sketch, plain), None)
    given = {name: str(value) for name, value in request.POST.items()}
    if any("\x00" in value for value in given.values()):
        form = mapped_form.proposed(sketch, plain)
        form.errors.append(_("Null characters are not allowed."))
        return _form(request, visit, sent, number, form, None)
    if given.get("do") == "table":
        return _as_table(request, visit, sent, number, given.get("table", ""))
    form = mapped_form.sent(sketch, given, plain)
    if form.wrong:
        return _form(request, visit, sent, number, form, None)
    path = [f"{EXPORTS}/{name}" for name in sketch["files"]]
    values = checked(visit, form, mapped_form.values(form, path, visit.settings.questions))
    if values is None:
        return _form(request, visit, sent, number, form, None)
    reading, wrong = tried(visit, sent, {**values, "path": [sent.relative(name) for name in sketch["files"]]})
    if wrong:
        form.errors.append(wrong)
        return _form(request, visit, sent, number, form, None)
    ready = not reading["faults"] and bool(reading["loaded"])
    if given.get("do") == "keep" and ready and given.get("seen") == digest(values):
        return _keep(request, visit, sent, number, form, values)
    return _form(request, visit, sent, number, form, {**reading, "seen": digest(values), "ready": ready})


def _as_table(request: HttpRequest, visit: Visit, sent: uploads.Upload, number: int, table: str) -> HttpResponse:
    """Have the file proposed anew as another table."""
    if table not in TABLE_NAMES:
        messages.error(request, _("Choose one of the list."))
    else:
        first = sent.sources[number]["files"][0]
        wrong = _look(visit, sent, {**sent.data.get("tables", {}), first: table})
        if wrong:
            messages.error(request, wrong)
    return redirect("listen:map_source", visit.company.slug, sent.token, number)


def _without_label(fault: str) -> str:
    return fault.partition("application: ")[2] or fault


def digest(values: Mapping[str, Any]) -> str:
    """Changes with whatever a source says."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def checked(visit: Visit, form: MappedForm, values: Mapping[str, Any], key: str = "") -> dict[str, Any] | None:
    """The values of a source as they are stored; None with what is wrong noted in the form. `key` is that of one that is there."""
    try:
        made = normal(SOURCE, values)
    except ValidationError as error:
        form.errors += [each["msg"].removeprefix("Value error, ") for each in error.errors()]
        return None
    faults = new_faults(standing(visit.company), [Edit(SOURCE, key or _change(visit, made).key, made)])
    form.errors += [_without_label(str(each)) for each in faults]
    return None if faults else made


def tried(visit: Visit, sent: uploads.Upload, source: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What a run would read of a source, and what went wrong. The same question is not answered twice by reading."""
    place = sent.folder / f"read-{digest(source)}.json"
    try:
        return json.loads(place.read_text(encoding="utf-8")), ""
    except (OSError, ValueError):
        pass
    job = {"do": "read", "workspace": str(visit.workspace.folder), "settings": settings_as_json(visit), "source": source}
    try:
        answer = aside.done(job)
    except aside.Broken as broken:
        return {}, said_broken(broken)
    place.write_text(json.dumps(answer), encoding="utf-8")
    return answer, ""


def _form(
    request: HttpRequest, visit: Visit, sent: uploads.Upload, number: int, form: MappedForm, reading: dict[str, Any] | None
) -> HttpResponse:
    sketch = sent.sources[number]
    given = {each["name"]: each["given"] for each in sent.data["files"]}
    context = {
        **shown(visit, form, reading),
        "upload": sent,
        "given": ", ".join(given.get(name, name) for name in sketch["files"]),
    }
    return render(request, "listen/map_source.html", context, status=422 if form.wrong else 200)


def shown(visit: Visit, form: MappedForm, reading: dict[str, Any] | None) -> dict[str, Any]:
    """What the page of a form needs: each column with its fields, and what would be read, masked for those who may not see it."""
    rows = []
    for row in form.rows:
        fields = []
        for name in mapped_form.asks(form, row):
            value = row.fields.get(name, "")
            choices = mapped_form.of_choices(visit.settings, row) if name == "of" else []
            if name == "of" and not (choices or value):
                continue  # without sources whose keys they could be there is nothing to choose
            fields.append(
                {
                    "name": name,
                    "label": mapped_form.FIELD_NAMES[name],
                    "value": value,
                    "choices": [*choices, *([value] if choices and value and value not in choices else [])],
                    "known": row.column["formats"] if name == "format" else [],
                }
            )
        rows.append({"row": row, "fields": fields})
    if reading is not None and not sees_names(visit):
        for each in reading.get("refused", ()):
            each["values"] = [shape(value) for value in each["values"]]
    return {
        "form": form,
        "rows": rows,
        "groups": mapped_form.targets(form.table),
        "tables": TABLE_NAMES.items(),
        "sketch": form.sketch,
        "reading": reading,
        "outcomes": [row for row in form.rows if row.kind in ("nps", "rating", "number", "yes_no")],
        "plain": sees_names(visit),
        "unsure": form.sketch["confidence"] < mapped_form.UNSURE,
        "decides": visit.may("items.approve"),
        "too_wide": len(form.rows) > mapped_form.MOST_COLUMNS,
    }


# --- keeping it ---------------------------------------------------------------------------------------------------------------


def _change(visit: Visit, values: dict[str, Any]) -> Change:
    """The entry a source becomes: under a key nobody has; one taken away before comes back under its own."""
    found = {each.key: each for each in entries(visit.company, standing(visit.company), SOURCE)}
    key = key_of(SOURCE, values)
    if key in found and found[key].values is not None:
        key = free(key, found)
    before = found.get(key)
    began, file_values = (before.in_force, before.file_values) if before else (0, None)
    return Change(SOURCE, key, "values", values, began, file_values, _("from files sent"))


def _keep(
    request: HttpRequest, visit: Visit, sent: uploads.Upload, number: int, form: MappedForm, values: dict[str, Any]
) -> HttpResponse:
    """Bring the files among the exports and write the source down."""
    workspace = visit.workspace.folder
    names = sent.sources[number]["files"]
    try:
        paths = uploads.publish(workspace, sent, names, visit.settings)
    except uploads.Swallowed as swallowed:
        given = {"source": swallowed.source, "pattern": swallowed.pattern}
        form.errors.append(_("The source %(source)s reads everything like %(pattern)s, and would read this too.") % given)
        return _form(request, visit, sent, number, form, None)
    except OSError as error:
        reason = error.strerror or error
        form.errors.append(_("The files could not be written: %(reason)s. Nothing was kept.") % {"reason": reason})
        return _form(request, visit, sent, number, form, None)
    change = _change(visit, {**values, "path": paths})
    try:
        version = save(visit.company, visit.user.email, change, effect(visit, SECTIONS[SOURCE], (None,)))
    except Conflict:
        form.errors.append(_("Somebody wrote a source of this name meanwhile. Send it once more, or give it another name."))
        return _form(request, visit, sent, number, form, None)
    visit.record(f"items.{version.state}", f"{SOURCE}:{change.key}", number=version.number, kind="values", files=len(paths))
    sent.kept[str(number)] = change.key
    said = {
        "approved": _("%(source)s is a source now. The next run reads it."),
        "proposed": _("%(source)s is proposed. It is read once the head of CX approves it."),
    }
    messages.success(request, said[version.state] % {"source": form.name})
    left = [each for each in range(len(sent.sources)) if str(each) not in sent.kept]
    if not left:
        sent.discard()
        return redirect("authoring:item", visit.company.slug, SOURCE, change.key)
    sent.write()
    messages.info(request, ngettext("%(n)s more was sent with it.", "%(n)s more were sent with it.", len(left)) % {"n": len(left)})
    return redirect("listen:upload", visit.company.slug, sent.token)
