"""Every route of the API has a rule of scopes, and `read` stores nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from backend.accounts.rules import READING_POSTS, SCOPE_OF_CHANGES, required_scope
from backend.app import ROUTERS
from backend.kit.db import sessions

API = "/api/v1"
OPENAPI = Path(__file__).resolve().parents[2] / "docs/openapi.json"
ROUTES = [
    (method.upper(), path.removeprefix(API))
    for path, methods in json.loads(OPENAPI.read_text("utf-8"))["paths"].items()
    for method in methods
    if method in ("get", "head", "post", "put", "patch", "delete", "options")
]
CREATING = {
    "examples": "predict",
    "structures": "predict",
    "predictions": "predict",
    "sources": "predict",
    "datasets": "predict",
    "trainings": "predict",
    "label-sets": "predict",
    "uploads": "predict",
    "potentials": "predict",
    "models": "predict",
    "proposals": "propose",
}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_a_rule(method: str, path: str) -> None:
    needed = required_scope(method, path)
    if path.startswith("/tokens"):
        assert needed is None
    elif path == "/operations":
        assert needed == "operate"
    elif method in ("GET", "HEAD", "OPTIONS"):
        assert needed == "read"
    else:
        assert needed in ("read", "predict", "propose")


@pytest.mark.parametrize(("method", "path"), [one for one in ROUTES if one[0] in ("PUT", "PATCH", "DELETE")])
def test_read_changes_and_deletes_nothing(method: str, path: str) -> None:
    assert required_scope(method, path) != "read"


@pytest.mark.parametrize(("subject", "scope"), CREATING.items())
def test_read_creates_nothing(subject: str, scope: str) -> None:
    assert required_scope("POST", f"/{subject}") == scope


def test_rules_are_of_routes_that_exist() -> None:
    firsts = {path.split("/")[1] for _, path in ROUTES}
    assert set(SCOPE_OF_CHANGES) <= firsts
    posts = {(path.split("/")[1], path.split("/")[-1]) for method, path in ROUTES if method == "POST"}
    assert posts >= READING_POSTS


def test_an_address_without_a_rule_is_refused() -> None:
    assert required_scope("GET", "/invented") is None
    assert required_scope("POST", "/invented/estimate") is None


def test_post_of_the_scope_read_opens_no_transaction_that_writes() -> None:
    checked = 0
    for route in (one for router in ROUTERS for one in router.routes if isinstance(one, APIRoute)):
        if "POST" in (route.methods or ()) and required_scope("POST", route.path) == "read":
            checked += 1
            assert sessions._session not in set(_calls(route.dependant)), route.path
    assert checked > len(READING_POSTS) // 2


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for one in dependant.dependencies:
        yield from _calls(one)
