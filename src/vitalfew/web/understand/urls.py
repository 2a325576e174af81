"""Addresses of this app, and its entries in the navigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import path
from django.utils.translation import gettext_lazy as _

from vitalfew.web.shell.navigation import Entry
from vitalfew.web.understand import customers, searching, views, who

app_name = "understand"
PAGES: Sequence[Entry] = (
    Entry("understand:metrics", _("Metrics"), "explore.read"),
    Entry("understand:drivers", _("Drivers"), "explore.read"),
    Entry("understand:themes", _("Themes"), "explore.read"),
    Entry("understand:promises", _("Promises"), "explore.read"),
    Entry("understand:journeys", _("Journeys"), "explore.read"),
    Entry("understand:customers", _("Customers"), "records.read"),
    Entry("understand:who", _("Who is this?"), "records.read"),
)
urlpatterns = [
    path("why/<path:claim>/", views.why, name="why"),
    path("metrics/", views.metrics, name="metrics"),
    path("drivers/", views.drivers, name="drivers"),
    path("themes/", views.themes, name="themes"),
    path("themes/<str:theme>/", views.theme, name="theme"),
    path("promises/", views.promises, name="promises"),
    path("journeys/", views.journey, name="journeys"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<path:customer>/", customers.customer, name="customer"),
    path("accounts/<path:account>/", customers.account, name="account"),
    path("who/", who.who, name="who"),
    path("search/", searching.search, name="search"),
]
