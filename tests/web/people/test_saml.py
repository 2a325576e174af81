"""Sign-in through SAML: a response signed by the configured identity provider opens an invited account, nothing else does."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pytest_django import Settings
from tests.web.conftest import Cast

from vitalfew.web import sign_in
from vitalfew.web.ops.logs import Lines
from vitalfew.web.people import members
from vitalfew.web.people.models import Membership, User

BASE = "/account/saml/corp/"
HOST = "http://testserver"
NORA = "nora@northlight.example"
IDP = "https://idp.northlight.example/entity"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{idp}"><md:IDPSSODescriptor
protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo
xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>
</ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Location="https://idp.northlight.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"""
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a{number}" Version="2.0" IssueInstant="{now}">
<saml:Issuer>{idp}</saml:Issuer><saml:Subject><saml:NameID Format="{email_format}">{email}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{request}"
NotOnOrAfter="{end}" Recipient="{acs}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_s"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="urn:oid:2.5.4.42"><saml:AttributeValue>Nora</saml:AttributeValue>
</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
ID="_r{number}" Version="2.0" IssueInstant="{now}" Destination="{acs}" InResponseTo="{request}"><saml:Issuer>{idp}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""


def _pair() -> tuple[str, str]:
    """A private key and a certificate for it, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), made.public_bytes(serialization.Encoding.PEM).decode()


KEY, CERTIFICATE = _pair()


@pytest.fixture(autouse=True)
def _configured(settings: Settings, tmp_path: Path) -> None:
    """The identity provider, by its metadata file beside sign-in.toml."""
    cache.clear()
    certificate = "".join(line for line in CERTIFICATE.splitlines() if "-----" not in line)
    (tmp_path / "idp.xml").write_text(METADATA.format(idp=IDP, certificate=certificate), encoding="utf-8")
    (tmp_path / "sign-in.toml").write_text(
        '[[provider]]\nkind = "saml"\nid = "corp"\nname = "Corporate"\ndomains = ["northlight.example"]\nmetadata = "idp.xml"\n',
        encoding="utf-8",
    )
    configured = sign_in.read(tmp_path, {})
    settings.SOCIALACCOUNT_PROVIDERS, settings.SIGN_IN_ORIGINS = configured.providers, configured.origins


def _browser() -> Client:
    """A browser: unlike the test client it always says the host, which the SAML library reads."""
    return Client(HTTP_HOST="testserver")


def _request(browser: Client) -> str:
    """Begin a sign-in; the id of the request sent to the identity provider."""
    away = browser.post(BASE + "login/", {"process": "login"})
    assert away["Location"].startswith("https://idp.northlight.example/sso?")
    packed = parse_qs(urlsplit(away["Location"]).query)["SAMLRequest"][0]
    text = zlib.decompress(base64.b64decode(packed), -15).decode()
    found = re.search(r'ID="([^"]+)"', text)
    assert found is not None
    return found[1]


def _response(request: str, key: str = KEY, certificate: str = CERTIFICATE, sign: bool = True, **changed: str) -> str:
    """A response with a signed assertion, base64."""
    now = datetime.now(UTC)
    form = "%Y-%m-%dT%H:%M:%SZ"
    words = {
        "number": str(abs(hash((request, tuple(changed.values()))))), "idp": IDP, "email": NORA, "email_format": EMAIL, "request": request,
        "acs": HOST + BASE + "acs/", "audience": HOST + BASE + "metadata/", "now": now.strftime(form),
        "begin": (now - timedelta(minutes=1)).strftime(form), "end": (now + timedelta(minutes=5)).strftime(form), **changed,
    }  # fmt: skip
    assertion = ASSERTION.format(**words)
    if sign:
        signed = OneLogin_Saml2_Utils.add_sign(assertion, key, certificate)
        assertion = signed.decode() if isinstance(signed, bytes) else signed
        assertion = assertion[assertion.index("<saml:Assertion") :]
    return base64.b64encode(RESPONSE.format(assertion=assertion, **words).encode()).decode()


def _send(browser: Client, response: str) -> HttpResponse:
    arrived = browser.post(BASE + "acs/", {"SAMLResponse": response, "RelayState": ""})
    found = browser.get(arrived["Location"]) if arrived.status_code == 302 else arrived
    assert isinstance(found, HttpResponse)
    return found


@pytest.fixture
def invited(cast: Cast) -> Cast:
    """The cast, with Nora invited."""
    members.invite(cast.company, "owner@northlight.example", "owner", NORA, "lead", "Billing")
    return cast


def test_the_metadata_describe_this_installation(db: None) -> None:
    answer = _browser().get(BASE + "metadata/")
    assert answer.status_code == 200
    root = etree.fromstring(answer.content)
    assert root.get("entityID") == HOST + BASE + "metadata/"
    assert f"{HOST}{BASE}acs/" in answer.content.decode()
    assert 'WantAssertionsSigned="true"' in answer.content.decode()
    assert "SingleLogoutService" not in answer.content.decode(), "nobody is signed out from elsewhere"


def test_a_signed_response_signs_an_invited_member_in(invited: Cast) -> None:
    browser = _browser()
    answer = _send(browser, _response(_request(browser)))
    assert answer.status_code == 302, answer.content.decode()
    made = Membership.objects.get(user__email=NORA)
    assert (made.company, made.role, made.user.name) == (invited.company, "lead", "Nora")
    assert browser.get("/c/northlight/").status_code == 200
    again = _browser()
    _send(again, _response(_request(again)))
    assert again.get("/c/northlight/").status_code == 200


def test_an_unknown_address_gets_no_account(cast: Cast) -> None:
    browser = _browser()
    _send(browser, _response(_request(browser)))
    assert not User.objects.filter(email=NORA).exists()
    assert browser.get("/me/").status_code == 302


def test_an_address_outside_its_domains_opens_nothing(cast: Cast) -> None:
    browser = _browser()
    _send(browser, _response(_request(browser), email="owner@other.example"))
    assert browser.get("/me/").status_code == 302


def _by_another_key(request: str) -> str:
    return _response(request, *_pair())


def _changed_after_signing(request: str) -> str:
    good = base64.b64decode(_response(request, email="x@northlight.example"))
    return base64.b64encode(good.replace(b"x@northlight.example", NORA.encode())).decode()


def _wrapped(request: str) -> str:
    """Signature wrapping: a signed assertion about somebody else, with an unsigned one about Nora in front."""
    good = base64.b64decode(_response(request, email="x@northlight.example")).decode()
    evil = base64.b64decode(_response(request, sign=False, number="9")).decode()
    inner = evil[evil.index("<saml:Assertion") : evil.index("</saml:Assertion>") + len("</saml:Assertion>")]
    place = good.index("<saml:Assertion")
    return base64.b64encode((good[:place] + inner + good[place:]).encode()).decode()


LIES: dict[str, Callable[[str], str]] = {
    "unsigned": lambda request: _response(request, sign=False),
    "signed by another key": _by_another_key,
    "changed after signing": _changed_after_signing,
    "with a second assertion in front": _wrapped,
    "for another audience": lambda request: _response(request, audience="https://other.example/metadata/"),
    "for another address": lambda request: _response(request, acs="https://other.example/acs/"),
    "of another provider": lambda request: _response(request, idp="https://evil.example/entity"),
    "expired": lambda request: _response(request, end="2020-01-01T00:00:00Z"),
    "not valid yet": lambda request: _response(request, begin="2999-01-01T00:00:00Z"),
    "to a request nobody made": lambda _request: _response("ONELOGIN_0000000000000000000000000000000000000000"),
    "no XML": lambda _request: base64.b64encode(b"nothing").decode(),
    "no base64": lambda _request: "%%%",
    "XML, but no SAML": lambda _request: base64.b64encode(b"<a/>").decode(),
    "nothing": lambda _request: "",
    "no text": lambda _request: base64.b64encode(b"\xff\xfe\x00<").decode(),
    "without an assertion": lambda request: base64.b64encode(
        re.sub(rb"<saml:Assertion.*</saml:Assertion>", b"", base64.b64decode(_response(request)), flags=re.DOTALL)
    ).decode(),
    "an entity bomb": lambda _request: base64.b64encode(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>').decode(),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_response_that_cannot_be_believed_is_refused(invited: Cast, lie: str) -> None:
    browser = _browser()
    answer = _send(browser, LIES[lie](_request(browser)))
    assert answer.status_code < 500
    assert "Sign-in failed" in answer.content.decode()
    assert not User.objects.filter(email=NORA).exists()
    assert browser.get("/me/").status_code == 302


def test_a_response_works_once_and_in_its_own_browser(invited: Cast) -> None:
    browser, thief = _browser(), _browser()
    response = _response(_request(browser))
    _send(thief, response)
    assert thief.get("/me/").status_code == 302
    _send(browser, response)
    assert browser.get("/me/").status_code == 200
    browser.post("/account/logout/")
    _send(browser, response)
    assert browser.get("/me/").status_code == 302


def test_without_a_request_of_ours_nobody_is_signed_in(invited: Cast) -> None:
    browser = _browser()
    _send(browser, _response(""))
    assert browser.get("/me/").status_code == 302


def test_the_button_is_on_the_sign_in_page(cast: Cast) -> None:
    answer = _browser().get("/account/login/")
    assert "Corporate" in answer.content.decode()
    assert "https://idp.northlight.example;" in answer["Content-Security-Policy"]


ADDRESSES = [("login/", "post"), ("login/", "get"), ("acs/", "post"), ("acs/finish/", "get"), ("metadata/", "get")]


@pytest.mark.parametrize(("address", "method"), ADDRESSES)
def test_a_request_without_a_host_is_a_bad_request(invited: Cast, address: str, method: str) -> None:
    """The test client without HTTP_HOST sends what HTTP/1.0 does."""
    browser = Client(raise_request_exception=False)
    fields = {"SAMLResponse": _response("x"), "process": "login"} if method == "post" else {}
    assert getattr(browser, method)(BASE + address, fields).status_code == 400


@pytest.mark.parametrize("address", ["acs/", "acs/finish/", "metadata/", "login/", "sls/"])
def test_a_provider_that_is_not_there_is_absent(db: None, address: str) -> None:
    for name in ("absent", "Absent.x"):
        browser = _browser()
        assert browser.get(f"/account/saml/{name}/{address}").status_code == 404
        assert browser.post(f"/account/saml/{name}/{address}", {"SAMLResponse": _response("x")}).status_code == 404


def test_a_message_from_elsewhere_signs_nobody_out(invited: Cast) -> None:
    browser = _browser()
    _send(browser, _response(_request(browser)))
    for method in (browser.get, browser.post):
        assert method(BASE + "sls/", {"SAMLRequest": "x", "SAMLResponse": "y"}).status_code == 404
    assert browser.get("/me/").status_code == 200


def test_a_failed_response_tells_the_log_nothing_about_anybody(invited: Cast, caplog: pytest.LogCaptureFixture) -> None:
    browser = _browser()
    _send(browser, _response(_request(browser), end="2020-01-01T00:00:00Z"))
    assert caplog.records
    lines = Lines()
    assert not any("nora" in lines.format(record).lower() for record in caplog.records)
