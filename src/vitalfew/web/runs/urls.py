"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.runs import views
from vitalfew.web.shell.navigation import Entry

app_name = "runs"
PAGES: Sequence[Entry] = (Entry("runs:index", _("Runs"), "runs.read"),)
urlpatterns: list[URLPattern] = [
    path("runs/", views.index, name="index"),
    path("runs/start/", views.start, name="start"),
    path("runs/schedule/", views.schedule, name="schedule"),
    path("runs/compare/", views.comparison, name="compare"),
    path("runs/jobs/<uuid:job>/", views.job, name="job"),
    path("runs/jobs/<uuid:job>/cancel/", views.cancel, name="cancel"),
    path("runs/jobs/<uuid:job>/retry/", views.retry, name="retry"),
    path("runs/<slug:run>/back/", views.back, name="back"),
    path("runs/<slug:run>/delete/", views.delete, name="delete"),
]
