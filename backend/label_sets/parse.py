"""Read a label set in a confined process (`kit.files.confined`), check it, and write it in one form.

The files are the upload and, if this server has it, a potential beside which the labels are checked.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ase
import numpy as np
from ase.data import chemical_symbols

from backend.families import catalogue as families
from backend.families.record import UnusablePotential, UploadedFiles
from backend.kit.files import confined, parsed_notices
from backend.kit.files.unreadable import Unreadable
from backend.label_sets import checks, extxyz
from backend.label_sets.extxyz import Label
from scattering.core.notices import Notice

MEMORY_BYTES: Final = 4 * 1024**3
MAX_NET_FORCE_EV_PER_ANGSTROM: Final = 0.05
"""Mean force on the atoms of a frame above which the labels are suspicious."""


def main(arguments: list[str] | None = None) -> None:
    """Read the input files and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-files", type=int, required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    families.families()  # imports the records before the limits apply
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(options.n_files))


def as_json(n_files: int) -> str:
    """Return the facts about the set and its text, or the refusal as a notice, `error`."""
    upload, *potentials = confined.inputs(n_files)
    try:
        labels = extxyz.read(upload.read_bytes().decode("utf-8-sig", errors="replace"))
        return json.dumps(parse(labels, [str(path) for path in potentials]), allow_nan=False)
    except Unreadable as error:
        (notice,) = parsed_notices.to_json([error.notice])
        return json.dumps({"error": notice})


def parse(labels: Sequence[Label], potentials: Sequence[str]) -> dict[str, Any]:
    """Check labels, and return their facts, warnings and text.

    Parameters
    ----------
    potentials
        File of a potential, or nothing.

    Raises
    ------
    Unreadable
        The labels cannot be used.
    """
    checks.check_stated_levels(labels)
    checks.check_sizes(labels)
    warnings = []
    net = [float(np.linalg.norm(label.forces.mean(axis=0))) for label in labels]
    if max(net) > MAX_NET_FORCE_EV_PER_ANGSTROM:
        worst = int(np.argmax(net))
        warnings.append(Notice("labels_net_force", {"frame": worst + 1, "force_ev_per_angstrom": net[worst]}))
    compared = compute(labels, potentials[0]) if potentials else None
    if compared is None:
        warnings.append(Notice("labels_not_compared"))
    else:
        checks.compare(labels, compared)
    with_stress = sum(label.stress is not None for label in labels)
    if 0 < with_stress < len(labels):
        warnings.append(Notice("labels_stress_partly", {"n_with": with_stress, "n_structures": len(labels)}))
    if len(labels) < checks.MIN_FRAMES:
        warnings.append(Notice("labels_few", {"n_structures": len(labels), "minimum": checks.MIN_FRAMES}))
    return {
        "n_structures": len(labels),
        "n_atoms": sum(label.n_atoms for label in labels),
        "elements": elements_of(labels),
        "has_stress": with_stress == len(labels),
        "level": labels[0].level,
        "warnings": parsed_notices.to_json(warnings),
        "text": extxyz.write(labels),
    }


def elements_of(labels: Sequence[Label]) -> list[str]:
    """Return the symbols of all elements, by atomic number."""
    return [chemical_symbols[number] for number in sorted({int(one) for label in labels for one in label.numbers})]


def compute(labels: Sequence[Label], file: str) -> checks.Compared | None:
    """Evaluate a potential for labels; None if it lacks one of their elements, or does not run."""
    try:
        family, facts = families.identify(Path(file).read_bytes())
    except (UnusablePotential, OSError):
        return None
    if not set(elements_of(labels)) <= set(facts.elements):
        return None
    assert family.uploads is not None
    return evaluate(labels, _load(family.uploads, file))


def _load(uploads: UploadedFiles, file: str) -> Any:
    return next(iter(uploads.loaders.values()))(file)


def evaluate(labels: Sequence[Label], calculator: Any) -> checks.Compared:
    """Return energies, forces and stresses of a calculator of ASE for the frames of a set."""
    energies, forces, stresses = [], [], []
    for label in labels:
        atoms = ase.Atoms(label.numbers, label.positions, cell=label.cell, pbc=True, calculator=calculator)
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stresses.append(atoms.get_stress(voigt=False))
    return checks.Compared(np.array(energies), forces, stresses)


if __name__ == "__main__":
    main()
