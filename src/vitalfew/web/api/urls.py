"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.api import api, views
from vitalfew.web.shell.navigation import Entry

app_name = "api"
PAGES: Sequence[Entry] = (Entry("api:webhooks", _("Webhooks"), "webhooks.manage"),)
urlpatterns = [
    path("help/api/", views.reference, name="reference"),
    path("c/<slug:company>/webhooks/", views.webhooks, name="webhooks"),
    path("c/<slug:company>/webhooks/<uuid:endpoint>/", views.webhook, name="webhook"),
    path("c/<slug:company>/webhooks/<uuid:endpoint>/<slug:what>/", views.act, name="webhook-act"),
    path("c/<slug:company>/webhooks/<uuid:endpoint>/deliveries/<uuid:delivery>/", views.redeliver, name="redeliver"),
    path("api/v1/openapi.json", api.openapi, name="openapi"),
    path("api/v1/", include(api.addresses())),
    path("api/v1/", api.nothing, name="nothing"),
    path("api/v1/<path:rest>", api.nothing, name="nothing-below"),
]
