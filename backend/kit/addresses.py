"""Checks of the addresses of database and broker; on another machine, they need a secure password."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

LOCAL_HOSTS = ("", "localhost", "127.0.0.1", "::1")
"""Hosts of this machine; an empty host is a file or a socket."""
MIN_PASSWORD_LENGTH = 12
EXAMPLE_WORDS = re.compile(
    r"beamcast|postgres(ql)?|redis|password|passwd|change|me|secret|admin|guest|default|[-_. \d]"
)
"""Words and characters of example passwords."""
BROKER_SCHEMES = ("filesystem", "redis", "rediss")
DATABASE_SCHEMES = ("sqlite", "postgresql")


def check_database(address: str) -> str:
    """Check the address of a database, and return it.

    Raises
    ------
    ValueError
        The address cannot be used. The message leaves the address out, because it may contain the password.
    """
    return _check(address, "database", DATABASE_SCHEMES, "sqlite:///… or postgresql+psycopg://user:password@host/name")


def check_broker(address: str) -> str:
    """Check the address of a broker, and return it.

    Raises
    ------
    ValueError
        The address cannot be used. The message leaves the address out.
    """
    return _check(address, "broker", BROKER_SCHEMES, "filesystem:// or redis://:password@host:6379/0")


def _check(address: str, what: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # a wrong port raises
    except ValueError:
        raise ValueError(
            f"cannot be read; it should look like {example}, with /, @ and : as %XX in a password"
        ) from None
    if parts.scheme.partition("+")[0] not in schemes:
        raise ValueError(f"is not the address of a supported {what}; it should look like {example}")
    if host in LOCAL_HOSTS:
        return address
    password = unquote(parts.password or "")
    if not password:
        raise ValueError(
            f"the {what} is on another machine ({host}) and has no password: set one there and in this address"
        )
    if len(password) < MIN_PASSWORD_LENGTH or not EXAMPLE_WORDS.sub("", password.lower()):
        raise ValueError(
            f"the {what} is on another machine ({host}) and its password is easy to guess or shorter than "
            f"{MIN_PASSWORD_LENGTH} characters: choose a random one (openssl rand -hex 24)"
        )
    return address


def is_loopback(host: str) -> bool:
    """Return whether a server that listens on this address is reached from its own machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
