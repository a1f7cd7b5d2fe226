"""Euphonic beside an engine that has loaded another OpenMP library."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def expect_two_openmps() -> Iterator[None]:
    """Suppress the warning of Euphonic that it runs on one core beside another OpenMP library."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        yield
