"""Digests of the secrets of tokens and sessions, which are stored in place of the secrets."""

from __future__ import annotations

import hashlib


def sha256(secret: str) -> str:
    """Return the SHA-256 of a secret, hexadecimal.

    Fast on purpose: a random secret of 256 bits cannot be guessed, unlike a password.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
