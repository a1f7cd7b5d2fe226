"""Idempotency: a POST that is repeated with the same `Idempotency-Key` creates only one resource.

The key is stored in the same transaction as the resource, so either both exist or neither.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from backend.kit.db.columns import Owned
from backend.kit.db.owners import Scope, ScopeDep
from backend.kit.http.errors import Unprocessable
from scattering.core.notices import Notice


class IdempotencyKey(Owned, table=True):
    """A used key, and the resource that its request created."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    key: str = Field(max_length=255)
    request: str = Field(max_length=64, description="fingerprint of route and body")
    resource_id: uuid.UUID


class HasId(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> uuid.UUID: ...


Made = TypeVar("Made", bound=HasId)


def fingerprint(*parts: BaseModel | bytes | str | None) -> str:
    """Return a fingerprint that is the same for equal request bodies."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, BaseModel):
            part = json.dumps(part.model_dump(mode="json"), sort_keys=True)
        data = part.encode() if isinstance(part, str) else part or b""
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


class Once:
    """Creates a resource, unless an earlier request with the same key created it."""

    def __init__(self, scope: Scope, key: str | None, route: str) -> None:
        self._scope = scope
        self._key = key
        self._route = route

    def __call__(self, body: str, make: Callable[[], Made], load: Callable[[uuid.UUID], Made]) -> Made:
        """Return the resource that `make` creates, or that it created for the same key.

        Parameters
        ----------
        body
            `fingerprint` of the request.
        make
            Creates the resource; called at most once for a key.
        load
            Finds the resource of an earlier call by its id.

        Raises
        ------
        Unprocessable
            The key was used for another request.
        """
        if self._key is None:
            return make()
        request = fingerprint(self._route, body)
        statement = self._scope.select(IdempotencyKey).where(IdempotencyKey.key == self._key)
        earlier = self._scope.session.exec(statement).first()
        if earlier is not None:
            if earlier.request != request:
                raise Unprocessable(Notice("idempotency_key_used"))
            return load(earlier.resource_id)
        made = make()
        self._scope.add(IdempotencyKey(key=self._key, request=request, resource_id=made.id))
        return made


def _once(
    request: Request,
    scope: ScopeDep,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="a repeated request with the same key creates nothing again"),
    ] = None,
) -> Once:
    return Once(scope, idempotency_key, f"{request.method} {request.url.path}")


OnceDep = Annotated[Once, Depends(_once)]
