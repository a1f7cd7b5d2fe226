"""Space-group operations: from the text of a CIF, or from the group's name and the cell, to all atoms of a cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from backend.structures.formats.reading import Unreadable

MAX_OPERATIONS = 1000
"""192 is the most that a conventional cell has; files of supercells may list pure translations."""

TERM = re.compile(r"([+-]?)(?:([xyz])|([0-9]+)/([0-9]+)|([0-9]*\.?[0-9]+))", re.IGNORECASE)
DENOMINATOR = 24
"""Translations of space groups are multiples of 1/24 or coarser in all settings."""

METRIC_TOLERANCE = 0.02
"""Relative change of the metric tensor up to which an operation fits a cell."""


@dataclass(frozen=True)
class Operations:
    """x' = rotation · x + translation in fractional coordinates.

    Parameters
    ----------
    rotation
        Whole numbers, shape (n, 3, 3).
    translation
        Fractional, in [0, 1), shape (n, 3).
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rotation)

    def images(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """All images of a fractional point, shape (n, 3)."""
        return self.rotation @ point + self.translation

    def fits(self, cell: NDArray[np.float64]) -> bool:
        """Whether all operations keep the lattice's lengths and angles (rows of `cell`, Å)."""
        metric = cell @ cell.T
        # A vector with fractional coordinates x has length² xᵀ G x, so Rᵀ G R = G.
        moved = np.swapaxes(self.rotation, 1, 2) @ metric @ self.rotation
        scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
        return bool(np.all(np.abs(moved - metric) <= METRIC_TOLERANCE * scale))

    def is_group(self) -> bool:
        """Whether every product of two operations is again one of them (up to lattice translations)."""
        known = _keys(self.rotation, self.translation)
        if len(known) != len(self):
            return False
        return all(
            _keys(
                rotation @ self.rotation,
                (self.translation @ rotation.T + translation),
            )
            == known
            for rotation, translation in zip(self.rotation, self.translation, strict=True)
        )


def _keys(rotation: NDArray[np.float64], translation: NDArray[np.float64]) -> set[bytes]:
    grid = 1000
    rounded = np.rint(translation * grid).astype(np.int64) % grid
    # 1/3 rounds to 333 and 2 × 1/3 to 667, but 1/3 + 1/3 computed in floating point does as well.
    rows = np.concatenate([rotation.reshape(-1, 9).astype(np.int64), rounded], axis=1)
    return {row.tobytes() for row in rows}


IDENTITY = Operations(np.eye(3)[None], np.zeros((1, 3)))


def parse_operations(texts: list[str]) -> Operations:
    """Operations of lines such as `-x+1/2, y, z-y`; the identity is added where it is missing.

    Raises
    ------
    Unreadable
        One is not an operation; the message shows it.
    """
    if len(texts) > MAX_OPERATIONS:
        raise Unreadable(f"The file lists {len(texts)} symmetry operations; no space group has so many.")
    parsed = [_parse_operation(text) for text in texts]
    rotation = np.array([r for r, _ in parsed])
    translation = np.array([t for _, t in parsed])
    if not np.any(np.all(rotation == np.eye(3), axis=(1, 2)) & np.all(translation == 0, axis=1)):
        rotation = np.concatenate([np.eye(3)[None], rotation])
        translation = np.concatenate([np.zeros((1, 3)), translation])
    _, first = np.unique(
        np.concatenate([rotation.reshape(-1, 9), np.round(translation, 4) % 1], axis=1), axis=0, return_index=True
    )
    order = np.sort(first)
    return Operations(rotation[order], translation[order])


def _parse_operation(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    parts = text.replace(" ", "").replace("\t", "").split(",")
    if len(parts) != 3 or len(text) > 200:
        raise Unreadable(f"'{text[:60]}' is not a symmetry operation such as '-x, y+1/2, -z'.")
    rotation, translation = np.zeros((3, 3)), np.zeros(3)
    for row, part in enumerate(parts):
        end = 0
        for match in TERM.finditer(part):
            if match.start() != end or (end > 0 and not match[1]) or (match[4] and not int(match[4])):
                break
            end = match.end()
            sign = -1 if match[1] == "-" else 1
            if match[2]:
                rotation[row, "xyz".index(match[2].lower())] += sign
            elif match[3]:
                translation[row] += sign * int(match[3]) / int(match[4])
            else:
                translation[row] += sign * float(match[5])
        if end != len(part) or not part:
            raise Unreadable(f"'{text[:60]}' is not a symmetry operation such as '-x, y+1/2, -z'.")
    if abs(round(np.linalg.det(rotation))) != 1 or np.abs(rotation).max() > 1:
        raise Unreadable(f"'{text[:60]}' is neither a rotation nor a reflection.")
    return rotation, np.array([_snapped(value) for value in translation]) % 1


def _snapped(value: float) -> float:
    """0.333 and 0.33 mean 1/3."""
    nearest = Fraction(round(value * DENOMINATOR), DENOMINATOR)
    return float(nearest) if abs(value - float(nearest)) < 0.005 else value


@dataclass(frozen=True)
class _Setting:
    hall_number: int
    number: int
    names: frozenset[str]
    hall: str
    choice: str


def _plain(name: str) -> str:
    return re.sub(r"[\s_]", "", name).lower()


@cache
def _settings() -> tuple[_Setting, ...]:
    """spglib's table of the 530 settings of the space groups, with the names under which files know them."""
    import spglib

    settings = []
    seen: set[int] = set()
    for hall_number in range(1, 531):
        entry = spglib.get_spacegroup_type(hall_number)
        assert entry is not None
        # "P 2_1/c = P 1 2_1/n 1": the group's name, then the setting's own.
        parts = entry.international.split("=")
        names = {entry.international_full, *(parts[1:] or parts)}
        full = entry.international_full.split()
        if len(full) == 4 and full.count("1") == 2:
            names.add("".join(word for word in full if word != "1"))
        if entry.number not in seen:
            names |= {entry.international_short, parts[0]}
            seen.add(entry.number)
        settings.append(
            _Setting(
                hall_number,
                entry.number,
                frozenset(map(_plain, names)),
                " ".join(entry.hall_symbol.split()),
                entry.choice.lower(),
            )
        )
    return tuple(settings)


def operations_of_group(
    *, hall: str, name: str, number: int | None, cell: NDArray[np.float64]
) -> list[tuple[str, Operations]]:
    """The settings that a space group's name can mean in this cell, each with its choice ('1', '2', 'h', 'r', …).

    Raises
    ------
    Unreadable
        No space group has this name or number, or none of its settings fits the cell.
    """
    base, _, suffix = name.partition(":")
    plain, suffix = _plain(base), _plain(suffix)
    found = [setting for setting in _settings() if hall and setting.hall == " ".join(hall.replace("_", " ").split())]
    if not found:
        found = [setting for setting in _settings() if plain and plain in setting.names]
    if not found and number is not None:
        found = [setting for setting in _settings() if setting.number == number]
    if suffix and any(setting.choice == suffix for setting in found):
        found = [setting for setting in found if setting.choice == suffix]
    called = name or hall or f"number {number}"
    if not found:
        raise Unreadable(f"There is no space group '{called[:40]}'; list the symmetry operations in the file.")
    # Two names of a setting that share a Hall symbol share the operations.
    distinct = {setting.hall: setting for setting in reversed(found)}.values()
    settings = [(setting.choice, _database_operations(setting.hall_number)) for setting in reversed(distinct)]
    fitting = [(choice, operations) for choice, operations in settings if operations.fits(cell)]
    if not fitting:
        raise Unreadable(f"The cell's lengths and angles do not have the symmetry of the space group '{called[:40]}'.")
    return fitting


def _database_operations(hall_number: int) -> Operations:
    import spglib

    symmetry = spglib.get_symmetry_from_database(hall_number)
    assert symmetry is not None
    return Operations(symmetry["rotations"].astype(np.float64), symmetry["translations"] % 1)
