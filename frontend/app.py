"""Mounts the pages on the API's application."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

from dash import Dash, Input, Output
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request, Response

from frontend import confirmation, proposal_menu, routes, shell, theme
from frontend.client import ApiClient, ApiProblem
from frontend.pages import forecast, missing
from frontend.session import of_user
from frontend.static_files import StaticFiles

log = logging.getLogger(__name__)

Layout = Callable[[ApiClient, dict[str, str], str], Awaitable[tuple[str, Any]]]

_ID = r"(?P<id>[0-9A-Za-z-]+)"
PAGES: tuple[tuple[re.Pattern[str], Layout], ...] = ((re.compile(rf"/forecast/{_ID}"), forecast.page),)


def find_page(path: str) -> tuple[Layout, dict[str, str]] | None:
    """Return the page that serves a path, with the parts of the path that it names."""
    clean = path.rstrip("/") or "/"
    for pattern, page in PAGES:
        match = pattern.fullmatch(clean)
        if match:
            return page, match.groupdict()
    return None


async def render(api: ApiClient, path: str, search: str) -> tuple[str, Any]:
    """Return a page's title and layout; what goes wrong becomes a page that says so."""
    found = find_page(path)
    if found is None:
        return missing.not_found(path)
    page, parts = found
    try:
        return await page(api, parts, search)
    except ApiProblem as problem:
        return missing.refused(problem)
    except Exception:
        log.exception("The page %s could not be made", path)
        return missing.broken()


def mount(app: FastAPI, cache: Path | None = None) -> Dash:
    """Serve the pages from the API's application.

    Every path that is neither the API's nor a page's answers 404 with the not-found page.

    Parameters
    ----------
    app
        The application that serves `/api/v1`; its own routes must be registered before.
    cache
        Folder of compressed static files, kept between starts.

    Returns
    -------
    Dash
        The page application, for `csp_script_hashes`.
    """
    files = StaticFiles(cache)
    routes.mount(app, files)
    if cache is not None:
        files.compress_library()
    dash_app = Dash(
        "beamcast",
        server=cast(Any, app),
        assets_folder=str(Path(__file__).parent / "assets"),
        # Loaded by the index itself, before anything is painted.
        assets_ignore=r"^early-",
        index_string=theme.INDEX,
        title="Beamcast",
        update_title=cast(Any, None),  # the title is the page's, also while it waits
        suppress_callback_exceptions=True,
        add_log_handler=False,
        use_pages=False,
        enable_mcp=False,
    )
    client = ApiClient(app)
    dash_app.layout = shell.layout()
    shell.register(dash_app)
    confirmation.register(dash_app)
    forecast.register(dash_app, client)
    proposal_menu.register(dash_app)
    _route(dash_app, client)
    _catch_all(app, dash_app)
    # Dash puts its assets together at the first request for "/".
    cast(Any, dash_app)._setup_server()
    return dash_app


def csp_script_hashes(dash_app: Dash) -> list[str]:
    """Return the hashes (`sha256-…`) of the inline scripts that the pages' index holds, for `script-src`.

    The pages need `script-src 'self'` with these hashes, `style-src 'self' 'unsafe-inline'` (Mantine and Plotly set
    styles), `img-src 'self' data: blob:` (heat maps, saved pictures), `font-src 'self' data:` and `connect-src 'self'`.
    """
    return [*(quoted.strip("'") for quoted in dash_app.csp_hashes()), *routes.script_hashes()]


def _route(dash_app: Dash, client: ApiClient) -> None:
    @dash_app.callback(
        Output("page", "children"),
        Output("page", "aria-busy"),
        Output("page-title", "data"),
        Input("location", "pathname"),
        Input("location", "search"),
    )
    async def show(path: str | None, search: str | None) -> Sequence[Any]:
        title, layout = await render(of_user(client), path or "/", search or "")
        return layout, "false", title


def _catch_all(app: FastAPI, dash_app: Dash) -> None:
    async def page(request: Request) -> Response:
        token = cast(Any, set_current_request)(request)
        try:
            html = cast(Any, dash_app).index()
        finally:
            cast(Any, reset_current_request)(token)
        status = 200 if find_page(request.url.path) else 404
        return Response(html, status_code=status, media_type="text/html")

    app.add_api_route("/{path:path}", page, methods=["GET"], include_in_schema=False)
