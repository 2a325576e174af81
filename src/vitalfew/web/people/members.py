"""Members come by invitation; what nobody may do to them is said here, whoever asks.

Nobody gives, changes or takes away a role with more rights than their own, and the last owner stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from vitalfew.web.people import audit, secrets
from vitalfew.web.people.models import Company, Invitation, Membership, User, normalise_email
from vitalfew.web.people.rights import ROLES, covers

LIFE = timedelta(days=7)
NEED_GROUP = ("lead", "employee")


class NotAllowed(Exception):
    """What was asked for is not allowed; the message is for the reader."""


def grantable(role: str) -> list[str]:
    """The roles that somebody with `role` may give."""
    return [each for each in ROLES if covers(role, each)]


def invite(
    company: Company, by: str, role_of_inviter: str, email: str, role: str, group: str = "", employee: str = ""
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link. An open one for the same address is replaced. Raises NotAllowed."""
    _may_give(role_of_inviter, role)
    email = normalise_email(email)
    if Membership.objects.filter(company=company, user__email=email).exists():
        raise NotAllowed(_("%(email)s is a member already.") % {"email": email})
    now = timezone.now()
    secret = secrets.made()
    with transaction.atomic():
        # Locked, so that two invitations of the same address at once follow each other.
        Company.objects.select_for_update().get(pk=company.pk)
        Invitation.objects.filter(company=company, email=email, ended_at=None).update(ended_at=now)
        made = Invitation.objects.create(
            company=company,
            email=email,
            role=role,
            group=group,
            employee=employee,
            digest=secrets.digest(secret),
            made_by=by,
            expires_at=now + LIFE,
        )
    return made, secret


def open_invitation(secret: str) -> Invitation | None:
    """The invitation with this secret that can still be accepted."""
    return (
        Invitation.objects.select_related("company")
        .filter(digest=secrets.digest(secret), ended_at=None, expires_at__gt=timezone.now())
        .first()
    )


def open_invitations_of(email: str) -> Sequence[Invitation]:
    """What somebody who has proved to be at `email` may accept."""
    found = Invitation.objects.select_related("company").filter(
        email=normalise_email(email), ended_at=None, expires_at__gt=timezone.now()
    )
    return list(found)


def accept(invitation: Invitation, user: User) -> Membership | None:
    """Make `user` the member that was invited; None when the invitation has ended. Raises NotAllowed for another address."""
    if user.email != invitation.email:
        raise NotAllowed(_("This invitation is for another address."))
    now = timezone.now()
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, ended_at=None, expires_at__gt=now).update(ended_at=now):
            return None
        membership, _made = Membership.objects.get_or_create(
            company=invitation.company,
            user=user,
            defaults={"role": invitation.role, "group": invitation.group, "employee": invitation.employee},
        )
        audit.record(invitation.company, user.email, "accept invitation", user.email, detail={"role": invitation.role})
        return membership


def withdraw(invitation: Invitation, role_of_visitor: str) -> bool:
    """End an invitation; False when it had ended. Raises NotAllowed."""
    _may_give(role_of_visitor, invitation.role)
    return Invitation.objects.filter(pk=invitation.pk, ended_at=None).update(ended_at=timezone.now()) == 1


def change(membership: Membership, role_of_visitor: str, role: str, group: str, employee: str) -> None:
    """Give `membership` another role, work group and employee number. Raises NotAllowed."""
    _may_give(role_of_visitor, role)
    with transaction.atomic():
        current = _locked(membership, role_of_visitor)
        if current.role == "owner" and role != "owner":
            _not_the_last_owner(current)
        current.role, current.group, current.employee = role, group, employee
        current.save(update_fields=["role", "group", "employee"])
    membership.role, membership.group, membership.employee = role, group, employee


def remove(membership: Membership, role_of_visitor: str) -> None:
    """End `membership` with its tokens; the user stays. Raises NotAllowed."""
    with transaction.atomic():
        current = _locked(membership, role_of_visitor)
        if current.role == "owner":
            _not_the_last_owner(current)
        current.delete()


def _may_give(role_of_visitor: str, role: str) -> None:
    if role not in ROLES or not covers(role_of_visitor, role):
        raise NotAllowed(_("You cannot give a role with more rights than your own."))


def _locked(membership: Membership, role_of_visitor: str) -> Membership:
    """The membership as it is now, in a transaction no other change of members of the company can enter."""
    Company.objects.select_for_update().get(pk=membership.company_id)
    current = Membership.objects.filter(pk=membership.pk).first()
    if current is None:
        raise NotAllowed(_("This member has been removed meanwhile."))
    if not covers(role_of_visitor, current.role):
        raise NotAllowed(_("You cannot change a member with more rights than your own."))
    return current


def _not_the_last_owner(current: Membership) -> None:
    others = Membership.objects.filter(company_id=current.company_id, role="owner", user__is_active=True).exclude(pk=current.pk)
    if not others.exists():
        raise NotAllowed(_("The last owner stays: make somebody else an owner first."))
