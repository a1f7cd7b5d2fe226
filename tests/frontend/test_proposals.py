"""Pages of proposals as the server makes them."""

from __future__ import annotations

import re

import pytest

from frontend.contexts.proposals import describe_settings

from .conftest import Site, run
from .proposing import Proposal, create, share

PLAN = {"features_mev": [58, 60], "constraints": {"facilities": ["ISIS"], "beam_time_h": 48}}


@pytest.fixture
def proposal(site: Site) -> Proposal:
    return create(
        site,
        notes="\nWhy: <b>because</b>",
        sample={"geometry": "annulus", "mass_g": 4.2, "container": {"material": "vanadium", "wall_mm": 0.1}},
        settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}, {"instrument": "TOSCA"}],
        plan={**PLAN, "prediction_id": site.harmonic_id},
    )


def test_a_proposal_shows_its_items(site: Site, proposal: Proposal) -> None:
    page = site.fetch(f"/proposals/{proposal['id']}")

    assert page.status_code == 200
    assert "<title>Optical phonons · Beamcast</title>" in page.text
    for text in ("4.2 g", "58, 60 meV", "ISIS", "at most 48 h", "Incident energy 120 meV", "Vanadium, walls of 0.1 mm"):
        assert text in page.text, text
    # The first line break of a text area is not part of its value
    assert ">\n\nWhy: &lt;b&gt;because&lt;/b&gt;</textarea>" in page.text
    assert f'href="/forecast/{site.structure_id}?predictions={site.harmonic_id}"' in page.text
    assert f'href="/plan/{site.structure_id}?predictions={site.harmonic_id}"' in page.text
    assert f'href="/api/v1/proposals/{proposal["id"]}/export"' in page.text


def test_a_structure_is_removed_only_after_its_forecasts(site: Site, proposal: Proposal) -> None:
    def removable() -> set[str]:
        text = site.fetch(f"/proposals/{proposal['id']}").text
        return set(re.findall(r'data-path="/proposals/[\w-]+/(\w+)/[\w-]+"', text))

    assert removable() == {"predictions"}
    run(site.api.call("DELETE", f"/proposals/{proposal['id']}/predictions/{site.harmonic_id}"))
    assert removable() == {"structures"}


def test_what_is_kept_only_for_proposals_is_removed_after_a_question(site: Site, proposal: Proposal) -> None:
    structure = run(site.api.open_example("copper"))
    run(site.api.call("PUT", f"/proposals/{proposal['id']}/structures/{structure['id']}"))
    run(site.api.call("DELETE", f"/structures/{structure['id']}?in_proposals=keep"))

    buttons = re.findall(r"<button[^>]*>", site.fetch(f"/proposals/{proposal['id']}").text)

    questions = {
        path: question
        for button in buttons
        for path, question in re.findall(r'data-path="([^"]*)".*data-question="([^"]*)"', button, re.DOTALL)
    }
    assert questions[f"/proposals/{proposal['id']}/structures/{structure['id']}"] != ""
    assert questions[f"/proposals/{proposal['id']}/predictions/{site.harmonic_id}"] == ""
    run(site.api.call("DELETE", f"/proposals/{proposal['id']}/structures/{structure['id']}"))


def test_archived_proposals_have_a_list_of_their_own(site: Site, proposal: Proposal) -> None:
    link = f'href="/proposals/{proposal["id"]}"'

    assert link in site.fetch("/proposals").text
    run(site.api.call("POST", f"/proposals/{proposal['id']}/archive"))
    assert link not in site.fetch("/proposals").text
    assert link in site.fetch("/proposals?archived=true").text
    assert 'href="/proposals?archived=true"' in site.fetch("/proposals").text


def test_the_link_and_its_end_are_shown(site: Site, proposal: Proposal) -> None:
    path = share(site, proposal, days=30)

    page = site.fetch(f"/proposals/{proposal['id']}").text

    assert f'value="{path}"' in page
    assert "expires on" in page
    share(site, proposal, expires_at=None)
    assert "does not expire" in site.fetch(f"/proposals/{proposal['id']}").text


def test_empty_and_missing_proposals_say_so(site: Site) -> None:
    empty = create(site, name="Nothing yet")

    page = site.fetch(f"/proposals/{empty['id']}")

    assert "Add to proposal" in page.text
    assert re.search(r'<form[^>]*id="make-report" hidden>', page.text)
    assert site.fetch("/proposals/6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c").status_code == 404
    assert site.fetch("/proposals/none").status_code == 404


def test_settings_have_titles_and_units(site: Site) -> None:
    instruments = run(site.api.instruments())

    def described(instrument: str, **settings: object) -> str:
        return describe_settings([{"instrument": instrument, "settings": settings}], instruments)[0]["text"]

    assert described("MAPS", e_init=120.0, chopper_package="A") == "Incident energy 120 meV, Fermi chopper A"
    assert described("TOSCA") == "default settings"
    assert described("gone", x=1) == "x 1"
