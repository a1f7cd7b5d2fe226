"""The fit of a NEP, where the extra `train` is installed: it learns, resumes exactly, improves phonons."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from backend.families.records.nep.restriction import restrict
from backend.label_sets import extxyz
from backend.label_sets.extxyz import Label
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from backend.trainings.assignment import TrainingAssignment
from backend.trainings.recipes import Recipe, fill
from tests.extras import needs
from workers import engines
from workers.engines.interface import Potential
from workers.kit.checkpoint import Checkpoints
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Workplace
from workers.simulations.steps.relaxation import relax
from workers.training.phonons import calculate

pytestmark = needs("neppo", "torch")

ROOT = Path(__file__).parents[2]
SILICON: Atoms = bulk("Si", "diamond", 5.431, cubic=True)
STIFFNESS, STRETCH = 1.3, 1.01
"""Of the teacher: NEP89's energy times the first, at positions divided by the second."""


class Teacher(Calculator):
    """NEP89 with stiffer bonds and a larger cell: a reference that is near NEP89, as PBE is for silicon."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, calculator: Calculator) -> None:
        super().__init__()
        self._calculator = calculator

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        smaller = atoms.copy()
        smaller.set_cell(atoms.cell.array / STRETCH, scale_atoms=True)
        smaller.calc = self._calculator
        self.results = {
            "energy": STIFFNESS * smaller.get_potential_energy() + 3.0 * len(atoms),
            "forces": STIFFNESS / STRETCH * smaller.get_forces(),
            "stress": STIFFNESS / STRETCH**3 * smaller.get_stress(),
        }


@pytest.fixture(scope="module")
def silicon_nep(nep89: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("silicon") / "nep.txt"
    restrict(nep89, {"Si"}, made)
    return made


def labels_of(calculator: Calculator, n_frames: int) -> list[Label]:
    rng = np.random.default_rng(5)
    labels = []
    for number in range(n_frames):
        atoms = bulk("Si", "diamond", 5.431, cubic=True) if number % 5 < 3 else bulk("Si", a=5.431).repeat((2, 1, 1))
        strain = rng.uniform(-0.015, 0.015, (3, 3))
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
        atoms.rattle([0.02, 0.04, 0.08][number % 3], rng=rng)
        atoms.calc = calculator
        labels.append(
            Label(
                atoms.numbers.astype(np.int64),
                atoms.positions,
                atoms.cell.array,
                atoms.get_potential_energy(),
                atoms.get_forces(),
                atoms.get_stress(voigt=False),
            )
        )
    return labels


def fit_of(silicon_nep: Path, folder: Path, recipe: Recipe, attempt: str = "1", checkpoint_s: float = 0.0) -> Any:
    from workers.training.fit import Fit
    from workers.training.labels import prepare

    base = engines.calculator("nep-adapters", Potential(silicon_nep, family="nep"))
    labels = prepare(extxyz.write(labels_of(Teacher(base), 10)), base, recipe)
    checkpoints = Checkpoints(Workplace(folder, attempt, checkpoint_s), "fit", fingerprint="same")
    return Fit(
        silicon_nep, labels.train, labels.held_out, recipe, with_stress=True, checkpoints=checkpoints, device="cpu"
    )


def weights(file: Path) -> np.ndarray:
    """The numbers of a nep.txt, below its header."""
    return np.array(file.read_text().partition("ANN")[2].splitlines()[1:], float)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from backend.trainings.recipes import Recipe
    from tests.workers.test_training_fit import fit_of

    def kill(share, epoch):
        if share > 0.4:
            os.kill(os.getpid(), signal.SIGKILL)

    fit_of(Path(sys.argv[1]), Path(sys.argv[2]), Recipe(steps=40)).run(kill)
"""


def test_a_killed_fit_goes_on_from_its_checkpoint_as_if_nothing_had_happened(silicon_nep: Path, tmp_path: Path) -> None:
    recipe = Recipe(steps=40)
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = fit_of(silicon_nep, tmp_path / "whole", recipe)
    whole.run(lambda share, epoch: None)
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(silicon_nep), str(tmp_path / "cut")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    shares: list[float] = []
    resumed = fit_of(silicon_nep, tmp_path / "cut", recipe, attempt="2")
    resumed.run(lambda share, epoch: shares.append(share))
    assert shares[0] > 0.4
    assert [one.step for one in resumed.curve] == [one.step for one in whole.curve]
    np.testing.assert_allclose([one.train for one in resumed.curve], [one.train for one in whole.curve], rtol=1e-4)
    for fit, name in ((whole, "whole"), (resumed, "resumed")):
        fit.write(tmp_path / f"{name}.txt")
    one, other = (weights(tmp_path / f"{name}.txt") for name in ("whole", "resumed"))
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert whole.curve[-1].train < whole.curve[0].train


def run_task(
    silicon_nep: Path,
    shared: Path,
    progress: Any,
    *,
    labels: str | None,
    kind: str = "file",
    recipe: Recipe | None = None,
) -> Any:
    """Do the job of a training of silicon, whose labels are a file, or are made from `reference.h5`."""
    from workers.training import task

    (shared / "train-0").mkdir()
    if labels is not None:
        (shared / files.LABELS).write_text(labels)
    assignment: Callable[..., TrainingAssignment] = TrainingAssignment
    return task.run(
        assignment(
            training_id=None,
            structure_id=None,
            base=None,
            elements=("Si",),
            temperature_k=300.0,
            recipe=recipe or Recipe(),
            kind=kind,
        ),
        SILICON,
        base_file=lambda: silicon_nep,
        workplace=Workplace(shared / "train-0", "1"),
        shared=shared,
        progress=progress,
    )


@pytest.fixture
def shared(tmp_path: Path, silicon_nep: Path) -> tuple[Path, Teacher]:
    """The folder of a training, with the force constants of the teacher, and the teacher."""
    folder = tmp_path / "work"
    folder.mkdir()
    teacher = Teacher(engines.calculator("nep-adapters", Potential(silicon_nep, family="nep")))
    harmonic_crystal_file.save(folder / files.REFERENCE, calculate(SILICON, teacher).crystal)
    return folder, teacher


def test_labels_in_other_units_or_with_one_wrong_energy_are_not_trained_on(
    silicon_nep: Path, tmp_path: Path, progress: Any
) -> None:
    teacher = Teacher(engines.calculator("nep-adapters", Potential(silicon_nep, family="nep")))
    labels = labels_of(teacher, 10)
    in_hartree = [replace(one, forces=one.forces / 51.422) for one in labels]
    wrong = [replace(one, energy=one.energy + (2.0 if number == 4 else 0.0)) for number, one in enumerate(labels)]
    for name, bad, code, frame in (("unit", in_hartree, "label_unit", 1), ("energy", wrong, "label_energy_wrong", 5)):
        (tmp_path / name).mkdir()
        with pytest.raises(CannotPredict) as refused:
            run_task(silicon_nep, tmp_path / name, progress, labels=extxyz.write(bad))
        assert (refused.value.notice.code, refused.value.notice.params["frame"]) == (code, frame)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_silicon_learns_the_phonons_of_its_reference(
    silicon_nep: Path, shared: tuple[Path, Teacher], progress: Any
) -> None:
    folder, teacher = shared
    made = run_task(silicon_nep, folder, progress, labels=extxyz.write(labels_of(teacher, 20)))
    phonons = made.evidence["phonons"]
    assert made.evidence["refusals"] == []
    assert made.accepted
    wanted = calculate(SILICON, teacher).points
    for point, tolerance_mev in (("Γ", 1.5), ("X", 3.0), ("L", 3.0)):
        np.testing.assert_allclose(phonons["points"][point]["after"], wanted[point], atol=tolerance_mev)
        assert phonons["points"][point]["reference"] == pytest.approx(wanted[point], abs=0.01)
        assert abs(np.subtract(phonons["points"][point]["before"], wanted[point])).max() > 5
    assert not phonons["imaginary_after"]
    assert phonons["mean_error_after"] < phonons["mean_error_before"] / 3
    held_out = made.evidence["held_out"]
    assert held_out["after"]["force_ev_per_angstrom"] < held_out["before"]["force_ev_per_angstrom"] / 4
    assert made.evidence["stable_md_ps"] == 20.0
    assert made.evidence["offsets_ev"]["Si"] == pytest.approx(3.0 + 0.3 * -4.6, abs=1.5)
    names = {path.name for path in made.folder.iterdir()}
    assert names >= {
        "nep.txt",
        "labels.xyz",
        "parity.json",
        "phonons-before.h5",
        "phonons-after.h5",
        "phonons-reference.h5",
    }


def grueneisen(calculator: Calculator) -> float:
    """The mean of −d ln ω/d ln V of the optical and zone-boundary modes."""
    energies = []
    for factor in (0.99, 1.01):
        found = calculate(bulk("Si", "diamond", factor * 5.431, cubic=True), calculator).points
        energies.append(np.concatenate([np.array(found[name])[np.array(found[name]) > 2] for name in ("Γ", "X", "L")]))
    return float(np.mean(-np.log(energies[1] / energies[0]) / (3 * np.log(1.01 / 0.99))))


def lattice_constant(calculator: Calculator) -> float:
    return float(relax(SILICON, calculator, relax_cell=True).atoms.cell.lengths()[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_silicon_has_the_phonons_of_force_constants_and_keeps_its_lattice_constant(
    silicon_nep: Path, shared: tuple[Path, Teacher], progress: Any
) -> None:
    folder, teacher = shared
    made = run_task(
        silicon_nep, folder, progress, labels=None, kind="phonons", recipe=fill("standard", {}, exact_stress=True)
    )
    assert made.accepted
    wanted = calculate(SILICON, teacher).points
    for point, sides in made.evidence["phonons"]["points"].items():
        np.testing.assert_allclose(sides["after"], wanted[point], atol=2.0)
    base, after = (
        engines.calculator("nep-adapters", Potential(file, family="nep"))
        for file in (silicon_nep, made.folder / files.POTENTIAL)
    )
    assert lattice_constant(after) == pytest.approx(lattice_constant(base), rel=2e-3)
    assert grueneisen(after) > 0.5 * grueneisen(base) > 0.3
    assert made.evidence["seconds_labelling"] > 0
