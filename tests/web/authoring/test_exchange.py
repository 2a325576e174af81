"""Import and export as files."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.authoring.conftest import SMALL, Write
from tests.web.conftest import Cast

from vitalfew.web.authoring.models import Version
from vitalfew.web.authoring.queries import pending
from vitalfew.web.shell.companies import settings_of

ADDRESS = "/c/small/write/import/"


def look(client: Client, text: str | bytes) -> Any:
    """Upload a file and see what it would change."""
    return client.post(ADDRESS, {"file": SimpleUploadedFile("x.toml", text.encode() if isinstance(text, str) else text)})


def test_the_export_of_everything_says_what_company_toml_says_and_changes_nothing_when_read_back(small: Cast) -> None:
    client = small.client("owner")
    text = client.get("/c/small/write/export.toml?all=1").content.decode()
    exported, written = tomllib.loads(text), tomllib.loads(SMALL)
    for section in ("group", "promise", "initiative", "cause", "risk", "limits"):
        assert exported[section] == written[section]
    assert look(client, text).context["plans"] == []


def test_what_was_written_and_taken_away_goes_out_and_comes_back(small: Cast, write: Write) -> None:
    client = small.client("owner")
    write(client, "promise", "on-time", name="Punctual", text="By the day we gave")
    write(client, "barrier", name="Three systems", kind="technology", blocks=["Parcel tracking"], due="2026-09-01")
    client.post("/c/small/write/risk/entry/parcel-tracking-be-ill/delete/", {"began": "0"})
    text = client.get("/c/small/write/export.toml").content.decode()
    assert tomllib.loads(text)["removed"] == ["risk:parcel-tracking-be-ill"]
    wanted = settings_of(small.company)
    Version.objects.all().delete()
    small.company.items.all().delete()
    assert settings_of(small.company) != wanted
    dry = look(client, text)
    assert sorted((each.section, each.is_new) for each in dry.context["plans"]) == [
        ("barrier", True),
        ("promise", False),
        ("risk", False),
    ]
    assert settings_of(small.company) != wanted
    client.post(ADDRESS, {"kept": dry.context["kept"], "apply": "approve"})
    assert settings_of(small.company) == wanted


def test_an_import_may_be_proposed_and_is_then_approved_together(small: Cast) -> None:
    text = '[[group]]\nname = "Returns"\n[[promise]]\nname = "Money back"\ngroup = "Returns"\nkept_when = "true"\n'
    dry = look(small.client("analyst"), text)
    small.client("analyst").post(ADDRESS, {"kept": dry.context["kept"], "apply": "approve"})
    waiting = list(pending(small.company))
    assert len(waiting) == 2
    assert len(settings_of(small.company).group) == 2
    alone = next(each for each in waiting if each.item.section == "promise")
    owner = small.client("owner")
    owner.post("/c/small/write/pending/", {"version": alone.pk, "approve": "1"})
    assert len(pending(small.company)) == 2, "its group is not there yet"
    owner.post("/c/small/write/pending/", {"version": [each.pk for each in waiting], "approve": "1"})
    assert settings_of(small.company).promise[-1].group == "Returns"


def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_changed(small: Cast) -> None:
    text = '[[promise]]\nname = "A"\nstandard = 7\nkept_when = "true"\n[[group]]\nnmae = "B"\n[limits]\nmonths = 99\n'
    answer = look(small.client("owner"), text)
    assert answer.status_code == 422
    said = " ".join(str(each) for each in answer.context["faults"])
    assert all(word in said for word in ("standard", "nmae", "months"))
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[[promise]\nname", "not TOML"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b'promise = "text"', "not a list of tables"),
        (b'limits = "text"', "is not a table"),
        (b'[[group]]\nname = "a\\u0000b"', "null character"),
        (b'[[group]]\nname = "a"\nid = "../x"', "has the id"),
        (b'removed = ["promise:absent"]', "there is no"),
        (b"[limits]\nbudget = { 2026-Q3 = inf }", "finite"),
    ],
)
def test_files_that_cannot_be_imported_say_why(small: Cast, content: bytes, said: str) -> None:
    answer = look(small.client("owner"), content)
    assert answer.status_code == 422
    assert said in " ".join(str(each) for each in answer.context["faults"])


def test_sections_that_are_not_written_here_are_left_out_and_named(small: Cast) -> None:
    answer = look(small.client("owner"), SMALL + '[[question]]\nname = "Q1"\nkind = "nps"\n')
    assert answer.context["left"] == ["question"]
    assert answer.context["plans"] == []


def test_a_file_that_was_not_looked_at_is_not_applied(small: Cast) -> None:
    assert small.client("owner").post(ADDRESS, {"kept": "forged", "apply": "approve"}).status_code == 400


def test_a_lead_exports_and_imports_own_group_only(small: Cast) -> None:
    client = small.client("lead")
    text = client.get("/c/small/write/export.toml?all=1").content.decode()
    assert re.findall(r"Parcels wait|The bill names", text) == ["Parcels wait"]
    theirs = '[[cause]]\nissue = "Unclear bill"\ngroup = "Billing"\ndepth = 1\ntext = "changed"\n'
    assert look(client, theirs).status_code == 403
    own = '[[cause]]\nissue = "Late delivery"\ngroup = "Logistics"\ndepth = 2\ntext = "The van is late"\n'
    dry = look(client, own)
    client.post(ADDRESS, {"kept": dry.context["kept"], "apply": "approve"})
    assert [each.text for each in settings_of(small.company).cause][-1] == "The van is late"
