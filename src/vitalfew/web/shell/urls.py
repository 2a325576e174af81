"""Addresses that belong to no company."""

from __future__ import annotations

from django.urls import path

from vitalfew.web.shell import views

app_name = "shell"
urlpatterns = [
    path("", views.start, name="start"),
    path("help/", views.help_page, name="help"),
]
