"""Problem documents (RFC 9457): one exception class per HTTP status, and their OpenAPI `responses`."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, Self, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from starlette.exceptions import HTTPException

from backend import wording
from backend.kit.http.body_limits import size_refusal, too_many_bytes
from backend.wording.fields import field_message
from scattering.core.errors import (
    FieldError,
    InvalidFields,
    NotSimulated,
    ScatteringError,
    UnknownInstrument,
    field_error,
    notice_of,
)
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
"""Wrong fields in an answer; a request may have very many."""
RETRY_AFTER_S = 5
POSTGRESQL_DISK_FULL = "53100"
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of the system that mean a full disk, or a used-up quota."""


class FieldProblem(BaseModel):
    """A wrong field of the request."""

    loc: str = Field(examples=["settings.e_init"])
    msg: str = Field(examples=["Must be at most 2000."])
    code: str = Field(description="code of the error, for programs", examples=["less_than_equal"])
    params: dict[str, Any] = Field(description="parameters of the message", examples=[{"le": 2000}])

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> Self:
        """Return the body of a `scattering.core.errors.FieldError`."""
        notice = notice_of(cast(FieldError, error))
        return cls(loc=error["loc"], msg=wording.message(notice), code=notice.code, params=dict(notice.params))

    @classmethod
    def of_pydantic(cls, detail: Mapping[str, Any], loc: str) -> Self:
        """Return the body of one of pydantic's errors; with its code, or that of the error of our validator."""
        context = detail.get("ctx", {})
        raised = context.get("error")
        if isinstance(raised, ScatteringError):
            return cls.of(field_error(loc, raised.notice))
        params = _plain(context)
        return cls(
            loc=loc, msg=field_message(detail["type"], params, detail["msg"]), code=detail["type"], params=params
        )


class ProblemDocument(BaseModel):
    """Body of every error response (RFC 9457)."""

    type: str = Field(examples=["urn:beamcast:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="what is wrong, and what to do")
    code: str = Field(
        description="code of the error, for programs; `text`: only the detail states the error", examples=["text"]
    )
    params: dict[str, Any] = Field(description="parameters of the detail", examples=[{}])
    errors: list[FieldProblem] = Field(default_factory=list, description="wrong fields")


class Problem(Exception):
    """Base class of the reasons to refuse a request."""

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    title: ClassVar[str] = "Bad request"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, wrong: Notice | str, errors: Sequence[Mapping[str, Any] | FieldProblem] = ()) -> None:
        self.notice = wrong if isinstance(wrong, Notice) else Notice("text", {"text": wrong})
        self.detail = wording.message(self.notice)
        super().__init__(self.detail)
        self.errors = [
            error if isinstance(error, FieldProblem) else FieldProblem.of(error) for error in errors[:MAX_ERRORS]
        ]

    @classmethod
    def at(cls, loc: str, notice: Notice) -> Self:
        """Return the problem of a single wrong field."""
        return cls(notice, [field_error(loc, notice)])

    @classmethod
    def of_fields(cls, errors: Sequence[Mapping[str, Any] | FieldProblem]) -> Self:
        """Return the problem of one or several wrong fields."""
        problem = cls("", errors)
        stated = [one.model_dump() for one in problem.errors]
        return cls(Notice("invalid_fields", {"fields": stated}), problem.errors)

    def document(self) -> ProblemDocument:
        """Return the body of the response."""
        return _document(self.status, self.title, self.notice, self.errors)


class BadRequest(Problem):
    """The request cannot be read."""


class Unauthorized(Problem):
    """The access token is not valid: unknown, revoked or expired."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Unauthorized"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="Beamcast", error="invalid_token"'}


class NotSignedIn(Unauthorized):
    """Nobody is signed in, and no access token was sent."""

    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="Beamcast"'}


class Forbidden(Problem):
    """The request comes from a site or a user that may not send it."""

    status = HTTPStatus.FORBIDDEN
    title = "Forbidden"


class NotFound(Problem):
    """The item does not exist, or it belongs to somebody else."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"


class NotAcceptable(Problem):
    """None of the formats that the client accepts is available."""

    status = HTTPStatus.NOT_ACCEPTABLE
    title = "Not acceptable"


class Conflict(Problem):
    """The request is valid, but not possible in the present state."""

    status = HTTPStatus.CONFLICT
    title = "Conflict"


class TooLarge(Problem):
    """More bytes or atoms than this server accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Too large"

    @classmethod
    def than(cls, max_bytes: int) -> Self:
        """Return the problem of a file or a request of more than `max_bytes`."""
        return cls(too_many_bytes(max_bytes))


class UnsupportedMediaType(Problem):
    """The files are of a kind that is not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"


class RequestTimeout(Problem):
    """The request arrives too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT
    title = "Request timeout"
    # The rest of the body is not read
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class RangeNotSatisfiable(Problem):
    """The requested range lies outside the file."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    title = "Range not satisfiable"


class Gone(Problem):
    """A file of the item is lost or damaged on the server."""

    status = HTTPStatus.GONE
    title = "Lost"


class Unprocessable(Problem):
    """The request can be read, but asks for something impossible."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Unprocessable"


class Unavailable(Problem):
    """A service that the server needs does not answer at the moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Unavailable"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": str(RETRY_AFTER_S)}


class DiskFull(Problem):
    """The disk of the server is full."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    title = "Disk full"


@contextmanager
def not_found_at(loc: str) -> Iterator[None]:
    """Say of a row that is not found that a field of the request names it.

    Raises
    ------
    Unprocessable
        In place of NotFound.
    """
    try:
        yield
    except NotFound as error:
        raise Unprocessable.at(loc, error.notice) from error


def unprocessable(error: Exception) -> Unprocessable:
    """Return the problem for an error of the physics, with the wrong fields; return a problem unchanged."""
    if isinstance(error, Unprocessable):
        return error
    if isinstance(error, InvalidFields):
        return Unprocessable.of_fields(error.errors)
    if isinstance(error, UnknownInstrument):
        return Unprocessable.at("instrument", error.notice)
    return Unprocessable(error.notice if isinstance(error, ScatteringError) else str(error))


def responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route with these problems and those that every route may have."""
    by_status: dict[int | str, dict[str, Any]] = {}
    # What exists in the database may lack its files
    lost = (Gone,) if NotFound in problems else ()
    refusals: tuple[type[Problem], ...] = (*problems, *lost, Unprocessable)
    for problem in refusals:
        description = (problem.__doc__ or problem.title).strip()
        notice = Notice("text", {"text": description})
        example = _document(problem.status, problem.title, notice).model_dump(mode="json")
        by_status[int(problem.status)] = {
            "model": ProblemDocument,
            "description": description,
            "content": {MEDIA_TYPE: {"example": example}},
        }
    return by_status


def _document(status: int, title: str, notice: Notice, errors: Iterable[FieldProblem] = ()) -> ProblemDocument:
    slug = title.lower().replace(" ", "-")
    return ProblemDocument(
        type=f"urn:beamcast:problem:{slug}",
        title=title,
        status=int(status),
        detail=wording.message(notice),
        code=notice.code,
        params=dict(notice.params),
        errors=list(errors),
    )


def as_response(document: ProblemDocument, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem as an HTTP response."""
    return JSONResponse(
        document.model_dump(mode="json"), status_code=document.status, media_type=MEDIA_TYPE, headers=headers
    )


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context of a pydantic error as JSON values."""
    plain = (str, int, float, bool)
    return {name: value if isinstance(value, plain) else str(value) for name, value in context.items()}


def _location(loc: Sequence[object]) -> str:
    # Users do not need 'body'; they need 'query' and 'path'.
    parts = loc[1:] if len(loc) > 1 and loc[0] == "body" else loc
    return ".".join(str(part) for part in parts)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return as_response(error.document(), error.headers)


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [FieldProblem.of_pydantic(item, _location(item["loc"])) for item in error.errors()[:MAX_ERRORS]]
    notice = Notice("invalid_fields", {"fields": [field.model_dump() for field in fields]})
    return as_response(_document(422, Unprocessable.title, notice, fields))


async def _scattering(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NotSimulated):
        (wrong,) = error.errors
        return as_response(Conflict.at(wrong["loc"], notice_of(wrong)).document())
    return as_response(unprocessable(error).document())


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Problem):
        # FastAPI wraps what is raised while a body arrives
        return await _problem(request, error.__cause__)
    if isinstance(error.__cause__, OSError):
        return await _system(request, error.__cause__)
    phrase = HTTPStatus(error.status_code).phrase.capitalize()
    notice = Notice("text", {"text": str(error.detail)})
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == "Not Found":
        notice = Notice("unknown_address", {"path": request.url.path})
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        notice = Notice("method_not_allowed", {"method": request.method, "path": request.url.path})
    elif error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        refusal = size_refusal(request.app.state.settings, request.url.path, request.headers)
        return as_response(TooLarge(refusal).document())
    return as_response(_document(error.status_code, phrase, notice), error.headers)


async def _in_use(request: Request, error: Exception) -> JSONResponse:
    logger.info("refused by the database: %s %s: %s", request.method, request.url.path, error)
    return as_response(Conflict(Notice("in_use_or_repeated")).document())


async def _database_busy(request: Request, error: Exception) -> JSONResponse:
    logger.error("database: %s %s: %s", request.method, request.url.path, error)
    if isinstance(error, DBAPIError) and is_full_disk(error.orig):
        return await _problem(request, DiskFull(Notice("server_disk_full")))
    return await _problem(request, Unavailable(Notice("database_busy")))


async def _system(request: Request, error: Exception) -> JSONResponse:
    if not is_full_disk(error):
        return await _unexpected(request, error)
    logger.error("full disk: %s %s: %s", request.method, request.url.path, error)
    return await _problem(request, DiskFull(Notice("server_disk_full")))


def is_full_disk(error: BaseException | None) -> bool:
    """Return whether an error of the system, of SQLite or of PostgreSQL means a full disk."""
    if isinstance(error, OSError):
        return error.errno in FULL_DISK
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(error, "sqlstate", None) == POSTGRESQL_DISK_FULL


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected: %s %s", request.method, request.url.path, exc_info=error)
    return as_response(_document(500, "Internal server error", Notice("internal_error")))


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(ResponseValidationError, _unexpected)
    app.add_exception_handler(ScatteringError, _scattering)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(IntegrityError, _in_use)
    app.add_exception_handler(OperationalError, _database_busy)
    app.add_exception_handler(DatabaseTimeout, _database_busy)
    app.add_exception_handler(OSError, _system)
    app.add_exception_handler(Exception, _unexpected)
