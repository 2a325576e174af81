"""The app's name."""

from __future__ import annotations

from django.apps import AppConfig


class Prove(AppConfig):
    """The app `prove`."""

    name = "vitalfew.web.prove"
    label = "prove"
