"""What all simulations have in common: their options, how these are filled in, and what is asked of them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from scattering.core.errors import InvalidOptions, field_error
from scattering.core.notices import Notice
from scattering.options.case import Case
from scattering.options.fields import (
    BOUND_ERRORS,
    Engine,
    Flag,
    Number,
    Repeats,
    Whole,
    case_of,
    field_errors,
    schema_extra,
)
from scattering.options.names import Method
from scattering.simulate.protocol import Q_STEP, cell_heights, max_q

ATOM_STEPS_PER_SECOND: Final = 25_000.0
"""NEP89 on one core of a 2020s server; replaced by what this machine has measured."""
DISPERSION_COST: Final = 5.0
"""Times a step of NEP89 alone that one with DFT-D3 takes, on cores."""


class Options(BaseModel, ABC):
    """Everything that a worker needs to know of a simulation beside structure, potential and temperature.

    Fields with a default in the schema have it whatever the structure; the others are worked out by `fill`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    METHOD: ClassVar[Method]

    supercell: Repeats = Field(title="Supercell", description="Repeats of the uploaded cell along its vectors.")
    engine: Engine = Field(title="Engine", description="The program that evaluates the potential or moves the atoms.")
    dispersion: Literal["pbe"] | None = Field(
        default=None,
        title="Dispersion correction",
        description="Functional whose DFT-D3 dispersion is added to the potential.",
        json_schema_extra=schema_extra(choices={"pbe": "DFT-D3(BJ), PBE"}),
    )
    q_max_inv_angstrom: Number = Field(
        ge=1, le=30, title="Largest q", description="Momentum transfer up to which scattering is calculated.",
        json_schema_extra=schema_extra("Å⁻¹"),
    )  # fmt: skip
    seed: Whole = Field(default=1, ge=0, le=2**31 - 1, title="Seed", description="Of all random numbers.")
    relax_cell: Flag = Field(default=False, title="Relax the cell", description="To the potential's own minimum.")
    resolve_sites: Flag = Field(
        default=False,
        title="Separate inequivalent sites",
        description="Each crystallographic site has partials of its own, and not each element.",
    )

    @classmethod
    def fill(cls, given: Mapping[str, Any], case: Case) -> Self:
        """Check the options that a request names, and work out the others.

        Parameters
        ----------
        given
            Name → value; None counts as left out.
        case
            What they are for.

        Raises
        ------
        InvalidOptions
            An option that there is not, out of range, or at odds with another one or with the structure.
        """
        draft = cast(Self, cls.model_construct(**cls._check(given, case)))
        filled = cls.fill_in(draft, case)
        try:
            complete = cls.model_validate(dict(filled), context=case)
        except ValidationError as error:
            raise InvalidOptions(field_errors(error, cls.model_fields)) from error
        complete.check_against(case)
        return complete

    @classmethod
    def parse(cls, stored: Mapping[str, Any]) -> Self:
        """Read the JSON of complete options, as `to_json` returns it, also of an earlier or later version.

        Fields that are missing have their defaults, unknown ones are ignored. Bounds are those of the version that
        stored the options.

        Raises
        ------
        pydantic.ValidationError
            A field without default is missing, or of another type.
        """
        return cls.model_validate(stored)

    @field_validator("*", mode="wrap")
    @classmethod
    def _accept_stored_value(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return check(value)
        except ValidationError as error:
            if case_of(info) is None and {detail["type"] for detail in error.errors()} <= BOUND_ERRORS:
                return value
            raise

    def to_json(self) -> dict[str, Any]:
        """Return the options as they are stored and sent to clients."""
        return self.model_dump(mode="json")

    @classmethod
    def request_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of a request's options: none is required; those without a default are worked out."""
        schema = cls.model_json_schema()
        del schema["required"]
        return schema

    @classmethod
    def _check(cls, given: Mapping[str, Any], case: Case) -> dict[str, Any]:
        """The options that are given, all of them possible; what does not depend on others is checked here."""
        chosen = {name: value for name, value in cls.translate(given).items() if value is not None}
        unknown = Notice("unknown_option", {"method": cls.METHOD, "known": list(cls.model_fields)})
        errors = [field_error(f"options.{name}", unknown) for name in chosen if name not in cls.model_fields]
        try:
            cls.model_validate(chosen, context=case)
        except ValidationError as error:
            errors += field_errors(error, cls.model_fields)
        if errors:
            raise InvalidOptions(errors)
        return chosen

    @classmethod
    def translate(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a request's options with words that stand for values replaced."""
        return given

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Fill in what a request has left out; a draft lacks the fields that are not filled in yet.

        A class fills in its own fields before or after it calls its parent's, as they depend on each other.
        """
        return draft.with_defaults(q_max_inv_angstrom=max_q(case.numbers, case.instruments), engine=case.engines[0])

    def with_defaults(self, **values: object) -> Self:
        """Return a copy with values for those of the fields that have none yet."""
        return self.model_copy(update={name: value for name, value in values.items() if not self.has(name)})

    def has(self, name: str) -> bool:
        """Tell whether a field was given, or has been filled in."""
        return name in self.model_fields_set

    def check_against(self, case: Case) -> None:
        """Check complete options against the structure.

        Raises
        ------
        InvalidOptions
        """
        return

    def n_atoms(self, n_atoms_cell: int) -> int:
        """Atoms in the supercell."""
        return n_atoms_cell * self.n_cells

    @property
    def n_cells(self) -> int:
        """Uploaded cells in the supercell."""
        return math.prod(self.supercell)

    def q_resolution(self, cell: NDArray[np.float64]) -> float:
        """Smallest |q| that fits the supercell, which is also how finely it samples |q|, in Å⁻¹."""
        return float(2 * np.pi / (cell_heights(cell) * np.array(self.supercell)).max())

    @property
    def q_bins(self) -> NDArray[np.float64]:
        """Centres of the bins of |q| of a powder, in Å⁻¹.

        They begin at the first bin whatever the instruments: so few waves of the supercell are that long that leaving
        them out would save nothing.
        """
        return np.asarray(Q_STEP * np.arange(1, round(self.q_max_inv_angstrom / Q_STEP) + 1))

    @property
    @abstractmethod
    def energy_resolution_mev(self) -> float:
        """FWHM in meV of the finest line that the partials can hold."""

    @abstractmethod
    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the expected duration in s on this machine, all cores.

        The force evaluations go by the measured speed; the other terms were fitted to runs of silicon, benzene and
        Sc-doped BaTiO₃ on two cores and scale as the algorithms do.
        """

    @property
    def n_replicas(self) -> int:
        """Independent runs, which several workers may share; 0: one worker does everything in one go."""
        return 0

    @property
    def cell_is_simulated(self) -> bool:
        """Whether the mean cell is found by a run of its own before all others."""
        return False

    def expected_speed(self, cores: int) -> float:
        """Atom-steps a second that are expected of so many cores, until some were measured."""
        return ATOM_STEPS_PER_SECOND * cores / (DISPERSION_COST if self.dispersion else 1.0)
