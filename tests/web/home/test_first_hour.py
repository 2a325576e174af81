"""The guided first hour ticks what was really done, and is kept for each user."""

from __future__ import annotations

import html
import re
from pathlib import Path

from tests.web.conftest import Cast

from vitalfew.engine.reader import Reader, Where
from vitalfew.runs import Workspace
from vitalfew.web.authoring.models import Item, Version

HOME = "/c/northlight/"


def done(text: str) -> list[str]:
    return re.findall(r'<li class="done">.*?<a href="[^"]*">([^<]*)</a>', text, flags=re.DOTALL)


def test_steps_tick_when_they_were_done_and_only_for_who_did_them(cast: Cast) -> None:
    owner = cast.client("owner")
    assert done(owner.get(HOME).content.decode()) == []
    cast.client("executive").get(f"{HOME}choice/")
    assert done(owner.get(HOME).content.decode()) == []
    owner.get(f"{HOME}choice/")
    owner.get(f"{HOME}documents/strategy.pdf")
    assert done(owner.get(HOME).content.decode()) == ["See what to do first", "Take it with you"]


def test_looking_through_an_employees_eyes_ticks_and_other_eyes_do_not(cast: Cast) -> None:
    owner = cast.client("owner")
    owner.post(f"{HOME}eyes/", {"role": "executive"})
    owner.post(f"{HOME}eyes/", {"role": ""})
    assert done(owner.get(HOME).content.decode()) == []
    owner.post(f"{HOME}eyes/", {"role": "employee", "group": "Logistics", "employee": "E001"})
    assert "Your first hour" not in owner.get(HOME).content.decode()
    owner.post(f"{HOME}eyes/", {"role": ""})
    assert done(owner.get(HOME).content.decode()) == ["Look through an employee&#x27;s eyes"]


def test_it_is_put_away_and_brought_back_from_help(cast: Cast) -> None:
    owner = cast.client("owner")
    assert owner.post(f"{HOME}first-hour/").status_code == 302
    assert "Your first hour" not in owner.get(HOME).content.decode()
    assert "Bring back the guided first hour" in owner.get("/help/").content.decode()
    owner.post(f"{HOME}first-hour/", {"show": "yes"})
    assert "Your first hour" in owner.get(HOME).content.decode()
    assert "Bring back the guided first hour" not in owner.get("/help/").content.decode()


def test_only_the_owner_of_a_demo_company_has_it(cast: Cast) -> None:
    for role in cast.members:
        shown = "Your first hour" in cast.client(role).get(HOME).content.decode()
        assert shown == (role == "owner")
        assert cast.client(role).post(f"{HOME}first-hour/").status_code == (302 if role == "owner" else 403)
    assert cast.client("stranger").post(f"{HOME}first-hour/").status_code == 404
    assert "Your first hour" not in cast.client("stranger").get("/c/other/").content.decode()
    assert cast.client("stranger").post("/c/other/first-hour/").status_code == 403


def test_writing_a_why_ticks(cast: Cast) -> None:
    item = Item.objects.create(company=cast.company, section="cause", key="late")
    version = Version.objects.create(item=item, number=1, values={}, state="draft", author="analyst@northlight.example")
    assert "1 of 8 done" not in cast.client("owner").get(HOME).content.decode()
    Version.objects.filter(pk=version.pk).update(author="owner@northlight.example")
    assert "1 of 8 done" in cast.client("owner").get(HOME).content.decode()


def test_every_step_leads_to_a_page_and_doing_it_there_ticks(cast: Cast) -> None:
    owner = cast.client("owner")
    steps = dict(re.findall(r'<li><span class="tick"[^<]*</span> <a href="([^"]*)">([^<]*)</a>', owner.get(HOME).content.decode()))
    addresses = {html.unescape(title): html.unescape(address) for address, title in steps.items()}
    assert len(addresses) == 8
    for address in addresses.values():
        assert owner.get(address).status_code == 200, address
    # Opening is enough for these three.
    opened = ["See what to do first", "Walk a figure to its records", "Compare two runs"]
    assert done(owner.get(HOME).content.decode()) == opened
    assert owner.post(addresses["Start a run"], {"as_of": ""}).status_code == 302
    assert owner.get("/c/northlight/write/export.toml").status_code == 200
    owner.post(addresses["Invite somebody"], {"email": "new@northlight.example", "role": "executive"})
    form = owner.get(addresses["Write a why"]).context["form"]
    tops = Reader(Workspace(Path(cast.company.folder)).need_current().paths()).rows("issues", [Where("top", "=", True)])
    assert form.initial["issue"] in {row["name"] for row in tops}
    assert len(done(owner.get(HOME).content.decode())) == 6


def test_before_the_first_run_no_step_leads_nowhere(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_bytes((Path(cast.company.folder) / "company.toml").read_bytes())
    cast.company.folder = str(tmp_path)
    cast.company.save()
    owner = cast.client("owner")
    text = owner.get(HOME).content.decode()
    part = text[text.index('class="steps"') : text.index("</ol>", text.index('class="steps"'))]
    addresses = re.findall(r'href="([^"]*)"', part)
    assert len(addresses) == 7, "all but the walk from a figure, of which there is none"
    for address in addresses:
        assert owner.get(html.unescape(address)).status_code == 200, address
