"""Phonons at wave vectors, while other threads run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Event, Thread

import numpy as np
import pytest

from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import modes_at
from tests.phonons.crystals import nacl

Q = np.random.default_rng(1).random((2000, 3))


@pytest.fixture
def without_turns() -> Iterator[None]:
    """Python's lock is held until it is given up; usually another thread has it after 5 ms."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("without_turns")
def test_other_threads_run_while_modes_are_calculated() -> None:
    fc, begin, ran = to_force_constants(nacl()), Event(), Event()
    modes_at(fc, Q[:2], n_threads=1)
    other = Thread(target=lambda: begin.wait() and ran.set(), daemon=True)
    other.start()
    begin.set()
    modes_at(fc, Q, n_threads=1)
    assert ran.is_set()
    other.join()
