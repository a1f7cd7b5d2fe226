"""Phonons at wave vectors, in steps between which other threads run."""

from __future__ import annotations

import numpy as np
import pytest
from euphonic import ForceConstants

from scattering.simulate import interpolation
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import MAX_LOCKED_S, SECONDS_PER_CUBED_MODE, modes_at
from tests.phonons.crystals import nacl

Q = np.array([[0.1, 0.2, 0.3], [0, 0, 0], [0.5, 0.5, 0], [0, 0, 0], [0.25, 0, 0.4]])
DIRECTIONS = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 2], [0, 0, 0]])


@pytest.mark.parametrize(
    ("share", "lengths", "by_extension"),
    [(2.0, [2, 2, 1, 2, 2], True), (0.5, [5, 4], False), (5.0, [5, 4], True)],
    ids=["in steps of two", "without the extension", "at once"],
)
def test_modes_are_the_same_in_every_way(
    monkeypatch: pytest.MonkeyPatch, share: float, lengths: list[int], by_extension: bool
) -> None:
    crystal = nacl()
    fc = to_force_constants(crystal)
    at_once = modes_at(fc, Q, directions=DIRECTIONS)
    calls = []
    calculate = ForceConstants.calculate_qpoint_phonon_modes

    def note(self: ForceConstants, q: np.ndarray, *, use_c: bool | None, **options: object) -> object:
        calls.append((len(q), use_c is not False))
        return calculate(self, q, use_c=use_c, **options)

    monkeypatch.setattr(ForceConstants, "calculate_qpoint_phonon_modes", note)
    seconds = SECONDS_PER_CUBED_MODE * (3 * crystal.n_atoms) ** 3
    monkeypatch.setattr(interpolation, "MAX_LOCKED_S", share * seconds)
    found = modes_at(fc, Q, directions=DIRECTIONS, share_lock=True)
    # The pairs for the directions at Γ come after the wave vectors, and stay together
    assert calls == [(n, by_extension) for n in lengths]
    energies = at_once.frequencies.to("meV").magnitude
    np.testing.assert_allclose(found.frequencies.to("meV").magnitude, energies, atol=1e-6)
    # LO and TO of NaCl, in the right place: what a broken pair would lose
    assert energies[1, -1] > energies[1, -2] + 5
    assert found.eigenvectors.shape == at_once.eigenvectors.shape


def test_only_large_crystals_do_without_the_extension() -> None:
    # 390 modes take 0.3 s a wave vector with the extension, twice as long without
    assert SECONDS_PER_CUBED_MODE * 390**3 < MAX_LOCKED_S < SECONDS_PER_CUBED_MODE * 900**3
