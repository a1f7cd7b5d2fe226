"""Make the pictures in docs/images from a running server.

`python -m benchmarks.pictures ADDRESS [STRUCTURE PREDICTION]`: a server, and a structure with a finished harmonic
forecast of a single crystal that has the point X, such as silicon along Γ-X-W. Without them, the pictures of the form
and of the crystal stay as they are. The example forecast is added as the user's own, with data made from it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
WIDTH_PX, HEIGHT_PX = 1280, 900
STRETCH, BACKGROUND, COUNTS = 0.96, 0.06, 4000


def make_data(address: str, prediction: dict[str, Any]) -> str:
    """Make data like those of an experiment from a forecast, upload them, and return their id.

    Energies are times `STRETCH`, a background of `BACKGROUND` of the highest peak and the noise of counts are added.
    """
    api = httpx.Client(base_url=f"{address}/api/v1", timeout=60)
    grid = {"min": 2.0, "max": 220.0, "step": 0.4}
    body = {"instrument": "TOSCA", "energy_mev": grid}
    found = api.post(f"/predictions/{prediction['id']}/spectrum", json=body).raise_for_status().json()
    energy, intensity = np.array(found["energy_mev"]), np.array(found["intensity"])
    counts = COUNTS * (np.interp(energy / STRETCH, energy, intensity) / intensity.max() + BACKGROUND)
    seen = np.random.default_rng(1).poisson(counts)
    rows = "".join(f"{x:.2f},{y},{max(y, 1) ** 0.5:.2f}\n" for x, y in zip(energy, seen, strict=True))
    sent = {"name": "Made from the forecast", "instrument": "TOSCA", "structure_id": prediction["structure_id"]}
    table = f"Energy (meV),Counts,Error\n{rows}".encode()
    answer = api.post("/datasets", files={"file": ("made.csv", table)}, data=sent)
    return str(answer.raise_for_status().json()["id"])


def take(page: Page, address: str, name: str, *, full_page: bool = True) -> None:
    """Save a page as a picture, once all its figures are drawn."""
    page.goto(address)
    page.locator(".graph.js-plotly-plot:visible").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", full_page=full_page)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="such as http://127.0.0.1:8000")
    parser.add_argument("structure", nargs="?", help="id of the structure")
    parser.add_argument("prediction", nargs="?", help="id of its forecast of a single crystal")
    given = parser.parse_args()
    own = httpx.post(f"{given.address}/api/v1/examples/forecast", timeout=60).raise_for_status().json()
    forecast = f"{given.address}/forecast"
    data = make_data(given.address, own)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        take(page, f"{forecast}/{own['structure_id']}?predictions={own['id']}&instruments=TOSCA", "forecast")
        fit = f"&tab=data&datasets={data}&fit_dataset={data}&fit_stretch=1&fit_background=constant"
        take(page, f"{forecast}/{own['structure_id']}?predictions={own['id']}&instruments=TOSCA{fit}", "measured")
        take(page, f"{given.address}/plan/{own['structure_id']}?predictions={own['id']}", "plan", full_page=False)
        if given.prediction:
            take(page, f"{given.address}/structures/{given.structure}", "structure")
            path = f"{forecast}/{given.structure}?predictions={given.prediction}&instruments=ARCS"
            take(page, f"{path}&point=X&tab=map&peak=17.5", "crystal")
        browser.close()


if __name__ == "__main__":
    main()
