"""What several rooms' tests share: NEP89, a Chromium to look with, PostgreSQL and Redis (tests/services.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from backend.kit.settings import Settings
from backend.potentials import catalogue, fetch

pytest_plugins = ["tests.services"]

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several sessions share the cores: threads of one would wait for those of another
    for _library in ("OMP", "OPENBLAS", "NUMBA"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent
LONGEST = (
    "tests/e2e/test_main_job.py",
    "tests/frontend/test_forecast_browser.py",
    "tests/frontend/test_accessibility.py",
    "tests/workers/test_workflows.py",
    "tests/test_serve.py",
    "tests/e2e/test_measured_data.py",
    "tests/scattering/test_intermediate.py",
    "tests/backend/test_proposals_exchange.py",
    "tests/backend/test_where_to_add_facts.py",
    "tests/workers/test_tasks.py",
    "tests/backend/test_potentials_fetch.py",
    "tests/backend/test_reports_bundle.py",
    "tests/backend/test_reports.py",
    "tests/scattering/test_harmonic.py",
    "tests/workers/test_ipi.py",
    "tests/workers/test_ase_dynamics.py",
    "tests/golden/test_golden.py",
)
"""Files of tests that take longest, in that order. Two processes share the files: the long ones begin, so that neither
process waits in the end while the other still runs one of them."""
CACHE = ROOT / ".cache"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all others stay in their order."""
    place = {ROOT / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def nep89() -> Path:
    """NEP89's file: from where the environment says, or fetched into a cache, once."""
    settings = Settings(data_dir=CACHE)
    try:
        return fetch.find(settings, catalogue.default()) or fetch.fetch(settings, catalogue.default())
    except (fetch.FetchFailed, OSError) as error:
        pytest.skip(f"NEP89 is not here and cannot be fetched: {error}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium from the system; Playwright's own is not downloaded."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        pytest.skip("there is no Chromium on this machine (Debian and Ubuntu: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
