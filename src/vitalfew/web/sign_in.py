"""Single sign-on of an installation: OpenID Connect and SAML providers, from the environment or from `.vitalfew/sign-in.toml`.

The file is the administrator's of the machine: who configures a provider trusts it to say who somebody is, within its `domains`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vitalfew.faults import Fault, Refused

FILE = "sign-in.toml"
OPENID = {"kind", "id", "name", "domains", "issuer", "client_id", "secret", "addresses_are_verified", "form_origins"}
SAML = {"kind", "id", "name", "domains", "metadata", "entity_id", "sso_url", "certificate", "attributes", "form_origins"}
ENVIRONMENT = {
    "issuer": "VITALFEW_OIDC_ISSUER",
    "client_id": "VITALFEW_OIDC_CLIENT_ID",
    "name": "VITALFEW_OIDC_NAME",
    "domains": "VITALFEW_OIDC_DOMAINS",
}


@dataclass(frozen=True)
class SignIn:
    """`providers` as allauth wants them, and the `origins` that sign-in forms may lead to."""

    providers: dict[str, Any] = field(default_factory=dict)
    origins: tuple[str, ...] = ()


@dataclass
class _Found:
    place: str
    faults: list[Fault] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)

    def fault(self, what: str, mend: str) -> None:
        self.faults.append(Fault(self.place, 1, what, mend))


def read(home: Path, environ: Mapping[str, str] | None = None) -> SignIn:
    """The providers of this installation. Raises Refused with every fault found."""
    given = os.environ if environ is None else environ
    path = Path(given.get("VITALFEW_SIGN_IN") or home / FILE)
    found = _Found(str(path))
    listed = [*_of_file(path, found), *_of_environment(given, found)]
    apps: dict[str, list[dict[str, Any]]] = {"openid_connect": [], "saml": []}
    seen: set[str] = set()
    for entry in listed:
        name = str(entry.get("id", ""))
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
            found.fault(f"provider id {name!r} is no short name", "use small letters, digits and hyphens")
        if name in seen:
            found.fault(f"two providers are called {name!r}", "give each its own id")
        seen.add(name)
        kind = entry.get("kind")
        if kind == "openid":
            apps["openid_connect"].append(_openid(entry, name, given, found, path.parent))
        elif kind == "saml":
            apps["saml"].append(_saml(entry, name, found, path.parent))
        else:
            found.fault(f"provider {name!r} has kind {kind!r}", 'write kind = "openid" or kind = "saml"')
    if found.faults:
        raise Refused(found.faults)
    return SignIn(
        {
            "openid_connect": {"APPS": apps["openid_connect"], "OAUTH_PKCE_ENABLED": True},
            "saml": {"APPS": apps["saml"]},
        },
        tuple(sorted(set(found.origins))),
    )


def _of_file(path: Path, found: _Found) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        return []
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found.fault(f"cannot be read: {error}", "mend the file or take it away")
        return []
    for other in set(content) - {"provider"}:
        found.fault(f"there is no section {other!r}", "write [[provider]]")
    listed = content.get("provider", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        found.fault("provider is no list of tables", "write [[provider]]")
        return []
    return listed


def _of_environment(given: Mapping[str, str], found: _Found) -> list[dict[str, Any]]:
    entry: dict[str, Any] = {key: given.get(name, "") for key, name in ENVIRONMENT.items()}
    if not entry["issuer"]:
        return []
    secret = given.get("VITALFEW_OIDC_SECRET") or "file:" + given.get("VITALFEW_OIDC_SECRET_FILE", "")
    domains = [each.strip() for each in entry["domains"].split(",") if each.strip()]
    return [{**entry, "kind": "openid", "id": "oidc", "name": entry["name"] or "OpenID", "secret": secret, "domains": domains}]


def _common(entry: dict[str, Any], name: str, known: set[str], needed: tuple[str, ...], found: _Found) -> dict[str, Any]:
    for other in sorted(set(entry) - known):
        found.fault(f"provider {name!r} has an unknown setting {other!r}", f"known are {', '.join(sorted(known))}")
    for wanted in needed:
        if not isinstance(entry.get(wanted), str) or not entry[wanted]:
            found.fault(f"provider {name!r} lacks {wanted}", f'write {wanted} = "..."')
    domains = entry.get("domains")
    if not isinstance(domains, list) or not domains or not all(isinstance(each, str) and each for each in domains):
        found.fault(
            f"provider {name!r} does not say whose addresses it vouches for",
            'write domains = ["example.com"], the part after the @',
        )
        domains = []
    for origin in entry.get("form_origins", []):
        _origin(str(origin), name, "form_origins", found)
    return {"domains": [str(each).lower() for each in domains]}


def _openid(entry: dict[str, Any], name: str, given: Mapping[str, str], found: _Found, folder: Path) -> dict[str, Any]:
    settings = _common(entry, name, OPENID, ("name", "issuer", "client_id", "secret"), found)
    issuer = str(entry.get("issuer", ""))
    _origin(issuer, name, "issuer", found)
    settings |= {"server_url": issuer, "addresses_are_verified": entry.get("addresses_are_verified") is True}
    secret = _secret(str(entry.get("secret", "")), name, given, found, folder)
    return {
        "provider_id": name,
        "name": entry.get("name", name),
        "client_id": entry.get("client_id", ""),
        "secret": secret,
        "settings": settings,
    }


def _saml(entry: dict[str, Any], name: str, found: _Found, folder: Path) -> dict[str, Any]:
    settings = _common(entry, name, SAML, ("name",), found)
    idp = _idp(entry, name, found, folder)
    _origin(idp["sso_url"], name, "sso_url", found)
    settings |= {
        "idp": idp,
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "reject_idp_initiated_sso": True,
            "reject_deprecated_algorithm": True,
            "allow_single_label_domains": True,  # installations inside a company are reached by names without a dot
            "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        },
    }
    if "attributes" in entry:
        settings["attribute_mapping"] = entry["attributes"]
    return {"provider_id": name, "name": entry.get("name", name), "client_id": name, "settings": settings}


def _idp(entry: dict[str, Any], name: str, found: _Found, folder: Path) -> dict[str, str]:
    """Entity id, address and certificate of a SAML identity provider: as written, or from its metadata file."""
    idp = {key: str(entry.get(key, "")) for key in ("entity_id", "sso_url", "certificate")}
    if entry.get("metadata"):
        from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser  # noqa: PLC0415 - only where SAML is used

        try:
            parsed = OneLogin_Saml2_IdPMetadataParser.parse((folder / str(entry["metadata"])).read_bytes())["idp"]
        except (OSError, KeyError, ValueError, SyntaxError) as error:
            found.fault(
                f"provider {name!r}: metadata cannot be read: {error}", "save the provider's metadata as a file beside this one"
            )
            parsed = {}
        certificates = parsed.get("x509certMulti", {}).get("signing", [])
        idp = {
            "entity_id": idp["entity_id"] or str(parsed.get("entityId", "")),
            "sso_url": idp["sso_url"] or str(parsed.get("singleSignOnService", {}).get("url", "")),
            "certificate": idp["certificate"] or str(parsed.get("x509cert") or (certificates or [""])[0]),
        }
    for key, value in idp.items():
        if not value:
            found.fault(f"provider {name!r} lacks {key}", f'write {key} = "...", or metadata = "idp.xml"')
    return {"entity_id": idp["entity_id"], "sso_url": idp["sso_url"], "x509cert": idp["certificate"]}


def _origin(address: str, name: str, setting: str, found: _Found) -> None:
    """Note the origin of `address`, which must be https except on this machine."""
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        found.fault(f"provider {name!r}: {setting} is {address!r}", "write an address that begins with https://")
    elif re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", parts.netloc):
        found.origins.append(f"{parts.scheme}://{parts.netloc}")
    else:
        found.fault(f"provider {name!r}: {setting} is {address!r}", "write the address without a user name or special characters")


def _secret(text: str, name: str, given: Mapping[str, str], found: _Found, folder: Path) -> str:
    """A secret as written, or `env:NAME`, or `file:PATH`."""
    kind, mark, where = text.partition(":")
    if not mark or kind not in ("env", "file"):
        return text
    if kind == "env":
        value = given.get(where, "")
    else:
        try:
            value = (folder / where).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value:
        found.fault(f"provider {name!r}: its secret is not in {text}", "put it there, or name another place")
    return value
