"""Addresses of the pages: each fetches what it shows through the API and fills a template."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from frontend import context
from frontend.client import ApiClient, ApiProblem
from frontend.rendering import environment
from frontend.static_files import StaticFiles, mount as mount_static

log = logging.getLogger(__name__)

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes
    ----------
    path
        Its address, with parameters as in FastAPI.
    template
        Name of its template.
    context
        Function of a client of the API, the parameters of the path and those of the query that returns what the
        template shows.
    headers
        More headers of the response.
    """

    path: str
    template: str
    context: Callable[[ApiClient, Mapping[str, str], Mapping[str, str]], Awaitable[Context]]
    headers: Mapping[str, str] | None = None


PAGES: Final = (Page("/about", "about.html", context.about),)


def mount(app: FastAPI, files: StaticFiles) -> None:
    """Serve pages and static files. Register the routes of the API before."""
    mount_static(app, files)
    templates = environment(files)
    client = ApiClient(app)

    def render(template: str, values: Context, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
        html = templates.get_template(template).render(values)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})

    def route(page: Page) -> Callable[[Request], Awaitable[HTMLResponse]]:
        async def show(request: Request) -> HTMLResponse:
            user = client.as_user(request.cookies)
            try:
                values = await page.context(user, request.path_params, request.query_params)
            except ApiProblem as problem:
                return render("message.html", context.refused(problem), problem.status or 503, page.headers)
            except Exception:
                log.exception("the page %s failed", request.url.path)
                return render("message.html", context.broken(), 500, page.headers)
            return render(page.template, values, 200, page.headers)

        return show

    for page in PAGES:
        app.add_api_route(page.path, route(page), methods=["GET"], include_in_schema=False)
