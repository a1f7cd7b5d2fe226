"""Calibrate a potential: compute the phonons of all reference crystals with it, and write how far off they are.

`python -m benchmarks.calibration [--potential NEP89] [--file FILE --engine ENGINE --family FAMILY]`, in the root of the
repository; NEP89 takes some minutes on one core. Each crystal is relaxed in the given cell and displaced as for a
harmonic forecast. The table is `scattering/trust/data/calibration/POTENTIAL.csv`; a run adds the crystals that it has
not, and `--again` begins anew.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator

from backend.kit.settings import current
from backend.potentials import catalogue, fetch
from backend.structures.geometry import StructureData
from backend.structures.material_class import class_of_atoms
from scattering.simulate.protocol import MIN_HARMONIC_HEIGHT_ANGSTROM, choose_supercell
from scattering.trust.calibration import (
    FIELDS,
    FOLDER,
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


def atoms_of_reference(one: ReferenceCrystal) -> Atoms:
    """Return the cell of a crystal with calculated phonons."""
    return Atoms(one.symbols, cell=one.cell, scaled_positions=one.fractional, pbc=True)


def compute(atoms: Atoms, calculator: Calculator) -> Computed:
    """Compute phonons as a harmonic forecast does."""
    relaxed = relax(atoms, calculator, relax_cell=False)
    displaced = displace(
        relaxed.atoms,
        calculator,
        labels=list(atoms.symbols),
        supercell=choose_supercell(atoms.cell.array, min_height=MIN_HARMONIC_HEIGHT_ANGSTROM),
        distance=DISPLACEMENT_ANGSTROM,
    )
    _, stability = sample_zone(displaced.force_constants)
    special = special_phonons(displaced.force_constants, atoms, max_atoms=MAX_ATOMS)
    return Computed(special, stability.imaginary_fraction)


def measured_row(material: Material, calculator: Calculator) -> Row:
    """Compare a potential with a measurement."""
    atoms = atoms_of_material(material)
    found = compute(atoms, calculator)
    compared = compare(material, found.energies_mev)
    if compared is None:
        raise ValueError(f"{material.name}: no point in common")
    verified = [line for line in compared.lines if line.point not in material.unverified]
    logs, n_collapsed = log_ratios([(line.measured_mev, line.computed_mev) for line in compared.lines])
    weight = UNVERIFIED_WEIGHT + (1 - UNVERIFIED_WEIGHT) * len(verified) / len(compared.lines)
    return row(material.name, atoms, "measured", weight, material.held_out, found, logs, n_collapsed)


def reference_row(one: ReferenceCrystal, calculator: Calculator) -> Row:
    """Compare a potential with a calculation."""
    atoms = atoms_of_reference(one)
    found = compute(atoms, calculator)
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
    structure = StructureData(
        atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, np.ones(3, dtype=np.bool_)
    )
    return Row(
        crystal=name,
        formula=atoms.get_chemical_formula(mode="hill", empirical=True),
        material_class=class_of_atoms(structure),
        reference=reference,
        weight=weight,
        held_out=held_out,
        imaginary_fraction=found.imaginary_fraction,
        n_collapsed=n_collapsed,
        log_ratios=tuple(logs),
    )


def main() -> None:
    """Write the table of a potential."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--potential", default=catalogue.DEFAULT, help="name of the potential, and of the table")
    parser.add_argument("--file", type=Path, help="file of a potential that is not in the catalogue")
    parser.add_argument("--engine", default="", help="engine that loads it")
    parser.add_argument("--family", default="", help="its family")
    parser.add_argument("--format", default="", help="its format within the family")
    parser.add_argument("--again", action="store_true", help="compute all crystals again")
    given = parser.parse_args()
    engine, file = given.engine, given.file
    if not engine:
        entry = next(one for one in catalogue.pretrained().values() if one.name == given.potential)
        engine, given.family, given.format = entry.engine, entry.family, entry.format
        if entry.size_bytes:
            file = fetch.find(current(), entry, package_file=entry.package_file) or fetch.fetch(current(), entry)
    calculator = engines.calculator(engine, Potential(file or Path(), family=given.family, format=given.format))
    table = Path("scattering/trust") / FOLDER / f"{given.potential}.csv"
    rows = {} if given.again or not table.exists() else {(one.crystal, one.reference): one for one in read(table)}
    todo = [
        *((one.name, "measured", lambda one=one: measured_row(one, calculator)) for one in materials()),
        *((one.name, one.functional, lambda one=one: reference_row(one, calculator)) for one in reference_crystals()),
    ]
    made = []
    for name, reference, make in todo:
        if (known := rows.get((name, reference))) is not None:
            made.append(known)
            continue
        start = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made.append(make())
        except CannotPredict as refused:
            print(f"{name}: {refused}", file=sys.stderr)
            continue
        one = made[-1]
        print(
            f"{name} ({one.material_class}, {reference}): rms {100 * one.rms:.1f} %, {one.n_collapsed} collapsed, "
            f"{100 * one.imaginary_fraction:.1f} % imaginary, {time.process_time() - start:.1f} s",
            file=sys.stderr,
            flush=True,
        )
        write(table, made)
    write(table, made)
    print("\n".join(report(made)))


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table of docs/method/trust.md, and the coverage of the rule."""
    known = [one for one in rows if not one.held_out]
    yield "| Class | Crystals | 68 % within | 95 % within | About the median |"
    yield "| --- | --- | --- | --- | --- |"
    for name in CLASSES:
        yield line_of(name, find_spread(known, name, is_unstable=False))
    yield line_of("any class, unstable", find_spread(known, "covalent", is_unstable=True))
    tests = {
        "leave one out": leave_one_out(known),
        "leave one out, metals": leave_one_out(known, metals_only(known)),
        "leave one out, no metals": leave_one_out(known, without_metals(known)),
        "held out": check_held_out(rows),
    }
    for name, found in tests.items():
        yield f"{name}: {found.n_crystals} crystals, {100 * found.one_sigma:.0f} %, {100 * found.two_sigma:.0f} %"
    for one in rows:
        if one.held_out:
            within = covered(one, find_spread(known, one.material_class, is_unstable=one.is_unstable))
            yield f"{one.crystal} ({one.material_class}): " + ", ".join(f"{100 * part:.0f} %" for part in within)


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
