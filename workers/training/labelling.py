"""Label structures by another potential or by DFT, after relaxing them with it: the job before that of the fit.

Every result is kept (`kept_results`), so another attempt goes on after the last one. The same single displaced atoms
give the labels of the harmonic forces, the phonons of the reference for the check, and its thermal displacements.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms

from backend.label_sets import extxyz
from backend.label_sets.extxyz import Label
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from scattering.core.harmonic_crystal import HarmonicCrystal
from workers import stages
from workers.kit.progress import Progress
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.harmonic_correction import on_supercell
from workers.simulations.steps.relaxation import relax
from workers.training import sampling
from workers.training.cells import LabelledCell
from workers.training.kept_results import KeptResults
from workers.training.phonons import commensurate_points
from workers.training.supply import Order, Supply

FACTS: Final = "facts.json"
LARGEST_SHARE: Final = 0.6
"""Of the random structures, those of the largest cell, where there are several."""


@dataclass(frozen=True, eq=False)
class Harmonic:
    """The harmonic part of a cell in the reference: labels at rest and of displaced atoms, and force constants."""

    labels: list[Label]
    crystal: HarmonicCrystal


def relax_in(atoms: Atoms, teacher: KeptResults, progress: Progress) -> Atoms:
    """Return the structure at rest in the reference, in its own cell."""
    progress.stage(stages.RELAX, until=0.15)
    relaxed = relax(atoms, teacher, relax_cell=False, update=progress.update).atoms
    resting: Atoms = relaxed.copy()
    resting.calc = None
    return resting


def label(
    resting: Atoms,
    cells: Sequence[LabelledCell],
    teacher: KeptResults,
    folder: Path,
    *,
    temperature_k: float,
    n_structures: int,
    seed: int,
    provenance: dict[str, Any],
    progress: Progress,
) -> None:
    """Label structures of all cells, and write them with the phonons of the reference.

    Parameters
    ----------
    resting
        The structure at rest in the reference.
    cells
        Cells to label, the largest first.
    teacher
        The reference.
    folder
        Where the labels, the force constants of a single cell, and facts are written.
    n_structures
        Number of random structures of all cells.
    """
    progress.stage(stages.DISPLACE_ATOMS, until=0.5)
    harmonic = []
    for number, cell in enumerate(cells):
        harmonic.append(_displace(cell, teacher, lambda share, at=number: progress.update((at + share) / len(cells))))
    report = progress.report_until(1.0)
    rng = np.random.default_rng(seed)
    sampled = []
    counts = shares(n_structures, len(cells))
    for cell, known, count in zip(cells, harmonic, counts, strict=True):
        sites = cell.sites
        draw = sampling.thermal_draw(on_supercell(known.crystal, sites), known.crystal.masses, temperature_k)
        for one in sampling.sample(sites, count, rng, thermal=draw):
            sampled.append(_evaluate(one.of(sites), teacher))
            counted = stages.LABEL.with_params(label=len(sampled), labels=n_structures)
            report(counted, len(sampled) / n_structures)
    first = [one for known in harmonic for one in known.labels]
    folder.mkdir(exist_ok=True)
    (folder / files.LABELS).write_text(extxyz.write([*first, *sampled]))
    if len(cells) == 1:
        harmonic_crystal_file.save(folder / files.REFERENCE, harmonic[0].crystal)
    points: dict[str, list[float]] = {}
    for known in harmonic:
        points = {**commensurate_points(known.crystal, resting), **points}
    facts = {
        "n_trained": len(first),
        "seconds": round(teacher.seconds, 1),
        "positions": resting.positions.tolist(),
        "points": points,
        "provenance": {**provenance, "cells": [list(cell.supercell) for cell in cells], "n_displaced": len(first)},
    }
    (folder / FACTS).write_text(json.dumps(facts))


def supply(order: Order) -> Supply:
    """Return the labels that another job has made."""
    made = order.shared / files.LABELLED
    facts = json.loads((made / FACTS).read_text())
    atoms = order.atoms.copy()
    atoms.set_positions(facts["positions"])
    return Supply(
        (made / files.LABELS).read_text(),
        atoms,
        is_foreign=False,
        n_trained=facts["n_trained"],
        seconds=facts["seconds"],
        provenance=facts["provenance"],
        points=facts["points"],
    )


def shares(n_structures: int, n_cells: int) -> list[int]:
    """Return the number of random structures of each cell: most of the largest one."""
    if n_cells == 1:
        return [n_structures]
    first = round(LARGEST_SHARE * n_structures)
    rest = np.linspace(0, n_structures - first, n_cells).astype(int)
    return [first, *np.diff(rest).tolist()]


def _displace(cell: LabelledCell, teacher: KeptResults, update: Any) -> Harmonic:
    before = len(teacher.labels)
    with warnings.catch_warnings():
        # A primitive cell that is doubled along one vector has a lower symmetry, which phonopy uses then
        warnings.filterwarnings("ignore", message=".*Point group symmetries")
        found = displace(
            cell.unit,
            teacher,
            labels=list(cell.unit.symbols),
            supercell=cell.supercell,
            distance=sampling.DISPLACEMENT_ANGSTROM,
            update=update,
        )
    return Harmonic(teacher.labels[before:], found.crystal(cell.unit.cell.array))


def _evaluate(atoms: Atoms, teacher: KeptResults) -> Label:
    atoms.calc = teacher
    atoms.get_potential_energy()
    return teacher.labels[-1]
