"""CIF: slips of the grammar, sites, symmetry; against ASE's and spglib's own expansions where they have one."""

from __future__ import annotations

import io

import ase.io
import numpy as np
import pytest
import spglib
from ase.geometry import get_distances

from backend import wording
from backend.kit.files import parsed_notices
from backend.kit.files.unreadable import Unreadable
from backend.structures import examples
from backend.structures.formats import cif
from backend.structures.formats.cif_blocks import MAX_SLIPS, read_blocks
from backend.structures.formats.reading import TooManyAtoms
from backend.structures.formats.symmetry import named_settings, operations_of_group, parse_operations
from backend.structures.geometry import StructureData, cell_from_lengths_and_angles
from backend.structures.parse import parse
from scattering.core.notices import Notice

SITES = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"


def cell(
    a: object = 5.64, b: object = 5.64, c: object = 5.64, alpha: object = 90, beta: object = 90, gamma: object = 90
) -> str:
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"_cell_{name} {value}" for name, value in zip(names, (a, b, c, alpha, beta, gamma), strict=True)]
    return "\n".join(["data_test", *lines]) + "\n"


def named(group: str) -> str:
    return f"_space_group_name_H-M_alt '{group}'\n"


def listed(rotations: np.ndarray, translations: np.ndarray) -> str:
    def row(coefficients: np.ndarray, shift: float) -> str:
        terms = [f"{'+' if c > 0 else '-'}{axis}" for c, axis in zip(coefficients, "xyz", strict=True) if c]
        return "".join(terms) + (f"+{shift:.4f}" if shift else "")

    operations = [
        ",".join(row(c, s) for c, s in zip(rotation, translation, strict=True))
        for rotation, translation in zip(rotations, translations, strict=True)
    ]
    return "loop_\n_space_group_symop_operation_xyz\n" + "\n".join(operations) + "\n"


def read(text: str, max_atoms: int = 2000) -> cif.Reading:
    return cif.read(text, max_atoms)


def refused(text: str, max_atoms: int = 2000) -> Notice:
    with pytest.raises(Unreadable) as refusal:
        cif.read(text, max_atoms)
    # Words that do not suit the parameters give a warning, which is an error in tests
    wording.message(refusal.value.notice)
    return refusal.value.notice


def same_crystal(one: StructureData, other: StructureData) -> bool:
    """The same atoms in the same cell in any order, to 1e-3 Å: the files round to about as much."""
    if len(one.numbers) != len(other.numbers) or not np.allclose(one.cell, other.cell, atol=1e-6):
        return False
    _, distance = get_distances(one.positions, other.positions, cell=one.cell, pbc=True)
    nearest = distance.argmin(axis=1)
    return bool(
        (distance.min(axis=1) < 1e-3).all()
        and len(set(nearest.tolist())) == len(nearest)
        and (one.numbers == other.numbers[nearest]).all()
    )


@pytest.mark.parametrize("name", sorted(examples.catalogue()))
def test_examples_expand_as_ase_expands_them(name: str) -> None:
    content = examples.catalogue()[name].content
    atoms = ase.io.read(io.StringIO(content.decode()), format="cif")
    theirs = StructureData(atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, np.ones(3, bool))
    assert same_crystal(read(content.decode()).structure, theirs)


@pytest.mark.parametrize(
    "hall_number", [2, 81, 90, 115, 227, 298, 364, 419, 433, 434, 459, 489, 494, 517, 523, 525, 526, 530]
)
def test_listed_operations_expand_to_the_group_they_come_from(hall_number: int) -> None:
    # Two general positions, in a cell that has the group's symmetry.
    group = spglib.get_spacegroup_type(hall_number)
    symmetry = spglib.get_symmetry_from_database(hall_number)
    lattice = _cell_of(group.number, group.choice)
    text = cell(*lattice) + listed(symmetry["rotations"], symmetry["translations"])
    structure = read(text + SITES + "C1 C 0.117 0.263 0.391\nN1 N 0.081 0.139 0.442\n", 10_000).structure
    found = spglib.get_symmetry_dataset((structure.cell, structure.fractional, structure.numbers), symprec=1e-4)
    assert found.number == group.number
    assert (structure.numbers == 6).sum() == len(symmetry["rotations"])


def _cell_of(number: int, choice: str) -> tuple[float, ...]:
    if number < 3:
        return (11.0, 12.0, 13.0, 80, 95, 105)
    if number < 16:
        return (11.0, 12.0, 13.0, 90, 100, 90)
    if number < 75:
        return (11.0, 12.0, 13.0, 90, 90, 90)
    if number < 143:
        return (11.0, 11.0, 13.0, 90, 90, 90)
    if number < 195:
        return (12.0, 12.0, 12.0, 75, 75, 75) if choice == "R" else (11.0, 11.0, 17.0, 90, 90, 120)
    return (45.0, 45.0, 45.0, 90, 90, 90)


def test_every_setting_is_found_by_its_hall_symbol() -> None:
    for hall_number in range(1, 531):
        group = spglib.get_spacegroup_type(hall_number)
        axes = group.choice.strip("-123") if 3 <= group.number < 16 else group.choice
        lengths = _cell_of(group.number, group.choice)
        if axes in ("a", "c"):
            a, b, c, alpha, beta, gamma = lengths
            lengths = (a, b, c, beta, alpha, gamma) if axes == "a" else (a, b, c, alpha, gamma, beta)
        lattice = cell_from_lengths_and_angles(np.array(lengths[:3]), np.array(lengths[3:]))
        found = operations_of_group(hall=group.hall_symbol, name="", number=None, cell=lattice)
        assert len(found) == 1
        expected = spglib.get_symmetry_from_database(hall_number)
        assert operations_as_set(*vars(found[0][1]).values()) == operations_as_set(*expected.values())
        assert found[0][1].is_group()


def operations_as_set(rotations: np.ndarray, translations: np.ndarray, *_: object) -> set[tuple[int, ...]]:
    """Rotations, and translations in 24ths."""
    rows = np.concatenate([rotations.reshape(-1, 9), np.rint(24 * translations) % 24], axis=1)
    return set(map(tuple, rows.astype(int).tolist()))


def test_every_setting_is_found_by_its_names() -> None:
    for hall_number in range(1, 531):
        group = spglib.get_spacegroup_type(hall_number)
        names = {group.international_full, group.international_short, *group.international.split("=")}
        for name in names | {name.replace(" ", "") for name in names}:
            assert {setting.number for setting in named_settings(name)} == {group.number}, name
        if "e" not in group.international_full:
            # C m m e is C m m a or C m m b; gemmi means the standard setting.
            halls = {setting.hall for setting in named_settings(group.international_full)}
            assert " ".join(group.hall_symbol.split()) in halls, group


@pytest.mark.parametrize(
    ("name", "lattice", "sites", "formula_cell"),
    [
        ("F m -3 m", (5.64, 5.64, 5.64), "Na Na1+ 0 0 0\nCl Cl1- 1/2 1/2 1/2\n", {11: 4, 17: 4}),
        ("Fm-3m", (5.64, 5.64, 5.64), "Na Na 0 0 0\nCl Cl .5 .5 .5\n", {11: 4, 17: 4}),
        ("P 21/n", (6, 7, 8, 90, 95, 90), "C1 C .1 .2 .3\n", {6: 4}),
        ("P 1 21/c 1", (6, 7, 8, 90, 95, 90), "C1 C .1 .2 .3\n", {6: 4}),
        ("P b n m", (5.4, 5.6, 7.8), "C1 C .1 .2 .1\n", {6: 8}),
        ("R -3 m", (4.5, 4.5, 11.9, 90, 90, 120), "Bi1 Bi 0 0 0.234\n", {83: 6}),
        ("R -3 m", (4.7, 4.7, 4.7, 57.2, 57.2, 57.2), "Bi1 Bi 0.234 0.234 0.234\n", {83: 2}),
        ("F d -3 m :2", (5.431, 5.431, 5.431), "Si1 Si 0.125 0.125 0.125\n", {14: 8}),
        ("F d -3 m Z", (5.431, 5.431, 5.431), "Si1 Si 0.125 0.125 0.125\n", {14: 8}),
        ("F d -3 m S", (5.431, 5.431, 5.431), "Si1 Si 0 0 0\n", {14: 8}),
        ("F 4/m -3 2/m", (5.64, 5.64, 5.64), "Na Na 0 0 0\nCl Cl .5 .5 .5\n", {11: 4, 17: 4}),
        ("P m 3 m", (4.156, 4.156, 4.156), "La1 La 0 0 0\nB1 B 0.1997 0.5 0.5\n", {57: 1, 5: 6}),
        ("R -3 m H", (4.5, 4.5, 11.9, 90, 90, 120), "Bi1 Bi 0 0 0.234\n", {83: 6}),
        ("R -3 m HR", (4.5, 4.5, 11.9, 90, 90, 120), "Bi1 Bi 0 0 0.234\n", {83: 6}),
        ("H -3 m", (4.5, 4.5, 11.9, 90, 90, 120), "Bi1 Bi 0 0 0.234\n", {83: 6}),
        ("R -3 m R", (4.7, 4.7, 4.7, 57.2, 57.2, 57.2), "Bi1 Bi 0.234 0.234 0.234\n", {83: 2}),
        ("P2(1)/c", (6, 7, 8, 90, 95, 90), "C1 C .1 .2 .3\n", {6: 4}),
        ("P 21/n", (6, 7, 8, 90, 90, 95), "C1 C .1 .2 .3\n", {6: 4}),
        ("A -1", (6, 7, 8, 85, 95, 100), "C1 C .1 .2 .3\n", {6: 4}),
    ],
)
def test_group_by_name_alone(name: str, lattice: tuple[float, ...], sites: str, formula_cell: dict[int, int]) -> None:
    reading = read(cell(*lattice) + named(name) + SITES + sites)
    numbers, counts = np.unique(reading.structure.numbers, return_counts=True)
    assert dict(zip(numbers.tolist(), counts.tolist(), strict=True)) == formula_cell
    assert reading.notices == []


@pytest.mark.parametrize(("x", "choice"), [("0", "1"), ("0.125", "2")])
def test_origin_that_is_left_open_is_chosen_by_distances_and_told(x: str, choice: str) -> None:
    reading = read(cell(5.431, 5.431, 5.431) + named("F d -3 m") + SITES + f"Si1 Si {x} {x} {x}\n")
    assert len(reading.structure.numbers) == 8
    assert reading.notices[0].code == "space_group_setting_assumed"
    assert reading.notices[0].params["setting"] == f"F d -3 m:{choice}"
    assert reading.notices[0].params["distance_angstrom"] == pytest.approx(2.35, abs=0.01)


NAPHTHALENE = """C1 C 0.0856 0.0186 0.3251
C2 C 0.1148 0.1588 0.2200
C3 C 0.0472 0.1025 0.0351
C4 C 0.0749 0.2471 -0.0784
C5 C 0.0116 0.1869 -0.2541
H1 H 0.1375 0.0657 0.4682
H2 H 0.1892 0.3156 0.2650
H3 H 0.1491 0.4045 -0.0330
H4 H 0.0339 0.2989 -0.3384
"""


def test_contacts_between_images_decide_about_the_setting_of_a_molecular_crystal() -> None:
    # In each setting, bonds are the shortest distances; only P 21/a keeps the hydrogens of different molecules apart
    lattice = cell(8.235, 6.003, 8.658, 90, 122.92, 90)
    reading = read(lattice + "_symmetry_Int_Tables_number 14\n" + SITES + NAPHTHALENE)
    assert reading.notices[0].params["setting"] == "P 1 21/a 1"
    assert reading.notices[0].params["alternatives"] == []


def test_where_contacts_do_not_decide_the_standard_setting_is_taken_and_told() -> None:
    # Half of the long axis lies between an atom and its images in all three
    reading = read(cell(4, 30, 4, 90, 95, 90) + "_symmetry_Int_Tables_number 14\n" + SITES + "Ar1 Ar 0 0 0\n")
    (notice,) = reading.notices
    assert notice.params["setting"] == "P 1 21/c 1"
    assert notice.params["alternatives"] == ["P 1 21/n 1", "P 1 21/a 1"]


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("_cell_volume 179.4\n", None),
        ("_cell_volume 212.849(2)\n", "volume_differs"),
        ("_exptl_crystal_density_diffrn 2.16\n", None),
        ("_exptl_crystal_density_diffrn 1.08\n", "density_differs"),
        # The other formula explains the density
        ("_exptl_crystal_density_diffrn 1.08\n_chemical_formula_sum 'Na Cl O2'\n", "formula_differs"),
    ],
)
def test_what_the_file_states_is_compared_with_its_atoms(stated: str, code: str | None) -> None:
    salt = cell() + named("F m -3 m") + stated + SITES + "Na1 Na 0 0 0\nCl1 Cl .5 .5 .5\n"
    found = parsed_notices.from_json(parse(salt.encode(), "cif", 100)["description"]["notices"])
    assert [notice.code for notice in found] == ([] if code is None else [code])


def test_special_positions_that_were_rounded_are_put_right() -> None:
    group = spglib.get_symmetry_from_database(488)
    text = cell(2.464, 2.464, 6.711, 90, 90, 120) + listed(group["rotations"], group["translations"])
    structure = read(text + SITES + "C1 C 0 0 0.25\nC2 C 0.333 0.667 0.25\n").structure
    assert len(structure.numbers) == 4
    assert np.allclose(structure.fractional[2], [1 / 3, 2 / 3, 1 / 4], atol=1e-12)


def test_uncertainties_are_taken_off() -> None:
    structure = read(
        cell("7.390(20)", "9.42(2)", "6.81(2)") + SITES + "C1 C -0.0569(12) .1387(3) 1.2e-1(1)\n"
    ).structure
    assert np.allclose(structure.fractional, [[0.9431, 0.1387, 0.12]])
    assert np.allclose(np.diag(structure.cell), [7.39, 9.42, 6.81])


def test_partial_occupancies_are_refused_by_name() -> None:
    loop = SITES.replace("_atom_site_fract_x", "_atom_site_occupancy\n_atom_site_fract_x")
    notice = refused(cell() + loop + "Fe1 Fe 0.5 0 0 0\nNi1 Ni 0.50(2) 0 0 0\nO1 O . .5 .5 .5\nO2 O 1.0 .2 .2 .2\n")
    partial = {"sites": ["Fe1", "Ni1"], "occupancies": [0.5, 0.5], "n_sites": 2}
    assert notice == Notice("partial_occupancies", partial)
    assert read(cell() + loop + "Fe1 Fe 0.998(4) 0 0 0\n").structure.symbols == ["Fe"]
    empty = read(cell() + loop + "Fe1 Fe 1 0 0 0\nNi1 Ni 0 .5 0 0\nNi2 Ni 0.0(1) 0 .5 0\n")
    assert empty.structure.symbols == ["Fe"]
    assert empty.notices[0] == Notice("empty_sites", {"sites": ["Ni1", "Ni2"], "n_sites": 2})
    assert refused(cell() + loop + "Ni1 Ni 0 .5 0 0\n").code == "partial_occupancies"
    excessive = Notice("occupancy_above_one", {"site": "Fe1", "occupancy": 1.5})
    assert refused(cell() + loop + "Fe1 Fe 1.5 0 0 0\n") == excessive


@pytest.mark.parametrize(
    ("rows", "symbols"),
    [
        ("Fe1 Fe2+ 0.333 0 0 0\nFe2 Fe3+ 0.667 0 0 0\n", ["Fe"]),
        ("H1 H 0.5 0 0 0\nH2 H 0.5 0 0 0\n", ["H"]),
        # Not at one place, another element, a place that is not full, and lithium as in nature beside an isotope
        ("Fe1 Fe2+ 0.5 0 0 0\nFe2 Fe3+ 0.5 0.1 0 0\n", None),
        ("Fe1 Fe2+ 0.5 0 0 0\nMn1 Mn2+ 0.5 0 0 0\n", None),
        ("Fe1 Fe2+ 0.5 0 0 0\nFe2 Fe3+ 0.4 0 0 0\n", None),
        ("Li1 Li 0.5 0 0 0\nLi2 7Li 0.5 0 0 0\n", None),
    ],
)
def test_ions_of_one_element_that_fill_a_site_are_one_atom(rows: str, symbols: list[str] | None) -> None:
    loop = SITES.replace("_atom_site_fract_x", "_atom_site_occupancy\n_atom_site_fract_x")
    if symbols is None:
        assert refused(cell() + loop + rows).code == "partial_occupancies"
    else:
        structure = read(cell() + loop + rows).structure
        assert (structure.symbols, structure.isotopes) == (symbols, ())


@pytest.mark.parametrize(
    ("label", "symbol"),
    [
        ("Ca1", "Ca"),
        ("C12A", "C"),
        ("H1", "H"),
        ("OW", "O"),
        ("Cl", "Cl"),
        ("C1'", "C"),
        ('N1"', "N"),
    ],
)
def test_elements_from_labels(label: str, symbol: str) -> None:
    loop = SITES.replace("_atom_site_type_symbol\n", "")
    assert read(cell() + loop + f"{label} 0 0 0\n").structure.symbols == [symbol]


LABELS = SITES.replace("_atom_site_type_symbol\n", "")


def sites_of(*labels: str, loop: str = LABELS) -> str:
    """A loop of sites with these labels."""
    return loop + "".join(f"{label} 0.{number} 0 0\n" for number, label in enumerate(labels, 1))


@pytest.mark.parametrize(
    ("formula", "labels", "symbols"),
    [
        ("Na Cl", ["NA1", "CL1"], ["Na", "Cl"]),
        ("C Ca O", ["CA1", "C1", "O1"], ["Ca", "C", "O"]),
        ("C6 H4 O", ["CA1", "HO2", "CD1", "O1"], ["C", "H", "C", "O"]),
        ("Na Si O2", ["Na1", "T1", "O1"], ["Na", "Si", "O"]),
        ("Li T", ["Li1", "H1"], ["Li", "H"]),
        ("Cu O H2", ["Cu", "Ho1", "O"], ["Cu", "H", "O"]),
        ("Ca S O6 H4", ["Ca", "S", "O1", "Wat"], ["Ca", "S", "O", "O"]),
        ("Na Al Si2 O6", ["W1", "Na", "Al", "Si"], ["O", "Na", "Al", "Si"]),
        ("W O3", ["W1", "O1"], ["W", "O"]),
        ("Na N O3", ["Na", "NO3", "O1"], ["Na", "N", "O"]),
        ("K C N", ["K", "CN1", "N1"], ["K", "C", "N"]),
        ("Mg Si O3", ["M1", "Si", "O"], ["Mg", "Si", "O"]),
        ("Ca S O6 H4", ["Ca", "S", "O1", "WatOW"], ["Ca", "S", "O", "O"]),
        ("Co3 Ge O4", ["Co3", "CO2", "Ge1", "O1"], ["Co", "Co", "Ge", "O"]),
        ("Ca O2 H2", ["Ca1", "O1", "HOh1"], ["Ca", "O", "H"]),
        # A symbol in small letters says what capitals mean
        ("", ["CA1", "Cl1"], ["C", "Cl"]),
        ("", ["OH1", "Wat"], ["O", "O"]),
        ("", ["D1", "Li1"], ["H", "Li"]),
    ],
)
def test_the_formula_decides_between_readings_of_labels(formula: str, labels: list[str], symbols: list[str]) -> None:
    stated = f"_chemical_formula_sum '{formula}'\n" if formula else ""
    assert read(cell() + stated + sites_of(*labels)).structure.symbols == symbols


@pytest.mark.parametrize(
    ("formula", "labels", "undecided"),
    [
        ("", ["NA1", "CL1"], {"NA1": ["Na", "N"], "CL1": ["Cl", "C"]}),
        ("", ["HO2"], {"HO2": ["Ho", "H"]}),
        ("", ["NO3", "Na"], {"NO3": ["N"]}),
        # Which of the two would be without a site?
        ("Na Al Si2 O6", ["Na", "T1", "O1"], {"T1": ["Al", "Si"]}),
        ("Na N O3", ["Na", "NO3"], {"NO3": ["N"]}),
        # The formula has no iron, and all its elements have a site
        ("Na Cl", ["Na", "Cl", "Fe1"], {"Fe1": ["Fe", "F"]}),
    ],
)
def test_sites_whose_element_nothing_decides_are_refused(
    formula: str, labels: list[str], undecided: dict[str, list[str]]
) -> None:
    stated = f"_chemical_formula_sum '{formula}'\n" if formula else ""
    found = refused(cell() + stated + sites_of(*labels))
    assert found.code == "undecided_elements"
    assert dict(zip(found.params["sites"], found.params["elements"], strict=True)) == undecided
    assert found.params["formula_stated"] is bool(formula)


@pytest.mark.parametrize("symbol", ["Cn", "No"])
def test_elements_that_no_potential_knows_are_never_read(symbol: str) -> None:
    found = refused(cell() + SITES + f"{symbol}1 {symbol} 0 0 0\n")
    assert found.code in ("unknown_element", "undecided_elements")
    assert read(cell() + SITES + "N1 Nh 0 0 0\n").structure.symbols == ["N"]
    assert read(cell() + SITES + "Am1 Am 0 0 0\n").structure.symbols == ["Am"]


@pytest.mark.parametrize(("label", "formula"), [("Cm1", ""), ("Bk", ""), ("Cm1", "Se2 Cm")])
def test_a_label_that_spells_a_heavier_element_is_not_read_by_its_first_letter(label: str, formula: str) -> None:
    stated = f"_chemical_formula_sum '{formula}'\n" if formula else ""
    notice = refused(cell() + stated + sites_of("Se1", label))
    assert notice == Notice("unknown_element", {"symbol": label[:2], "site": label})
    # A carbon m, says the formula
    assert read(cell() + "_chemical_formula_sum 'C Se'\n" + sites_of("Se1", "Cm1")).structure.symbols == ["Se", "C"]


def test_groups_as_types_are_their_heavy_atom_and_the_missing_hydrogens_are_told() -> None:
    reading = read(cell() + SITES + "N1 NH3 0 0 0\nO1 OW 0.5 0 0\nCu Cu 0 0.5 0\n")
    assert reading.structure.symbols == ["N", "O", "Cu"]
    assert Notice("hydrogen_without_position", {"sites": ["N1", "O1"], "n_sites": 2}) in reading.notices
    with_hydrogen = read(cell() + SITES + "O1 OW 0 0 0\nH1 H 0.2 0 0\nH2 H 0 0.2 0\n")
    assert "hydrogen_without_position" not in {notice.code for notice in with_hydrogen.notices}


def test_a_label_against_the_formula_is_told() -> None:
    notices = read(cell() + "_chemical_formula_sum 'Na Si O'\n" + sites_of("Na", "T1", "O")).notices
    assert Notice("elements_from_formula", {"sites": ["T1"], "elements": ["Si"], "n_sites": 1}) in notices


def test_several_elements_in_one_type_are_refused() -> None:
    found = refused(cell() + SITES + "M1 Fe/Mg 0 0 0\n")
    assert found == Notice("several_elements_on_site", {"site": "M1", "found": "Fe/Mg"})


def test_a_file_of_dummies_alone_is_refused() -> None:
    loop = SITES.replace("_atom_site_fract_x", "_atom_site_calc_flag\n_atom_site_fract_x")
    found = refused(cell() + loop + "X1 C dum 0 0 0\n")
    assert found == Notice("only_dummy_atoms", {"sites": ["X1"], "n_sites": 1})


def test_rows_may_share_and_break_lines() -> None:
    structure = read(cell() + SITES + "C1 C 0 0 0 N1 N .5\n.5 .5 'O 1'\nO 0 0 .5\n").structure
    assert structure.symbols == ["C", "N", "O"]


def test_slips_that_do_not_matter_are_passed_over() -> None:
    slips = "_publ_author_name 'A. Author', B. Author\n_journal_year\n_chemical_name_common two words\n"
    loop = "loop_\n_citation_id\n_citation_title\n1 'A title' 2\n"
    reading = read(cell() + slips + loop + SITES + "C1 C 0 0 0\n")
    assert reading.structure.symbols == ["C"]
    assert refused(cell(a="5.64 A") + SITES + "C1 C 0 0 0\n").code == "unexpected_text"


@pytest.mark.parametrize(
    "slip",
    [
        "_publ_author_name 'A. Author',",
        "_publ_author_name 'A. Author\n'B. Author'",
        "_publ_title 'One line\n   and another'",
        "computing_molecular_graphics ?",
        "loop_\n_citation_id # the first\n_citation_title\n1 2 3",
        "loop_\n_citation_id\n\n# comment\n_citation_title\n;\n_cell_length_a 9\n;\n_publ_title\n'a'",
        "_publ_title [1 2]",
        "_publ_title_é b c",
        "_publ_title\n;\nnot closed",
        "_publ_title\n;\n_cell_length_a 9\n; 'and more' text",
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_slips_are_passed_over_before_and_after_the_atoms(slip: str, after: bool) -> None:
    # A text that is not closed hides what comes after it when there is another text, and nothing else does.
    rest = "_publ_section ok\n" + SITES + "C1 C 0 0 0\n"
    text = rest + "_publ_contact x\n" + slip + "\n" if after else "_publ_contact x\n" + slip + "\n" + rest
    structure = read(cell() + text).structure
    assert structure.symbols == ["C"]
    assert structure.cell[0, 0] == 5.64


def test_a_slip_among_what_is_needed_is_refused_by_its_line() -> None:
    def stray(line: int, found: str) -> Notice:
        return Notice("unexpected_text", {"line": line, "expected": "name", "found": found})

    assert refused(cell(a="5.64 A") + SITES + "C1 C 0 0 0\n") == stray(2, "A")
    assert refused(cell(a="5.64\nstray words") + SITES + "C1 C 0 0 0\n") == stray(3, "stray")
    assert refused(cell() + SITES + "C1 C 0 0\n") == Notice("incomplete_loop", {"line": 8, "n_columns": 5})
    assert refused(cell() + SITES + "'C 1 C 0 0 0\n") == Notice("unclosed_text", {"line": 14})
    valueless = cell() + "_journal_year\n_cell_volume\n" + SITES + "C1 C 0 0 0\n"
    assert refused(valueless) == Notice("value_missing", {"line": 9, "name": "_cell_volume"})


def test_slips_are_passed_over_up_to_a_number() -> None:
    slips = "".join(f"_publ_author_name_{n} 'A. Author',\n" for n in range(MAX_SLIPS))
    assert refused(cell() + slips + SITES + "C1 C 0 0 0\n") == Notice("too_many_cif_errors", {"maximum": MAX_SLIPS})
    assert read(cell() + slips.partition("\n")[2] + SITES + "C1 C 0 0 0\n").structure.symbols == ["C"]


def test_letters_that_are_not_ascii_are_words_too() -> None:
    # AMCSD primes labels with an acute accent, of which CIF 1.1 knows nothing.
    heading = cell().replace("data_test", "data_β-Sn") + "_chemical_name_mineral 'Fa\u00efdit &amp; \u03b1'\n"
    reading = read(heading + SITES + "O2\u00b4 O\u00a00 0\t0\nO2\u00b4\u00b4 O 0 0 .5 \x1a\n\x1a")
    assert reading.structure.symbols == ["O", "O"]
    assert reading.title == "Faïdit & α"
    overlap = refused(heading + SITES + "O2\u00b4 O 0 0 0\nN1 N 0 0 0\n")
    assert overlap == Notice("overlapping_sites", {"sites": ["O2´", "N1"]})


def test_text_fields_hide_what_looks_like_tags() -> None:
    text = "_publ_section_title\n;\ndata_other loop_ ' _cell_length_a 9\n;\n"
    assert read(cell() + text + SITES + "C1 C 0 0 0\n").structure.cell[0, 0] == 5.64


def test_first_of_several_structures_is_used_and_told() -> None:
    other = cell().replace("data_test", "data_other") + SITES + "N1 N 0 0 0\n"
    reading = read("data_global\n_journal_year 2020\n" + cell() + SITES + "C1 C 0 0 0\n" + other)
    assert reading.structure.symbols == ["C"]
    several = Notice("several_structures", {"n_structures": 2, "used": "test", "others": ["other"]})
    assert reading.notices == [several, Notice("no_symmetry_stated")]


def test_atoms_that_symmetry_makes_too_are_kept_once() -> None:
    reading = read(cell() + named("F m -3 m") + SITES + "Na1 Na 0 0 0\nNa2 Na 0 .5 .5\nCl1 Cl .5 .5 .5\n")
    assert len(reading.structure.numbers) == 8
    assert reading.notices[0].code == "atoms_repeated_by_symmetry"


def test_operations_that_are_no_group_are_told() -> None:
    operations = "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-y,x,z'\n"
    codes = [notice.code for notice in read(cell() + operations + SITES + "C1 C .1 .2 .3\n").notices]
    assert codes == ["operations_not_a_group"]


def test_group_named_but_only_identity_listed_is_told() -> None:
    text = cell() + named("P m -3 m") + "_space_group_IT_number 221\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n"
    reading = read(text + SITES + "C1 C .1 .2 .3\n")
    assert len(reading.structure.numbers) == 1
    assert reading.notices[0].code == "only_identity_listed"


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("", "no_atoms_in_cif", {}),
        ("hello", "unexpected_text", {"line": 1, "expected": "data_block", "found": "hello"}),
        ("data_x\n", "no_atoms_in_cif", {}),
        ("data_x\n_cell_length_a\n", "value_missing", {"line": 2, "name": "_cell_length_a"}),
        (cell() + "loop_\n", "unexpected_text", {"line": 8, "expected": "loop_names", "found": None}),
        (cell() + SITES + "C1 C 0 0\n", "incomplete_loop", {"line": 8, "n_columns": 5}),
        (cell() + SITES + "C1 C 0 0 nan\n", "unreadable_number", {"found": "nan", "kind": "number", "site": "C1"}),
        (
            cell() + SITES + "C1 C 0 0 1e999\n",
            "unreadable_number",
            {"found": "1e999", "kind": "finite_number", "site": "C1"},
        ),
        (cell() + SITES + "C1 C 0 0 ?\nC2 C 0 . 0\n", "sites_without_position", {"sites": ["C1", "C2"], "n_sites": 2}),
        (cell() + SITES + "Q1 Q 0 0 0\n", "unknown_element", {"symbol": "Q", "site": "Q1"}),
        (cell() + SITES + "Xx Xx 0 0 0\n", "unknown_element", {"symbol": "Xx", "site": "Xx"}),
        (cell() + SITES + "C1 C 0 0 0\nN1 N 0 0 0\n", "overlapping_sites", {"sites": ["C1", "N1"]}),
        (cell() + SITES + "C1 C 0 0 0\nC2 C 1 0 0\n", "atoms_listed_twice", {"n_atoms": 1}),
        (cell(a=0) + SITES + "C1 C 0 0 0\n", "cell_not_positive", {}),
        (
            cell(alpha=170, beta=20, gamma=20) + SITES + "C1 C 0 0 0\n",
            "impossible_angles",
            {"angles_deg": [170, 20, 20]},
        ),
        ("data_x\n" + SITES + "C1 C 0 0 0\n", "no_unit_cell", {"format": "cif"}),
        (cell(a=6) + named("F m -3 m") + SITES + "C1 C 0 0 0\n", "cell_breaks_symmetry", {"space_group": "F m -3 m"}),
        (
            cell(a=6) + "loop_\n_symmetry_equiv_pos_as_xyz\ny,z,x\n" + SITES + "C1 C 0 0 0\n",
            "cell_breaks_symmetry",
            {"space_group": None},
        ),
        (cell() + named("F q x") + SITES + "C1 C 0 0 0\n", "unknown_space_group", {"space_group": "F q x"}),
        (
            cell() + "loop_\n_symmetry_equiv_pos_as_xyz\nx,y\n" + SITES + "C1 C 0 0 0\n",
            "invalid_operation",
            {"operation": "x,y", "kind": "syntax"},
        ),
        (
            cell() + "loop_\n_symmetry_equiv_pos_as_xyz\nx,x,z\n" + SITES + "C1 C 0 0 0\n",
            "invalid_operation",
            {"operation": "x,x,z", "kind": "matrix"},
        ),
        (
            cell() + "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z+1/0\n" + SITES + "C1 C 0 0 0\n",
            "invalid_operation",
            {"operation": "x,y,z+1/0", "kind": "syntax"},
        ),
        (cell() + named("P -1") + SITES + "C1 C 0.02 0 0\n", "site_near_own_image", {"site": "C1"}),
        (
            cell() + "_cell_modulation_dimension 1\n" + SITES + "C1 C 0 0 0\n",
            "unsupported_structure",
            {"kind": "modulated"},
        ),
        (
            cell() + "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n" + SITES + "C1 C 0 0 0\n",
            "unsupported_structure",
            {"kind": "magnetic"},
        ),
    ],
)
def test_refused_with_a_code(text: str, code: str, params: dict[str, object]) -> None:
    notice = refused(text)
    assert (notice.code, {**notice.params, **params}) == (code, notice.params)


def test_too_many_atoms_are_counted_before_they_are_made() -> None:
    group = spglib.get_symmetry_from_database(523)
    positions = np.random.default_rng(1).random((521, 3))
    rows = "".join(f"C{i} C {x:.4f} {y:.4f} {z:.4f}\n" for i, (x, y, z) in enumerate(positions))
    with pytest.raises(TooManyAtoms, match=r"too_many_atoms .*: (9\d|100)\d{3}, 'max_atoms': 2000"):
        read(cell(120, 120, 120) + listed(group["rotations"], group["translations"]) + SITES + rows)


@pytest.mark.parametrize("text", ["-x+1/2,y,z-y", " X , Y+0.5 , Z", "1/2-x,-y,1/2+z", "y,x,-z+0.33333", "-x, -y, -z"])
def test_operations_act_as_written(text: str) -> None:
    point = {"x": 0.11, "y": 0.23, "z": 0.37}
    expected = [eval(part.lower(), {}, point) for part in text.replace(" ", "").split(",")]
    image = parse_operations([text]).images(np.array(list(point.values())))[-1]
    assert np.allclose((image - expected) - np.rint(image - expected), 0, atol=2e-5)


def test_operations_act_as_written_whatever_their_fractions() -> None:
    random = np.random.default_rng(7)
    for _ in range(300):
        parts = []
        for axis in random.permutation(list("xyz")):
            shift = (
                f"{random.integers(0, 30)}/{random.integers(1, 30)}",
                f"{random.random():.{random.integers(1, 6)}f}",
                "",
            )
            sign, by = random.choice(["", "-"]), random.choice(shift)
            parts.append(f"{sign}{axis}+{by}" if by and random.random() < 0.5 else f"{by}{sign or '+'}{axis}")
        text = ", ".join(parts)
        point = {"x": 0.11, "y": 0.23, "z": 0.37}
        image = parse_operations([text]).images(np.array(list(point.values())))[-1]
        offset = image - [eval(part, {}, point) for part in parts]
        # What is within 0.005 of a 24th is rounded to it.
        assert np.abs(offset - np.rint(offset)).max() < 0.00501, text


def test_unclosed_quotations_cost_no_quadratic_time() -> None:
    # A hundred thousand marks: a search to the end of the line or file for each would take minutes.
    for marks in ("'a ", "'a\"a ", ";\n;a\n", ";\n", "loop_\n_a\n", "_a "):
        blocks = read_blocks("data_x\n_a " + marks * 100_000 + "\n", ("_cell",))
        assert [block.values for block in blocks] == [{}]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("_cell_measurement_temperature 138(2)", 138.0),
        ("_diffrn_ambient_temperature 100", 100.0),
        ("_diffrn_ambient_temp 4.2", 4.2),
        ("_cell_measurement_temperature ?", None),
        ("_cell_measurement_temperature room", None),
        ("_cell_measurement_temperature -5", None),
        ("_cell_measurement_temperature 1e9", None),
        ("", None),
    ],
)
def test_the_temperature_of_the_measurement(line: str, expected: float | None) -> None:
    content = (
        f"data_x\n{line}\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n"
        "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nAl 0 0 0\n"
    )
    assert cif.read(content, 100).temperature_k == expected
