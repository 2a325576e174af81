"""Every text field of the application takes strings that break careless software, and shows them inert.

Which fields there are is found in the form classes and in the templates; one that FORMS and INPUTS below do not name fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django import forms
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings
from tests.web.authoring.conftest import filled
from tests.web.conftest import Cast

import vitalfew.web
from vitalfew.engine.reader import Reader
from vitalfew.runs import Workspace
from vitalfew.web.authoring.models import Remark, Version
from vitalfew.web.authoring.sections import SECTIONS
from vitalfew.web.people import keys, members
from vitalfew.web.people.models import Company, Key, Token, User
from vitalfew.who.comparing import FIELDS

# Markup calls itself naughty, so that what is alive of it is told from what is ours. 11*227 is 2497.
NAUGHTY = (
    "<naughty-a>",
    "<script>naughty()</script>",
    '"><script>naughty()</script>',
    "'><img src=naughty onerror=naughty()>",
    '" onfocus=naughty() autofocus naughty="',
    "' onmouseover='naughty()' naughty='",
    "</textarea><naughty-b>",
    "</title></style><naughty-c>",
    "--><naughty-d><!--",
    "]]><naughty-e>",
    "</script><naughty-f>",
    '<a href="javascript:naughty()">x</a>',
    "<svg/onload=naughty()>",
    '<iframe srcdoc="naughty"></iframe>',
    "&lt;naughty-g&gt; &amp; &#60;naughty-h&#62;",
    "javascript:naughty()",
    "{{ 11*227 }}",
    "{% load naughty %}",
    "{# naughty #}",
    "${11*227}",
    "#{11*227}",
    "<%= 11*227 %>",
    "{0} {name} %s %d %(x)s %n",
    "=1+1",
    "@SUM(A1:A9)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "'; DROP TABLE people_user; --",
    '" OR ""="',
    "1; SELECT pg_sleep(5)",
    "%' OR 1=1 --",
    "../../etc/passwd",
    "C:\\Windows\\",
    "$(id) `id`",
    "\u202etxt.exe reversed",
    "a\u200bzero\u200dwidth\ufeffinside",
    "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f4 \U0001f44d\U0001f3ff",
    "Z\u0351\u036b\u0343\u032a\u0302a\u0306\u034a",
    "bell\x07 escape\x1b[31m delete\x7f",
    "null None undefined NaN 1e309",
)
# The form classes with fields people type text into, and the inputs that stand in templates; each has its test below.
FORMS = {
    "NewPerson.name": "invitation",
    "NewPerson.password": "invitation",
    "NewPerson.again": "invitation",
    "FirstOwner.name": "setup",
    "FirstOwner.email": "setup",
    "FirstOwner.password": "setup",
    "FirstOwner.again": "setup",
    "Place.employee": "member",
    "Invite.email": "invite",
    "Invite.employee": "invite",
    "NewToken.name": "token",
    "Profile.name": "profile",
    "EndpointForm.url": "webhook",
    "MendForm.column": "mend",
    "MendForm.value": "mend",
    "MendForm.to": "mend",
    "MendForm.reason": "mend",
}
INPUTS = {
    "api/webhook.html": set(),
    "authoring/form.html": {"note"},
    "authoring/issue.html": {"text"},
    "authoring/item.html": {"decision", "text"},
    "authoring/pending.html": {"decision"},
    "authoring/rows.html": {"{{ widget.name }}.value"},
    "listen/joined_companies.html": {"reason", "right"},
    "listen/map_source.html": {"name", "v{{ each.place }}", "{{ field.name }}{{ row.place }}"},
    "listen/review.html": {"reason"},
    "shell/filters.html": {"account"},
    "shell/search.html": {"q"},
    "understand/customers.html": {"q"},
    "understand/search.html": {"q"},
    "understand/who.html": {"{{ each.name }}"},
    # Takes whatever field it is given: those of the form classes.
    "allauth/elements/field.html": {""},
}
NOT_TYPED = {"hidden", "radio", "checkbox", "file", "submit", "button"}


class Shape(HTMLParser):
    """The elements of a page, with the names of their attributes; what it says; and what in it could run."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[tuple[str, str]] = set()
        self.alive: list[str] = []
        self.said = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.elements |= {(tag, "")} | {(tag, name) for name, _value in attrs}
        for name, value in attrs:
            wild = (value or "").strip().lower()
            if name.startswith(("on", "naughty")) or name == "srcdoc" or (name in ("href", "src", "action") and "naughty(" in wild):
                self.alive.append(f"<{tag} {name}={value!r}>")
            self.said += f"\n{value}"
        if tag.startswith("naughty"):
            self.alive.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        if self._open == "script" and "naughty" in data:
            self.alive.append(f"script {data!r}")
        self.said += data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_comment(self, data: str) -> None:
        if "naughty" in data:
            self.alive.append(f"comment {data!r}")


def texts(longest: int = 1000, apart: str = " ") -> list[str]:
    """All naughty strings in as few texts as the field's length allows."""
    found = [""]
    for each in (each for each in NAUGHTY if each):
        joined = f"{found[-1]}{apart}{each}" if found[-1] else each
        if len(joined) > longest:
            found.append(each)
        else:
            found[-1] = joined
    return found


class Watch:
    """Asks and sends like a browser, and looks at every page that comes back."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, address: str) -> str:
        return self.look(self.client.get(address), address)

    def post(self, address: str, data: dict[str, Any]) -> str:
        return self.look(self.client.post(address, data, follow=True), address)

    def look(self, answer: Any, address: str) -> str:
        assert answer.status_code < 500, address
        page = answer.content.decode()
        shape = Shape(page)
        assert shape.alive == [], address
        assert "2497" not in shape.said, address
        assert "\x00" not in page
        return shape.said


@pytest.fixture
def other(cast: Cast) -> Watch:
    """The head of CX of a small company, which is quick."""
    return Watch(cast.client("stranger"))


# --- the guard ----------------------------------------------------------------------------------------------------------------------


def _classes(of: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for each in of.__subclasses__():
        yield each
        yield from _classes(each)


def _is_typed(field: forms.Field) -> bool:
    return isinstance(field, forms.CharField) and not isinstance(field.widget, forms.Select)


def test_every_form_field_that_takes_text_is_named_here() -> None:
    assert get_resolver().url_patterns  # every view and its forms are imported
    found = {
        f"{each.__name__}.{name}"
        for each in _classes(forms.BaseForm)
        if each.__module__.startswith("vitalfew.web.") and not each.__module__.startswith("vitalfew.web.authoring")
        for name, field in each.base_fields.items()
        if _is_typed(field)
    }
    assert found == set(FORMS)


def test_every_input_of_a_template_that_takes_text_is_named_here() -> None:
    found: dict[str, set[str]] = {}
    for path in Path(vitalfew.web.__file__).parent.glob("*/templates/**/*.html"):
        for tag, inside in re.findall(r"<(input|textarea)\b([^>]*(?:%}[^>]*)*)>", path.read_text(encoding="utf-8")):
            kind = re.search(r'type="(\w+)"', inside)
            name = re.search(r'(?:^|\s)name="([^"]*)"', inside)
            if tag == "input" and kind and kind[1] in NOT_TYPED:
                continue
            place = str(path).partition("/templates/")[2]
            named = name[1] if name and place != "allauth/elements/field.html" else ""
            found.setdefault(place, set()).add(named)
    assert found == {name: inputs for name, inputs in INPUTS.items() if inputs}


def test_the_list_is_long_and_has_every_kind() -> None:
    assert len({each for each in NAUGHTY if each}) > 40
    assert Shape("<p>" + NAUGHTY[1]).alive
    assert all(Shape(each).alive for each in NAUGHTY if each.startswith("<") and "%" not in each)


# --- what people write --------------------------------------------------------------------------------------------------------------


def _typed(field: forms.Field, turn: int) -> Any:
    """What is typed into a field of a section's form."""
    if getattr(field, "one_a_line", False):
        return "\n".join(NAUGHTY)
    found = texts(getattr(field, "max_length", None) or 1000)
    return found[turn % len(found)]


def _free(field: forms.Field) -> bool:
    return _is_typed(field) and not isinstance(field.widget, forms.CheckboxSelectMultiple)


# Sources have a page of their own, with its own tests: tests/web/listen/test_adding.py.
@pytest.mark.parametrize("section", [name for name, each in SECTIONS.items() if not each.page])
def test_sections_are_inert(other: Watch, section: str) -> None:
    single = SECTIONS[section].single
    address = f"/c/other/write/{section}/" + (f"entry/{section}/edit/" if single else "new/")
    opened = other.client.get(address)
    fields = opened.context["form"].fields
    given: dict[str, Any] = {
        "issue": "slow",
        "depth": "1",
        "table": "responses",
        "work": "",
        "currency": "EUR",
        "time_zone": "UTC",
        "language": "en",
    }
    typed = [name for name, field in fields.items() if _free(field) and name not in given and not name.endswith("_when")]
    expressions = [name for name in fields if name.endswith("_when")]
    for turn in range(len(texts())):
        naughty = {name: _typed(fields[name], turn) for name in typed}
        changed = {**{name: value for name, value in given.items() if name in fields}, **naughty, "note": texts()[turn]}
        if section == "promise":
            changed["kept_when"] = "true"
        if section == "mend":  # values of a source that is there
            changed = {**changed, "source": "survey", "pattern": "", "to": "", "blank": "on", "value": f"{turn} {naughty['value']}"}
        if section == "link":  # records of a source that is there
            changed |= {"left": f"survey#{naughty['left']}", "right": f"survey#{turn}", "decision": "same"}
        other.post(address, filled(other.client.get(address), **changed))
        # Judged as SQL and as a name that exists: refused, and the form shows them again.
        refused = {each: texts()[turn] for each in [*expressions, *(name for name in ("work", "group", "table") if name in fields)]}
        if refused:
            other.post(address, filled(opened, **{**changed, **refused}))
    rows = [name for name, field in fields.items() if field.widget.__class__.__name__ == "RowsWidget"]
    for name in rows:
        other.post(address, filled(opened, **{name: dict.fromkeys(NAUGHTY, texts()[0])}))
    for page in (f"write/{section}/", "write/", "write/pending/", "act/sponsors/", "act/barriers/", "people/", "search/?q=naughty"):
        other.get(f"/c/other/{page}")
    for version in Version.objects.filter(item__section=section).select_related("item"):
        said = other.get(f"/c/other/write/{section}/entry/{version.item.key}/")
        assert "\u202etxt.exe reversed" in said
    if section not in ("raci", "initiative", "limits", "consent"):  # names this company does not have; nothing but numbers
        assert Version.objects.filter(item__section=section).exists()
    before = Version.objects.count()
    # Without an initiative there is nobody's work to note a reason for: such a form is refused before.
    for name in [*typed, *(["note"] if section != "raci" else [])]:
        opened = other.client.get(address)
        changed = {
            "name": "Fine",
            "text": "fine",
            "words": "fine",
            "because": "a",
            "may": "b",
            "leading_to": "c",
            "kept_when": "true",
            "left": "survey#1",
            "right": "survey#2",
            "decision": "same",
            "source": "survey",
            "column": "Q1",
            "value": "" if name == "pattern" else "n/k",
            "blank": "" if name == "to" else "on",
            "reason": "fine",
            **given,
        }
        sent = filled(opened, **{**{key: value for key, value in changed.items() if key in fields}, name: "a\x00b"})
        assert "ull characters are not allowed" in other.post(address, sent), name
    assert Version.objects.count() == before


def test_what_is_said_about_entries_is_inert(other: Watch, cast: Cast) -> None:
    entry = "/c/other/write/group/entry/desk/"
    for text in NAUGHTY:
        if text:
            assert text.split()[0] in other.post(f"{entry}remark/", {"text": text})
    kept = Remark.objects.count()
    assert "cannot be stored" in other.post(f"{entry}remark/", {"text": "a\x00b"})
    assert Remark.objects.count() == kept
    other.post(f"{entry}remark/", {"text": "x" * 100_000})
    assert Remark.objects.count() == kept
    run = Workspace(Path(cast.company.folder)).current()
    assert run is not None
    issue = Reader(run.paths()).rows("issues", limit=1)[0]["issue"]
    contest = f"/c/northlight/write/contest/{quote(issue)}/"
    northlight = Watch(cast.client("owner"))
    for text in texts(4000):
        northlight.post(contest, {"text": text})
    assert "cannot be stored" in northlight.post(contest, {"text": "a\x00b"})


def test_who_is_who_is_inert(other: Watch) -> None:
    for turn, text in enumerate(texts()):
        pair = {"left": f"survey#{text}", "right": f"survey#{turn}", "decision": "same", "reason": text, "next": "/c/other/review/"}
        said = other.post("/c/other/links/decide/", pair)
        assert text.split()[0] in said
        assert "cannot be kept" in other.post("/c/other/links/decide/", {**pair, "reason": "a\x00b"})
        assert "cannot be kept" in other.post("/c/other/links/decide/", {**pair, "left": "survey#\x00"})
    assert Version.objects.filter(item__section="link").count() == len(texts())
    for page in ("review/", "links/", "write/link/", "review/?at=2&decided=<naughty>"):
        other.get(f"/c/other/{page}")


def test_rules_that_mend_are_inert(other: Watch) -> None:
    address = "/c/other/quarantine/mend/"
    for turn, text in enumerate(texts()):
        given = {
            "source": "survey",
            "column": "Q2",
            "meets": "value",
            "value": f"{turn} {text}",
            "becomes": "to",
            "to": f"as {text}",
        }
        given["reason"] = f"because {text}"
        sent = {**given, "looked": other.client.post(address, given).context["looked"]}
        assert text.split()[0] in other.post(address, sent)
        for name in ("column", "value", "to", "reason"):
            assert "ull characters are not allowed" in other.post(address, {**sent, name: "a\x00b"}), name
    assert Version.objects.filter(item__section="mend").count() == len(texts())
    for page in ("quarantine/", "write/mend/", f"quarantine/mend/?source=survey&column=Q2&value={quote(NAUGHTY[1])}"):
        other.get(f"/c/other/{page}")


def test_decisions_are_inert(other: Watch, cast: Cast) -> None:
    entry = "/c/other/write/group/entry/desk/"
    for text in texts(900):
        for address, field in ((f"{entry}restore/0/", "note"), ("/c/other/write/pending/", "decision")):
            opened = other.client.get(f"{entry}edit/")
            proposed = filled(opened, lead=f"A{Version.objects.count()}", draft="1", note=text)
            other.client.post(f"{entry}edit/", proposed)
            Version.objects.filter(state="draft").update(state="proposed")
            waiting = Version.objects.latest("pk")
            other.get("/c/other/write/pending/")
            refused = other.post(address, {field: "a\x00b", "version": waiting.pk, "decline": "1", "began": "0"})
            assert "Null characters are not allowed" in refused
            assert Version.objects.get(pk=waiting.pk).state == "proposed"
            other.post(address, {field: text, "version": waiting.pk, "decline": "1", "began": "0"})
            assert "txt.exe" in other.get(entry)


# --- people -------------------------------------------------------------------------------------------------------------------------


def test_profile_tokens_and_webhooks_are_inert(other: Watch) -> None:
    for text in texts(190):
        other.post("/me/", {"name": text, "language": "", "theme": ""})
        assert User.objects.get(email="owner@other.example").name == text.strip()
        other.get("/c/other/people/")
    for text in texts(95):
        assert text.split()[0] in other.post("/c/other/tokens/", {"name": text, "scope": "read", "days": "30"})
    for text in [*texts(900), *(f"https://example.com/{quote(each)}#{each}" for each in NAUGHTY)]:
        other.post("/c/other/webhooks/", {"url": text, "events": ["run.finished"], "active": "on"})
    kept = Token.objects.count()
    for address, data in (
        ("/me/", {"name": "a\x00b"}),
        ("/c/other/tokens/", {"name": "a\x00b", "scope": "read", "days": "30"}),
        ("/c/other/webhooks/", {"url": "https://example.com/\x00"}),
    ):
        assert "Null characters are not allowed" in other.post(address, data), address
        other.post(address, dict.fromkeys(data, "x" * 100000))
    assert Token.objects.count() == kept
    assert "Null characters are not allowed" in other.post("/c/other/eyes/", {"role": "lead", "group": "a\x00b"})
    other.post("/c/other/eyes/", {"role": "lead", "group": texts()[0], "employee": texts()[0]})
    other.get("/c/other/")
    other.get("/c/other/audit/")


def test_invitations_and_members_are_inert(other: Watch, cast: Cast) -> None:
    person = cast.stranger.pk
    for text in texts(190):
        other.post("/c/other/people/", {"email": f"{text}@x.example", "role": "analyst", "employee": text})
        other.post("/c/other/people/", {"email": '"a<b>c"@x.example', "role": "analyst", "employee": text})
        other.post(f"/c/other/people/{person}/", {"role": "owner", "employee": text})
        other.get("/c/other/people/")
    for address in ("/c/other/people/", f"/c/other/people/{person}/"):
        said = other.post(address, {"email": "b@x.example", "role": "owner", "employee": "a\x00b"})
        assert "Null characters are not allowed" in said, address
    said = other.post("/c/other/people/", {"email": "b\x00@x.example", "role": "owner"})
    assert "Null characters are not allowed" in said


def test_accounts_made_from_a_link_are_inert(other: Watch, cast: Cast, settings: Settings) -> None:
    password = "{{ 11*227 }} <naughty-p> passphrase"
    for number, text in enumerate(texts(190)):
        _made, secret = members.invite(cast.other, "x", "owner", f"n{number}@x.example", "analyst")
        guest = Watch(Client())
        address = f"/invitation/{secret}/"
        assert "Null characters are not allowed" in guest.post(address, {"name": "a\x00b", "password": password, "again": password})
        guest.post(address, {"name": text, "password": password, "again": f"{password}."})
        guest.post(address, {"name": text, "password": password, "again": password})
        assert User.objects.get(email=f"n{number}@x.example").name == text.strip()
    other.get("/c/other/people/")
    fresh = Company.objects.create(slug="fresh", name=NAUGHTY[1], folder=cast.other.folder)
    guest, address = Watch(Client()), f"/setup/{keys.make(fresh, Key.SETUP)}/"
    given = {"name": texts(190)[0], "email": texts(190)[0], "password": password, "again": password}
    guest.post(address, given)
    assert "Null characters are not allowed" in guest.post(address, {**given, "name": "a\x00b", "email": "a\x00@b.example"})
    guest.post(address, {**given, "email": "first@x.example"})
    assert User.objects.get(email="first@x.example").name == given["name"].strip()
    guest.get("/c/fresh/")


# --- search and filters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["search/", "customers/"])
def test_what_is_searched_is_inert(other: Watch, page: str) -> None:
    for text in [*NAUGHTY, "a\x00b", "x" * 5_000]:
        other.get(f"/c/other/{page}?q={quote(text)}")


def test_what_is_known_of_a_caller_is_inert(other: Watch) -> None:
    for text in [*NAUGHTY, "a\x00b", "x" * 5_000]:
        other.post("/c/other/who/", dict.fromkeys(FIELDS, text))


def test_filters_in_the_address_are_inert(other: Watch) -> None:
    for text in [*texts(195), "a\x00b", "x" * 5_000]:
        given = "&".join(
            f"{name}={quote(text)}" for name in ("account", "group", "channel", "period", "source", "reason", "sort", "by")
        )
        for page in ("metrics/", "quarantine/", "customers/", "links/", "issues/"):
            other.get(
                f"/c/other/{page}?{given}&segment=a={quote(text)}&question={quote(text)}&rule={quote(text)}&page={quote(text)}"
            )
