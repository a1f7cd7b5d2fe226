"""Protection against requests from foreign pages, and security headers.

A page on the internet can make the user's browser send requests to this server, with its cookies. Two checks stop it:
the `Host` must be a name of this server (against DNS rebinding), and a request that changes something must come from a
page of Beamcast.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.http.body_limits import max_body_bytes, size_refusal
from backend.kit.http.errors import BadRequest, Forbidden, Problem, TooLarge, as_response
from backend.kit.settings import Settings
from scattering.core.notices import Notice

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

CONTENT_SECURITY_POLICY = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
"""What is inline is allowed by its hash."""


def content_security_policy(
    script_hashes: tuple[str, ...] = (), style_hashes: tuple[str, ...] = (), form_targets: tuple[str, ...] = ()
) -> str:
    """Return the policy.

    Parameters
    ----------
    script_hashes, style_hashes
        Hashes (`sha256-…`) of the inline scripts and styles that it allows.
    form_targets
        Further origins to which forms may lead.
    """
    directives = {name: list(sources) for name, sources in CONTENT_SECURITY_POLICY.items()}
    directives["script-src"] += [f"'{script_hash}'" for script_hash in script_hashes]
    directives["form-action"] += form_targets
    if style_hashes:
        # Without this word, hashes allow elements but not attributes
        directives["style-src"] += ["'unsafe-hashes'", *(f"'{style_hash}'" for style_hash in style_hashes)]
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


class Guard:
    """Middleware that refuses requests from foreign pages, and adds the security headers to every response."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._any_host = "*" in settings.allowed_hosts
        self._settings = settings
        public = urlsplit(settings.public_url).hostname or settings.host
        self._hosts = {*LOOPBACK, *(host.lower() for host in (settings.host, public, *settings.allowed_hosts))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # There are no web sockets, and the lifespan has no headers
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _protect(MutableHeaders(scope=message), scope)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            await as_response(refusal.document())(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        if not self._any_host and _name(host) not in self._hosts:
            return BadRequest(Notice("unknown_host", {"host": host}))
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return BadRequest(Notice("invalid_content_length"))
        if int(length) > max_body_bytes(self._settings, path, headers):
            return TooLarge(size_refusal(self._settings, path, headers))
        if method in SAFE_METHODS:
            return None
        origin = headers.get("origin")
        elsewhere = origin is not None and _address(origin) != host.lower()
        # Newer browsers also send this header; programs send neither
        if elsewhere or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return Forbidden(Notice("request_of_other_site"))
        return None


def _address(origin: str) -> str | None:
    """Return the name and port of an origin; None if it is not one."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _protect(headers: MutableHeaders, scope: Scope) -> None:
    # The modules that mount pages and sign-in set what they need
    state = getattr(scope.get("app"), "state", None)
    allowed = (getattr(state, name, ()) for name in ("script_hashes", "style_hashes", "form_targets"))
    headers.setdefault("Content-Security-Policy", content_security_policy(*allowed))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
