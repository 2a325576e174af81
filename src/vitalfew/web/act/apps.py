"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Act(AppConfig):
    """The app `act`."""

    name = "vitalfew.web.act"
    label = "act"
