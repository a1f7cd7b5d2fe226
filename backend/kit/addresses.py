"""Addresses of database and broker: nobody else's machine is spoken to without a password that is a secret."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
"""No host at all: a file, or a socket of this machine."""
SHORTEST_PASSWORD = 12
WELL_KNOWN = re.compile(r"beamcast|postgres(ql)?|redis|password|passwd|change|me|secret|admin|guest|default|[-_. \d]")
"""What the passwords of examples are made of."""
BROKERS = ("filesystem", "redis", "rediss")
DATABASES = ("sqlite", "postgresql")


def check_database(address: str) -> str:
    """The address, if it is one of a database that can be used.

    Raises
    ------
    ValueError
        It is not; says why, without the address, for it may hold the password.
    """
    return _check(address, "database", DATABASES, "sqlite:///… or postgresql+psycopg://user:password@host/name")


def check_broker(address: str) -> str:
    """The address, if it is one of a broker that can be used.

    Raises
    ------
    ValueError
        It is not; says why, without the address.
    """
    return _check(address, "broker", BROKERS, "filesystem:// or redis://:password@host:6379/0")


def _check(address: str, what: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        raise ValueError(f"cannot be read; it should look like {example}, a password's /, @ and : as %XX") from None
    if parts.scheme.partition("+")[0] not in schemes:
        raise ValueError(f"names no {what} that Beamcast knows; it should look like {example}")
    if host in LOOPBACK:
        return address
    password = unquote(parts.password or "")
    if not password:
        raise ValueError(f"the {what} is on another machine ({host}) and has no password: set one there and here")
    if len(password) < SHORTEST_PASSWORD or not WELL_KNOWN.sub("", password.lower()):
        raise ValueError(
            f"the {what} is on another machine ({host}) and its password is easy to guess or shorter than "
            f"{SHORTEST_PASSWORD} characters: choose a random one (openssl rand -hex 24)"
        )
    return address
