"""Special points, commensurate waves, Brillouin zones: against what is known of simple lattices, and dynasor."""

import itertools
import warnings

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from dynasor.qpoints import get_supercell_qpoints_along_path

from scattering.core.errors import InvalidOptions
from scattering.crystal.path import (
    BrillouinZone,
    brillouin_zone,
    commensurate_vectors,
    path_labels,
    path_text,
    reciprocal,
    sample,
    segments,
)
from scattering.crystal.zones import check_zones, random_zones, reachable_zones
from tests.scattering.refusals import refused


def zone_of(atoms: Atoms) -> BrillouinZone:
    return brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)


COPPER = bulk("Cu", "fcc", a=3.6, cubic=True)
IRON = bulk("Fe", "bcc", a=2.87, cubic=True)
MAGNESIUM = bulk("Mg", "hcp", a=3.21, c=5.21)


@pytest.mark.parametrize(
    ("atoms", "points"),
    [
        # Setyawan & Curtarolo, Comput. Mater. Sci. 49 (2010) 299, in units of 2π/a and 2π/c
        (COPPER, {"X": (0, 0, 1), "L": (0.5, 0.5, 0.5), "K": (0, 0.75, 0.75), "W": (0, 0.5, 1), "U": (0.25, 0.25, 1)}),
        (IRON, {"H": (0, 0, 1), "N": (0, 0.5, 0.5), "P": (0.5, 0.5, 0.5)}),
        (MAGNESIUM, {"A": (0, 0, 0.5), "K": (0, 1 / 3, 1 / 3), "M": (0, 0, 0.5), "L": (0, 0.5, 0.5)}),
    ],
    ids=["fcc", "bcc", "hcp"],
)
def test_special_points_are_the_known_ones(atoms: Atoms, points: dict[str, tuple[float, ...]]) -> None:
    zone = zone_of(atoms)
    for label, place in points.items():
        found = np.sort(np.abs(zone.repeats @ zone.points[label]))
        np.testing.assert_allclose(found, place, atol=1e-12)


def test_hexagonal_zone_has_its_corner_where_it_is_known_to_be() -> None:
    zone = zone_of(MAGNESIUM)
    lengths = {label: np.linalg.norm(place @ reciprocal(zone.primitive)) for label, place in zone.points.items()}
    assert lengths["K"] == pytest.approx(4 * np.pi / (3 * 3.21))
    assert lengths["M"] == pytest.approx(2 * np.pi / (np.sqrt(3) * 3.21))
    assert lengths["A"] == pytest.approx(np.pi / 5.21)


@pytest.mark.parametrize("atoms", [COPPER, IRON, MAGNESIUM, bulk("In", "bct", a=3.25, c=4.95)], ids=str)
def test_points_turn_with_the_crystal_and_do_not_depend_on_its_cell(atoms: Atoms) -> None:
    turned = atoms.repeat((2, 1, 1))
    turned.rotate(40, (1, 2, 0.5), rotate_cell=True)
    turned = turned[[*range(1, len(turned)), 0]]
    zone, other = zone_of(atoms), zone_of(turned)
    for cell in (atoms.cell.array, turned.cell.array):
        found = zone if cell is atoms.cell.array else other
        # The primitive cell's vectors are translations of the crystal: whole numbers of its primitive cell's
        np.testing.assert_allclose(found.repeats @ found.primitive, cell, atol=1e-9)
    assert abs(np.linalg.det(other.primitive)) == pytest.approx(abs(np.linalg.det(zone.primitive)))
    distances = []
    for found in (zone, other):
        path = sample(segments(found, found.path), found.cell, spacing=0.1)
        distances.append([place for place, _ in path.ticks])
    np.testing.assert_allclose(*distances, atol=1e-6)
    # Rotations are orthogonal and map the reciprocal lattice onto itself
    rotations = other.rotations_cartesian
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.eye(3)[None].repeat(len(rotations), 0), atol=1e-7
    )


def test_usual_paths_and_those_that_users_write() -> None:
    zone = zone_of(COPPER)
    assert path_text(zone.path) == "Γ-X-U|K-Γ-L-W-X"
    assert path_labels(zone, path_text(zone.path)) == zone.path
    assert path_labels(zone, "g - X-K | GAMMA-L") == (("Γ", "X"), ("X", "K"), ("Γ", "L"))
    # X–K runs along the zone's face, as X–U does: √2/4 of 2π/a
    line = zone.segment("X", "K")
    assert np.linalg.norm(line.end - line.start) == pytest.approx(np.sqrt(2) / 4)
    with refused(InvalidOptions, "options.path", "unknown_point", point="Q"):
        path_labels(zone, "Γ-Q")
    with refused(InvalidOptions, "options.path", "empty_path_segment", point="X"):
        path_labels(zone, "X-X")
    for text in ("X", "Γ-X|"):
        with refused(InvalidOptions, "options.path", "unreadable_path"):
            path_labels(zone, text)


@pytest.mark.parametrize(
    ("atoms", "supercell"),
    [(COPPER, (4, 4, 4)), (COPPER, (2, 3, 5)), (bulk("Cu", "fcc", a=3.6), (6, 6, 6)), (MAGNESIUM, (6, 6, 3))],
    ids=["fcc", "uneven", "primitive", "hcp"],
)
def test_commensurate_waves_are_dynasors(atoms: Atoms, supercell: tuple[int, ...]) -> None:
    zone = zone_of(atoms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dynasor says where a line has none
        theirs = get_supercell_qpoints_along_path(
            list(zone.path), dict(zone.points), zone.primitive, atoms.cell.array * np.array(supercell)[:, None]
        )
    for line, expected in zip(segments(zone, zone.path), theirs, strict=True):
        ours = commensurate_vectors(line, supercell)
        assert len(ours) == len(expected)
        np.testing.assert_allclose(ours @ reciprocal(atoms.cell.array), expected, atol=1e-9)


def test_a_sampled_path_has_the_supercells_waves_and_the_lengths_of_its_lines() -> None:
    zone = zone_of(COPPER)
    path = sample(segments(zone, zone.path), COPPER.cell.array, supercell=(8, 8, 8))
    np.testing.assert_allclose(path.wave_vectors * 8, np.rint(path.wave_vectors * 8), atol=1e-9)
    assert [name for _, name in path.ticks] == ["Γ", "X", "U|K", "Γ", "L", "W", "X"]
    unit = 2 * np.pi / 3.6
    lengths = np.array([1, np.sqrt(2) / 4, 3 * np.sqrt(2) / 4, np.sqrt(3) / 2, np.sqrt(2) / 2, 1 / 2]) * unit
    np.testing.assert_allclose([place for place, _ in path.ticks], np.append(0, np.cumsum(lengths)), atol=1e-9)
    assert (np.diff(path.distance) >= 0).all()
    # 9 waves from Γ to X, and every point by name; where the path goes on, once
    assert path.labels.index("X") == 8
    assert [label for label in path.labels if label] == ["Γ", "X", "U", "K", "Γ", "L", "W", "X"]
    # Within the first zone no reciprocal lattice vector is nearer than 0
    lattice = np.array(list(itertools.product((-1, 0, 1), repeat=3))) @ reciprocal(zone.primitive)
    cartesian = path.wave_vectors @ reciprocal(COPPER.cell.array)
    nearest = np.linalg.norm(cartesian[:, None] - lattice, axis=2).min(axis=1)
    np.testing.assert_allclose(np.linalg.norm(cartesian, axis=1), nearest, atol=1e-9)


def test_zones_are_all_those_within_reach() -> None:
    zone, unit = zone_of(COPPER), 2 * np.pi / 3.6
    found = reachable_zones(zone, np.zeros((1, 3)), q_min=0.0, q_max=8.0)
    # Face-centred cubic: all indices odd or all even
    grid = np.array(list(itertools.product(range(-6, 7), repeat=3)))
    parity = grid % 2
    unmixed = grid[(parity == parity[:, :1]).all(axis=1)]
    inside = unmixed[np.linalg.norm(unmixed, axis=1) * unit <= 8.0]
    assert {tuple(hkl) for hkl in found} == {tuple(hkl) for hkl in inside}
    path = sample(segments(zone, zone.path), COPPER.cell.array, supercell=(4, 4, 4)).wave_vectors
    reached = reachable_zones(zone, path, q_min=4.0, q_max=8.0)
    lengths = np.linalg.norm((reached[:, None] + path) * unit, axis=2)
    assert lengths.max() <= 8.0 + 1e-4
    assert (lengths.max(axis=1) >= 4.0 - 1e-4).all()
    assert 0 < len(reached) < len(found)


def test_random_zones_are_the_same_for_the_same_seed() -> None:
    zone = zone_of(COPPER)
    found = reachable_zones(zone, np.zeros((1, 3)), q_min=0.0, q_max=8.0)
    first, again, other = (random_zones(found, 10, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({tuple(hkl) for hkl in first}) == 10
    assert random_zones(found, 10**6, seed=1) is found


def test_a_vector_that_centring_forbids_is_refused_with_one_that_is_near() -> None:
    zone = zone_of(COPPER)
    np.testing.assert_array_equal(check_zones(zone, [[0, 0, 4], [1, 1, -1]]), [[0, 0, 4], [1, 1, -1]])
    with refused(InvalidOptions, "options.zones", "not_a_zone_centre", vector_rlu=[0, 0, 1]):
        check_zones(zone, [[0, 0, 1]])


def test_equivalent_waves_are_the_stars_arms_up_to_their_sign() -> None:
    zone = zone_of(COPPER)
    # Half the stars' orders 6, 8 (L and −L are one), 12 (of K; its images in other zones are the same waves) and 48
    for wave, n in (
        ((0, 0.5, 0), 3),
        ((0, 1, 0), 3),
        ((0.5, 0.5, 0.5), 4),
        ((0.5, 0.5, 0), 6),
        ((1 / 8, 2 / 8, 3 / 8), 24),
    ):
        arms = zone.arms(np.array(wave), (8, 8, 8), 100)
        assert len(arms) == n
        np.testing.assert_allclose(np.linalg.norm(arms @ wave, axis=1), np.linalg.norm(wave))
    # An uneven supercell lacks some of them
    assert len(zone.arms(np.array([0, 0.5, 0]), (1, 2, 2), 100)) == 2
