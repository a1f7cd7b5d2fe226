"""The job of a training: restrict the potential, check the labels, fit, and judge the result."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.engines import catalogue
from backend.families.record import UnusablePotential
from backend.families.records.nep.restriction import restrict
from backend.kit.files.storage import replace_file
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files, mode_fits
from backend.trainings.assignment import TrainingAssignment
from scattering.core.notices import Notice
from workers import engines, stages
from workers.engines import machine
from workers.engines.interface import Potential
from workers.kit.checkpoint import Checkpoints
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress
from workers.kit.workplace import Workplace
from workers.simulations.provenance import versions
from workers.simulations.steps.harmonic_correction import on_supercell
from workers.training import gate, stability, ways
from workers.training.errors import Parity, measure
from workers.training.labels import Labels, prepare
from workers.training.phonons import CheckedPhonons, calculate, points
from workers.training.supply import Order, Supply

FAMILY: Final = "nep"
TRAINED_SHARE: Final = 0.75
"""Fraction of the job at the end of the fits."""
FITTED_SHARE: Final = 0.5
"""Fraction of the job at the end of the fit to the labels, where a fit to the modes follows."""
CURVE_INTERVAL_S: Final = 1.0


@dataclass(frozen=True, eq=False)
class Made:
    """The result of a training: the folder with its files, and what its row keeps."""

    folder: Path
    accepted: bool
    evidence: dict[str, Any]
    warnings: list[Notice]
    provenance: dict[str, Any]


def run(
    assignment: TrainingAssignment,
    atoms: Atoms,
    *,
    base_file: Callable[[], Path],
    workplace: Workplace,
    shared: Path,
    progress: Progress,
) -> Made:
    """Train a potential for a structure, and judge it.

    Parameters
    ----------
    assignment
        The request.
    atoms
        The structure of the file.
    base_file
        Returns the file of the potential to start from, which may be downloaded.
    workplace
        Folder of this job, with its checkpoints.
    shared
        Folder with the files of the request, in which the curve of the loss is written for those who watch.

    Raises
    ------
    CannotPredict
        The potential or the labels cannot be used.
    """
    began = time.perf_counter()
    progress.stage(stages.FETCH_POTENTIAL, until=0.02)
    base = base_file()
    progress.stage(stages.RESTRICT_POTENTIAL, until=0.05)
    start = _restricted(base, assignment, workplace)
    before = _calculator(start)
    progress.stage(stages.CHECK_LABELS, until=0.07)
    supply = ways.supply(Order(assignment, atoms, before, shared, progress.update))
    labels = prepare(supply.text, before, assignment.recipe, is_foreign=supply.is_foreign, n_trained=supply.n_trained)
    folder = workplace.folder / f"result-{workplace.attempt}"
    folder.mkdir(exist_ok=True)
    for made in (shared, folder):
        with replace_file(made / files.LABELS) as path:
            path.write_text(supply.text)
    seconds, curve = _fit(start, folder, labels, assignment, workplace, shared, progress)
    seconds += _fit_modes(supply.atoms, _reference_file(shared), folder, assignment, workplace, progress)
    after = _calculator(folder / files.POTENTIAL)
    return _judge(assignment, supply, labels, before, after, folder, shared, progress, seconds, curve, began)


def serving_engine() -> str:
    """Return the engine that serves trained potentials, and measures them: the default of their family."""
    return catalogue.for_method("harmonic", FAMILY)[0]


def _calculator(file: Path) -> Calculator:
    return engines.calculator(serving_engine(), Potential(file, family=FAMILY))


def _restricted(base: Path, assignment: TrainingAssignment, workplace: Workplace) -> Path:
    """Return the file of the restricted potential, from an earlier attempt if there is one."""
    path = workplace.folder / "base.txt"
    if not path.exists():
        with replace_file(path) as temporary:
            try:
                restrict(base, assignment.elements, temporary)
            except UnusablePotential as error:
                raise CannotPredict(error.notice) from error
    return path


def _fit(
    start: Path,
    folder: Path,
    labels: Labels,
    assignment: TrainingAssignment,
    workplace: Workplace,
    shared: Path,
    progress: Progress,
) -> tuple[float, list[list[float]]]:
    """Fit the potential; return the seconds of all attempts, and the curve of the loss."""
    from workers.training.fit import Epoch, Fit  # imports PyTorch

    recipe = assignment.recipe
    digest = hashlib.sha256(start.read_bytes() + (folder / files.LABELS).read_bytes() + repr(recipe).encode())
    fit = Fit(
        start,
        labels.train,
        labels.held_out,
        recipe,
        with_stress=labels.with_stress,
        checkpoints=Checkpoints(workplace, "fit", fingerprint=digest.hexdigest()),
        device="cuda" if machine.has_gpu() else "cpu",
    )
    report = progress.report_until(FITTED_SHARE if recipe.mode_steps else TRAINED_SHARE)
    written = 0.0

    def tell(share: float, epoch: Epoch) -> None:
        nonlocal written
        if time.monotonic() - written > CURVE_INTERVAL_S:
            written = time.monotonic()
            with replace_file(shared / files.LOSS) as path:
                path.write_text(json.dumps([one.to_json() for one in fit.curve]))
        report(stages.TRAIN.with_params(step=epoch.step, steps=recipe.steps, loss=round(epoch.train, 3)), share)

    fit.run(tell)
    fit.write(folder / files.POTENTIAL)
    return fit.seconds, [one.to_json() for one in fit.curve]


def _fit_modes(
    atoms: Atoms,
    reference: Path | None,
    folder: Path,
    assignment: TrainingAssignment,
    workplace: Workplace,
    progress: Progress,
) -> float:
    """Fit the potential of a crystal of molecules to the modes of its reference; return the seconds of all attempts."""
    steps = assignment.recipe.mode_steps
    if reference is None or not steps:
        return 0.0
    from workers.training.mode_fit import ModeFit  # imports PyTorch

    file = folder / files.POTENTIAL
    # The weights at the start are no part of it: another attempt may have ended its first fit otherwise
    digest = hashlib.sha256(reference.read_bytes() + (folder / files.LABELS).read_bytes())
    digest.update(repr(assignment.recipe).encode())
    checkpoints = Checkpoints(workplace, "modes", fingerprint=digest.hexdigest())
    sites = atoms.repeat(mode_fits.supercell(atoms.cell.array))
    forces = on_supercell(harmonic_crystal_file.load(reference), sites)
    fit = ModeFit(file, sites, forces, checkpoints)
    report = progress.report_until(TRAINED_SHARE)

    def tell(share: float, objective: float) -> None:
        report(stages.FIT_MODES.with_params(step=min(int(share * steps) + 1, steps), steps=steps), share)

    fit.run(steps, tell)
    fit.write(file)
    return fit.seconds


def _judge(
    assignment: TrainingAssignment,
    supply: Supply,
    labels: Labels,
    before: Calculator,
    after: Calculator,
    folder: Path,
    shared: Path,
    progress: Progress,
    seconds: float,
    curve: list[list[float]],
    began: float,
) -> Made:
    progress.stage(stages.CHECK_PHONONS, until=0.85)
    atoms = supply.atoms
    sides: dict[str, gate.Side] = {}
    parities: dict[str, Parity] = {}
    for number, (side, calculator) in enumerate((("before", before), ("after", after))):
        errors, parities[side] = measure(labels.held_out, calculator)
        phonons = calculate(atoms, calculator)
        harmonic_crystal_file.save(folder / files.PHONONS.format(side=side), phonons.crystal)
        sides[side] = gate.Side(errors, phonons)
        progress.update((number + 1) / 2)
    reference = _reference(supply, folder, shared)
    progress.stage(stages.CHECK_DYNAMICS, until=1.0)
    held = stability.run(
        atoms,
        after,
        temperature_k=assignment.temperature_k,
        length_ps=assignment.recipe.dynamics_ps,
        seed=assignment.recipe.seed,
        update=progress.update,
    )
    verdict = gate.judge(sides["before"], sides["after"], held, reference)
    (folder / files.PARITY).write_text(json.dumps({side: one.to_json() for side, one in parities.items()}))
    evidence = {
        "n_labels": len(labels.train) + len(labels.held_out),
        "n_held_out": len(labels.held_out),
        "with_stress": labels.with_stress,
        "offsets_ev": labels.offsets_ev,
        "seconds_labelling": round(supply.seconds, 1),
        "seconds_training": round(seconds, 1),
        "seconds_total": round(time.perf_counter() - began, 1),
        "loss": curve,
        "held_out": {side: one.errors.to_json() for side, one in sides.items()},
        "phonons": _phonon_evidence(sides["before"].phonons, sides["after"].phonons, reference),
        "stable_md_ps": held.stable_ps,
        "refusals": [notice.to_json() for notice in verdict.refusals],
    }
    sums = {
        "labels_sha256": _sum(folder / files.LABELS),
        "potential_sha256": _sum(folder / files.POTENTIAL),
        "base_sha256": assignment.base_sha256,
    }
    made_with = {
        "versions": {**versions(), **_trainer_versions()},
        "engine": serving_engine(),
        "labels": supply.provenance,
        **sums,
    }
    return Made(folder, verdict.accepted, evidence, [*verdict.refusals, *verdict.remarks], made_with)


def _reference(supply: Supply, folder: Path, shared: Path) -> gate.Points | None:
    """Return the phonons of the reference at special points, if they are known, and keep its force constants."""
    found = _reference_file(shared)
    if found is None:
        return supply.points
    crystal = harmonic_crystal_file.load(found)
    harmonic_crystal_file.save(folder / files.PHONONS.format(side="reference"), crystal)
    return points(crystal, supply.atoms) if supply.points is None else supply.points


def _reference_file(shared: Path) -> Path | None:
    """Return the file of the force constants of the reference, if they are known."""
    places = (shared / files.REFERENCE, shared / files.LABELLED / files.REFERENCE)
    return next((one for one in places if one.exists()), None)


def _phonon_evidence(before: CheckedPhonons, after: CheckedPhonons, reference: gate.Points | None) -> dict[str, Any]:
    errors = None if reference is None else gate.errors_of_points(reference, before.points, after.points)
    names = dict.fromkeys([*before.points, *(reference or {})])
    return {
        "points": {
            name: {
                "reference": None if reference is None else reference.get(name),
                "before": before.points.get(name),
                "after": after.points.get(name),
            }
            for name in names
        },
        "mean_error_before": None if errors is None else round(errors[0], 4),
        "mean_error_after": None if errors is None else round(errors[1], 4),
        "imaginary_before": before.is_imaginary,
        "imaginary_after": after.is_imaginary,
        "before": before.to_json(),
        "after": after.to_json(),
    }


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _trainer_versions() -> dict[str, str]:
    from workers.training.trainers import trainer_versions

    return trainer_versions()
