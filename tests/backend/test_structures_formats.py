"""The other formats, what is written, and what is said about a structure."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import spglib

from backend import wording
from backend.kit.files.unreadable import Unreadable
from backend.structures import chemistry, examples, parse, writing
from backend.structures.formats import FORMATS, NAMED_ONLY, format_of, other_kind_of
from backend.structures.formats.reading import Reading, TooManyAtoms
from backend.structures.geometry import (
    StructureData,
    bonds,
    cell_from_lengths_and_angles,
    lengths_and_angles,
)
from backend.structures.molecules import find_molecules
from backend.wording.refusals.structures import OTHER_STRUCTURES
from scattering.core.notices import Notice

CUBE = "5 0 0 0 5 0 0 0 5"


def read(fmt: str, text: str, max_atoms: int = 2000) -> Reading:
    return FORMATS[fmt].read(text, max_atoms)


def refused(fmt: str, text: str) -> Notice:
    with pytest.raises(Unreadable) as refusal:
        parse.parse(text.encode(), fmt, 2000)
    # Words that do not suit the parameters give a warning, which is an error in tests
    wording.message(refusal.value.notice)
    return refusal.value.notice


def triclinic(seed: int) -> StructureData:
    """A few atoms anywhere, some outside the cell, in a skew cell of any orientation."""
    random = np.random.default_rng(seed)
    while True:
        cell = random.normal(scale=5.0, size=(3, 3))
        cell *= np.sign(np.linalg.det(cell))
        positions = random.uniform(-8, 8, size=(7, 3))
        structure = StructureData(np.sort(random.integers(1, 90, 7)), positions, cell, np.ones(3, bool))
        try:
            chemistry.check(structure)
        except Unreadable:
            continue
        return structure


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fmt", ["poscar", "extxyz"])
def test_written_files_read_back_to_the_bit(fmt: str, seed: int) -> None:
    structure = triclinic(seed)
    _, write = writing.WRITERS[fmt]
    back = read(fmt, write(structure, "a 'name' with \"marks\" \\ and\nlines")).structure
    assert np.array_equal(back.numbers, structure.numbers)
    assert np.array_equal(back.positions, structure.positions)
    assert np.array_equal(back.cell, structure.cell)


@pytest.mark.parametrize("seed", range(5))
def test_written_cif_reads_back_but_for_the_orientation(seed: int) -> None:
    structure = triclinic(seed)
    back = read("cif", writing.cif(structure, "it's")).structure
    assert np.array_equal(back.numbers, structure.numbers)
    assert np.allclose(lengths_and_angles(back.cell), lengths_and_angles(structure.cell), rtol=1e-12)
    assert np.allclose(
        back.fractional - structure.fractional, np.rint(back.fractional - structure.fractional), atol=1e-9
    )


@pytest.mark.parametrize("seed", range(5))
def test_canonical_json_keeps_every_bit(seed: int) -> None:
    structure = triclinic(seed)
    back = StructureData.from_json(structure.to_json())
    for name in ("numbers", "positions", "cell", "pbc"):
        assert np.array_equal(getattr(back, name), getattr(structure, name))


@pytest.mark.parametrize("fmt", ["aims", "castep-cell", "xsf", "gen", "poscar", "extxyz", "cif"])
@pytest.mark.filterwarnings("ignore::FutureWarning")  # ASE is moving its FHI-aims writer out
@pytest.mark.filterwarnings("ignore::UserWarning")  # ASE's CASTEP writer misses CASTEP
def test_files_that_ase_writes_are_read(fmt: str, tmp_path: Path) -> None:
    structure = triclinic(11)
    atoms = ase.Atoms(numbers=structure.numbers, positions=structure.positions, cell=structure.cell, pbc=True)
    names = {"aims": "aims", "castep-cell": "castep-cell", "poscar": "vasp"}
    ase.io.write(tmp_path / "file", atoms, format=names.get(fmt, fmt))
    found = read(fmt, (tmp_path / "file").read_text()).structure
    assert np.array_equal(found.numbers, structure.numbers)
    assert np.allclose(lengths_and_angles(found.cell), lengths_and_angles(structure.cell), atol=1e-5)
    offset = found.fractional - structure.fractional
    assert np.allclose(offset, np.rint(offset), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "fmt"),
    [
        ("a.cif", "cif"),
        ("C:\\data\\My File.CIF", "cif"),
        ("POSCAR", "poscar"),
        ("POSCAR_relaxed", "poscar"),
        ("CONTCAR.1", "poscar"),
        ("x.vasp", "poscar"),
        ("si.poscar", "poscar"),
        ("run/traj.extxyz", "extxyz"),
        ("a.xyz", "extxyz"),
        ("geometry.in", "aims"),
        ("geometry.in.next_step", "aims"),
        ("si.cell", "castep-cell"),
        ("a.xsf", "xsf"),
        ("a.gen", "gen"),
        ("control.in", None),
        ("a.traj", None),
        ("a.json", None),
        ("a.db", None),
        ("a.py", None),
        ("a.pdb", None),
        ("a.cif.gz", None),
        ("", None),
    ],
)
def test_format_by_name(name: str, fmt: str | None) -> None:
    found = format_of(name)
    assert (found.name if found else None) == fmt


def test_poscar_variants() -> None:
    atoms = "1 1\nSelective dynamics\nCartesian\n0 0 0 T T F\n0.3 0.3 0.3 F F F\n"
    lattice = "1 0 0\n0 1 0\n0 0 1\n"
    by_volume = read("poscar", f"title\n-125\n{lattice}Na_pv/6a2f546d Cl ! comment\n{atoms}").structure
    assert np.allclose(by_volume.cell, 5 * np.eye(3))
    assert np.allclose(by_volume.positions[1], 1.5)
    assert by_volume.symbols == ["Na", "Cl"]
    three_scales = read("poscar", f"Na Cl\n5 6 7\n{lattice}{atoms}").structure
    assert np.allclose(np.diag(three_scales.cell), [5, 6, 7])
    assert np.allclose(three_scales.positions[1], [1.5, 1.8, 2.1])
    assert refused("poscar", f"title\n5\n{lattice}{atoms}") == Notice("elements_not_named", {"line": 6})


def test_extxyz_columns_frames_and_periodicity() -> None:
    frame = f'2\nLattice="{CUBE}" pbc="T T F" Properties=id:I:1:Z:I:1:forces:R:3:pos:R:3 energy=-1.5\n'
    text = f"{frame}1 8 0 0 0 1.0 1.0 1.0\n2 1 9 9 9 1.0 1.0 1.9\n"
    reading = read("extxyz", text.replace("1.9", "1.8") + text)
    assert reading.structure.symbols == ["O", "H"]
    assert reading.structure.positions[1].tolist() == [1.0, 1.0, 1.9]
    assert reading.structure.pbc.tolist() == [True, True, False]
    assert reading.notices == [Notice("several_frames", {"n_frames": 2})]
    notices = parse.parse(text.encode(), "extxyz", 10)["description"]["notices"]
    assert Notice("axes_not_periodic", {"axes": ["c"]}).to_json() in notices


def test_selective_flags_are_no_tritium() -> None:
    text = f'2\nLattice="{CUBE}" Properties=species:S:1:pos:R:3:move_mask:L:3\nD 0 0 0 T T T\nH 0 0 .9 T F F\n'
    assert read("extxyz", text).structure.isotopes == ("2H", "")


def test_aims_expressions_are_not_carried_out(tmp_path: Path) -> None:
    lattice = "lattice_vector 5 0 0\nlattice_vector 0 5 0\nlattice_vector 0 0 5\n"
    harm = f"symmetry_n_params 1 0 1\nsymmetry_lv __import__('pathlib').Path({str(tmp_path / 'x')!r}).touch(), 0, 0\n"
    structure = read(
        "aims", lattice + "atom_frac 0.5 0 0 O # here\n  initial_moment 1\natom 1.0 0 0 H\n" + harm * 6
    ).structure
    assert structure.positions.tolist() == [[2.5, 0, 0], [1, 0, 0]]
    assert not list(tmp_path.iterdir())


def test_aims_nuclei_of_magnetic_responses_are_no_masses() -> None:
    lattice = "isotope 3\nlattice_vector 5 0 0\nlattice_vector 0 5 0\nlattice_vector 0 0 5\n"
    atoms = "atom 0 0 0 C\n  isotope 13\n  magnetic_response\natom 1.0 0 0 D\natom 0 1.0 0 H\n  isotope 2 # here\n"
    reading = read("aims", lattice + atoms)
    assert reading.structure.isotopes == ("", "2H", "")
    nuclei = [{"atom": 1, "nucleus": "13C"}, {"atom": 3, "nucleus": "2H"}]
    assert reading.notices == [Notice("isotopes_of_magnetic_response", {"nuclei": nuclei, "n_nuclei": 2})]
    assert "13C on atom 1" in wording.message(reading.notices[0])
    assert read("aims", lattice + "atom 0 0 0 C\n").notices == []
    with pytest.raises(Unreadable) as refusal:
        read("aims", lattice + "atom 0 0 0 C\nisotope D\n")
    place = {"line": 6, "quantity": "mass_number"}
    assert refusal.value.notice == Notice("unreadable_number", {"found": "D", "kind": "whole_number", **place})


def test_castep_units_and_species() -> None:
    lattice = "%BLOCK LATTICE_ABC\nnm\n0.5 0.5 0.5\n90 90 90\n%ENDBLOCK LATTICE_ABC\n"
    positions = (
        "%block positions_abs\nbohr\nH:D 0 0 0\nO:1 1.0 0 0 SPIN= 1.0\n%endblock positions_abs\nKPOINTS_MP_GRID 2 2 2\n"
    )
    reading = read("castep-cell", lattice + positions)
    assert np.array_equal(reading.structure.cell, 5 * np.eye(3))
    # CODATA 2018: the Bohr radius is 0.529 177 210 903 Å.
    assert reading.structure.positions[1, 0] == pytest.approx(0.529177210903, abs=1e-9)
    assert reading.structure.isotopes == ("2H", "")
    mixture = refused("castep-cell", lattice + positions.replace("SPIN= 1.0", "MIXTURE:( 1 0.5)"))
    assert mixture == Notice("unsupported_keyword", {"line": 9, "keyword": "mixture"})


@pytest.mark.parametrize(
    ("fmt", "text", "code", "params"),
    [
        ("poscar", "", "blank_file", {}),
        ("poscar", "title\n1\n1 0 0\n", "file_ends_early", {"line": 3, "expected": "lattice"}),
        (
            "poscar",
            "t\n0\n5 0 0\n0 5 0\n0 0 5\nSi\n1\nD\n0 0 0\n",
            "unexpected_text",
            {"line": 2, "expected": "scaling_factors", "found": "0"},
        ),
        (
            "poscar",
            "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n1 1\nD\n0 0 0\n",
            "element_count_differs",
            {"line": 7, "n_elements": 1, "n_counts": 2},
        ),
        (
            "poscar",
            "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n-1\nD\n0 0 0\n",
            "unreadable_number",
            {"found": "-1", "kind": "whole_number", "line": 7, "quantity": "n_atoms"},
        ),
        (
            "poscar",
            "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n1\nD\n0 0 nan\n",
            "unreadable_number",
            {"found": "nan", "kind": "finite_number", "line": 9, "quantity": "position"},
        ),
        (
            "poscar",
            "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n1\nD\n0 0 1_0\n",
            "unreadable_number",
            {"found": "1_0", "kind": "finite_number", "line": 9, "quantity": "position"},
        ),
        ("poscar", "t\n1\n5 0 0\n0 5 0\n0 0 5\nXx\n1\nD\n0 0 0\n", "unknown_element", {"symbol": "Xx", "line": 6}),
        ("poscar", "t\n1\n5 0 0\n5 0 0\n0 0 5\nSi\n1\nD\n0 0 0\n", "cell_without_volume", {}),
        (
            "poscar",
            "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n2\nD\n0 0 0\n0.999 0 0\n",
            "overlapping_atoms",
            {"atoms": ["Si1", "Si2"]},
        ),
        (
            "poscar",
            "t\n1e6\n5 0 0\n0 5 0\n0 0 5\nSi\n1\nD\n0 0 0\n",
            "lattice_vector_too_long",
            {"length_angstrom": 5e6},
        ),
        ("poscar", "t\n1\n1 0 0\n0 1 0\n0 0 1\nSi\n2\nD\n0 0 0\n.5 .5 .5\n", "cell_too_dense", {"n_atoms": 2}),
        ("extxyz", "3\nwater\nO 0 0 0\nH 0 0 1\nH 0 1 0\n", "no_unit_cell", {"format": "extxyz"}),
        ("extxyz", f'5\nLattice="{CUBE}"\nO 0 0 0\n', "atoms_missing", {"line": 1, "n_atoms": 5}),
        (
            "extxyz",
            f'x\nLattice="{CUBE}"\nO 0 0 0\n',
            "unreadable_number",
            {"found": "x", "kind": "whole_number", "line": 1, "quantity": "n_atoms"},
        ),
        (
            "extxyz",
            '1\nLattice="5 0 0"\nO 0 0 0\n',
            "too_few_numbers",
            {"line": 2, "quantity": "lattice", "n_expected": 9, "n_found": 3},
        ),
        (
            "extxyz",
            f'1\nLattice="{CUBE}" Properties=pos:R:3\n0 0 0\n',
            "unexpected_text",
            {"line": 2, "expected": "position_columns"},
        ),
        (
            "extxyz",
            f'1\nLattice="{CUBE}" pbc="T maybe F"\nO 0 0 0\n',
            "unexpected_text",
            {"line": 2, "expected": "pbc", "found": "T maybe F"},
        ),
        (
            "extxyz",
            f'1\nLattice="{CUBE}"\nO 0 inf 0\n',
            "unreadable_number",
            {"found": "inf", "kind": "finite_number", "line": 3, "quantity": "position"},
        ),
        ("aims", "atom 0 0 0 O\n", "no_unit_cell", {"format": "aims"}),
        ("aims", "lattice_vector 5 0 0\natom 0 0 0 O\n", "no_unit_cell", {"format": "aims", "n_vectors": 1}),
        ("aims", "include other.in\n", "unknown_keyword", {"line": 1, "keyword": "include", "format": "geometry.in"}),
        ("aims", "empty 0 0 0 O\n", "unsupported_keyword", {"line": 1, "keyword": "empty"}),
        ("castep-cell", "%BLOCK LATTICE_CART\n5 0 0\n", "unclosed_block", {"block": "lattice_cart"}),
        ("castep-cell", "nothing here\n", "one_block_of", {"blocks": ["LATTICE_CART", "LATTICE_ABC"]}),
        ("xsf", "ATOMS\n6 0 0 0\n", "no_unit_cell", {"format": "xsf"}),
        ("xsf", "CRYSTAL\nPRIMVEC\nbroken\nPRIMCOORD\n1 1\n6 0 0 0\n", "not_a_file_of", {"format": "XSF"}),
        ("gen", "1 C\nO\n1 1 0 0 0\n", "no_unit_cell", {"format": "gen"}),
        ("gen", "2 S\nO\n1 1 0 0 0\n", "not_a_file_of", {"format": "GEN"}),
    ],
)
def test_refused_with_a_code(fmt: str, text: str, code: str, params: dict[str, object]) -> None:
    notice = refused(fmt, text)
    assert (notice.code, {**notice.params, **params}) == (code, notice.params)


@pytest.mark.parametrize(
    ("fmt", "text"),
    [
        ("poscar", "t\n1\n5 0 0\n0 5 0\n0 0 5\nSi\n999999999999\nD\n0 0 0\n"),
        ("extxyz", f'999999999999\nLattice="{CUBE}"\nO 0 0 0\n'),
        ("aims", "atom 0 0 0 O\n" * 2001),
        ("xsf", "CRYSTAL\nPRIMVEC\n5 0 0\n0 5 0\n0 0 5\nPRIMCOORD\n999999999999 1\n6 0 0 0\n"),
        ("gen", "999999999999 S\nO\n1 1 0 0 0\n"),
        (
            "castep-cell",
            "%BLOCK LATTICE_CART\n5 0 0\n0 5 0\n0 0 5\n%ENDBLOCK LATTICE_CART\n%BLOCK POSITIONS_FRAC\n"
            + "O 0 0 0\n" * 2001
            + "%ENDBLOCK POSITIONS_FRAC\n",
        ),
    ],
)
def test_too_many_atoms_are_refused_by_their_count(fmt: str, text: str) -> None:
    with pytest.raises(TooManyAtoms, match=r"too_many_atoms.*'max_atoms': 2000"):
        read(fmt, text)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "blank_file"),
        (b" \r\n\t\n", "blank_file"),
        (bytes(range(256)) * 20, "binary_file"),
        (b"data_x\n\x00\n", "binary_file"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "binary_file"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(Unreadable, match=word):
        parse.parse(data, "cif", 10)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("latin-1"),
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode("latin-1"),
        lambda text: text.replace("\n", "\r").encode(),
    ],
)
def test_encodings_and_line_ends(encode: object) -> None:
    text = examples.catalogue()["benzene"].content.decode() + "_publ_author_name 'Müller, é'\n"
    found = parse.parse(encode(text), "cif", 100)  # type: ignore[operator]
    assert found["description"]["formula_cell"] == "C24H24"


def test_left_handed_cell_is_turned_without_moving_an_atom() -> None:
    structure = triclinic(3)
    left = StructureData(structure.numbers, structure.positions, structure.cell[[1, 0, 2]], structure.pbc)
    right, said = chemistry.right_handed(left)
    assert np.linalg.det(right.cell) > 0
    assert np.array_equal(right.positions, left.positions)
    assert np.allclose(lengths_and_angles(right.cell), lengths_and_angles(left.cell))
    found, expected = (
        spglib.get_symmetry_dataset((s.cell, s.fractional, s.numbers)).number for s in (right, structure)
    )
    assert found == expected
    assert said == [Notice("lattice_vectors_reversed")]


def test_benzene_is_described_as_its_authors_describe_it() -> None:
    found = parse.parse(examples.catalogue()["benzene"].content, "cif", 100)
    description = found["description"]
    assert (description["formula"], description["formula_cell"]) == ("C6H6", "C24H24")
    assert (description["space_group"], description["space_group_number"]) == ("Pbca", 61)
    # Four molecules of 78.11 g/mol in 7.39 × 9.42 × 6.81 Å³.
    assert description["density"] == pytest.approx(4 * 78.112 / 6.02214076e23 / (7.39 * 9.42 * 6.81 * 1e-24), rel=1e-4)
    assert description["notices"] == []
    structure = StructureData.from_dict(found["structure"])
    assert Counter(len(bond) for bond in _neighbours(structure)) == {3: 24, 1: 24}


def _neighbours(structure: StructureData) -> list[list[int]]:
    found = bonds(structure)
    lists: list[list[int]] = [[] for _ in structure.numbers]
    for first, second in zip(found.first, found.second, strict=True):
        lists[first].append(int(second))
        lists[second].append(int(first))
    return lists


def test_bonds_cross_the_faces_of_the_cell() -> None:
    a = 5.43102
    primitive = a / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0.0]])
    silicon = StructureData(np.array([14, 14]), np.array([[0, 0, 0], [a / 4] * 3]), primitive, np.ones(3, bool))
    found = bonds(silicon)
    assert len(found) == 4
    ends = silicon.positions[found.second] + found.shift @ silicon.cell
    assert np.allclose(np.linalg.norm(ends - silicon.positions[found.first], axis=1), found.length)
    assert np.allclose(found.length, a * np.sqrt(3) / 4)
    aluminium = StructureData(np.array([13]), np.zeros((1, 3)), 4.05 / a * primitive, np.ones(3, bool))
    # Twelve neighbours, each bond from the atom to its own image counted once.
    assert len(bonds(aluminium)) == 6


@pytest.mark.parametrize(
    ("counts", "formula"),
    [
        ({"Si": 4, "O": 8}, "SiO2"),
        ({"N": 1, "H": 4, "Cl": 1}, "NH4Cl"),
        ({"Mg": 4, "O": 4}, "MgO"),
        ({"C": 2, "O": 4}, "CO2"),
        ({"Ca": 1, "C": 1, "O": 3}, "CaCO3"),
        ({"La": 1, "Fe": 1, "O": 3}, "LaFeO3"),
        ({"U": 1, "O": 2}, "UO2"),
    ],
)
def test_reduced_formulas_as_chemists_write_them(counts: dict[str, int], formula: str) -> None:
    symbols = [symbol for symbol, count in counts.items() for _ in range(count)]
    atoms = ase.Atoms(symbols, positions=4.0 * np.arange(len(symbols))[:, None] * [1, 0, 0], cell=[400, 9, 9], pbc=True)
    structure = StructureData(atoms.numbers.astype(np.int64), atoms.positions, atoms.cell.array, np.ones(3, bool))
    assert chemistry.formula(structure, find_molecules(len(symbols), bonds(structure))) == formula


def test_close_contacts_empty_cells_and_missing_hydrogen_are_told() -> None:
    text = "t\n1\n9 0 0\n0 9 0\n0 0 9\nO H\n1 1\nC\n0 0 0\n0 0 0.62\n"
    close, empty = parse.parse(text.encode(), "poscar", 10)["description"]["notices"]
    assert (close["code"], close["params"]["n_pairs"], close["params"]["atoms"]) == ("close_atoms", 1, ["O1", "H2"])
    assert close["params"]["distance_angstrom"] == pytest.approx(0.62)
    assert empty["code"] == "cell_mostly_empty"
    content = examples.catalogue()["benzene"].content.decode()
    without = "\n".join(line for line in content.split("\n") if not line.startswith(("H1", "H2", "H3")))
    differs = Notice("formula_differs", {"stated": "C6 H6", "found": "C24", "hydrogen_missing": True})
    assert differs.to_json() in parse.parse(without.encode(), "cif", 100)["description"]["notices"]


@pytest.mark.parametrize("angles", [(90, 90, 90), (60, 60, 60), (75, 105, 95), (90, 90, 120)])
def test_cells_from_lengths_and_angles(angles: tuple[float, ...]) -> None:
    cell = cell_from_lengths_and_angles(np.array([3.0, 4.0, 5.0]), np.array(angles))
    lengths, found = lengths_and_angles(cell)
    assert np.allclose(lengths, [3, 4, 5])
    assert np.allclose(found, angles)
    assert np.linalg.det(cell) > 0


@pytest.mark.parametrize("name", sorted(examples.catalogue()))
def test_examples_are_what_their_heads_say(name: str) -> None:
    example = examples.catalogue()[name]
    found = parse.parse(example.content, "cif", 100)
    assert found["description"]["formula"] == example.formula
    assert found["description"]["notices"] == []
    assert len(example.description) > 40
    assert any(word in example.source for word in ("(19", "(20"))
    assert ase.io.read(io.StringIO(example.content.decode()), format="cif").get_chemical_formula("hill")


def test_txt_behind_a_name_is_ignored() -> None:
    fmt = format_of("test.cif.txt")
    assert fmt is not None
    assert fmt.name == "cif"
    assert format_of("notes.txt") is None


def test_every_kind_that_is_not_read_has_its_words() -> None:
    assert sorted(set(NAMED_ONLY.values()) - set(OTHER_STRUCTURES)) == []
    assert (other_kind_of("a.RES.txt"), other_kind_of("C:\\x\\OUTCAR"), other_kind_of("a.cif")) == (
        "shelx",
        "vasp-output",
        None,
    )
