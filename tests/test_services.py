"""The servers that other tests lean on can be taken away and come back."""

from __future__ import annotations

import psycopg
import pytest
import redis

from tests.services import PostgreSQL, Redis


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_postgresql_keeps_what_was_committed(postgres_server: PostgreSQL, postgres_url: str, way: str) -> None:
    database = postgres_url.rpartition("/")[2]
    with postgres_server.connect(database) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    getattr(postgres_server, way)()
    with pytest.raises(psycopg.OperationalError):
        postgres_server.connect(database)
    postgres_server.start()
    with postgres_server.connect(database) as connection:
        connection.execute("SELECT n FROM kept")


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_redis_keeps_what_it_confirmed(redis_server: Redis, way: str) -> None:
    with redis_server.client() as client:
        client.set("kept", "yes")
    getattr(redis_server, way)()
    with redis_server.client() as client, pytest.raises(redis.ConnectionError):
        client.ping()
    redis_server.start()
    with redis_server.client() as client:
        assert client.get("kept") == "yes"
    redis_server.fill()
    with redis_server.client() as client, pytest.raises(redis.OutOfMemoryError):
        client.set("more", "no")
