"""Addresses for machines that watch this one."""

from __future__ import annotations

from django.urls import path

from vitalfew.web.ops import health

app_name = "ops"
urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
