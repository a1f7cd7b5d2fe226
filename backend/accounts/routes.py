"""Routes of the user and of personal access tokens."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import get_args

from fastapi import APIRouter, Request, Response

from backend.accounts import service
from backend.accounts.rules import TOKEN_SCOPES
from backend.accounts.schemas import MeOut, NewTokenOut, Role, TokenIn, TokenOut
from backend.kit.db.owners import OwnerDep, RolesDep, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Conflict, Forbidden, NotFound, Unauthorized, responses
from backend.kit.http.pagination import Page, PagingDep

router = APIRouter(tags=["accounts"])


@router.get("/me", summary="Get the user who sends the request", responses=responses(Unauthorized, Forbidden))
async def get_me(owner: OwnerDep, roles: RolesDep, settings: SettingsDep, request: Request) -> MeOut:
    """Return the user, the roles, and the scopes of the token."""
    scopes = getattr(request.state, "token_scopes", None)
    return MeOut(
        id=owner,
        name=getattr(request.state, "user_name", None),
        roles=[one for one in get_args(Role) if one in roles],
        auth=settings.auth or "none",
        token_scopes=None if scopes is None else [one for one in TOKEN_SCOPES if one in scopes],
    )


@router.get("/tokens", summary="List your access tokens, newest first", responses=responses(Forbidden))
def list_tokens(scope: ScopeDep, paging: PagingDep) -> Page[TokenOut]:
    """Return one page of the personal access tokens, expired ones too. A token may not list tokens."""
    rows, total = service.page(scope, paging)
    return Page(items=[TokenOut.model_validate(row) for row in rows], total=total)


@router.post("/tokens", status_code=201, summary="Create an access token", responses=responses(Forbidden, Conflict))
def create_token(body: TokenIn, response: Response, scope: ScopeDep) -> NewTokenOut:
    """Create a personal access token. The answer shows it once: only its SHA-256 is stored.

    `read`: all GET requests, spectra, figures, plans and comparisons. `predict`: structures, data, potentials and
    forecasts. `propose`: proposals. `operate`: the state of the server, for operators. No token may create tokens.
    """
    row, token = service.create(scope, body.name, body.scopes, timedelta(days=body.expires_in_days))
    response.headers["Cache-Control"] = "no-store"
    return NewTokenOut(**TokenOut.model_validate(row).model_dump(), token=token)


@router.delete(
    "/tokens/{token_id}", status_code=204, summary="Revoke an access token", responses=responses(Forbidden, NotFound)
)
def revoke_token(token_id: uuid.UUID, scope: ScopeDep) -> None:
    """Revoke a personal access token; it is refused from now on."""
    service.revoke(scope, token_id)
