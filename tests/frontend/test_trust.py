"""The badge beside a forecast's title, and what is said below the figures."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from frontend.client import Trust
from frontend.trust_badge import TOPICS, trust_badges, trust_panel, trusts_of

from .components import text
from .conftest import Site, run


def told(badge: str = "biased", *, quantum: str = "Nuclei move classically.") -> Trust:
    points = [{"topic": topic, "verdict": "good", "text": f"About {topic}."} for topic in (*TOPICS, "run")]
    for point in points:
        if point["topic"] == "quantum":
            point |= {"verdict": "poor", "text": quantum}
    answer: Any = {"badge": badge, "label": f"Label of {badge}", "headline": f"Headline of {badge}.", "points": points}
    return answer


def twins(site: Site) -> tuple[list[Any], dict[str, str]]:
    row: Any = run(site.api.prediction(site.md_id))
    rows = [row | {"id": "one"}, copy.deepcopy(row) | {"id": "two"}]
    return rows, {"one": "harmonic", "two": "MD"}


def test_what_holds_of_both_is_said_once(site: Site) -> None:
    rows, names = twins(site)
    trusts = {"one": told(quantum="Nuclei are quantum."), "two": told()}
    said = text(trust_panel(rows, names, trusts))
    assert said.count("Headline of biased.") == 1
    assert said.count("About potential.") == 1
    assert "Quantum effects (Harmonic). Nuclei are quantum." in said
    assert "Quantum effects (MD). Nuclei move classically." in said
    assert "serious limitation: " in said
    # Warnings are alike, too; the point about them would repeat them
    assert said.count("one mode is all there is") == 1
    assert "About run." not in said


def test_badges_name_their_predictions_where_these_differ(site: Site) -> None:
    rows, names = twins(site)
    (badge,) = trust_badges(rows, names, {"one": told(), "two": told()})
    assert badge.children == "Label of biased"
    both = trust_badges(rows, names, {"one": told("agrees"), "two": told("doubtful")})
    assert [one.children for one in both] == ["Harmonic: Label of agrees", "MD: Label of doubtful"]


def test_before_a_simulation_is_ready_only_what_is_known_is_told(site: Site) -> None:
    rows, names = twins(site)
    waiting = [row | {"status": "running", "warnings": []} for row in rows]
    assert run(trusts_of(site.api, waiting)) == {}
    said = text(trust_panel(waiting, names, {}))
    assert "More is told when a simulation is ready." in said
    assert "Instrument. " in said
    assert trust_badges(waiting, names, {}) == []


def test_the_api_tells_it(site: Site) -> None:
    for key in (site.harmonic_id, site.md_id):
        answer = run(site.api.trust(key))
        assert answer["badge"] == "unchecked"
        assert {point["topic"] for point in answer["points"]} == {*TOPICS, "run"}


@pytest.mark.e2e
def test_the_badge_leads_to_what_it_rests_on(site: Site, address: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/forecast/{site.structure_id}")
    badge = page.locator("#trust-badges a")
    # A browser's first page of a session takes its time
    expect(badge).to_have_count(1, timeout=60_000)
    # Played predictions found nothing that measured phonons could be compared with
    expect(badge).to_have_attribute("data-badge", "unchecked")
    expect(badge).to_contain_text("Not checked")
    expect(page.locator("#trust")).to_contain_text("Phonons of silicon were measured")
    expect(page.locator("#trust")).to_contain_text("one mode is all there is")
    # Figures that come later would move it
    page.locator("#spectrum-graph .scatterlayer .trace").first.wait_for(state="attached", timeout=60_000)
    badge.click()
    expect(page.locator("#trust .trust-headline").first).to_be_in_viewport()
    assert "#" not in page.url
    page.close()
