"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Focus(AppConfig):
    """The app `focus`."""

    name = "vitalfew.web.focus"
    label = "focus"
