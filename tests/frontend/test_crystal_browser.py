"""Single crystals in a real browser: a branch at 60 meV (58 in the dynamics, whose waves end at X) in three zones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .browsing import PHONE, WIDE, Open
from .conftest import CrystalSite
from .test_browser import drawn, position

# Into every corner; that it works at all is seen by tests/e2e and test_browser.py
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROWS = """id => (document.querySelector('#' + id + '-graph .js-plotly-plot')?._fullData ?? [])
    .filter(trace => trace.type === 'heatmap').map(trace => trace.z.length)"""


def crystal_path(crystal: CrystalSite, more: str = "") -> str:
    predictions = f"{crystal.harmonic_id},{crystal.md_id}"
    return f"/forecast/{crystal.structure_id}?predictions={predictions}&instruments=ARCS&ARCS.e_init=100{more}"


def switch(page: Page, name: str) -> Locator:
    return page.locator(f"input[id*='\"{name}\"']")


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_the_page_fits_the_screen(visit: Open, crystal: CrystalSite, size: tuple[int, int], dark: bool) -> None:
    page = visit(crystal_path(crystal), size, dark=dark)
    drawn(page)
    page.locator("#zones-graph .heatmaplayer image").wait_for(state="attached")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_map_cut_and_zones_show_the_branch(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal))
    curves = drawn(page)
    # Both have X, the first point beyond Γ
    assert set(curves) == {"ARCS, harmonic · X", "ARCS, MD · X"}
    assert position(curves["ARCS, harmonic · X"]) == pytest.approx(60.0, abs=0.5)
    assert position(curves["ARCS, MD · X"]) == pytest.approx(58.0, abs=0.5)
    expect(page.locator("#map-graph .gtitle")).to_have_text("ARCS, MD")
    expect(page.locator("#map-graph .xtick text").last).to_have_text("W")
    expect(page.locator("#zones-graph .gtitle")).to_have_text("ARCS, MD · X")
    assert page.evaluate(ROWS, "zones") == [3]
    expect(page.locator("#spectrum-note")).to_contain_text("from 2 runs")


def test_the_zones_are_listed_by_their_distance(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal))
    drawn(page)
    select = page.get_by_label("Brillouin zone").first
    expect(select).to_have_value("Average over 3 zones")
    expect(page.get_by_label("Special point of the cut").first).to_have_value("First beyond Γ: X")
    select.click()
    options = page.get_by_role("option").all_inner_texts()
    # |X + G| of 1, 3 and 5 times 2π/a, a = 5.43 Å
    assert options[1:] == ["0 0 0 (1.16 Å⁻¹)", "2 2 0 (3.47 Å⁻¹)", "0 0 4 (5.79 Å⁻¹)"]
    page.get_by_role("option", name="0 0 4").click()
    page.wait_for_url("**zone=0,0,4*")
    expect(page.locator("#map-graph .gtitle")).to_have_text("ARCS, MD, zone 0 0 4")
    # Zone by zone shows all of them all the same
    assert page.evaluate(ROWS, "zones") == [3]


def test_a_point_that_the_box_lacks_leaves_the_dynamics_out(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal))
    drawn(page)
    page.get_by_label("Special point of the cut").first.click()
    page.get_by_role("option", name="W", exact=True).click()
    page.wait_for_url("**point=W*")
    expect(page.locator("#spectrum-note")).to_contain_text("MD has no wave at W: not shown.")
    expect(page.locator("#spectrum-graph .legend")).to_have_text("ARCS, harmonic · W")
    expect(page.locator("#map-graph .gtitle")).to_have_text("ARCS, MD")


def test_what_is_set_stands_in_the_address(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&zone=2,2,0"))
    before = drawn(page)["ARCS, harmonic, zone 2 2 0 · X"][1].max()
    switch(page, "divide_q_squared").uncheck(force=True)
    page.wait_for_url("**divide_q_squared=0*")
    # |X + G|² is no longer divided out
    page.wait_for_function(
        """top => document.querySelector('#spectrum-graph .js-plotly-plot')._fullData
            .some(trace => trace.showlegend && Math.abs(Math.max(...trace.y) / top - 1) < 0.01)""",
        arg=float(before) * 9 * (2 * 3.14159265 / 5.43) ** 2,
    )
    switch(page, "times_energy_squared").check(force=True)
    expect(page.locator("#spectrum-graph .ytitle")).to_contain_text("meV²")
    switch(page, "dispersion").uncheck(force=True)
    page.wait_for_url("**dispersion=0*")
    expect(page.locator("#map-graph .scatterlayer .trace")).to_have_count(0)
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    assert "ARCS, harmonic, zone 2 2 0 · X" in drawn(again)
    expect(again.locator("#spectrum-graph .ytitle")).to_contain_text("meV²")


def test_powder_and_single_crystal_are_one_click_apart(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&energy_min=5"))
    drawn(page)
    page.wait_for_function("() => document.getElementById('other-sampling').href.includes('energy_min=5')")
    page.locator("#other-sampling").click()
    page.wait_for_url(f"**predictions={crystal.powder_id}*")
    expect(page.locator("#banks")).to_be_attached()
    expect(page.locator("#zones")).to_have_count(0)
    assert set(drawn(page)) == {"ARCS, harmonic"}
    assert page.locator("#setting-ARCS-e_init .mantine-NumberInput-input").input_value() == "100 meV"


def test_the_cut_is_downloaded_as_seen(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&point=W"))
    drawn(page)
    with page.expect_download() as saving:
        page.locator("[data-download=csv]").first.click()
    content = saving.value.path().read_text()
    assert "at W" in content
    assert "zone_2_2_0" in content
