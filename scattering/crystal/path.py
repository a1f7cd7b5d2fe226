"""Paths through a Brillouin zone: special points (seekpath), and the wave vectors that fit a supercell.

Wave vectors and reciprocal lattice vectors are in reciprocal lattice units (r.l.u.) of the *uploaded* cell, as at a
spectrometer: q = (h, k, l) means h a* + k b* + l c*. A supercell of n₁ × n₂ × n₃ cells has the waves for which n₁h, n₂k
and n₃l are whole numbers.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import seekpath
import spglib
from numpy.typing import NDArray
from spglib.error import SpglibError

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice

GAMMA = "Γ"
SYMMETRY_TOLERANCE = 1e-2
"""Å. As for crystallographic sites: a measured structure is symmetric to about this precision."""
_GAMMA_NAMES = {"GAMMA", "G", GAMMA}
RLU_TOLERANCE = 1e-5
"""Reciprocal lattice units. Closer wave vectors are the same."""


def reciprocal(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reciprocal lattice vectors (rows, Å⁻¹, including 2π) of cell vectors (rows, Å)."""
    return np.asarray(2 * np.pi * np.linalg.inv(cell).T)


@dataclass(frozen=True, eq=False)
class Segment:
    """A straight line between two special points; `start` and `end` have shape (3,), r.l.u. of the uploaded cell."""

    labels: tuple[str, str]
    start: NDArray[np.float64]
    end: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BrillouinZone:
    """Special points of the first Brillouin zone of a crystal, in the orientation of the uploaded cell.

    Attributes
    ----------
    cell
        Shape (3, 3), Å. Vectors of the uploaded cell as rows.
    repeats
        Shape (3, 3), whole numbers: cell = repeats @ (vectors of the primitive cell).
    rotations
        Shape (n, 3, 3), whole numbers: k @ rotation is equivalent to k, in reduced coordinates of the primitive
        cell. They include time reversal.
    points
        Label → shape (3,), reduced coordinates in the reciprocal lattice of the primitive cell.
    path
        The usual path of this lattice, as pairs of labels.
    """

    cell: NDArray[np.float64]
    repeats: NDArray[np.int64]
    rotations: NDArray[np.int64]
    points: Mapping[str, NDArray[np.float64]]
    path: tuple[tuple[str, str], ...]

    @property
    def primitive(self) -> NDArray[np.float64]:
        """Vectors of the primitive cell as rows, shape (3, 3), Å."""
        return np.linalg.inv(self.repeats) @ self.cell

    @property
    def rotations_rlu(self) -> NDArray[np.float64]:
        """Rotations, shape (n, 3, 3): rotation @ (h, k, l) is equivalent to (h, k, l), r.l.u. of the uploaded cell."""
        return np.asarray(self.repeats @ self.rotations.transpose(0, 2, 1) @ np.linalg.inv(self.repeats))

    @property
    def rotations_cartesian(self) -> NDArray[np.float64]:
        """The same rotations for Cartesian vectors, shape (n, 3, 3)."""
        metric = reciprocal(self.cell).T
        return np.asarray(metric @ self.rotations_rlu @ np.linalg.inv(metric))

    def arms(self, wave_vector: NDArray[np.float64], supercell: Sequence[int], max_waves: int) -> NDArray[np.float64]:
        """Find rotations that turn a wave into equivalent, independent waves of the same supercell.

        Molecular dynamics excites each wave by chance; equivalent waves are further samples of the same spectrum. Of
        the rotations that lead to the same wave or to its opposite, in any Brillouin zone, only one is returned. The
        identity comes first.

        Parameters
        ----------
        wave_vector
            Shape (3,), r.l.u.
        supercell
            Repeats of the uploaded cell.
        max_waves
            Largest number of rotations.

        Returns
        -------
        Shape (n, 3, 3), r.l.u., as in `rotations_rlu`.
        """
        found, waves = [np.eye(3)], [wave_vector]
        for rotation in self.rotations_rlu:
            turned = rotation @ wave_vector
            places = turned * supercell
            known = (
                np.array([sign * wave - turned for wave in waves for sign in (1, -1)]) @ np.linalg.inv(self.repeats).T
            )
            if (
                np.abs(places - np.rint(places)).max() < RLU_TOLERANCE
                and (np.abs(known - np.rint(known)).max(axis=1) > RLU_TOLERANCE).all()
            ):
                found.append(rotation)
                waves.append(turned)
            if len(found) >= max_waves:
                break
        return np.array(found)

    def images(self, label: str) -> NDArray[np.float64]:
        """Return the equivalents of a special point, itself first: shape (n, 3), reduced coordinates.

        They are the points of its star, and their translations by the nearest reciprocal lattice vectors.
        """
        star = self.points[label] @ self.rotations
        shifts = np.array(list(itertools.product((0, -1, 1), repeat=3)))
        return np.concatenate([self.points[label][None], (star[:, None] + shifts).reshape(-1, 3)])

    def segment(self, first: str, last: str) -> Segment:
        """Return the line from a special point to the nearest image of another one.

        "X-K" of a face-centred cubic crystal means the line along the face of the zone (X–U), not the line through its
        inside to the tabulated K. Among equally near images the tabulated one is taken.
        """
        start, images = self.points[first], self.images(last)
        lengths = np.linalg.norm((images - start) @ reciprocal(self.primitive), axis=1)
        elsewhere = lengths > RLU_TOLERANCE
        nearest = int(np.argmax(elsewhere & (lengths <= lengths[elsewhere].min() + RLU_TOLERANCE)))
        return Segment((first, last), self.repeats @ start, self.repeats @ images[nearest])


def brillouin_zone(
    *,
    cell: NDArray[np.float64],
    positions: NDArray[np.float64],
    numbers: NDArray[np.integer[Any]],
    tolerance: float = SYMMETRY_TOLERANCE,
) -> BrillouinZone:
    """Find the special points of the Brillouin zone of a structure.

    Parameters
    ----------
    cell, positions, numbers
        The uploaded cell, primitive or not, in any orientation: shapes (3, 3) in Å, (n_atoms, 3) in Å and (n_atoms,).
    tolerance
        Å. Distance within which positions are symmetric.

    Raises
    ------
    InvalidOptions
        The symmetry of the structure was not found.

    References
    ----------
    Y. Hinuma et al., Comput. Mater. Sci. 128 (2017) 140 (seekpath).
    """
    structure = (cell.tolist(), (positions @ np.linalg.inv(cell)).tolist(), numbers.tolist())
    try:
        with warnings.catch_warnings():
            # A cell whose sides are equal by accident has two paths; either is fine
            warnings.simplefilter("ignore")
            found = seekpath.get_path(structure, symprec=tolerance)
            standard = found["primitive_lattice"], found["primitive_positions"], found["primitive_types"]
            dataset = spglib.get_symmetry_dataset(standard, symprec=tolerance)
    except (seekpath.hpkot.SymmetryDetectionError, SpglibError, ValueError, KeyError) as error:
        raise _no_symmetry() from error
    # Rows of the standardised lattice, turned back into the uploaded orientation
    repeats = cell @ np.linalg.inv(found["primitive_lattice"] @ found["rotation_matrix"])
    # The standardised lattice is idealised within the tolerance
    if dataset is None or np.abs(repeats - np.rint(repeats)).max() > 0.1:
        raise _no_symmetry()
    rotations = np.asarray(dataset.rotations, dtype=np.int64)
    return BrillouinZone(
        cell=cell,
        repeats=np.rint(repeats).astype(np.int64),
        rotations=np.unique(np.concatenate([rotations, -rotations]), axis=0),
        points={_point_label(name): np.asarray(place, dtype=float) for name, place in found["point_coords"].items()},
        path=tuple((_point_label(first), _point_label(last)) for first, last in found["path"]),
    )


def _no_symmetry() -> InvalidOptions:
    return InvalidOptions.at("options.path", Notice("symmetry_not_found"))


def _point_label(label: str) -> str:
    return GAMMA if label == "GAMMA" else str(label)


def path_text(path: Sequence[tuple[str, str]]) -> str:
    """Return pairs of labels as text, such as "Γ-X-U|K-Γ-L"."""
    text = path[0][0]
    for number, (first, last) in enumerate(path):
        text += f"|{first}-{last}" if number and first != path[number - 1][1] else f"-{last}"
    return text


def path_labels(zone: BrillouinZone, text: str | None) -> tuple[tuple[str, str], ...]:
    """Read a path such as "Γ-X-K-Γ-L" or "G-X-U|K-G-L"; without a text return the usual path of the lattice.

    "|" starts again at another point. "G" is Γ, except in lattices that have a point G.

    Raises
    ------
    InvalidOptions
        The lattice lacks a label, or the text is not a path.
    """
    if text is None:
        return zone.path
    pairs: list[tuple[str, str]] = []
    for part in text.split("|"):
        labels = [label.strip() for label in re.split(r"[-–—−,→]", part)]
        if len(labels) < 2 or "" in labels:
            raise InvalidOptions.at("options.path", Notice("unreadable_path"))
        pairs += itertools.pairwise(_read_label(zone, label) for label in labels)
    for first, last in pairs:
        if first == last:
            raise InvalidOptions.at("options.path", Notice("empty_path_segment", {"point": first}))
    return tuple(pairs)


def _read_label(zone: BrillouinZone, label: str) -> str:
    if label in zone.points:
        return label
    if label.upper() in _GAMMA_NAMES:
        return GAMMA
    raise InvalidOptions.at("options.path", Notice("unknown_point", {"point": label, "known": sorted(zone.points)}))


def segments(zone: BrillouinZone, path: Sequence[tuple[str, str]]) -> tuple[Segment, ...]:
    """Return the straight lines of a path."""
    return tuple(zone.segment(first, last) for first, last in path)


def commensurate_vectors(segment: Segment, supercell: Sequence[int]) -> NDArray[np.float64]:
    """Return the wave vectors on a segment that fit a supercell, from its start to its end.

    Parameters
    ----------
    segment
        A straight line.
    supercell
        Repeats of the uploaded cell along its vectors.

    Returns
    -------
    Shape (n, 3), r.l.u.; n may be 0.
    """
    repeats = np.asarray(supercell, dtype=float)
    start, span = segment.start * repeats, (segment.end - segment.start) * repeats
    axis = int(np.argmax(np.abs(span)))
    low, high = sorted((start[axis], start[axis] + span[axis]))
    whole = np.arange(np.ceil(low - RLU_TOLERANCE), np.floor(high + RLU_TOLERANCE) + 1)
    share = np.sort((whole - start[axis]) / span[axis])
    places = start + share[:, None] * span
    nearest = np.rint(places)
    return np.asarray(nearest[np.abs(places - nearest).max(axis=1) < RLU_TOLERANCE * repeats.max()] / repeats)


@dataclass(frozen=True, eq=False)
class SampledPath:
    """Wave vectors along a path.

    Attributes
    ----------
    wave_vectors
        Shape (n_k, 3), r.l.u. of the uploaded cell, in the first Brillouin zone or on its surface.
    distance
        Shape (n_k,), Å⁻¹ along the path, ascending; the two points at a break of the path share one distance.
    labels
        Name of the special point at each of the n_k wave vectors, or "".
    ticks
        Distance and name of all special points, also of those that a supercell lacks; "U|K" at a break of the path.
    """

    wave_vectors: NDArray[np.float64]
    distance: NDArray[np.float64]
    labels: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]


def sample(
    path: Sequence[Segment],
    cell: NDArray[np.float64],
    *,
    supercell: Sequence[int] | None = None,
    spacing: float | None = None,
    split_gamma: bool = False,
) -> SampledPath:
    """Return wave vectors along a path: those that fit a supercell, or vectors at most `spacing` (Å⁻¹) apart.

    Parameters
    ----------
    path
        As from `segments`.
    cell
        Shape (3, 3), Å: the cell of the r.l.u., relaxed or not.
    supercell
        Repeats of that cell.
    spacing
        Largest step in Å⁻¹; used without a supercell.
    split_gamma
        Whether Γ is there twice where the path turns: phonons of polar crystals depend on the direction to Γ.
    """
    metric = reciprocal(cell)
    vectors, distances, labels = list[NDArray[np.float64]](), list[float](), list[str]()
    ticks: list[tuple[float, str]] = []
    travelled, direction = 0.0, np.zeros(3)
    for number, segment in enumerate(path):
        length = float(np.linalg.norm((segment.end - segment.start) @ metric))
        before, direction = direction, (segment.end - segment.start) @ metric / length
        if number == 0:
            ticks.append((0.0, segment.labels[0]))
        elif segment.labels[0] != ticks[-1][1]:
            ticks[-1] = (travelled, f"{ticks[-1][1]}|{segment.labels[0]}")
        if supercell is not None:
            found = commensurate_vectors(segment, supercell)
        else:
            share = np.linspace(0, 1, 1 + max(1, int(np.ceil(length / (spacing or length)))))
            found = segment.start + share[:, None] * (segment.end - segment.start)
        for vector in found:
            if number and vectors and np.abs(vector - vectors[-1]).max() < RLU_TOLERANCE:
                turns = np.linalg.norm(np.cross(direction, before)) > RLU_TOLERANCE
                if not (split_gamma and turns and np.abs(vector).max() < RLU_TOLERANCE):
                    continue
            ends = zip(segment.labels, (segment.start, segment.end), strict=True)
            labels.append(next((name for name, place in ends if np.abs(vector - place).max() < RLU_TOLERANCE), ""))
            vectors.append(vector)
            distances.append(travelled + float(np.linalg.norm((vector - segment.start) @ metric)))
        travelled += length
        ticks.append((travelled, segment.labels[1]))
    return SampledPath(np.array(vectors).reshape(-1, 3), np.array(distances), tuple(labels), tuple(ticks))


def approach_directions(
    wave_vectors: NDArray[np.float64], distance: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the direction of a path at each of its wave vectors, shape (n_k, 3), r.l.u.; 0 for a single wave vector.

    It is the direction to the next wave vector, and at the end of a line that from the last one.

    Parameters
    ----------
    wave_vectors, distance
        As of `SampledPath`.
    cell
        Shape (3, 3), Å: the cell of the r.l.u.
    """
    steps, travelled = np.diff(wave_vectors, axis=0), np.diff(distance)
    # At a break of the path, and where a wave vector is there twice, the distance stays
    on_line = (travelled > RLU_TOLERANCE) & (
        np.abs(np.linalg.norm(steps @ reciprocal(cell), axis=1) - travelled) < RLU_TOLERANCE + 1e-3 * travelled
    )
    steps = np.where(on_line[:, None], steps, 0.0)
    none = np.zeros((1, 3))
    following, previous = np.concatenate([steps, none]), np.concatenate([none, steps])
    return np.where((following != 0).any(axis=1, keepdims=True), following, previous)
