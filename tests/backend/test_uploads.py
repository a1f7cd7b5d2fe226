"""Resumable uploads by tus 1.0: parts, lying offsets, two writers, checksums, quotas, expiry, a full disk."""

from __future__ import annotations

import base64
import errno
import hashlib
import shutil
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.uploads import parts, service
from backend.uploads.tables import Upload

from .conftest import Client

CONTENT = bytes(range(256)) * 40
TUS = {"Tus-Resumable": "1.0.0"}


def begin(client: Client, n_bytes: int = len(CONTENT), name: str = "movie.xyz", **headers: str) -> httpx.Response:
    named = {"Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}, empty"}
    return client.request("POST", "/uploads", headers={**TUS, "Upload-Length": str(n_bytes), **named, **headers})


def place_of(response: httpx.Response) -> str:
    assert response.status_code == 201, response.text
    return response.headers["Location"].removeprefix("/api/v1")


def send(client: Client, place: str, content: bytes, offset: int, **headers: str) -> httpx.Response:
    stated = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers}
    return client.request("PATCH", place, headers=stated, content=content)


def offset_of(client: Client, place: str) -> int:
    response = client.request("HEAD", place, headers=TUS)
    assert response.headers["Cache-Control"] == "no-store"
    return int(response.headers["Upload-Offset"])


def stored(settings: Settings, place: str) -> bytes:
    return settings.upload_path(place.rsplit("/", 1)[1]).read_bytes()


def test_a_file_arrives_in_parts(client: Client, settings: Settings) -> None:
    place = place_of(begin(client))
    half = len(CONTENT) // 2
    assert offset_of(client, place) == 0
    first = send(client, place, CONTENT[:half], 0)
    assert (first.status_code, first.headers["Upload-Offset"], first.headers["Tus-Resumable"]) == (
        204,
        str(half),
        "1.0.0",
    )
    assert offset_of(client, place) == half
    assert client.get(place).json()["is_complete"] is False
    assert send(client, place, CONTENT[half:], half).headers["Upload-Offset"] == str(len(CONTENT))
    (listed,) = client.get("/uploads").json()
    assert (listed["name"], listed["n_bytes"], listed["offset"], listed["is_complete"]) == (
        "movie.xyz", len(CONTENT), len(CONTENT), True,
    )  # fmt: skip
    assert stored(settings, place) == CONTENT
    assert client.request("DELETE", place, headers=TUS).status_code == 204
    assert client.request("HEAD", place, headers=TUS).status_code == 404
    assert list(settings.upload_path("x").parent.iterdir()) == []


def test_the_protocol_is_described(client: Client, settings: Settings) -> None:
    answer = client.request("OPTIONS", "/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Extension"].split(",") == ["creation", "termination", "checksum", "expiration"]
    assert answer.headers["Tus-Max-Size"] == str(settings.max_trajectory_bytes)


@pytest.mark.parametrize("offset", [0, 99, 101, 10**12])
def test_an_offset_that_lies_is_refused_and_nothing_is_kept(client: Client, settings: Settings, offset: int) -> None:
    place = place_of(begin(client))
    send(client, place, CONTENT[:100], 0)
    refused = send(client, place, b"x" * 50, offset)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_offset")
    assert refused.json()["params"] == {"offset": 100, "stated": offset}
    assert stored(settings, place) == CONTENT[:100]


def test_bytes_beyond_the_stated_length_are_refused(client: Client, settings: Settings) -> None:
    place = place_of(begin(client, 100))
    send(client, place, CONTENT[:60], 0)
    refused = send(client, place, CONTENT[:41], 60)
    assert (refused.status_code, refused.json()["code"]) == (413, "more_than_length")
    assert stored(settings, place) == CONTENT[:60]


def test_of_two_writers_one_is_refused(client: Client, settings: Settings) -> None:
    place = place_of(begin(client))
    upload_id = place.rsplit("/", 1)[1]
    writer = parts.Writer(settings.upload_path(upload_id), upload_id, 0, len(CONTENT), parts.Checksum(None))
    writer.write(CONTENT[:10])
    refused = send(client, place, CONTENT[:20], 0)
    assert (refused.status_code, refused.json()["code"]) == (423, "upload_locked")
    writer.close(is_whole=False)
    assert send(client, place, CONTENT[10:], 10).status_code == 204
    assert stored(settings, place) == CONTENT


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_part_with_a_checksum_is_kept_whole_or_not_at_all(client: Client, settings: Settings, algorithm: str) -> None:
    place = place_of(begin(client))
    digest = base64.b64encode(hashlib.new(algorithm, CONTENT[:500]).digest()).decode()
    damaged = send(client, place, CONTENT[:499] + b"!", 0, **{"Upload-Checksum": f"{algorithm} {digest}"})
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    assert offset_of(client, place) == 0
    assert send(client, place, CONTENT[:500], 0, **{"Upload-Checksum": f"{algorithm} {digest}"}).status_code == 204
    assert stored(settings, place) == CONTENT[:500]
    # A connection that is lost
    upload_id = place.rsplit("/", 1)[1]
    lost = parts.Checksum(f"{algorithm} {digest}")
    writer = parts.Writer(settings.upload_path(upload_id), upload_id, 500, len(CONTENT), lost)
    writer.write(CONTENT[:100])
    writer.close(is_whole=False)
    assert offset_of(client, place) == 500


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": "0.2"}, 412, "unknown_tus_version"),
        ({"Content-Type": "text/plain"}, 415, "not_offset_stream"),
        ({"Upload-Checksum": "crc32 AAAA"}, 400, "unknown_checksum"),
        ({"Upload-Checksum": "sha1 ???"}, 400, "unknown_checksum"),
        ({"Upload-Offset": "-1"}, 422, "invalid_fields"),
    ],
)
def test_wrong_headers(client: Client, headers: dict[str, str], status: int, code: str) -> None:
    place = place_of(begin(client))
    refused = send(client, place, b"x", 0, **headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert offset_of(client, place) == 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_TRAJECTORY", 1000), ("MAX_OWNER_UPLOADS", 1500), ("MAX_UPLOADS", 2000)):
        monkeypatch.setenv(f"BEAMCAST_{name}_BYTES", str(value))


@pytest.fixture
def settings_of_small(small: None, settings: Settings) -> Settings:
    return settings


def test_quotas(settings_of_small: Settings, client: Client) -> None:
    assert begin(client, 1001).json()["code"] == "too_many_bytes"
    place = place_of(begin(client, 1000))
    refused = begin(client, 501)
    assert (refused.status_code, refused.json()["code"], refused.json()["params"]["whose"]) == (
        413,
        "upload_quota",
        "owner",
    )
    with transaction(settings_of_small) as session:
        session.add(Upload(owner="another", name="a", n_bytes=600))
    refused = begin(client, 500)
    assert refused.json()["params"]["whose"] == "all"
    client.request("DELETE", place, headers=TUS)
    place_of(begin(client, 1000))


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_full_disk(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(begin(client))
    send(client, place, CONTENT[:100], 0)

    def write(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(parts.Writer, "write", write)
        assert send(client, place, CONTENT[100:], 100).status_code == 507
        full.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 0))
        assert begin(client).json()["code"] == "no_space_for_upload"
    assert send(client, place, CONTENT[100:], 100).status_code == 204
    assert stored(settings, place) == CONTENT


def test_a_server_that_stops_keeps_what_has_arrived(client: Client, app: FastAPI) -> None:
    place = place_of(begin(client))
    send(client, place, CONTENT[:100], 0)
    app.state.closing = True
    refused = send(client, place, CONTENT[100:], 100)
    assert (refused.status_code, refused.json()["code"]) == (503, "server_stops")
    app.state.closing = False
    assert offset_of(client, place) == 100
    assert send(client, place, CONTENT[100:], 100).status_code == 204


def test_unfinished_uploads_expire_and_a_part_renews_them(client: Client, settings: Settings) -> None:
    old, renewed = place_of(begin(client)), place_of(begin(client))
    with transaction(settings) as session:
        for row in session.exec(Upload.__table__.select()).all():  # type: ignore[attr-defined]
            session.get_one(Upload, row.id).touched_at = utc_now() - timedelta(hours=settings.upload_expires_h + 1)
    send(client, renewed, CONTENT[:1], 0)
    service.remove_expired(settings)
    assert client.request("HEAD", old, headers=TUS).status_code == 404
    assert offset_of(client, renewed) == 1
    assert len(list(settings.upload_path("x").parent.iterdir())) == 1


def test_uploads_of_others_are_not_found(client: Client, app: FastAPI, settings: Settings) -> None:
    place = place_of(begin(client))
    with transaction(settings) as session:
        for row in session.exec(Upload.__table__.select()).all():  # type: ignore[attr-defined]
            session.get_one(Upload, row.id).owner = "another"
    assert client.get(place).status_code == 404
    assert send(client, place, b"x", 0).status_code == 404
    assert client.request("DELETE", place, headers=TUS).status_code == 404
