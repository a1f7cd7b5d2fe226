"""Paths through a crystal's Brillouin zone: high-symmetry points (seekpath), and the wave vectors that a supercell has.

Wave vectors and reciprocal lattice vectors are in reciprocal lattice units (r.l.u.) of the *uploaded* cell, as at a
spectrometer: q = (h, k, l) means h a* + k b* + l c*. A supercell that repeats that cell n₁ × n₂ × n₃ times has the
waves whose n₁h, n₂k and n₃l are whole numbers.
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

GAMMA = "Γ"
SYMMETRY_TOLERANCE = 1e-2
"""Å. As for crystallographic sites: a measured structure is symmetric to about that."""
_GAMMA_NAMES = {"GAMMA", "G", GAMMA}
SAME = 1e-5
"""Reciprocal lattice units: closer wave vectors are the same one."""


def reciprocal(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reciprocal lattice vectors (rows, Å⁻¹, with their 2π) of cell vectors (rows, Å)."""
    return np.asarray(2 * np.pi * np.linalg.inv(cell).T)


@dataclass(frozen=True, eq=False)
class Segment:
    """A straight line between two special points; `start` and `end` have shape (3,), r.l.u. of the uploaded cell."""

    labels: tuple[str, str]
    start: NDArray[np.float64]
    end: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BrillouinZone:
    """Special points of a crystal's first Brillouin zone, in the orientation of the uploaded cell.

    Attributes
    ----------
    cell
        Shape (3, 3), Å. The uploaded cell's vectors as rows.
    repeats
        Shape (3, 3), whole numbers: cell = repeats @ (vectors of the primitive cell).
    rotations
        Shape (n, 3, 3), whole numbers: k @ rotation is equivalent to k, in reduced coordinates of the primitive
        cell. Time reversal is among them.
    points
        Label → shape (3,), reduced coordinates in the primitive cell's reciprocal lattice.
    path
        The path that is usual for this lattice, as pairs of labels.
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
        """Shape (n, 3, 3): rotation @ (h, k, l) is equivalent to (h, k, l), r.l.u. of the uploaded cell."""
        return np.asarray(self.repeats @ self.rotations.transpose(0, 2, 1) @ np.linalg.inv(self.repeats))

    @property
    def rotations_cartesian(self) -> NDArray[np.float64]:
        """Shape (n, 3, 3): the same ones, that turn Cartesian vectors."""
        metric = reciprocal(self.cell).T
        return np.asarray(metric @ self.rotations_rlu @ np.linalg.inv(metric))

    def arms(self, wave_vector: NDArray[np.float64], supercell: Sequence[int], most: int) -> NDArray[np.float64]:
        """Find rotations that turn a wave into equivalent ones of the same supercell, with phonons of their own.

        Molecular dynamics excites each wave by chance; the equivalent ones are as many samples of the same thing. Of
        the rotations that lead to the same wave, or to its opposite, or to either in another Brillouin zone, there is
        one; the identity comes first.

        Parameters
        ----------
        wave_vector
            Shape (3,), r.l.u.
        supercell
            Repeats of the uploaded cell.
        most
            How many to return at most.

        Returns
        -------
        Shape (n, 3, 3), r.l.u., as `rotations_rlu`.
        """
        found, waves = [np.eye(3)], [wave_vector]
        for rotation in self.rotations_rlu:
            turned = rotation @ wave_vector
            places = turned * supercell
            known = (
                np.array([sign * wave - turned for wave in waves for sign in (1, -1)]) @ np.linalg.inv(self.repeats).T
            )
            if (
                np.abs(places - np.rint(places)).max() < SAME
                and (np.abs(known - np.rint(known)).max(axis=1) > SAME).all()
            ):
                found.append(rotation)
                waves.append(turned)
            if len(found) >= most:
                break
        return np.array(found)

    def images(self, label: str) -> NDArray[np.float64]:
        """Points equivalent to a special point, itself first: shape (n, 3), reduced coordinates of the primitive cell.

        Those of the star, and their translates by the nearest reciprocal lattice vectors.
        """
        star = self.points[label] @ self.rotations
        shifts = np.array(list(itertools.product((0, -1, 1), repeat=3)))
        return np.concatenate([self.points[label][None], (star[:, None] + shifts).reshape(-1, 3)])

    def segment(self, first: str, last: str) -> Segment:
        """Return the line from a special point to the nearest image of another one.

        Nearest, because "X-K" of a face-centred cubic crystal means the line along the zone's face (X–U), not the one
        through its inside to where K happens to be tabulated. Where several are as near, the tabulated one.
        """
        start, images = self.points[first], self.images(last)
        lengths = np.linalg.norm((images - start) @ reciprocal(self.primitive), axis=1)
        elsewhere = lengths > SAME
        nearest = int(np.argmax(elsewhere & (lengths <= lengths[elsewhere].min() + SAME)))
        return Segment((first, last), self.repeats @ start, self.repeats @ images[nearest])


def brillouin_zone(
    *, cell: NDArray[np.float64], positions: NDArray[np.float64], numbers: NDArray[np.integer[Any]]
) -> BrillouinZone:
    """Find the special points of a structure's Brillouin zone.

    Parameters
    ----------
    cell, positions, numbers
        The uploaded cell, which need not be primitive nor in a standard orientation: shapes (3, 3) in Å, (n_atoms, 3)
        in Å and (n_atoms,).

    Raises
    ------
    InvalidOptions
        The structure has no symmetry that could be found.

    References
    ----------
    Y. Hinuma et al., Comput. Mater. Sci. 128 (2017) 140 (seekpath).
    """
    structure = (cell.tolist(), (positions @ np.linalg.inv(cell)).tolist(), numbers.tolist())
    try:
        with warnings.catch_warnings():
            # A cell whose sides are equal by accident has two paths; either serves
            warnings.simplefilter("ignore")
            found = seekpath.get_path(structure, symprec=SYMMETRY_TOLERANCE)
            standard = found["primitive_lattice"], found["primitive_positions"], found["primitive_types"]
            dataset = spglib.get_symmetry_dataset(standard, symprec=SYMMETRY_TOLERANCE)
    except (seekpath.hpkot.SymmetryDetectionError, SpglibError, ValueError, KeyError) as error:
        raise InvalidOptions([{"loc": "options.path", "msg": _NO_SYMMETRY}]) from error
    # Rows of the standardised lattice turned back into the uploaded orientation
    repeats = cell @ np.linalg.inv(found["primitive_lattice"] @ found["rotation_matrix"])
    # The standardised lattice is idealised within the tolerance
    if dataset is None or np.abs(repeats - np.rint(repeats)).max() > 0.1:
        raise InvalidOptions([{"loc": "options.path", "msg": _NO_SYMMETRY}])
    rotations = np.asarray(dataset.rotations, dtype=np.int64)
    return BrillouinZone(
        cell=cell,
        repeats=np.rint(repeats).astype(np.int64),
        rotations=np.unique(np.concatenate([rotations, -rotations]), axis=0),
        points={_shown(name): np.asarray(place, dtype=float) for name, place in found["point_coords"].items()},
        path=tuple((_shown(first), _shown(last)) for first, last in found["path"]),
    )


_NO_SYMMETRY = "The structure's symmetry could not be found: are two atoms on one spot?"


def _shown(label: str) -> str:
    return GAMMA if label == "GAMMA" else str(label)


def path_text(path: Sequence[tuple[str, str]]) -> str:
    """Write pairs of labels as text, such as "Γ-X-U|K-Γ-L"."""
    text = path[0][0]
    for number, (first, last) in enumerate(path):
        text += f"|{first}-{last}" if number and first != path[number - 1][1] else f"-{last}"
    return text


def path_labels(zone: BrillouinZone, text: str | None) -> tuple[tuple[str, str], ...]:
    """Read a path such as "Γ-X-K-Γ-L" or "G-X-U|K-G-L"; the usual one of the lattice where there is none.

    "|" begins anew at another point. "G" is Γ, except in the lattices that have a point G.

    Raises
    ------
    InvalidOptions
        A label that the lattice does not have, or no path.
    """
    if text is None:
        return zone.path
    pairs: list[tuple[str, str]] = []
    for part in text.split("|"):
        labels = [label.strip() for label in re.split(r"[-–—−,→]", part)]
        if len(labels) < 2 or "" in labels:
            raise InvalidOptions(
                [{"loc": "options.path", "msg": "Write at least two points with a hyphen between, such as Γ-X."}]
            )
        pairs += itertools.pairwise(_read_label(zone, label) for label in labels)
    for first, last in pairs:
        if first == last:
            raise InvalidOptions([{"loc": "options.path", "msg": f"{first}-{last} goes nowhere."}])
    return tuple(pairs)


def _read_label(zone: BrillouinZone, label: str) -> str:
    if label in zone.points:
        return label
    if label.upper() in _GAMMA_NAMES:
        return GAMMA
    raise InvalidOptions(
        [
            {
                "loc": "options.path",
                "msg": f"This lattice has no point {label!r}; it has {', '.join(sorted(zone.points))}. "
                "Write a path such as Γ-" + next(name for name in sorted(zone.points) if name != GAMMA) + ".",
            }
        ]
    )


def segments(zone: BrillouinZone, path: Sequence[tuple[str, str]]) -> tuple[Segment, ...]:
    """Return the straight lines of a path."""
    return tuple(zone.segment(first, last) for first, last in path)


def commensurate(segment: Segment, supercell: Sequence[int]) -> NDArray[np.float64]:
    """Wave vectors on a segment that a supercell has, from its start to its end.

    Parameters
    ----------
    segment
        A straight line.
    supercell
        Repeats of the uploaded cell along its vectors.

    Returns
    -------
    Shape (n, 3), r.l.u.; n is 0 where there is none.
    """
    repeats = np.asarray(supercell, dtype=float)
    start, span = segment.start * repeats, (segment.end - segment.start) * repeats
    axis = int(np.argmax(np.abs(span)))
    low, high = sorted((start[axis], start[axis] + span[axis]))
    whole = np.arange(np.ceil(low - SAME), np.floor(high + SAME) + 1)
    share = np.sort((whole - start[axis]) / span[axis])
    places = start + share[:, None] * span
    nearest = np.rint(places)
    return np.asarray(nearest[np.abs(places - nearest).max(axis=1) < SAME * repeats.max()] / repeats)


@dataclass(frozen=True, eq=False)
class SampledPath:
    """Wave vectors along a path.

    Attributes
    ----------
    wave_vectors
        Shape (n_k, 3), r.l.u. of the uploaded cell, in the first Brillouin zone or on its surface.
    distance
        Shape (n_k,), Å⁻¹ along the path, ascending; two points share one where the path begins anew.
    labels
        Of each of the n_k wave vectors: the special point that it is, or "".
    ticks
        Distance and name of all special points, also of those that a supercell lacks; "U|K" where the path begins
        anew.
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
) -> SampledPath:
    """Take the wave vectors along a path that a supercell has, or such at most `spacing` (Å⁻¹) apart.

    Parameters
    ----------
    path
        As from `segments`.
    cell
        Shape (3, 3), Å: the cell that the r.l.u. belong to, relaxed or not.
    supercell
        Repeats of that cell.
    spacing
        Where there is no supercell.
    """
    metric = reciprocal(cell)
    vectors, distances, labels = list[NDArray[np.float64]](), list[float](), list[str]()
    ticks: list[tuple[float, str]] = []
    travelled = 0.0
    for number, segment in enumerate(path):
        length = float(np.linalg.norm((segment.end - segment.start) @ metric))
        if number == 0:
            ticks.append((0.0, segment.labels[0]))
        elif segment.labels[0] != ticks[-1][1]:
            ticks[-1] = (travelled, f"{ticks[-1][1]}|{segment.labels[0]}")
        if supercell is not None:
            found = commensurate(segment, supercell)
        else:
            share = np.linspace(0, 1, 1 + max(1, int(np.ceil(length / (spacing or length)))))
            found = segment.start + share[:, None] * (segment.end - segment.start)
        for vector in found:
            if vectors and np.abs(vector - vectors[-1]).max() < SAME and number:
                continue
            ends = zip(segment.labels, (segment.start, segment.end), strict=True)
            labels.append(next((name for name, place in ends if np.abs(vector - place).max() < SAME), ""))
            vectors.append(vector)
            distances.append(travelled + float(np.linalg.norm((vector - segment.start) @ metric)))
        travelled += length
        ticks.append((travelled, segment.labels[1]))
    return SampledPath(np.array(vectors).reshape(-1, 3), np.array(distances), tuple(labels), tuple(ticks))
