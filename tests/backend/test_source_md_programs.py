"""Trajectories of CASTEP, DL_POLY and CP2K: the same motion in each, what ASE reads, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.io import read as ase_read
from ase.io.dlp4 import read_dlp_history

from backend.sources.formats.reading import NeedsFields, Refused, UploadedFile
from backend.sources.formats.trajectories import castep_md, dlpoly, frames
from backend.sources.formats.trajectories.frames import Cut, Lines, text_frames

from .trajectory_files import (
    CELL,
    MASSES,
    SITES,
    SYMBOLS,
    motion,
    velocities,
    write_castep,
    write_cp2k,
    write_dlpoly,
)
from .trajectory_reading import Paths, expected, format_of, moved, needed, refusal, survey


def temperature(speeds: np.ndarray) -> float:
    """Return the temperature of velocities by ASE."""
    kinetic = []
    for speed in speeds:
        atoms = Atoms(SYMBOLS, SITES, velocities=(speed - MASSES @ speed / MASSES.sum()) / units.fs)
        kinetic.append(atoms.get_kinetic_energy())
    return float(2 * np.mean(kinetic) / (3 * 3 * units.kB))


def test_the_same_motion_in_each_format(tmp_path: Path) -> None:
    moves, speeds = motion(), velocities()
    made: dict[str, Paths] = {
        "castep-md": write_castep(tmp_path / "a", moves, speeds),
        "dlpoly-history": write_dlpoly(tmp_path / "b", moves, speeds=speeds, with_forces=True),
        "cp2k-xyz": write_cp2k(tmp_path / "c", moves, speeds),
    }
    for name, paths in made.items():
        assert format_of(paths) == name
        reading = survey(paths)
        assert moved(reading) == pytest.approx(expected(moves), abs=2e-6), name
        assert reading.facts["frame_interval_fs"] == pytest.approx(5.0, rel=1e-6)
        assert reading.facts["species"] == {"Na": 2, "Cl": 2}
        assert reading.facts["mean_temperature_k"] == pytest.approx(temperature(speeds), rel=1e-4)
        assert [one.code for one in reading.notices] == ["short_trajectory"]
        assert reading.unit_cell.cell == pytest.approx(CELL, abs=1e-8)


def test_castep_as_ase_reads_it(tmp_path: Path) -> None:
    path = write_castep(tmp_path / "salt.md", motion(8), velocities(8))
    ours = list(text_frames(UploadedFile(path.name, path), castep_md.read_frames))
    theirs = ase_read(path, index=":", format="castep-md")
    assert len(ours) == len(theirs) == 8
    for one, other in zip(ours, theirs, strict=True):
        assert one.positions == pytest.approx(other.positions, abs=1e-7)
        assert one.cell == pytest.approx(other.cell.array, abs=1e-7)
        assert one.velocities == pytest.approx(other.get_velocities() * units.fs, rel=1e-6)
        assert one.time_fs == pytest.approx(other.info["time"] / units.fs, rel=1e-6)


def test_dlpoly_as_ase_reads_it(tmp_path: Path) -> None:
    path = write_dlpoly(tmp_path / "HISTORY", motion(6), speeds=velocities(6))
    ours = list(text_frames(UploadedFile(path.name, path), dlpoly.read_frames))
    theirs = read_dlp_history(path)
    rows = [line.split() for line in path.read_text().splitlines() if line.startswith(("Na", "Cl"))]
    assert len(ours) == len(theirs) == 6
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        # ASE has the order of the file
        order = np.argsort([int(row[1]) for row in rows[4 * number : 4 * number + 4]])
        assert one.positions == pytest.approx(other.positions[order], abs=1e-9)
        # ASE 3.29 takes Å/ps as if they were atomic units of velocity
        speeds = other.get_velocities()[order] * castep_md.SPEED
        assert one.velocities == pytest.approx(speeds, rel=1e-4, abs=1e-9)
        assert one.cell == pytest.approx(other.cell.array, abs=1e-9)
        assert one.labels.tolist() == [b"Na", b"Cl", b"Na", b"Cl"]
        assert one.masses == pytest.approx(MASSES, abs=1e-6)


@pytest.mark.parametrize(("speeds", "with_forces"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("with_cell", [True, False])
def test_all_levels_of_a_history(tmp_path: Path, speeds: bool, with_forces: bool, with_cell: bool) -> None:
    moves = motion()
    path = write_dlpoly(
        tmp_path / "HISTORY",
        moves,
        speeds=velocities() if speeds else None,
        with_forces=with_forces,
        with_cell=with_cell,
    )
    stated: dict[str, Any] = {}
    if not with_cell:
        assert needed(path) == ["cell_angstrom"]
        stated = {"cell_angstrom": CELL.tolist()}
    found = survey(path, **stated)
    assert moved(found) == pytest.approx(expected(moves), abs=2e-6)
    assert found.facts["has_velocities"] == speeds


def test_names_of_a_force_field_prove_no_element(tmp_path: Path) -> None:
    names, masses = ["CA", "OW", "CA", "OW"], [12.011, 15.9994, 12.011, 15.9994]
    path = write_dlpoly(tmp_path / "HISTORY", motion(), names=names, masses=masses)
    with pytest.raises(NeedsFields) as caught:
        survey(path)
    (need,) = caught.value.needs
    assert need.choices == {
        "CA": {"n_atoms": 2, "mass_u": 12.011, "suggested": "C"},
        "OW": {"n_atoms": 2, "mass_u": 15.9994, "suggested": "O"},
    }
    found = survey(path, species={"CA": "C", "OW": "O"})
    assert found.facts["species"] == {"C": 2, "O": 2}
    # Name and mass agree: calcium
    proven = write_dlpoly(tmp_path / "HISTORY-2", motion(), names=names, masses=[40.078, 15.9994, 40.078, 15.9994])
    assert needed(proven) == ["species"]
    assert survey(proven, species={"OW": "O"}).facts["species"] == {"Ca": 2, "O": 2}


def test_sites_that_are_no_atoms_are_left_out(tmp_path: Path) -> None:
    names, masses = ["Na", "Cl", "Na", "Cl_s"], [22.98976928, 35.45, 22.98976928, 0.2]
    found = survey(write_dlpoly(tmp_path / "HISTORY", motion(), names=names, masses=masses))
    assert found.facts["species"] == {"Na": 2, "Cl": 1}
    assert found.trajectory is not None
    assert found.trajectory.displacements.shape[0] == 3
    (notice,) = [one for one in found.notices if one.code == "sites_left_out"]
    assert notice.params == {"types": ["Cl_s"], "n_sites": 1}
    stated = survey(write_dlpoly(tmp_path / "b", motion()), species={"Cl": "X"})
    assert stated.facts["species"] == {"Na": 2}


def test_isotopes_and_other_masses(tmp_path: Path) -> None:
    names = ["H", "Cl", "H", "Cl"]
    deuterated = write_dlpoly(tmp_path / "a", motion(), names=names, masses=[2.014, 35.45, 2.014, 35.45])
    assert survey(deuterated).facts["species"] == {"2H": 2, "Cl": 2}
    heavy = write_dlpoly(tmp_path / "b", motion(), names=names, masses=[3.024, 35.45, 3.024, 35.45])
    found = survey(heavy, species={"H": "H"})
    (notice,) = [one for one in found.notices if one.code == "other_masses"]
    assert notice.params == {"masses": ["H 3.024 u"]}
    united = write_dlpoly(
        tmp_path / "c", motion(), names=["CH2", "C", "CH2", "C"], masses=[14.027, 12.011, 14.027, 12.011]
    )
    assert refusal(united, species={"CH2": "C"}) == ("united_atoms", {"types": ["CH2 (CH2)"]})


def test_rigid_bonds_are_told(tmp_path: Path) -> None:
    # Each Cl follows the first Na, at the distance of a bond
    moves = motion()
    moves[:, 1] = moves[:, 0] + SITES[0] - SITES[1] + [2.4, 0, 0]
    found = survey(write_dlpoly(tmp_path / "HISTORY", moves))
    (notice,) = [one for one in found.notices if one.code == "rigid_bonds"]
    assert notice.params == {"species": ["Cl", "Na"]}


def test_cp2k_needs_a_cell_and_the_same_steps(tmp_path: Path) -> None:
    positions, speeds, cells = write_cp2k(tmp_path, motion(), velocities())
    assert needed(positions) == ["cell_angstrom"]
    assert needed([positions, speeds]) == ["cell_angstrom"]
    assert survey(positions, cell_angstrom=CELL.tolist()).facts["has_velocities"] is False
    assert refusal(speeds)[0] == "unknown_format"
    assert refusal([cells])[1]["looks_like"] == "cp2k_cell"
    forces = tmp_path / "salt-frc-1.xyz"
    forces.write_text(positions.read_text())
    assert refusal([forces])[1]["looks_like"] == "cp2k_forces"
    other = tmp_path / "other-vel-1.xyz"
    other.write_text(speeds.read_text().replace("i =       40,", "i =       41,"))
    code, params = refusal([positions, other, cells])
    assert (code, params["quantity"]) == ("does_not_fit", "steps")


def test_cells_of_cp2k_at_other_steps(tmp_path: Path) -> None:
    positions, _, cells = write_cp2k(tmp_path, motion(), velocities())
    lines = cells.read_text().splitlines(keepends=True)
    cells.write_text("".join(lines[:1] + lines[1::7]))
    assert survey([positions, cells]).unit_cell.cell == pytest.approx(CELL, abs=1e-8)
    changed = [line.replace("6.2000000000", f"6.2{number:03d}000000") for number, line in enumerate(lines[1::7])]
    cells.write_text("".join([lines[0], *changed]))
    assert refusal([positions, cells])[0] == "does_not_fit"


def test_frames_that_cp2k_repeats_after_a_restart(tmp_path: Path) -> None:
    positions, *_ = write_cp2k(tmp_path, motion(), velocities())
    lines = positions.read_text().splitlines(keepends=True)
    positions.write_text("".join(lines[: 6 * 30] + lines[6 * 29 :]))
    found = survey(positions, cell_angstrom=CELL.tolist())
    assert (found.facts["n_frames"], found.facts["frame_interval_fs"]) == (64, pytest.approx(5.0))


@pytest.mark.parametrize("program", ["castep", "dlpoly", "cp2k"])
def test_files_cut_anywhere(tmp_path: Path, program: str) -> None:
    """A cut file gives its whole frames, or is refused: never another error, and never a frame of wrong numbers."""
    moves, speeds = motion(40), velocities(40)
    written: dict[str, Any] = {
        "castep": lambda: write_castep(tmp_path / "a.md", moves, speeds),
        "dlpoly": lambda: write_dlpoly(tmp_path / "HISTORY", moves, speeds=speeds),
        "cp2k": lambda: write_cp2k(tmp_path, moves, speeds)[0],
    }
    path = written[program]()
    content = path.read_bytes()
    stated = {"cell_angstrom": CELL.tolist()} if program == "cp2k" else {}
    ends = [*range(len(content) - 1300, len(content) - 1, 7), *range(0, 400, 13)]
    for end in ends:
        path.write_bytes(content[:end])
        if end < len(content) // 2:
            assert refusal(path, **stated)[0] in {"unknown_format", "incomplete_file", "one_frame", "too_few_frames"}
            continue
        found = survey(path, **stated)
        whole = found.facts["n_frames"]
        assert 34 < whole <= 40
        assert moved(found) == pytest.approx(expected(moves[:whole]), abs=2e-6), end
        assert "cut_trajectory" in [one.code for one in found.notices] or whole == 40 or end < len(content)


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "********", "0.1d"])
def test_values_that_are_not_numbers(tmp_path: Path, value: str) -> None:
    castep = write_castep(tmp_path / "a.md", motion(), velocities())
    history = write_dlpoly(tmp_path / "HISTORY", motion())
    positions, _, cells = write_cp2k(tmp_path, motion(), velocities())
    for path, line in ((castep, 60), (history, 31), (positions, 33), (cells, 12)):
        lines = path.read_text().splitlines()
        words = lines[line].split()
        where = 3 if path == castep else -2
        words[where] = value
        lines[line] = " ".join(words)
        path.write_text("\n".join(lines) + "\n")
        paths = [positions, cells] if path == cells else [path]
        assert refusal(paths, cell_angstrom=CELL.tolist())[0] == "incomplete_file", path
        if path == positions:
            write_cp2k(tmp_path, motion(), velocities())


def test_sizes_are_refused_by_the_header(tmp_path: Path) -> None:
    path = write_dlpoly(tmp_path / "HISTORY", motion(2))
    path.write_text(path.read_text().replace("         3         4 ", "         3 4000000000 "))
    assert refusal(path) == ("too_large", {"quantity": "trajectory_atoms", "n_found": 4 * 10**9, "maximum": 20_000})
    positions, *_ = write_cp2k(tmp_path, motion(2), velocities(2))
    positions.write_text(positions.read_text().replace("       4\n", "4000000000\n"))
    assert refusal(positions)[0] == "too_large"


def test_a_geometry_optimisation_is_no_trajectory(tmp_path: Path) -> None:
    path = write_castep(tmp_path / "a.geom", motion(), velocities())
    lines = [line for line in path.read_text().splitlines() if not line.endswith("<-- V")]
    path.write_text("\n".join(lines) + "\n")
    assert refusal(path)[0] == "incomplete_file"


@pytest.mark.parametrize("n_bytes", [1, 7, 4096])
def test_paragraphs_end_at_a_blank_line(tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / "text"
    content = b"a 1\nbb\n \t\r\n\nccc 2 3\n" + b"d 4\n" * 3000 + b"\n  \ne 5"
    path.write_bytes(content)
    with path.open("rb") as stream:
        lines = Lines(UploadedFile("text", path), stream)
        lines._paragraph_bytes = n_bytes
        first, has_end = lines.paragraph()
        assert (first.counts.tolist(), first.last(1).tolist(), first.last(2).tolist(), has_end) == (
            [2, 1],
            [b"1", b"bb"],
            [b"a", b""],
            True,
        )
        empty, has_end = lines.paragraph()
        assert (len(empty.counts), has_end, lines.number) == (0, True, 4)
        long, has_end = lines.paragraph()
        assert (len(long.counts), long.last(1)[-1], has_end, lines.number) == (3001, b"4", True, 3006)
        assert lines.read() == b"  "
        lines.unread()
        assert lines.filled() == b"e 5"
        lines.unread()
        last, has_end = lines.paragraph()
        assert (last.last(2).tolist(), has_end) == ([b"e"], False)
        with pytest.raises(Cut):
            lines.check_end()


def test_a_paragraph_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text"
    monkeypatch.setattr(frames, "MAX_PARAGRAPH_BYTES", 20_000)
    for content in (b"1 2\n" * 10_000, b"1 " * 5_000 + b"\n\n"):
        path.write_bytes(content)
        with path.open("rb") as stream, pytest.raises(Refused):
            Lines(UploadedFile("text", path), stream).paragraph()
