"""Addresses: everything of a company lies under /c/<company>/."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("vitalfew.web.shell.urls")),
    path("", include("vitalfew.web.ops.urls")),
    # Before the library's: some of its addresses are answered by ours.
    path("", include("vitalfew.web.people.urls")),
    path("account/", include("allauth.urls")),
    path("c/<slug:company>/", include("vitalfew.web.home.urls")),
    path("c/<slug:company>/", include("vitalfew.web.act.urls")),
    path("c/<slug:company>/", include("vitalfew.web.listen.urls")),
    path("c/<slug:company>/", include("vitalfew.web.understand.urls")),
    path("c/<slug:company>/", include("vitalfew.web.focus.urls")),
    path("c/<slug:company>/", include("vitalfew.web.prove.urls")),
    path("c/<slug:company>/", include("vitalfew.web.authoring.urls")),
    path("c/<slug:company>/", include("vitalfew.web.runs.urls")),
    path("", include("vitalfew.web.api.urls")),
]
