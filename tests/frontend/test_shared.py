"""The page of a shared proposal: read-only, from nothing but its link."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from frontend.client import ApiClient

from .browsing import PHONE, WIDE, Open, curves, overflow, violations
from .conftest import CrystalSite, Site, run
from .proposing import Proposal, add, create, share


@pytest.fixture
def proposal(site: Site) -> Proposal:
    made = create(
        site,
        notes="Why: <b>because</b>",
        sample={"mass_g": 4.2},
        settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}, {"instrument": "TOSCA"}],
        plan={"prediction_id": site.harmonic_id, "features_mev": [58], "energy_scale": 0.9},
    )
    add(site, made, f"predictions/{site.md_id}")
    return made


def figures(html: str) -> dict[str, Any]:
    found = re.search(r'id="page-data">(.*?)</script>', html)
    assert found is not None
    answer: dict[str, Any] = json.loads(found.group(1))
    return answer


def test_readers_see_the_proposal_and_nothing_that_changes_it(site: Site, proposal: Proposal) -> None:
    page = site.fetch(share(site, proposal, days=30))

    assert page.status_code == 200
    for text in ("Why: &lt;b&gt;because&lt;/b&gt;", "Incident energy 120 meV", "4.2 g", "expires on"):
        assert text in page.text, text
    views = figures(page.text)["powders"]
    assert figures(page.text)["crystals"] == []
    assert [(view["instrument"], view["prediction_id"]) for view in views] == [
        ("MAPS", site.harmonic_id), ("TOSCA", site.harmonic_id), ("MAPS", site.md_id), ("TOSCA", site.md_id),
    ]  # fmt: skip
    # What the plan states holds for its own forecast
    assert [view.get("energy_scale") for view in views] == [0.9, 0.9, None, None]
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    assert not re.findall(r"<(button|input|textarea|select|form|a)\b", main)


def test_without_settings_the_first_instruments_are_shown(site: Site) -> None:
    bare = create(site)
    add(site, bare, f"predictions/{site.harmonic_id}")

    views = figures(site.fetch(share(site, bare)).text)["powders"]

    assert [view["instrument"] for view in views] == ["TOSCA", "MAPS"]


def test_crystals_have_figures_of_their_own(site: Site, crystal: CrystalSite) -> None:
    made = create(site)
    add(site, made, f"predictions/{crystal.harmonic_id}", f"predictions/{crystal.powder_id}")

    found = figures(site.fetch(share(site, made)).text)

    assert {one["prediction_id"] for one in found["crystals"]} == {crystal.harmonic_id}
    assert {one["prediction_id"] for one in found["powders"]} == {crystal.powder_id}


def test_an_empty_proposal_says_so(site: Site) -> None:
    page = site.fetch(share(site, create(site)))

    assert page.status_code == 200
    assert "nothing in this proposal yet" in page.text


def test_search_engines_stay_away_and_a_revoked_link_is_404(site: Site, proposal: Proposal) -> None:
    path = share(site, proposal)
    assert site.fetch(path).headers["x-robots-tag"] == "noindex"
    run(site.api.call("DELETE", f"/proposals/{proposal['id']}/share"))

    for gone in (path, "/shared/anything"):
        answer = site.fetch(gone)
        assert (answer.status_code, answer.headers["x-robots-tag"]) == (404, "noindex")
    assert "x-robots-tag" not in site.fetch("/proposals").headers


def test_the_server_asks_only_what_the_link_opens(
    site: Site, proposal: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    call = ApiClient.call

    async def listen(self: ApiClient, method: str, path: str, **more: Any) -> Any:
        asked.append(path)
        return await call(self, method, path, **more)

    path = share(site, proposal)
    monkeypatch.setattr(ApiClient, "call", listen)

    assert site.fetch(path).status_code == 200
    assert {one.startswith(path) for one in asked} == {True}


@pytest.mark.e2e
def test_the_browser_asks_only_what_the_link_opens(
    chromium: Browser, address: str, site: Site, proposal: Proposal
) -> None:
    path = share(site, proposal)
    asked: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(address + path)

    page.locator("#spectrum .scatterlayer .trace").first.wait_for(state="attached", timeout=60_000)
    page.locator("#map .heatmaplayer image").first.wait_for(state="attached", timeout=60_000)
    # The same in the other theme
    with page.expect_response(lambda answer: answer.url.endswith("/figures")):
        page.get_by_role("button", name="Switch between light and dark").click()

    assert [one for one in asked if not one.startswith((path, "/static/", f"/api/v1{path}/"))] == []
    context.close()


@pytest.mark.e2e
@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_crystals_are_drawn_from_nothing_but_the_link(
    visit: Open, site: Site, crystal: CrystalSite, size: tuple[int, int], dark: bool
) -> None:
    made = create(site)
    add(site, made, f"predictions/{crystal.harmonic_id}", f"predictions/{crystal.md_id}")
    path = share(site, made)
    page = visit(path, size, dark=dark)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.reload()

    assert all(name.endswith(" · X") for name in curves(page, "Cuts at constant q"))
    expect(page.get_by_role("figure", name="Map along the path").locator(".heatmaplayer image")).to_be_attached()
    assert [one for one in asked if not one.startswith((path, "/static/", f"/api/v1{path}/"))] == []
    assert overflow(page) <= 0
    assert violations(page) == []
