"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.focus import views
from vitalfew.web.shell.navigation import Entry

app_name = "focus"
PAGES: Sequence[Entry] = (
    Entry("focus:issues", _("Issues"), "group.read"),
    Entry("focus:choice", _("Choice"), "strategy.read"),
    Entry("focus:roadmap", _("Roadmap"), "strategy.read"),
)
urlpatterns = [
    path("issues/", views.issues, name="issues"),
    path("issues/<path:issue>/", views.issue, name="issue"),
    path("choice/", views.choice, name="choice"),
    path("roadmap/", views.roadmap, name="roadmap"),
]
