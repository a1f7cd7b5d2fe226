"""Space-group operations: from the text of a CIF, or from the group's name and the cell, to all atoms of a cell.

gemmi reads operations and Hall symbols and knows the names of the groups.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import gemmi
import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

MAX_OPERATIONS = 1000
"""192 is the most that a conventional cell has; files of supercells may list pure translations."""

MAX_OPERATION_LENGTH = 200
WHOLE_OR_FRACTION = re.compile(r"(?<![\d.])(\d+)(?:/(\d+))?(?![\d.])")
DENOMINATOR = 24
"""Translations of space groups are multiples of 1/24 or coarser in all settings."""

METRIC_TOLERANCE = 0.02
"""Relative change of the metric tensor up to which an operation fits a cell."""

MAX_NAME_LENGTH = 60
SUFFIX_OF_ICSD = {"s": "1", "z": "2", "hr": "h", "rs": "r"}
"""ICSD writes 'F d -3 m S' and 'F d -3 m Z' for the first and the second choice of origin."""

TWOFOLD_OF_FULL_NAME = re.compile(r"((?<!\d)|(?<=-3)|(?<=-31))21?/|4[123]?/(?=[a-z]-3)")
"""Parts of full names of groups of high symmetry that short names lack: F 4/m -3 2/m is F m -3 m."""


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

    def keys_modulo_lattice(self) -> list[bytes]:
        """Return a key of each operation, the same for operations that differ by lattice translations."""
        grid = 1000
        rounded = np.rint(self.translation * grid).astype(np.int64) % grid
        # 1/3 rounds to 333 and 2 × 1/3 to 667, but 1/3 + 1/3 computed in floating point does as well.
        rows = np.concatenate([self.rotation.reshape(-1, 9).astype(np.int64), rounded], axis=1)
        return [row.tobytes() for row in rows]

    def is_group(self) -> bool:
        """Whether every product of two operations is again one of them (up to lattice translations)."""
        known = set(self.keys_modulo_lattice())
        if len(known) != len(self):
            return False
        return all(
            set(Operations(rotation @ self.rotation, self.translation @ rotation.T + translation).keys_modulo_lattice())
            == known
            for rotation, translation in zip(self.rotation, self.translation, strict=True)
        )


IDENTITY = Operations(np.eye(3)[None], np.zeros((1, 3)))


def parse_operations(texts: list[str]) -> Operations:
    """Operations of lines such as `-x+1/2, y, z-y`; the identity is added where it is missing.

    Raises
    ------
    Unreadable
        One is not an operation; the error states it.
    """
    if len(texts) > MAX_OPERATIONS:
        raise Unreadable(Notice("too_many_operations", {"n_operations": len(texts)}))
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
    try:
        if len(text) > MAX_OPERATION_LENGTH:
            raise ValueError
        # gemmi takes fractions of 24 only, and supercells have others.
        transform = gemmi.parse_triplet_as_ftransform(WHOLE_OR_FRACTION.sub(_decimal, re.sub(r"\s", "", text)))
    except (ValueError, RuntimeError, ZeroDivisionError):
        raise Unreadable(Notice("invalid_operation", {"operation": text[:60], "kind": "syntax"})) from None
    rotation, translation = np.array(transform.mat.tolist()), np.array(transform.vec.tolist())
    if abs(round(np.linalg.det(rotation))) != 1 or np.abs(rotation).max() > 1:
        raise Unreadable(Notice("invalid_operation", {"operation": text[:60], "kind": "matrix"}))
    return rotation, np.array([_snapped(value) for value in translation]) % 1


def _decimal(number: re.Match[str]) -> str:
    """A whole number or a fraction as a decimal; whole lattice translations change nothing."""
    return f"{float(Fraction(int(number[1]), int(number[2] or 1)) % 1):.12f}"


def _snapped(value: float) -> float:
    """0.333 and 0.33 mean 1/3."""
    nearest = Fraction(round(value * DENOMINATOR), DENOMINATOR)
    return float(nearest) if abs(value - float(nearest)) < 0.005 else value


def operations_of_group(
    *, hall: str, name: str, number: int | None, cell: NDArray[np.float64]
) -> list[tuple[str, Operations]]:
    """The settings that a space group's name can mean in this cell, each with gemmi's name of it (F d -3 m:2).

    The standard setting of the group is the first, if it is among them.

    Raises
    ------
    Unreadable
        No space group has this name or number, or none of its settings fits the cell.
    """
    called = name or hall or f"number {number}"
    settings = _of_hall_symbol(hall)
    if not settings:
        found = named_settings(name) or [group for group in gemmi.spacegroup_table_itb() if group.number == number]
        # Two names of a setting that share a Hall symbol share the operations.
        distinct = {group.hall: group for group in reversed(found)}
        # In gemmi's order, but for the standard setting
        ordered = sorted(distinct.values(), key=lambda group: (not group.is_reference_setting(), found.index(group)))
        settings = [(group.xhm(), _operations(group.operations())) for group in ordered]
    if not settings:
        raise Unreadable(Notice("unknown_space_group", {"space_group": called[:40]}))
    fitting = [(setting, operations) for setting, operations in settings if operations.fits(cell)]
    if not fitting:
        raise Unreadable(Notice("cell_breaks_symmetry", {"space_group": called[:40]}))
    return fitting


def _of_hall_symbol(hall: str) -> list[tuple[str, Operations]]:
    """The setting that a Hall symbol stands for, if it is one."""
    try:
        operations = _operations(gemmi.symops_from_hall(hall))
    except (ValueError, RuntimeError):
        return []
    return [(hall, operations)] if operations.is_group() else []


def named_settings(name: str) -> list[gemmi.SpaceGroup]:
    """All settings that a Hermann–Mauguin name can mean; the one of its suffix where it has one (:2, :H, ICSD's Z)."""
    base, _, suffix = re.sub(r"[\s_()]", "", name[:MAX_NAME_LENGTH]).lower().partition(":")
    if not suffix and (letters := re.fullmatch(r"(.+?)(hr|rs|[hrsz])", base)):
        base, suffix = letters[1], SUFFIX_OF_ICSD.get(letters[2], letters[2])
    found = [group for group in gemmi.spacegroup_table_itb() if base in _spellings(group)]
    if not found:
        group = gemmi.find_spacegroup_by_name(base) or gemmi.find_spacegroup_by_name(TWOFOLD_OF_FULL_NAME.sub("", base))
        found = [other for other in gemmi.spacegroup_table() if group is not None and other.hm == group.hm]
    return [group for group in found if suffix and suffix in _suffixes(group)] or found


def _spellings(group: gemmi.SpaceGroup) -> set[str]:
    """P 1 21/n 1 is called P 21/n too, and so are the settings with the other unique axes."""
    words = group.hm.lower().split()
    short = [word for word in words if word != "1"] if words.count("1") == 2 else words
    return {"".join(words), "".join(short)}


def _suffixes(group: gemmi.SpaceGroup) -> set[str]:
    extension = group.ext.strip("\0").lower()
    return {extension, group.qualifier, extension + group.qualifier}


def _operations(operations: gemmi.GroupOps) -> Operations:
    rotation = np.array([operation.rot for operation in operations], dtype=np.float64) / gemmi.Op.DEN
    translation = np.array([operation.tran for operation in operations], dtype=np.float64) / gemmi.Op.DEN
    return Operations(rotation, translation % 1)
