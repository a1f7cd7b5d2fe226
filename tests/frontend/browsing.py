"""Pages in a real browser: visits at two sizes and in both themes, and what every page must fulfil."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

# The first visit imports the physics and reads the partials, while other tests may have the processor.
expect.set_options(timeout=30_000)
WIDE, PHONE = (1440, 900), (390, 844)
Open = Callable[..., Page]
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
VIOLATIONS = """async () => (await axe.run()).violations.map(
    ({id, nodes}) => [id, ...nodes.slice(0, 3).map((node) => node.target.join(" "))])"""


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Open]:
    """Opens a path at a size; at the end no page may have complained on its console."""
    complaints: list[str] = []
    contexts = []

    def opened(
        path: str, size: tuple[int, int] = WIDE, *, dark: bool = False, refused: bool = False, offline: bool = False
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)

        def listen(message: ConsoleMessage) -> None:
            # A browser notes every 4xx on the console, also one that the page answers to.
            expected = (
                "status of 4" if refused else None,
                *(("ERR_INTERNET_DISCONNECTED", "status of 503") if offline else ()),
            )
            if message.type == "error" and not any(text and text in message.text for text in expected):
                complaints.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints, complaints


def delete(page: Page, *paths: str) -> None:
    """Delete things by their paths in the API, once no page is open that would ask for them and be told 404."""
    location = urlsplit(page.url)
    page.goto("about:blank")
    for path in paths:
        page.request.delete(
            f"{location.scheme}://{location.netloc}/api/v1{path}",
            headers={"Origin": f"{location.scheme}://{location.netloc}"},
        )


def curves(page: Page, figure: str) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the curves in a figure's legend, name → x and y, once they are drawn."""
    place = page.get_by_role("figure", name=figure)
    place.locator(".scatterlayer .trace").first.wait_for(state="attached")
    found = place.evaluate(
        """place => place._fullData.filter(trace => trace.visible === true && trace.showlegend)
            .map(trace => ({name: trace.name, x: Array.from(trace.x), y: Array.from(trace.y)}))"""
    )
    return {curve["name"]: (np.array(curve["x"]), np.array(curve["y"])) for curve in found}


def position(curve: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    """Return the energy of a curve's highest point."""
    return float(curve[0][np.argmax(curve[1])])


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than the window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth"))


def violations(page: Page) -> list[Any]:
    """Return the rules of accessibility that a page breaks, with places: those of axe-core, where it is installed."""
    if not AXE.exists():
        return []
    # The policy forbids inline scripts; those of the debugger are none
    page.evaluate(AXE.read_text("utf-8"))
    return list(page.evaluate(VIOLATIONS))
