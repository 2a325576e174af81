"""One request to the API: who calls, for which company, with which rights."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from vitalfew.engine.reader import Reader
from vitalfew.runs import Run, read
from vitalfew.web.api.problems import Problem
from vitalfew.web.people import audit
from vitalfew.web.people.models import Membership, Token
from vitalfew.web.people.tokens import membership_for
from vitalfew.web.shell.access import READERS, Visit, membership_of

SAFE = ("GET", "HEAD", "OPTIONS")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="vitalfew"'}


class Call(Visit):
    """A visit by a program: with a token, or with the session of a page. A token never looks through other eyes."""

    def __init__(self, request: HttpRequest, membership: Membership, token: Token | None = None) -> None:
        super().__init__(request, membership)
        self.token = token
        if token is not None:
            self.seen_as = None
            self.role, self.group, self.employee = membership.role, membership.group, membership.employee

    @property
    def holder(self) -> str:
        """Whose limits and idempotency keys count: the token's, or the member's."""
        return f"token:{self.token.pk}" if self.token else f"member:{self.membership.pk}"

    def need_scope(self) -> None:
        """Raises Problem when the request writes and the token may only read."""
        if self.token is not None and self.request.method not in SAFE and self.token.scope != Token.READ_WRITE:
            raise Problem(403, "This token may read only. Make one with the scope read-write.")

    def run_called(self, run_id: str) -> Run:
        """The run named, or the current one for "". Raises Http404 when there is none."""
        if not run_id:
            if self.run is None:
                raise Problem(404, "This company has no finished run yet.")
            return self.run
        folder = self.workspace.runs / run_id
        if not re.fullmatch(r"[0-9a-f]{8,64}", run_id) or not (folder / "run.json").is_file():
            raise Http404
        return read(folder)

    def reader_of(self, run: Run) -> Reader:
        """The tables of a run."""
        return READERS.of(run.folder, run.paths())

    def record(self, action: str, target: str = "", **detail: Any) -> None:
        """Add to the audit log what the caller did, and with which token."""
        through = {"token": f"{self.token.name} ({self.token.prefix}…)"} if self.token else {"through": "API"}
        seen_as = self.seen_as.role if self.seen_as else ""
        audit.record(self.company, str(self.user.email), action, target, seen_as, {**through, **detail})


def membership_called(request: HttpRequest) -> tuple[Token | None, Membership | None]:
    """The token and its membership; or (None, None) for a session. Raises Problem 401 when nobody is known to ask."""
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, secret = header.partition(" ")
        found = membership_for(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise Problem(401, "The token is not known, or has ended.", headers=CHALLENGE)
        return found
    if not request.user.is_authenticated:
        raise Problem(401, "Send `Authorization: Bearer` with a token of the company.", headers=CHALLENGE)
    if request.method not in SAFE and check_csrf(request) is not None:
        raise Problem(403, "A write with the session of a page needs its X-CSRFToken.")
    return None, None


def enter(request: HttpRequest, slug: str) -> Call:
    """The call to the company `slug`. One that the caller is no member of looks exactly like one that does not exist."""
    token, membership = membership_called(request)
    if membership is None:
        membership = membership_of(request.user, slug)
    if membership.company.slug != slug:
        raise Http404
    return Call(request, membership, token)


def need(call: Call, capability: str) -> None:
    """Raises Problem 403, naming the capability, unless the caller has it for anything at all."""
    try:
        call.need(capability)
    except PermissionDenied:
        raise Problem(403, f"This needs the capability {capability}, which the role {call.role} does not have.") from None


class Bearer(HttpBearer):
    """How the description names a token. Who is asking has been settled before ninja asks (operations.py)."""

    def __call__(self, request: HttpRequest) -> Any:
        return getattr(request, "caller", None)

    def authenticate(self, request: HttpRequest, token: str) -> Any:  # pragma: no cover - __call__ answers
        return None


class Session(APIKeyCookie):
    """How the description names a session."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Any:
        return getattr(request, "caller", None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # pragma: no cover - __call__ answers
        return None
