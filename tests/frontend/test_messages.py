"""Pages without content: addresses that do not exist, refusals, errors of ours."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI

from backend.app import create_app
from frontend import routes
from frontend.client import ApiClient
from frontend.contexts.page import Context, Page, Query
from frontend.static_files import StaticFiles

from .conftest import Site

MISSING = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"


async def break_down(api: ApiClient, path: Query, query: Query) -> Context:
    raise ZeroDivisionError


@pytest.fixture(scope="module")
def alone(site: Site) -> Site:
    """The pages of templates and nothing else, with one that fails."""
    app: FastAPI = create_app(site.settings)
    pages = (*routes.PAGES, Page("/broken", "about.html", break_down))
    routes.mount(app, StaticFiles(), pages)
    return replace(site, app=app)


@pytest.mark.parametrize(
    "path", ["/nope", "/proposals/a/b", "/favicon.ico", "/proposals/none", f"/proposals/{MISSING}"]
)
def test_what_does_not_exist_is_404_and_a_page(alone: Site, path: str) -> None:
    answer = alone.fetch(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert 'href="/"' in answer.text
    assert "path." not in answer.text


@pytest.mark.parametrize(
    ("path", "way_on"),
    [
        (f"/structures/{MISSING}", "/"),
        (f"/forecast/{MISSING}", "/"),
        (f"/plan/{MISSING}", "/"),
        (f"/proposals/{MISSING}", "/proposals"),
        ("/proposals/none", "/proposals"),
        ("/help/none", "/help"),
    ],
)
def test_what_was_deleted_is_said_with_the_way_to_the_list_of_its_kind(alone: Site, path: str, way_on: str) -> None:
    answer = alone.fetch(path)

    assert answer.status_code == 404
    assert f'class="button" href="{way_on}"' in answer.text
    assert MISSING not in re.sub(r"<head>.*</head>", "", answer.text, flags=re.DOTALL)


def test_an_address_is_shown_as_text(alone: Site) -> None:
    assert "<b>" not in alone.fetch("/%3Cb%3E").text


def test_unknown_routes_of_the_api_and_its_own_pages_stay(alone: Site) -> None:
    api = alone.fetch("/api/v1/nope")
    assert (api.status_code, api.headers["content-type"]) == (404, "application/problem+json")
    assert alone.fetch("/docs").status_code == 200
    assert alone.fetch("/openapi.json").headers["content-type"] == "application/json"


def test_an_error_of_ours_is_a_page(alone: Site) -> None:
    answer = alone.fetch("/broken")

    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text


def test_a_broken_link_leads_readers_nowhere_else(alone: Site) -> None:
    answer = alone.fetch("/shared/anything")

    assert answer.status_code == 404
    assert "<nav" not in answer.text
