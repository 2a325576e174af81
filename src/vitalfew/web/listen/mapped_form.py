"""The form in which people say what the columns of a file are: from what was proposed, or from what they sent, to a [[source]]."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vitalfew.settings import Company as Settings
from vitalfew.settings import Question, slug
from vitalfew.vocabulary import IDENTITY_COLUMNS
from vitalfew.web.listen.masked import shape
from vitalfew.web.listen.targets import COLUMN_NAMES, CONSTANTS, KIND_NAMES, REFERS, TABLE_NAMES, columns_of, timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

MOST_COLUMNS = 500
LONGEST, MOST_BLANKS = 200, 40
SURE, UNSURE = 0.85, 0.7
_SCALE = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*(?:-|–|\.\.|:|;|,|to|bis|à|a)\s*(-?\d+(?:[.,]\d+)?)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

Option = tuple[str, str]
Group = tuple[str, list[Option]]


@dataclass
class Row:
    """One column of the file in the form. `target` is "" (left out), "columns.NAME", "segments" or "questions.KIND"."""

    place: int
    column: Mapping[str, Any]
    target: str
    samples: tuple[str, ...]
    fields: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    errors: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The column's name in the file."""
        return str(self.column["name"])

    @property
    def kind(self) -> str:
        """The kind of question, '' for what is none."""
        return self.target.removeprefix("questions.") if self.target.startswith("questions.") else ""

    @property
    def sure(self) -> str:
        """How sure the proposal is, as a word: sure, likely, ask, chosen, none; stands where it is read so already."""
        if self.changed:
            return "chosen"
        if self.column.get("stands"):
            stood = _proposed_target(self.column)[1] if self.target else {}
            same = all(value == stood.get(name, "") for name, value in self.fields.items())
            return ("stands" if same else "chosen") if self.target else "none"
        if not self.target:
            return "ask" if self.column["ask"] else "none"
        confidence = self.column["confidence"]
        if self.column["ask"] or confidence < UNSURE:
            return "ask"
        return "sure" if confidence >= SURE else "likely"


@dataclass
class Further:
    """Something read besides the columns one by one, which can be kept or left out; `value` is what a constant is to be."""

    place: int
    proposed: Mapping[str, Any]
    kept: bool
    value: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What it becomes."""
        section, _dot, name = self.proposed["target"].partition(".")
        return str(COLUMN_NAMES.get(name, name)) if section == "columns" else name

    @property
    def constant(self) -> bool:
        """Whether it is the same for every record, which can be changed in the form."""
        return "value" in self.proposed["rule"]

    @property
    def choices(self) -> list[Option]:
        """The values of a constant that have an effect of their own; empty for one of any words."""
        return [(value, str(label)) for value, label in CONSTANTS.get(self.proposed["target"], {}).items()]

    @property
    def other(self) -> bool:
        """Whether it is none of the choices."""
        return self.value not in [value for value, _label in self.choices]

    @property
    def unsure(self) -> bool:
        """Whether the proposal asks for another look."""
        return bool(self.proposed["ask"]) or self.proposed["confidence"] < UNSURE

    @property
    def rule(self) -> str:
        """What it is made of, as people read it."""
        rule = self.proposed["rule"]
        if "sql" in rule:
            return str(rule["sql"])
        return ", ".join(rule["columns"]) if "columns" in rule else str(rule.get("column", ""))

    @property
    def setting(self) -> dict[str, Any]:
        """What company.toml would say of it."""
        rule = dict(self.proposed["rule"])
        if self.constant and self.value != _plain(rule["value"]):
            rule["value"] = self.value
        return rule


@dataclass
class MappedForm:
    """What one source of an upload would be, as it stands in the form."""

    sketch: Mapping[str, Any]
    name: str
    rows: list[Row]
    further: list[Further]
    outcome: int
    errors: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many fields need another look."""
        beside = [*(row.errors for row in self.rows), *(each.errors for each in self.further)]
        return len(self.errors) + sum(map(bool, beside))

    @property
    def table(self) -> str:
        """The vocabulary table."""
        return str(self.sketch["table"])

    @property
    def wide(self) -> bool:
        """Whether there are so many columns that a form with every field would be refused: then only what is needed is asked."""
        return len(self.rows) > 150


def targets(table: str) -> list[Group]:
    """What a column may become, in groups, for a select."""
    own, who = columns_of(table)
    made: list[Group] = [
        (str(TABLE_NAMES[table]), [(f"columns.{name}", str(COLUMN_NAMES.get(name, name))) for name in own]),
        (_("Who it is about"), [(f"columns.{name}", str(COLUMN_NAMES[name])) for name in who if name not in own]),
    ]
    if table == "responses":
        made.append((_("Question"), [(f"questions.{kind}", str(label)) for kind, label in KIND_NAMES.items() if kind != "codes"]))
    if table in ("people", "accounts", "orders", "deals", "interactions", "responses", "contracts"):
        made.append((_("To tell groups of customers apart"), [("segments", _("Cut: figures are shown by it"))]))
    return [each for each in made if each[1]]


def proposed(sketch: Mapping[str, Any], plain: bool) -> MappedForm:
    """The form as it was proposed. `plain` says that the visitor may read what identifies people."""
    rows = []
    outcome = -1
    for place, column in enumerate(sketch["columns"]):
        target, fields = _proposed_target(column)
        rows.append(Row(place, column, target, _samples(column, plain), fields))
        if column["rule"].get("outcome"):
            outcome = place
    further = [
        Further(place, each, bool(each["kept"]), _plain(each["rule"].get("value", "")))
        for place, each in enumerate(sketch["further"])
    ]
    return MappedForm(sketch, sketch["name"], rows, further, outcome)


def _proposed_target(column: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    rule = column["rule"]
    section, _dot, name = column["target"].partition(".")
    if section == "questions":
        fields = {"label": str(rule.get("label", "")), "driver": str(rule.get("driver", ""))}
        fields["blank"] = ", ".join(_plain(each) for each in rule.get("blank", ()))
        fields["scale"] = "-".join(_plain(each) for each in rule["scale"]) if rule.get("scale") else ""
        return f"questions.{rule['kind']}", fields
    if section == "segments":
        return "segments", {"label": name}
    return column["target"], {"format": str(rule.get("format", "")), "of": str(rule.get("of", ""))}


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, int | float) and float(value).is_integer() else str(value)


def _samples(column: Mapping[str, Any], plain: bool) -> tuple[str, ...]:
    """Some values; in their form alone for those who may not read what identifies people."""
    identifying = column["target"].removeprefix("columns.") in IDENTITY_COLUMNS or not column["shared"]
    return tuple(each if plain or not identifying else shape(each) for each in column["samples"])


def sent(sketch: Mapping[str, Any], given: Mapping[str, str], plain: bool) -> MappedForm:
    """The form as somebody sent it, with what is wrong in it."""
    form = proposed(sketch, plain)
    form.name = given.get("name", "").strip()
    form.outcome = int(given["outcome"]) if given.get("outcome", "").isdecimal() and len(given["outcome"]) < 5 else -1
    allowed = {value for _label, options in targets(form.table) for value, _text in options} | {""}
    for row in form.rows:
        target = given.get(f"t{row.place}", row.target)
        row.changed = target != row.target
        if target not in allowed and target != row.target:
            row.errors.append(_("Choose one of the list."))
            continue
        row.target = target
        before = {} if row.changed else row.fields
        row.fields = {name: given.get(f"{name}{row.place}", before.get(name, "")).strip() for name in _fields_of(form, row)}
        _fill(row, given)
    for each in form.further:
        each.kept = given.get(f"f{each.place}") == "1"
        if each.constant:
            each.value = (given.get(f"c{each.place}") or given.get(f"v{each.place}", each.value)).strip()
    _judge(form)
    return form


def _fields_of(form: MappedForm, row: Row) -> tuple[str, ...]:
    """The fields beside a column, by what it becomes."""
    if row.kind:
        scaled = ("scale",) if row.kind in ("rating", "number") else ()
        # The outcome is what drivers explain: it is none itself.
        driving = row.kind in ("rating", "nps", "number", "yes_no") and row.place != form.outcome
        named = ("label", "driver") if driving else ("label",)
        return (*scaled, "blank", *named)
    if row.target.startswith("columns."):
        name = row.target.removeprefix("columns.")
        return (*(("format",) if timed(form.table, name) else ()), *(("of",) if name in REFERS else ()))
    return ()


def asks(form: MappedForm, row: Row) -> list[str]:
    """The fields shown beside a column. Of very wide files those alone without which nothing can be read."""
    shown = _fields_of(form, row)
    return [name for name in shown if not form.wide or name in ("scale", "format", "of")]


def _fill(row: Row, given: Mapping[str, str]) -> None:
    """What a newly chosen kind needs and the form had no field for: a scale from the numbers there are."""
    bounds = row.column["bounds"]
    if row.changed and row.kind == "rating" and f"scale{row.place}" not in given and bounds and bounds[0] < bounds[1]:
        row.fields["scale"] = f"{_plain(bounds[0])}-{_plain(bounds[1])}"
    if row.changed and row.kind == "rating" and f"driver{row.place}" not in given:
        row.fields["driver"] = row.name[:60]


def _judge(form: MappedForm) -> None:
    """Note what is wrong with single fields; what is wrong with the whole is told by the settings themselves."""
    if not form.name:
        form.errors.append(_("Give the source a name."))
    if len(form.name) > LONGEST:
        form.errors.append(_("The name is too long."))
    seen: dict[str, Row] = {}
    for row in form.rows:
        for name, value in row.fields.items():
            if len(value) > LONGEST:
                row.errors.append(_("%(field)s is too long.") % {"field": FIELD_NAMES[name]})
        if row.target.startswith("columns."):
            first = seen.setdefault(row.target, row)
            if first is not row:
                row.errors.append(_("%(column)s is this already: choose one of the two.") % {"column": first.name})
        if row.kind == "rating" and _scale(row.fields.get("scale", "")) is None:
            row.errors.append(_("Say the lowest and the highest answer, such as 1-5."))
        if row.kind and len(_blanks(row.fields.get("blank", ""))) > MOST_BLANKS:
            row.errors.append(_("There are too many answers that mean none."))
    for each in form.further:
        if each.kept:
            _judge_further(each, seen.get(each.proposed["target"]))


def _judge_further(each: Further, column: Row | None) -> None:
    """Note what is wrong with something read besides; `column` is the column of the file that becomes the same."""
    if column is not None:
        each.errors.append(_("%(column)s is this already: choose one of the two.") % {"column": column.name})
    if each.constant and not each.value:
        each.errors.append(_("Say what it is for every record, or do not read it."))
    if len(each.value) > LONGEST:
        each.errors.append(_("%(field)s is too long.") % {"field": each.label})


OF_QUESTION, OF_KIND = ("group", "issue", "touchpoint"), ("labels", "yes", "codebook")
"""What a question says that has no field in the form."""
FIELD_NAMES: dict[str, _StrPromise] = {
    "scale": gettext_lazy("Scale"),
    "blank": gettext_lazy("Means no answer"),
    "label": gettext_lazy("Wording"),
    "driver": gettext_lazy("Driver"),
    "format": gettext_lazy("How dates are written"),
    "of": gettext_lazy("Whose number it is"),
}


def _scale(text: str) -> list[float] | None:
    found = _SCALE.fullmatch(text)
    if found is None:
        return None
    low, high = (float(each.replace(",", ".")) for each in found.groups())
    return [low, high] if low < high else None


def _blanks(text: str) -> list[float | str]:
    parts = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    return [float(part) if _NUMBER.fullmatch(part) else part for part in parts]


def values(form: MappedForm, path: Sequence[str], known: Mapping[str, Question]) -> dict[str, Any]:
    """The [[source]] a form makes. `known` are the questions there are: one name is one question, of one kind and scale."""
    made: dict[str, Any] = {"name": form.name, "table": form.table, "path": list(path), **form.sketch["form"]}
    columns: dict[str, Any] = {}
    segments: dict[str, Any] = {}
    questions: dict[str, Any] = {}
    for each in form.further:
        if each.kept:
            section, _dot, name = each.proposed["target"].partition(".")
            {"columns": columns, "segments": segments, "questions": questions}[section][name] = each.setting
    for row in form.rows:
        if row.errors or not row.target:
            continue
        if row.kind:
            asked = _question(form, row)
            questions[_question_name(row, asked, questions, known)] = asked
        elif row.target == "segments":
            segments[_own_name(row, "segments") or _free(slug(row.name).replace("-", "_"), segments)] = {"column": row.name}
        else:
            given = {name: value for name, value in row.fields.items() if value}
            columns[row.target.removeprefix("columns.")] = {"column": row.name, **given}
    made |= {"columns": columns, "segments": segments, "questions": questions}
    return {name: value for name, value in made.items() if value != {}}


def _question(form: MappedForm, row: Row) -> dict[str, Any]:
    before = dict(row.column["rule"]) if row.column["target"].startswith("questions.") else {}
    # What has no field here stays as it is; what belongs to the kind goes with it.
    kept = OF_QUESTION if row.changed else (*OF_QUESTION, *OF_KIND)
    made: dict[str, Any] = {name: before[name] for name in kept if name in before}
    made |= {"column": row.name, "kind": row.kind}
    scale = _scale(row.fields.get("scale", ""))
    if scale is not None:
        made["scale"] = scale
    typed = row.fields.get("blank", "")
    as_before = bool(before) and typed == _proposed_target(row.column)[1]["blank"]
    made["blank"] = list(before.get("blank", ())) if as_before else _blanks(typed)
    made |= {name: row.fields[name] for name in ("label", "driver") if row.fields.get(name)}
    if row.place == form.outcome:
        made["outcome"] = True
        made.pop("driver", None)
    return made


def _own_name(row: Row, section: str) -> str:
    """The name the proposal gave, where the column still becomes that; one that stands is kept with another kind too."""
    found, _dot, name = str(row.column["target"]).partition(".")
    return name if found == section and (not row.changed or row.column.get("stands")) else ""


def _question_name(row: Row, asked: Mapping[str, Any], here: Iterable[str], known: Mapping[str, Question]) -> str:
    """A name no other question of the file has, and none of another kind or scale elsewhere."""
    bounds = Question.model_validate(asked).bounds
    other = [name for name, each in known.items() if (each.kind, each.bounds) != (asked["kind"], bounds)]
    return _free(_own_name(row, "questions") or slug(row.name).replace("-", "_")[:60], {*here, *other})


def _free(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    made, number = name, 2
    while made in known:
        made, number = f"{name}_{number}", number + 1
    return made


def of_choices(settings: Settings, row: Row) -> list[str]:
    """The sources whose keys a column may hold."""
    wanted = {"columns.account": "accounts", "columns.order": "orders"}.get(row.target, "people")
    return [source.name for source in settings.source if source.table == wanted]
