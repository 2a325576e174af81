"""The app's name, and what it listens to."""

from __future__ import annotations

from django.apps import AppConfig


class Api(AppConfig):
    """The app `api`."""

    name = "vitalfew.web.api"
    label = "api"

    def ready(self) -> None:
        """Begin to listen to what shall be told to webhooks."""
        from vitalfew.web.api.listening import listen  # noqa: PLC0415 - models can be imported only now

        listen()
