"""What the engines' own OpenMP makes Euphonic say."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def expect_two_openmps() -> Iterator[None]:
    """Let Euphonic work without its warning: beside the OpenMP of an engine, it runs on one core."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        yield
