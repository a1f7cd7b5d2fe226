"""Trajectories with a topology beside them: the same motion in each format by other writers, and what is refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.kit.files.unreadable import Unreadable
from backend.sources.formats import recognise
from backend.sources.formats.reading import NeedsFields
from backend.sources.formats.trajectories.survey import TrajectoryReading

from .conftest import Client
from .topology_files import (
    BOX,
    N_ATOMS,
    NAMES,
    moves_of,
    write_by_mdanalysis,
    write_gro,
    write_lammps_data,
    write_mdcrd,
    write_pdb,
    write_prmtop,
    write_psf,
)
from .trajectory_files import motion, write_extxyz
from .trajectory_reading import format_of, needed, refusal, survey, uploaded

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
TYPES = {"Na": "Na", "Cl": "Cl"}
INTERVAL: dict[str, Any] = {"frame_interval_fs": 5.0}
FILES: dict[str, tuple[str, dict[str, Any], float]] = {
    "xtc": ("run.xtc", {}, 0.009),
    "trr": ("run.trr", {}, 2e-6),
    "dcd": ("run.dcd", INTERVAL, 2e-6),
    "amber-netcdf": ("run.ncdf", {}, 2e-6),
}
"""Format → name, necessary statements, and the precision of positions in Å."""


def motion_in(reading: TrajectoryReading) -> np.ndarray:
    """Return displacements from their mean, in the frame of the box, shape (n_frames, n_atoms, 3)."""
    assert reading.trajectory is not None
    found = np.moveaxis(reading.trajectory.displacements.astype(float), 2, 0)
    return np.asarray(found - found.mean(axis=0))


def expected(n_frames: int = 64) -> np.ndarray:
    moves = moves_of(n_frames)
    return np.asarray(moves - moves.mean(axis=0))


@pytest.mark.parametrize("name", FILES)
def test_the_same_motion_in_each_format(tmp_path: Path, name: str) -> None:
    file_name, stated, precision = FILES[name]
    options = {"velocities": True} if name == "amber-netcdf" else {}
    paths = [write_by_mdanalysis(tmp_path / file_name, **options), write_pdb(tmp_path / "salt.pdb")]
    assert format_of(paths) == format_of(paths[::-1]) == name
    reading = survey(paths, **stated)
    difference = motion_in(reading) - expected()
    # MDAnalysis writes 32-bit numbers of up to 2 nm
    assert np.abs(difference).max() < precision + 2e-6
    assert reading.facts["frame_interval_fs"] == pytest.approx(5.0, rel=1e-4)
    assert reading.facts["species"] == {"Na": 6, "Cl": 6}
    assert np.linalg.norm(reading.unit_cell.cell, axis=1) == pytest.approx(np.linalg.norm(BOX, axis=1), abs=1e-4)
    assert reading.facts["has_velocities"] == (name in {"trr", "amber-netcdf"})
    assert {one.code for one in reading.notices} <= {"short_trajectory", "rounded_positions"}


def test_temperatures_agree(tmp_path: Path) -> None:
    topology = write_pdb(tmp_path / "salt.pdb")
    trr = survey([write_by_mdanalysis(tmp_path / "run.trr"), topology])
    netcdf = survey([write_by_mdanalysis(tmp_path / "run.ncdf", velocities=True), topology])
    assert trr.facts["mean_temperature_k"] == pytest.approx(netcdf.facts["mean_temperature_k"], rel=1e-4)


@pytest.mark.parametrize(
    ("write", "name", "asked"),
    [
        (write_gro, "a.gro", ["Na", "Cl"]),
        (write_psf, "a.psf", ["SOD", "CLA"]),
        (write_lammps_data, "data.salt", ["1", "2"]),
        (write_prmtop, "a.prmtop", []),
        (write_pdb, "a.pdb", []),
    ],
)
def test_each_topology(tmp_path: Path, write: Callable[[Path], Path], name: str, asked: list[str]) -> None:
    paths = [write_by_mdanalysis(tmp_path / "run.trr"), write(tmp_path / name)]
    stated: dict[str, Any] = {}
    if asked:
        with pytest.raises(NeedsFields) as caught:
            survey(paths)
        (need,) = caught.value.needs
        assert [(key, one["n_atoms"], one["suggested"]) for key, one in need.choices.items()] == [
            (asked[0], 6, "Na"),
            (asked[1], 6, "Cl"),
        ]
        stated = {"species": dict(zip(asked, ["Na", "Cl"], strict=True))}
    reading = survey(paths, **stated)
    assert reading.unit_cell.symbols == tuple(NAMES)
    assert motion_in(reading) == pytest.approx(expected(), abs=4e-6)


@pytest.mark.parametrize("style", ["full", "charge", "molecular", "atomic"])
@pytest.mark.parametrize("is_named", [True, False])
def test_styles_of_lammps(tmp_path: Path, style: str, is_named: bool) -> None:
    data = write_lammps_data(tmp_path / "data.salt", style)
    if not is_named:
        data.write_text(data.read_text().replace(f" # {style}", ""))
    reading = survey([write_by_mdanalysis(tmp_path / "run.trr"), data], species={"1": "Na", "2": "Cl"})
    assert reading.unit_cell.symbols == tuple(NAMES)


def test_xyz_names_the_atoms_of_a_dcd(tmp_path: Path) -> None:
    xyz = tmp_path / "salt.xyz"
    xyz.write_text(f"{N_ATOMS}\nsalt\n" + "".join(f"{name} {number}.0 0 0\n" for number, name in enumerate(NAMES)))
    reading = survey([write_by_mdanalysis(tmp_path / "run.dcd"), xyz], **INTERVAL)
    assert reading.unit_cell.symbols == tuple(NAMES)


def test_an_mdcrd(tmp_path: Path) -> None:
    paths = [write_mdcrd(tmp_path / "run.mdcrd"), write_prmtop(tmp_path / "salt.prmtop")]
    assert format_of(paths) == "amber-mdcrd"
    assert needed(paths) == ["frame_interval_fs"]
    reading = survey(paths, **INTERVAL)
    assert np.linalg.norm(reading.unit_cell.cell, axis=1) == pytest.approx(np.linalg.norm(BOX, axis=1), abs=1e-3)
    unboxed = [write_mdcrd(tmp_path / "b.mdcrd", with_box=False), paths[1]]
    assert needed(unboxed) == ["cell_angstrom", "frame_interval_fs"]
    found = survey(unboxed, cell_angstrom=BOX.tolist(), **INTERVAL)
    assert np.abs(motion_in(found) - expected()).max() < 2e-3
    # Lengths alone are no cell
    assert needed([paths[0], write_pdb(tmp_path / "salt.pdb")]) == ["cell_angstrom", "frame_interval_fs"]


def test_virtual_sites_and_masses_of_a_prmtop(tmp_path: Path) -> None:
    trajectory = write_by_mdanalysis(tmp_path / "run.trr")
    numbers, masses = [11, 17, 11, 0] * 3, np.array([22.98976928, 35.45, 22.98976928, 0.0] * 3)
    found = survey([trajectory, write_prmtop(tmp_path / "a.prmtop", numbers=numbers, masses=masses)])
    assert found.facts["species"] == {"Na": 6, "Cl": 3}
    (notice,) = [one for one in found.notices if one.code == "sites_left_out"]
    assert notice.params == {"types": ["name Cl+"], "n_sites": 3}
    numbers, masses = [6, 17, 6, 17] * 3, np.array([15.035, 35.45, 15.035, 35.45] * 3)
    united = write_prmtop(tmp_path / "b.prmtop", numbers=numbers, masses=masses)
    assert refusal([trajectory, united]) == ("united_atoms", {"types": ["C (CH3)"]})


def test_names_of_sites_are_offered_as_no_atoms(tmp_path: Path) -> None:
    names = ["OW", "HW1", "HW2", "MW"] * 3
    paths = [write_by_mdanalysis(tmp_path / "run.trr"), write_gro(tmp_path / "water.gro", names)]
    with pytest.raises(NeedsFields) as caught:
        survey(paths)
    suggested = {key: one["suggested"] for key, one in caught.value.needs[0].choices.items()}
    assert suggested == {"OW": "O", "HW1": "H", "HW2": "H", "MW": "X"}
    reading = survey(paths, species=suggested)
    assert reading.facts["species"] == {"O": 3, "H": 6}


def test_rounding_of_an_xtc_is_told_where_it_matters(tmp_path: Path) -> None:
    """The motion has energies up to 28 meV; rounding to 0.01 Å is all that there is above."""
    topology = write_pdb(tmp_path / "salt.pdb")
    reading = survey([write_by_mdanalysis(tmp_path / "run.xtc", n_frames=600), topology])
    (notice,) = [one for one in reading.notices if one.code == "rounded_positions"]
    assert notice.params["rounding_angstrom"] == pytest.approx(0.01)
    assert 20 < notice.params["above_mev"] < 60
    fine = survey([write_by_mdanalysis(tmp_path / "fine.xtc", n_frames=600, precision=6), topology])
    rounding = [one.params["rounding_angstrom"] for one in fine.notices if one.code == "rounded_positions"]
    assert rounding in ([], [pytest.approx(1e-5)])
    assert np.abs(motion_in(fine) - expected(600)).max() < 2e-5


def test_a_trajectory_needs_a_topology_of_as_many_atoms(tmp_path: Path) -> None:
    for name, (file_name, _, _) in FILES.items():
        path = write_by_mdanalysis(tmp_path / file_name, n_frames=2)
        assert refusal(path) == ("incomplete_file", {"file": file_name, "missing": "topology"})
        other = write_gro(tmp_path / "other.gro")
        lines = other.read_text().splitlines()
        other.write_text("\n".join([lines[0], "11", *lines[2:13], lines[-1]]) + "\n")
        code, params = refusal([path, other])
        assert (code, params["quantity"]) == ("does_not_fit", "topology_atoms"), name
        assert (params["n_found"], params["n_expected"]) == (12, 11)
    assert refusal(write_gro(tmp_path / "a.gro"))[1]["looks_like"] == "gro"


@pytest.mark.parametrize("name", FILES)
def test_files_cut_anywhere(tmp_path: Path, name: str) -> None:
    """A cut file gives its whole frames, or is refused: never another error, and never a frame of wrong numbers."""
    file_name, stated, precision = FILES[name]
    path, topology = write_by_mdanalysis(tmp_path / file_name, n_frames=40), write_pdb(tmp_path / "salt.pdb")
    content = path.read_bytes()
    frame = len(write_by_mdanalysis(tmp_path / f"longer-{file_name}", n_frames=41).read_bytes()) - len(content)
    for end in [*range(len(content) - 2 * frame, len(content), 7), *range(1, frame + 200, 11)]:
        path.write_bytes(content[:end])
        if name == "amber-netcdf" or end < len(content) // 2:
            codes = {"unknown_format", "incomplete_file", "one_frame", "too_few_frames"}
            assert refusal([path, topology], **stated)[0] in codes, end
            continue
        found = survey([path, topology], **stated)
        n_frames = found.facts["n_frames"]
        assert 37 <= n_frames <= 39
        assert np.abs(motion_in(found) - expected(n_frames)).max() < precision + 2e-6
        was_cut = "cut_trajectory" in [one.code for one in found.notices]
        # The header of a DCD has the number of frames; frames of XTC differ in size
        assert was_cut or (name == "trr" and (len(content) - end) % frame == 0) or name == "xtc"


def test_sizes_are_refused_by_headers(tmp_path: Path) -> None:
    topology = write_pdb(tmp_path / "salt.pdb")
    huge = 2_000_000_000
    for file_name, places in (("run.xtc", (4, 52)), ("run.trr", (64,)), ("run.dcd", None)):
        path = write_by_mdanalysis(tmp_path / file_name, n_frames=2)
        content = bytearray(path.read_bytes())
        if places is None:
            mark = content.index(struct.pack("<3i", 4, N_ATOMS, 4))
            content[mark + 4 : mark + 8] = struct.pack("<i", huge)
        else:
            for place in places:
                assert struct.unpack(">i", content[place : place + 4]) == (N_ATOMS,)
                content[place : place + 4] = struct.pack(">i", huge)
        path.write_bytes(content)
        code, params = refusal([path, topology], **INTERVAL)
        assert (code, params["n_found"]) == ("too_large", huge), file_name
    trajectory = write_by_mdanalysis(tmp_path / "run.xtc", n_frames=2)
    for write, name, old, new in (
        (write_gro, "a.gro", "   12\n", "4000000000\n"),
        (write_psf, "a.psf", "      12 !NATOM", "4000000000 !NATOM"),
        (write_lammps_data, "data.a", "12 atoms", "4000000000 atoms"),
        (write_prmtop, "a.prmtop", "      12       2", "99999999       2"),
    ):
        path = write(tmp_path / name)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        assert refusal([trajectory, path])[0] == "too_large", name


@pytest.mark.parametrize("name", ["trr", "dcd", "amber-netcdf"])
def test_numbers_that_are_not_finite(tmp_path: Path, name: str) -> None:
    file_name, stated, _ = FILES[name]
    path, topology = write_by_mdanalysis(tmp_path / file_name), write_pdb(tmp_path / "salt.pdb")
    content = bytearray(path.read_bytes())
    content[-100:-96] = struct.pack("<f" if name == "dcd" else ">f", float("nan"))
    path.write_bytes(content)
    assert refusal([path, topology], **stated)[0] == "incomplete_file"


@pytest.mark.parametrize("name", FILES)
def test_damaged_bytes_are_refused_or_read(tmp_path: Path, name: str) -> None:
    """Any byte may be wrong: the answer is a reading or a refusal, and no other error."""
    file_name, stated, _ = FILES[name]
    path, topology = write_by_mdanalysis(tmp_path / file_name, n_frames=34), write_pdb(tmp_path / "salt.pdb")
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    # Packed numbers of XTC can crash the library that unpacks them: see the test in the sandbox
    ends = 56 if name == "xtc" else len(content)
    for place in [*range(0, min(ends, 200), 9), *rng.integers(0, ends, 20)]:
        damaged = bytearray(content)
        damaged[place] ^= 0x5A
        path.write_bytes(damaged)
        try:
            reading = recognise(uploaded([path, topology]), None).read(stated)
        except Unreadable:
            continue
        assert isinstance(reading, TrajectoryReading)


def test_packed_numbers_that_crash_their_library_end_a_child_only(client: Client, tmp_path: Path) -> None:
    path, topology = write_by_mdanalysis(tmp_path / "run.xtc", n_frames=34), write_pdb(tmp_path / "salt.pdb")
    content = path.read_bytes()
    for place, value in ((60, 0x7F), (72, 0x7F), (83, 0x40), (95, 0xFF)):
        damaged = bytearray(content)
        damaged[place] ^= value
        files = [("files", ("run.xtc", bytes(damaged))), ("files", ("salt.pdb", topology.read_bytes()))]
        answer = client.post("/sources/preview", files=files)
        assert answer.status_code in (200, 422), answer.text
    whole = [("files", ("run.xtc", content)), ("files", ("salt.pdb", topology.read_bytes()))]
    preview = client.post("/sources/preview", files=whole).json()
    assert (preview["format"], preview["trajectory"]["n_frames"]) == ("xtc", 34)


def test_velocities_alone_are_no_trajectory(tmp_path: Path) -> None:
    path = write_by_mdanalysis(tmp_path / "run.dcd", n_frames=2)
    content = bytearray(path.read_bytes())
    content[4:8] = b"VEL "
    path.write_bytes(content)
    code, params = refusal([path, write_pdb(tmp_path / "salt.pdb")])
    assert (code, params["looks_like"]) == ("unknown_format", "dcd_velocities")


def test_files_of_two_trajectories_do_not_fit(tmp_path: Path) -> None:
    paths = [write_by_mdanalysis(tmp_path / "run.dcd", n_frames=2), write_extxyz(tmp_path / "a.extxyz", motion(2))]
    code, params = refusal(paths)
    assert (code, params["quantity"]) == ("does_not_fit", "topology_atoms")
