"""Every page: no rule of accessibility broken, never wider than the screen, nothing on the console.

The pages are those of `frontend.routes.PAGES`: a page that is added is tested without a line here, unless its address
has a parameter that is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from frontend.routes import PAGES

from .browsing import AXE, PHONE, WIDE, Open, overflow, violations
from .conftest import CrystalSite, Site, run
from .proposing import add, create, share

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: make lint, or npm ci"),
]

TABS = ("map", "data", "reliability", "files")
MISSING = "/forecast/00000000-0000-0000-0000-000000000000"
FIRST = tuple(page.path for page in PAGES)
MORE = (
    *(f"/forecast/{{structure_id}}?tab={tab}" for tab in TABS),
    "/forecast/{crystal_id}",
    "/proposals?archived=true",
    MISSING,
)
LOOKS = {
    f"{'dark' if dark else 'light'}-{size[0]}": (size, dark) for dark, size in product((False, True), (WIDE, PHONE))
}
FAST = {"light-1440": FIRST, "dark-390": (*FIRST, *MORE)}
CASES = [
    pytest.param(path, look, marks=() if path in FAST.get(look, ()) else pytest.mark.slow)
    for path, look in product((*FIRST, *MORE), LOOKS)
]
BUSY = "() => !document.querySelector('[aria-busy=true]')"


@pytest.fixture(scope="module")
def ids(site: Site, crystal: CrystalSite) -> Iterator[dict[str, str]]:
    """What the parameters of addresses stand for; `PAGE.id` is the parameter `id` of `/PAGE/{id}`."""
    proposal = create(site, settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}, {"instrument": "TOSCA"}])
    add(site, proposal, f"structures/{site.structure_id}", f"predictions/{site.harmonic_id}")
    yield {
        "structure_id": site.structure_id,
        "crystal_id": crystal.structure_id,
        "structures.id": site.structure_id,
        "forecast.id": site.structure_id,
        "plan.id": site.structure_id,
        "proposals.id": str(proposal["id"]),
        "help.page": "formats",
        "shared.token": share(site, proposal, expires_at=None).rpartition("/")[2],
    }
    run(site.api.call("DELETE", f"/proposals/{proposal['id']}"))


def filled_in(address: str, ids: dict[str, str]) -> str:
    """An address with its parameters."""

    def value(match: re.Match[str]) -> str:
        page = address.split("/")[1]
        name = match[1].partition(":")[0]
        found = ids.get(name) or ids.get(f"{page}.{name}")
        assert found is not None, f"{name} of {address} has no value in this test"
        return found

    return re.sub(r"\{([^}]+)\}", value, address)


def ready(page: Page) -> None:
    """Wait until nothing is fetched or drawn any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(BUSY)


def targets(found: list[Any]) -> str:
    return "\n".join(": ".join([rule, ", ".join(map(str, places))]) for rule, *places in found)


@pytest.mark.parametrize(("path", "look"), CASES)
def test_a_page_is_accessible(visit: Open, ids: dict[str, str], path: str, look: str) -> None:
    size, dark = LOOKS[look]

    page = visit(filled_in(path, ids), size, dark=dark, refused=True)
    ready(page)

    found = violations(page)
    assert found == [], targets(found)
    assert overflow(page) <= 0
    assert page.locator(".term[tabindex]").count() == 0, "terms are no Tab stops"
