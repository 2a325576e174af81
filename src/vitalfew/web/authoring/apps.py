"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Authoring(AppConfig):
    """The app `authoring`."""

    name = "vitalfew.web.authoring"
    label = "authoring"
