"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import include, path

from vitalfew.web.api import api
from vitalfew.web.shell.navigation import Entry

app_name = "api"
PAGES: Sequence[Entry] = ()
urlpatterns = [
    path("api/v1/openapi.json", api.openapi, name="openapi"),
    path("api/v1/", include(api.addresses())),
    path("api/v1/", api.nothing, name="nothing"),
    path("api/v1/<path:rest>", api.nothing, name="nothing-below"),
]
