"""Options of harmonic phonons from given force constants or modes: nothing is relaxed, and no forces are calculated."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.options.case import Case
from scattering.options.fields import Flag, Number, Repeats
from scattering.options.harmonic import Harmonic, PowderHarmonic
from scattering.options.path import PathHarmonic


class Given(Harmonic):
    """Options of phonons from given force constants or modes.

    Fields of the calculation of forces have fixed values. They are not options, and are not stored.
    """

    supercell: Repeats = Field(default=(1, 1, 1), exclude=True)
    engine: str = Field(default="", exclude=True)
    dispersion: Literal["pbe"] | None = Field(default=None, exclude=True)
    relax_cell: Flag = Field(default=False, exclude=True)
    displacement_angstrom: Number = Field(default=0.01, exclude=True)
    nac: Flag = Field(
        title="LO–TO splitting",
        description="Split longitudinal and transverse optical modes by Born charges. Default: if they are known.",
    )

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Use Born charges if they are known, and choose all other options."""
        fixed = {name: field.default for name, field in cls.model_fields.items() if field.exclude}
        return super().fill_in(draft.with_defaults(nac=case.has_born_charges, **fixed), case)

    def check_against(self, case: Case) -> None:
        """Check that there are Born charges if they are asked for."""
        super().check_against(case)
        if self.nac and not case.has_born_charges:
            raise InvalidOptions.at("options.nac", Notice("no_born_charges"))

    @property
    def uses_born_charges(self) -> bool:
        """Whether Born charges of the force constants split LO and TO modes."""
        return self.nac

    def q_resolution(self, cell: NDArray[np.float64]) -> float | None:
        """Return None: no supercell is simulated."""
        return None

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for phonons over the zone, and all orders: no forces are calculated."""
        return super().estimate_seconds(n_atoms_cell=n_atoms_cell, atom_steps_per_second=float("inf"))


class PowderGiven(Given, PowderHarmonic):
    """Options of a powder from given force constants or modes."""


class PathGiven(Given, PathHarmonic):
    """Options of a single crystal along a path from given force constants."""
