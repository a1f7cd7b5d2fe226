"""Crystallographic information files: sites and symmetry operations to all atoms of the cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats import cif_disorder
from backend.structures.formats.cif_blocks import Block, read_blocks
from backend.structures.formats.cif_disorder import Disordered, PartialSite
from backend.structures.formats.cif_isotopes import FULL_OCCUPANCY, SiteName, find_mixtures
from backend.structures.formats.expansion import Site, expand
from backend.structures.formats.reading import (
    Reading,
    Species,
    TooManyAtoms,
    structure_from,
    unreadable_number,
)
from backend.structures.formats.settings import choose_setting
from backend.structures.formats.site_elements import site_elements
from backend.structures.formats.symmetry import IDENTITY, Operations, operations_of_group, parse_operations
from backend.structures.geometry import cell_from_lengths_and_angles
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K
from scattering.core.isotopes import NAMED
from scattering.core.notices import Notice

MAX_LISTED = 8
"""Sites that a message names."""
PREFIXES = (
    "_cell_",
    "_atom_site_",
    "_symmetry_",
    "_space_group_",
    "_chemical_formula_sum",
    "_chemical_name_",
    "_diffrn_ambient_temp",
    "_exptl_crystal_density",
    *cif_disorder.PREFIXES,
)
NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?:\([0-9.]*\)?)?")
FRACTION = re.compile(r"([+-]?[0-9]+)/([0-9]+)")
SYMMETRY_TAGS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
NAME_TAGS = ("_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m", "_space_group_name_h-m_full")
HALL_TAGS = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
VOLUME_TAGS = ("_cell_volume",)
DENSITY_TAGS = ("_exptl_crystal_density_diffrn", "_exptl_crystal_density")
TEMPERATURE_TAGS = ("_cell_measurement_temperature", "_diffrn_ambient_temperature", "_diffrn_ambient_temp")
NUMBER_TAGS = ("_space_group_it_number", "_symmetry_int_tables_number")


def read(text: str, max_atoms: int) -> Reading:
    """Read the first block that has atoms.

    Parameters
    ----------
    text
        The file.
    max_atoms
        Most atoms in the cell after all symmetry operations; counted before they are carried out.

    Raises
    ------
    Unreadable
        The file breaks the grammar, has no cell or no atoms, mixes elements on a site, ….
    """
    block, notices = _block(text)
    cell = _cell(block)
    species = Species()
    sites = _sites(block, cell, species, notices, max_atoms)
    operations = _operations(block, cell, sites, max_atoms, notices)
    numbers, fractional, isotopes = expand(sites, operations, cell, max_atoms, notices)
    choice = cif_disorder.stated_choice(block)
    return Reading(
        structure_from(numbers, cell, fractional=fractional, isotopes=isotopes),
        title=_title(block),
        formula=block.first("_chemical_formula_sum"),
        temperature_k=_temperature(block),
        volume_angstrom3=_stated(block, VOLUME_TAGS),
        density_g_cm3=_stated(block, DENSITY_TAGS),
        notices=([choice] if choice else []) + notices,
    )


def read_disordered(text: str, max_atoms: int) -> Disordered:
    """Read the asymmetric unit of the first block that has atoms, with its partly occupied sites.

    Parameters are those of `read`.

    Raises
    ------
    Unreadable
        The file cannot be read, or all its sites are fully occupied.
    """
    block, notices = _block(text)
    cell = _cell(block)
    species = Species()
    disordered: list[PartialSite] = []
    sites = _sites(block, cell, species, notices, max_atoms, disordered)
    if not any(site.is_partial for site in disordered):
        raise Unreadable(Notice("not_disordered"))
    operations = _operations(block, cell, sites, max_atoms, notices)
    return Disordered(disordered, operations, cell, _title(block), _temperature(block), notices)


def _block(text: str) -> tuple[Block, list[Notice]]:
    """Return the first block that has atoms, and a notice if there are others."""
    with_atoms = [
        block
        for block in read_blocks(text, PREFIXES)
        if block.column("_atom_site_fract_x", "_atom_site_cartn_x")
        and block.column("_atom_site_label", "_atom_site_type_symbol")
    ]
    if not with_atoms:
        raise Unreadable(Notice("no_atoms_in_cif"))
    block = with_atoms[0]
    notices: list[Notice] = []
    if len(with_atoms) > 1:
        names = {"used": block.name[:40], "others": [other.name[:40] for other in with_atoms[1:6]]}
        notices.append(Notice("several_structures", {"n_structures": len(with_atoms), **names}))
    _refuse_other_kinds(block)
    return block, notices


def _title(block: Block) -> str:
    title = block.first("_chemical_name_common", "_chemical_name_mineral", "_chemical_name_systematic")
    return " ".join(title.split())


def _temperature(block: Block) -> float | None:
    """The temperature of the measurement, or None where it is not stated or is no temperature of a crystal."""
    match = NUMBER.fullmatch(block.first(*TEMPERATURE_TAGS))
    return float(match[1]) if match and MIN_TEMPERATURE_K <= float(match[1]) <= MAX_TEMPERATURE_K else None


def _stated(block: Block, tags: tuple[str, ...]) -> float | None:
    """A positive number that the file states about its own cell, or None."""
    match = NUMBER.fullmatch(block.first(*tags))
    return float(match[1]) if match and 0 < float(match[1]) < np.inf else None


def _refuse_other_kinds(block: Block) -> None:
    if block.first("_cell_modulation_dimension", "_space_group_ssg_name", "_space_group_symop_ssg_operation_algebraic"):
        raise Unreadable(Notice("unsupported_structure", {"kind": "modulated"}))
    if block.column("_space_group_symop_magn_operation_xyz") and not block.column(*SYMMETRY_TAGS):
        raise Unreadable(Notice("unsupported_structure", {"kind": "magnetic"}))


def _number(text: str, place: Mapping[str, Any]) -> float:
    """A number with its uncertainty in brackets taken off, or a fraction."""
    match = NUMBER.fullmatch(text)
    if match:
        value = float(match[1])
    elif (fraction := FRACTION.fullmatch(text)) and int(fraction[2]):
        value = int(fraction[1]) / int(fraction[2])
    else:
        raise unreadable_number(text, "number", place)
    if not np.isfinite(value):
        raise unreadable_number(text, "finite_number", place)
    return value


def _cell(block: Block) -> NDArray[np.float64]:
    lengths = [block.first(f"_cell_length_{axis}") for axis in "abc"]
    angles = [block.first(f"_cell_angle_{angle}") for angle in ("alpha", "beta", "gamma")]
    if not all(lengths):
        raise Unreadable(Notice("no_unit_cell", {"format": "cif"}))
    # CIF's dictionary: an angle that is left out is 90°.
    values = np.array([_number(value or "90", {"quantity": "cell"}) for value in (*lengths, *angles)])
    if min(values) <= 0:
        raise Unreadable(Notice("cell_not_positive"))
    try:
        return cell_from_lengths_and_angles(values[:3], values[3:])
    except ValueError:
        raise Unreadable(Notice("impossible_angles", {"angles_deg": values[3:].tolist()})) from None


def _sites(
    block: Block,
    cell: NDArray[np.float64],
    species: Species,
    notices: list[Notice],
    max_atoms: int,
    disordered: list[PartialSite] | None = None,
) -> list[Site]:
    """The sites of the asymmetric unit, with the elements that their type symbols, labels and the formula say.

    Partly occupied sites are refused; unless a list is given that takes all sites, with their occupancies.
    """
    n_listed = len(block.column("_atom_site_fract_x", "_atom_site_cartn_x") or ())
    if n_listed > max_atoms:
        raise TooManyAtoms(n_listed, max_atoms)
    types = block.column("_atom_site_type_symbol")
    labels = block.column("_atom_site_label") or types or []
    cartesian = block.column("_atom_site_fract_x") is None
    kind = "cartn" if cartesian else "fract"
    found = [block.column(f"_atom_site_{kind}_{axis}") for axis in "xyz"]
    columns = [column for column in found if column is not None]
    if len(columns) != 3 or len({len(labels), *map(len, columns)}) != 1:
        raise Unreadable(Notice("coordinate_column_missing"))
    rows = range(len(labels))
    names = [labels[row] or f"site {row + 1}" for row in rows]

    dummies = block.column("_atom_site_calc_flag") or [""] * len(labels)
    rows_used = [row for row in rows if dummies[row].lower() != "dum"]
    if not rows_used:
        raise Unreadable(Notice("only_dummy_atoms", _sites_named(names)))
    unplaced = [names[row] for row in rows_used if not all(column[row] for column in columns)]
    if unplaced:
        raise Unreadable(Notice("sites_without_position", _sites_named(unplaced)))
    found_names = [SiteName.of((types[row] if types else "") or labels[row]) for row in rows]
    placed = {row: _position(columns, row, names[row], cell if cartesian else None) for row in rows_used}
    partial = _partial_occupancies(block, names, rows_used)
    rows_used = _without_empty_sites(rows_used, names, partial, notices)
    partial = {row: partial[row] for row in rows_used if row in partial}
    mixtures = find_mixtures(dict(enumerate(found_names)), partial, placed, cell, partly=disordered is not None)
    partial = {row: partial[row] for row in partial if row not in {*mixtures.of_row, *mixtures.other_rows}}
    partial |= mixtures.partly
    if disordered is None:
        _refuse_disorder(names, partial)

    rows_used = [row for row in rows_used if row not in mixtures.other_rows]
    elements = site_elements(
        [names[row] for row in rows_used],
        [found_names[row].symbol if types and types[row] else "" for row in rows_used],
        [labels[row] for row in rows_used],
        block.first("_chemical_formula_sum"),
        notices,
    )
    sites = []
    for row, element in zip(rows_used, elements, strict=True):
        number = species.number(element.symbol, {"site": names[row][:20]})
        isotope = mixtures.of_row.get(row) or NAMED.get(element.symbol, found_names[row].isotope)
        sites.append(Site(names[row], number, placed[row], isotope))
    if disordered is not None:
        pairs = zip(sites, rows_used, strict=True)
        disordered += [cif_disorder.with_disorder(site, row, partial.get(row, 1.0), block) for site, row in pairs]
    if cartesian:
        notices.append(Notice("cartesian_coordinates"))
    attached = block.column("_atom_site_attached_hydrogens") or []
    implied = [names[row] for row in rows_used if row < len(attached) and attached[row].strip("0")]
    if not implied and not any(site.number == 1 for site in sites):
        implied = [names[row] for row, element in zip(rows_used, elements, strict=True) if element.n_hydrogen]
    if implied:
        notices.append(Notice("hydrogen_without_position", _sites_named(implied)))
    return sites


def _position(
    columns: list[list[str]], row: int, name: str, cartesian_cell: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the fractional position of a row, shape (3,), from fractional or Cartesian coordinates."""
    position = np.array([_number(column[row], {"site": name[:20]}) for column in columns])
    return position if cartesian_cell is None else np.linalg.solve(cartesian_cell.T, position)


def _partial_occupancies(block: Block, names: list[str], rows: list[int]) -> dict[int, float]:
    """Return the occupancies of the rows that are not fully occupied."""
    occupancies = block.column("_atom_site_occupancy")
    partial: dict[int, float] = {}
    if occupancies is None:
        return partial
    for row in rows:
        occupancy = _number(occupancies[row] or "1", {"site": names[row][:20], "quantity": "occupancy"})
        if occupancy < FULL_OCCUPANCY:
            partial[row] = occupancy
        elif occupancy > 2 - FULL_OCCUPANCY:
            raise Unreadable(Notice("occupancy_above_one", {"site": names[row][:20], "occupancy": occupancy}))
    return partial


def _without_empty_sites(
    rows: list[int], names: list[str], partial: Mapping[int, float], notices: list[Notice]
) -> list[int]:
    """Return the rows of sites that are not empty in all cells; all rows, if nothing else would be left."""
    empty = [row for row in rows if partial.get(row) == 0]
    if not 0 < len(empty) < len(rows):
        return rows
    notices.append(Notice("empty_sites", _sites_named([names[row] for row in empty])))
    return [row for row in rows if partial.get(row) != 0]


def _refuse_disorder(names: list[str], partial: dict[int, float]) -> None:
    """Partial occupancies have no one structure that could be simulated."""
    if partial:
        sites = _sites_named([names[row] for row in partial])
        raise Unreadable(
            Notice("partial_occupancies", {**sites, "occupancies": list(partial.values())[: len(sites["sites"])]})
        )


def _sites_named(names: list[str]) -> dict[str, Any]:
    """Return the names of the first sites, and how many sites there are."""
    return {"sites": [name[:30] for name in names[:MAX_LISTED]], "n_sites": len(names)}


def _operations(
    block: Block, cell: NDArray[np.float64], sites: list[Site], max_atoms: int, notices: list[Notice]
) -> Operations:
    name, hall, number_text = (block.first(*tags) for tags in (NAME_TAGS, HALL_TAGS, NUMBER_TAGS))
    number = int(number_text) if re.fullmatch(r"[0-9]{1,3}", number_text) else None
    listed = [text for text in block.column(*SYMMETRY_TAGS) or [] if text]
    if listed:
        operations = parse_operations(listed)
        if not operations.fits(cell):
            raise Unreadable(Notice("cell_breaks_symmetry", {"space_group": None}))
        if not operations.is_group():
            notices.append(Notice("operations_not_a_group"))
        if len(operations) == 1 and number not in (None, 1):
            notices.append(Notice("only_identity_listed", {"space_group": str(name or number)}))
        return operations
    if not (name or hall or number):
        notices.append(Notice("no_symmetry_stated"))
        return IDENTITY

    settings = operations_of_group(hall=hall, name=name, number=number, cell=cell)
    if len(settings) == 1:
        return settings[0][1]
    operations, notice = choose_setting(settings, sites, cell, max_atoms, str(name or hall or number))
    notices.append(notice)
    return operations
