"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.people import company_pages, entry, openid, saml, views
from vitalfew.web.shell.navigation import Entry

app_name = "people"
PAGES: Sequence[Entry] = (
    Entry("people:people", _("People"), "people.manage"),
    Entry("people:tokens", _("API tokens"), "tokens.manage"),
    Entry("people:audit", _("Audit log"), "audit.read"),
)
_company = [
    path("eyes/", views.eyes, name="eyes"),
    path("people/", company_pages.people, name="people"),
    path("people/<uuid:member>/", company_pages.member, name="member"),
    path("people/<uuid:member>/remove/", company_pages.remove, name="remove"),
    path("invitations/<uuid:invitation>/withdraw/", company_pages.withdraw, name="withdraw"),
    path("tokens/", company_pages.token_list, name="tokens"),
    path("tokens/<uuid:token>/revoke/", company_pages.token_revoke, name="revoke"),
    path("audit/", company_pages.audit_log, name="audit"),
]
urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("setup/", entry.where, name="where"),
    path("setup/<str:token>/", entry.setup, name="setup"),
    path("enter/<str:token>/", entry.enter, name="enter"),
    path("invitation/<str:secret>/", entry.invitation, name="invitation"),
    path("c/<slug:company>/", include(_company)),
    # In the place of the library's own.
    path("account/email/", views.no_address),
    path("account/oidc/<slug:provider_id>/login/", openid.login),
    path("account/oidc/<slug:provider_id>/login/callback/", openid.callback),
    path("account/saml/<str:organization_slug>/login/", saml.login),
    path("account/saml/<str:organization_slug>/acs/", saml.acs),
    path("account/saml/<str:organization_slug>/acs/finish/", saml.finish),
    path("account/saml/<str:organization_slug>/metadata/", saml.metadata),
    path("account/saml/<str:organization_slug>/sls/", saml.no_logout),
]
