"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Home(AppConfig):
    """The app `home`."""

    name = "vitalfew.web.home"
    label = "home"
