"""GPAW as a reference: its process, its convergence, and itself where it is installed."""

from __future__ import annotations

import stat
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from backend.kit.settings import Settings as Settings_
from backend.label_sets import extxyz
from backend.trainings import files
from backend.trainings.assignment import TrainingAssignment
from backend.trainings.recipes import Recipe
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Workplace
from workers.training import labelling, teachers
from workers.training.dft import gpaw_process as gpaw
from workers.training.dft.convergence import CUTOFFS_EV, SPACINGS_INV_ANGSTROM, converge
from workers.training.dft.gpaw_process import Settings
from workers.training.dft.gpaw_program import mesh
from workers.training.supply import Order

from .conftest import Silent

SETTINGS = Settings(300.0, 0.6)

PLAYED = """
    import json, sys, time
    from ase.calculators.emt import EMT
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import read, write

    if "--version" in sys.argv:
        print(json.dumps({"version": "0.0", "setups": "without" not in sys.argv[0]}))
        sys.exit()
    for line in sys.stdin:
        order = json.loads(line)
        atoms = read(order["file"])
        if len(atoms) == 7:
            print(json.dumps({"error": "RuntimeError: no setup"}), flush=True)
            continue
        if len(atoms) == 5:
            sys.exit(3)
        while order["settings"]["cutoff_ev"] > 1000:
            time.sleep(0.1)
        atoms.calc = EMT()
        results = dict(energy=atoms.get_potential_energy(), forces=atoms.get_forces(), stress=atoms.get_stress())
        atoms.calc = SinglePointCalculator(atoms, **results)
        write(order["file"] + ".out", atoms, format="extxyz")
        print("{}", flush=True)
"""


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python in which GPAW's part is played by EMT."""
    script = tmp_path / "python"
    (tmp_path / "played.py").write_text(textwrap.dedent(PLAYED))
    script.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -W ignore {tmp_path / "played.py"} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(gpaw.PYTHON, str(script))
    gpaw.available.cache_clear()
    return tmp_path


def test_a_worker_announces_gpaw_only_where_it_is(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpaw.available() == {"dft-gpaw": "gpaw 0.0"}
    monkeypatch.setenv(gpaw.PYTHON, sys.executable)
    gpaw.available.cache_clear()
    assert gpaw.available() == {}
    monkeypatch.setenv(gpaw.PYTHON, "/no/such/python")
    gpaw.available.cache_clear()
    assert gpaw.available() == {}
    gpaw.available.cache_clear()


def test_results_come_back_as_they_are(played: Path) -> None:
    atoms = bulk("Cu", "fcc", 3.6, cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.01 * np.arange(9).reshape(3, 3) / 9), scale_atoms=True)
    expected = atoms.copy()
    expected.calc = EMT()
    with gpaw.loaded(played, lambda: None) as load:
        atoms.calc = load(SETTINGS)
        assert atoms.get_potential_energy() == pytest.approx(expected.get_potential_energy(), abs=1e-6)
        np.testing.assert_allclose(atoms.get_forces(), expected.get_forces(), atol=1e-7)
        np.testing.assert_allclose(atoms.get_stress(), expected.get_stress(), atol=1e-7)
        process = atoms.calc._process
    assert process.poll() is not None


class Stop(Exception):
    pass


def test_a_cancelled_job_ends_gpaw_at_once(played: Path) -> None:
    atoms = bulk("Cu", "fcc", 3.6)

    def stop() -> None:
        raise Stop

    with gpaw.loaded(played, stop) as load:
        atoms.calc = load(Settings(2000.0, 0.6))
        process = atoms.calc._process
        with pytest.raises(Stop):
            atoms.get_forces()
    assert process.poll() is not None


@pytest.mark.parametrize(("n_atoms", "reason"), [(7, "no setup"), (5, "ended with 3")])
def test_failures_of_gpaw_are_told(played: Path, n_atoms: int, reason: str) -> None:
    atoms = bulk("Cu", "fcc", 3.6).repeat((n_atoms, 1, 1))
    with gpaw.loaded(played, lambda: None) as load:
        atoms.calc = load(SETTINGS)
        with pytest.raises(CannotPredict) as refused:
            atoms.get_forces()
    assert refused.value.notice.code == "labelling_failed"
    assert reason in refused.value.notice.params["reason"]


def test_the_job_labels_small_cells_and_knows_phonons_at_their_waves(played: Path, settings: Settings_) -> None:
    assignment = TrainingAssignment(None, None, None, ("Cu",), 300.0, Recipe(n_structures=6), "engine", "dft-gpaw")
    # So wide that the cubic cell is labelled as it is
    crystal = bulk("Cu", "fcc", 5.2, cubic=True)
    progress = Checked()
    folder = teachers.label_structures(
        assignment,
        crystal,
        settings=settings,
        workplace=Workplace(played, "1"),
        progress=progress,  # type: ignore[arg-type]
    )
    (played / "labelled").symlink_to(folder)
    made = labelling.supply(Order(assignment, crystal, EMT(), played, lambda share: None))
    labels = extxyz.read(made.text)
    assert [label.n_atoms for label in labels[made.n_trained :]] == [4] * 4 + [2] * 2
    assert {label.n_atoms for label in labels[: made.n_trained]} == {4, 2}
    # X is a wave of the cubic cell, L of the doubled primitive one
    assert made.points is not None
    assert {"Γ", "X", "L"} <= set(made.points)
    assert (made.provenance["functional"], made.provenance["program"]) == ("PBE", "gpaw 0.0")
    assert made.provenance["settings"]["cutoff_ev"] == CUTOFFS_EV[0]
    assert [code for code, _ in progress.stages][:2] == ["converge_settings", "relax"]
    assert not (folder / files.REFERENCE).exists()


class Checked(Silent):
    def check(self) -> None:
        pass


class Converging(Calculator):
    """EMT with an error of all results that falls with the cut-off and the mesh."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, error: float) -> None:
        super().__init__()
        self._error = error

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        exact = atoms.copy()
        exact.calc = EMT()
        self.results = {
            "energy": exact.get_potential_energy(),
            "forces": exact.get_forces() + self._error,
            "stress": exact.get_stress(),
        }


def error(settings: Settings) -> float:
    return 10 * np.exp(-settings.cutoff_ev / 60) + 0.5 * settings.spacing_inv_angstrom**4


def test_the_first_settings_are_taken_whose_next_finer_ones_change_nothing_that_counts() -> None:
    asked: list[Settings] = []

    def load(settings: Settings) -> Calculator:
        asked.append(settings)
        return Converging(error(settings))

    found = converge(bulk("Cu", "fcc", 3.6), load)
    # 10 exp(−E/60): changes of 0.055 eV/Å from 300 to 400 eV, of 0.010 to 500, of 0.002 to 600
    assert found.settings.cutoff_ev == 500.0
    # 0.5 h⁴: changes of 0.044 from 0.6 to 0.45, of 0.013 to 0.35, of 0.004 to 0.28
    assert found.settings.spacing_inv_angstrom == 0.35
    assert found.force_change_ev_per_angstrom == pytest.approx(0.5 * (0.35**4 - 0.28**4), abs=1e-6)
    assert len(asked) == 4 + 4


def test_settings_that_never_converge_are_refused() -> None:
    with pytest.raises(CannotPredict) as refused:
        converge(bulk("Cu", "fcc", 3.6), lambda settings: Converging(settings.cutoff_ev))
    assert refused.value.notice.code == "dft_not_converged"
    assert refused.value.notice.params["quantity"] == "cutoff"
    assert refused.value.notice.params["cutoff_ev"] == CUTOFFS_EV[-1]
    assert list(SPACINGS_INV_ANGSTROM) == sorted(SPACINGS_INV_ANGSTROM, reverse=True)


def test_the_mesh_is_at_least_as_dense_as_asked() -> None:
    silicon = bulk("Si", "diamond", 5.431, cubic=True)
    # 2π/5.431 Å = 1.157 Å⁻¹
    assert mesh(silicon.cell.array, 0.6) == (2, 2, 2)
    assert mesh(silicon.cell.array, 0.35) == (4, 4, 4)
    assert mesh(silicon.repeat((2, 1, 1)).cell.array, 0.35) == (2, 4, 4)
    assert mesh(bulk("Si", a=5.431).cell.array, 10.0) == (1, 1, 1)


@pytest.mark.slow
def test_forces_of_gpaw_are_the_slope_of_its_energy(tmp_path: Path) -> None:
    gpaw.available.cache_clear()
    if not gpaw.available():
        pytest.skip("GPAW is not installed (Debian and Ubuntu: apt-get install gpaw gpaw-data)")
    atoms: Atoms = bulk("Si", "diamond", 5.431)
    atoms.rattle(0.05, seed=1)
    direction = np.random.default_rng(2).normal(size=(2, 3))
    with gpaw.loaded(tmp_path, lambda: None) as load:
        atoms.calc = load(Settings(300.0, 0.9))
        slope = -float(np.sum(atoms.get_forces() * direction))
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.calc = atoms.calc
            moved.positions += sign * 0.01 * direction
            energies.append(moved.get_potential_energy())
    assert (energies[0] - energies[1]) / 0.02 == pytest.approx(slope, rel=0.02, abs=0.01)
