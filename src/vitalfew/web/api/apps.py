"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    """The app `api`."""

    name = "vitalfew.web.api"
    label = "api"
