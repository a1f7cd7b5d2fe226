"""Calibrate a potential: compute the phonons of all reference crystals with it, and write how far off they are.

`python -m benchmarks.calibration [--potential NEP89] [--file FILE --engine ENGINE --family FAMILY]`, in the root of the
repository; NEP89 takes some minutes on one core. Each crystal is relaxed in the given cell and displaced as for a
harmonic forecast. The table is `scattering/trust/data/calibration/POTENTIAL.csv`; a run adds the crystals that it has
not, and `--again` begins anew. Slow potentials leave out crystals that need many atoms (`--max-atoms`), or have only
crystals of some classes (`--classes`).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from backend.kit.settings import current
from backend.potentials import catalogue, fetch
from backend.structures.geometry import StructureData
from backend.structures.material_class import class_of_atoms
from scattering.simulate.phonons import SYMMETRY_TOLERANCE
from scattering.simulate.protocol import MIN_HARMONIC_HEIGHT_ANGSTROM, choose_supercell
from scattering.trust.calibration import (
    FIELDS,
    FOLDER,
    MEASURED,
    Coverage,
    Row,
    Spread,
    check_held_out,
    covered,
    find_spread,
    leave_one_out,
    log_ratios,
    metals_only,
    without_metals,
)
from scattering.trust.chemistry import CLASSES
from scattering.trust.measured_phonons import Material, compare, materials
from scattering.trust.reference_phonons import ReferenceCrystal, reference_crystals
from workers import engines
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.simulations.steps.force_constants import displace, sample_zone
from workers.simulations.steps.relaxation import relax
from workers.simulations.steps.special_points import special_phonons

DISPLACEMENT_ANGSTROM: Final = 0.01
MAX_ATOMS: Final = 16
UNVERIFIED_WEIGHT: Final = 0.5
BUILT: Final = {225: "fcc", 229: "bcc", 227: "diamond"}
"""Structure of an element with this space group."""
COMPOUNDS: Final = {(225, 2): "rocksalt", (216, 2): "zincblende", (225, 3): "fluorite"}
"""Structure of a compound with this space group and number of atoms in its formula."""


@dataclass(frozen=True, eq=False)
class Computed:
    """Phonons of a crystal in a potential: special point → energies in meV, and fraction of imaginary modes."""

    energies_mev: dict[str, list[float]]
    imaginary_fraction: float


def atoms_of_material(material: Material) -> Atoms:
    """Return the primitive cell of a material with measured phonons."""
    n_formula = sum(material.formula.values())
    if n_formula == 1:
        name = BUILT[material.space_group]
        per_cell = {"fcc": 4, "bcc": 2, "diamond": 8}[name]
        edge = (material.volume_per_atom * per_cell) ** (1 / 3)
        return bulk(next(iter(material.formula)), name, a=edge)
    name = COMPOUNDS[material.space_group, n_formula]
    edge = (material.volume_per_atom * (12 if name == "fluorite" else 8)) ** (1 / 3)
    return bulk("".join(f"{one}{n if n > 1 else ''}" for one, n in material.formula.items()), name, a=edge)


def count_displaced_atoms(atoms: Atoms, min_height: float) -> int:
    """Return the number of atoms of all supercells with a displaced atom together, which the time goes with."""
    repeats = choose_supercell(atoms.cell.array, min_height=min_height)
    cell = PhonopyAtoms(numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())
    phonopy = Phonopy(cell, np.diag(repeats), primitive_matrix="P", symprec=SYMMETRY_TOLERANCE, log_level=0)
    phonopy.generate_displacements(distance=DISPLACEMENT_ANGSTROM)
    return len(phonopy.supercell) * len(phonopy.supercells_with_displacements or [])


def atoms_of_reference(one: ReferenceCrystal) -> Atoms:
    """Return the cell of a crystal with calculated phonons."""
    return Atoms(one.symbols, cell=one.cell, scaled_positions=one.fractional, pbc=True)


def compute(atoms: Atoms, calculator: Calculator, min_height: float) -> Computed:
    """Compute phonons as a harmonic forecast does."""
    relaxed = relax(atoms, calculator, relax_cell=False)
    displaced = displace(
        relaxed.atoms,
        calculator,
        labels=list(atoms.symbols),
        supercell=choose_supercell(atoms.cell.array, min_height=min_height),
        distance=DISPLACEMENT_ANGSTROM,
    )
    _, stability = sample_zone(displaced.force_constants)
    special = special_phonons(displaced.force_constants, atoms, max_atoms=MAX_ATOMS)
    return Computed(special, stability.imaginary_fraction)


def measured_row(material: Material, calculator: Calculator, min_height: float) -> Row:
    """Compare a potential with a measurement."""
    atoms = atoms_of_material(material)
    found = compute(atoms, calculator, min_height)
    compared = compare(material, found.energies_mev)
    if compared is None:
        raise ValueError(f"{material.name}: no point in common")
    verified = [line for line in compared.lines if line.point not in material.unverified]
    logs, n_collapsed = log_ratios([(line.measured_mev, line.computed_mev) for line in compared.lines])
    weight = UNVERIFIED_WEIGHT + (1 - UNVERIFIED_WEIGHT) * len(verified) / len(compared.lines)
    return row(material.name, atoms, MEASURED, weight, material.held_out, found, logs, n_collapsed)


def reference_row(one: ReferenceCrystal, calculator: Calculator, min_height: float) -> Row:
    """Compare a potential with a calculation."""
    atoms = atoms_of_reference(one)
    found = compute(atoms, calculator, min_height)
    pairs = [
        pair
        for point, energies in one.energies_mev.items()
        for pair in paired(point, energies, found.energies_mev[point])
    ]
    logs, n_collapsed = log_ratios(pairs)
    return row(one.name, atoms, one.functional, 1.0, one.held_out, found, logs, n_collapsed)


def paired(point: str, reference: list[float], computed: list[float]) -> Iterator[tuple[float, float]]:
    """Yield (reference, computed) of the modes at a point by rising energy, without acoustic ones at Γ."""
    own, other = sorted(reference), sorted(computed)
    if point == "Γ":
        own, other = (sorted(sorted(values, key=abs)[3:]) for values in (own, other))
    yield from zip(own, other, strict=True)


def structure_of(atoms: Atoms) -> StructureData:
    """Return the structure of a cell."""
    return StructureData(atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, np.ones(3, dtype=np.bool_))


def row(
    name: str,
    atoms: Atoms,
    reference: str,
    weight: float,
    held_out: bool,
    found: Computed,
    logs: list[float],
    n_collapsed: int,
) -> Row:
    """Return the row of a crystal."""
    return Row(
        crystal=name,
        formula=atoms.get_chemical_formula(mode="hill", empirical=True),
        material_class=class_of_atoms(structure_of(atoms)),
        reference=reference,
        weight=weight,
        held_out=held_out,
        imaginary_fraction=found.imaginary_fraction,
        n_collapsed=n_collapsed,
        log_ratios=tuple(logs),
    )


@dataclass(frozen=True, eq=False)
class Task:
    """A crystal that a potential is compared in.

    Attributes
    ----------
    name, reference
        Names of the crystal and of its reference.
    atoms
        Its cell.
    make
        Makes its row with a calculator and the smallest height of supercells, Å.
    """

    name: str
    reference: str
    atoms: Atoms
    make: Callable[[Calculator, float], Row]


def tasks() -> Iterator[Task]:
    """Yield all crystals: those with measured phonons, then those with calculated ones."""
    for material in materials():
        yield Task(material.name, MEASURED, atoms_of_material(material), partial(measured_row, material))
    for one in reference_crystals():
        yield Task(one.name, one.functional, atoms_of_reference(one), partial(reference_row, one))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--potential", default=catalogue.DEFAULT, help="name of the potential, and of the table")
    parser.add_argument("--file", type=Path, help="file of a potential that is not in the catalogue")
    parser.add_argument("--engine", default="", help="engine that loads it")
    parser.add_argument("--family", default="", help="its family")
    parser.add_argument("--format", default="", help="its format within the family")
    parser.add_argument(
        "--min-height", type=float, default=MIN_HARMONIC_HEIGHT_ANGSTROM, help="smallest height of supercells, Å"
    )
    parser.add_argument("--max-atoms", type=int, help="of all displaced supercells of a crystal")
    parser.add_argument("--classes", nargs="+", choices=CLASSES, default=CLASSES, help="classes of crystals")
    parser.add_argument("--again", nargs="*", metavar="CRYSTAL", help="compute these crystals again; no name: all")
    return parser.parse_args()


def load(given: argparse.Namespace) -> Calculator:
    """Load the potential of the command line."""
    engine, file = given.engine, given.file
    if not engine:
        entry = next(one for one in catalogue.pretrained().values() if one.name == given.potential)
        engine, given.family, given.format = entry.engine, entry.family, entry.format
        if entry.size_bytes:
            file = fetch.find(current(), entry, package_file=entry.package_file) or fetch.fetch(current(), entry)
    return engines.calculator(engine, Potential(file or Path(), family=given.family, format=given.format))


def is_wanted(task: Task, given: argparse.Namespace) -> bool:
    """Return whether the command line asks for a crystal."""
    if given.max_atoms is not None and count_displaced_atoms(task.atoms, given.min_height) > given.max_atoms:
        return False
    return class_of_atoms(structure_of(task.atoms)) in given.classes


def main() -> None:
    """Write the table of a potential."""
    given = parse_arguments()
    calculator = load(given)
    table = Path("scattering/trust") / FOLDER / f"{given.potential}.csv"
    known = {(one.crystal, one.reference): one for one in read(table)} if table.exists() else {}
    if given.again is not None:
        known = {key: one for key, one in known.items() if given.again and key[0] not in given.again}
    made = []
    for task in tasks():
        row = known.get((task.name, task.reference)) or compute_row(task, calculator, given)
        if row is not None:
            made.append(row)
            known.pop((task.name, task.reference), None)
            # Those that follow are kept if the run ends early
            write(table, [*made, *known.values()])
    write(table, made)
    print("\n".join(report(made)))


def compute_row(task: Task, calculator: Calculator, given: argparse.Namespace) -> Row | None:
    """Compute the row of a crystal; None if it is not asked for, or the potential cannot describe it."""
    if not is_wanted(task, given):
        return None
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = task.make(calculator, given.min_height)
    except (CannotPredict, MemoryError, RuntimeError) as refused:
        # PyTorch raises RuntimeError where memory runs out
        print(f"{task.name}: left out, {refused}", file=sys.stderr, flush=True)
        return None
    found = (
        f"rms {100 * one.rms:.1f} %, {one.n_collapsed} collapsed, {100 * one.imaginary_fraction:.1f} % imaginary, "
        f"{time.process_time() - start:.1f} s"
    )
    print(f"{task.name} ({one.material_class}, {task.reference}): {found}", file=sys.stderr, flush=True)
    return one


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table of docs/method/trust.md, and the coverage of the rule."""
    known = [one for one in rows if not one.held_out]
    yield "| Class | Crystals | 68 % within | 95 % within | About the median |"
    yield "| --- | --- | --- | --- | --- |"
    for name in CLASSES:
        yield line_of(name, find_spread(known, name, is_unstable=False))
    yield line_of("any class, unstable", find_spread(known, "covalent", is_unstable=True))
    for name, judged in (("all", known), ("metals", metals_only(known)), ("no metals", without_metals(known))):
        if judged:
            yield coverage_line(f"leave one out, {name}", leave_one_out(known, judged))
    if len(known) < len(rows):
        yield coverage_line("held out", check_held_out(rows))
    for one in rows:
        if one.held_out:
            within = covered(one, find_spread(known, one.material_class, is_unstable=one.is_unstable))
            yield f"{one.crystal} ({one.material_class}): " + ", ".join(f"{100 * part:.0f} %" for part in within)


def coverage_line(name: str, found: Coverage) -> str:
    """Return the line of a test."""
    return f"{name}: {found.n_crystals} crystals, {100 * found.one_sigma:.0f} %, {100 * found.two_sigma:.0f} %"


def line_of(name: str, spread: Spread) -> str:
    """Return the line of a class."""
    widths = (spread.relative, spread.relative_95, spread.scatter)
    return f"| {name} | {spread.n_crystals} | " + " | ".join(f"{100 * one:.0f} %" for one in widths) + " |"


def read(table: Path) -> list[Row]:
    """Return the rows of a table."""
    with table.open(newline="", encoding="utf-8") as stream:
        return [Row.from_fields(fields) for fields in csv.DictReader(stream)]


def write(table: Path, rows: list[Row]) -> None:
    """Write a table."""
    table.parent.mkdir(exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(one.to_fields() for one in rows)


if __name__ == "__main__":
    main()
