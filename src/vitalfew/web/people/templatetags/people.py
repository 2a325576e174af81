"""Tags of the sign-in pages."""

from __future__ import annotations

from django import template
from django.conf import settings

from vitalfew.web.people.models import Membership

register = template.Library()


@register.simple_tag
def sends_mail() -> bool:
    """Whether this installation sends e-mail."""
    return bool(settings.EMAIL_HOST)


@register.simple_tag
def nobody_yet() -> bool:
    """Whether no company here has a member."""
    return not Membership.objects.exists()
