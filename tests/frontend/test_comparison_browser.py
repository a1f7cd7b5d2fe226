"""Forecast and measured data compared in a real browser: a line at 61.5 meV against modes at 60 and 58 meV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlmodel import select

from backend.datasets import deletion
from backend.datasets.data_file import as_hdf5
from backend.datasets.tables import Dataset
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from scattering.measured.data import MeasuredMap

from .browsing import PHONE, WIDE, Open, overflow, violations
from .conftest import CrystalSite, Site

pytestmark = pytest.mark.e2e

SHIFTED = 1.5
"""meV that the measured line lies above the harmonic forecast's."""


def line() -> bytes:
    """A measured line, somewhat broader than TOSCA makes the forecast's."""
    energy = np.arange(20.0, 110.0, 0.5)
    intensity = 500 * np.exp(-(((energy - 60.0 - SHIFTED) / 1.7) ** 2)) + 10
    intensity += np.random.default_rng(5).normal(0, 2, len(energy))
    rows = [f"{e:.2f},{y:.4f},2" for e, y in zip(energy, intensity, strict=True)]
    return "\n".join(["Energy (meV),Intensity,Error", *rows, ""]).encode()


def image() -> bytes:
    """A measured map of a flat mode at 60 meV, as MAPS may see it."""
    q, energy = np.linspace(2.0, 6.0, 21), np.linspace(30.0, 90.0, 61)
    middle = (energy[1:] + energy[:-1]) / 2
    intensity = np.exp(-(((middle - 60.0) / 2) ** 2)) * ((q[1:] + q[:-1]) / 2)[:, None] ** 2
    about = {"instrument": "MAPS", "settings": {"e_init": 120.0}, "title": "A map"}
    return as_hdf5(MeasuredMap(q, energy, intensity, np.full_like(intensity, 0.5)), about)


@pytest.fixture
def measured(site: Site, address: str) -> Iterator[tuple[str, str]]:
    """A spectrum and a map; gone when the pages are closed, for which tests name this fixture first."""
    ids = []
    for name, content, more in (("line.csv", line(), {"instrument": "TOSCA"}), ("map.h5", image(), {})):
        answer = httpx.post(
            f"{address}/api/v1/datasets",
            files={"file": (name, content)},
            data={"structure_id": site.structure_id, **more},
        )
        ids.append(answer.raise_for_status().json()["id"])
    yield ids[0], ids[1]
    with database.transaction(site.settings) as session:
        scope = Scope(session, LOCAL_USER)
        for one in session.exec(select(Dataset)).all():
            deletion.delete(scope, one.id)


def compared(visit: Open, site: Site, dataset: str, more: str = "", **how: object) -> Page:
    """The Data tab with a spectrum through TOSCA, once numbers are there."""
    page = visit(
        f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}"
        f"&instruments=TOSCA&tab=data&datasets={dataset}{more}",
        **how,
    )
    expect(results(page).get_by_role("table").first).to_be_visible()
    settled(page)
    return page


def results(page: Page) -> Locator:
    return page.get_by_role("region", name="Results of the comparison")


def settled(page: Page) -> None:
    expect(page.locator("#fit [aria-busy=true]")).to_have_count(0)


def row(page: Page, name: str) -> Locator:
    """The row of a parameter."""
    return results(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True)).first


def fitted(page: Page, name: str) -> tuple[float, float]:
    """A parameter and its standard error."""
    text = row(page, name).get_by_role("cell").first.inner_text().replace("\u2212", "-").replace("\u202f", "")
    value, error = text.split(" ± ")
    return float(value), float(error)


def test_the_fit_gives_numbers_with_errors_and_follows_the_view(
    measured: tuple[str, str], visit: Open, site: Site
) -> None:
    page = compared(visit, site, measured[0])
    # The best simulation so far, through the instrument that the data were measured on
    forecast = page.get_by_role("region", name="Fit to data").get_by_role("combobox", name="Forecast")
    expect(forecast.locator("option:checked")).to_have_text("TOSCA, MD")
    forecast.select_option(label="TOSCA, harmonic")
    page.get_by_role("switch", name="Shift").check()
    expect(row(page, "Shift")).to_be_visible()
    settled(page)
    value, error = fitted(page, "Shift")
    assert value == pytest.approx(SHIFTED, abs=0.3)
    assert 0 < error < 0.3
    expect(page.get_by_role("figure", name="residual").locator(".legend")).to_contain_text("line")
    # Energies in the unit of the axis
    page.get_by_role("radio", name="cm⁻¹").check()
    expect(row(page, "Shift")).to_contain_text("cm⁻¹")
    page.get_by_role("radio", name="meV").check()
    # Where the forecast's energies are scaled by hand to where the line is, no shift is left
    page.get_by_text("Corrections", exact=True).click()
    page.get_by_role("spinbutton", name="Energy scale factor").fill("1.025")
    page.keyboard.press("Tab")
    expect(row(page, "Shift").get_by_role("cell").first).to_have_text(re.compile(r"^−?0\.[01]\d* ± "))
    # A copied link brings back the fit
    page.wait_for_url("**energy_scale=1.025*")
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    expect(row(again, "Shift").get_by_role("cell").first).to_have_text(re.compile(r"^−?0\.[01]\d* ± "))
    # A reversed range is not asked for, and no answer to another question stays
    page.get_by_role("spinbutton", name="Fit to").fill("70")
    page.get_by_role("spinbutton", name="Fit from").fill("80")
    expect(page.locator("[data-loc=fit_max] .field-error")).not_to_be_empty()
    expect(results(page)).to_be_hidden()


def test_a_stretch_is_applied_to_the_energy_scale(measured: tuple[str, str], visit: Open, site: Site) -> None:
    forecast = f"&fit_forecast={site.harmonic_id}:TOSCA"
    page = compared(visit, site, measured[0], f"{forecast}&fit_stretch=1&energy_scale=0.99")
    expect(row(page, "Stretch")).to_be_visible()
    stretch, _ = fitted(page, "Stretch")
    page.get_by_role("button", name="Apply this stretch").click()
    expect(page.get_by_role("switch", name="Stretch")).not_to_be_checked()
    scale = float(page.locator("[name=energy_scale]").input_value())
    assert scale == pytest.approx(0.99 * stretch, abs=2e-4)
    assert scale == pytest.approx((60 + SHIFTED) / 60, abs=0.006)
    # With the energies where they were measured, no stretch is left; and Back undoes it
    page.get_by_role("switch", name="Stretch").check()
    expect(row(page, "Stretch").get_by_role("cell").first).to_have_text(re.compile(r"^(1\.00|0\.99)"))
    page.go_back()
    page.go_back()
    expect(page.locator("[name=energy_scale]")).to_have_value("0.99")


def test_only_the_newest_question_is_answered(measured: tuple[str, str], visit: Open, site: Site) -> None:
    page = compared(visit, site, measured[0])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if json.loads(route.request.post_data or "{}")["fit"]["background"] == "constant":
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/comparisons", hold)
    background = page.get_by_role("group", name="Background")
    with page.expect_request(lambda request: request.url.endswith("/api/v1/comparisons")):
        background.get_by_label("Constant").check()
    expect(page.locator("#fit [aria-busy=true]")).to_have_count(1)
    # It is told to stop, and so its answer cannot come any more
    with page.expect_event("requestfailed", lambda request: request == held[0].request):
        background.get_by_label("Linear").check()
    expect(row(page, "Slope of the background")).to_be_visible()
    settled(page)


@pytest.mark.slow
def test_peaks_corrections_and_ranking_by_the_keyboard(measured: tuple[str, str], visit: Open, site: Site) -> None:
    page = compared(visit, site, measured[0], size=PHONE, dark=True)
    page.get_by_role("radio", name="Fit", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(results(page)).to_contain_text("1 of 1 measured peak has")
    # The dynamics' line lies at 58 meV, the measured one at 61.5
    expect(results(page).locator(".redshift")).to_have_text(re.compile(r"▼ −3\.\d+ meV, .* low"))
    expect(results(page)).to_contain_text("harmonic")
    assert violations(page) == []
    page.keyboard.press("ArrowRight")
    expect(results(page).get_by_role("row")).to_have_count(4)
    page.keyboard.press("ArrowRight")
    rows = results(page).locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("1. harmonic, 300 K")
    expect(rows.last).to_contain_text("2. MD, 300 K")
    assert violations(page) == []
    page.get_by_role("checkbox", name="MD, 300 K").uncheck()
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("checkbox", name="harmonic, 300 K").uncheck()
    expect(results(page)).to_be_hidden()
    expect(page.locator("#comparison .graph-message")).to_contain_text("Select a forecast")
    assert overflow(page) == 0


@pytest.mark.slow
def test_a_forecast_of_another_structure_is_ranked(
    measured: tuple[str, str], visit: Open, site: Site, crystal: CrystalSite
) -> None:
    page = compared(visit, site, measured[0], "&fit_tab=ranking")
    rows = results(page).locator("tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_text("Forecasts of other structures").click()
    search = page.get_by_role("searchbox", name="other structures")
    search.fill("no such name")
    other = page.get_by_role("checkbox", name="crystal, harmonic")
    expect(other).to_have_count(0)
    search.fill("crystal harmonic")
    other.check()
    expect(rows).to_have_count(3)
    expect(page).to_have_url(re.compile(crystal.powder_id))


@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=pytest.mark.slow), PHONE], ids=["1440", "390"])
def test_a_measured_map_stands_beside_the_forecast(
    measured: tuple[str, str], visit: Open, site: Site, size: tuple[int, int]
) -> None:
    page = visit(
        f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}&instruments=MAPS&MAPS.e_init=120"
        f"&tab=data&datasets={measured[1]}&map_prediction={site.harmonic_id}",
        size=size,
    )
    section = page.get_by_role("region", name="Measured map beside the forecast")
    expect(section.locator(".heatmaplayer image")).to_have_count(3)
    expect(section).to_contain_text("R-factor")
    expect(section.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("region", name="Fit to data")).to_be_hidden()
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("checkbox", name="A map").uncheck()
    expect(section).to_be_hidden()
