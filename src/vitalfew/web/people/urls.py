"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path

from vitalfew.web.people import views
from vitalfew.web.shell.navigation import Entry

app_name = "people"
PAGES: Sequence[Entry] = ()
urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("c/<slug:company>/eyes/", views.eyes, name="eyes"),
]
