"""Labels by GFN1-xTB, where tblite is installed: complete, and derivatives of their energies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from backend.label_sets import extxyz
from backend.trainings import files
from tests.extras import needs
from workers import engines
from workers.engines.interface import Potential
from workers.training import labelling
from workers.training.cells import choose_cells
from workers.training.kept_results import KeptResults

from .conftest import Silent

pytestmark = needs("tblite")


def teacher(folder: Path) -> KeptResults:
    potential = Potential(Path(), family="xtb", format="GFN1-xTB")
    return KeptResults(lambda: engines.calculator("tblite", potential), folder, fingerprint="GFN1-xTB")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_lithium_hydride_labelled_by_gfn1(tmp_path: Path) -> None:
    kept = teacher(tmp_path / "results")
    progress = Silent()
    resting = labelling.relax_in(bulk("LiH", "rocksalt", 4.08, cubic=True), kept, progress)  # type: ignore[arg-type]
    cells = choose_cells(resting, min_height_angstrom=6.5, doubles_primitive=False)
    labelling.label(
        resting,
        cells,
        kept,
        tmp_path / "labelled",
        temperature_k=300.0,
        n_structures=4,
        seed=1,
        provenance={},
        progress=progress,  # type: ignore[arg-type]
    )
    labels = extxyz.read((tmp_path / "labelled" / files.LABELS).read_text())
    # At rest, with each of the two elements displaced, and at random
    assert [label.n_atoms for label in labels] == [64] * (1 + 2 + 4)
    assert np.abs(labels[0].forces).max() < 0.01 < np.abs(labels[1].forces).max()
    assert progress.stages[-1] == ("label_structures", 1.0)
    # The force along a random direction is the slope of the energy
    label = labels[-1]
    direction = np.random.default_rng(3).normal(size=label.positions.shape)
    atoms = Atoms(label.numbers, label.positions, cell=label.cell, pbc=True)
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions += sign * 1e-3 * direction
        moved.calc = kept
        energies.append(moved.get_potential_energy())
    slope = (energies[0] - energies[1]) / 2e-3
    assert slope == pytest.approx(-np.sum(label.forces * direction), rel=1e-2)
