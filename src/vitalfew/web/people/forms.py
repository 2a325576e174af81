"""Forms of people and their accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from vitalfew.settings import Group
from vitalfew.web.people.members import NEED_GROUP
from vitalfew.web.people.models import Token, User, normalise_email
from vitalfew.web.people.rights import ROLES

DAYS = ((30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("one year")))


def _nothing(label: Any) -> list[tuple[str, Any]]:
    return [("", label)]


class NewPerson(forms.Form):
    """Name and password of somebody who gets an account."""

    name = forms.CharField(label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters. A few words are easier to keep in mind than signs."),
    )
    again = forms.CharField(
        label=gettext_lazy("Password, once more"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    address = ""

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same, and good enough."""
        given = super().clean() or {}
        password, again = given.get("password"), given.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two passwords differ."))
        elif password:
            try:
                person = User(email=normalise_email(given.get("email") or self.address), name=given.get("name", ""))
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


class FirstOwner(NewPerson):
    """Who sets a company up."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
    field_order = ("name", "email", "password", "again")

    def clean_email(self) -> str:
        """An address nobody has here yet: else the link would open somebody's account."""
        address = normalise_email(self.cleaned_data["email"])
        if User.objects.filter(email=address).exists():
            raise forms.ValidationError(_("This address has an account here: sign in first, then open the link again."))
        return address


class Place(forms.Form):
    """A member's role, work group and employee number."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    group = forms.ChoiceField(label=gettext_lazy("Work group"), required=False)
    employee = forms.CharField(label=gettext_lazy("Employee number"), required=False, max_length=200)

    def __init__(
        self, *args: Any, roles: Iterable[str], groups: Iterable[Group], known_employees: frozenset[str] | None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._known = known_employees
        self._set("role", [(each, ROLES[each]) for each in roles])
        self._set(
            "group", _nothing(pgettext_lazy("work group", "none")) + [(name, label) for name, label, _depth in in_order(groups)]
        )
        self.fields["employee"].help_text = _("As in the employees source. Shows a member what customers say about their own work.")

    def _set(self, name: str, choices: list[tuple[str, Any]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean(self) -> dict[str, Any]:
        """Leads and employees belong to a group; an employee number is one of the source's."""
        given = super().clean() or {}
        if given.get("role") in NEED_GROUP and not given.get("group") and "group" not in self.errors:
            self.add_error("group", _("This role needs a work group."))
        number = given.get("employee")
        if number and self._known is not None and number not in self._known:
            self.add_error("employee", _("The employees source has no such number."))
        return given


class Invite(Place):
    """Whom to invite, as what."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    field_order = ("email", "role", "group", "employee")


class NewToken(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What will use it, for example: warehouse load.")
    )
    scope = forms.ChoiceField(label=gettext_lazy("Scope"), choices=Token.SCOPES)
    days = forms.TypedChoiceField(label=gettext_lazy("Ends after"), choices=DAYS, coerce=int, initial=90)


class Profile(forms.Form):
    """What people say about themselves."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("as the browser asks")), *settings.LANGUAGES],
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        required=False,
        choices=[("", gettext_lazy("as the system has them")), ("light", gettext_lazy("light")), ("dark", gettext_lazy("dark"))],
    )


class AuditFilter(forms.Form):
    """Which entries of the audit log to see."""

    actor = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    action = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    start = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    end = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, actors: Iterable[str], actions: Iterable[str], **more: Any) -> None:
        super().__init__(*args, **more)
        for name, values, label in (("actor", actors, gettext_lazy("everybody")), ("action", actions, gettext_lazy("everything"))):
            cast(forms.ChoiceField, self.fields[name]).choices = _nothing(label) + [(each, each) for each in values]


def in_order(groups: Iterable[Group]) -> list[tuple[str, str, int]]:
    """Name, indented label and depth of each work group, parents before what is below them. A circle of parents ends."""
    listed = list(groups)
    names = {each.name for each in listed}
    found: list[tuple[str, str, int]] = []

    def add(parent: str, depth: int) -> None:
        for each in listed:
            above = each.parent if each.parent in names else ""
            if above == parent and all(each.name != name for name, _label, _depth in found):
                found.append((each.name, "\u00a0\u00a0" * depth + each.name, depth))
                add(each.name, depth + 1)

    add("", 0)
    found += [(each.name, each.name, 0) for each in listed if all(each.name != name for name, _label, _depth in found)]
    return found
