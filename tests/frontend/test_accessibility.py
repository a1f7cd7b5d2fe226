"""Every page: no rule of accessibility broken, never wider than the screen, nothing on the console.

The pages are those of `frontend.routes.PAGES`: a page that is added is tested without a line here, unless its address
has a parameter that is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from frontend.routes import PAGES

from . import training as trainings
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
    "/help/method/index",
    "/help/operations",
    MISSING,
)
LOOKS = {
    f"{'dark' if dark else 'light'}-{size[0]}": (size, dark) for dark, size in product((False, True), (WIDE, PHONE))
}
FAST = ("light-1440", "dark-390")
"""Looks in which every page is tested by default, in one visit; tabs and other states of a page only in the second."""
CASES = [
    *(pytest.param(path, FAST) for path in FIRST),
    *(pytest.param(path, FAST[1:]) for path in MORE),
    *(pytest.param(path, [look for look in LOOKS if look not in FAST], marks=pytest.mark.slow) for path in FIRST),
    *(pytest.param(path, [look for look in LOOKS if look not in FAST[1:]], marks=pytest.mark.slow) for path in MORE),
]
BUSY = "() => !document.querySelector('[aria-busy=true]')"


@pytest.fixture(scope="module")
def ids(site: Site, crystal: CrystalSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the parameters of addresses stand for; `PAGE.id` is the parameter `id` of `/PAGE/{id}`."""
    proposal = create(site, settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}, {"instrument": "TOSCA"}])
    add(site, proposal, f"structures/{site.structure_id}", f"predictions/{site.harmonic_id}")
    training = trainings.trained(site, tmp_path_factory.mktemp("trained") / "made")
    yield {
        "training_id": training["id"],
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
    trainings.remove(site, training)


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


def look_again(page: Page, look: str) -> None:
    """Change the size of the window, then the theme, in which figures are drawn anew."""
    size, dark = LOOKS[look]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    if page.evaluate("document.documentElement.dataset.theme") != ("dark" if dark else "light"):
        page.locator("#theme-toggle").click()


@pytest.mark.parametrize(("path", "looks"), CASES)
def test_a_page_is_accessible(visit: Open, ids: dict[str, str], path: str, looks: Sequence[str]) -> None:
    size, dark = LOOKS[looks[0]]
    page = visit(filled_in(path, ids), size, dark=dark, refused=True)
    for look in looks:
        look_again(page, look)
        ready(page)

        found = violations(page)
        assert found == [], f"{look}: {targets(found)}"
        assert overflow(page) <= 0, look
    assert page.locator(".term[tabindex]").count() == 0, "terms are no Tab stops"
