"""A form for each section, made from its settings class: labels, kinds of fields, choices of what exists."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

from django import forms
from django.core.validators import MaxLengthValidator
from django.urls import reverse
from pydantic import BaseModel, ValidationError

from vitalfew.faults import Fault
from vitalfew.settings import Company as Settings
from vitalfew.vocabulary import readable
from vitalfew.web.authoring.labels import FIELDS, WORDS
from vitalfew.web.authoring.sections import Section
from vitalfew.web.authoring.widgets import LinesField, RowsField
from vitalfew.web.shell.telling import told

LONGEST_LINE, LONGEST_TEXT = 1_000, 20_000
PARAGRAPHS = {
    *("company.vision", "promise.text", "cause.text", "cause.evidence", "cause.action", "risk.because", "risk.may"),
    *("risk.leading_to", "risk.action", "sponsor.asked", "sponsor.granted", "sponsor.gains", "barrier.evidence"),
    *("barrier.removal", "vision.customer_problem", "vision.change", "vision.mindset"),
}
EXPRESSIONS = {
    *("promise.kept_when", "promise.applies_when", "benefit.occurs_when", "benefit.compared_when"),
}


@dataclass(frozen=True)
class Choices:
    """What exists and may be chosen: names from the settings in force and from the run."""

    settings: Settings
    issues: Sequence[str] = ()
    themes: Sequence[str] = ()
    groups: Sequence[str] = field(default_factory=tuple)

    def of(self, place: str) -> list[str] | None:
        """The names a field may have, or None for one that is free."""
        name = place.partition(".")[2]
        if name in ("group", "parent"):
            return list(self.groups) or [each.name for each in self.settings.group]
        if name == "driver":
            drivers = {each.driver for each in self.settings.questions.values() if each.driver}
            return sorted(drivers | {each.name for each in self.settings.promise})
        if place == "mend.source":
            return [each.name for each in self.settings.source]
        if name == "perceived":
            return sorted(self.settings.questions)
        if name == "table":
            return list(readable())
        if place in (
            "risk.initiative",
            "benefit.initiative",
            "raci.work",
            "initiative.needs",
            "initiative.excludes",
            "barrier.blocks",
        ):
            return [each.name for each in self.settings.initiative]
        return None

    def known(self, place: str) -> list[str]:
        """Names worth suggesting for a field that is free."""
        if place in ("cause.issue", "benefit.issue"):
            return list(self.issues)
        return [*self.issues, *self.themes] if place == "initiative.removes" else []

    def rows(self, place: str, today: date) -> list[str]:
        """The keys of a field with rows."""
        if place == "limits.budget":
            first = today.year * 4 + (today.month - 1) // 3
            return [f"{quarter // 4}-Q{quarter % 4 + 1}" for quarter in range(first, first + 8)]
        return [each.name for each in self.settings.group]


class ItemForm(forms.Form):
    """The form of one section; `fields` come from `form_class`."""

    section: Section

    def values(self) -> dict[str, Any]:
        """What was typed, as the settings class takes it: empty fields left out."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.cleaned_data.items()
            if value not in (None, "", [], {})
        }

    def refuse(self, error: ValidationError) -> None:
        """Show what the settings class says beside the fields."""
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else ""
            message = told(each["msg"].removeprefix("Value error, ").replace("Input should", "must"))
            self.add_error(name if name in self.fields else None, message[:1].upper() + message[1:])

    def refuse_faults(self, faults: Sequence[Fault], own: str) -> None:
        """Show faults of the whole: beside the field when it is this entry's (`own` begins its faults), on top otherwise."""
        for fault in faults:
            name = str(fault.place[-1]) if fault.place else ""
            inner = next((str(part) for part in fault.place[1:] if isinstance(part, str) and part in self.fields), name)
            if fault.what.startswith(own):
                self.add_error(inner if inner in self.fields else None, told(f"{fault.what.removeprefix(own)}; {fault.mend}"))
            else:
                self.add_error(None, told(str(fault)))


def form_class(section: Section, choices: Choices, check: str, today: date) -> type[ItemForm]:
    """The form of a section. `check` is the address that judges an expression while it is typed."""
    made: dict[str, Any] = {"section": section}
    for name, info in section.model.model_fields.items():
        label, explained = FIELDS[section.name][name]
        made[name] = _field(section, name, info.annotation, choices, check, today)
        made[name].label, made[name].help_text = label, explained
        made[name].required = info.is_required()
    return type(f"{section.name.capitalize()}Form", (ItemForm,), made)


def _field(section: Section, name: str, annotation: Any, choices: Choices, check: str, today: date) -> forms.Field:
    place = f"{section.name}.{name}"
    kind = _plain(annotation)
    origin = get_origin(kind)
    if origin is Literal:
        options = [(each, WORDS[each]) for each in get_args(kind)]
        return forms.ChoiceField(choices=options)
    if origin is dict:
        return _rows(place, kind, choices, today)
    if origin is list:
        return _several(place, choices)
    if kind is bool:
        return forms.BooleanField()
    if kind is int:
        return forms.IntegerField(widget=forms.NumberInput(attrs={"inputmode": "numeric"}))
    if kind is float:
        return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}))
    if kind is date:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), input_formats=["%Y-%m-%d"])
    listed = choices.of(place)
    if listed is not None:
        return Known(listed)
    return _text(place, choices, check)


def _text(place: str, choices: Choices, check: str) -> forms.Field:
    if place in EXPRESSIONS:
        name = place.partition(".")[2]
        attrs = {
            **{"rows": 2, "spellcheck": "false", "class": "code", "hx-get": f"{check}?field={name}", "hx-include": "[name=table]"},
            **{"hx-trigger": "input changed delay:400ms", "hx-target": f"#check-{name}"},
        }
        return forms.CharField(widget=forms.Textarea(attrs=attrs), max_length=LONGEST_TEXT)
    if place in PARAGRAPHS:
        return Paragraph(max_length=LONGEST_TEXT)
    suggested = choices.known(place)
    attrs = {"list": f"known-{place.replace('.', '-')}"} if suggested else {}
    found = forms.CharField(max_length=LONGEST_LINE, widget=forms.TextInput(attrs=attrs))
    found.suggested = suggested  # type: ignore[attr-defined]
    return found


def _several(place: str, choices: Choices) -> forms.Field:
    listed = choices.of(place)
    if listed is not None:
        return KnownSeveral(listed)
    found = LinesField(widget=forms.Textarea(attrs={"rows": 3}), validators=[MaxLengthValidator(LONGEST_LINE)])
    found.one_a_line = True  # type: ignore[attr-defined]
    found.suggested = choices.known(place)  # type: ignore[attr-defined]
    return found


def _rows(place: str, kind: Any, choices: Choices, today: date) -> forms.Field:
    key_kind, value_kind = get_args(kind)
    numbers = value_kind is float
    if get_origin(key_kind) is Literal:
        keys = list(get_args(key_kind))
        labels: dict[str, Any] = {each: WORDS[each] for each in keys}
    else:
        keys, labels = choices.rows(place, today), {}
    made = RowsField(numbers, labels)
    made.widget.keys = keys
    return made


def _plain(annotation: Any) -> Any:
    """The annotation without `| None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation


class Paragraph(forms.CharField):
    """A longer text; browsers send their own line ends, which are made one."""

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **more)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class Known(forms.CharField):
    """One of the names that exist. A name that is chosen already and is no more stays to be seen, and is refused with a reason."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(max_length=LONGEST_LINE, widget=_KeepingSelect(choices=[("", "–"), *((each, each) for each in names)]))


class _KeepingSelect(forms.Select):
    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        known = {key for key, _label in self.choices}
        self.choices = [*self.choices, *((each, each) for each in value if each not in known)]
        return super().optgroups(name, value, attrs)


class KnownSeveral(forms.MultipleChoiceField):
    """Some of the names that exist; those chosen already stay."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(choices=[(each, each) for each in names], widget=_KeepingBoxes)

    def valid_value(self, value: str) -> bool:
        return len(value) <= LONGEST_LINE and "\x00" not in value


class _KeepingBoxes(forms.CheckboxSelectMultiple):
    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        known = {key for key, _label in self.choices}
        self.choices = [*self.choices, *((each, each) for each in value if each not in known)]
        return super().optgroups(name, value, attrs)


def initial_of(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a form begins with: the values, and the defaults of the rest."""
    defaults = {
        name: info.get_default(call_default_factory=True) for name, info in model.model_fields.items() if not info.is_required()
    }
    return {**defaults, **values}


def check_address(company: str) -> str:
    """Where an expression is judged while it is typed."""
    return reverse("authoring:check", args=[company])
