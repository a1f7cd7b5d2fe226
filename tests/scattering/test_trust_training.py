"""Ranges of training: the descriptor with coefficients of 1, against the engine that runs potentials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.neighborlist import neighbor_list
from nep_adapters import NEPCalculator

from backend.families.records.nep import file as nep_file
from scattering.trust.training import TrainingRanges, coverage, crowding
from tests.backend.nep_texts import nep_text

N_EXPANSION = 2**2 * 2 * 5 * 9
N_DESCRIPTORS = 30
SCALE = 0.05
"""As `nep_text` writes it."""


def potential() -> str:
    """A potential of two elements, whose expansion coefficients are all 1."""
    lines = nep_text(elements=("Si", "O")).rstrip().split("\n")
    lines[-N_DESCRIPTORS - N_EXPANSION : -N_DESCRIPTORS] = ["1.0"] * N_EXPANSION
    return "\n".join(lines) + "\n"


def rattled() -> Atoms:
    atoms = bulk("Si", cubic=True)
    atoms.symbols[2] = "O"
    atoms.rattle(0.2, seed=1)
    return atoms


def found(atoms: Atoms, trained: TrainingRanges) -> np.ndarray:
    owners, vectors = neighbor_list("iD", atoms, trained.cutoff_radial)
    return crowding((owners, vectors), len(atoms), trained)


def test_it_is_the_descriptor_that_the_engine_calculates(tmp_path: Path) -> None:
    content, atoms = potential(), rattled()
    (tmp_path / "nep.txt").write_text(content)
    engine = NEPCalculator(tmp_path / "nep.txt").get_descriptor(atoms)
    trained = nep_file.read_training_ranges(content.encode())
    assert trained is not None
    np.testing.assert_allclose(trained.ranges, np.full(5, 1 / SCALE))
    ours = found(atoms, trained) / trained.ranges
    # Five radial functions, then five for each l: alike, as all coefficients are. The engine works in single precision
    np.testing.assert_allclose(engine[:, :5], np.repeat(ours[:, :1], 5, axis=1), rtol=2e-5)
    np.testing.assert_allclose(engine[:, 5:25], np.repeat(ours[:, 1:], 5, axis=1), rtol=2e-4, atol=1e-5)


def test_equal_surroundings_have_no_spread() -> None:
    trained = TrainingRanges(6.0, 5.0, 8, 8, np.full(5, 20.0))
    crystal = coverage(found(bulk("Si", cubic=True), trained), trained)
    assert crystal.spread == pytest.approx(0, abs=1e-12)
    # Inversion through a bond's middle brings atoms into each other; a tetrahedron has no dipole and no quadrupole
    np.testing.assert_allclose(found(bulk("Si", cubic=True), trained)[:, 1:3], 0, atol=1e-9)
    # Pressed together, surroundings are more crowded
    pressed = coverage(found(bulk("Si", cubic=True, a=5.0), trained), trained)
    assert pressed.largest > crystal.largest


def test_a_lone_atom_beside_a_crowded_one_is_outside_a_narrow_range() -> None:
    cluster = Atoms("Si5", [[0, 0, 0], [2.3, 0, 0], [0, 2.3, 0], [0, 0, 2.3], [9, 9, 9]], cell=[20, 20, 20], pbc=True)
    trained = TrainingRanges(6.0, 5.0, 8, 8, np.array([1.0, 1.0, 1.0, 1.0, 1.0]))
    assert coverage(found(cluster, trained), trained).spread > 1


@pytest.mark.parametrize(
    "content",
    [
        # Scales of coefficients that differ: not those of a descriptor that could be calculated again
        "\n".join([*potential().rstrip().split("\n")[:-N_DESCRIPTORS], *[f"{0.01 * n}" for n in range(1, 31)]]),
        nep_text(elements=("Si", "O"), cutoff="cutoff 6 5 5 4 100 60"),
    ],
    ids=["other scales", "cutoffs of each element"],
)
def test_a_file_that_does_not_tell_is_not_guessed_at(content: str) -> None:
    assert nep_file.read_training_ranges(content.encode()) is None


def test_a_flexible_zbl_stands_behind_the_scales() -> None:
    content = nep_text(name="nep4_zbl", zbl="zbl 0 0", extra=10)
    nep_file.read(content.encode())
    trained = nep_file.read_training_ranges(content.encode())
    assert trained is not None
    np.testing.assert_allclose(trained.ranges, 1 / SCALE)
