"""The fields of a pretrained potential's record, `pretrained/NAME.toml`."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

NAMESPACE: Final = uuid.UUID("5b0c6c3e-3a0e-5a57-9a51-6f7b1d6f5a11")
"""Namespace of the ids of pretrained potentials. An id follows from the sum of the file, so all servers have the
same."""


@dataclass(frozen=True)
class Distribution:
    """A source distribution on the Python package index that contains the file of a potential."""

    project: str
    file: str
    size_bytes: int
    sha256: str
    member: str


@dataclass(frozen=True)
class Pretrained:
    """A pretrained potential, identified by the sum of its file. The file may be missing.

    Attributes
    ----------
    family, format, engine
        Family, format within the family (the name of a potential without a file), and engine that loads it.
    file, size_bytes, sha256
        Name, size and sum of its file. Without a file, the size is 0, and the sum is that of `FAMILY/FORMAT`.
    distribution
        Where the file is downloaded from; None: it is never downloaded.
    package_file
        Path of the file in the folder of an installed package, which begins with the name of the package; may be empty.
    licence, citation, source, training, functional
        Texts: licence of the potential, whom to cite, its origin, its training set, and the functional of this set.
    elements
        Symbols; empty if they are not known.
    call_seconds
        Numbers of atoms, each with the measured seconds of one evaluation of forces on one core; empty: not measured.
    """

    name: str
    family: str
    format: str
    engine: str
    cutoff_angstrom: float
    elements: tuple[str, ...]
    file: str = ""
    size_bytes: int = 0
    sha256: str = ""
    licence: str = ""
    citation: str = ""
    source: str = ""
    training: str = ""
    functional: str = ""
    package_file: str = ""
    distribution: Distribution | None = None
    call_seconds: tuple[tuple[int, float], ...] = ()

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return the potential of a record, as a TOML file has it."""
        data = dict(record)
        data["elements"] = tuple(data["elements"])
        data["call_seconds"] = tuple((int(atoms), float(seconds)) for atoms, seconds in data.get("call_seconds", ()))
        if "distribution" in data:
            data["distribution"] = Distribution(**data["distribution"])
        if not data.get("size_bytes"):
            data["sha256"] = hashlib.sha256(f"{data['family']}/{data['format']}".encode()).hexdigest()
        return cls(**data)

    @property
    def id(self) -> uuid.UUID:
        """Id of the row."""
        return uuid.uuid5(NAMESPACE, self.sha256)

    def seconds_per_call(self, n_atoms: int) -> float | None:
        """Return the expected seconds of one evaluation of forces on one core; None if nothing was measured.

        Between the measured numbers of atoms, and beyond them, the time is a power of the number of atoms; with a
        single number it is proportional.
        """
        points = sorted(self.call_seconds)
        if not points:
            return None
        at = min(max(sum(atoms < n_atoms for atoms, _ in points), 1), len(points) - 1)
        if len(points) == 1:
            return points[0][1] * n_atoms / points[0][0]
        (low, low_s), (high, high_s) = points[at - 1], points[at]
        exponent = math.log(high_s / low_s) / math.log(high / low)
        return float(low_s * (n_atoms / low) ** exponent)
