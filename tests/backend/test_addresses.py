"""No server starts with a password that anybody knows, and none says its password."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import ValidationError

from backend.kit.settings import Settings, error_messages

SECRET = "f3b1c9a7e5d24680"


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("database_url", f"postgresql+psycopg://beamcast:{SECRET}@db.example.org:5432/beamcast"),
        ("database_url", f"postgresql://beamcast:{SECRET}@db.example.org/beamcast"),
        ("database_url", "postgresql+psycopg://beamcast@127.0.0.1/beamcast"),
        ("database_url", "postgresql+psycopg:///beamcast?host=/run/postgresql"),
        ("database_url", "sqlite:////srv/beamcast.db"),
        ("broker_url", f"rediss://:{SECRET}@redis.example.org/0"),
        ("broker_url", "redis://localhost:6379/0"),
        ("broker_url", "filesystem://"),
    ],
)
def test_address_is_taken(setting: str, address: str) -> None:
    settings = Settings(**{setting: address})
    assert getattr(settings, setting) == address
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("setting", "address", "word"),
    [
        ("database_url", "postgresql+psycopg://beamcast@postgres/beamcast", "no password"),
        ("database_url", "postgresql+psycopg://beamcast:@postgres/beamcast", "no password"),
        ("database_url", "postgresql+psycopg://beamcast:beamcast@postgres/beamcast", "easy to guess"),
        ("database_url", "postgresql+psycopg://beamcast:Change-Me-123456@postgres/beamcast", "easy to guess"),
        ("database_url", f"postgresql+psycopg://beamcast:{SECRET}/x@postgres/beamcast", "%XX"),
        ("database_url", f"mysql://beamcast:{SECRET}@db/beamcast", "not the address of a supported database"),
        ("broker_url", "redis://redis:6379/0", "no password"),
        ("broker_url", "redis://:f3b1c9@redis:6379/0", "shorter than 12"),
        ("broker_url", f"amqp://beamcast:{SECRET}@rabbit//", "not the address of a supported broker"),
    ],
)
def test_address_is_refused_in_words_that_do_not_hold_it(setting: str, address: str, word: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(**{setting: address})
    (sentence,) = error_messages(caught.value)
    assert sentence.startswith(f"BEAMCAST_{setting.upper()}: ")
    assert word in sentence
    assert SECRET not in sentence
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "auth", "open_to_all"),
    [
        ("127.0.0.1", None, False),
        ("127.5.0.1", None, False),
        ("::1", None, False),
        ("localhost", None, False),
        ("0.0.0.0", None, True),
        ("::", None, True),
        ("192.0.2.7", None, True),
        ("beamcast.example.org", None, True),
        ("0.0.0.0", "none", False),
    ],
)
def test_a_server_that_others_reach_needs_a_choice(host: str, auth: Literal["none"] | None, open_to_all: bool) -> None:
    assert Settings(host=host, auth=auth).open_to_all is open_to_all
