"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import URLPattern

from vitalfew.web.shell.navigation import Entry

app_name = "api"
PAGES: Sequence[Entry] = ()
urlpatterns: list[URLPattern] = []
