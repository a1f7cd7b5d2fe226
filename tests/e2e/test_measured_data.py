"""Last year's measurement as a user brings it: drop the file, say its unit, see it over the forecast, fit."""

from __future__ import annotations

import re

import httpx
import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from .looking import traces, wait_for_curve

pytestmark = pytest.mark.e2e

MINUTE_MS = 60_000
CM_PER_MEV = 8.065544
STRETCH, SCALE, BACKGROUND, NOISE = 1.08, 300.0, 0.05, 0.01
"""How the measurement differs from the forecast; the last two in units of its largest intensity."""


@pytest.fixture(scope="module")
def forecast(server: str) -> dict[str, str]:
    """A harmonic forecast of silicon, asked for and not waited for."""
    api = f"{server}/api/v1"
    structure = httpx.post(f"{api}/examples/silicon").raise_for_status().json()["id"]
    body = {"structure_id": structure, "method": "harmonic", "instruments": ["TOSCA"], "quality": "preview"}
    prediction = httpx.post(f"{api}/predictions", json=body).raise_for_status().json()["id"]
    return {"structure": structure, "prediction": prediction}


@pytest.fixture
def opened(server: str, forecast: dict[str, str], page: Page) -> Page:
    """The forecast's page, with its curve on it."""
    page.goto(f"{server}/forecast/{forecast['structure']}?predictions={forecast['prediction']}&instruments=TOSCA")
    wait_for_curve(page, "TOSCA harmonic", 3 * MINUTE_MS)
    return page


def measurement(server: str, prediction: str) -> FilePayload:
    """What TOSCA would have recorded, were the potential stiffer: as Mantid saves it, which does not say the unit."""
    view = {"instrument": "TOSCA", "energy_scale": STRETCH, "energy_mev": {"min": 3, "max": 90, "step": 0.3}}
    truth = httpx.post(f"{server}/api/v1/predictions/{prediction}/spectrum", json=view).raise_for_status().json()
    energy, intensity = np.array(truth["energy_mev"]), SCALE * np.array(truth["intensity"])
    error = NOISE * intensity.max()
    noisy = intensity + BACKGROUND * intensity.max() + error * np.random.default_rng(11).standard_normal(len(energy))
    rows = [f"{e * CM_PER_MEV:.4f},{y:.6g},{error:.6g}" for e, y in zip(energy, noisy, strict=True)]
    return {
        "name": "tosca_last_year.dat",
        "mimeType": "text/plain",
        "buffer": "\n".join(["# X , Y , E", "1", *rows, ""]).encode(),
    }


def number(text: str, name: str) -> float:
    """The number behind a parameter's name."""
    found = re.search(rf"{name}\D*?(-?\d+\.?\d*)", text)
    assert found is not None, text
    return float(found[1])


@pytest.mark.timeout(600)
def test_a_measurement_is_laid_over_the_forecast_and_fitted(
    server: str, forecast: dict[str, str], opened: Page
) -> None:
    page = opened
    page.set_input_files("#data-file", measurement(server, forecast["prediction"]))
    expect(page.locator("#data-card")).to_be_visible()
    # Nothing is kept before the user has seen it and said the unit, which the file does not
    page.click("#data-keep")
    expect(page.locator("#data-card")).to_contain_text(re.compile("unit", re.IGNORECASE))
    assert httpx.get(f"{server}/api/v1/datasets").json()["total"] == 0
    page.locator("input#data-unit").click()
    page.get_by_role("option", name="cm⁻¹").first.click()
    expect(page.locator("#data-facts")).to_contain_text(re.compile(r"3(\.0)? to 90(\.0)? meV"))
    page.fill("#data-name", "Last year")
    page.locator("input#data-instrument").click()
    page.get_by_role("option", name="TOSCA", exact=True).click()
    page.click("#data-keep")

    points = wait_for_curve(page, "last year", MINUTE_MS)
    curve = next(values for name, values in traces(page).items() if "harmonic" in name.lower())
    assert points[1].max() == pytest.approx(curve[1].max(), rel=0.6)
    (dataset,) = httpx.get(f"{server}/api/v1/datasets").json()["items"]
    assert (dataset["x_unit"], dataset["instrument"], dataset["structure_id"]) == (
        "cm-1",
        "TOSCA",
        forecast["structure"],
    )

    # The fit finds what was done to the forecast
    expect(page.locator("#comparison")).to_be_visible()
    page.locator("label[for=fit-stretch]").first.click()
    page.locator("#fit-background").get_by_text("Constant").click()
    results = page.locator("#comparison-results")
    expect(results).to_contain_text(re.compile(r"1\.0[78]\d"))
    body = {
        "prediction_id": forecast["prediction"],
        "view": {"instrument": "TOSCA"},
        "dataset_id": dataset["id"],
        "fit": {"stretch": True, "background": "constant"},
    }
    fitted = httpx.post(f"{server}/api/v1/comparisons", json=body).raise_for_status().json()
    # The sample is stiffer, but the window and the resolution did not stretch with it
    assert fitted["stretch"] == pytest.approx(STRETCH, abs=0.003)
    assert fitted["correlation"] > 0.95
    assert number(results.inner_text(), "Stretch") == pytest.approx(fitted["stretch"], abs=0.001)

    # Peak by peak, the forecast lies too low
    page.get_by_role("tab", name="Peaks").click()
    # The optical branch, at 54 meV, is mostly one phonon
    expect(results).to_contain_text(re.compile(r"−4\.\d+ meV.*the forecast lies too low", re.DOTALL))
    expect(results).to_contain_text(re.compile(r"1: 9\d %"))
    page.get_by_role("tab", name="Stage by stage").click()
    expect(results).to_contain_text(re.compile("window and resolution", re.IGNORECASE))

    # Whoever has the link sees the same
    page.reload()
    wait_for_curve(page, "last year", MINUTE_MS)
    expect(page.locator("#comparison")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "pdf"),
        ("raw.nxs", b"\x89HDF\r\n\x1a\n" + bytes(64), "hdf5"),
        ("notes.txt", b"measured on a Tuesday", "table"),
        ("empty.csv", b"", "empty"),
    ],
    ids=["PDF", "damaged HDF5", "prose", "empty"],
)
def test_what_is_no_measurement_gets_a_word_and_leaves_nothing(
    server: str, opened: Page, name: str, content: bytes, word: str
) -> None:
    before = httpx.get(f"{server}/api/v1/datasets").json()["total"]
    opened.set_input_files("#data-file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    expect(opened.locator("#data-message")).to_contain_text(re.compile(word, re.IGNORECASE))
    assert httpx.get(f"{server}/api/v1/datasets").json()["total"] == before
    expect(opened.locator("#data-drop")).to_be_visible()
