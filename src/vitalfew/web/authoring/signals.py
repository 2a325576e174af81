"""What others may listen to."""

from __future__ import annotations

from django.dispatch import Signal

# Sent after the transaction with company, item, version and action (proposed, approved, declined, remarked).
item_changed = Signal()
