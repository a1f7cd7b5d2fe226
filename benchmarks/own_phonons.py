"""From uploaded phonons to the first TOSCA spectrum over HTTP: `python -m benchmarks.own_phonons [FILE …]`.

Without files, force constants of springs are written: a supercell of 250 atoms, and a cell of 256 atoms without
symmetry, without and with Born charges.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from benchmarks.main_job import LOADING_S, LOOK_EVERY_S, ProcessorClock, served

SPRING_REACH = 4.2
"""Å."""
DIELECTRIC = 2.4


def crystal(repeats: int, symbols: tuple[str, str], side: float) -> PhonopyAtoms:
    """Return a rocksalt primitive cell, repeated along each axis."""
    primitive = PhonopyAtoms(
        symbols=list(symbols), cell=side / 2 * (np.ones((3, 3)) - np.eye(3)), scaled_positions=[[0, 0, 0], [0.5] * 3]
    )
    return Phonopy(primitive, supercell_matrix=repeats * np.eye(3), primitive_matrix=np.eye(3), log_level=0).supercell


def springs(atoms: PhonopyAtoms) -> np.ndarray:
    """Return force constants of springs between near atoms, shape (n_atoms, n_atoms, 3, 3), eV/Å²."""
    apart = atoms.scaled_positions[:, None] - atoms.scaled_positions
    vectors = (apart - np.rint(apart)) @ atoms.cell
    lengths = np.linalg.norm(vectors, axis=2)
    near = (lengths > 0) & (lengths < SPRING_REACH)
    strength = np.where(near, 4 * np.exp(-2 * (lengths - 2.8)), 0.0)
    along = vectors / np.where(near, lengths, 1)[..., None]
    constants = -strength[..., None, None] * (along[..., :, None] * along[..., None, :] + 0.1 * np.eye(3))
    own = np.arange(len(atoms))
    constants[own, own] = -constants.sum(axis=1)
    return constants


def write_samples(folder: Path) -> list[Path]:
    """Write the files that are measured without arguments."""
    small = crystal(5, ("Na", "Cl"), 5.6)
    cell = small.cell / 5
    made = Phonopy(
        PhonopyAtoms(symbols=["Na", "Cl"], cell=cell, scaled_positions=[[0, 0, 0], [0.5] * 3]),
        supercell_matrix=5 * np.eye(3),
        primitive_matrix=np.eye(3),
        log_level=0,
    )
    made.force_constants = springs(made.supercell)
    settings = {"force_constants": True, "force_sets": False, "displacements": False}
    paths = [folder / "supercell-250.yaml", folder / "cell-256.yaml", folder / "cell-256-born.yaml"]
    made.save(paths[0], settings=settings)
    large = crystal(1, ("Na", "Cl"), 5.6)
    many = Phonopy(large, supercell_matrix=np.diag([4, 4, 8]), primitive_matrix=np.eye(3), log_level=0).supercell
    jitter = np.random.default_rng(0).normal(scale=0.02, size=(len(many), 3))
    atoms = PhonopyAtoms(symbols=many.symbols, cell=many.cell, positions=many.positions + jitter, masses=many.masses)
    whole = Phonopy(atoms, supercell_matrix=np.eye(3), primitive_matrix=np.eye(3), log_level=0)
    whole.force_constants = springs(atoms)
    whole.save(paths[1], settings=settings)
    charges = np.array([(1 if symbol == "Na" else -1) * np.eye(3) for symbol in atoms.symbols])
    whole.nac_params = {"born": charges, "dielectric": DIELECTRIC * np.eye(3), "factor": 14.4}
    whole.save(paths[2], settings={**settings, "born_effective_charge": True, "dielectric_constant": True})
    return paths


def measure(client: httpx.Client, processor: ProcessorClock, path: Path) -> None:
    """Print the seconds of the parts of one way from the file to the spectrum."""
    time.sleep(LOADING_S)
    clock, used = [time.perf_counter()], [processor.seconds()]

    def lap() -> None:
        clock.append(time.perf_counter())
        used.append(processor.seconds())

    content = {"files": (path.name, path.read_bytes())}
    client.post("/sources/preview", files=content).raise_for_status()
    lap()
    source = client.post("/sources", files=content).raise_for_status().json()["id"]
    lap()
    body = {"source_id": source, "method": "harmonic", "temperature_k": 10.0, "instruments": ["TOSCA"]}
    row = client.post("/predictions", json=body).raise_for_status().json()
    while row["status"] not in ("succeeded", "failed"):
        time.sleep(LOOK_EVERY_S)
        row = client.get(f"/predictions/{row['id']}").json()
    assert row["status"] == "succeeded", row["error"]
    lap()
    client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "TOSCA"}).raise_for_status()
    lap()
    parts = zip(("preview", "upload", "job", "spectrum"), np.diff(clock), np.diff(used), strict=True)
    told = ", ".join(f"{name} {wall:.2f} s ({ticks:.2f} s of the processor)" for name, wall, ticks in parts)
    told += f"; parts of the job in s: {row['provenance']['timings']}"
    print(f"{path.name}: {clock[-1] - clock[1]:.2f} s from the upload to the spectrum; {told}", flush=True)


def main(names: list[str]) -> None:
    """Measure the given files, or those of `write_samples`."""
    with tempfile.TemporaryDirectory() as folder, served() as (client, _, processor):
        client.timeout = httpx.Timeout(600)
        for path in [Path(name) for name in names] or write_samples(Path(folder)):
            measure(client, processor, path)


if __name__ == "__main__":
    main(sys.argv[1:])
