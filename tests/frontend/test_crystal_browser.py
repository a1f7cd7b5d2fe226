"""Single crystals in a real browser: a branch at 60 meV (58 in the dynamics, whose waves end at X) in three zones."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browsing import PHONE, WIDE, Open, curves, position
from .conftest import CrystalSite

# Into every corner; that it works at all is seen by tests/e2e and test_forecast_browser.py
pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def crystal_path(crystal: CrystalSite, more: str = "") -> str:
    predictions = f"{crystal.harmonic_id},{crystal.md_id}"
    return f"/forecast/{crystal.structure_id}?predictions={predictions}&instruments=ARCS&ARCS.e_init=100{more}"


def cut(page: Page) -> dict[str, Any]:
    return curves(page, "Forecast intensity at one wave vector")


def show(page: Page, tab: str) -> None:
    page.get_by_role("radio", name=tab, exact=True).check(force=True)


def n_rows(page: Page, figure: str) -> int:
    """Number of rows of a map, once it is drawn."""
    place = page.get_by_role("figure", name=figure)
    place.locator(".heatmaplayer image").wait_for(state="attached")
    return int(place.evaluate("place => place._fullData.find((trace) => trace.type === 'heatmap').z.length"))


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_it_fits_the_screen(visit: Open, crystal: CrystalSite, size: tuple[int, int], dark: bool) -> None:
    page = visit(crystal_path(crystal), size, dark=dark)
    cut(page)
    for tab in ("Map", "Zones", "Reliability", "Files"):
        show(page, tab)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_map_cut_and_zones_show_the_branch(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal))
    found = cut(page)
    # Both have X, the first point beyond Γ
    assert set(found) == {"ARCS, harmonic · X", "ARCS, MD · X"}
    assert position(found["ARCS, harmonic · X"]) == pytest.approx(60.0, abs=0.5)
    assert position(found["ARCS, MD · X"]) == pytest.approx(58.0, abs=0.5)
    expect(page.locator("#spectrum .graph-note")).to_contain_text("2 runs")
    show(page, "Map")
    expect(page.locator("#map .gtitle")).to_have_text("ARCS, MD")
    expect(page.locator("#map .xtick text").last).to_have_text("W")
    show(page, "Zones")
    expect(page.locator("#zones .gtitle")).to_have_text("ARCS, MD · X")
    assert n_rows(page, "The cut in each Brillouin zone") == 3


def test_zones_are_listed_by_their_distance(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&tab=map"))
    zone = page.get_by_role("combobox", name="Brillouin zone")
    # |X + G| of 1, 3 and 5 times 2π/a, a = 5.43 Å
    expect(zone.locator("option")).to_have_text(
        ["Average over 3 zones", "0 0 0 (1.16 Å⁻¹)", "2 2 0 (3.47 Å⁻¹)", "0 0 4 (5.79 Å⁻¹)"]
    )
    zone.select_option("0,0,4")
    page.wait_for_url("**zone=0,0,4*")
    expect(page.locator("#map .gtitle")).to_have_text("ARCS, MD, zone 0 0 4")
    show(page, "Zones")
    # Zone by zone shows all of them all the same
    assert n_rows(page, "The cut in each Brillouin zone") == 3
    show(page, "Cut")
    expect(page.get_by_role("combobox", name="Cut at").locator("option").first).to_have_text("First beyond Γ: X")


def test_a_point_that_the_box_lacks_leaves_the_dynamics_out(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal))
    cut(page)
    page.get_by_role("combobox", name="Cut at").select_option("W")
    page.wait_for_url("**point=W*")
    expect(page.locator("#spectrum .graph-note")).to_contain_text("MD has no wave at W")
    expect(page.locator("#spectrum .legend")).to_have_text("ARCS, harmonic · W")
    show(page, "Map")
    expect(page.locator("#map .gtitle")).to_have_text("ARCS, MD")


def test_settings_stand_in_the_address(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&zone=2,2,0"))
    before = cut(page)["ARCS, harmonic, zone 2 2 0 · X"][1].max()
    page.get_by_role("switch", name="Divide by |q|²").uncheck()
    page.wait_for_url("**divide_q_squared=0*")
    # |X + G|² is no longer divided out
    page.wait_for_function(
        """top => document.querySelector('#spectrum .js-plotly-plot')?._fullData
            ?.some(trace => trace.showlegend && Math.abs(Math.max(...trace.y) / top - 1) < 0.01)""",
        arg=float(before) * 9 * (2 * 3.14159265 / 5.43) ** 2,
    )
    page.get_by_role("switch", name="× ω²").check()
    expect(page.locator("#spectrum .ytitle")).to_contain_text("meV²")
    show(page, "Map")
    page.get_by_role("switch", name="Phonons").uncheck()
    page.wait_for_url("**dispersion=0*")
    expect(page.locator("#map .scatterlayer .trace")).to_have_count(0)
    show(page, "Cut")
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    assert "ARCS, harmonic, zone 2 2 0 · X" in cut(again)
    expect(again.locator("#spectrum .ytitle")).to_contain_text("meV²")


def test_powder_and_single_crystal_are_one_click_apart(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&energy_min=5"))
    cut(page)
    page.get_by_role("link", name="Powder").click()
    page.wait_for_url(f"**predictions={crystal.powder_id}*")
    expect(page.get_by_role("switch", name="Detector banks")).to_be_visible()
    assert set(curves(page, "Forecast spectrum")) == {"ARCS, harmonic"}
    expect(page.get_by_role("spinbutton", name="ARCS: Incident energy in meV")).to_have_value("100")


def test_the_cut_is_downloaded_as_seen(visit: Open, crystal: CrystalSite) -> None:
    page = visit(crystal_path(crystal, "&point=W&tab=files"))
    cut(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Spectrum on ARCS, harmonic, CSV").click()
    content = saving.value.path().read_text()
    assert "at W" in content
    assert "zone_2_2_0" in content
