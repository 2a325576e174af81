"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class People(AppConfig):
    """The app `people`."""

    name = "vitalfew.web.people"
    label = "people"
