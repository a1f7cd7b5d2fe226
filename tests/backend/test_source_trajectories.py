"""Readers of trajectories against ASE's on the same files, the same motion in all formats, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.io import read as ase_read
from ase.io import write as ase_write

from backend.sources.formats.reading import NeedsFields, UploadedFile
from backend.sources.formats.trajectories import frames as trajectory_frames
from backend.sources.formats.trajectories import lammps, xdatcar, xyz
from backend.sources.formats.trajectories.frames import Frame, Lines

from .trajectory_files import (
    CELL,
    INTERVAL_FS,
    MASSES,
    SITES,
    SYMBOLS,
    frames,
    motion,
    velocities,
    write_extxyz,
    write_gpumd,
    write_lammps,
    write_xdatcar,
)
from .trajectory_reading import expected, format_of, moved, needed, refusal, survey

TYPES = {"1": "Na", "2": "Cl"}


def read(path: Path, reader: Any) -> list[Frame]:
    with path.open("rb") as stream:
        return list(reader(Lines(UploadedFile(path.name, path), stream)))


def test_extended_xyz_as_ase_reads_it(tmp_path: Path) -> None:
    path = write_extxyz(tmp_path / "run.extxyz", motion())
    ours, theirs = read(path, xyz.read_frames), ase_read(path, index=":", format="extxyz")
    assert len(ours) == len(theirs) == 64
    for one, other in zip(ours, theirs, strict=True):
        assert one.labels.tolist() == [symbol.encode() for symbol in other.get_chemical_symbols()]
        assert one.positions == pytest.approx(other.positions, abs=1e-12)
        assert one.cell == pytest.approx(other.cell.array, abs=1e-12)


def test_momenta_of_ase_give_the_temperature(tmp_path: Path) -> None:
    made = frames(motion())
    for one, speed in zip(made, velocities(), strict=True):
        one.set_velocities((speed - MASSES @ speed / MASSES.sum()) / units.fs)
    ase_write(tmp_path / "run.xyz", made, format="extxyz", columns=["symbols", "positions", "momenta"])
    found = survey(tmp_path / "run.xyz", frame_interval_fs=INTERVAL_FS)
    kinetic = np.mean([one.get_kinetic_energy() for one in made])
    assert found.facts["mean_temperature_k"] == pytest.approx(2 * kinetic / (3 * 3 * units.kB), rel=1e-4)


@pytest.mark.parametrize("scaled", [True, False])
def test_lammps_dump_as_ase_reads_it(tmp_path: Path, scaled: bool) -> None:
    path = write_lammps(tmp_path / "run.lammpstrj", motion(8), scaled=scaled)
    ours = read(path, lammps.read_frames)
    theirs = ase_read(path, index=":", format="lammps-dump-text")
    assert len(ours) == len(theirs) == 8
    for one, other in zip(ours, theirs, strict=True):
        assert one.cell == pytest.approx(other.cell.array, abs=1e-9)
        fractional = one.positions if one.is_scaled else one.positions @ np.linalg.inv(CELL)
        difference = fractional - other.get_scaled_positions(wrap=False)
        # The origin of the box is not in the cell
        difference -= difference[0]
        assert difference - np.rint(difference) == pytest.approx(np.zeros((4, 3)), abs=1e-8)
        assert one.labels.tolist() == [b"1", b"2", b"1", b"2"]


def test_xdatcar_as_ase_reads_it(tmp_path: Path) -> None:
    path = write_xdatcar(tmp_path / "XDATCAR", motion())
    ours, theirs = read(path, xdatcar.read_frames), ase_read(path, index=":", format="vasp-xdatcar")
    assert len(ours) == len(theirs) == 64
    for one, other in zip(ours, theirs, strict=True):
        assert one.positions == pytest.approx(other.get_scaled_positions(wrap=False), abs=1e-9)
        assert [label.decode() for label in one.labels.tolist()] == other.get_chemical_symbols()


@pytest.mark.parametrize("separator", ["", "Konfig= {}", "Direct configuration= {}"])
def test_all_versions_of_xdatcar(tmp_path: Path, separator: str) -> None:
    path = write_xdatcar(tmp_path / "XDATCAR", motion(57), separator=separator)
    assert format_of(path) == "xdatcar"
    assert survey(path, frame_interval_fs=INTERVAL_FS).facts["n_frames"] == 57


def test_xdatcar_with_a_header_before_each_frame(tmp_path: Path) -> None:
    whole = write_xdatcar(tmp_path / "XDATCAR", motion(40)).read_text().splitlines(keepends=True)
    blocks = [whole[7 + 5 * number : 12 + 5 * number] for number in range(40)]
    path = tmp_path / "XDATCAR-npt"
    path.write_text("".join("".join(whole[:7] + block) for block in blocks))
    found = survey(path, frame_interval_fs=INTERVAL_FS)
    assert moved(found) == pytest.approx(expected(motion(40)), abs=1e-6)


def test_the_same_motion_in_all_formats(tmp_path: Path) -> None:
    moves = motion()
    interval: dict[str, Any] = {"frame_interval_fs": INTERVAL_FS}
    lammps_typed: dict[str, Any] = {"species": TYPES, "time_step_fs": 1.0}
    readings = {
        "extxyz": survey(write_extxyz(tmp_path / "run.extxyz", moves), **interval),
        "gpumd-xyz": survey(write_gpumd(tmp_path / "dump.xyz", moves, velocities())),
        "xyz": survey(_plain(tmp_path / "plain.xyz", moves), cell_angstrom=CELL.tolist(), **interval),
        "lammps-dump": survey(write_lammps(tmp_path / "run.lammpstrj", moves), **lammps_typed),
        "scaled": survey(write_lammps(tmp_path / "scaled.dump", moves, scaled=True), **lammps_typed),
        "xdatcar": survey(write_xdatcar(tmp_path / "XDATCAR", moves), **interval),
    }
    for name, reading in readings.items():
        assert moved(reading) == pytest.approx(expected(moves), abs=2e-6), name
        assert reading.facts["n_frames"] == 64
        assert reading.facts["frame_interval_fs"] == pytest.approx(5.0)
        assert reading.facts["length_ps"] == pytest.approx(0.315)
        assert reading.facts["species"] == {"Na": 2, "Cl": 2}
        assert reading.facts["resolves_up_to_mev"] == pytest.approx(413.57, abs=0.01)
        assert [one.code for one in reading.notices] == ["short_trajectory"]
    for name in ("extxyz", "xyz", "lammps-dump"):
        assert format_of(next(tmp_path.glob({"extxyz": "run.extxyz", "xyz": "plain.xyz"}.get(name, "*.dump")))) == name


def _plain(path: Path, moves: np.ndarray) -> Path:
    ase_write(path, frames(moves), format="xyz", fmt="%18.10f")
    return path


def test_wrapped_positions_are_unwrapped(tmp_path: Path) -> None:
    moves = motion(amplitude=0.4)
    path = write_extxyz(tmp_path / "wrapped.xyz", moves, wrapped=True)
    wrapped = np.array([one.positions for one in ase_read(path, index=":")])
    assert np.abs(np.diff(wrapped, axis=0)).max() > 3
    found = survey(path, frame_interval_fs=INTERVAL_FS)
    assert moved(found) == pytest.approx(expected(moves), abs=2e-6)
    assert found.trajectory is not None
    # Displacements are from sites, which are the mean positions
    assert found.trajectory.displacements.mean(axis=2) == pytest.approx(np.zeros((4, 3)), abs=1e-5)


def test_drift_of_the_centre_of_mass_is_removed(tmp_path: Path) -> None:
    moves = motion()
    drift = 0.02 * np.arange(len(moves))[:, None, None] * np.array([1, 0, 0])
    found = survey(write_extxyz(tmp_path / "drift.xyz", moves + drift), frame_interval_fs=INTERVAL_FS)
    assert moved(found) == pytest.approx(expected(moves), abs=2e-6)
    (notice,) = [one for one in found.notices if one.code == "small_drift"]
    assert notice.params["drift_angstrom"] == pytest.approx(63 * 0.02, rel=1e-5)


def test_temperature_is_that_of_the_velocities(tmp_path: Path) -> None:
    moves, speeds = motion(), velocities()
    ours = survey(write_gpumd(tmp_path / "dump.xyz", moves, speeds)).facts["mean_temperature_k"]
    lammps_typed: dict[str, Any] = {"species": TYPES, "time_step_fs": 1.0}
    metal = survey(write_lammps(tmp_path / "run.dump", moves, speeds=speeds), **lammps_typed)
    kinetic = []
    for speed in speeds:
        atoms = Atoms(SYMBOLS, SITES, velocities=(speed - MASSES @ speed / MASSES.sum()) / units.fs)
        kinetic.append(atoms.get_kinetic_energy())
    assert ours == pytest.approx(2 * np.mean(kinetic) / (3 * 3 * units.kB), rel=1e-5)
    assert metal.facts["mean_temperature_k"] == pytest.approx(ours, rel=1e-5)


def test_statements_select_frames(tmp_path: Path) -> None:
    path = write_lammps(tmp_path / "run.dump", motion(200))
    typed: dict[str, Any] = {"species": TYPES, "time_step_fs": 1.0}
    found = survey(path, first_frame=11, last_frame=110, every=3, **typed)
    assert found.facts["n_frames"] == 34
    assert found.facts["frame_interval_fs"] == pytest.approx(15)
    # 20 % more than the file: told, and used
    stated = survey(path, frame_interval_fs=6.0, **typed)
    assert stated.facts["frame_interval_fs"] == 6.0
    assert "frame_interval_differs" in [one.code for one in stated.notices]


def test_frames_that_a_restart_repeats_count_once(tmp_path: Path) -> None:
    text = write_lammps(tmp_path / "run.dump", motion(64)).read_text()
    parts = text.split("ITEM: TIMESTEP\n")[1:]
    (tmp_path / "restart.dump").write_text("".join("ITEM: TIMESTEP\n" + one for one in (*parts[:30], *parts[29:])))
    found = survey(tmp_path / "restart.dump", species=TYPES, time_step_fs=1.0)
    assert found.facts["n_frames"] == 64


def test_isotopes_are_stated(tmp_path: Path) -> None:
    path = write_lammps(tmp_path / "run.dump", motion())
    found = survey(path, species={"1": "Na", "2": "37Cl"}, time_step_fs=1.0)
    assert found.facts["species"] == {"Na": 2, "37Cl": 2}
    assert found.unit_cell.masses[1] == pytest.approx(36.966, abs=1e-3)
    assert refusal(path, species={"1": "Na", "2": "90Cl"}, time_step_fs=1.0)[0] == "unknown_nucleus"


def test_what_is_missing_is_asked(tmp_path: Path) -> None:
    dump = write_lammps(tmp_path / "run.dump", motion())
    assert needed(dump) == ["species", "time_step_fs"]
    with pytest.raises(NeedsFields) as caught:
        survey(dump, time_step_fs=1.0)
    assert caught.value.needs[0].choices == {
        "1": {"n_atoms": 2, "mass_u": None},
        "2": {"n_atoms": 2, "mass_u": None},
    }
    assert needed(write_extxyz(tmp_path / "run.extxyz", motion())) == ["frame_interval_fs"]
    assert needed(_plain(tmp_path / "plain.xyz", motion())) == ["cell_angstrom", "frame_interval_fs"]
    assert needed(write_xdatcar(tmp_path / "XDATCAR", motion())) == ["frame_interval_fs"]


def test_a_cut_file_is_used_to_its_last_whole_frame(tmp_path: Path) -> None:
    for path, typed in (
        (write_extxyz(tmp_path / "run.extxyz", motion()), {"frame_interval_fs": 5.0}),
        (write_lammps(tmp_path / "run.dump", motion()), {"species": TYPES, "time_step_fs": 1.0}),
        (write_xdatcar(tmp_path / "XDATCAR", motion()), {"frame_interval_fs": 5.0}),
    ):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) - 70])
        found = survey(path, **typed)
        assert found.facts["n_frames"] == 63
        assert "cut_trajectory" in [one.code for one in found.notices]


@pytest.mark.parametrize(("lost", "n_frames"), [(0, 64), (1, 64), (2, 63), (6, 63)])
def test_a_last_number_without_its_digits_is_cut(tmp_path: Path, lost: int, n_frames: int) -> None:
    path = write_extxyz(tmp_path / "run.extxyz", motion())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - lost])
    assert survey(path, frame_interval_fs=INTERVAL_FS).facts["n_frames"] == n_frames


def test_trajectories_that_cannot_be_analysed(tmp_path: Path) -> None:
    interval: dict[str, Any] = {"frame_interval_fs": INTERVAL_FS}
    assert refusal(write_extxyz(tmp_path / "one.xyz", motion(1)), **interval)[0] == "one_frame"
    code, params = refusal(write_extxyz(tmp_path / "few.xyz", motion(12)), **interval)
    assert (code, params["n_frames"]) == ("too_few_frames", 12)
    sparse = write_extxyz(tmp_path / "sparse.xyz", motion(400, interval_fs=130.0))
    assert refusal(sparse, frame_interval_fs=130.0)[0] == "frames_too_sparse"
    dense = write_extxyz(tmp_path / "dense.xyz", motion(400, interval_fs=50.0))
    assert survey(dense, frame_interval_fs=50.0).facts["n_frames"] == 400

    growing = frames(motion())
    for number, one in enumerate(growing):
        one.set_cell(CELL * (1 + 0.001 * number), scale_atoms=True)
    ase_write(tmp_path / "growing.xyz", growing, format="extxyz")
    code, params = refusal(tmp_path / "growing.xyz", **interval)
    assert code == "cell_varies"
    assert params["percent"] == pytest.approx(3.05, abs=0.1)


def test_atoms_that_change(tmp_path: Path) -> None:
    made = frames(motion())
    del made[40][3]
    ase_write(tmp_path / "fewer.xyz", made, format="extxyz")
    code, params = refusal(tmp_path / "fewer.xyz", frame_interval_fs=INTERVAL_FS)
    assert (code, params["frame"], params["n_found"]) == ("atoms_change", 41, 3)
    made = frames(motion())
    made[50] = made[50][[1, 0, 2, 3]]
    ase_write(tmp_path / "swapped.xyz", made, format="extxyz")
    assert refusal(tmp_path / "swapped.xyz", frame_interval_fs=INTERVAL_FS)[0] == "atoms_change"


def test_unequal_intervals(tmp_path: Path) -> None:
    text = write_lammps(tmp_path / "run.dump", motion(64)).read_text()
    (tmp_path / "uneven.dump").write_text(text.replace("ITEM: TIMESTEP\n1200\n", "ITEM: TIMESTEP\n1203\n"))
    code, params = refusal(tmp_path / "uneven.dump", species=TYPES, time_step_fs=1.0)
    assert (code, params) == ("frames_uneven", {"shortest_fs": 2.0, "longest_fs": 8.0})


def test_sizes_are_refused_by_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = write_lammps(tmp_path / "run.dump", motion()).read_text()
    (tmp_path / "atoms.dump").write_text(text.replace("ATOMS\n4\n", "ATOMS\n4000000000\n", 1))
    code, params = refusal(tmp_path / "atoms.dump", species=TYPES, time_step_fs=1.0)
    assert (code, params["quantity"]) == ("too_large", "trajectory_atoms")
    monkeypatch.setattr(trajectory_frames, "MAX_ATOM_FRAMES", 4 * 50)
    long = write_lammps(tmp_path / "long.dump", motion())
    code, params = refusal(long, species=TYPES, time_step_fs=1.0)
    assert (code, params["quantity"]) == ("too_large", "atom_frames")
    assert params["n_found"] == pytest.approx(4 * 64, rel=0.1)
    header = write_xdatcar(tmp_path / "XDATCAR", motion()).read_text().replace(" 2 2\n", " 2 999999999\n")
    (tmp_path / "XDATCAR").write_text(header)
    assert refusal(tmp_path / "XDATCAR", frame_interval_fs=1.0)[0] == "too_large"


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "******", "0.1d"])
def test_values_that_are_not_numbers(tmp_path: Path, value: str) -> None:
    path = write_extxyz(tmp_path / "run.xyz", motion())
    lines = path.read_text().splitlines()
    lines[20] = f"Na 0.1 {value} 0.2"
    path.write_text("\n".join(lines) + "\n")
    assert refusal(path, frame_interval_fs=INTERVAL_FS)[0] == "incomplete_file"


def test_formats_are_recognised_by_content(tmp_path: Path) -> None:
    made = {
        "extxyz": write_extxyz(tmp_path / "a", motion()),
        "gpumd-xyz": write_gpumd(tmp_path / "b", motion(), velocities()),
        "lammps-dump": write_lammps(tmp_path / "c", motion()),
        "xdatcar": write_xdatcar(tmp_path / "d", motion()),
        "xyz": _plain(tmp_path / "e", motion()),
    }
    assert {name: format_of(path) for name, path in made.items()} == {name: name for name in made}
    assert refusal(made["extxyz"], format="xdatcar")[0] == "incomplete_file"
