"""Pages in a real browser: visits at two sizes and in both themes, and what every page must fulfil."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
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

    def opened(path: str, size: tuple[int, int] = WIDE, *, dark: bool = False, refused: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)

        def listen(message: ConsoleMessage) -> None:
            # A browser notes every 4xx on the console, also one that the page answers to.
            if message.type == "error" and not (refused and "status of 4" in message.text):
                complaints.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == [], complaints


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
