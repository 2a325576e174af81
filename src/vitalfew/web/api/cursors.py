"""Where a reader of a list stopped, as an opaque text: which run, which question, which row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core import signing

from vitalfew.web.api.problems import Fault

SALT = "vitalfew.api.cursor"


@dataclass(frozen=True)
class Cursor:
    """`row` was the last one given of `question`, in `run`."""

    run: str
    question: str
    row: int

    def text(self) -> str:
        """The cursor as it stands in an address: signed, without any value of a record."""
        return signing.Signer(salt=SALT).sign_object([self.run, self.question, self.row])


def read(text: str, faults: list[Fault]) -> Cursor | None:
    """The cursor in an address, or None with a fault added."""
    try:
        run, question, row = signing.Signer(salt=SALT).unsign_object(text)
        return Cursor(str(run), str(question), int(row))
    except (signing.BadSignature, ValueError, TypeError):
        faults.append(Fault("query.cursor", "not a cursor of this API", "take it from `next` of the answer before"))
        return None


def question(*parts: object) -> str:
    """A short digest of what is asked: a cursor belongs to one question only."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
