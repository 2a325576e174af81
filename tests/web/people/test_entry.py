"""The ways in without an account: first set-up, and the demo company's link."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.conftest import PASSWORD, Cast

from vitalfew.engine.reader import Reader
from vitalfew.faults import Refused
from vitalfew.runs import Workspace
from vitalfew.web import serving
from vitalfew.web.people import keys
from vitalfew.web.people.models import AuditEntry, Company, Key, Membership, User
from vitalfew.web.people.rights import ROLES

OWNER = {"name": "Ada Owner", "email": "Ada@New.example", "password": "a fine long passphrase", "again": "a fine long passphrase"}


@pytest.fixture
def fresh(db: None, other_workspace: Path) -> Company:
    """A company nobody is a member of."""
    return Company.objects.create(slug="fresh", name="Fresh", folder=str(other_workspace))


def _path(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def test_only_the_latest_link_works_and_only_for_its_company(fresh: Company, other_workspace: Path) -> None:
    second = Company.objects.create(slug="second", name="Second", folder=str(other_workspace))
    old = _path(serving.setup_link(fresh, "127.0.0.1", 1))
    new = _path(serving.setup_link(fresh, "127.0.0.1", 1))
    theirs = _path(serving.setup_link(second, "127.0.0.1", 1))
    assert Client().get(old).status_code == 404
    assert Client().get(theirs).status_code == 200
    Client().post(new, OWNER)
    assert Membership.objects.get().company == fresh
    # One who is a member elsewhere can be owner here, too, signed in.
    browser = Client()
    assert browser.post(theirs, OWNER).status_code == 200, "the address has an account: its password is not replaced"
    browser.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    browser.post(theirs)
    assert set(Membership.objects.values_list("company__slug", "role")) == {("fresh", "owner"), ("second", "owner")}


def test_a_link_is_stored_hashed_and_expires(fresh: Company) -> None:
    link = serving.setup_link(fresh, "127.0.0.1", 1)
    secret = link.rstrip("/").rpartition("/")[2]
    assert len(secret) * 6 >= 256
    assert secret not in str(Key.objects.values().get())
    Key.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(_path(link)).status_code == 404


@pytest.mark.parametrize(
    "given", [{"email": "none"}, {"password": "short", "again": "short"}, {"again": "another passphrase"}, {"name": ""}]
)
def test_a_faulty_form_makes_nobody(fresh: Company, given: dict[str, str]) -> None:
    link = _path(serving.setup_link(fresh, "127.0.0.1", 1))
    answer = Client().post(link, {**OWNER, **given})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not User.objects.exists()
    assert Client().get(link).status_code == 200, "the link is not used up"


def test_without_the_link_a_page_says_where_to_find_it(fresh: Company) -> None:
    text = Client().get("/setup/").content.decode()
    assert "vitalfew serve" in text
    assert Client().get("/setup/guessed/").status_code == 404
    assert "/setup/" in Client().get("/account/login/").content.decode(), "who comes to sign in is told, too"
    Membership.objects.create(company=fresh, user=User.objects.create_user("a@b.example", PASSWORD), role="owner")
    assert Client().get("/setup/")["Location"] == "/account/login/"
    assert "/setup/" not in Client().get("/account/login/").content.decode()


@pytest.fixture
def demo_company(db: None, demo_workspace: Path) -> Company:
    """The demo company without the cast of the tests."""
    return Company.objects.create(slug="demo", name="Northlight Supply", folder=str(demo_workspace), is_demo=True)


def test_the_demo_company_has_a_member_of_each_role_from_its_own_exports(demo_company: Company) -> None:
    serving.demo_cast(demo_company)
    serving.demo_cast(demo_company)
    people = {each.role: each for each in Membership.objects.select_related("user")}
    assert set(people) == set(ROLES)
    assert Membership.objects.count() == len(ROLES), "made once"
    assert not any(each.user.has_usable_password() for each in people.values())
    run = Workspace(Path(demo_company.folder)).current()
    assert run is not None
    rows = {str(row["employee"]): row for row in Reader(run.paths()).rows("employees")}
    for role in ("lead", "employee"):
        row = rows[people[role].employee]
        assert (row["name"], row["group"]) == (people[role].user.name, people[role].group)
    assert people["lead"].employee != people["employee"].employee


def test_only_the_demo_company_gets_made_up_members(fresh: Company) -> None:
    with pytest.raises(ValueError, match="demo"):
        serving.demo_cast(fresh)
    assert not User.objects.exists()


def test_the_entry_link_ends_after_ten_minutes_and_opens_no_other_company(demo_company: Company) -> None:
    serving.demo_cast(demo_company)
    link = _path(serving.entry_link(demo_company, "127.0.0.1", 8642))
    left = Key.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    Key.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(link).status_code == 404
    link = _path(serving.entry_link(demo_company, "127.0.0.1", 8642))
    Company.objects.update(is_demo=False)
    assert Client().get(link).status_code == 404
    # A key for one purpose is none for the other.
    Company.objects.update(is_demo=True)
    assert Client().get(f"/setup/{keys.make(demo_company, Key.ENTRY)}/").status_code == 404


def test_a_server_says_how_to_get_in(fresh: Company, demo_company: Company) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - told, not bound
    assert any("/setup/" in line for line in serving.ways_in(fresh, everywhere, 80))
    assert "http://127.0.0.1:80/" in serving.ways_in(fresh, everywhere, 80)[0]
    assert "http://[::1]:80/" in serving.ways_in(fresh, "::1", 80)[0]
    lines = serving.ways_in(demo_company, "127.0.0.1", 8642)
    assert Client().get(_path(lines[-1].rpartition(" ")[2])).status_code == 302
    Membership.objects.create(company=fresh, user=User.objects.create_user("a@b.example", PASSWORD), role="owner")
    assert not any("/setup/" in line for line in serving.ways_in(fresh, "127.0.0.1", 80))


def test_the_command_line_makes_a_link_for_a_new_password(cast: Cast) -> None:
    link = _path(serving.password_link("Analyst@northlight.example", "127.0.0.1", 8642))
    browser = Client()
    form = browser.get(link, follow=True)
    assert form.status_code == 200
    new = "another quite long passphrase"
    browser.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert User.objects.get(email="analyst@northlight.example").check_password(new)
    assert "make password link" in AuditEntry.objects.values_list("action", flat=True)
    with pytest.raises(Refused):
        serving.password_link("nobody@northlight.example", "127.0.0.1", 8642)


@pytest.mark.slow
def test_the_demo_command_serves_and_its_link_opens(demo_workspace: Path, tmp_path: Path) -> None:
    """The real server, on a copy of the demo company: the printed link signs in."""
    import os
    import re
    import subprocess
    import sys
    import urllib.request

    folder = tmp_path / "demo"
    shutil.copytree(demo_workspace, folder, symlinks=True)
    for left in (folder / ".vitalfew").glob("vitalfew.db*"):
        left.unlink()
    environ = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    command = [sys.executable, "-c", "from vitalfew.cli import main; main()", "serve", str(folder), "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as server:
        try:
            assert server.stdout is not None
            link = ""
            for line in server.stdout:
                found = re.search(r"http://\S+/enter/\S+/", line)
                if found:
                    link = found[0]
                    break
            assert link
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(link, timeout=60) as answer:
                assert answer.url.endswith("/c/northlight-supply/")
                assert "Margaret Osei" in answer.read().decode()
        finally:
            server.terminate()
            server.wait(30)
