"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Listen(AppConfig):
    """The app `listen`."""

    name = "vitalfew.web.listen"
    label = "listen"
