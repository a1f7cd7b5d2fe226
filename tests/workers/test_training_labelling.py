"""Labels by another potential: relaxed with it, complete, kept through a kill, with the phonons of the reference."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

from backend.label_sets import extxyz
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from backend.trainings.assignment import TrainingAssignment
from backend.trainings.recipes import Recipe
from workers.training import labelling
from workers.training.cells import LabelledCell, choose_cells
from workers.training.kept_results import KeptResults
from workers.training.phonons import calculate, commensurate_points
from workers.training.supply import Order

from .conftest import Silent

LATTICE = 3.6


def copper() -> Atoms:
    return bulk("Cu", "fcc", LATTICE, cubic=True)


class Counted:
    """Loads EMT, and counts."""

    def __init__(self) -> None:
        self.n_loaded = 0

    def __call__(self) -> Calculator:
        self.n_loaded += 1
        return EMT()


def made(folder: Path, load: Any = EMT) -> tuple[KeptResults, Path]:
    """All of the job of the labels."""
    teacher = KeptResults(load, folder / "results", fingerprint="EMT")
    progress: Any = Silent()
    resting = labelling.relax_in(copper(), teacher, progress)
    cells = choose_cells(resting, min_height_angstrom=6.5, doubles_primitive=False)
    labelling.label(
        resting,
        cells,
        teacher,
        folder / "labelled",
        temperature_k=300.0,
        n_structures=6,
        seed=1,
        provenance={"engine": "emt"},
        progress=progress,
    )
    return teacher, folder / "labelled"


def test_labels_are_of_the_reference_at_rest_in_it(tmp_path: Path) -> None:
    _, folder = made(tmp_path)
    labels = extxyz.read((folder / files.LABELS).read_text())
    assignment = TrainingAssignment(None, None, None, ("Cu",), 300.0, Recipe(), "engine", "emt")
    supplied = labelling.supply(Order(assignment, copper(), EMT(), tmp_path, lambda share: None))
    assert (len(labels), supplied.n_trained, supplied.is_foreign) == (8, 2, False)
    for label in labels:
        atoms = Atoms(label.numbers, label.positions, cell=label.cell, pbc=True, calculator=EMT())
        assert label.n_atoms == 32
        assert label.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
        np.testing.assert_allclose(label.forces, atoms.get_forces(), atol=1e-9)
        assert label.stress is not None
        np.testing.assert_allclose(label.stress, atoms.get_stress(voigt=False), atol=1e-9)
    resting = supplied.atoms
    np.testing.assert_allclose(resting.cell.array, copper().cell.array)
    # Phonons at the points that the supercell of 2 × 2 × 2 has, as in a larger one
    exact = calculate(resting, EMT()).points
    assert supplied.points is not None
    assert {"Γ", "X", "L"} <= set(supplied.points)
    assert "K" not in supplied.points
    for point, energies in supplied.points.items():
        np.testing.assert_allclose(energies, exact[point], atol=0.15)
    crystal = harmonic_crystal_file.load(folder / files.REFERENCE)
    assert commensurate_points(crystal, resting) == supplied.points
    assert json.loads((folder / labelling.FACTS).read_text())["provenance"]["cells"] == [[2, 2, 2]]


def test_the_structure_is_relaxed_in_its_own_cell_first(tmp_path: Path) -> None:
    atoms = copper()
    atoms.positions[1] += [0.02, 0.01, 0.0]
    teacher = KeptResults(EMT, tmp_path, fingerprint="EMT")
    resting = labelling.relax_in(atoms, teacher, Silent())  # type: ignore[arg-type]
    assert resting.calc is None
    np.testing.assert_array_equal(resting.cell.array, atoms.cell.array)
    resting.calc = EMT()
    assert abs(resting.get_forces()).max() < 1e-3
    assert abs(resting.positions - atoms.positions).max() > 0.005


def test_a_second_attempt_calculates_nothing_again_and_makes_the_same_labels(tmp_path: Path) -> None:
    first, folder = made(tmp_path)
    text = (folder / files.LABELS).read_text()
    load = Counted()
    second, _ = made(tmp_path, load)
    assert (load.n_loaded, second.n_calculated) == (0, 0)
    assert first.n_calculated == 9
    assert (folder / files.LABELS).read_text() == text
    assert second.seconds == pytest.approx(first.seconds)


def test_results_of_another_reference_and_damaged_ones_are_not_taken(tmp_path: Path) -> None:
    atoms = bulk("Cu", "fcc", LATTICE)
    atoms.calc = KeptResults(EMT, tmp_path, fingerprint="one")
    energy = atoms.get_potential_energy()
    other = KeptResults(EMT, tmp_path, fingerprint="other")
    atoms.calc = other
    assert atoms.get_potential_energy() == pytest.approx(energy)
    assert other.n_calculated == 1
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    again = KeptResults(EMT, tmp_path, fingerprint="one")
    atoms.calc = again
    assert atoms.get_potential_energy() == pytest.approx(energy)
    assert again.n_calculated == 1


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from ase.calculators.emt import EMT
    from tests.workers.test_training_labelling import made

    class Fatal(EMT):
        n = 0
        def calculate(self, *given, **named):
            Fatal.n += 1
            if Fatal.n > int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
            super().calculate(*given, **named)

    made(Path(sys.argv[1]), Fatal)
"""


def test_a_killed_job_goes_on_after_its_last_label(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    (tmp_path / "cut").mkdir()
    (tmp_path / "whole").mkdir()
    whole, folder = made(tmp_path / "whole")
    kept = whole.n_calculated - 3
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "cut"), str(kept)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    resumed, other = made(tmp_path / "cut")
    assert resumed.n_calculated == 3
    assert (other / files.LABELS).read_text() == (folder / files.LABELS).read_text()


@pytest.mark.parametrize(
    ("atoms", "shapes"),
    [
        # L is no wave of the cubic cell, X is; the three doubled primitive cells are alike
        (bulk("Si", "diamond", 5.43, cubic=True), [((1, 1, 1), 8), ((2, 1, 1), 4)]),
        # A repeated primitive cell has them all
        (bulk("Si", "diamond", 5.43), [((2, 2, 2), 16)]),
        (bulk("Mg", "hcp", a=3.2, c=5.2), [((2, 2, 1), 8), ((1, 1, 2), 4)]),
    ],
)
def test_small_cells_of_dft_have_the_waves_of_the_zone_boundary(atoms: Atoms, shapes: list[Any]) -> None:
    cells = choose_cells(atoms, min_height_angstrom=5.0, doubles_primitive=True)
    assert [(cell.supercell, len(cell.sites)) for cell in cells] == shapes


def test_points_of_a_doubled_primitive_cell(tmp_path: Path) -> None:
    resting = bulk("Cu", "fcc", LATTICE, cubic=True)
    teacher = KeptResults(EMT, tmp_path, fingerprint="EMT")
    cell = LabelledCell(bulk("Cu", "fcc", LATTICE), (6, 1, 1))
    found = labelling._displace(cell, teacher, lambda share: None)
    points = commensurate_points(found.crystal, resting)
    # L along one vector of the primitive cell, equivalent to the one that is named
    assert set(points) == {"Γ", "L"}
    np.testing.assert_allclose(points["L"], calculate(resting, EMT()).points["L"], atol=0.1)


def test_most_random_structures_are_of_the_largest_cell() -> None:
    assert labelling.shares(20, 1) == [20]
    assert labelling.shares(20, 2) == [12, 8]
    assert sum(labelling.shares(21, 4)) == 21
