"""What people write, as an append-only history: an item, its versions, and what is said about it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vitalfew.web.people.models import Company

KINDS = {"values": _("written"), "deleted": _("deleted"), "file": _("as in company.toml")}
STATES = {
    "draft": _("draft"),
    "proposed": _("waits for a decision"),
    "approved": _("approved"),
    "rejected": _("declined"),
    "merged": _("approved, joined with a later change"),
}
REMARKS = {"comment": _("comment"), "contest": _("contested")}


class Item(models.Model):
    """One thing people write about, by section of company.toml and key (a slug that stays when the name changes).

    `in_force` is the number of the approved version that holds now; 0 as long as company.toml alone speaks. It is compared and set
    in one statement by every change, so of two people who save at once the second is told.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="items")
    section = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    in_force = models.PositiveIntegerField(default=0)
    latest = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "section", "key"], name="one_item_a_key")]

    def __str__(self) -> str:
        return f"{self.section}:{self.key}"


class Version(models.Model):
    """One state of an item. Versions are added; of an old one only the decision changes.

    `values` are those of the section's settings class, without those left at their default. `based_on` is the number of the version
    its author began from (0: company.toml), `file_values` what company.toml said then.
    """

    item = models.ForeignKey(Item, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=list(KINDS.items()), default="values")
    values: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    file_values: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=list(STATES.items()))
    based_on = models.PositiveIntegerField(default=0)
    author = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=1000, blank=True)
    group = models.CharField(max_length=1000, blank=True)
    decided_by = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "number"], name="one_version_a_number"),
            models.CheckConstraint(condition=models.Q(state__in=list(STATES)), name="known_version_state"),
            models.CheckConstraint(condition=models.Q(kind__in=list(KINDS)), name="known_version_kind"),
        ]
        indexes: ClassVar = [models.Index(fields=["state"], name="version_state")]
        ordering: ClassVar = ["item", "number"]

    def __str__(self) -> str:
        return f"{self.item_id}#{self.number}"


class Remark(models.Model):
    """A comment on an item, or the contest of an issue's attribution by the group it is laid on."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="remarks")
    kind = models.CharField(max_length=10, choices=list(REMARKS.items()), default="comment")
    author = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField(max_length=5000)

    class Meta:
        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"
