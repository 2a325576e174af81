"""The one way to write into the audit log, and how its entries are told."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from vitalfew.web.people.models import AuditEntry, Company

# What this app records; other apps' actions are told as they are recorded.
LABELS = {
    "sign in": _("signed in"),
    "sign out": _("signed out"),
    "sign-in failed": _("sign-in failed"),
    "sign-in locked": _("sign-in locked after failures"),
    "change password": _("changed the password"),
    "set password": _("set a password"),
    "reset password": _("reset the password"),
    "make password link": _("made a link for a new password"),
    "add second factor": _("added a second factor"),
    "remove second factor": _("removed a second factor"),
    "renew recovery codes": _("renewed the recovery codes"),
    "second factor refused": _("second factor refused"),
    "connect single sign-on": _("connected single sign-on"),
    "disconnect single sign-on": _("disconnected single sign-on"),
    "set up company": _("set the company up"),
    "enter demo": _("entered the demo"),
    "invite": _("invited a member"),
    "withdraw invitation": _("withdrew an invitation"),
    "accept invitation": _("accepted an invitation"),
    "change member": _("changed a member's role"),
    "remove member": _("removed a member"),
    "make token": _("made an API token"),
    "revoke token": _("revoked an API token"),
    "look through other eyes": _("looked through other eyes"),
    "back to own eyes": _("went back to own eyes"),
}


def record(
    company: Company | None, actor: str, action: str, target: str = "", seen_as: str = "", detail: dict[str, Any] | None = None
) -> AuditEntry:
    """Add what `actor` did. `detail` holds values of settings and ids, never words or addresses of customers."""
    return AuditEntry.objects.create(
        company=company, actor=actor[:300], action=action[:100], target=target[:500], seen_as=seen_as[:100], detail=detail or {}
    )


def label(action: str) -> str:
    """An action in the reader's language."""
    return str(LABELS.get(action, action))
