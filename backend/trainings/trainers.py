"""Records of the programs that fit potentials. The code of one is in `workers.training`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Trainer:
    """A program that fits potentials.

    Attributes
    ----------
    name
        Name that a worker announces, beside those of its engines.
    package, needs
        Its Python package, and others that must be installed too.
    families
        Families of potentials that it can start from.
    queue
        Queue of its jobs.
    """

    name: str
    package: str
    needs: tuple[str, ...]
    families: tuple[str, ...]
    queue: str
    licence: str


TRAINERS: Final[Mapping[str, Trainer]] = {
    "neppo": Trainer("neppo", "neppo", ("torch",), ("nep",), "cpu", "MPL-2.0"),
}
DEFAULT: Final = TRAINERS["neppo"]
