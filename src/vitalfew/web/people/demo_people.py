"""The people of the demo company: one for each role, so that every page can be seen through somebody's eyes."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from vitalfew.engine.reader import Reader, Where
from vitalfew.runs import Workspace
from vitalfew.web.people.models import Company, Membership, User
from vitalfew.web.shell.companies import settings_of

DOMAIN = "northlightsupply.example"
# Role and name of those who are in no export.
OFFICE = (
    ("owner", "Margaret Osei"),
    ("analyst", "Tomás Ferreira"),
    ("executive", "Helen Lindqvist"),
    ("administrator", "Idris Kaya"),
    ("integrator", "Sophie Marchand"),
)
GROUP = "Logistics"


@transaction.atomic
def cast(company: Company) -> None:
    """Make the members that are missing. None has a password. Raises ValueError for a company that is no demo."""
    if not company.is_demo:
        raise ValueError("only the demo company has made-up members")
    # Locked, so that two servers starting at once do not both make them.
    Company.objects.select_for_update().get(pk=company.pk)
    wanted = [(role, name, "", "") for role, name in OFFICE] + _of_group(company)
    there = set(company.memberships.values_list("role", flat=True))
    for role, name, group, employee in wanted:
        if role in there:
            continue
        address = f"{role}@{DOMAIN}"
        user = User.objects.filter(email=address).first() or User.objects.create_user(address, None, name)
        Membership.objects.get_or_create(company=company, user=user, defaults={"role": role, "group": group, "employee": employee})


def _of_group(company: Company) -> list[tuple[str, str, str, str]]:
    """Lead and one employee of a work group, as the employees source has them."""
    groups = settings_of(company).group
    if not groups:
        return []
    group = next((each for each in groups if each.name == GROUP), groups[0])
    run = Workspace(Path(company.folder)).current()
    reader = Reader(run.paths() if run else {})
    try:
        rows = reader.rows("employees", [Where("group", "=", group.name)])
    finally:
        reader.close()
    numbers = {str(row["name"]): str(row["employee"]) for row in rows}
    found = [("lead", group.lead or group.name, group.name, numbers.get(group.lead, ""))]
    others = [name for name in numbers if name != group.lead]
    if others:
        found.append(("employee", others[0], group.name, numbers[others[0]]))
    return found
