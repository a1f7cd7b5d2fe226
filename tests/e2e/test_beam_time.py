"""Beam time as a proposer plans it: from a structure to ranked settings, counts, and the pages to attach."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import MINUTE_MS
from .looking import wait_for_curve

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def forecast(server: str) -> dict[str, str]:
    """A harmonic forecast of aluminium, asked for and not waited for."""
    api = f"{server}/api/v1"
    structure = httpx.post(f"{api}/examples/aluminium").raise_for_status().json()["id"]
    body = {"structure_id": structure, "method": "harmonic", "instruments": ["MAPS"], "quality": "preview"}
    prediction = httpx.post(f"{api}/predictions", json=body).raise_for_status().json()["id"]
    return {"structure": structure, "prediction": prediction}


def saved(page: Page, button: str, folder: Path) -> Path:
    """The file that a button of the report saves."""
    with page.expect_download(timeout=2 * MINUTE_MS) as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.timeout(600)
def test_from_a_structure_to_the_pages_to_attach(
    server: str, forecast: dict[str, str], page: Page, tmp_path: Path
) -> None:
    address = f"{server}/forecast/{forecast['structure']}?predictions={forecast['prediction']}&instruments=MAPS"
    page.goto(address)
    wait_for_curve(page, "MAPS harmonic", 3 * MINUTE_MS)
    page.get_by_role("link", name="Plan beam time").click()
    page.wait_for_url("**/plan/**")

    # Features are found, settings ranked: a sentence answers, and cards show the best setting of three instruments
    cards = page.get_by_role("article")
    expect(cards.first).to_contain_text(re.compile(r"\d of \d"), timeout=2 * MINUTE_MS)
    expect(page.get_by_role("group", name="Features").locator("> *").first).to_be_visible()
    instruments = {text.split(",")[0] for text in cards.get_by_role("heading").all_inner_texts()}
    assert len(instruments) == 3, instruments
    ranking = page.get_by_role("region", name="Instrument and setting")
    expect(ranking.get_by_role("status").filter(has_text=re.compile("|".join(instruments)))).to_be_visible()

    # A feature that cannot be is refused at its place, and the plan stays
    target = page.get_by_role("region", name="Target features")
    page.get_by_label("Energy of a feature").fill("4000")
    page.get_by_role("button", name="Add", exact=True).click()
    refusal = target.get_by_role("alert").filter(has_text="The forecast ends at")
    expect(refusal).to_be_visible(timeout=MINUTE_MS)
    page.get_by_role("button", name="Find automatically").click()
    expect(refusal).to_have_count(0)
    expect(cards.first).to_be_visible(timeout=2 * MINUTE_MS)

    # The best setting is simulated
    measurement = page.get_by_role("region", name="Simulated measurement")
    expect(measurement).to_contain_text("counts in", timeout=MINUTE_MS)
    expect(measurement.locator(".scatterlayer .trace").first).to_be_visible()

    page.get_by_label("Title").fill("Phonons of aluminium")
    page.get_by_label("Proposer").fill("A. Proposer")
    pdf = saved(page, "PDF", tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
        assert "Phonons of aluminium" in text
        assert "A. Proposer" in text
        assert any(name in text for name in instruments)
        assert text.count("\f") <= 2  # pages

    bundle = saved(page, "Bundle", tmp_path)
    with zipfile.ZipFile(bundle) as crate:
        names = crate.namelist()
    assert "ro-crate-metadata.json" in names
    assert any(name.endswith("partials.h5") for name in names)

    # And it is kept in a proposal
    page.get_by_role("button", name="Add to proposal").click()
    kept = page.get_by_role("link", name="Phonons of aluminium")
    expect(kept).to_be_visible()
    kept.click()
    page.wait_for_url("**/proposals/**")
    expect(page.locator("main")).to_contain_text("Phonons of aluminium")
    proposals = httpx.get(f"{server}/api/v1/proposals").raise_for_status().json()
    assert [one["name"] for one in proposals["items"]] == ["Phonons of aluminium"]
