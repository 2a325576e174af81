"""Fields of forms that Django does not have: one text a line, and one value for each row of a known list."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _

MOST_LINES = 500
MOST_ROWS = 400


class LinesField(forms.CharField):
    """Several texts, one a line; empty lines are left out."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(each) for each in value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        lines = [each.strip() for each in (super().to_python(value) or "").split("\n")]
        if len(lines) > MOST_LINES:
            raise ValidationError(_("More than %(most)s lines.") % {"most": MOST_LINES})
        return [each for each in lines if each]

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        for each in value:
            super().run_validators(each)


class RowsWidget(forms.Widget):
    """A row for each known key: the key, and what is typed beside it."""

    template_name = "authoring/rows.html"

    def __init__(self, numbers: bool, labels: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.numbers = numbers
        self.labels = dict(labels or {})
        self.keys: Sequence[str] = ()

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = value if isinstance(value, Mapping) else {}
        keys = [*self.keys, *(key for key in given if key not in self.keys)]
        context["rows"] = [{"key": key, "label": self.labels.get(key, key), "value": _plain(given.get(key, ""))} for key in keys]
        context["numbers"] = self.numbers
        context["first"] = (attrs or {}).get("id", "")
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        keys, values = data.getlist(f"{name}.key"), data.getlist(f"{name}.value")
        return dict(zip(keys, values, strict=False))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}.key" not in data


def _plain(value: Any) -> Any:
    """A number as people type it: 27500 and not 27500.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class RowsField(forms.Field):
    """A mapping of known keys to numbers or texts; rows left empty are left out."""

    def __init__(self, numbers: bool, labels: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(widget=RowsWidget(numbers, labels), **more)
        self.numbers = numbers

    def clean(self, value: Any) -> Any:
        found: dict[str, Any] = {}
        if len(value) > MOST_ROWS:
            raise ValidationError(_("More than %(most)s rows.") % {"most": MOST_ROWS})
        for key, given in value.items():
            text = str(given).strip()
            ProhibitNullCharactersValidator()(key + text)
            if not text:
                continue
            if not self.numbers:
                found[key] = text.replace("\r\n", "\n")
                continue
            try:
                found[key] = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
                if not math.isfinite(found[key]):
                    raise ValueError
            except ValueError:
                raise ValidationError(_("%(key)s: %(given)s is no number.") % {"key": key, "given": text[:40]}) from None
        return found
