"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path

from vitalfew.web.shell.navigation import Entry
from vitalfew.web.understand import views

app_name = "understand"
PAGES: Sequence[Entry] = ()
urlpatterns = [path("why/<path:claim>/", views.why, name="why")]
