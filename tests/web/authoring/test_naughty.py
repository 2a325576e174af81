"""Strings that break careless software: kept byte for byte, shown inert, given back by the export."""

from __future__ import annotations

import html
import tomllib
from pathlib import Path

import pytest
from tests.web.authoring.conftest import Write
from tests.web.conftest import Cast

from vitalfew.web.authoring.models import Remark, Version
from vitalfew.web.shell.companies import settings_of

NAUGHTY = Path(__file__).with_name("naughty.txt").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.fixture(autouse=True)
def several() -> None:
    assert len(NAUGHTY) > 60
    assert len(set(NAUGHTY)) == len(NAUGHTY)


def test_every_naughty_text_is_kept_byte_for_byte_shown_inert_and_exported(small: Cast, write: Write) -> None:
    client = small.client("owner")
    for text in NAUGHTY:
        answer = write(client, "promise", "on-time", text=text, source=text, note=text)
        assert answer.status_code == 302, text
        version = Version.objects.latest("number")
        assert version.values is not None
        assert (version.values["text"], version.values["source"], version.note) == (text, text, text)
        assert settings_of(small.company).promise[0].text == text
        page = client.get("/c/small/write/promise/entry/on-time/").content.decode()
        assert html.escape(text) in page, text
        if "<" in text:
            assert text not in page, text
        form = client.get("/c/small/write/promise/entry/on-time/edit/").content.decode()
        assert html.escape(text) in form
        exported = tomllib.loads(client.get("/c/small/write/export.toml").content.decode())
        assert exported["promise"][0]["text"] == text


def test_naughty_comments_names_and_reasons_are_inert(small: Cast, write: Write) -> None:
    client = small.client("owner")
    for text in NAUGHTY:
        client.post("/c/small/write/promise/entry/on-time/remark/", {"text": text})
        assert write(client, "barrier", name=text).status_code in (302, 422), text
    assert list(Remark.objects.values_list("text", flat=True)) == NAUGHTY
    for address in ("promise/entry/on-time/", "barrier/", "initiative/new/", "barrier/new/"):
        page = client.get(f"/c/small/write/{address}").content.decode()
        for text in NAUGHTY:
            assert "<" not in text or text not in page
    assert "49" not in client.get("/c/small/write/barrier/").content.decode().split("<main", 1)[1].split("</main")[0].replace(
        "1;49", ""
    )


def test_null_characters_are_refused_in_every_kind_of_field(small: Cast, write: Write) -> None:
    for changed in (
        {"text": "a\x00b"},
        {"source": "a\x00b"},
        {"kept_when": "true\x00"},
        {"text": "b", "note": "a\x00b"},
        {"group": "a\x00"},
    ):
        assert write("owner", "promise", "on-time", **changed).status_code == 422, changed
    assert write("owner", "limits", "limits", budget={"2026-Q3\x00": "1"}).status_code == 422
    assert write("owner", "initiative", "parcel-tracking", removes="late\x00", needs=["x\x00"]).status_code == 422
    small.client("owner").post("/c/small/write/promise/entry/on-time/remark/", {"text": "a\x00b"})
    assert not Version.objects.exists()
    assert not Remark.objects.exists()


def test_a_text_that_is_too_long_is_refused(small: Cast, write: Write) -> None:
    assert write("owner", "promise", "on-time", text="x" * 20_001).status_code == 422
    assert write("owner", "promise", "on-time", name="x" * 1_001).status_code == 422
    assert write("owner", "promise", name="é" * 900, kept_when="true").status_code == 302
    assert len(Version.objects.get().item.key) <= 200
