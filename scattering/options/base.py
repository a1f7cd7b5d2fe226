"""Base class of simulation options: common fields, defaults, checks and estimates."""

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
"""Speed of NEP89 on one core of a 2020s server, used until this machine has measured its own speed."""
DISPERSION_COST: Final = 5.0
"""Time of a step of NEP89 with DFT-D3 over one without, on CPU cores."""


class Options(BaseModel, ABC):
    """Options of a simulation: all that a worker needs beside structure, potential and temperature.

    A default in the schema does not depend on the structure; `fill` derives all other defaults.
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
    seed: Whole = Field(default=1, ge=0, le=2**31 - 1, title="Seed", description="Start of all random numbers.")
    relax_cell: Flag = Field(
        default=False, title="Relax the cell", description="Relax the cell to the minimum energy of the potential."
    )
    resolve_sites: Flag = Field(
        default=False,
        title="Separate inequivalent sites",
        description="Calculate partials for each crystallographic site instead of each element.",
    )

    @classmethod
    def fill(cls, given: Mapping[str, Any], case: Case) -> Self:
        """Check the options of a request, and derive the others.

        Parameters
        ----------
        given
            Name → value; None counts as left out.
        case
            Structure, temperature, instruments and quality of the request.

        Raises
        ------
        InvalidOptions
            An option is unknown, out of range, or inconsistent with another option or the structure.
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
        """Read the JSON of complete options from `to_json`, of this or any other version.

        Missing fields get their defaults, and unknown fields are ignored. Bounds are not checked: they were those of
        the version that stored the options.

        Raises
        ------
        pydantic.ValidationError
            A field without default is missing, or has a wrong type.
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
        """Return the JSON Schema of the options in a request: none is required."""
        schema = cls.model_json_schema()
        del schema["required"]
        schema["properties"] = {name: one for name, one in schema["properties"].items() if name in cls.names()}
        return schema

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the options: the fields that are stored."""
        return [name for name, field in cls.model_fields.items() if not field.exclude]

    @classmethod
    def _check(cls, given: Mapping[str, Any], case: Case) -> dict[str, Any]:
        """Check each given option alone, and return all that are not None."""
        chosen = {name: value for name, value in cls.translate(given).items() if value is not None}
        unknown = Notice("unknown_option", {"method": cls.METHOD, "known": cls.names()})
        errors = [field_error(f"options.{name}", unknown) for name in chosen if name not in cls.names()]
        try:
            cls.model_validate(chosen, context=case)
        except ValidationError as error:
            errors += field_errors(error, cls.model_fields)
        if errors:
            raise InvalidOptions(errors)
        return chosen

    @classmethod
    def translate(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace keywords by the values that they stand for."""
        return given

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Fill in the options that a request leaves out; a draft lacks the fields that are not filled in yet.

        A class fills in its fields before or after those of its parent, whichever they depend on.
        """
        return draft.with_defaults(q_max_inv_angstrom=max_q(case.numbers, case.instruments), engine=case.engines[0])

    def with_defaults(self, **values: object) -> Self:
        """Return a copy with values for the fields that have none yet."""
        return self.model_copy(update={name: value for name, value in values.items() if not self.has(name)})

    def has(self, name: str) -> bool:
        """Return whether a field was given or has been filled in."""
        return name in self.model_fields_set

    def check_against(self, case: Case) -> None:
        """Check complete options against the structure.

        Raises
        ------
        InvalidOptions
        """
        return

    def n_atoms(self, n_atoms_cell: int) -> int:
        """Return the number of atoms in the supercell."""
        return n_atoms_cell * self.n_cells

    @property
    def n_cells(self) -> int:
        """Number of uploaded cells in the supercell."""
        return math.prod(self.supercell)

    def q_resolution(self, cell: NDArray[np.float64]) -> float | None:
        """Return the smallest |q| that fits the supercell, the step of its |q|, in Å⁻¹; None without a supercell."""
        return float(2 * np.pi / (cell_heights(cell) * np.array(self.supercell)).max())

    @property
    def q_bins(self) -> NDArray[np.float64]:
        """Centres of the bins of |q| of a powder, in Å⁻¹.

        They start at the first bin for all instruments: the supercell has few waves at small |q|, which cost little.
        """
        return np.asarray(Q_STEP * np.arange(1, round(self.q_max_inv_angstrom / Q_STEP) + 1))

    @property
    @abstractmethod
    def energy_resolution_mev(self) -> float:
        """FWHM in meV of the narrowest line that the partials resolve."""

    @abstractmethod
    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the expected duration in s on this machine, all cores.

        Force evaluations scale with the measured speed. The other terms scale as their algorithms; they were fitted to
        runs of silicon, benzene and Sc-doped BaTiO₃ on two cores.
        """

    @property
    def n_replicas(self) -> int:
        """Number of independent runs, which several workers may share; 0 if one worker does the whole simulation."""
        return 0

    @property
    def n_stored_runs(self) -> int:
        """Number of runs, or segments of a run, that the partials keep beside their mean."""
        return self.n_replicas

    @property
    def cell_is_simulated(self) -> bool:
        """Whether a separate run finds the mean cell before all other runs."""
        return False

    def expected_speed(self, cores: int) -> float:
        """Return the expected atom-steps per second on a number of cores, used until a speed is measured."""
        return ATOM_STEPS_PER_SECOND * cores / (DISPERSION_COST if self.dispersion else 1.0)
