"""What a member has seen and done in the guided first hour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from vitalfew.web.people.models import Membership


class FirstHour(models.Model):
    """Whether a member has put the guided first hour away."""

    membership = models.OneToOneField(Membership, models.CASCADE, related_name="first_hour")
    dismissed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"first hour of {self.membership}"


class Visited(models.Model):
    """A page of the guided first hour a member has opened, once."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="visited")
    step = models.CharField(max_length=40)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["membership", "step"], name="visited_once")]

    def __str__(self) -> str:
        return f"{self.membership}: {self.step}"
