"""Forecast and measured data compared in a real browser: a line at 61.5 meV against modes at 60 and 58 meV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

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

from .browsing import PHONE, Open
from .conftest import Site

# Into every corner; that it works at all is seen by tests/e2e and test_browser.py
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

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
def measured(site: Site, address: str, visit: Open) -> Iterator[tuple[str, str]]:
    """A spectrum and a map, kept; and gone afterwards."""
    page = visit("/about")
    ids = []
    for name, content, more in (("line.csv", line(), {"instrument": "TOSCA"}), ("map.h5", image(), {})):
        answer = page.request.post(
            f"{address}/api/v1/datasets",
            multipart={
                "file": {"name": name, "mimeType": "application/octet-stream", "buffer": content},
                "structure_id": site.structure_id,
                **more,
            },
            headers={"Origin": address},
        )
        assert answer.ok, answer.text()
        ids.append(answer.json()["id"])
    yield ids[0], ids[1]
    with database.transaction(site.settings) as session:
        scope = Scope(session, LOCAL_USER)
        for one in session.exec(select(Dataset)).all():
            deletion.delete(scope, one.id)


def compared(visit: Open, site: Site, dataset: str, more: str = "", **how: object) -> Page:
    predictions = f"{site.harmonic_id},{site.md_id}"
    page = visit(
        f"/forecast/{site.structure_id}?predictions={predictions}&instruments=TOSCA&datasets={dataset}{more}", **how
    )
    expect(page.locator("#comparison-results table").first).to_be_visible()
    return page


def pick(page: Page, id: str, option: str) -> None:
    page.locator(f"input#{id}").click()
    page.get_by_role("option", name=option, exact=True).click()


def row(page: Page, name: str) -> Locator:
    """What the table says of a parameter."""
    return page.locator("#comparison-results .result-grid tr").filter(
        has=page.locator("th", has_text=re.compile(f"^{name}$"))
    )


def adjusted(page: Page, name: str) -> tuple[float, float]:
    """A parameter and its standard error."""
    told = row(page, name).locator("td").first.inner_text().replace("\u2212", "-").replace("\u202f", "")
    value, error = told.split(" ± ")
    return float(value), float(error)


def test_the_fit_gives_numbers_with_errors_and_follows_the_view(
    visit: Open, site: Site, measured: tuple[str, str]
) -> None:
    page = compared(visit, site, measured[0])
    # The best simulation so far, through the instrument that the data were measured on
    expect(page.locator("input#comparison-forecast")).to_have_value("TOSCA, MD")
    pick(page, "comparison-forecast", "TOSCA, harmonic")
    page.locator("#fit-shift").check(force=True)
    expect(row(page, "Shift")).to_be_visible()
    expect(page.locator("#comparison-body")).to_have_attribute("aria-busy", "false")
    value, error = adjusted(page, "Shift")
    assert value == pytest.approx(SHIFTED, abs=0.3)
    assert 0 < error < 0.3
    expect(page.locator("#comparison-results")).to_contain_text("χ² per degree of freedom")
    expect(page.locator("#comparison-graph .legend")).to_contain_text("line")
    # Energies in the unit of the axis
    page.locator("#energy-unit").get_by_text("cm⁻¹").click()
    expect(row(page, "Shift")).to_contain_text("cm⁻¹")
    page.locator("#energy-unit").get_by_text("meV").click()
    # Where the forecast's energies are scaled by hand to where the line is, no shift is left
    page.locator("#energy-scale").fill("1.025")
    expect(row(page, "Shift").locator("td").first).to_have_text(re.compile(r"^−?0\.[01]\d* ± "))
    # A range that is none is not asked for
    page.locator("#fit-min").fill("80")
    page.locator("#fit-max").fill("70")
    expect(page.locator("#comparison")).to_contain_text("Must be above")


def test_only_the_newest_question_is_answered(visit: Open, site: Site, measured: tuple[str, str]) -> None:
    page = compared(visit, site, measured[0])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if json.loads(route.request.post_data or "{}")["fit"]["background"] == "constant":
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/comparisons", hold)
    with page.expect_request(lambda request: request.url.endswith("/api/v1/comparisons")):
        page.locator("#fit-background").get_by_text("Constant").click()
    expect(page.locator("#comparison-body")).to_have_attribute("aria-busy", "true")
    # It is told to stop, and so its answer cannot come any more
    with page.expect_event("requestfailed", lambda request: request == held[0].request):
        page.locator("#fit-background").get_by_text("Linear").click()
    expect(row(page, "Its slope")).to_be_visible()
    expect(page.locator("#comparison-body")).to_have_attribute("aria-busy", "false")


def test_peaks_stages_and_ranking_by_the_keyboard(visit: Open, site: Site, measured: tuple[str, str]) -> None:
    page = compared(visit, site, measured[0], size=PHONE, dark=True)
    page.get_by_role("tab", name="Fit").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#comparison-results")).to_contain_text("1 of 1 measured peak has one in the forecast")
    # The dynamics' line lies at 58 meV, the measured one at 61.5
    expect(page.locator("#comparison-results .redshift")).to_contain_text(
        re.compile(r"▼ −3\.\d+ meV, the forecast lies")
    )
    expect(page.locator("#comparison-results")).to_contain_text("told by harmonic")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#comparison-results")).to_contain_text("window and resolution")
    expect(page.locator("#comparison-results tbody tr")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    rows = page.locator("#comparison-results tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("1. harmonic, 300 K")
    expect(rows.last).to_contain_text("2. MD, 300 K")
    page.get_by_role("checkbox", name="MD, 300 K").uncheck()
    expect(rows).to_have_count(1)
    page.get_by_role("checkbox", name="harmonic, 300 K").uncheck()
    expect(page.locator("#comparison-problem")).to_contain_text("Tick a forecast")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]


def test_a_measured_map_stands_beside_the_forecast(visit: Open, site: Site, measured: tuple[str, str]) -> None:
    predictions = f"{site.harmonic_id},{site.md_id}"
    page = visit(
        f"/forecast/{site.structure_id}?predictions={predictions}&instruments=MAPS&MAPS.e_init=120"
        f"&datasets={measured[1]}&map_prediction={site.harmonic_id}"
    )
    expect(page.locator("#measured-map-graph .heatmaplayer image")).to_have_count(3)
    expect(page.locator("#measured-map-note")).to_contain_text("R-factor")
    expect(page.locator("#comparison")).to_be_hidden()
    page.get_by_role("checkbox", name="A map").uncheck()
    expect(page.locator("#measured-map")).to_be_hidden()


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (1.02341, 0.0051, "1.0234 ± 0.0051"),
        (13312.0, 1287.0, "13 300 ± 1300"),
        (-0.5, 0.0996, "−0.50 ± 0.10"),
        (3.14159e8, 2.5e6, "(3.142 ± 0.025) × 10⁸"),
        (2.0e-6, 3.4e-7, "(2.00 ± 0.34) × 10⁻⁶"),
        (0.01, 25.0, "0 ± 25"),
        (5.0, None, "5.000"),
        (None, 0.1, "—"),
    ],
)
def test_errors_are_given_with_two_digits(numbers: Page, value: float | None, error: float | None, told: str) -> None:
    shown = numbers.evaluate("([value, error]) => window.beamcast.cells.plusMinus(value, error)", [value, error])
    assert shown.replace("\u202f", " ") == told


@pytest.fixture(scope="module")
def numbers(chromium: object, address: str) -> Iterator[Page]:
    """A page with the scripts."""
    page = chromium.new_page()  # type: ignore[attr-defined]
    page.goto(f"{address}/about")
    page.wait_for_function("() => window.beamcast && window.beamcast.cells")
    yield page
    page.close()
