"""Random secrets that are shown once: only their digest is kept.

A slow password hash would gain nothing here: the secrets are random, 256 bits, and cannot be guessed from a digest.
"""

from __future__ import annotations

import hashlib
import secrets


def made(prefix: str = "") -> str:
    """A new secret of 256 random bits that may stand in an address, after `prefix`."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
