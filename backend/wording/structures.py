"""Sentences about structures and the files that they were read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words
from backend.wording.formatting import counted, listed, nucleus_text


def _isotopes_in_file(*, nuclei: Sequence[Mapping[str, Any]], is_mean: bool) -> str:
    named = [
        f"{nucleus_text(one['nucleus'])} on {one['n_atoms']} of its {one['n_of_element']} {one['element']} atoms"
        for one in nuclei
    ]
    mean = " Each element has the mean mass of its isotopes, since sites are not determined in so large a cell."
    return (
        f"The file has {listed(named)}. Density, forecasts and samples have these isotopes, unless you choose "
        f"others.{mean if is_mean else ''}"
    )


def _masses_of_no_isotope(*, masses: Sequence[str]) -> str:
    return (
        f"The file states masses that are of no isotope: {listed([f'{mass} u' for mass in masses])}. Natural masses "
        "are used instead: choose an isotope before the forecast."
    )


def _isotopes_of_magnetic_response(*, nuclei: Sequence[Mapping[str, Any]], n_nuclei: int) -> str:
    rest = n_nuclei - len(nuclei)
    named = [f"{one['nucleus']} on atom {one['atom']}" for one in nuclei]
    text = listed([*named, f"{rest} more"] if rest > 0 else named)
    return (
        f"The file chooses nuclei for magnetic responses: {text}. They are not read as masses: if the sample has these "
        "isotopes, choose them before the forecast."
    )


def _several_structures(*, n_structures: int, used: str, others: Sequence[str]) -> str:
    names = ", ".join(f"'{name}'" for name in others)
    return f"The file contains {n_structures} structures. '{used}' is used, not {names}."


def _hydrogen_without_position(*, sites: Sequence[str], n_sites: int) -> str:
    rest = n_sites - len(sites)
    named = listed([*sites, f"{rest} more"] if rest > 0 else sites)
    return (
        f"The file counts hydrogen atoms on {named} but gives no positions: these atoms are missing in the structure."
    )


def _empty_sites(*, sites: Sequence[str], n_sites: int) -> str:
    rest = n_sites - len(sites)
    named = listed([*sites, f"{rest} more"] if rest > 0 else sites)
    return f"The file states occupancy 0 for {named}: no atoms are placed there."


def _elements_from_formula(*, sites: Sequence[str], elements: Sequence[str], n_sites: int) -> str:
    pairs = [f"{site} is {element}" for site, element in zip(sites, elements, strict=True)]
    rest = n_sites - len(sites)
    named = listed([*pairs, f"{rest} more"] if rest > 0 else pairs)
    return f"Labels in the file disagree with the stated formula, which decides: {named}."


def _space_group_setting_assumed(
    *,
    space_group: str,
    n_settings: int,
    setting: str,
    distance_angstrom: float | None,
    alternatives: Sequence[str] = (),
) -> str:
    distance = "" if distance_angstrom is None else f" ({distance_angstrom:.2f} Å)"
    reason = f"The closest contacts between its symmetry images are the longest{distance}."
    if alternatives:
        reason = f"The distances between its atoms do not rule out {listed(repr(name) for name in alternatives)}."
    return (
        f"The file names the space group {space_group} without its operations, which allows {n_settings} settings. "
        f"'{setting}' is used. {reason} Check the structure, or list the operations in the file."
    )


def _unexpected_images(*, site: str, n_images: int, n_expected: int) -> str:
    return f"Site {site} has {counted(n_images, 'image')}; its symmetry requires {n_expected}."


def _atoms_repeated_by_symmetry(*, n_atoms: int) -> str:
    atoms = counted(n_atoms, "atom of the file is", "atoms of the file are")
    return f"{atoms} repeated by symmetry. Each is kept once."


def _close_atoms(*, n_pairs: int, atoms: Sequence[str], distance_angstrom: float) -> str:
    pairs = counted(n_pairs, "pair of atoms is", "pairs of atoms are")
    return (
        f"{pairs} unusually close: {listed(atoms)}, {distance_angstrom:.2f} Å apart. Forces will be large until the "
        "atoms are relaxed."
    )


def _axes_not_periodic(*, axes: Sequence[str]) -> str:
    return (
        f"According to the file, the structure is not periodic along {listed(axes)}. Simulations repeat the cell in "
        "all directions: only vacuum in the cell separates the copies."
    )


def _formula_differs(*, stated: str, found: str, hydrogen_missing: bool) -> str:
    advice = " Hydrogen atoms are missing; they would dominate the spectrum." if hydrogen_missing else ""
    return f"The file states the formula {stated}, but its atoms are {found}.{advice}"


def _ordered_cell(
    *, rank: int, n_candidates: int, rank_by: str, n_cells: int, chosen: Sequence[Mapping[str, Any]]
) -> str:
    ranking = "electrostatic energy of formal charges" if rank_by == "electrostatics" else "short contacts"
    parts = [
        f"{listed(one['sites'])} on {one['n_present']} of {counted(one['n_possible'], 'position')} "
        f"(occupancy {one['occupancy']:g})"
        for one in chosen
    ]
    return (
        f"The file is disordered. This is ordered cell {rank} of {n_candidates}, ranked by {ranking}, with "
        f"{counted(n_cells, 'primitive cell')} of the file: {'; '.join(parts)}. Compare forecasts of several ordered "
        "cells before you trust a peak that depends on the order."
    )


def _elements_unknown_to_default(*, potential: str, elements: Sequence[str]) -> str:
    return f"{potential}, the default potential, does not cover {listed(elements)}: upload a potential that does."


WORDS: Final[Mapping[str, Words]] = {
    "ordered_cell": _ordered_cell,
    "several_frames": "The file contains {n_frames} frames. The last one is used.",
    "several_structures": _several_structures,
    "isotopes_in_file": _isotopes_in_file,
    "masses_of_no_isotope": _masses_of_no_isotope,
    "isotopes_of_magnetic_response": _isotopes_of_magnetic_response,
    "cartesian_coordinates": "The file gives Cartesian coordinates. They are read with a along x and b in the xy "
    "plane.",
    "hydrogen_without_position": _hydrogen_without_position,
    "empty_sites": _empty_sites,
    "elements_from_formula": _elements_from_formula,
    "operations_not_a_group": "The symmetry operations in the file do not form a group: some may be missing or "
    "misprinted.",
    "only_identity_listed": "The file names the space group {space_group} but lists only the operation x,y,z. Its "
    "atoms are read as all atoms of the cell.",
    "no_symmetry_stated": "The file states no symmetry. Its atoms are read as all atoms of the cell.",
    "space_group_setting_assumed": _space_group_setting_assumed,
    "unexpected_images": _unexpected_images,
    "atoms_repeated_by_symmetry": _atoms_repeated_by_symmetry,
    "lattice_vectors_reversed": "The lattice vectors in the file are left-handed. All three were reversed; the crystal "
    "stays the same.",
    "close_atoms": _close_atoms,
    "axes_not_periodic": _axes_not_periodic,
    "cell_mostly_empty": "The cell is mostly empty. A molecule in a box has no lattice modes, so its spectrum lacks "
    "them.",
    "looks_liquid": "The {n_molecules} molecules have neither order nor symmetry: the cell looks like a liquid. "
    "Molecular dynamics fits it; harmonic phonons would describe one frozen arrangement.",
    "looks_amorphous": "The {n_atoms} atoms have neither order nor symmetry, and hardly two have like surroundings: "
    "the cell looks like a glass or a melt. Molecular dynamics fits it.",
    "formula_differs": _formula_differs,
    "volume_differs": "The file states a cell volume of {stated_angstrom3:g} Å³, but its lengths and angles "
    "give {found_angstrom3:.4g} Å³. Check the cell: an angle or a length may be missing or misprinted.",
    "density_differs": "The file states a density of {stated_g_cm3:g} g/cm³, but its atoms give {found_g_cm3:.4g} "
    "g/cm³. Atoms may be missing or too many: check the symmetry and the occupancies.",
    "space_group_not_determined": "The space group is not determined for cells with more than {max_atoms} atoms.",
    "elements_unknown_to_default": _elements_unknown_to_default,
}
