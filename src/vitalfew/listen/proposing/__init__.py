"""Looks at exports and proposes company.toml: what each file is, which column is which, what it is unsure of."""

from vitalfew.listen.proposing.propose import Found, LeftOut, Proposed, propose

__all__ = ["Found", "LeftOut", "Proposed", "propose"]
