"""The how-to pages do what they say: their settings are settings, and the smallest of them runs."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from vitalfew.settings import Company
from vitalfew.web import sign_in

ROOT = Path(__file__).parent.parent
PROGRAM = Path(sys.executable).with_name("vitalfew")
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EVERY: dict[str, str] = {
    f"{page.relative_to(ROOT).as_posix()} {number}": block
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
}
IDP = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>MIIB</ds:X509Certificate></ds:X509Data>
</ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"""
WORDS = ("the parcel came late again", "delivery took two weeks", "all good, thank you", "", "nobody told me when it comes")


def _smallest() -> str:
    return next(block for page, block in EVERY.items() if page.startswith("docs/how-to/your-exports.md") and "[company]" in block)


def _of_sign_in(block: str) -> bool:
    """Whether a block is of `.vitalfew/sign-in.toml`, which the application reads, and not of company.toml."""
    return "provider" in tomllib.loads(block)


COMPANY = {page: block for page, block in EVERY.items() if not _of_sign_in(block)}
SIGN_IN = {page: block for page, block in EVERY.items() if _of_sign_in(block)}


@pytest.mark.parametrize("block", list(SIGN_IN.values()), ids=list(SIGN_IN))
def test_providers_shown_in_the_pages_are_read_as_written(block: str, tmp_path: Path) -> None:
    """By what reads them at each start, with the secrets and the metadata that the page says lie elsewhere."""
    (tmp_path / sign_in.FILE).write_text(block, encoding="utf-8")
    (tmp_path / "idp.xml").write_text(IDP, encoding="utf-8")
    shown = tomllib.loads(block)["provider"]
    environ = dict.fromkeys(re.findall(r'"env:(\w+)"', block), "a secret")
    made = sign_in.read(tmp_path, environ).providers
    apps = [*made["openid_connect"]["APPS"], *made["saml"]["APPS"]]
    assert {each["provider_id"]: each["settings"]["domains"] for each in apps} == {each["id"]: each["domains"] for each in shown}
    assert all(each["secret"] == "a secret" for each in made["openid_connect"]["APPS"])
    assert all(each["settings"]["idp"]["sso_url"] == "https://idp.example.com/sso" for each in made["saml"]["APPS"])


def test_the_page_on_sign_in_shows_a_provider_of_each_kind() -> None:
    kinds = {each["kind"] for page, block in SIGN_IN.items() for each in tomllib.loads(block)["provider"] if "people" in page}
    assert kinds == {"openid", "saml"}


@pytest.mark.parametrize("block", list(COMPANY.values()), ids=list(COMPANY))
def test_settings_shown_in_the_pages_are_valid(block: str) -> None:
    settings = tomllib.loads(block)
    if "company" in settings:
        assert Company.model_validate(settings).company.name
        return
    # A part: it is valid when added to the smallest file that works.
    assert Company.model_validate(tomllib.loads(_smallest()) | settings)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The smallest company.toml of the page, and a survey of 120 answers as it describes it."""
    folder = tmp_path / "acme"
    (folder / "exports").mkdir(parents=True)
    (folder / "company.toml").write_text(_smallest(), encoding="utf-8")
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["id", "submitted", "Q1", "Q2", "Q3"])
    for number in range(120):
        delivery = 9 if number % 12 == 0 else number % 5 + 1
        score = min(10, 3 + number % 5 + number % 4)
        rows.writerow([number, f"{number % 28 + 1:02d}/{number % 6 + 1:02d}/2026", score, delivery, WORDS[number % 5]])
    (folder / "exports" / "survey.csv").write_text(written.getvalue(), encoding="utf-8")
    return folder


def _vitalfew(folder: Path, command: str, *more: str) -> str:
    done = subprocess.run(
        [PROGRAM, command, folder.name, *more],
        cwd=folder.parent,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_vitalfew(folder, "table", table, "--format", "csv"))))


def test_the_smallest_settings_of_the_page_run_on_a_survey(acme: Path) -> None:
    assert "no faults in 1 sources, 3 questions, 1 groups" in _vitalfew(acme, "check")
    assert len(_vitalfew(acme, "run", "--quiet").splitlines()) >= 8
    source = _rows(acme, "sources")[0]
    assert (source["rows_read"], source["rows_quarantined"]) == ("120", "0")
    figures = {row["metric"]: row for row in _rows(acme, "metrics")}
    assert figures["metric:recommend/nps/all/all"]["n"] == "120"
    # 9 is a blank of the delivery question, as the page says, and no rating.
    assert figures["metric:delivery/mean/all/all"]["n"] == "110"
    assert any("late" in row["words"] for row in _rows(acme, "themes"))
    # Whatever cannot be computed is named, with the data that would allow it.
    assert any("order" in row["data"] or "contract" in row["data"] for row in _rows(acme, "not_computed"))
    assert (acme / "strategy" / "index.html").exists()
