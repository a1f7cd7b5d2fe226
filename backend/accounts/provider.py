"""The provider of OpenID Connect at which users sign in: code flow with PKCE, by Authlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from backend.accounts.sessions import Identity
from backend.kit.db.owners import OPERATOR, USER
from backend.kit.settings import Settings

METADATA: Final = "/.well-known/openid-configuration"
SIGNATURES: Final = frozenset({f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)})
"""Signatures of ID tokens that are accepted if the provider states them. None of them uses a shared secret."""
DEFAULT_SIGNATURE: Final = "RS256"
TIMEOUT_S: Final = 10.0
LEEWAY_S: Final = 60
"""Allowed difference between the clocks of the provider and of this server."""
MAX_SUBJECT: Final = 255


class SignInError(Exception):
    """The provider does not answer, or its answer is not valid. The message is for the log."""


class Provider:
    """The provider.

    Parameters
    ----------
    settings
        Of the server, with `oidc_…`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            server_metadata_url=settings.oidc_issuer.rstrip("/") + METADATA,
            client_kwargs={
                "scope": settings.oidc_scopes,
                "code_challenge_method": "S256",
                "timeout": TIMEOUT_S,
            },
        )

    async def begin(self, request: Request, redirect_uri: str) -> Response:
        """Return the redirect to the provider. Authlib keeps state, nonce and code verifier in `request.session`.

        Raises
        ------
        SignInError
        """
        try:
            await self._metadata()
            response: Response = await self._client.authorize_redirect(request, redirect_uri)
        except (AuthlibBaseError, httpx2.HTTPError, RuntimeError, ValueError) as error:
            raise SignInError(repr(error)) from error
        return response

    async def finish(self, request: Request) -> Identity:
        """Return the user whom the provider sends back, from a validated ID token.

        Raises
        ------
        SignInError
            The request belongs to no sign-in of this browser, or a token is not valid.
        """
        claims_options = {
            "iss": {"essential": True, "values": [self._settings.oidc_issuer]},
            "aud": {"essential": True, "values": [self._settings.oidc_client_id]},
        }
        try:
            await self._metadata()
            token = await self._client.authorize_access_token(request, claims_options=claims_options, leeway=LEEWAY_S)
        except (AuthlibBaseError, JoseError, httpx2.HTTPError, RuntimeError, ValueError, TypeError, KeyError) as error:
            raise SignInError(repr(error)) from error
        claims = token.get("userinfo")
        if not claims:
            raise SignInError("the answer has no ID token")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
            raise SignInError("the subject is not a text of at most 255 characters")
        return Identity(
            issuer=self._settings.oidc_issuer,
            subject=subject,
            name=_text(claims, "name", 200) or _text(claims, "preferred_username", 200),
            email=_text(claims, "email", 320),
            roles=self._roles(claims),
            id_token=token["id_token"],
        )

    async def logout_address(self, id_token: str, back: str) -> str | None:
        """Return the address at which the provider ends its own session; None if it has none, or does not answer."""
        try:
            metadata = await self._metadata()
            if not metadata.get("end_session_endpoint"):
                return None
            answer = await self._client.create_logout_url(
                post_logout_redirect_uri=back, id_token_hint=id_token, client_id=self._settings.oidc_client_id
            )
        except (AuthlibBaseError, httpx2.HTTPError, RuntimeError, ValueError, SignInError):
            return None
        return str(answer["url"])

    async def _metadata(self) -> dict[str, Any]:
        """Return the metadata of the provider, with the signatures that are accepted.

        Raises
        ------
        SignInError
            They are of another issuer.
        """
        metadata: dict[str, Any] = await self._client.load_server_metadata()
        if metadata.get("issuer") != self._settings.oidc_issuer:
            raise SignInError(f"the issuer of the metadata is {metadata.get('issuer')!r}")
        stated = metadata.get("id_token_signing_alg_values_supported") or [DEFAULT_SIGNATURE]
        # Authlib takes an empty list for the default
        metadata["id_token_signing_alg_values_supported"] = [one for one in stated if one in SIGNATURES]
        return metadata

    def _roles(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        values = _values(claims, self._settings.oidc_roles_claim)
        return (USER, OPERATOR) if values.intersection(self._settings.oidc_operators) else (USER,)


def _text(claims: Mapping[str, Any], name: str, length: int) -> str:
    value = claims.get(name)
    return " ".join(value.split())[:length] if isinstance(value, str) else ""


def _values(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return the texts of a claim: one text, or a list of them. A claim whose own name has dots comes first."""
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    texts = value if isinstance(value, list) else [value]
    return frozenset(one for one in texts if isinstance(one, str))
