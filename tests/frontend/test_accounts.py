"""Pages of a server with accounts: whom they greet, where they send nobody, and how the sign-out is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from backend.app import create_app
from frontend import routes
from frontend.static_files import StaticFiles
from tests.backend.signing_in import PUBLIC_URL, Browser, with_accounts

from .conftest import Site
from .proposing import add, create, share

SIGN_OUT = '<form class="user" method="post" action="/sign-out">'


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="module")
def accounts(site: Site) -> Site:
    """The site, with accounts."""
    settings = with_accounts(site.settings, "https://issuer.test")
    app = create_app(settings)
    routes.mount(app, StaticFiles())
    return replace(site, settings=settings, app=app)


def test_a_page_is_its_users(accounts: Site, portal: BlockingPortal) -> None:
    ann = Browser(portal, accounts.app)
    ann.hold_session(accounts.settings, "ann<b>")
    page = ann.get("/")
    assert page.status_code == 200
    assert SIGN_OUT in page.text
    assert "Ann&lt;B&gt;" in page.text
    # A structure of the local user
    assert ann.get(f"/structures/{accounts.structure_id}").status_code == 404
    for path in ("/potentials", "/compare", "/proposals", "/help", "/about", "/docs"):
        assert ann.get(path, follow_redirects=True).status_code == 200, path
    operations = ann.get("/operations")
    assert operations.status_code == 403


def test_pages_ask_the_api_for_estimates_as_their_user(accounts: Site, portal: BlockingPortal) -> None:
    ann = Browser(portal, accounts.app)
    ann.hold_session(accounts.settings, "ann")
    made = ann.post("/api/v1/examples/silicon")
    assert made.status_code == 201
    for page in ("structures", "train"):
        assert ann.get(f"/{page}/{made.json()['id']}").status_code == 200, page
    bob = Browser(portal, accounts.app)
    bob.hold_session(accounts.settings, "bob")
    assert bob.get(f"/structures/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize("query", ["", "?reason=refused", "?reason=unavailable", "?reason=another"])
def test_who_is_signed_out_can_sign_in_again(accounts: Site, portal: BlockingPortal, query: str) -> None:
    page = Browser(portal, accounts.app).get(f"/signed-out{query}")
    assert page.status_code == 200
    assert '<a class="button" href="/">Sign in</a>' in page.text
    assert SIGN_OUT not in page.text
    assert "/proposals" not in page.text


def test_a_shared_proposal_opens_for_nobody(site: Site, accounts: Site, portal: BlockingPortal) -> None:
    proposal = create(site, settings=[{"instrument": "TOSCA"}])
    add(site, proposal, f"structures/{site.structure_id}")
    address = share(site, proposal)
    nobody = Browser(portal, accounts.app)
    page = nobody.get(address.removeprefix(PUBLIC_URL))
    assert page.status_code == 200
    assert SIGN_OUT not in page.text


def test_without_accounts_nobody_is_named(site: Site) -> None:
    assert SIGN_OUT not in site.fetch("/").text
