"""Sentences about files of structures that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import counted, listed, number

QUANTITIES: Final = {
    "atomic_number": "the atomic number",
    "cell": "the cell",
    "lattice": "the lattice",
    "lattice_vector": "a lattice vector",
    "mass": "a mass",
    "mass_number": "the mass number",
    "n_atoms": "the number of atoms",
    "n_columns": "the number of columns",
    "occupancy": "the occupancy",
    "position": "a position",
}
NUMBER_KINDS: Final = {"number": "a number", "finite_number": "a finite number", "whole_number": "a whole number"}
EXPECTED: Final = {
    "atom": "the last atom",
    "block_name": "a block name after %BLOCK, outside another block",
    "block_start": "%BLOCK before %ENDBLOCK",
    "coordinate_mode": "'Direct' or 'Cartesian'",
    "data_block": "'data_', the beginning of a CIF",
    "element_symbols": "the elements",
    "gen_header": "the number of atoms and S, F or C",
    "lattice": "the lattice",
    "lattice_line": "the line with Lattice",
    "loop_names": "the names of the columns after loop_",
    "n_atoms": "the number of atoms",
    "name": "a name (_…)",
    "pbc": "three of T and F as pbc",
    "position_columns": "Properties that name pos, and species or Z",
    "properties": "Properties as name:type:columns",
    "scaling_factor": "the scaling factor",
    "scaling_factors": "one scaling factor that is not zero, or three positive ones",
    "title": "the title",
}
"""What a reader expects at a place in a file."""

CELL_ADVICE: Final = {
    "extxyz": ' In extended XYZ: Lattice="ax ay az bx by bz cx cy cz" in the second line.',
    "gen": " In GEN: kind S or F.",
    "xsf": " In XSF: CRYSTAL with PRIMVEC and PRIMCOORD.",
}
"""Format → how its files state a unit cell."""

KEYWORD_REASONS: Final = {
    "empty": "ghost atoms (`empty`) have no mass; remove them",
    "mixture": "MIXTURE puts several elements on one site; give each site one whole atom",
    "multipole": "multipoles of an embedding are not part of a crystal; remove them",
    "pseudocore": "embedding pseudopotentials are not part of a crystal; remove them",
}


def _at(text: str, line: int | None = None, site: str | None = None) -> str:
    """Return a sentence with its place in the file before it."""
    if line is not None:
        return f"Line {line}: {text}"
    return f"Site {site}: {text}" if site is not None else text[:1].upper() + text[1:]


def _sites_listed(sites: Sequence[str], n_sites: int) -> str:
    rest = n_sites - len(sites)
    return ", ".join(sites) + (f" and {rest} more" if rest > 0 else "")


def _file_ends_early(*, line: int, expected: str) -> str:
    return f"The file ends after line {line}, before {EXPECTED[expected]}."


def _unexpected_text(*, line: int, expected: str, found: str | None) -> str:
    return _at(f"expected {EXPECTED[expected]}" + ("." if found is None else f", found '{found}'."), line)


def _unreadable_number(
    *,
    found: str,
    kind: str,
    quantity: str | None = None,
    name: str | None = None,
    line: int | None = None,
    site: str | None = None,
) -> str:
    what = "" if quantity is None else QUANTITIES[quantity] + (f" of {name}" if name else "") + ": "
    return _at(f"{what}'{found}' is not {NUMBER_KINDS[kind]}.", line, site)


def _too_few_numbers(*, line: int, quantity: str, n_expected: int, n_found: int) -> str:
    return _at(f"{QUANTITIES[quantity]} takes {n_expected} numbers, found {n_found}.", line)


def _unknown_element(*, symbol: str, line: int | None = None, site: str | None = None) -> str:
    return _at(f"'{symbol}' is no element that a potential knows.", line, site)


def _several_elements_on_site(*, site: str, found: str) -> str:
    return f"Site {site}: '{found}' names several elements. List each with its occupancy, or give the site one element."


def _undecided_elements(*, sites: Sequence[str], elements: Sequence[Sequence[str]], formula_stated: bool) -> str:
    readings = "; ".join(
        f"{site} can be {' or '.join(symbols) if symbols else 'no single atom'}"
        for site, symbols in zip(sites, elements, strict=True)
    )
    formula = (
        "the formula in the file does not decide" if formula_stated else "the file states no formula that could decide"
    )
    return (
        f"The elements of some sites are not clear: {readings}, and {formula}. Add _atom_site_type_symbol to the file."
    )


def _only_dummy_atoms(*, sites: Sequence[str], n_sites: int) -> str:
    return f"The CIF has no atoms: all {counted(n_sites, 'site')} ({listed(sites)}) are dummies."


def _unusable_element_number(*, number: int, line: int | None = None) -> str:
    return _at(f"element number {number} cannot be part of a crystal.", line)


def _no_unit_cell(*, format: str, n_vectors: int = 0) -> str:
    given = f" The file gives {n_vectors} lattice vectors instead of 3." if n_vectors else ""
    return (
        "The file has no unit cell. Beamcast simulates crystals: give lattice vectors, for a molecule those of the "
        f"crystal that it was measured in.{given}{CELL_ADVICE.get(format, '')}"
    )


def _cell_without_volume(*, volume_angstrom3: float, line: int | None = None) -> str:
    return _at(
        f"the cell has almost no volume ({number(volume_angstrom3, 3)} Å³): a lattice vector is missing, lies in the "
        "plane of the others, or is not in Å.",
        line,
    )


def _impossible_angles(*, angles_deg: Sequence[float], line: int | None = None) -> str:
    return _at(f"no cell has the angles {', '.join(f'{angle:g}°' for angle in angles_deg)}.", line)


def _unsupported_structure(*, kind: str) -> str:
    if kind == "modulated":
        return "This is a modulated structure (superspace group); upload a commensurate approximant."
    return "This is a magnetic CIF; upload the nuclear structure with its ordinary space group."


def _sites_without_position(*, sites: Sequence[str], n_sites: int) -> str:
    return f"These sites have no position: {_sites_listed(sites, n_sites)}."


def _partial_occupancies(*, sites: Sequence[str], occupancies: Sequence[float], n_sites: int) -> str:
    named = [f"{site} ({occupancy:g})" for site, occupancy in zip(sites, occupancies, strict=True)]
    return (
        f"These sites are partially occupied: {_sites_listed(named, n_sites)}. A simulation needs whole atoms: choose "
        "one of the ordered cells of this file (the page of uploads and POST /structures/ordered-cells list them), or "
        "upload an ordered cell with every occupancy 1."
    )


def _cell_breaks_symmetry(*, space_group: str | None) -> str:
    symmetry = "the file's operations" if space_group is None else f"the space group '{space_group}'"
    return f"The cell's lengths and angles do not have the symmetry of {symmetry}."


def _invalid_operation(*, operation: str, kind: str) -> str:
    if kind == "syntax":
        return f"'{operation}' is not a symmetry operation such as '-x, y+1/2, -z'."
    return f"'{operation}' is neither a rotation nor a reflection."


def _not_a_file_of(*, format: str, reason: str) -> str:
    return f"This is not a {format} file that can be read ({reason})."


def _unit_of_length_unknown(*, line: int, unit: str, known: Sequence[str]) -> str:
    return _at(f"'{unit}' is not a unit of length; CASTEP knows {', '.join(known)}.", line)


def _unit_of_mass_unknown(*, line: int, unit: str, known: Sequence[str]) -> str:
    return _at(f"'{unit}' is not a unit of mass; CASTEP knows {', '.join(known)}.", line)


def _one_block_of(*, blocks: Sequence[str]) -> str:
    return f"A .cell file takes one block of {listed(blocks)}."


def _unknown_structure_format(*, found: str, known: Sequence[str]) -> str:
    return f"'{found}' is not a format that is read; choose one of {', '.join(known)}."


def _structure_format_not_stated(*, file_name: str, known: Sequence[str]) -> str:
    return (
        f"The name '{file_name}' does not state the format. Rename the file so that its name ends in .cif, .xyz or the "
        f"like, or state `format` in a request to the API; these are read: {', '.join(known)}."
    )


OTHER_STRUCTURES: Final = {
    "ase": "a file of ASE, which may run code: write the structure with ase.io.write as extended XYZ",
    "castep-output": "output of CASTEP: upload its .cell file, or write the last structure as CIF",
    "data": "a file of measured data: upload it on the page of a forecast of its sample",
    "document": "a document: upload the structure as CIF",
    "espresso": "a file of Quantum ESPRESSO: write the structure as CIF or XSF, with cif2cell, ASE or VESTA",
    "gulp": "a file of GULP: let GULP write a CIF (output cif)",
    "json": "JSON: write the structure as CIF, with pymatgen's Structure.to or ase.io.write",
    "lammps": "data of LAMMPS, without the elements of its types: write the structure as extended XYZ",
    "mcif": "a magnetic CIF: write the nuclear structure as CIF, without moments, with ISOCIF or VESTA",
    "mol2": "a MOL2 file: export the crystal as CIF, with Mercury or Open Babel",
    "molecule": "a molecule without a unit cell (MOL, SDF): upload the crystal that it was measured in, as CIF",
    "packed": "an archive: unpack it first",
    "pdb": "a PDB file: export the crystal as CIF with its symmetry, with Mercury, VESTA or Open Babel",
    "shelx": "a SHELX file (.res, .ins): write a CIF (instruction ACTA), or export one from Olex2 or VESTA",
    "siesta": "a file of SIESTA: write the structure as XSF or CIF",
    "vasp-output": "output of VASP: upload its CONTCAR",
}
"""Kind of a file of a structure that is not read → its name, and what to export instead."""


def _other_structure_format(*, kind: str, known: Sequence[str]) -> str:
    return f"This looks like {OTHER_STRUCTURES[kind]}. These formats are read: {', '.join(known)}."


def _unknown_example(*, name: str, known: Sequence[str]) -> str:
    return f"There is no example '{name}'; there are {', '.join(known)}."


WORDS: Final[Mapping[str, Words]] = {
    # Choice of a format or an example
    "unknown_structure_format": _unknown_structure_format,
    "structure_format_not_stated": _structure_format_not_stated,
    "other_structure_format": _other_structure_format,
    "unknown_example": _unknown_example,
    # Text and numbers of any format
    "blank_file": "The file is empty.",
    "binary_file": "This is a binary file, not text.",
    "structure_not_read": "The file could not be read as {format}: {reason}.",
    "not_a_file_of": _not_a_file_of,
    "file_ends_early": _file_ends_early,
    "unexpected_text": _unexpected_text,
    "unreadable_number": _unreadable_number,
    "too_few_numbers": _too_few_numbers,
    "numbers_not_finite": "The file has numbers that are not finite.",
    # Keywords and blocks
    "unknown_keyword": "Line {line}: '{keyword}' is not a keyword of {format}.",
    "unsupported_keyword": lambda *, line, keyword: _at(f"{KEYWORD_REASONS[keyword]}.", line),
    "one_block_of": _one_block_of,
    "repeated_block": "Line {line}: a second block {block}.",
    "unclosed_block": "The block {block} is not closed.",
    "lattice_line_count": "LATTICE_CART takes three lines, LATTICE_ABC two (lengths, angles); the block has {n_lines}.",
    "unit_of_length_unknown": _unit_of_length_unknown,
    "unit_of_mass_unknown": _unit_of_mass_unknown,
    # Grammar of CIF
    "too_many_cif_errors": "The file breaks the grammar of CIF in more than {maximum} places.",
    "value_missing": "Line {line}: {name} has no value.",
    "incomplete_loop": "The loop in line {line} has {n_columns} columns, but the number of its values is not a "
    "multiple of {n_columns}: a row is incomplete, or a value with blanks lacks its quotation marks.",
    "unclosed_text": "Line {line}: the quotation mark or semicolon that opens a text is not closed.",
    # Atoms
    "no_atoms": "The file has no atoms.",
    "no_atoms_in_cif": "The CIF has no atoms: a loop with _atom_site_label and _atom_site_fract_x, _y, _z is expected.",
    "frame_without_atoms": "Line {line}: a frame without atoms.",
    "too_many_atoms": "The cell contains {n_atoms} atoms; this server accepts at most {max_atoms}. Upload the smallest "
    "cell that repeats: simulations build the supercell themselves.",
    "atoms_missing": "Line {line}: the file states {n_atoms} atoms, but ends before the last one.",
    "atom_count_differs": "The file states {n_announced} atoms, but {n_found} were found.",
    "element_count_differs": "Line {line}: {n_elements} elements but {n_counts} numbers of atoms.",
    "elements_not_named": "Line {line}: this POSCAR does not name its elements (VASP 4). Put a line with their symbols "
    "above this one.",
    "unknown_element": _unknown_element,
    "several_elements_on_site": _several_elements_on_site,
    "undecided_elements": _undecided_elements,
    "only_dummy_atoms": _only_dummy_atoms,
    "unusable_element_number": _unusable_element_number,
    "coordinate_column_missing": "The atoms' loop lacks a coordinate.",
    "sites_without_position": _sites_without_position,
    "occupancy_above_one": "Site {site} has the occupancy {occupancy:g}; the maximum is 1.",
    "partial_occupancies": _partial_occupancies,
    "not_disordered": "All sites of this file are fully occupied: upload it without `ordered_cell`.",
    "ordered_cells_of_cif_only": "Only a CIF states occupancies; this is a file of {format}.",
    "no_such_ordered_cell": "There is no ordered cell {rank}; this file has {n_candidates}.",
    "no_ordered_cell": "No ordered cell has these occupancies: sites that are nearer than a bond exclude each other. "
    "Check the occupancies and the symmetry.",
    "no_disordered_file": "{name} is no ordered cell of a disordered file, or an older version made it and kept "
    "no such file.",
    "too_disordered": "The file has too many partly occupied sites to list its ordered cells. Upload one ordered cell "
    "with every occupancy 1.",
    "unsupported_structure": _unsupported_structure,
    # The cell
    "no_unit_cell": _no_unit_cell,
    "cell_not_positive": "The cell's lengths and angles must be positive.",
    "impossible_angles": _impossible_angles,
    "lattice_vector_too_long": "A lattice vector is {length_angstrom:.4g} Å long. Check that lengths are in Å.",
    "cell_without_volume": _cell_without_volume,
    "cell_too_dense": "{n_atoms} atoms in {volume_angstrom3:.3g} Å³ are denser than any material. Check that the cell "
    "is in Å.",
    # Symmetry
    "too_many_operations": "The file lists {n_operations} symmetry operations, more than any space group has.",
    "invalid_operation": _invalid_operation,
    "unknown_space_group": "There is no space group '{space_group}'; list the symmetry operations in the file.",
    "cell_breaks_symmetry": _cell_breaks_symmetry,
    # Atoms too close to each other or too far away
    "site_near_own_image": "Site {site} is {distance_angstrom:.2f} Å from its own image by symmetry: it is disordered "
    "over a symmetry element, or its coordinates are off. Choose one ordered arrangement.",
    "atoms_listed_twice": "The file lists {n_atoms} of its atoms twice, at the same place.",
    "overlapping_sites": lambda *, sites: f"The sites {listed(sites)} are at the same place.",
    "overlapping_atoms": lambda *, atoms, distance_angstrom: (
        f"Two atoms are at the same place: {listed(atoms)}, {distance_angstrom:.2f} Å apart."
    ),
    "atom_far_from_origin": "An atom is more than 10 μm from the origin. Check that positions are in Å.",
}
