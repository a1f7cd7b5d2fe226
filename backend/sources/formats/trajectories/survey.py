"""One pass through the frames of a trajectory: what they are, whether they can be analysed, and their displacements.

Positions are unwrapped by the minimum image from frame to frame, and the motion of the centre of mass is removed. The
memory is that of a frame, unless the displacements are kept. Ring polymers have a frame for each bead; what is said of
atoms is then said of their centroids.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from ase import units
from numpy.typing import NDArray

from backend.sources.formats.reading import (
    Need,
    NeedsFields,
    Program,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    incomplete,
)
from backend.sources.formats.trajectories.aliasing import StepSampler
from backend.sources.formats.trajectories.beads import BeadFrame, check_numbers, in_step
from backend.sources.formats.trajectories.bonds import BondSampler
from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator
from backend.sources.formats.trajectories.species import doubts_about_masses, missing_species, species_of
from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.notices import Notice
from scattering.core.trajectory import Trajectory, longest_window_ps
from scattering.crystal.unit_cell import find_unit_cell
from scattering.simulate.mobility import MIN_RELATIVE_DISPLACEMENT
from scattering.simulate.protocol import cell_heights, nyquist_energy

MIN_FRAMES: Final = 32
MAX_CELL_VARIATION: Final = 0.02
"""Largest change of a cell vector from its mean, relative to its length: a variable cell has no fixed wave vectors."""
SHORT_PS: Final = 4.0
"""Length of a trajectory below which lines are broader than 2 meV."""
LARGE_DRIFT_ANGSTROM: Final = 0.1
UNEVEN: Final = 0.01
"""Relative difference of intervals that are taken as equal."""
MAX_ROUNDED_ENERGY: Final = 0.95
"""Energy up to which motion outweighs the rounding of positions, relative to the largest that frames resolve."""
PLAUSIBLE_FS: Final = (0.05, 2000.0)
"""Intervals that a time without unit may mean."""
KINETIC_K: Final = units._amu * 1e10 / units._k
"""Temperature in K of m v² with m in u and v in Å/fs."""


@dataclass(frozen=True, eq=False)
class TrajectoryReading:
    """Result of a reader.

    Attributes
    ----------
    unit_cell
        Mean positions in the mean cell; the first frame if atoms leave their sites.
    facts
        As SourceTrajectoryOut has them.
    program
        The program that made the file.
    notices
        Doubts about the trajectory.
    trajectory
        The displacements, if they are kept; without frames if these went elsewhere.
    first
        Shape (n_beads × n_atoms, 3): positions of the first frame, bead by bead, in units of the cell vectors.
    """

    unit_cell: UnitCell
    facts: dict[str, Any]
    program: Program
    notices: list[Notice]
    trajectory: Trajectory | None
    first: NDArray[np.float64]


FrameSink = Callable[[NDArray[np.float32]], object]
"""Takes the displacements of each frame from the first one, as `first` of a reading, in units of the cell vectors."""


def survey(
    files: Sequence[UploadedFile],
    frames: Sequence[FrameIterator],
    statements: Statements,
    *,
    program: str = "",
    keep: bool | FrameSink = False,
) -> TrajectoryReading:
    """Read a trajectory.

    Parameters
    ----------
    files, frames
        The file with its frames; of ring polymers, those of each bead. Notices name the first file.
    statements
        What the user states about it.
    program
        The program that made it.
    keep
        Whether its displacements are kept in memory, or a function that takes them.

    Raises
    ------
    NeedsFields
        The file does not state everything.
    Refused
        The trajectory cannot be analysed.
    """
    file = files[0]
    with closing(in_step(files, frames)) as together:
        selected = _Selected(together, statements)
        head = list(islice(selected, 2))
        if len(head) < 2:
            raise _too_few(len(head))
        check_numbers(file, head[0], are_ring_polymers=statements.get("nuclei") == "ring_polymer")
        _check_needs(files, [beads[0] for beads in head], statements)
        run = _Run(file, statements, head[0], keep=keep)
        for beads in chain(head, selected):
            run.add(beads)
        return run.reading(program, was_cut=selected.was_cut)


def _check_needs(files: Sequence[UploadedFile], head: Sequence[Frame], statements: Statements) -> None:
    """Ask for what the first frames do not state."""
    file, several = files[0], len(files) > 1
    if several and statements.get("nuclei") == "classical":
        raise Refused(Notice("several_trajectories", {"n_files": len(files)}), "nuclei")
    needs = [missing_species(file, head[0], statements.get("species", {}))]
    if head[0].cell is None and "cell_angstrom" not in statements:
        needs.append(_need(file, "cell_angstrom"))
    if "frame_interval_fs" not in statements and _stamp(head[1], statements) is None:
        needs.append(_need(file, "frame_interval_fs" if head[1].step is None else "time_step_fs"))
    if several and "nuclei" not in statements and head[0].bead is None:
        needs.append(_need(file, "nuclei"))
    missing = [need for need in needs if need is not None]
    if missing:
        raise NeedsFields(*missing)


def _need(file: UploadedFile, field: str) -> Need:
    return Need(field, Notice("needs_field", {"field": field, "file": file.name}))


def _stamp(frame: Frame, statements: Statements) -> float | None:
    """Return the time of a frame in fs, if the file or the user states it."""
    if frame.step is not None and "time_step_fs" in statements:
        return frame.step * statements["time_step_fs"]
    return frame.time_fs


class _Selected:
    """The frames that the user selects, without those that a restart has written again."""

    def __init__(self, frames: Iterator[BeadFrame], statements: Statements) -> None:
        self.was_cut = False
        self._frames = self._select(frames, statements)

    def __iter__(self) -> Iterator[BeadFrame]:
        return self._frames

    def _select(self, frames: Iterator[BeadFrame], statements: Statements) -> Iterator[BeadFrame]:
        first, every = statements.get("first_frame", 1), statements.get("every", 1)
        last = statements.get("last_frame", sys.maxsize)
        number, step = 0, -1
        try:
            for beads in frames:
                this_step = beads[0].step
                if this_step is not None and this_step == step:
                    continue
                number, step = number + 1, -1 if this_step is None else this_step
                if number >= first and (number - first) % every == 0:
                    yield beads
                if number >= last:
                    return
        except Cut:
            self.was_cut = True


class _Run:
    """Sums over the frames of a run."""

    def __init__(self, file: UploadedFile, statements: Statements, beads: BeadFrame, *, keep: bool | FrameSink) -> None:
        self._file, self._statements, self._keep = file, statements, keep
        first, self._n_beads = beads[0], len(beads)
        stated = statements.get("nuclei", "classical")
        self._nuclei = "ring_polymer" if len(beads) > 1 or first.is_centroid else stated
        self._labels = first.labels
        species = species_of(first, statements.get("species", {}))
        self._doubts = doubts_about_masses(first, species)
        self._are_atoms, self._species = species.are_atoms, species.of_atoms()
        if not self._species.nuclei:
            raise incomplete(file, "there are no atoms")
        # Those of the simulation, if the file has them
        masses = None if first.masses is None else first.masses[self._are_atoms]
        self._masses = np.array(self._species.masses) if masses is None or masses.min() <= 0 else masses
        n_atoms = len(self._masses)
        self._cells, self._stamps = list[NDArray[np.float64]](), list[float | None]()
        nothing: NDArray[np.float64] = np.zeros((n_atoms, 3))
        self._sum = self._squares = nothing
        self._scaled = self._first = self._moved = np.zeros((self._n_beads, n_atoms, 3))
        self._drift: NDArray[np.float64] = np.zeros(3)
        self._rounding = 0.0
        self._sampler = StepSampler(self._species.nuclei)
        self._kinetic: list[float] | None = []
        self._kept = list[NDArray[np.float32]]()

    def add(self, beads: BeadFrame) -> None:
        """Add a frame.

        Raises
        ------
        Refused
            Its atoms are others, or their cell cannot be used.
        """
        frame = beads[0]
        if len(frame.labels) != len(self._labels) or (frame.labels != self._labels).any():
            raise self._other_atoms(frame)
        if not self._are_atoms.all():
            beads = tuple(one.of_atoms(self._are_atoms) for one in beads)
        cell = self._cell(frame)
        scaled = self._scaled_positions(beads, cell)
        if not self._cells:
            # A ring polymer is whole: its beads are near its first one
            scaled = scaled - np.rint(scaled - scaled[0])
            self._first = self._scaled = scaled
            self._bonds = BondSampler(self._species.nuclei, scaled[0], cell)
        self._bonds.add(scaled[0], cell)
        self._rounding = max(self._rounding, frame.rounding_angstrom)
        moves = scaled - self._scaled
        self._scaled = scaled
        # The minimum image of each move, without that of the centre of mass
        moves = moves - np.rint(moves)
        drift = self._masses @ _centroid(moves) / self._masses.sum()
        self._drift = np.asarray(self._drift + drift)
        moves = moves - drift
        self._moved = np.asarray(self._moved + moves)
        self._cells.append(cell)
        self._stamps.append(_stamp(frame, self._statements))
        if len(self._cells) > 1:
            self._sampler.add(_centroid(moves) @ cell)
        centroid = _centroid(self._moved)
        self._sum = self._sum + centroid
        self._squares = self._squares + centroid**2
        self._add_velocities(beads)
        if self._keep:
            kept = self._moved.astype(np.float32).reshape(-1, 3)
            (self._kept.append if self._keep is True else self._keep)(kept)

    def _scaled_positions(self, beads: BeadFrame, cell: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions in units of the cell vectors, shape (n_beads, n_atoms, 3)."""
        inverse = np.linalg.inv(cell)
        return np.array([one.positions if one.is_scaled else one.positions @ inverse for one in beads])

    def _other_atoms(self, frame: Frame) -> Refused:
        params = {"frame": len(self._cells) + 1, "n_found": len(frame.labels), "n_expected": len(self._labels)}
        return Refused(Notice("atoms_change", {"file": self._file.name, **params}))

    def _cell(self, frame: Frame) -> NDArray[np.float64]:
        stated = self._statements.get("cell_angstrom")
        cell = frame.cell if stated is None else np.array(stated, dtype=float)
        assert cell is not None
        if not abs(np.linalg.det(cell)) > 1e-3:
            raise incomplete(self._file, f"frame {len(self._cells) + 1}: the cell has no volume")
        return cell

    def _add_velocities(self, beads: BeadFrame) -> None:
        """Add the kinetic energy of the atoms, or of the centroids of ring polymers."""
        velocities = [self._velocities(one) for one in beads]
        known = [one for one in velocities if one is not None]
        if len(known) < len(velocities) or self._kinetic is None:
            self._kinetic = None
            return
        centroids = _centroid(np.array(known))
        moves = centroids - self._masses @ centroids / self._masses.sum()
        self._kinetic.append(float(self._masses @ (moves**2).sum(axis=1)))

    def _velocities(self, frame: Frame) -> NDArray[np.float64] | None:
        if frame.velocities is None and frame.momenta is not None:
            return np.asarray(frame.momenta / self._masses[:, None])
        return frame.velocities

    def reading(self, program: str, *, was_cut: bool) -> TrajectoryReading:
        """Return the result.

        Raises
        ------
        Refused
            The trajectory cannot be analysed.
        """
        n_frames, n_atoms = len(self._cells), len(self._masses)
        if n_frames < MIN_FRAMES:
            raise _too_few(n_frames)
        cells = np.array(self._cells)
        cell = cells.mean(axis=0)
        changes = np.linalg.norm(cells - cell, axis=2) / np.linalg.norm(cell, axis=1)
        variation = float(changes.max())
        if variation > MAX_CELL_VARIATION:
            limits = {"percent": 100 * variation, "maximum_percent": 100 * MAX_CELL_VARIATION}
            raise Refused(Notice("cell_varies", limits))
        interval, notices = self._interval()
        if folded := self._sampler.folded():
            raise Refused(Notice("frames_too_sparse", {"frame_interval_fs": interval, "species": folded}))
        notices += [*self._doubts, *self._bonds.notices(self._rounding), *self._lost_in_rounding(interval)]
        length = (n_frames - 1) * interval * 1e-3
        if length < SHORT_PS:
            resolution = PLANCK_MEV_FS / (1e3 * longest_window_ps(n_frames, interval))
            notices.append(Notice("short_trajectory", {"length_ps": length, "energy_resolution_mev": resolution}))
        drift = float(np.linalg.norm(self._drift @ cell))
        if drift > LARGE_DRIFT_ANGSTROM:
            notices.append(Notice("small_drift", {"drift_angstrom": drift}))
        if self._nuclei == "ring_polymer" and self._n_beads == 1:
            notices.append(Notice("centroid_only"))
        if was_cut:
            notices.append(Notice("cut_trajectory", {"file": self._file.name, "n_frames": n_frames}))
        temperature = None
        if self._kinetic:
            temperature = float(np.mean(self._kinetic)) * KINETIC_K / (3 * max(n_atoms - 1, 1))
        mean = self._sum / n_frames
        sites = (_centroid(self._first) + self._mean_if_on_sites(mean, n_frames, cell)) @ cell
        facts = {
            "n_frames": n_frames,
            "frame_interval_fs": interval,
            "length_ps": length,
            "species": self._species.counts,
            "has_velocities": temperature is not None,
            "cell_varies_percent": 100 * variation,
            "resolves_up_to_mev": nyquist_energy(interval),
            "energy_resolution_mev": PLANCK_MEV_FS / (1e3 * longest_window_ps(n_frames, interval)),
            "mean_temperature_k": temperature,
            "q_step_inv_angstrom": float(2 * np.pi / cell_heights(cell).max()),
            "unit_cells": list(find_unit_cell(cell=cell, positions=sites, types=self._types()).repeats),
            "nuclei": self._nuclei,
            "n_beads": self._n_beads,
        }
        unit_cell = UnitCell(cell, sites, self._species.symbols, self._masses)
        return TrajectoryReading(
            unit_cell,
            facts,
            Program(name=program),
            notices,
            self._trajectory(cell, sites, interval, temperature),
            self._first.reshape(-1, 3),
        )

    def _types(self) -> NDArray[np.integer[Any]]:
        """Return numbers that are the same only for atoms of one isotope, shape (n_atoms,)."""
        return np.asarray(np.unique(np.array(self._species.nuclei), return_inverse=True)[1])

    def _lost_in_rounding(self, interval: float) -> list[Notice]:
        if not self._rounding:
            return []
        limit = self._sampler.rounding_limit(self._rounding)
        if limit > MAX_ROUNDED_ENERGY:
            return []
        energy = limit * nyquist_energy(interval)
        return [Notice("rounded_positions", {"rounding_angstrom": self._rounding, "above_mev": energy})]

    def _interval(self) -> tuple[float, list[Notice]]:
        """Return the time between selected frames in fs, which a user's statement overrules, and doubts about it."""
        typed, of_file = self._statements.get("frame_interval_fs"), self._interval_of_file()
        if typed is None:
            if of_file is None or not PLAUSIBLE_FS[0] <= of_file <= PLAUSIBLE_FS[1]:
                raise NeedsFields(_need(self._file, "frame_interval_fs"))
            return of_file, []
        interval = typed * self._statements.get("every", 1)
        if of_file is None or abs(of_file - interval) <= UNEVEN * interval:
            return interval, []
        params = {"file_fs": of_file, "frame_interval_fs": interval}
        return interval, [Notice("frame_interval_differs", params)]

    def _interval_of_file(self) -> float | None:
        times = [stamp for stamp in self._stamps if stamp is not None]
        if len(times) < len(self._stamps):
            return None
        intervals = np.diff(times)
        interval = float(np.median(intervals))
        if np.abs(intervals - interval).max() > max(UNEVEN * abs(interval), 1e-9):
            if "frame_interval_fs" in self._statements:
                return interval
            raise Refused(Notice("frames_uneven", {"shortest_fs": intervals.min(), "longest_fs": intervals.max()}))
        return interval

    def _mean_if_on_sites(
        self, mean: NDArray[np.float64], n_frames: int, cell: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the mean displacements from the first frame, in units of the cell vectors; 0 if atoms leave sites."""
        variance = np.maximum(self._squares / n_frames - mean**2, 0) @ np.sum(cell**2, axis=1)
        spacing = (abs(np.linalg.det(cell)) / len(mean)) ** (1 / 3)
        on_sites = variance.max() < (MIN_RELATIVE_DISPLACEMENT * spacing) ** 2
        return mean if on_sites else np.zeros_like(mean)

    def _trajectory(
        self, cell: NDArray[np.float64], sites: NDArray[np.float64], interval: float, temperature: float | None
    ) -> Trajectory | None:
        if not self._keep:
            return None
        displacements = np.empty((*self._first.shape, len(self._kept)), dtype=np.float32)
        for number, moved in enumerate(self._kept):
            displacements[..., number] = (self._first + moved.reshape(self._first.shape)) @ cell - sites
        if self._n_beads == 1:
            displacements = displacements[0]
        return Trajectory(cell, sites, self._species.symbols, displacements, interval, temperature)


def _centroid(of_beads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the beads, the first axis."""
    return np.asarray(of_beads[0] if len(of_beads) == 1 else of_beads.mean(axis=0))


def _too_few(n_frames: int) -> Refused:
    if n_frames == 1:
        return Refused(Notice("one_frame"))
    return Refused(Notice("too_few_frames", {"n_frames": n_frames, "minimum": MIN_FRAMES}))
