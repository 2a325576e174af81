"""What the server calls."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.web.settings")
application = get_wsgi_application()

from vitalfew.web.warming import warm  # noqa: E402 - Django must be set up first

warm()
