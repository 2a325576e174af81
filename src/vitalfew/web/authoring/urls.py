"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.authoring import boards, deciding, editing, files, views
from vitalfew.web.shell.navigation import Entry

app_name = "authoring"
PAGES: Sequence[Entry] = (
    Entry("authoring:overview", _("What we write"), "explore.read"),
    Entry("authoring:pending", _("Waiting for a decision"), "items.write"),
    Entry("authoring:sponsors", _("Sponsors"), "items.write"),
    Entry("authoring:barriers", _("Barriers"), "explore.read"),
)
urlpatterns = [
    path("act/sponsors/", boards.sponsors, name="sponsors"),
    path("act/barriers/", boards.barriers, name="barriers"),
    path("write/", views.overview, name="overview"),
    path("write/pending/", deciding.pending, name="pending"),
    path("write/export.toml", files.export, name="export"),
    path("write/import/", files.import_, name="import"),
    path("write/check/", views.check, name="check"),
    path("write/contest/<path:issue>/", views.issue, name="issue"),
    path("write/<slug:section>/", views.listing, name="section"),
    path("write/<slug:section>/new/", editing.create, name="create"),
    path("write/<slug:section>/entry/<slug:key>/", views.item, name="item"),
    path("write/<slug:section>/entry/<slug:key>/edit/", editing.edit, name="edit"),
    path("write/<slug:section>/entry/<slug:key>/delete/", editing.delete, name="delete"),
    path("write/<slug:section>/entry/<slug:key>/remark/", views.remark, name="remark"),
    path("write/<slug:section>/entry/<slug:key>/restore/<int:number>/", editing.restore, name="restore"),
    path("write/<slug:section>/entry/<slug:key>/merge/<int:number>/", editing.merge, name="merge"),
]
