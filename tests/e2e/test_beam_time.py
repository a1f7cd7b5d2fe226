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
        page.click(f"#plan-report-{button}")
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

    # Features are found, settings ranked: each of the best says what it shows and how long it takes
    best = page.locator("#plan-best article")
    expect(best.first).to_contain_text(re.compile(r"Measures (all|the|\d)"), timeout=2 * MINUTE_MS)
    found = page.locator("#plan-features-list .plan-chip")
    expect(found.first).to_be_visible()
    instruments = {text.split(",")[0] for text in best.locator("h3, .plan-best-name").all_inner_texts()}
    assert len(instruments) == 3, instruments

    # A feature that cannot be gets a word at its place, and the plan stays
    page.fill("#plan-feature-new", "4000")
    page.click("#plan-feature-add")
    expect(page.locator("#plan-features-problem")).to_contain_text("The forecast ends at", timeout=MINUTE_MS)
    page.click("#plan-features-auto")
    expect(page.locator("#plan-features-problem")).to_be_empty()
    expect(page.locator("#plan-ranking-body")).to_have_attribute("aria-busy", "false", timeout=2 * MINUTE_MS)

    # It is counted with: as many bins as there are
    expect(page.locator("#plan-measurement-words")).to_contain_text("counts in", timeout=MINUTE_MS)
    expect(page.locator("#plan-measurement-graph .scatterlayer .trace").first).to_be_visible()

    page.fill("#plan-report-title", "Phonons of aluminium")
    page.fill("#plan-report-proposer", "A. Proposer")
    pdf = saved(page, "pdf", tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
        assert "Phonons of aluminium" in text
        assert "A. Proposer" in text
        assert any(name in text for name in instruments)
        assert text.count("\f") <= 2  # pages

    bundle = saved(page, "bundle", tmp_path)
    with zipfile.ZipFile(bundle) as crate:
        names = crate.namelist()
    assert "ro-crate-metadata.json" in names
    assert any(name.endswith("partials.h5") for name in names)

    # And it is kept in a proposal
    page.click("#plan-propose")
    kept = page.locator("#plan-report-message a")
    expect(kept).to_have_text("Phonons of aluminium")
    kept.click()
    page.wait_for_url("**/proposals/**")
    expect(page.locator("main")).to_contain_text("Phonons of aluminium")
    proposals = httpx.get(f"{server}/api/v1/proposals").raise_for_status().json()
    assert [one["name"] for one in proposals["items"]] == ["Phonons of aluminium"]
