"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Understand(AppConfig):
    """The app `understand`."""

    name = "vitalfew.web.understand"
    label = "understand"
