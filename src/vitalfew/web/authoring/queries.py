"""What other pages ask about what people wrote."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from vitalfew.web.authoring.models import Item, Remark, Version
from vitalfew.web.people.models import Company

ISSUE = "issue"


def pending(company: Company) -> QuerySet[Version]:
    """The versions that wait for a decision, oldest first."""
    return Version.objects.filter(item__company=company, state="proposed").select_related("item").order_by("at", "id")


def begun_from(waiting: Sequence[Version]) -> dict[tuple[int, int], Version]:
    """The versions the authors of `waiting` began from, by item and number; those who began from company.toml have none."""
    items, numbers = {each.item_id for each in waiting}, {each.based_on for each in waiting}
    found = Version.objects.filter(item__in=items, number__in=numbers)
    return {(each.item_id, each.number): each for each in found}


def contests(company: Company, issue: str) -> QuerySet[Remark]:
    """What groups say against the attribution of an issue (by id), oldest first."""
    return Remark.objects.filter(item__company=company, item__section=ISSUE, item__key=issue, kind="contest")


def edits_token(company: Company) -> str:
    """Changes whenever what is in force changes."""
    found = [f"{pk}:{number}" for pk, number in Item.objects.filter(company=company, in_force__gt=0).values_list("pk", "in_force")]
    return ",".join(sorted(found))
