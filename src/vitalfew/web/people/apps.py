"""The app's name, and what it listens to."""

from __future__ import annotations

from django.apps import AppConfig


class People(AppConfig):
    """The app `people`."""

    name = "vitalfew.web.people"
    label = "people"

    def ready(self) -> None:
        """Record sign-ins and changes of accounts."""
        from vitalfew.web.people import signals  # noqa: PLC0415 - models must be loaded first

        signals.connect()
