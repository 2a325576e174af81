"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Shell(AppConfig):
    """The app `shell`."""

    name = "vitalfew.web.shell"
    label = "shell"
