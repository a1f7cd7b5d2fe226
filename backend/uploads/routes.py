"""Resumable uploads over HTTP: tus 1.0 with creation, termination, checksum and expiration.

Reference: https://tus.io/protocols/resumable-upload
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import AsyncIterator, Mapping
from email.utils import format_datetime
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from backend.kit.db.database import transaction
from backend.kit.db.owners import OwnerDep, Scope, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.body_limits import OFFSET_STREAM
from backend.kit.http.errors import (
    BadRequest,
    Conflict,
    DiskFull,
    NotFound,
    Problem,
    RequestTimeout,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
    responses,
)
from backend.kit.http.uploads import SILENCE_S, too_slow
from backend.kit.settings import Settings
from backend.uploads import service
from backend.uploads.parts import ALGORITHMS, Checksum, ChecksumMismatch, Locked, Writer
from backend.uploads.schemas import UploadOut
from backend.uploads.tables import Upload
from scattering.core.notices import Notice

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum,expiration"
MAX_METADATA: Final = 20
WRITE_BYTES: Final = 4 * 1024**2
"""Bytes that are collected before they are written."""
LOOK_EVERY_S: Final = 0.5
"""Time in which a silent request notices that the server stops."""
WHOLE: Final = r"^[0-9]{1,15}$"

router = APIRouter(prefix="/uploads", tags=["uploads"])


class UnknownVersion(Problem):
    """The client speaks another version of the protocol."""

    status = 412
    title = "Unknown protocol version"
    headers: Mapping[str, str] = {"Tus-Version": VERSION}  # type: ignore[misc]


VersionHeader = Annotated[str | None, Header(alias="Tus-Resumable", description=f"`{VERSION}`")]
LengthHeader = Annotated[str, Header(alias="Upload-Length", pattern=WHOLE, description="length of the whole file")]
OffsetHeader = Annotated[str, Header(alias="Upload-Offset", pattern=WHOLE, description="bytes that have arrived")]


@router.options("", summary="Describe the protocol of resumable uploads", status_code=204, responses=responses())
def describe_protocol(settings: SettingsDep) -> Response:
    """Return the versions and extensions of tus that the server speaks, and the largest file, as headers."""
    return _answer(
        204,
        {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.max_trajectory_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post(
    "",
    status_code=201,
    summary="Begin a resumable upload",
    responses=responses(TooLarge, BadRequest, DiskFull, UnknownVersion),
)
def create_upload(
    request: Request,
    scope: ScopeDep,
    length: LengthHeader,
    version: VersionHeader = None,
    metadata: Annotated[
        str | None, Header(alias="Upload-Metadata", max_length=4096, description="`filename` and its name in base64")
    ] = None,
) -> Response:
    """Begin the upload of a large file, and return its address as `Location`. `PATCH` sends its parts there.

    The id of the finished upload takes the place of a file in `POST /sources` (`uploads`).
    """
    _check_version(version)
    row = service.create(scope, int(length), _metadata(metadata))
    place = f"{request.url.path.rstrip('/')}/{row.id}"
    return _answer(201, {"Location": place, **_expiry(scope.settings, row)})


@router.get("", summary="List resumable uploads, newest first", responses=responses())
def list_uploads(scope: ScopeDep) -> list[UploadOut]:
    """Return the uploads that no source has used yet."""
    return [UploadOut.of(scope.settings, row) for row in service.unfinished(scope)]


@router.head("/{upload_id}", summary="Get the offset of an upload", responses=responses(NotFound))
def get_offset(upload_id: uuid.UUID, scope: ScopeDep) -> Response:
    """Return the number of bytes that have arrived, as `Upload-Offset`: a client continues there."""
    row = service.get(scope, upload_id)
    offset = service.offset(scope.settings, row)
    return _answer(
        200,
        {
            "Upload-Offset": str(offset),
            "Upload-Length": str(row.n_bytes),
            "Cache-Control": "no-store",
            **_expiry(scope.settings, row),
        },
    )


@router.get("/{upload_id}", summary="Get a resumable upload", responses=responses(NotFound))
def get_upload(upload_id: uuid.UUID, scope: ScopeDep) -> UploadOut:
    """Return the state of an upload."""
    return UploadOut.of(scope.settings, service.get(scope, upload_id))


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Append a part to an upload",
    responses=responses(
        NotFound, Conflict, TooLarge, UnsupportedMediaType, BadRequest, RequestTimeout, DiskFull, Locked,
        ChecksumMismatch, UnknownVersion, Unavailable,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {OFFSET_STREAM: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)  # fmt: skip
async def append_part(
    upload_id: uuid.UUID,
    request: Request,
    settings: SettingsDep,
    owner: OwnerDep,
    offset: OffsetHeader,
    version: VersionHeader = None,
    checksum: Annotated[
        str | None,
        Header(alias="Upload-Checksum", max_length=200, description="algorithm, and checksum of the part in base64"),
    ] = None,
) -> Response:
    """Append bytes at `Upload-Offset`, which must be where the upload ends; return the new offset.

    Bytes that have arrived before a connection is lost are kept, unless the part has a checksum.
    """
    _check_version(version)
    if request.headers.get("content-type", "").lower() != OFFSET_STREAM:
        raise UnsupportedMediaType(Notice("not_offset_stream", {"media_type": OFFSET_STREAM}))

    def begin() -> Writer:
        # A short transaction: the part may arrive for hours
        with transaction(settings, reading=True) as session:
            row = Scope(session, owner).get_own(Upload, upload_id, service.NOUN)
        return Writer(settings.upload_path(row.id), row.id, int(offset), row.n_bytes, Checksum(checksum))

    writer = await anyio.to_thread.run_sync(begin)
    is_whole = False
    try:
        await _receive(request, writer)
        is_whole = True
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(lambda: writer.close(is_whole=is_whole))
            row = await anyio.to_thread.run_sync(service.touch, settings, owner, upload_id)
    return _answer(204, {"Upload-Offset": str(writer.offset), **_expiry(settings, row)})


async def _receive(request: Request, writer: Writer) -> None:
    """Write the body of a request as it arrives."""
    waiting = bytearray()
    try:
        async for part in _parts(request):
            waiting += part
            if len(waiting) >= WRITE_BYTES:
                await anyio.to_thread.run_sync(writer.write, bytes(waiting))
                waiting.clear()
    finally:
        if waiting:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(writer.write, bytes(waiting))


async def _parts(request: Request) -> AsyncIterator[bytes]:
    """Yield the body of a request as it arrives.

    Raises
    ------
    RequestTimeout
        Nothing arrives.
    Unavailable
        The server stops: the client continues when it is back.
    """
    arrived_at = anyio.current_time()
    while not request.app.state.closing:
        with anyio.move_on_after(LOOK_EVERY_S) as look:
            message = await request.receive()
        if look.cancelled_caught:
            if anyio.current_time() - arrived_at > SILENCE_S:
                raise too_slow()
            continue
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        arrived_at = anyio.current_time()
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
    raise Unavailable(Notice("server_stops"))


@router.delete("/{upload_id}", status_code=204, summary="Delete an upload", responses=responses(NotFound))
def delete_upload(upload_id: uuid.UUID, scope: ScopeDep, version: VersionHeader = None) -> Response:
    """Delete an upload with the bytes that have arrived."""
    service.delete(scope, upload_id)
    return _answer(204, {})


def _check_version(version: str | None) -> None:
    if version != VERSION:
        raise UnknownVersion(Notice("unknown_tus_version", {"version": VERSION}))


def _metadata(text: str | None) -> dict[str, str]:
    """Return the metadata of a client: pairs of a name and a text in base64."""
    found = {}
    for pair in filter(None, (one.strip() for one in (text or "").split(","))):
        name, _, encoded = pair.partition(" ")
        try:
            found[name] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BadRequest(Notice("unreadable_metadata")) from None
    if len(found) > MAX_METADATA:
        raise BadRequest(Notice("unreadable_metadata"))
    return found


def _expiry(settings: Settings, row: Upload) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(service.expires_at(settings, row), usegmt=True)}


def _answer(status: int, headers: Mapping[str, str]) -> Response:
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, **headers})
