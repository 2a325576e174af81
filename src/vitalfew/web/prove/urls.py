"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.prove import views
from vitalfew.web.shell.navigation import Entry

app_name = "prove"
PAGES: Sequence[Entry] = (
    Entry("prove:ledger", _("Ledger"), "group.read"),
    Entry("prove:effects", _("Effects"), "group.read"),
)
urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("effects/", views.effects, name="effects"),
]
