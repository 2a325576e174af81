"""The one way to write into the audit log."""

from __future__ import annotations

from typing import Any

from vitalfew.web.people.models import AuditEntry, Company


def record(
    company: Company | None, actor: str, action: str, target: str = "", seen_as: str = "", detail: dict[str, Any] | None = None
) -> AuditEntry:
    """Add what `actor` did. `detail` holds values of settings and ids, never words or addresses of customers."""
    return AuditEntry.objects.create(
        company=company, actor=actor[:300], action=action[:100], target=target[:500], seen_as=seen_as[:100], detail=detail or {}
    )
