"""The kinds of things people write: what they are called, whose they are, who sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from vitalfew import settings as shapes
from vitalfew.settings import Company as Settings
from vitalfew.settings import slug
from vitalfew.web.shell.access import Visit

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Section:
    """One section of company.toml as people write it.

    `lead_decides`: a lead's changes to it take effect at once where it belongs to the lead's own group. `of_group`: it is part of a
    group's own report, so other groups do not read it. `confidential`: only those who write it read it. `needs`: a capability that
    reading and writing it asks for besides, for the whole company. `one_a_key`: a second entry of one key is refused.
    `page`: where entries are made, for those that need more than a form of fields.
    """

    name: str
    plural: _StrPromise
    singular: _StrPromise
    teaching: _StrPromise
    model: type[BaseModel]
    lead_decides: bool = False
    of_group: bool = False
    confidential: bool = False
    single: bool = False
    needs: str = ""
    one_a_key: bool = False
    page: str = ""


SECTIONS: dict[str, Section] = {
    each.name: each
    for each in (
        Section(
            "company",
            _("Company and vision"),
            _("Company and vision"),
            _("Who we are, and the vision in a sentence."),
            shapes.CompanySection,
            single=True,
        ),
        Section(
            "vision",
            _("Vision in its parts"),
            _("Vision in its parts"),
            _("Which customer problem, what gets better in their life, which mindset, and what is not done."),
            shapes.Vision,
            single=True,
        ),
        Section(
            "limits",
            _("Limits"),
            _("Limits"),
            _("Money by quarter, people by group, and how many initiatives at a time."),
            shapes.Limits,
            single=True,
        ),
        Section(
            "consent",
            _("Consent"),
            _("Consent"),
            _("Whether people are analysed and contacted unless they refused, or only when they agreed."),
            shapes.Consent,
            single=True,
        ),
        Section(
            "promise",
            _("Promises"),
            _("Promise"),
            _("Write down what customers were promised, and each run tells how often it was kept."),
            shapes.Promise,
        ),
        Section(
            "group",
            _("Work groups"),
            _("Work group"),
            _("Name the product teams, account teams and support functions that cause and solve issues."),
            shapes.Group,
        ),
        Section(
            "theme",
            _("Names of themes"),
            _("Name of a theme"),
            _("Give a theme found in comments the name people here use for it."),
            shapes.Theme,
        ),
        Section(
            "initiative",
            _("Initiatives"),
            _("Initiative"),
            _("Propose what could be done. The next run weighs it against everything else."),
            shapes.Initiative,
        ),
        Section(
            "cause",
            _("Whys"),
            _("Why"),
            _("Ask why five times for each of the two issues a group causes most. Each answer is written here."),
            shapes.Cause,
            lead_decides=True,
            of_group=True,
        ),
        Section(
            "raci",
            _("Who does what (RACI)"),
            _("Who does what"),
            _("Say for each initiative who does it, who answers for it, who is asked and who is told."),
            shapes.Raci,
            lead_decides=True,
        ),
        Section(
            "risk",
            _("Risks"),
            _("Risk"),
            _("Write a risk as a sentence: because ... may ... leading to ..."),
            shapes.Risk,
            lead_decides=True,
        ),
        Section(
            "sponsor",
            _("Sponsors"),
            _("Sponsor"),
            _("List the people whose word, money or time the strategy needs, and what was asked of them."),
            shapes.Sponsor,
            confidential=True,
        ),
        Section(
            "barrier",
            _("Barriers"),
            _("Barrier"),
            _("Name what stands in the way: a silo, an incentive, a process, a missing skill."),
            shapes.Barrier,
            lead_decides=True,
        ),
        Section(
            "benefit",
            _("Benefits ledger"),
            _("Entry of the ledger"),
            _("Record what a solved issue saves, and how it is counted before and after."),
            shapes.Benefit,
        ),
        Section(
            "link",
            _("Decisions on who is who"),
            _("Decision on who is who"),
            _("Say of two records that they are one person's or two people's, one company or two. It holds until taken back."),
            shapes.Link,
            needs="identity.decide",
            one_a_key=True,
        ),
        Section(
            "mend",
            _("Rules that mend"),
            _("Rule that mends"),
            _("Say how a value that cannot be read is to be read. The rule holds in every later run until it is taken back."),
            shapes.Mend,
            needs="sources.mend",
            one_a_key=True,
        ),
        Section(
            "source",
            _("Sources"),
            _("Source"),
            _("Send an export of another system and say what its columns are. Every run reads it until it is taken away."),
            shapes.Source,
            needs="sources.write",
            page="listen:new_source",
        ),
    )
}


def group_of(section: str, values: Mapping[str, Any] | None, settings: Settings, issues: Mapping[str, str]) -> str | None:
    """The work group an entry belongs to, or None when it is the whole company's.

    `issues` says which group has the issue of a name (by slug), where one group alone has it.
    """
    if values is None or section in ("company", "vision", "limits", "consent"):
        return None
    if section == "group":
        return str(values.get("name") or "") or None
    if values.get("group"):
        return str(values["group"])
    if section in ("risk", "raci"):
        wanted = slug(str(values.get("work" if section == "raci" else "initiative") or "-"))
        for each in settings.initiative:
            if slug(each.name) == wanted:
                return group_of("initiative", each.model_dump(mode="json"), settings, issues)
        return None
    if section == "initiative" and values.get("people"):
        return str(max(values["people"].items(), key=lambda pair: (pair[1], pair[0]))[0])
    if section in ("cause", "benefit"):
        return _group_of_issue(str(values.get("issue") or ""), settings, issues)
    return None


def _group_of_issue(issue: str, settings: Settings, issues: Mapping[str, str]) -> str | None:
    if issue.startswith("issue:"):
        named = issue.removeprefix("issue:").partition("/")[0]
        return next((each.name for each in settings.group if slug(each.name) == named), None)
    return issues.get(slug(issue)) if issue else None


def issue_groups(visit: Visit) -> dict[str, str]:
    """The group of each issue found by the run, by the slug of its name; names that several groups share are left out."""
    found: dict[str, set[str]] = {}
    for row in visit.reader.small("issues"):
        found.setdefault(slug(row["name"]), set()).add(row["group"])
    return {name: next(iter(groups)) for name, groups in found.items() if len(groups) == 1}


def may_enter(visit: Visit, section: Section) -> bool:
    """Whether the visitor may read or write any entry of `section` at all."""
    return not section.needs or visit.reach(section.needs) == "company"


def may_read(visit: Visit, section: Section, group: str | None) -> bool:
    """Whether the visitor may read an entry of `section` that belongs to `group` (None: the whole company's)."""
    if not may_enter(visit, section):
        return False
    if section.confidential:
        return visit.reach("items.write") == "company" or (group is not None and visit.may("items.write", group))
    if section.of_group and group is not None:
        return visit.may("group.read", group)
    return visit.may("explore.read")


def effect(visit: Visit, section: Section, groups: tuple[str | None, ...]) -> str:
    """What the visitor's change becomes, "approved" or "proposed"; `groups` are those the entry belongs to before and after.

    Raises PermissionDenied for another group's entry.
    """
    if not may_enter(visit, section):
        raise PermissionDenied
    for group in groups:
        visit.need("items.write", group)
    return "approved" if may_decide(visit, section, groups) else "proposed"


def may_decide(visit: Visit, section: Section, groups: tuple[str | None, ...]) -> bool:
    """Whether the visitor's word is enough for entries of these groups."""
    far = visit.reach("items.approve")
    if far == "company":
        return True
    own = bool(groups) and all(group is not None and group in visit.own_groups for group in groups)
    return far == "group" and section.lead_decides and own
