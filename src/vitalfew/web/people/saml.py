"""SAML, calmer than the library: what cannot be a SAML message, or comes without a host, is refused instead of falling over.

The library reads the Host header and the XML of an answer without asking whether they are there, and offers single logout, which
needs an address of the provider that our settings do not have.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import build_saml_config, get_app_or_404
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from vitalfew.web.shell.access import public

View = Callable[[HttpRequest, str], HttpResponse]


def _at_a_host(view: View) -> View:
    """The addresses in SAML messages are made from the host: HTTP/1.0 and careless scanners send none."""

    @wraps(view)
    def asked(request: HttpRequest, organization_slug: str) -> HttpResponse:
        if not request.META.get("HTTP_HOST"):
            raise BadRequest("no Host header")
        return view(request, organization_slug)

    return asked


@public
@_at_a_host
def login(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Send the visitor to the provider."""
    answer: HttpResponse = views.login(request, organization_slug=organization_slug)
    return answer


@public
@csrf_exempt  # the provider's page sends it; what it says is signed and answers a request of this browser
@_at_a_host
def acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """The visitor comes back from the provider, with its answer in a form of another site: kept, and read at the next address."""
    app = get_app_or_404(request, organization_slug)
    if not _is_xml(request.POST.get("SAMLResponse", "")):
        refused: HttpResponse = render_authentication_error(request, app.get_provider(request))
        return refused
    answer: HttpResponse = views.acs(request, organization_slug=organization_slug)
    return answer


@public
@_at_a_host
def finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Read the answer, now in a request of our own site that carries our cookies."""
    app = get_app_or_404(request, organization_slug)
    try:
        answer: HttpResponse = views.finish_acs(request, organization_slug=organization_slug)
    except PermissionDenied:  # an answer to a request that this browser did not make, or has had its answer
        answer = render_authentication_error(request, app.get_provider(request))
    return answer


@public
@_at_a_host
def metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """What the provider must know of this installation."""
    app = get_app_or_404(request, organization_slug)
    config: dict[str, Any] = build_saml_config(request, app.settings, organization_slug)
    del config["sp"]["singleLogoutService"]
    described = OneLogin_Saml2_Settings(settings=config, sp_validation_only=True).get_sp_metadata()
    return HttpResponse(described, content_type="application/samlmetadata+xml")


@public
@csrf_exempt
def no_logout(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Nobody is signed out by a message from elsewhere."""
    raise Http404


def _is_xml(packed: str) -> bool:
    """Whether an answer can be unpacked and parsed; entities and document types are refused here, too."""
    try:
        OneLogin_Saml2_XML.to_etree(OneLogin_Saml2_Utils.b64decode(packed))
    except (ValueError, SyntaxError):  # no base64, forbidden parts; no XML
        return False
    return True
