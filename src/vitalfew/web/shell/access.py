"""The one way into a page: who is asking, for which company, with which rights.

Every view of a company is wrapped in `page(capability)`. A company one is no member of looks exactly like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from vitalfew.engine.reader import Reader, Readers
from vitalfew.runs import Run, Workspace
from vitalfew.settings import Company as Settings
from vitalfew.settings import Group
from vitalfew.web.people import audit
from vitalfew.web.people.models import Company, Membership, User
from vitalfew.web.people.rights import ROLES, Reach, reach

if TYPE_CHECKING:
    from vitalfew.web.authoring.overlay import Standing

READERS = Readers()
EYES = "eyes"
Given = ParamSpec("Given")


@dataclass(frozen=True)
class Eyes:
    """Another role to look through: its role, work group and employee number."""

    role: str
    group: str = ""
    employee: str = ""


class Reading:
    """A company's last good run and the settings that hold now, whoever asks."""

    def __init__(self, company: Company) -> None:
        self.company = company

    @cached_property
    def workspace(self) -> Workspace:
        """The company's folder."""
        return Workspace(Path(self.company.folder))

    @cached_property
    def run(self) -> Run | None:
        """The last good run, or None before the first."""
        return self.workspace.current()

    @cached_property
    def reader(self) -> Reader:
        """The tables of the run; empty tables before the first run."""
        if self.run is None:
            return Reader({})
        return READERS.of(self.run.folder, self.run.paths())

    @cached_property
    def standing(self) -> Standing:
        """What holds now: settings, edits and their faults."""
        from vitalfew.web.authoring.overlay import standing  # noqa: PLC0415 - authoring needs the shell

        return standing(self.company)

    @property
    def settings(self) -> Settings:
        """company.toml with what people wrote in the application on top; while the file is at fault, those of the current run."""
        return self.standing.settings


class Visit(Reading):
    """One request to one company: the member, the rights in force, the run being read."""

    def __init__(self, request: HttpRequest, membership: Membership, run_id: str = "") -> None:
        super().__init__(membership.company)
        self.request = request
        self.membership = membership
        self.user: User = membership.user
        eyes = _eyes(request, membership)
        self.seen_as: Eyes | None = eyes
        self.role: str = eyes.role if eyes else membership.role
        self.group: str = eyes.group if eyes else membership.group
        self.employee: str = eyes.employee if eyes else membership.employee

    @property
    def role_label(self) -> str:
        """The role in force, in the reader's language."""
        return str(ROLES[self.role])

    # --- rights ---

    def reach(self, capability: str) -> Reach | None:
        """How far the rights in force go."""
        return reach(self.role, capability)

    def may(self, capability: str, group: str | None = None) -> bool:
        """Whether the visitor has `capability`; with `group`, whether for what belongs to that work group."""
        far = self.reach(capability)
        if far is None:
            return False
        return far == "company" or group is None or group in self.own_groups

    def need(self, capability: str, group: str | None = None) -> None:
        """Raises PermissionDenied unless the visitor may."""
        if not self.may(capability, group):
            raise PermissionDenied

    @cached_property
    def own_groups(self) -> frozenset[str]:
        """The visitor's work group and those below it, by the names of today and by former ones."""
        from vitalfew.web.shell.companies import own_groups  # noqa: PLC0415 - loads the settings only where a page needs them

        return own_groups(self.company, self.group) if self.group else frozenset()

    def group_among(self, names: Iterable[str]) -> str:
        """The visitor's work group as `names` call it, say those of a run made before it was renamed; '' when they do not."""
        from vitalfew.web.shell.companies import names_of_group  # noqa: PLC0415 - as above

        known = set(names)
        if not self.group or self.group in known:
            return self.group if self.group in known else ""
        return next((each for each in names_of_group(self.company, self.group) if each in known), "")

    @property
    def mends_settings(self) -> bool:
        """Whether the visitor is told what is wrong with company.toml: those who write for the whole company."""
        return self.reach("items.write") == "company"

    # --- what is written ---

    def record(self, action: str, target: str = "", **detail: Any) -> None:
        """Add to the audit log what the visitor did."""
        audit.record(self.company, str(self.user.email), action, target, self.seen_as.role if self.seen_as else "", detail)


def below(group: str, groups: Iterable[Group]) -> list[str]:
    """`group` and every group under it. A circle of parents ends where it began."""
    found = [group]
    listed = list(groups)
    for name in found:
        found += [each.name for each in listed if each.parent == name and each.name not in found]
    return found


def _eyes(request: HttpRequest, membership: Membership) -> Eyes | None:
    """The role the visitor chose to look through; kept per company, and only for those who may."""
    chosen = request.session.get(EYES, {}).get(membership.company.slug) if hasattr(request, "session") else None
    if not chosen or reach(membership.role, "eyes.switch") is None:
        return None
    return Eyes(**chosen)


def membership_of(user: Any, slug: str) -> Membership:
    """The user's membership of a company. Raises Http404 when there is none, whether or not the company exists."""
    found = (
        Membership.objects.select_related("company", "user")
        .filter(user_id=user.pk, company__slug=slug, user__is_active=True)
        .first()
    )
    if found is None:
        raise Http404
    return found


View = Callable[Concatenate[HttpRequest, Visit, Given], HttpResponseBase]


def page(capability: str) -> Callable[[View[Given]], Callable[..., HttpResponseBase]]:
    """Wrap a view `(request, visit, ...)` of the company named `company` in the address; `capability` is needed to enter.

    A view about one work group takes `group` and asks `visit.need(capability, group)` itself, once it knows the group exists.
    """
    reach("owner", capability)  # an unknown capability fails at import

    def wrap(view: View[Given]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def entered(request: HttpRequest, company: str, *args: Given.args, **more: Given.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            visit = Visit(request, membership_of(request.user, company))
            request.visit = visit  # type: ignore[attr-defined]
            visit.need(capability)
            return view(request, visit, *args, **more)

        entered.capability = capability  # type: ignore[attr-defined]
        return cast(Callable[..., HttpResponseBase], entered)

    return wrap


def public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that needs no membership (health, set-up, an invitation)."""
    view.capability = "public"  # type: ignore[attr-defined]
    return view
