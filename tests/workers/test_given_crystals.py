"""Forecasts over the API from trajectories of crystals along a path, and of ring polymers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from numpy.typing import NDArray

from backend.kit.settings import Settings
from backend.observing.layouts import PATH, POWDER
from tests.backend.conftest import Client
from tests.backend.trajectory_files import motion, write_extxyz

from . import sources
from .sources import succeeded

INTERVAL_FS = 10.0
LATTICE = 3.61
SOUND_MEV = 12.0
"""Energy of the wave that moves."""


def phonon(atoms: Atoms, n_frames: int = 200) -> NDArray[np.float64]:
    """Return displacements by one longitudinal wave at (⅔, 0, 0), a third of the box, shape (n_frames, n_atoms, 3)."""
    phase = 2 * np.pi * (2 / 3) * atoms.positions[:, 0] / LATTICE
    time = INTERVAL_FS * np.arange(n_frames)
    moves = np.zeros((n_frames, len(atoms), 3))
    moves[..., 0] = 0.05 * np.cos(phase - time[:, None] * SOUND_MEV / 4135.667696 * 2 * np.pi)
    return moves


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", "fcc", a=LATTICE, cubic=True).repeat(3)


def write_frames(path: Path, atoms: Atoms, moves: NDArray[np.float64]) -> Path:
    write(path, [Atoms(atoms, positions=atoms.positions + one) for one in moves], format="extxyz")
    return path


def upload(client: Client, paths: list[Path], status: int = 201, **fields: str) -> dict[str, Any]:
    files = [("files", (path.name, path.read_bytes())) for path in paths]
    response = client.post("/sources", files=files, data={"frame_interval_fs": str(INTERVAL_FS), **fields})
    assert response.status_code == status, response.text
    return dict(response.json())


def ask(client: Client, source: dict[str, Any], status: int = 202, **body: Any) -> dict[str, Any]:
    return sources.ask(client, source, {"method": "md", "temperature_k": 300}, status, **body)


def test_a_wave_of_a_trajectory_is_at_its_wave_vector_and_energy(
    client: Client, settings: Settings, tmp_path: Path, copper: Atoms
) -> None:
    # In any order, as programs write atoms
    copper = copper[np.random.default_rng(3).permutation(len(copper))]
    source = upload(client, [write_frames(tmp_path / "run.extxyz", copper, phonon(copper))])
    zones = [[2, 0, 0], [0, 2, 0]]
    row = succeeded(client, ask(client, source, sampling="path", options={"path": "Γ-X", "zones": zones}))
    assert (row["options"]["unit_cells"], row["options"]["path"]) == ([3, 3, 3], "Γ-X")
    partials = PATH.read(settings.partials_path(row["id"]))
    assert partials.cell == pytest.approx(LATTICE * np.eye(3), abs=1e-6)
    assert partials.statistics == "classical"
    # X is (0, 1, 0) or an equivalent of it
    assert np.linalg.norm(partials.wave_vectors, axis=1) == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=1e-6)
    bands = partials.coherent[0].sum(axis=0)
    assert partials.energy[bands[2].argmax()] == pytest.approx(SOUND_MEV, abs=1.0)
    # The wave has no other wave vector, but scatters twice at double the energy and 4/3, which is a third from X
    at_energy = bands[:, np.abs(partials.energy - SOUND_MEV) < 1].max(axis=1)
    assert at_energy[2] > 100 * at_energy[[0, 1, 3]].max()

    seen = client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "ARCS"})
    assert seen.status_code == 200, seen.text
    assert seen.json()["path"]["dispersion"]["energy_mev"] == []
    for accept in ("text/csv", "application/x-hdf5"):
        got = client.post(f"/predictions/{row['id']}/spectrum", json={}, headers={"Accept": accept})
        assert got.status_code == 200, got.text
    assert client.post(f"/predictions/{row['id']}/figure", json={}).status_code == 200
    body = {"prediction_id": row["id"], "views": [{"instrument": "ARCS"}]}
    report = client.post("/reports", json=body, headers={"Accept": "text/html"})
    assert report.status_code == 200, report.text
    assert client.get(f"/predictions/{row['id']}/trust").status_code == 200
    assert client.post(f"/predictions/{row['id']}/modes", json={"energy_mev": 12}).status_code in (404, 409, 422)


def test_stated_unit_cells(client: Client, tmp_path: Path, copper: Atoms) -> None:
    source = upload(client, [write_frames(tmp_path / "run.extxyz", copper, phonon(copper))])
    refused = ask(client, source, 422, sampling="path", options={"unit_cells": [2, 3, 3]})
    assert [(one["loc"], one["code"]) for one in refused["errors"]] == [
        ("options.unit_cells", "unit_cell_not_repeated")
    ]
    whole = ask(client, source, 422, sampling="path", options={"unit_cells": [1, 1, 1], "path": "L-U"})
    assert [(one["loc"], one["code"]) for one in whole["errors"]] == [("options.path", "no_wave_vector_on_path")]


def test_beads_of_ring_polymers(client: Client, settings: Settings, tmp_path: Path) -> None:
    rng, moves = np.random.default_rng(2), motion()
    spread = rng.normal(0, 0.02, (3, 4, 3))
    paths = [write_extxyz(tmp_path / f"bead{bead}.extxyz", moves + spread[bead]) for bead in range(3)]
    asked = client.post(
        "/sources/preview",
        files=[("files", (path.name, path.read_bytes())) for path in paths],
        data={"frame_interval_fs": "5"},
    )
    assert [need["field"] for need in asked.json()["needs"]] == ["nuclei"]
    refused = upload(client, paths, 422, nuclei="classical")
    assert [(one["loc"], one["code"]) for one in refused["errors"]] == [("nuclei", "several_trajectories")]
    source = upload(client, paths, nuclei="ring_polymer", frame_interval_fs="5")
    facts = source["trajectory"]
    assert (facts["nuclei"], facts["n_beads"], facts["n_frames"]) == ("ring_polymer", 3, 64)
    assert [one["role"] for one in source["recognised"]] == ["extxyz"] * 3
    assert ask(client, source, 422)["errors"][0]["code"] == "trajectory_source"
    quick = {"q_max_inv_angstrom": 4.0, "n_q_points": 30}
    row = succeeded(client, ask(client, source, method="trpmd", options=quick))
    assert row["options"]["n_beads"] == 3
    assert "beads_too_far_apart" not in [one["code"] for one in row["notices"]]
    partials = POWDER.read(settings.partials_path(row["id"]))
    assert partials.statistics == "kubo"
    spectrum = client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "TOSCA"})
    assert spectrum.status_code == 200, spectrum.text


def test_runs_that_are_no_beads_of_each_other_are_told(client: Client, tmp_path: Path) -> None:
    paths = [write_extxyz(tmp_path / f"run{n}.extxyz", np.roll(motion(), 20 * n, axis=1 - n % 2)) for n in range(2)]
    source = upload(client, paths, nuclei="ring_polymer", frame_interval_fs="5")
    quick = {"q_max_inv_angstrom": 4.0, "n_q_points": 30}
    row = succeeded(client, ask(client, source, method="trpmd", options=quick))
    assert "beads_too_far_apart" in [one["code"] for one in row["notices"]]


def test_centroids_alone(client: Client, tmp_path: Path) -> None:
    path = write_extxyz(tmp_path / "centroid.extxyz", motion())
    source = upload(client, [path], nuclei="ring_polymer", frame_interval_fs="5")
    assert "centroid_only" in [one["code"] for one in source["findings"]]
    quick = {"q_max_inv_angstrom": 4.0, "n_q_points": 30}
    row = succeeded(client, ask(client, source, method="trpmd", options=quick))
    assert row["options"]["n_beads"] == 1
    assert json.dumps(row["provenance"]["source"]["typed"]).count("ring_polymer") == 1
