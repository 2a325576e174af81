"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.act import views
from vitalfew.web.shell.navigation import Entry

app_name = "act"
PAGES: Sequence[Entry] = (
    Entry("act:groups", _("Work groups"), "group.read"),
    Entry("act:raci", _("Responsibilities"), "strategy.read"),
    Entry("act:risks", _("Risks"), "group.read"),
)
urlpatterns = [
    path("groups/", views.groups, name="groups"),
    path("groups/<slug:group>/", views.group, name="group"),
    path("raci/", views.raci, name="raci"),
    path("risks/", views.risks, name="risks"),
]
