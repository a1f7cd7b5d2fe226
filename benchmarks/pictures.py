"""Make the pictures of the form, of the example forecast and of a crystal in docs/images from a running server.

`python -m benchmarks.pictures ADDRESS STRUCTURE PREDICTION`: a server, and a structure with a finished harmonic
forecast of a single crystal that has the point X, such as silicon along Γ-X-W. The example forecast is added as the
user's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Page, sync_playwright

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
WIDTH_PX, HEIGHT_PX = 1280, 900


def take(page: Page, address: str, name: str) -> None:
    """Save a page as a picture, once all its figures are drawn."""
    page.goto(address)
    page.locator(".graph.js-plotly-plot:visible").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="such as http://127.0.0.1:8000")
    parser.add_argument("structure", help="id of the structure")
    parser.add_argument("prediction", help="id of its forecast of a single crystal")
    given = parser.parse_args()
    own = httpx.post(f"{given.address}/api/v1/examples/forecast", timeout=60).raise_for_status().json()
    forecast = f"{given.address}/forecast"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        take(page, f"{forecast}/{own['structure_id']}?predictions={own['id']}&instruments=TOSCA", "forecast")
        take(page, f"{given.address}/structures/{given.structure}", "structure")
        path = f"{forecast}/{given.structure}?predictions={given.prediction}&instruments=ARCS"
        take(page, f"{path}&point=X&tab=map&peak=17.5", "crystal")
        browser.close()


if __name__ == "__main__":
    main()
