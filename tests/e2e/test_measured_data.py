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
    page.goto(
        f"{server}/forecast/{forecast['structure']}?predictions={forecast['prediction']}&instruments=TOSCA&tab=data"
    )
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
    page.get_by_label("File of measured data").set_input_files(measurement(server, forecast["prediction"]))
    card = page.get_by_role("dialog", name="tosca_last_year.dat")
    # Nothing is kept before the user has seen it and selected the unit, which the file does not state
    unit = card.get_by_label("Unit of the energy axis")
    card.get_by_role("button", name="Save").click()
    expect(unit).to_have_attribute("aria-invalid", "true")
    assert httpx.get(f"{server}/api/v1/datasets").json()["total"] == 0
    unit.select_option("cm-1")
    expect(card).to_contain_text(re.compile(r"3(\.0)? to 90(\.0)? meV"))
    card.get_by_label("Name").fill("Last year")
    card.get_by_label("Measured on").select_option("TOSCA")
    card.get_by_role("button", name="Save").click()

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
    page.get_by_role("switch", name="Stretch").check()
    page.get_by_role("group", name="Background").get_by_label("Constant").check()
    results = page.get_by_role("region", name="Results of the comparison")
    stretch = results.get_by_role("row", name="Stretch").first
    expect(stretch).to_contain_text(re.compile(r"1\.0[78]\d"))
    expect(results.get_by_role("row", name="Background").first).to_be_visible()
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
    assert number(stretch.inner_text(), "Stretch") == pytest.approx(fitted["stretch"], abs=0.001)

    # Peak by peak, the forecast lies too low
    page.get_by_role("radio", name="Peaks").check()
    # The optical branch, at 54 meV, is mostly one phonon
    expect(results).to_contain_text(re.compile(r"−4\.\d+ meV.*the forecast lies too low", re.DOTALL))
    expect(results).to_contain_text(re.compile(r"1: 9\d %"))
    page.get_by_role("radio", name="Effect of each correction").check()
    expect(results).to_contain_text(re.compile("window and resolution", re.IGNORECASE))

    # Whoever has the link sees the same
    page.reload()
    wait_for_curve(page, "last year", MINUTE_MS)
    expect(results).to_contain_text(re.compile("window and resolution", re.IGNORECASE))

    # The stretch makes the energy scale of the page, and the forecast then lies where the data are
    page.get_by_role("radio", name="Fit", exact=True).check()
    page.get_by_role("button", name="Apply this stretch").click()
    page.wait_for_url("**energy_scale=1.0*")
    page.get_by_role("radio", name="Peaks").check()
    expect(results).to_contain_text(re.compile(r"[−+]0\.\d+ meV"))


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
    opened.get_by_label("File of measured data").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    expect(opened.get_by_role("alert").filter(has_text=name)).to_contain_text(re.compile(word, re.IGNORECASE))
    assert httpx.get(f"{server}/api/v1/datasets").json()["total"] == before
    expect(opened.get_by_role("dialog")).to_have_count(0)
