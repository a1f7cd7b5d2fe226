"""Make archives of displaced supercells of predictions and structures."""

from __future__ import annotations

import io
import uuid
import zipfile
from dataclasses import dataclass
from typing import Final

from backend.displacements.codes import CODES, k_mesh
from backend.displacements.schemas import DisplacementsIn
from backend.displacements.supercells import MIN_HEIGHT_ANGSTROM, DisplacedSupercells, UnitCell, displace
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import read_partials
from backend.predictions import service as predictions
from backend.predictions.given import without_force_constants
from backend.structures import service as structures
from backend.structures.tables import Structure
from backend.wording.displacements import Facts, readme
from scattering.core.notices import Notice
from scattering.simulate.protocol import choose_supercell

MAX_SUPERCELL_ATOMS: Final = 512
"""The symmetry of a larger supercell takes more than some seconds, and its forces days."""
MAX_WRITTEN_ATOMS: Final = 200_000
"""Atoms of all supercells of an archive together."""


@dataclass(frozen=True)
class Archive:
    """A zip file and its name."""

    name: str
    content: bytes


def of_prediction(scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, asked: DisplacementsIn) -> Archive:
    """Return the displaced supercells of the relaxed cell of a harmonic prediction.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        There is no such prediction, it is not harmonic or has no force constants, or the supercells are too large.
    """
    row = predictions.get_succeeded(scope, prediction_id)
    if row.method != "harmonic":
        raise Conflict(Notice("modes_of_harmonic_only", {"method": row.method}))
    partials = read_partials(scope.settings, cache, row)
    crystal = partials.harmonic_crystal
    if crystal is None:
        raise Conflict(without_force_constants(partials.metadata))
    structure = structures.get(scope, row.structure_id)
    origin = {"phonons_of" if row.has_given_phonons else "relaxed_with": row.basis}
    return _archive(UnitCell.of_crystal(crystal), asked, structure, **origin)


def of_structure(scope: Scope, structure_id: uuid.UUID, asked: DisplacementsIn) -> Archive:
    """Return the displaced supercells of a structure as it was uploaded.

    Raises
    ------
    NotFound, Gone, Unprocessable
        There is no such structure, its file is lost, or the supercells are too large.
    """
    row = scope.get(Structure, structure_id, "structure")
    data = structures.load_structure(scope.settings, row.id)
    unit = UnitCell.of(data.cell, data.positions, data.symbols, data.masses)
    return _archive(unit, asked, row)


def _archive(
    unit: UnitCell,
    asked: DisplacementsIn,
    structure: Structure,
    *,
    relaxed_with: str | None = None,
    phonons_of: str | None = None,
) -> Archive:
    repeats = asked.supercell or choose_supercell(unit.cell, min_height=MIN_HEIGHT_ANGSTROM)
    first, second, third = repeats
    _check_size("n_atoms", len(unit.symbols) * first * second * third, MAX_SUPERCELL_ATOMS)
    code = CODES[asked.code]
    made = displace(unit, (first, second, third), distance=asked.distance_angstrom, calculator=code.calculator)
    _check_size("n_written_atoms", len(made.perfect) * (1 + len(made.displaced)), MAX_WRITTEN_ATOMS)
    mesh = k_mesh(made.perfect.cell.array, asked.k_spacing_inv_angstrom)
    facts = Facts(
        structure=structure.name,
        code=asked.code,
        title=code.title,
        run=code.run,
        output=code.output,
        supercell=(first, second, third),
        n_atoms=len(made.perfect),
        n_displaced=len(made.displaced),
        distance_angstrom=asked.distance_angstrom,
        k_mesh=mesh,
        elements=tuple(dict.fromkeys(unit.symbols)),
        relaxed_with=relaxed_with,
        phonons_of=phonons_of,
    )
    return Archive(
        f"beamcast-{structure.id}-{asked.code}.zip", _zip(_files(made, asked, mesh) | {"README.txt": readme(facts)})
    )


def _files(made: DisplacedSupercells, asked: DisplacementsIn, mesh: tuple[int, int, int]) -> dict[str, str]:
    code = CODES[asked.code]
    digits = max(3, len(str(len(made.displaced))))
    folders = {"perfect": made.perfect}
    folders |= {f"disp-{number:0{digits}}": atoms for number, atoms in enumerate(made.displaced, start=1)}
    files = {"phonopy_disp.yaml": made.disp_yaml, **code.common(made.perfect, mesh)}
    for folder, atoms in folders.items():
        files |= {f"{folder}/{name}": text for name, text in code.inputs(atoms, mesh).items()}
    return files


def _check_size(quantity: str, value: int, maximum: int) -> None:
    if value > maximum:
        params = {"quantity": quantity, "value": value, "maximum": maximum}
        raise Unprocessable.at("supercell", Notice("displaced_supercells_too_large", params))


def _zip(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()
