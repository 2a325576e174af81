"""company.toml is edited by hand while the application runs: pages go on, those who can mend it are told what is wrong."""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from tests.web.conftest import Cast
from tests.web.test_access import PLAIN

from vitalfew.web.authoring.models import Item
from vitalfew.web.people.rights import ROLES

Spoil = Callable[[Path], None]
TOLD_TO = {"owner", "administrator", "analyst", "integrator"}
PLAIN_SENTENCE = "The settings are being changed. You see the strategy as the last run left it."


def not_toml(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n[[group]\nname = 3\n", encoding="utf-8")


def unknown_key(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + '\n[[grup]]\nname = "<b>x</b>"\n', encoding="utf-8")


def gone(path: Path) -> None:
    path.unlink()


CASES: dict[str, tuple[Spoil, str]] = {
    "not TOML": (not_toml, "this is not TOML"),
    "unknown key": (unknown_key, "unknown key 'grup' in the file; did you mean 'group'?"),
    "gone": (gone, "there is no company.toml in"),
}


@pytest.fixture
def copied(cast: Cast, tmp_path: Path) -> Path:
    """The demo company in a folder of its own."""
    folder = tmp_path / "copy"
    shutil.copytree(cast.company.folder, folder, symlinks=True)
    cast.company.folder = str(folder.resolve())
    cast.company.save()
    return folder


def page_of(client: Client, path: str = "") -> str:
    answer = client.get(f"/c/northlight/{path}")
    assert answer.status_code == 200, path
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("case", CASES)
def test_every_page_goes_on_with_the_settings_of_the_last_run(cast: Cast, copied: Path, case: str) -> None:
    spoil, _ = CASES[case]
    spoil(copied / "company.toml")
    owner = cast.client("owner")
    for text, _ in PLAIN:
        assert owner.get("/" + text.replace("<slug:company>", "northlight")).status_code in (200, 302, 405), text
    assert "Logistics" in page_of(cast.client("owner"), "groups/")


@pytest.mark.parametrize("case", CASES)
def test_those_who_can_mend_it_are_told_where_and_how_and_others_in_a_plain_sentence(cast: Cast, copied: Path, case: str) -> None:
    before = {role: page_of(cast.client(role)) for role in ROLES}
    spoil, said = CASES[case]
    spoil(copied / "company.toml")
    for role in ROLES:
        text = page_of(cast.client(role))
        assert (said in text) == (role in TOLD_TO), role
        assert (PLAIN_SENTENCE in text) == (role not in TOLD_TO), role
        assert said not in before[role]
        assert PLAIN_SENTENCE not in before[role]
        if role not in TOLD_TO:
            assert str(copied) not in text
    if case != "gone":
        line = (copied / "company.toml").read_text(encoding="utf-8").count("\n")
        assert any(f"company.toml:{each}: " in page_of(cast.client("owner")) for each in (line - 1, line))


def test_a_run_refuses_with_the_same_faults(cast: Cast, copied: Path) -> None:
    unknown_key(copied / "company.toml")
    text = page_of(cast.client("owner"))
    done = subprocess.run(
        [sys.executable, "-m", "vitalfew", "run", str(copied), "--quiet"], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    fault = done.stderr.splitlines()[0]
    assert fault.startswith("company.toml:")
    assert fault in text


def test_once_it_is_mended_the_banner_is_gone_and_the_new_settings_hold(cast: Cast, copied: Path) -> None:
    good = (copied / "company.toml").read_text(encoding="utf-8")
    not_toml(copied / "company.toml")
    owner = cast.client("owner")
    assert "this is not TOML" in page_of(owner)
    (copied / "company.toml").write_text(good + '\n[[group]]\nname = "Brand new group"\n', encoding="utf-8")
    text = page_of(owner, "groups/")
    assert "this is not TOML" not in text
    assert "Brand new group" in text


def test_nothing_is_written_on_top_of_a_faulty_file(cast: Cast, copied: Path) -> None:
    owner = cast.client("owner")
    form = owner.get("/c/northlight/write/barrier/new/").context
    given = {"name": "Old tools", "kind": "technology", "status": "open", "begun": form["begun"]}
    not_toml(copied / "company.toml")
    answer = owner.post("/c/northlight/write/barrier/new/", given)
    assert answer.status_code == 422
    assert "this is not TOML" in html.unescape(answer.content.decode())
    assert not Item.objects.exists()


def test_before_the_first_run_the_banner_stands_alone(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text("[company\n", encoding="utf-8")
    cast.company.folder = str(tmp_path)
    cast.company.save()
    for role in ROLES:
        text = page_of(cast.client(role))
        assert ("this is not TOML" in text) == (role in TOLD_TO)


def test_the_application_starts_again_on_a_company_it_knows(cast: Cast, copied: Path) -> None:
    from vitalfew.faults import Refused
    from vitalfew.web.shell.companies import company_for

    not_toml(copied / "company.toml")
    assert company_for(copied) == cast.company
    (copied.parent / "unknown").mkdir()
    with pytest.raises(Refused, match="there is no"):
        company_for(copied.parent / "unknown")
    assert Client().get("/health/ready").json()["workspace"] == "ok"
