"""Addresses of the pages: each fetches what it shows through the API and fills a template."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import brotli
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from frontend import policy
from frontend.client import ApiClient, ApiProblem
from frontend.contexts import (
    about,
    compare,
    forecast,
    guide,
    landing,
    messages,
    operations,
    plan,
    potentials,
    proposals,
    shared,
    structure,
    train,
    training,
)
from frontend.contexts.page import Context, Page
from frontend.rendering import environment
from frontend.static_files import StaticFiles
from frontend.static_files import mount as mount_static

log = logging.getLogger(__name__)

PAGES: Final[tuple[Page, ...]] = (
    landing.PAGE,
    structure.PAGE,
    forecast.PAGE,
    plan.PAGE,
    train.PAGE,
    training.PAGE,
    potentials.PAGE,
    compare.PAGE,
    proposals.LIST,
    proposals.PAGE,
    shared.PAGE,
    operations.PAGE,
    guide.FIRST,
    guide.PAGE,
    about.PAGE,
    messages.SIGNED_OUT_PAGE,
)
BROTLI_QUALITY: Final = 5
"""A page of 100 kB takes about 2 ms."""


def mount(app: FastAPI, files: StaticFiles, pages: tuple[Page, ...] = PAGES) -> None:
    """Serve pages and static files. All other addresses are answered with the page that says so.

    Register the routes of the API before: nothing can be registered after this.
    """
    mount_static(app, files)
    templates = environment(files)
    client = ApiClient(app)

    def render(request: Request, template: str, values: Context, status: int, *, indexed: bool = True) -> Response:
        html = templates.get_template(template).render(
            {"here": request.url.path, "user_name": getattr(request.state, "user_name", None), **values}
        )
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        if not indexed:
            headers["X-Robots-Tag"] = "noindex"
        body, encoding = _compress(html.encode(), request.headers.get("accept-encoding", ""))
        if encoding:
            headers["Content-Encoding"] = encoding
        return HTMLResponse(body, status_code=status, headers=headers)

    def route(page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            user = client.as_user(request.cookies)
            try:
                values = await page.context(user, request.path_params, request.query_params)
            except ApiProblem as problem:
                status, values = messages.refused(problem, request.url.path)
                return render(request, "message.html", values, status, indexed=page.indexed)
            except Exception:
                log.exception("the page %s failed", request.url.path)
                return render(request, "message.html", messages.broken(), 500, indexed=page.indexed)
            return render(request, page.template, values, 200, indexed=page.indexed)

        return show

    for page in pages:
        for path in (page.path, *([f"{page.path}/"] if page.path != "/" else [])):
            app.add_api_route(path, route(page), methods=["GET"], include_in_schema=False)

    async def unknown(request: Request) -> Response:
        return render(request, "message.html", messages.not_found(request.url.path), 404)

    app.add_api_route("/{path:path}", unknown, methods=["GET"], include_in_schema=False)
    app.state.script_hashes = policy.script_hashes()
    app.state.style_hashes = policy.style_hashes()


def _compress(body: bytes, accepted: str) -> tuple[bytes, str | None]:
    if "br" in accepted:
        return brotli.compress(body, quality=BROTLI_QUALITY), "br"
    if "gzip" in accepted:
        return gzip.compress(body, 5), "gzip"
    return body, None
