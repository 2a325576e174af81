"""Sign-ins, failures and changes of an account, written into the audit log of each company the person belongs to."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from vitalfew.web.people import audit
from vitalfew.web.people.models import Company, User, normalise_email


def connect() -> None:
    """Listen to everything that must be recorded."""
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _failed),
        (user_locked_out, _locked_out),
        (account.password_changed, _told("change password")),
        (account.password_set, _told("set password")),
        (account.password_reset, _told("reset password")),
        (mfa.authenticator_added, _told("add second factor")),
        (mfa.authenticator_removed, _told("remove second factor")),
        (mfa.authenticator_reset, _told("renew recovery codes")),
        (mfa.authentication_failed, _told("second factor refused")),
        (social.social_account_added, _social_added),
        (social.social_account_removed, _social_removed),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=f"vitalfew.people.{id(receiver)}")


def _record(user: User, action: str, **detail: Any) -> None:
    """Into the log of each company of the user; into none's when there is none yet."""
    companies: list[Company | None] = list(Company.objects.filter(memberships__user=user))
    for company in companies or [None]:
        audit.record(company, user.email, action, user.email, detail=detail)


def _where(request: HttpRequest | None) -> dict[str, str]:
    return {"address": str(request.META.get("REMOTE_ADDR", ""))} if request is not None else {}


def _told(action: str) -> Any:
    def receiver(*, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:
        if isinstance(user, User):
            kind = getattr(more.get("authenticator"), "type", "")
            _record(user, action, **_where(request), **({"kind": str(kind)} if kind else {}))

    return receiver


def _signed_in(*, request: HttpRequest | None = None, user: Any = None, **_more: Any) -> None:
    if isinstance(user, User):
        _record(user, "sign in", **_where(request))


def _signed_out(*, request: HttpRequest | None = None, user: Any = None, **_more: Any) -> None:
    if isinstance(user, User):
        _record(user, "sign out", **_where(request))


def _failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    _record_typed(credentials.get("email") or credentials.get("username"), "sign-in failed", request)


def _locked_out(*, username: str | None = None, request: HttpRequest | None = None, **_more: Any) -> None:
    _record_typed(username, "sign-in locked", request)


def _record_typed(typed: str | None, action: str, request: HttpRequest | None) -> None:
    """What was typed is kept only where it is somebody's address: else it may be a password in the wrong field."""
    user = User.objects.filter(email=normalise_email(typed or "")).first()
    if user is not None:
        _record(user, action, **_where(request))
    else:
        audit.record(None, "unknown", action, detail=_where(request))


def _social_added(*, request: HttpRequest, sociallogin: Any, **_more: Any) -> None:
    _record(sociallogin.user, "connect single sign-on", provider=sociallogin.account.provider)


def _social_removed(*, request: HttpRequest, socialaccount: Any, **_more: Any) -> None:
    _record(socialaccount.user, "disconnect single sign-on", provider=socialaccount.provider)
