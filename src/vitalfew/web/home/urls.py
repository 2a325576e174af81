"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.home import views
from vitalfew.web.shell.navigation import Entry

app_name = "home"
PAGES: Sequence[Entry] = (
    Entry("home:home", _("Home"), "strategy.read"),
    Entry("home:documents", _("Documents"), "strategy.read"),
)
urlpatterns = [
    path("", views.home, name="home"),
    path("documents/", views.listing, name="documents"),
    path("documents/<path:name>", views.document, name="document"),
    path("first-hour/", views.put_away, name="first-hour"),
]
