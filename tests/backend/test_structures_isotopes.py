"""Isotopes in files of structures: read, stored, in the density, told, and written again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats import FORMATS
from backend.structures.formats.masses import isotope_of_mass
from backend.structures.formats.reading import Reading
from backend.structures.geometry import StructureData
from backend.structures.isotopes import find_isotopes
from backend.structures.parse import parse
from backend.structures.writing import WRITERS
from scattering.core.isotopes import Substitution

from .conftest import Client

BENZENE = """data_x
_cell_length_a 7.355
_cell_length_b 9.371
_cell_length_c 6.7
_chemical_formula_sum 'C6 D6'
loop_
_symmetry_equiv_pos_as_xyz
'x,y,z'
'1/2-x,-y,1/2+z'
'1/2+x,1/2-y,-z'
'-x,1/2+y,1/2-z'
'-x,-y,-z'
'1/2+x,y,1/2-z'
'1/2-x,1/2+y,z'
'x,1/2-y,1/2+z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
C1 C -0.0569 0.1387 -0.0054
C2 C -0.1335 0.0460 0.1264
C3 C -0.0774 -0.0925 0.1295
D1 D -0.0976 0.2447 -0.0177
D2 D -0.2409 0.0794 0.2218
D3 D -0.1371 -0.1631 0.2312
"""
HYDRIDE = """data_x
_cell_length_a 5.4
_cell_length_b 5.4
_cell_length_c 5.4
loop_
_symmetry_equiv_pos_as_xyz
x,y,z
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0 1
"""
CELL = """%block LATTICE_ABC
4.083 4.083 4.083
90 90 90
%endblock LATTICE_ABC
%block POSITIONS_FRAC
Li 0 0 0
H 0.5 0.5 0.5
%endblock POSITIONS_FRAC
"""
XYZ = 'Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3:masses:R:1\n'


def read(fmt: str, text: str) -> Reading:
    return FORMATS[fmt].read(text, 1000)


def codes(contents: dict[str, Any]) -> list[str]:
    return [notice["code"] for notice in contents["description"]["notices"]]


def test_deuterated_benzene() -> None:
    contents = parse(BENZENE.encode(), "cif", 1000)
    assert contents["description"]["formula_cell"] == "C24H24"
    assert contents["isotopes"] == {"H": "2H"}
    # 4 molecules of 84.15 g/mol in 461.79 Å³
    assert contents["description"]["density"] == pytest.approx(1.210, abs=1e-3)
    (told,) = contents["description"]["notices"]
    assert told == {
        "code": "isotopes_in_file",
        "params": {
            "nuclei": [{"element": "H", "nucleus": "2H", "n_atoms": 24, "n_of_element": 24}],
            "is_mean": False,
        },
    }
    natural = parse(BENZENE.replace("D1 D", "H1 H").replace("D2 D", "H2 H").replace("D3 D", "H3 H").encode(), "cif", 99)
    assert natural["isotopes"] == {}
    assert natural["description"]["density"] == pytest.approx(1.124, abs=1e-3)


def test_sites_of_partly_deuterated_benzene() -> None:
    contents = parse(BENZENE.replace("D3 D", "H3 H").encode(), "cif", 1000)
    assert contents["isotopes"] == {"H1": "2H", "H2": "2H"}


def test_isotopes_on_sites_that_symmetry_relates() -> None:
    # Rock salt, one of whose four hydrogens is deuterium
    sites = ["Li 0 0 0", "Li 0 .5 .5", "Li .5 0 .5", "Li .5 .5 0", "D .5 .5 .5", "H .5 0 0", "H 0 .5 0", "H 0 0 .5"]
    rows = "\n".join(f"{site.split()[0]}{n} {site} 1" for n, site in enumerate(sites))
    contents = parse((HYDRIDE.replace("Li1 Li 0 0 0 1\n", "") + rows).encode(), "cif", 99)
    assert contents["isotopes"] == {"H1": "2H"}


@pytest.mark.parametrize(
    ("rows", "isotopes"),
    [
        ("D1 D .5 .5 .5 0.98\nH1 H .5 .5 .5 0.02\n", {"H": {"2H": 0.98, "1H": 0.02}}),
        ("H1 H .5 .5 .5 0.02\nD1 D .5 .5 .503 0.98\n", {"H": {"2H": 0.98, "1H": 0.02}}),
        ("D1 D .5 .5 .5 0.5\nH1 H .5 .5 -.5 0.495\n", {"H": {"2H": 0.502513, "1H": 0.497487}}),
        ("D1 D .5 .5 .5 1\n", {"H": "2H"}),
        ("T1 T .5 .5 .5 1\n", {"H": "3H"}),
        ("H1 2H .5 .5 .5 1\n", {"H": "2H"}),
        ("Li2 6Li .5 .5 .5 .9\nLi3 7Li .5 .5 .5 .1\n", {"Li2": {"6Li": 0.9, "7Li": 0.1}}),
    ],
)
def test_isotopes_that_share_a_site(rows: str, isotopes: dict[str, Substitution]) -> None:
    contents = parse((HYDRIDE + rows).encode(), "cif", 99)
    assert contents["isotopes"] == isotopes
    assert len(contents["structure"]["numbers"]) == 2


@pytest.mark.parametrize(
    ("rows", "sites"),
    [
        ("D1 D .5 .5 .5 0.9\nH1 H .5 .5 .5 0.02\n", ["D1", "H1"]),
        ("D1 D .5 .5 .5 0.9\n", ["D1"]),
        ("D1 D .5 .5 .5 0.98\nH1 H .5 .5 .7 0.02\n", ["D1", "H1"]),
        ("D1 D .5 .5 .5 0.5\nF1 F .5 .5 .5 0.5\n", ["D1", "F1"]),
    ],
)
def test_disorder_is_still_refused(rows: str, sites: list[str]) -> None:
    with pytest.raises(Unreadable) as refused:
        read("cif", HYDRIDE + rows)
    assert refused.value.notice.code == "partial_occupancies"
    assert refused.value.notice.params["sites"] == sites


def test_different_isotopes_at_the_same_place_are_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        read("cif", HYDRIDE + "D1 D .5 .5 .5 1\nH1 H .5 .5 .5 1\n")
    assert refused.value.notice.code == "overlapping_sites"


@pytest.mark.parametrize(
    ("block", "isotopes"),
    [
        ("H 2.01410177784", ("", "2H")),
        ("H 2.0\nLi 6.941", ("", "2H")),
        ("amu\nLi 6.015122\nH 1.00794", ("6Li", "")),
        ("me\nH 3671.48", ("", "2H")),
        ("kg\nH 3.3445e-27", ("", "2H")),
        ("g\nH 3.3445d-24", ("", "2H")),
        ("H 1.99396", ("", {"2H": 0.98, "1H": 0.02})),
    ],
)
def test_masses_of_castep(block: str, isotopes: tuple[Substitution, ...]) -> None:
    reading = read("castep-cell", CELL + f"%block SPECIES_MASS\n{block}\n%endblock SPECIES_MASS\n")
    assert reading.structure.isotopes == isotopes
    assert reading.notices == []


def test_masses_of_castep_that_are_of_no_isotope() -> None:
    reading = read("castep-cell", CELL + "%block SPECIES_MASS\nH 10.0\n%endblock SPECIES_MASS\n")
    assert reading.structure.isotopes == ()
    assert [(one.code, one.params["masses"]) for one in reading.notices] == [("masses_of_no_isotope", ["H 10.0"])]


def test_unknown_unit_of_mass() -> None:
    with pytest.raises(Unreadable) as refused:
        read("castep-cell", CELL + "%block SPECIES_MASS\nstone\nH 1\n%endblock SPECIES_MASS\n")
    assert refused.value.notice.code == "unit_of_mass_unknown"


def test_kinds_of_castep_have_their_own_masses() -> None:
    text = CELL.replace("H 0.5", "H:1 0.5") + "%block SPECIES_MASS\nH:1 2.014\nH 1.008\n%endblock SPECIES_MASS\n"
    assert read("castep-cell", text).structure.isotopes == ("", "2H")


def test_masses_of_extended_xyz() -> None:
    atoms = "Li 0 0 0 7.016\nH 2 2 2 2.014\nO 1 1 1 15.999\nD 3 3 3 1.008\n"
    assert read("extxyz", f"4\n{XYZ}{atoms}").structure.isotopes == ("7Li", "2H", "", "2H")


@pytest.mark.parametrize(
    ("number", "mass", "rounding", "isotope"),
    [
        (1, 1.00794, 0, ""),
        (1, 2, 0.5, "2H"),
        (6, 12.0, 0.05, ""),
        (6, 12.0, 5e-7, "12C"),
        (3, 7, 0.5, ""),
        (26, 57, 0.5, "57Fe"),
        (30, 65.39, 0.005, ""),
        (1, 10, 0.5, None),
        (14, 28.4, 0.005, None),
    ],
)
def test_isotope_of_a_mass(number: int, mass: float, rounding: float, isotope: Substitution | None) -> None:
    assert isotope_of_mass(number, mass, rounding) == isotope


def structure(isotopes: tuple[Substitution, ...]) -> StructureData:
    numbers = np.array([3, 1, 1])
    positions = np.array([[0, 0, 0], [2.1, 0, 0], [0, 0, 2.3]])
    return StructureData(numbers, positions, 5 * np.eye(3), np.ones(3, dtype=bool), isotopes)


MIXED = structure(("7Li", {"2H": 0.98, "1H": 0.02}, "3H"))


def test_stored_structure_keeps_its_isotopes() -> None:
    assert StructureData.from_json(MIXED.to_json()).isotopes == MIXED.isotopes
    # As older versions stored it
    assert "isotopes" not in structure(()).to_json()


def test_extended_xyz_keeps_all_isotopes() -> None:
    written = WRITERS["extxyz"][1](MIXED, "mixed")
    assert read("extxyz", written).structure.isotopes == MIXED.isotopes
    assert "masses" not in WRITERS["extxyz"][1](structure(()), "natural")


def test_cif_keeps_isotopes_of_hydrogen() -> None:
    written = WRITERS["cif"][1](MIXED, "mixed")
    assert "# Isotopes that a CIF does not state: 7Li on Li1" in written
    assert read("cif", written).structure.isotopes == ("", *MIXED.isotopes[1:])
    assert read("cif", written).structure.symbols == MIXED.symbols


def test_poscar_keeps_elements_only() -> None:
    assert read("poscar", WRITERS["poscar"][1](MIXED, "mixed")).structure.isotopes == ()


def test_isotopes_of_a_large_cell_are_a_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.structures.isotopes.MAX_ATOMS_FOR_SYMMETRY", 2)
    assert find_isotopes(structure(("", "2H", ""))) == {"H": {"2H": 0.5, "H": 0.5}}


def test_upload_says_isotopes_and_density(client: Client) -> None:
    uploaded = client.post("/structures", files={"file": ("benzene.cif", BENZENE.encode())})
    assert uploaded.status_code == 201, uploaded.text
    body = client.get(f"/structures/{uploaded.json()['id']}").json()
    assert body["isotopes"] == {"H": "2H"}
    assert body["density_g_cm3"] == pytest.approx(1.210, abs=1e-3)
    assert body["formula"] == "C6H6"
    assert "2H on 24 of its 24 H atoms" in body["warnings"][0]
    exported = client.get(f"/structures/{body['id']}/file?format=cif").text
    assert "D25 D" in exported


def test_sample_has_the_isotopes_of_the_file(client: Client) -> None:
    deuterated = client.post("/structures", files={"file": ("d6.cif", BENZENE.encode())}).json()

    def sample(isotopes: dict[str, Any]) -> dict[str, Any]:
        body = {"sample": {"geometry": "plate", "thickness_mm": 1}, "isotopes": isotopes}
        answer = client.post(f"/structures/{deuterated['id']}/sample-advice", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["sample"])

    assert sample({})["formula"] == "C6D6"
    assert sample({})["density_g_cm3"] == pytest.approx(1.210, abs=1e-3)
    assert sample({"H": "H"})["formula"] == "C6H6"
    assert sample({"H": "H"})["density_g_cm3"] == pytest.approx(1.124, abs=1e-3)
