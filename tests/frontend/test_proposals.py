"""Proposals' pages as the server makes them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from frontend import proposals_client
from frontend.app import render
from frontend.proposal_parts import sample_facts, setting_words
from frontend.proposals_client import Proposal

from .components import by_id, text, walk
from .conftest import Site, run

PLAN = {"features_mev": [58, 60], "constraints": {"facilities": ["ISIS"], "beam_time_h": 48}}


@pytest.fixture
def proposal(site: Site) -> Proposal:
    body = {
        "name": "Optical phonons",
        "notes": "Why: <b>because</b>",
        "sample": {"geometry": "annulus", "mass_g": 4.2},
        "settings": [{"instrument": "MAPS", "settings": {"e_init": 120}}, {"instrument": "TOSCA"}],
        "plan": {**PLAN, "prediction_id": site.harmonic_id},
    }
    return run(proposals_client.create(site.api, body))


def hrefs(layout: Any) -> list[str]:
    return [component.href for component in walk(layout) if getattr(component, "href", None)]


def test_a_proposal_tells_what_is_in_it(site: Site, proposal: Proposal) -> None:
    title, layout = run(render(site.api, f"/proposals/{proposal['id']}", ""))
    assert title == "Optical phonons"
    assert by_id(layout, "proposal-notes").value == "Why: <b>because</b>"
    words = text(layout)
    for word in ("Silicon", "harmonic 300 K · ready", "4.2 g", "58, 60 meV", "ISIS", "48 h at most", "120 meV"):
        assert word in words, word
    assert f"/structures/{site.structure_id}" in hrefs(layout)
    assert f"/api/v1/proposals/{proposal['id']}/export" in hrefs(layout)
    assert by_id(layout, "make-report")
    # Its structure is there for its forecast, and cannot be taken out before it
    takes = [one.id["what"] for one in walk(layout) if isinstance(getattr(one, "id", None), dict) and "what" in one.id]
    assert "structures" not in takes
    assert {"predictions", "settings", "share", "archive", "duplicate", "proposal"} <= set(takes)


def test_lists_show_what_is_archived_apart(site: Site, proposal: Proposal) -> None:
    def links(search: str = "") -> list[str]:
        return hrefs(run(render(site.api, "/proposals", search))[1])

    path = f"/proposals/{proposal['id']}"
    assert path in links()
    assert path in hrefs(run(render(site.api, "/", ""))[1])
    run(proposals_client.act(site.api, proposal["id"], "archive"))
    assert path not in links()
    assert path in links("?archived=true")
    assert "/proposals?archived=true" in links()
    assert "not in the list" in text(run(render(site.api, path, ""))[1])


def test_readers_see_the_proposal_and_no_button_that_changes_it(site: Site, proposal: Proposal) -> None:
    path = run(proposals_client.act(site.api, proposal["id"], "share"))["path"]
    title, layout = run(render(site.api, path, ""))
    assert title == "Optical phonons"
    assert "Why: <b>because</b>" in text(layout)
    views = by_id(layout, "shared-context").data["views"]
    assert [view["instrument"] for view in views] == ["MAPS", "TOSCA"]
    assert {view["prediction_id"] for view in views} == {site.harmonic_id}
    assert not [one for one in walk(layout) if isinstance(getattr(one, "id", None), dict)]
    assert not [one for one in walk(layout) if type(one).__name__ in ("Button", "Textarea", "TextInput", "A")]
    run(proposals_client.revoke(site.api, proposal["id"]))
    assert "no longer shared" in text(run(render(site.api, path, ""))[1])


def test_search_engines_are_told_to_stay_away(site: Site) -> None:
    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(site.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get(path)

    shared = run(ask("/shared/anything"))
    assert (shared.status_code, shared.headers["x-robots-tag"]) == (200, "noindex")
    assert "x-robots-tag" not in run(ask("/proposals")).headers


def test_an_empty_proposal_says_what_to_do(site: Site) -> None:
    made = run(proposals_client.create(site.api, {"name": "Nothing yet"}))
    words = text(run(render(site.api, f"/proposals/{made['id']}", ""))[1])
    assert "Add to proposal" in words
    assert "once a forecast of a powder is ready" in words
    path = run(proposals_client.act(site.api, made["id"], "share"))["path"]
    assert "nothing in this proposal yet" in text(run(render(site.api, path, ""))[1])


def test_pages_offer_to_add_what_they_show(site: Site, proposal: Proposal) -> None:
    structure = run(render(site.api, f"/structures/{site.structure_id}", ""))[1]
    things = by_id(structure, "add-to-proposal-things").data["things"]
    assert things == [["structures", site.structure_id]]
    forecast = run(render(site.api, f"/forecast/{site.structure_id}", f"?predictions={site.md_id}"))[1]
    assert by_id(forecast, "add-to-proposal-things").data["things"] == [["predictions", site.md_id]]
    assert proposal["id"] in [one["value"] for one in by_id(forecast, "add-to-proposal").data]


def test_settings_and_samples_are_told_with_their_units(site: Site) -> None:
    instruments = {one["name"]: one for one in run(site.api.instruments())}
    said = setting_words({"instrument": "MAPS", "settings": {"e_init": 120.0, "chopper_package": "A"}}, instruments)
    assert said == "Incident energy 120 meV, Fermi chopper A"
    assert setting_words({"instrument": "TOSCA", "settings": {}}, instruments) == "as by default"
    assert setting_words({"instrument": "gone", "settings": {"x": 1}}, instruments) == "x 1"
    words = text(sample_facts({"container": {"material": "vanadium", "wall_mm": 0.1}, "packing": 0.6}))
    for word in ("10 % of the beam", "Vanadium, walls of 0.1 mm", "0.6"):
        assert word in words
    assert "None is described yet" in text(sample_facts(None))
