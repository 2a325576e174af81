"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Runs(AppConfig):
    """The app `runs`."""

    name = "vitalfew.web.runs"
    label = "runs"
