"""Tests that need optional packages: `make extras` installs them, and lets none of these tests be skipped."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

import pytest

REQUIRED = "BEAMCAST_TEST_EXTRAS"
"""Environment variable with which missing packages are no reason to skip a test."""


def needs(*packages: str) -> list[pytest.MarkDecorator]:
    """Return the marks of tests that need packages."""
    missing = [name for name in packages if not _is_installed(name)]
    skip = pytest.mark.skipif(bool(missing) and REQUIRED not in os.environ, reason=f"not installed: {missing}")
    return [pytest.mark.extras, skip]


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
