"""Companies, members and their rights, and the audit log."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vitalfew.web.people.rights import ROLES


class Company(models.Model):
    """One company whose strategy is kept here: a workspace folder, and everything people write about it."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    folder = models.CharField(_("workspace folder"), max_length=1000)
    is_demo = models.BooleanField(default=False)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, name: str = "", **more: Any) -> User:
        """A new user; without a password, one who can only come by single sign-on or a reset link."""
        user = self.model(email=normalise_email(email), name=name, **more)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser):
    """One person who signs in. What they may do is said by their memberships, never here."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **more: Any) -> None:
        self.email = normalise_email(self.email)
        super().save(*args, **more)


class Membership(models.Model):
    """A user's place in a company: role, work group, and who they are among its employees."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=list(ROLES.items()))
    group = models.CharField(_("work group"), max_length=1000, blank=True)
    employee = models.CharField(_("employee number"), max_length=200, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "user"], name="one_membership_a_company"),
            models.CheckConstraint(condition=models.Q(role__in=list(ROLES)), name="known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.company}"


class Token(models.Model):
    """A key with which a program calls the API in the name of a membership: with that member's rights, or with reading only.

    The secret itself is shown once and never stored; `digest` finds it, `prefix` lets people recognise it.
    """

    READ, READ_WRITE = "read", "read-write"
    SCOPES: ClassVar = [(READ, _("read")), (READ_WRITE, _("read and write"))]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("scope"), max_length=10, choices=SCOPES)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(scope__in=["read", "read-write"]), name="known_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def may_write(self) -> bool:
        """Whether the token's scope goes beyond reading."""
        return self.scope == self.READ_WRITE

    @property
    def state(self) -> str:
        """One of "revoked", "expired" and "valid"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "valid"


class Invitation(models.Model):
    """A link with which the person at one address becomes a member. Only its digest is kept; it ends by use, date or recall."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=20, choices=list(ROLES.items()))
    group = models.CharField(_("work group"), max_length=1000, blank=True)
    employee = models.CharField(_("employee number"), max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=300)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "email"], condition=models.Q(ended_at=None), name="one_open_invitation_an_address"
            ),
            models.CheckConstraint(condition=models.Q(role__in=list(ROLES)), name="known_invited_role"),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.company}"

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()


class Key(models.Model):
    """A link that works once: to set up a company, or to enter the demo company. Only its digest is kept."""

    SETUP, ENTRY = "setup", "entry"

    company = models.ForeignKey(Company, models.CASCADE, related_name="keys")
    purpose = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} · {self.company}"


class AuditEntry(models.Model):
    """One thing somebody did. Entries are added and read, never changed or removed: triggers of the database refuse it."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="audit", null=True)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=300)
    seen_as = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=100)
    target = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["company", "-at"], name="audit_latest")]
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.target}"


def normalise_email(email: str) -> str:
    """An address as it is compared: trimmed, lower case where the two cases of a letter are the same address.

    `casefold` and locale tricks are not used: 'mıke'.upper().lower() is 'mike', and one person would open another's account.
    """
    trimmed = email.strip()
    return "".join(each.lower() if each.isascii() else each for each in trimmed)
