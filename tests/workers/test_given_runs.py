"""Own runs, written as other programs write them and read back: crystals along a path, and ring polymers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from ipi.engine.atoms import Atoms as IpiAtoms
from ipi.engine.cell import Cell as IpiCell
from ipi.utils.io import print_file

from backend.sources.formats import recognise
from backend.sources.formats.reading import Refused, UploadedFile
from backend.sources.formats.trajectories.survey import TrajectoryReading
from scattering.core.partials import Partials
from scattering.core.trajectory import Trajectory
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.unit_cell import find_unit_cell
from scattering.options.case import Case
from scattering.options.names import Method, Sampling
from scattering.options.registry import find_kind
from workers.engines.ase_dynamics import AseDynamics
from workers.engines.i_pi.engine import IPI
from workers.engines.interface import Engine
from workers.simulations import registry
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation

from .conftest import Played, Silent, simulate

N_BEADS, INTERVAL_FS = 4, 20.0
RUN: dict[str, Any] = {
    "supercell": [2, 2, 2], "timestep_fs": 5.0, "sample_fs": INTERVAL_FS, "equilibration_ps": 0.1, "production_ps": 1.0,
    "correlation_ps": 0.4, "replicas": 1,
}  # fmt: skip
OF_SAMPLING: dict[str, dict[str, Any]] = {
    "powder": {"n_q_points": 40, "q_max_inv_angstrom": 4.0},
    "path": {"path": "Γ-X-U|K-Γ-L", "zones": [[0, 0, 0], [2, 0, 0], [1, 1, 1]]},
}
ANALYSED = ("correlation_ps", "n_q_points", "q_max_inv_angstrom", "path", "zones")
TEMPERATURE = {"md": 300.0, "trpmd": 60.0}


def case(atoms: Atoms, method: str, **more: Any) -> Case:
    return Case(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        temperature=TEMPERATURE[method],
        instruments=(),
        quality="preview",
        engines=("",),
        **more,
    )


class OwnRun(NamedTuple):
    """Sites and displacements (n_beads, n_atoms, 3, n_frames) of an own run, its options and its partials."""

    sites: Atoms
    displacements: np.ndarray
    given: dict[str, Any]
    partials: Partials | CrystalPartials


def own_run(method: Method, sampling: Sampling, folder: Path) -> OwnRun:
    runs = list[tuple[Atoms, np.ndarray]]()

    def recording(engine: Engine) -> Engine:
        run = engine.run

        def recorded(sites: Atoms, *arguments: Any, **more: Any) -> Any:
            made = run(sites, *arguments, **more)
            runs.append((sites.copy(), np.array(made.displacements)))
            return made

        engine.run = recorded  # type: ignore[method-assign]
        return engine

    class Recorded(Played):
        def engine(self, modify: Any = None) -> Engine:
            return recording(IPI(EMT()) if method == "trpmd" else AseDynamics(EMT()))

    copper, given = bulk("Cu", "fcc", a=3.59, cubic=True), {**RUN, **OF_SAMPLING[sampling]}
    if method == "trpmd":
        given["n_beads"] = N_BEADS
    if sampling == "path":
        given["force_constant_supercell"] = [2, 2, 2]
    outcome = simulate(
        copper,
        options=find_kind(method, sampling).options.fill(given, case(copper, method)),
        temperature=TEMPERATURE[method],
        folder=folder,
        progress=Silent(),
        sampling=sampling,
        simulation_type=Recorded,
    )
    ((sites, displacements),) = runs
    return OwnRun(sites, displacements, given, outcome.partials)


def write_i_pi(folder: Path, run: OwnRun, key: str = "positions", unit: str = "angstrom") -> list[Path]:
    """Write the files of each bead, or that of the centroids, as i-PI does."""
    atoms, cell = IpiAtoms(len(run.sites)), IpiCell()
    angstrom = 1.8897261
    cell.h = run.sites.cell.array.T * angstrom
    atoms.names[:] = run.sites.get_chemical_symbols()
    moves = run.displacements if key == "positions" else run.displacements.mean(axis=0, keepdims=True)
    paths = []
    for bead, moved in enumerate(moves):
        paths.append(folder / (f"simulation.pos_{bead:02d}.xyz" if key == "positions" else "simulation.xc.xyz"))
        with paths[-1].open("w") as file:
            for number in range(moved.shape[-1]):
                atoms.q[:] = (run.sites.positions + moved[..., number]).ravel() * angstrom
                title = f"Step:  {4 * number:10d}  Bead:   {bead:5d} "
                print_file("xyz", atoms, cell, file, title=title, key=key, units=unit, cell_units=unit)
    return paths


def write_extxyz(folder: Path, run: OwnRun) -> list[Path]:
    paths = []
    for bead, moved in enumerate(run.displacements):
        frames = [Atoms(run.sites, positions=run.sites.positions + one) for one in np.moveaxis(moved, -1, 0)]
        for frame in frames:
            frame.wrap()
        paths.append(folder / f"bead{bead}.extxyz")
        write(paths[-1], frames, format="extxyz")
    return paths


def read(paths: list[Path], **stated: Any) -> TrajectoryReading:
    found = recognise([UploadedFile(path.name, path) for path in paths], None).read(stated, keep=True)
    assert isinstance(found, TrajectoryReading)
    return found


def analysed(reading: TrajectoryReading, method: Method, sampling: Sampling, given: dict[str, Any]) -> Outcome:
    trajectory = reading.trajectory
    assert isinstance(trajectory, Trajectory)
    atoms = Atoms(trajectory.symbols, positions=trajectory.sites, cell=trajectory.cell, pbc=True)
    facts = {"frames": (trajectory.n_frames, trajectory.frame_interval_fs), "n_beads": reading.facts["n_beads"]}
    options = find_kind(method, sampling, given=True).options.fill(given, case(atoms, method, **facts))
    simulation = Simulation(atoms, options, TEMPERATURE[method], None, "", trajectory=trajectory)
    return registry.workflow_of_trajectory(sampling).run(simulation, progress=Silent())


def compared(own: Partials | CrystalPartials, again: Partials | CrystalPartials) -> Iterator[tuple[str, Any, Any]]:
    names = ["coherent", "incoherent"]
    if isinstance(own, Partials):
        names += ["coherent_elastic", "incoherent_elastic"]
    else:
        names += ["displacements", "wave_vectors", "cell", "distance"]
    for name in names:
        yield name, getattr(own, name), getattr(again, name)


@pytest.mark.parametrize(
    ("method", "sampling", "save", "precision"),
    [
        pytest.param("md", "path", write_extxyz, 1e-3, id="classical-path"),
        # i-PI writes six digits
        pytest.param("trpmd", "powder", write_i_pi, 3e-3, id="beads-powder"),
        pytest.param("trpmd", "path", write_extxyz, 1e-3, id="beads-path"),
    ],
)
def test_an_own_run_written_and_read_back_gives_the_same_partials(
    tmp_path: Path, method: Method, sampling: Sampling, save: Any, precision: float
) -> None:
    run = own_run(method, sampling, tmp_path)
    stated = {"time_step_fs": 5.0} if save is write_i_pi else {"frame_interval_fs": INTERVAL_FS}
    if save is write_extxyz and method == "trpmd":
        stated["nuclei"] = "ring_polymer"
    reading = read(save(tmp_path, run), **stated)
    assert reading.facts["n_beads"] == len(run.displacements)
    assert [notice.code for notice in reading.notices] == ["short_trajectory"]
    given = {name: value for name, value in run.given.items() if name in ANALYSED}
    outcome = analysed(reading, method, sampling, given)
    again = outcome.partials
    assert again.statistics == ("kubo" if method == "trpmd" else "classical") == run.partials.statistics
    assert "beads_too_far_apart" not in [notice.code for notice in outcome.warnings]
    np.testing.assert_allclose(run.partials.energy, again.energy)
    for name, one, other in compared(run.partials, again):
        assert one.shape == other.shape, name
        assert np.abs(one - other).max() < precision * np.abs(one).max(), name
    if isinstance(again, CrystalPartials):
        assert isinstance(run.partials, CrystalPartials)
        assert again.labels == run.partials.labels
        assert again.dispersion.size == 0


def copper_run(n_beads: int = 3, n_frames: int = 40) -> OwnRun:
    """Copper whose atoms move by chance, as a run."""
    rng = np.random.default_rng(5)
    sites = bulk("Cu", "fcc", a=3.59, cubic=True).repeat(2)
    time = INTERVAL_FS * np.arange(n_frames)
    phases = rng.uniform(0, 2 * np.pi, (1, len(sites), 3, 1))
    moves = 0.05 * np.sin(2 * np.pi * time / 250 + phases) + rng.normal(0, 0.01, (n_beads, len(sites), 3, 1))
    moves -= moves.mean(axis=(0, 1), keepdims=True)
    return OwnRun(sites, moves.astype(np.float32), {}, None)  # type: ignore[arg-type]


def code_of(paths: list[Path], **stated: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        read(paths, time_step_fs=5.0, **stated)
    return refused.value.notice.code, dict(refused.value.notice.params)


@pytest.mark.parametrize("unit", ["angstrom", "automatic"])
def test_beads_of_i_pi_are_read_in_their_order(tmp_path: Path, unit: str) -> None:
    run = copper_run()
    reading = read(write_i_pi(tmp_path, run, unit=unit)[::-1], time_step_fs=5.0)
    assert reading.trajectory is not None
    assert (reading.facts["nuclei"], reading.facts["n_beads"], reading.facts["frame_interval_fs"]) == (
        "ring_polymer", 3, INTERVAL_FS,
    )  # fmt: skip
    found = reading.trajectory.displacements + reading.trajectory.sites[None, :, :, None]
    true = run.displacements + run.sites.positions[None, :, :, None]
    assert np.abs(found - found.mean() - true + true.mean()).max() < 1e-4


def test_beads_must_be_complete_and_alike(tmp_path: Path) -> None:
    run = copper_run()
    paths = write_i_pi(tmp_path, run)
    assert code_of(paths[1:]) == ("beads_missing", {"file": "simulation.pos_01.xyz", "found": [1, 2]})
    # One of several beads is no centroid
    assert code_of(paths[:1], nuclei="ring_polymer")[0] == "beads_missing"
    assert read(paths[:1], time_step_fs=5.0).facts["nuclei"] == "classical"
    n_lines = len(run.sites) + 2
    for change, quantity in (
        (lambda lines: lines[:-n_lines], "frames"),
        (lambda lines: [line.replace("Step:           4", "Step:           5") for line in lines], "times"),
        (lambda lines: [line.replace("Cu ", "Ni ", 1) for line in lines], "atoms"),
        (lambda lines: [line.replace("   7.18000", "   7.28000") for line in lines], "cells"),
    ):
        lines = paths[1].read_text().splitlines(keepends=True)
        (tmp_path / "changed").mkdir(exist_ok=True)
        other = tmp_path / "changed" / paths[1].name
        other.write_text("".join(change(lines)))
        code, params = code_of([paths[0], other, paths[2]])
        assert (code, params["quantity"], params["other"]) == ("beads_differ", quantity, other.name)
        if quantity == "frames":
            assert read([paths[0], other, paths[2]], time_step_fs=5.0, last_frame=39).facts["n_frames"] == 39


def test_a_cut_bead_ends_all_of_them(tmp_path: Path) -> None:
    paths = write_i_pi(tmp_path, copper_run())
    text = paths[2].read_text()
    paths[2].write_text(text[: int(0.88 * len(text))])
    reading = read(paths, time_step_fs=5.0)
    assert reading.facts["n_frames"] == 35
    assert "cut_trajectory" in [notice.code for notice in reading.notices]


def test_centroids_of_i_pi_are_known(tmp_path: Path) -> None:
    run = copper_run()
    (path,) = write_i_pi(tmp_path, run, key="x_centroid")
    reading = read([path], time_step_fs=5.0)
    assert (reading.facts["nuclei"], reading.facts["n_beads"]) == ("ring_polymer", 1)
    assert "centroid_only" in [notice.code for notice in reading.notices]
    beads = write_i_pi(tmp_path, run)
    assert code_of([path, *beads[1:]])[0] == "centroid_among_beads"
    path.write_text(path.read_text().replace("x_centroid{", "velocities{"))
    assert code_of([path])[0] == "incomplete_file"


@pytest.mark.parametrize(("name", "repeats"), [("NaCl", (3, 2, 4)), ("Si", (4, 4, 4)), ("Mg", (3, 3, 2))])
def test_the_unit_cell_of_a_box_is_found(name: str, repeats: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(7)
    unit = bulk("NaCl", "rocksalt", a=5.64, cubic=True) if name == "NaCl" else bulk(name)
    exact = unit.repeat(repeats)
    box = exact[rng.permutation(len(exact))]
    box.positions += rng.normal(0, 0.03, box.positions.shape)
    box.wrap()
    found = find_unit_cell(cell=box.cell.array, positions=box.positions, types=box.numbers)
    assert found.repeats == repeats
    np.testing.assert_allclose(found.cell, unit.cell.array)
    assert sorted(box.numbers[found.atoms]) == sorted(unit.numbers)
    # Means of so many positions
    assert found.deviation_angstrom == pytest.approx(0.03 * np.sqrt(3), rel=0.15)
    of_unit = case(Atoms(box), "md").of_unit_cell(found)
    assert len(of_unit.zone.rotations) == (24 if name == "Mg" else 48)


def test_a_superstructure_is_no_smaller_unit_cell() -> None:
    box = bulk("Cu", "fcc", a=3.59, cubic=True).repeat(4)
    phase = np.rint(2 * box.positions[:, 2] / 3.59) % 4
    box.positions[:, 0] += 0.4 * np.array([0, 1, 0, -1])[phase.astype(int)]
    assert find_unit_cell(cell=box.cell.array, positions=box.positions, types=box.numbers).repeats == (4, 4, 2)
