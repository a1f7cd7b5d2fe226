"""Comparisons in a real browser."""

from __future__ import annotations

import csv
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from .browsing import PHONE, WIDE, Open, overflow, violations
from .conftest import CrystalSite, Site, run

pytestmark = pytest.mark.e2e

DATA = b"# meV counts\n" + b"".join(b"%d %d\n" % (mev, 100 + mev) for mev in range(10, 90))
# What Plotly has read of the traces, as numbers
OF_ROLE = "(role) => document.querySelector('.graph')._fullData?.filter((one) => one.meta?.role === role)"
TRACES = f"""(role) => ({OF_ROLE})(role)
    .map((one) => ({{name: one.name, x: Array.from(one.x), y: Array.from(one.y)}}))"""


def curves(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Curves").get_by_role("list").first.get_by_role("listitem")


def drawn(page: Page, number: int, role: str = "total") -> list[dict[str, Any]]:
    """Return the traces of a role, as soon as there are so many."""
    page.wait_for_function(f"([role, number]) => ({OF_ROLE})(role)?.length === number", arg=[role, number])
    return list(page.evaluate(TRACES, role))


def expect_address(page: Page, *curves: str) -> None:
    """Wait until the address names these curves and no others."""
    page.wait_for_function(
        "(wanted) => new URLSearchParams(location.search).get('curves') === wanted", arg=",".join(curves)
    )


def test_curves_are_chosen_and_a_link_brings_them_back(visit: Open, site: Site) -> None:
    page = visit("/compare")

    expect(page.get_by_role("heading", name="Choose what to compare")).to_be_visible()
    page.get_by_role("searchbox", name="Search forecasts and data").fill("silicon harmonic")
    page.get_by_role("button", name=re.compile("^Add Silicon, harmonic")).click()
    page.get_by_role("searchbox", name="Search forecasts and data").fill("silicon molecular")
    page.get_by_role("button", name=re.compile("^Add Silicon, MD")).click()
    expect(curves(page)).to_have_count(2)
    expect_address(page, f"{site.harmonic_id}:TOSCA", f"{site.md_id}:TOSCA")

    second = curves(page).nth(1)
    second.get_by_text("Instrument and isotopes").click()
    second.get_by_role("combobox", name="Instrument").select_option("MAPS")
    expect(second.get_by_role("combobox", name="Instrument")).to_have_value("MAPS")
    second.get_by_role("spinbutton", name=re.compile("energy")).fill("90")
    second.get_by_role("spinbutton", name=re.compile("energy")).press("Enter")
    page.get_by_role("radio", name="Stack").check()
    expect_address(page, f"{site.harmonic_id}:TOSCA", f"{site.md_id}:MAPS:e_init=90")

    page.wait_for_function("() => location.search.includes('arrangement=stack')")
    again = visit(urlsplit(page.url).path + "?" + urlsplit(page.url).query)
    first, other = drawn(again, 2)
    assert max(other["x"]) <= 90 < max(first["x"])
    # The second curve stands above the first
    assert min(other["y"]) > max(first["y"]) / 2
    expect(again.get_by_role("radio", name="Stack")).to_be_checked()

    page.go_back()
    expect(page.get_by_role("radio", name="Overlay")).to_be_checked()


def test_identical_curves_have_no_difference(visit: Open, site: Site) -> None:
    token = f"{site.harmonic_id}:TOSCA"
    page = visit(f"/compare?curves={token},{token},{site.md_id}:TOSCA&arrangement=difference&peak_labels=1")

    same, other = drawn(page, 2, "difference")
    assert set(same["y"]) == {0}
    assert max(map(abs, other["y"])) > 0
    peaks = page.get_by_role("region", name="Peak positions").get_by_role("row")
    expect(peaks).to_have_count(4)
    expect(peaks.nth(1)).to_contain_text(re.compile(r"\b(59|60)\.\d"))

    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows[0]) == 10
    assert {float(row[7]) for row in rows[1:] if row[7]} == {0}


def test_rows_are_moved_coloured_and_removed_with_the_keyboard(visit: Open, site: Site) -> None:
    first, second = f"{site.harmonic_id}:TOSCA", f"{site.md_id}:TOSCA"
    page = visit(f"/compare?curves={first},{second}")
    expect(curves(page)).to_have_count(2)

    curves(page).nth(1).get_by_role("button", name="Move up").press("Enter")
    expect(curves(page).first.get_by_role("button", name="Move up")).to_be_disabled()
    expect(curves(page).first.get_by_role("button", name="Move down")).to_be_focused()
    expect_address(page, second, first)
    curves(page).first.get_by_label(re.compile("^Colour")).fill("#aa3377")
    page.wait_for_function("() => document.querySelector('.graph').data?.some((one) => one.line?.color === '#aa3377')")
    expect_address(page, f"{second}:colour=aa3377", first)
    for _ in range(2):
        curves(page).last.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("heading", name="Choose what to compare")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search forecasts and data")).to_be_focused()


def test_data_stand_beside_forecasts_and_what_is_gone_is_named(visit: Open, site: Site) -> None:
    files = {"file": ("rising.txt", DATA)}
    dataset = run(site.api.call("POST", "/datasets", files=files, data={"name": "Rising counts"}))
    gone = "00000000-0000-4000-8000-000000000000"
    page = visit(f"/compare?curves={site.harmonic_id}:TOSCA,{gone}:TOSCA,{gone}:../..,data:{gone}", refused=True)

    drawn(page, 1)
    expect(curves(page)).to_have_count(3)
    expect(curves(page).nth(1)).to_contain_text("Deleted forecast")
    page.get_by_role("button", name="Add data: Rising counts").click()
    (points,) = drawn(page, 1, "measured")
    assert points["name"] == "Rising counts"
    expect_address(page, f"{site.harmonic_id}:TOSCA", f"{gone}:TOSCA", f"data:{gone}", f"data:{dataset['id']}")
    run(site.api.call("DELETE", f"/datasets/{dataset['id']}"))


def test_the_forecast_page_hands_its_curves_over(visit: Open, site: Site) -> None:
    page = visit(f"/forecast/{site.structure_id}?instruments=TOSCA,MAPS&MAPS.e_init=90&contribution=coherent")

    page.get_by_role("main").get_by_role("link", name="Compare").click()

    expect(curves(page)).to_have_count(4)
    drawn(page, 4)
    suffixes = ("MAPS:e_init=90:contribution=coherent", "TOSCA:contribution=coherent")
    expect_address(page, *(f"{one}:{suffix}" for one in (site.harmonic_id, site.md_id) for suffix in suffixes))


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)])
def test_the_page_is_accessible(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    page = visit(f"/compare?curves={site.harmonic_id}:MAPS,{site.md_id}:TOSCA&peak_labels=1", size, dark=dark)

    drawn(page, 2)
    curves(page).first.get_by_text("Instrument and isotopes").click()
    expect(curves(page).first.get_by_role("combobox", name="Instrument")).to_be_visible()
    assert violations(page) == []
    assert overflow(page) <= 0


def test_crystals_are_compared_with_one_another(visit: Open, crystal: CrystalSite) -> None:
    page = visit(f"/forecast/{crystal.structure_id}?predictions={crystal.harmonic_id},{crystal.md_id}&instruments=ARCS")
    page.get_by_role("main").get_by_role("link", name="Compare").click()
    # The page before has two curves too
    page.wait_for_url(re.compile(r"/compare\?"))

    drawn(page, 2)
    expect_address(page, f"{crystal.harmonic_id}:ARCS:point=X", f"{crystal.md_id}:ARCS:point=X")
    page.get_by_role("radio", name="Difference").check()
    drawn(page, 1, "difference")
    first = curves(page).first
    first.get_by_text("Instrument and isotopes").click()
    first.get_by_role("combobox", name="Cut at").select_option("0,0,0.4")
    page.wait_for_function(f"() => ({OF_ROLE})('total')?.some((one) => one.name.includes('(0 0 0.4)'))")
    page.reload()
    expect(curves(page).first).to_contain_text("cut at (0 0 0.4)")
    assert violations(page) == []


def test_a_crystal_beside_a_powder_is_explained(visit: Open, crystal: CrystalSite) -> None:
    powder, path = f"{crystal.powder_id}:ARCS", f"{crystal.harmonic_id}:ARCS"
    page = visit(f"/compare?curves={powder},{path},{crystal.md_id}:ARCS:point=W", PHONE, refused=True)

    names = [one["name"] for one in drawn(page, 2)]
    assert [" · X" in name for name in names] == [False, True]
    expect(page.locator(".graph-note")).to_contain_text("unit of their own")
    # The waves of the dynamics end at X
    expect(curves(page).nth(2)).to_contain_text("no wave at W")
    page.get_by_role("radio", name="Difference").check()
    expect(page.locator(".graph-message")).to_contain_text("have no difference")
    page.get_by_role("combobox", name="Normalisation").select_option("area")
    drawn(page, 1, "difference")
    assert overflow(page) <= 0
    assert violations(page) == []
