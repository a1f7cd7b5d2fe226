"""A real server on an empty data folder, and a page in a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent.parent
READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
MINUTE_MS = 60_000


@pytest.fixture(scope="package")
def server(nep89: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on an empty data folder; its address."""
    data = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "serve.py")],
        cwd=ROOT,
        env={
            **os.environ,
            "BEAMCAST_PORT": "0",
            "BEAMCAST_DATA_DIR": str(data),
            "BEAMCAST_POTENTIALS_DIR": str(nep89.parent),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield next(found[1] for line in process.stdout if (found := READY.search(line)))
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        process.stdout.close()
    assert not list((data / "broker").rglob("*.msg"))


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that must not say anything wrong on its console."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(MINUTE_MS)
    errors: list[str] = []
    # Chromium itself notes a request that was refused, whatever the page says of it
    refused = "status of 4"
    page.on(
        "console",
        lambda said: errors.append(said.text) if said.type == "error" and refused not in said.text else None,
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
