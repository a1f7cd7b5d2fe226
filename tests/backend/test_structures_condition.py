"""Liquids, glasses and molecules in vacuum are told from crystals, and the methods that fit them are suggested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from backend.structures import examples, parse, writing
from backend.structures.condition import state_of
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice

from .conftest import Client

WATER = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
CODES = {"looks_liquid", "looks_amorphous", "cell_mostly_empty"}


def structure(numbers: Any, positions: NDArray[np.float64], cell: NDArray[np.float64]) -> StructureData:
    return StructureData(np.asarray(numbers, dtype=np.int64), positions, cell, np.ones(3, dtype=np.bool_))


def as_poscar(data: StructureData) -> bytes:
    return writing.poscar(data, "made").encode()


def notices(data: StructureData) -> list[Notice]:
    found = parse.parse(as_poscar(data), "poscar", 5000)["description"]["notices"]
    return [Notice.from_json(one) for one in found]


def scattered(n_points: int, length: float, least: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return random points in a cubic cell, at least so far apart, Å."""
    points = np.empty((0, 3))
    while len(points) < n_points:
        new = random.uniform(0, length, 3)
        offsets = points - new
        offsets -= length * np.rint(offsets / length)
        if (np.linalg.norm(offsets, axis=1) > least).all():
            points = np.concatenate([points, new[None]])
    return points


def water_box(n_molecules: int, seed: int) -> StructureData:
    """Return a random packing of water molecules at 0.8 of the density of water."""
    random = np.random.default_rng(seed)
    length = (n_molecules * 29.9 / 0.8) ** (1 / 3)
    centres = scattered(n_molecules, length, 2.6, random)
    turns = Rotation.from_quat(random.normal(size=(n_molecules, 4)))
    molecules = [turn.apply(WATER) + centre for turn, centre in zip(turns, centres, strict=True)]
    return structure([8, 1, 1] * n_molecules, np.concatenate(molecules), length * np.eye(3))


def repeated(data: StructureData, times: int) -> StructureData:
    shifts = np.stack(np.meshgrid(*[np.arange(times)] * 3, indexing="ij"), -1).reshape(-1, 3) @ data.cell
    positions = (data.positions[None] + shifts[:, None]).reshape(-1, 3)
    return structure(np.tile(data.numbers, len(shifts)), positions, times * data.cell)


def shaken(data: StructureData, amplitude: float, seed: int) -> StructureData:
    """Return the cell with all atoms displaced by Gaussian random numbers, Å."""
    moved = data.positions + np.random.default_rng(seed).normal(0, amplitude, data.positions.shape)
    return structure(data.numbers, moved, data.cell)


def glass(data: StructureData, least: float, seed: int) -> StructureData:
    """Return the atoms of a cubic cell at random places: a quench from a very high temperature."""
    length = float(data.cell[0, 0])
    points = scattered(len(data.numbers), length, least, np.random.default_rng(seed))
    return structure(data.numbers, points, data.cell)


def example(name: str) -> StructureData:
    found = parse.parse(examples.catalogue()[name].content, "cif", 1000)["structure"]
    return StructureData.from_dict(found)


def rock_salt() -> StructureData:
    sodium = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    chlorine = sodium + np.array([0.5, 0, 0])
    return structure([11] * 4 + [17] * 4, 5.64 * np.concatenate([sodium, chlorine]), 5.64 * np.eye(3))


@pytest.mark.parametrize("n_molecules", [32, 64, 125])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_water_is_a_liquid(n_molecules: int, seed: int) -> None:
    assert Notice("looks_liquid", {"n_molecules": n_molecules}) in notices(water_box(n_molecules, seed))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("crystal", "times"), [(example("silicon"), 2), (example("silicon"), 3), (rock_salt(), 2)])
def test_a_quenched_cell_is_a_glass(crystal: StructureData, times: int, seed: int) -> None:
    found = glass(repeated(crystal, times), 1.9, seed)
    assert Notice("looks_amorphous", {"n_atoms": len(found.numbers)}) in notices(found)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("name", "times", "amplitude"),
    [("silicon", 2, 0.15), ("silicon", 3, 0.2), ("benzene", 1, 0.05), ("benzene", 2, 0.05)],
)
def test_a_snapshot_of_a_hot_crystal_is_a_crystal(name: str, times: int, amplitude: float, seed: int) -> None:
    codes = {notice.code for notice in notices(shaken(repeated(example(name), times), amplitude, seed))}
    assert not codes & CODES


@pytest.mark.parametrize("name", list(examples.catalogue()))
def test_all_examples_are_crystals(name: str) -> None:
    found = parse.parse(examples.catalogue()[name].content, "cif", 1000)["description"]["notices"]
    assert state_of(Notice.from_json(one) for one in found) == "crystal"


@pytest.mark.parametrize("length", [8.0, 10.0, 14.0])
def test_a_molecule_in_a_box_is_in_vacuum(length: float) -> None:
    # In the second one bonds cross the faces of the cell
    for corner in (0.1, length - 0.3):
        box = structure([8, 1, 1], WATER + corner, length * np.eye(3))
        assert [notice.code for notice in notices(box)] == ["cell_mostly_empty"]


def test_a_crystal_of_one_molecule_in_a_cell_is_a_crystal() -> None:
    codes = {notice.code for notice in notices(structure([8, 1, 1], WATER, 3.6 * np.eye(3)))}
    assert not codes & CODES


QUENCHED = glass(repeated(example("silicon"), 2), 1.9, 1)
COLD_GLASS = "harmonic_and_md_for_cold_glass"


@pytest.mark.parametrize(
    ("data", "state", "query", "temperature_k", "methods", "reason"),
    [
        (water_box(32, 1), "liquid", {}, 300, ["md"], "md_for_liquid"),
        (water_box(32, 1), "liquid", {"instruments": "TOSCA"}, 300, ["md"], "md_for_liquid"),
        (QUENCHED, "glass", {}, 300, ["md"], "md_for_glass"),
        (QUENCHED, "glass", {"temperature_k": 20}, 20, ["harmonic", "md"], COLD_GLASS),
        (structure([8, 1, 1], WATER, 12 * np.eye(3)), "molecule", {}, 10, ["harmonic"], "harmonic_for_molecule"),
    ],
)
def test_the_method_that_fits_is_suggested(
    client: Client,
    data: StructureData,
    state: str,
    query: dict[str, Any],
    temperature_k: float,
    methods: list[str],
    reason: str,
) -> None:
    made = client.post("/structures", files={"file": ("POSCAR", as_poscar(data))}).json()
    assert made["state"] == state
    found = client.get(f"/structures/{made['id']}/suggestion", params=query).json()
    assert (found["temperature_k"], found["methods"]) == (temperature_k, methods)
    assert found["reasons"][-1]["code"] == reason
    assert found["warnings"] == []
