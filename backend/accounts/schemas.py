"""Bodies of the routes of accounts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from backend.accounts.rules import TokenScope
from backend.kit.http.schemas import RequestBody, ResponseBody, one_line

Role = Literal["user", "operator"]
MAX_DAYS = 366


class MeOut(ResponseBody):
    """Who sends the request."""

    id: str = Field(description="owner of the rows; `local`: the one user of a server without accounts")
    name: str | None = Field(description="as the provider states it; null: not known")
    roles: list[Role]
    auth: Literal["none", "oidc"] = Field(description="how users of this server sign in")
    token_scopes: list[TokenScope] | None = Field(
        description="scopes of the token that the request carries; null: it carries none"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "local", "name": None, "roles": ["user", "operator"], "auth": "none", "token_scopes": None}
            ]
        }
    )


class TokenIn(RequestBody):
    """A new personal access token."""

    name: Annotated[str, StringConstraints(max_length=100), AfterValidator(one_line)]
    scopes: Annotated[list[TokenScope], Field(min_length=1, max_length=4)]
    expires_in_days: int = Field(ge=1, le=MAX_DAYS)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "analysis notebook", "scopes": ["read", "predict"], "expires_in_days": 90}]
        }
    )


class TokenOut(ResponseBody):
    """A personal access token, without its secret."""

    id: uuid.UUID
    name: str
    scopes: list[TokenScope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="to a minute; null: never")


class NewTokenOut(TokenOut):
    """A new personal access token, with its secret."""

    token: str = Field(description="for `Authorization: Bearer …`; shown in this answer only", examples=["bc_…_…"])
