"""Recipes of the fit: rates, steps and scales of the errors, with defaults for each effort.

The defaults were measured with silicon (20 cells of 4 and 8 atoms) and other crystals on two cores: a rate of 1e-2 that
decays is needed, because 1e-3 leaves 5 % of the error; beyond 3000 steps phonons change by less than 0.5 meV.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from scattering.options.fields import schema_extra
from scattering.options.names import HarmonicModes

Effort = Literal["quick", "standard", "thorough"]

STEPS: Final[Mapping[Effort, int]] = {"quick": 1000, "standard": 3000, "thorough": 10_000}
MAX_STEPS: Final = 200_000
STRUCTURES: Final[Mapping[Effort, int]] = {"quick": 10, "standard": 20, "thorough": 50}
MAX_STRUCTURES: Final = 2000
EXACT_VIRIAL_SCALE_EV: Final = 0.05
"""Scale of exact virials. With 0.3, the lattice constant of silicon moved by 0.3 % from that of the labels; with 0.05,
by 0.03 %."""


class Recipe(BaseModel):
    """Choices of a training beyond its material and its labels. All have defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(STEPS["standard"], ge=1, le=MAX_STEPS, description="steps of AdamW; default: by the effort")
    batch_size: int = Field(
        2, title="Structures of a step", ge=1, le=256, description="labelled structures of one step"
    )
    learning_rate: float = Field(1e-2, title="First learning rate", gt=0, le=0.1, description="rate of the first step")
    final_learning_rate: float = Field(
        1e-6, title="Last learning rate", gt=0, le=0.1, description="rate of the last step, reached along a cosine"
    )
    energy_scale_ev: float = Field(
        0.005,
        title="Scale of energies",
        json_schema_extra=schema_extra("eV"),
        gt=0,
        le=1,
        description="error of an energy per atom that counts as 1, eV",
    )
    force_scale_ev_per_angstrom: float = Field(
        0.015,
        title="Scale of forces",
        json_schema_extra=schema_extra("eV/Å"),
        gt=0,
        le=1,
        description="error of a force component that counts as 1, eV/Å",
    )
    virial_scale_ev: float = Field(
        0.3,
        title="Scale of virials",
        json_schema_extra=schema_extra("eV"),
        gt=0,
        le=10,
        description="error of a virial per atom that counts as 1, eV",
    )
    fit_stress: bool | None = Field(
        None,
        title="Fit stresses",
        description="whether stresses are fitted; null: if all labels have them. Leave it out for stresses whose "
        "cut-off energy is not converged",
    )
    held_out_fraction: float = Field(
        0.1,
        title="Held-out fraction",
        ge=0.05,
        le=0.5,
        description="fraction of the labels that are not trained on, and measure the errors",
    )
    n_structures: int = Field(
        STRUCTURES["standard"],
        title="Structures to label",
        ge=5,
        le=MAX_STRUCTURES,
        description="structures that the server labels, besides at most as many with a single displaced atom; default: "
        "by the effort",
    )
    seed: int = Field(1, ge=0, lt=2**31)
    dynamics_ps: float = Field(
        20.0,
        title="Dynamics of the check",
        json_schema_extra=schema_extra("ps"),
        ge=1,
        le=200,
        description="length of the molecular dynamics that must stay intact at the temperature, ps",
    )
    mode_steps: int = Field(
        0,
        title="Steps of the fit to modes",
        ge=0,
        le=100,
        description="steps of the second fit, to the modes of the reference, for a crystal of molecules; 0: none. It "
        "lowers errors of phonons, and raises those of forces",
    )
    harmonic_modes: HarmonicModes = Field(
        "all",
        title="Modes of the force constants",
        description="modes that the force constants of a forecast give where they label structures: all, or in a "
        "crystal of molecules those inside the molecules only",
    )
    reference_prediction_id: uuid.UUID | None = Field(
        None,
        title="Phonons of the reference",
        description="harmonic forecast of the same structure whose phonons are the reference of the check, such as "
        "one from uploaded force constants; null: none",
    )

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON."""
        return self.model_dump(mode="json")


def fill(effort: Effort, options: Mapping[str, Any], *, exact_stress: bool = False) -> Recipe:
    """Complete the options of a request.

    Parameters
    ----------
    exact_stress
        Whether the stresses of the labels are exact, as those of a potential are: no basis of plane waves adds to them.

    Raises
    ------
    pydantic.ValidationError
        There is no such option, or a value is out of its bounds.
    """
    defaults: dict[str, Any] = {"steps": STEPS[effort], "n_structures": STRUCTURES[effort]}
    if exact_stress:
        defaults["virial_scale_ev"] = EXACT_VIRIAL_SCALE_EV
    return Recipe.model_validate({**defaults, **options})
