"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.listen import adding, changing, deciding, delivering, mending, views
from vitalfew.web.shell.navigation import Entry

app_name = "listen"
PAGES: Sequence[Entry] = (
    Entry("listen:sources", _("Sources"), "sources.read"),
    Entry("listen:quarantine", _("Refused records"), "sources.read"),
    Entry("listen:review", _("Review"), "sources.read"),
    Entry("listen:links", _("Who is who"), "sources.read"),
    Entry("listen:not_computed", _("Not computed"), "explore.read"),
)
urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/new/", adding.new, name="new_source"),
    path("sources/new/<slug:token>/", adding.upload, name="upload"),
    path("sources/new/<slug:token>/discard/", adding.discard, name="discard"),
    path("sources/new/<slug:token>/<int:number>/", adding.map_source, name="map_source"),
    path("sources/new/<slug:token>/<int:number>/as/<slug:key>/", delivering.deliver, name="deliver"),
    path("sources/change/<slug:key>/", changing.change, name="change_source"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("quarantine/mend/", mending.mend, name="mend"),
    path("quarantine/mend/undo/", mending.take_back, name="take_back"),
    path("links/", views.links, name="links"),
    path("links/decide/", deciding.decide, name="decide"),
    path("review/", deciding.review, name="review"),
    path("not-computed/", views.not_computed, name="not_computed"),
]
