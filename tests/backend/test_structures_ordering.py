"""Ordered cells of disordered crystals: counts against published tables and brute force, ranking, refusals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from itertools import product
from time import process_time
from typing import Any

import numpy as np
import pytest
import spglib
from ase.data import chemical_symbols
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats import cif
from backend.structures.geometry import StructureData, cell_from_lengths_and_angles
from backend.structures.ordering import ranking
from backend.structures.ordering.candidates import Candidate, Candidates, find_candidates
from backend.structures.ordering.crystal import Crystal
from backend.structures.ordering.pairs import count_pairs, list_pairs
from backend.structures.ordering.parse import list_cells, take_cell
from backend.structures.ordering.ranking import energies
from backend.structures.ordering.supercells import Matrix, Supercell
from backend.structures.parse import parse
from scattering.core.isotopes import Substitution
from scattering.core.notices import Notice

from .conftest import Client

COLUMNS = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy", "disorder_assembly", "disorder_group")
MADELUNG_ROCK_SALT = 1.7475645946


def disordered(
    rows: Iterable[str], lengths: Iterable[float], angles: Iterable[float] = (90, 90, 90), group: str = "P 1"
) -> str:
    """Return a CIF; a row that lacks assembly and group has none."""
    lines = ["data_x", f"_space_group_name_H-M_alt '{group}'"]
    lines += [f"_cell_length_{axis} {value}" for axis, value in zip("abc", lengths, strict=True)]
    lines += [f"_cell_angle_{axis} {value}" for axis, value in zip(("alpha", "beta", "gamma"), angles, strict=True)]
    lines += ["loop_", *(f"_atom_site_{column}" for column in COLUMNS)]
    lines += [" ".join([*row.split(), ".", "."][: len(COLUMNS)]) for row in rows]
    return "\n".join(lines) + "\n"


def candidates(text: str, n_cells: int | None = None) -> Candidates:
    found = cif.read_disordered(text, 1000)
    return find_candidates(found.sites, found.operations, found.cell, 1000, n_cells)


def present(candidate: Candidate) -> dict[str, int]:
    """Return the number of present positions of every partly occupied site."""
    return {label: one["n_present"] for one in candidate.chosen for label in one["sites"]}


FCC = disordered(["Cu1 Cu 0 0 0 0.5", "Au1 Au 0 0 0 0.5"], (3.9, 3.9, 3.9), group="F m -3 m")
CUBIC = disordered(["Cu1 Cu 0 0 0 0.5", "Au1 Au 0 0 0 0.5"], (3.0, 3.0, 3.0), group="P m -3 m")


@pytest.mark.parametrize(
    ("text", "n_cells", "n_distinct"),
    # Hart & Forcade, Phys. Rev. B 77, 224115 (2008): 2, 3 + 3, 7 + 5 + 7 structures of 2, 3, 4 atoms on fcc
    [(FCC, None, 2), (FCC, 3, 3), (FCC, 4, 5), (CUBIC, None, 3)],
)
def test_numbers_of_binary_derivatives_of_a_lattice(text: str, n_cells: int | None, n_distinct: int) -> None:
    found = candidates(text, n_cells)
    assert (found.n_distinct, found.complete) == (n_distinct, True)
    assert {len(one.structure.numbers) for one in found.items} == {n_cells or 2}


def test_the_smallest_orders_of_copper_gold_are_those_known() -> None:
    items = list_cells(FCC.encode(), 100)["items"]
    assert {one["space_group"] for one in items} == {"P4/mmm", "R-3m"}  # L1₀ and L1₁
    assert {one["formula_cell"] for one in items} == {"AuCu"}


def distinct_by_brute_force(
    cell: NDArray[np.float64], fixed: NDArray[np.float64], open_sites: NDArray[np.float64], n_present: int
) -> int:
    """Count the ways to occupy some of the open sites that no operation of the parent maps on each other."""
    points = np.concatenate([fixed, open_sites])
    types = [1] * len(fixed) + [2] * len(open_sites)
    parent: Any = (cell, points, types)
    found: Any = spglib.get_symmetry(parent, symprec=0.01)
    maps = []
    for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
        offsets = (open_sites @ rotation.T + translation)[:, None] - open_sites[None]
        maps.append(np.linalg.norm(offsets - np.rint(offsets), axis=2).argmin(axis=1))
    kinds = {
        min(tuple(sorted(int(image[site]) for site in range(len(open_sites)) if chosen[site])) for image in maps)
        for chosen in product((0, 1), repeat=len(open_sites))
        if sum(chosen) == n_present
    }
    return len(kinds)


def test_half_occupied_sites_in_one_cell_against_brute_force() -> None:
    # Eight lithium positions around an oxygen, half of them occupied
    text = disordered(["O1 O 0 0 0 1", "Li1 Li 0.23 0.23 0.23 0.5"], (8.0, 8.0, 8.0), group="P m -3 m")
    found = candidates(text)
    corners = 0.23 * np.array(list(product((-1, 1), repeat=3)))
    assert found.n_distinct == distinct_by_brute_force(8 * np.eye(3), np.zeros((1, 3)), corners, 4) == 6
    assert sum(one.n_equivalent for one in found.items) == 70
    assert all(present(one) == {"Li1": 4} for one in found.items)


def test_cations_repel_each_other_in_the_best_cell() -> None:
    text = disordered(["O1 O 0 0 0 1", "Li1 Li 0.23 0.23 0.23 0.25"], (8.0, 8.0, 8.0), group="P m -3 m")
    found = candidates(text)
    assert found.rank_by == "electrostatics"
    lithium = found.items[0].structure
    points = lithium.fractional[lithium.numbers == 3]
    # Two of eight corners: along the body diagonal
    assert np.allclose(np.abs(points[0] - points[1] - np.rint(points[0] - points[1])), 0.46)
    relative = [one.energy_ev for one in found.items]
    assert relative[0] == 0
    assert relative == sorted(relative)  # type: ignore[type-var]


@pytest.mark.parametrize("matrix", [((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((1, 0, 0), (1, 2, 0), (0, 1, 3))])
@pytest.mark.parametrize("usual_pairs", [200_000, 300])
def test_point_charges_of_rock_salt(matrix: Matrix, usual_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The sum is the same whatever part of it is made over near pairs
    monkeypatch.setattr(ranking, "USUAL_PAIRS", usual_pairs)
    cell = 5.64 * np.eye(3)
    sodium = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    positions = np.concatenate([sodium, sodium + np.array([0.5, 0, 0])])
    crystal = Crystal(cell, [], np.arange(8), positions, [], [], [], 1)
    supercell = Supercell(crystal, matrix)
    charges = np.repeat([1.0, -1.0], 4 * len(supercell.origins))
    energy = energies(ranking.Coulomb(crystal).matrix(supercell), charges[None])[0] / (len(charges) / 2)
    assert energy == pytest.approx(-MADELUNG_ROCK_SALT * 14.399645 / 2.82, rel=1e-5)


METHYL = 1.09 * np.array([[np.cos(a) * 0.943, np.sin(a) * 0.943, 0.333] for a in np.radians(np.arange(0, 360, 60))])
"""Six hydrogen positions around a carbon, Å."""


@pytest.mark.parametrize("groups", [True, False])
def test_a_methyl_group_of_two_orientations_has_two_ordered_cells(groups: bool) -> None:
    rows = ["C1 C 0.5 0.5 0.5 1", "F1 F 0.5 0.5 0.31 1"]
    for number, (x, y, z) in enumerate(METHYL):
        group = f"A {1 + number % 2}" if groups else ""
        rows.append(f"H{number + 1} H {0.5 + x / 7:.6f} {0.5 + y / 7:.6f} {0.5 + z / 7:.6f} 0.5 {group}")
    found = candidates(disordered(rows, (7.0, 7.0, 7.0)))
    assert [len(one.structure.numbers) for one in found.items] == [5] * found.n_distinct
    kept = [sorted(label for label, number in present(one).items() if number) for one in found.items]
    # The cell is cubic, so the two orientations are equivalent: symmetry keeps one of them
    assert kept in ([["H1", "H3", "H5"]], [["H2", "H4", "H6"]])
    assert found.items[0].n_equivalent == 2


WATER = ("O1A O 0.50 0.50 0.50 {a} . {g1}", "H1A H 0.62 0.52 0.50 {a} . {g1}", "H2A H 0.45 0.60 0.54 {a} . {g1}")
OTHER_WATER = ("O1B O 0.55 0.53 0.53 {b} . {g2}", "H1B H 0.44 0.51 0.57 {b} . {g2}", "H2B H 0.63 0.44 0.51 {b} . {g2}")


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.63, 0.37), (0.62, 0.37)])
def test_groups_of_the_file_are_two_candidates(a: float, b: float) -> None:
    rows = [row.format(a=a, b=b, g1=1, g2=2) for row in ("Ar1 Ar 0.1 0.1 0.1 1", *WATER, *OTHER_WATER)]
    found = candidates(disordered(rows, (8.0, 8.5, 9.0), (80, 95, 100)))
    kept = [sorted(label for label, number in present(one).items() if number) for one in found.items]
    assert sorted(kept) == [["H1A", "H2A", "O1A"], ["H1B", "H2B", "O1B"]]
    assert {len(one.structure.numbers) for one in found.items} == {4}


def test_water_of_one_occupancy_is_present_or_absent_as_a_whole() -> None:
    rows = [row.format(a=0.5, g1=".") for row in ("Ar1 Ar 0.1 0.1 0.1 1", *WATER)]
    found = candidates(disordered(rows, (8.0, 8.5, 9.0), (80, 95, 100)))
    assert {one.n_cells for one in found.items} == {2}
    assert {len(one.structure.numbers) for one in found.items} == {2 + 3}
    assert found.n_distinct == 7  # the seven sublattices of index 2


def test_ice_obeys_the_ice_rules_where_electrostatics_rank_it() -> None:
    text = disordered(
        ["O1 O 0.33333 0.66667 0.0625 1", "H1 H 0.33333 0.66667 0.197 0.5", "H2 H 0.437 0.874 0.023 0.5"],
        (4.5, 4.5, 7.32),
        (90, 90, 120),
        "P 63/m m c",
    )
    found = candidates(text)
    assert found.complete

    def molecules(candidate: Candidate) -> list[int]:
        offsets = candidate.structure.fractional[:, None] - candidate.structure.fractional[None]
        distances = np.linalg.norm((offsets - np.rint(offsets)) @ candidate.structure.cell, axis=2)
        oxygen = candidate.structure.numbers == 8
        return [int(number) for number in (distances[np.ix_(oxygen, ~oxygen)] < 1.2).sum(axis=1)]

    whole = [molecules(one) == [2, 2, 2, 2] for one in found.items]
    assert whole[0]
    assert whole == sorted(whole, reverse=True)
    # Of 2⁸ arrangements in this cell, 18 have two hydrogens on every oxygen, in two kinds (6 are ice XI, Cmc2₁)
    assert [one.n_equivalent for one, water in zip(found.items, whole, strict=True) if water] == [6, 12]
    assert list_cells(text.encode(), 100)["items"][0]["space_group"] == "Cmc2_1"


DEUTERATED = {"2H": 0.98, "1H": 0.02}
LITHIUM = {"7Li": 0.9, "6Li": 0.1}


@pytest.mark.parametrize(
    ("rows", "isotopes"),
    [
        # A site full of a mixture beside lithium that is disordered
        (["D1 D 0.25 0.25 0.25 0.98", "H1 H 0.25 0.25 0.25 0.02", "Li1 Li 0 0 0 0.5"], [DEUTERATED, DEUTERATED, ""]),
        # The mixture itself is on a half-empty site: one nucleus or nothing, and not D or H
        (["Li1 Li 0 0 0 1", "D1 D 0.25 0.25 0.25 0.49", "H1 H 0.25 0.25 0.25 0.01"], ["", "", DEUTERATED]),
        (["Li1 7Li 0 0 0 1", "D1 D 0.25 0.25 0.25 0.5"], ["7Li", "7Li", "2H"]),
        (["Li1 7Li 0 0 0 0.9", "Li2 6Li 0 0 0 0.1", "D1 D 0.25 0.25 0.25 0.5"], [LITHIUM, LITHIUM, "2H"]),
    ],
)
def test_isotopes_go_through_an_ordering(rows: list[str], isotopes: list[Substitution]) -> None:
    text = disordered([*rows, "F1 F 0.6 0.6 0.6 1"], (4.0, 4.1, 4.2))
    found = candidates(text)
    assert {one.n_cells for one in found.items} == {2}
    for one in found.items:
        assert [isotope for isotope in one.structure.isotopes if isotope] == [one for one in isotopes if one]
    contents = take_cell(text.encode(), 100, None, 1)["contents"]
    structure = StructureData.from_json(json.dumps(contents["structure"]))
    named = zip(structure.symbols, structure.isotopes, strict=True)
    assert sorted(str(isotope) for symbol, isotope in named if symbol != "F") == sorted(map(str, isotopes))


def test_a_molecule_on_a_centre_of_inversion() -> None:
    # SHELX's PART -1: the images of the group exclude each other
    rows = ["Ar1 Ar 0.5 0.5 0.5 1", "N1 N 0.06 0.02 0.01 0.5 . -1", "O1 O -0.06 -0.04 -0.02 0.5 . -1"]
    found = candidates(disordered(rows, (7.0, 8.0, 9.0), (80, 95, 100), "P -1"))
    assert found.n_distinct == 1
    assert found.items[0].n_equivalent == 2
    assert sorted(found.items[0].structure.symbols) == ["Ar", "N", "O"]


def test_occupancies_that_no_small_cell_has_are_approximated() -> None:
    found = candidates(disordered(["Fe1 Fe 0 0 0 0.88", "Ni1 Ni 0 0 0 0.12"], (2.9, 2.9, 2.9), group="P m -3 m"))
    assert found.items[0].n_cells == 6
    assert present(found.items[0]) == {"Fe1": 5, "Ni1": 1}
    assert found.occupancy_error == pytest.approx(1 / 6 - 0.12)


def test_too_many_arrangements_are_sampled() -> None:
    rows = [f"Li{i} Li {x / 3} {y / 3} {z / 3} 0.5" for i, (x, y, z) in enumerate(product(range(3), repeat=3))]
    found = candidates(disordered([*rows, "O1 O 0.17 0.17 0.2 1"], (10.5, 10.6, 10.7)))
    assert not found.complete
    assert len(found.items) == 24
    assert {int((one.structure.numbers == 3).sum()) for one in found.items} == {27}
    again = candidates(disordered([*rows, "O1 O 0.17 0.17 0.2 1"], (10.5, 10.6, 10.7)))
    assert [one.chosen for one in again.items] == [one.chosen for one in found.items]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["Li1 Li 0 0 0 1"], "not_disordered"),
        ([f"Li{i} Li {i / 1000:.4f} 0 0 0.01" for i in range(900)], "too_disordered"),
    ],
)
def test_what_cannot_be_ordered_is_refused(rows: list[str], code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        candidates(disordered(rows, (9, 9, 9)))
    assert caught.value.notice.code == code


FILLED = np.random.default_rng(1).random((800, 3))


def crowd(element: str, occupancy: float, size: float) -> list[str]:
    """Return 790 sites at random in a part of the cell."""
    return [
        f"{element}{i} {element} {x:.4f} {y:.4f} {z:.4f} {occupancy}" for i, (x, y, z) in enumerate(size * FILLED[:790])
    ]


@pytest.mark.parametrize(
    ("rows", "edge", "group", "code"),
    [
        # Fully occupied atoms that no choice makes a crystal, before symmetry and energies take long
        (crowd("O", 1, 0.02), 40, "P 1", "overlapping_atoms"),
        (crowd("O", 1, 1), 3, "P 1", "cell_too_dense"),
        (crowd("Li", 0.5, 1), 0.1, "P 1", "cell_without_volume"),
        (crowd("Li", 0.5, 1), 9, "P 1", "too_disordered"),
        (crowd("Li", 0.5, 1), 60, "F m -3 m", "too_disordered"),
        (crowd("Li", 0.3, 0.02), 60, "P 1", "too_disordered"),
        ([f"Li{i} Li {i / 1000:.4f} 0 0 0.01" for i in range(500)], 9, "P 1", "too_disordered"),
    ],
)
def test_crowded_files_are_refused_from_counts(rows: list[str], edge: float, group: str, code: str) -> None:
    started = process_time()
    with pytest.raises(Unreadable) as caught:
        candidates(disordered([*rows, "Na1 Na 0.5 0.5 0.5 0.5"], (edge, edge, edge), group=group))
    assert caught.value.notice.code == code
    assert process_time() - started < 10


def test_pairs_are_counted_as_they_are_listed() -> None:
    cell = cell_from_lengths_and_angles(np.array([4.0, 5.0, 6.0]), np.array([70.0, 100.0, 110.0]))
    points = FILLED[:9] @ cell + 7
    first, second, shift, distance = list_pairs(cell, points, 5.1, 10_000)
    assert len(first) == count_pairs(cell, points, 5.1)
    vectors = points[second] + shift @ cell - points[first]
    assert np.allclose(np.linalg.norm(vectors, axis=1), distance)
    with pytest.raises(Unreadable):
        list_pairs(cell, points, 5.1, len(first) - 1)


def test_a_chosen_cell_is_a_file_that_says_so() -> None:
    taken = take_cell(FCC.encode(), 100, None, 2)
    again = parse(taken["file"].encode(), "cif", 100)
    notice = Notice.from_json(again["description"]["notices"][0])
    chosen = [{"sites": [site], "n_present": 1, "n_possible": 2, "occupancy": 0.5} for site in ("Cu1", "Au1")]
    numbers = {"rank": 2, "n_candidates": 2, "rank_by": "contacts", "n_cells": 2}
    assert notice == Notice("ordered_cell", {**numbers, "chosen": chosen})
    assert again["structure"] == taken["contents"]["structure"]
    assert sorted(chemical_symbols[number] for number in again["structure"]["numbers"]) == ["Au", "Cu"]
    with pytest.raises(Unreadable) as caught:
        take_cell(FCC.encode(), 100, None, 3)
    assert caught.value.notice == Notice("no_such_ordered_cell", {"rank": 3, "n_candidates": 2})


def test_a_hostile_choice_in_a_file_is_passed_over() -> None:
    text = take_cell(FCC.encode(), 100, None, 1)["file"]
    for chosen in ('[{"sites": 3}]', "[" * 10_000, '{"a": 1}', '[{"sites": ["x"], "occupancy": "NaN"}]'):
        start, end = text.index("[{"), text.index("}]") + 2
        notices = parse((text[:start] + chosen + text[end:]).encode(), "cif", 100)["description"]["notices"]
        assert "ordered_cell" not in [one["code"] for one in notices]


def test_cells_with_all_angles_are_reduced_right() -> None:
    cell = cell_from_lengths_and_angles(np.array([4.0, 5.0, 6.0]), np.array([70.0, 100.0, 110.0]))
    text = disordered(["K1 K 0 0 0 0.5", "Br1 Br 0.5 0.5 0.5 1"], (4, 5, 6), (70, 100, 110))
    for one in candidates(text).items:
        assert one.structure.volume == pytest.approx(2 * abs(np.linalg.det(cell)))
        assert np.allclose(np.array(one.supercell) @ cell, one.structure.cell, atol=1e-3)


def test_ordered_cells_over_http(client: Client) -> None:
    files = {"file": ("cu-au.cif", FCC.encode())}
    refusal = client.post("/structures", files=files)
    assert refusal.json()["errors"][0]["code"] == "partial_occupancies"
    listed = client.post("/structures/ordered-cells", files=files)
    assert listed.status_code == 200, listed.text
    body = listed.json()
    assert (body["n_distinct"], body["rank_by"], body["complete"]) == (2, "contacts", True)
    second = body["items"][1]

    made = client.post("/structures", files=files, data={"ordered_cell": "2"})
    assert made.status_code == 201, made.text
    structure = made.json()
    assert structure["name"] == "cu-au (ordered cell 2)"
    assert {name: structure[name] for name in ("formula_cell", "n_atoms", "space_group")} == {
        name: second[name] for name in ("formula_cell", "n_atoms", "space_group")
    }
    assert structure["notices"][0]["code"] == "ordered_cell"
    assert structure["notices"][0]["params"]["rank"] == 2
    assert "ordered cell 2 of 2" in structure["warnings"][0]
    # The disordered file is kept, and the CIF of the cell names it by its checksum
    sha256 = hashlib.sha256(FCC.encode()).hexdigest()
    assert structure["ordered_from"] == {"filename": "cu-au.cif", "sha256": sha256}
    kept = client.get(f"/structures/{structure['id']}/file", params={"format": "disordered"})
    assert kept.content == FCC.encode()
    assert 'filename="cu-au.cif"' in kept.headers["content-disposition"]
    # The stored file says the same again, in a proposal that travels for example
    original = client.get(f"/structures/{structure['id']}/file", params={"format": "original"}).content
    assert f"_beamcast_ordered_cell_of_file_sha256 {sha256}\n" in original.decode()
    again = client.post("/structures", files={"file": ("again.cif", original)}).json()
    assert again["notices"][0] == structure["notices"][0]
    assert again["ordered_from"] is None
    missing = client.get(f"/structures/{again['id']}/file", params={"format": "disordered"})
    assert (missing.status_code, missing.json()["code"]) == (404, "no_disordered_file")


def test_refusals_over_http(client: Client) -> None:
    def refused(name: str, content: str, **data: str) -> str:
        answer = client.post("/structures/ordered-cells", files={"file": (name, content.encode())}, data=data)
        assert answer.status_code == 422
        return str(answer.json()["errors"][0]["code"])

    ordered = disordered(["Cu1 Cu 0 0 0 1"], (3.6, 3.6, 3.6), group="F m -3 m")
    assert refused("x.cif", ordered) == "not_disordered"
    assert refused("POSCAR", "x") == "ordered_cells_of_cif_only"
    assert (
        client.post("/structures", files={"file": ("x.cif", FCC.encode())}, data={"ordered_cell": "9"}).json()[
            "errors"
        ][0]["code"]
        == "no_such_ordered_cell"
    )
