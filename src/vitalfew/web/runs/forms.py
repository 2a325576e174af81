"""What people may say about a run and its schedule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

OFF = "off"


class Start(forms.Form):
    """The day a run is made for, and whether it reads everything again."""

    as_of = forms.DateField(
        label=_("Day the strategy is made for"),
        required=False,
        help_text=_("Leave it empty for the day in company.toml, else the latest day in the data."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    full = forms.BooleanField(
        label=_("Read everything again"),
        required=False,
        help_text=_("Databases and web addresses are read from their beginning, not only what is new. Rows deleted there go."),
    )

    @property
    def arguments(self) -> dict[str, Any]:
        """What the job is asked for, as it is kept."""
        day, full = self.cleaned_data["as_of"], self.cleaned_data["full"]
        return {**({"as_of": day.isoformat()} if day else {}), **({"full": True} if full else {})}

    def clean_as_of(self) -> date | None:
        """A day somebody can mean: neither far in the past nor in the far future."""
        day: date | None = self.cleaned_data["as_of"]
        if day is not None and not date(1990, 1, 1) <= day <= date.today() + timedelta(days=3660):
            raise forms.ValidationError(_("This day is too far away."))
        return day


class Plan(forms.Form):
    """How often a run is started by itself."""

    cadence = forms.ChoiceField(
        label=_("How often"),
        choices=[
            (OFF, _("never by itself")),
            ("daily", _("every day")),
            ("weekly", _("every week")),
            ("monthly", _("every month")),
        ],
    )
    hour = forms.TypedChoiceField(label=_("At"), coerce=int, choices=[(hour, f"{hour:02d}:00") for hour in range(24)])
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"), coerce=int, choices=list(WEEKDAYS.items()), help_text=_("For every week.")
    )
    day = forms.TypedChoiceField(
        label=_("Day of the month"), coerce=int, choices=[(day, str(day)) for day in range(1, 29)], help_text=_("For every month.")
    )
