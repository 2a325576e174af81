"""The settings of single sign-on: read once, every fault at once, secrets from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitalfew.faults import Refused
from vitalfew.web import sign_in

OPENID = """
[[provider]]
kind = "openid"
id = "company"
name = "Company sign-on"
issuer = "https://login.example.com"
client_id = "abc"
secret = "{secret}"
domains = ["Example.com"]
"""


def _openid(secret: str) -> str:
    return OPENID.format(secret=secret)


def _read(folder: Path, text: str, **environ: str) -> sign_in.SignIn:
    (folder / sign_in.FILE).write_text(text, encoding="utf-8")
    return sign_in.read(folder, environ)


def test_without_settings_there_is_no_provider(tmp_path: Path) -> None:
    found = sign_in.read(tmp_path, {})
    assert found.providers["openid_connect"]["APPS"] == found.providers["saml"]["APPS"] == []
    assert found.origins == ()


def test_a_secret_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n", encoding="utf-8")
    for secret, expected in (("plain", "plain"), ("env:THE_VALUE", "from-env"), ("file:key", "from-file")):
        found = _read(tmp_path, _openid(secret), THE_VALUE="from-env")
        (app,) = found.providers["openid_connect"]["APPS"]
        assert app["secret"] == expected
        assert app["settings"]["domains"] == ["example.com"]
    assert found.origins == ("https://login.example.com",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "openid"', 'kind = "oauth"', "kind"),
        ('id = "company"', 'id = "Com pany"', "short name"),
        ('issuer = "https://login', 'issuer = "http://login', "https"),
        ('issuer = "https://login.example.com"', "issuer = \"https://login.example.com; script-src '*'\"", "issuer"),
        ('client_id = "abc"', "", "client_id"),
        ('domains = ["Example.com"]', "", "vouches"),
        ('domains = ["Example.com"]', "domains = []", "vouches"),
        ('domains = ["Example.com"]', 'domains = ["a.b"]\ncolour = "red"', "colour"),
        ('secret = "{secret}"', 'secret = "env:NOT_THERE"', "secret"),
        ('secret = "{secret}"', 'secret = "file:not-there"', "secret"),
        ("[[provider]]", "[provider]", "list"),
        ("[[provider]]", "[[providers]]", "section"),
        ("[[provider]]", "[[provider", "cannot be read"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in OPENID
    with pytest.raises(Refused, match=said):
        _read(tmp_path, OPENID.replace(old, new).replace("{secret}", "x"))


def test_every_fault_is_told_at_once_and_ids_are_unique(tmp_path: Path) -> None:
    text = _openid("x") + _openid("env:NO") + '[[provider]]\nkind = "saml"\nid = "s"\n'
    with pytest.raises(Refused) as refused:
        _read(tmp_path, text)
    told = str(refused.value)
    for part in ("two providers", "secret is not in env:NO", "lacks sso_url", "lacks certificate", "lacks entity_id", "lacks name"):
        assert part in told


def test_broken_saml_metadata_are_a_fault(tmp_path: Path) -> None:
    text = '[[provider]]\nkind = "saml"\nid = "s"\nname = "S"\ndomains = ["a.b"]\nmetadata = "idp.xml"\n'
    for content in (None, "", "no xml", "<a/>"):
        if content is not None:
            (tmp_path / "idp.xml").write_text(content, encoding="utf-8")
        with pytest.raises(Refused, match=r"idp\.xml|metadata|lacks"):
            _read(tmp_path, text)
