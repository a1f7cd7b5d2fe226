"""Options of the analysis of a given trajectory: nothing is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.core.trajectory import longest_window_ps
from scattering.options.base import ATOM_STEPS_PER_SECOND
from scattering.options.case import Case
from scattering.options.dynamics import Dynamics, PowderClassical
from scattering.options.fields import Flag, Number, Repeats, Whole, schema_extra

WINDOW: str = "window_ps"
"""Another name of `correlation_ps` in a request."""


class PowderTrajectory(PowderClassical):
    """Options of a powder from a given trajectory.

    Fields of the simulation have fixed values. They are not options, and are not stored. Interval and length are those
    of the trajectory.
    """

    supercell: Repeats = Field(default=(1, 1, 1), exclude=True)
    engine: str = Field(default="", exclude=True)
    dispersion: Literal["pbe"] | None = Field(default=None, exclude=True)
    relax_cell: Flag = Field(default=False, exclude=True)
    timestep_fs: Number = Field(default=1.0, exclude=True)
    equilibration_ps: Number = Field(default=0.01, exclude=True)
    replicas: Whole = Field(default=1, exclude=True)
    ensemble: Literal["nvt", "npt"] = Field(default="nvt", exclude=True)
    pressure_gpa: Number = Field(default=0.0, exclude=True)
    production_ensemble: Literal["nve", "nvt"] = Field(default="nve", exclude=True)
    sample_fs: Number = Field(
        gt=0, title="Frame interval", description="Time between the frames of the trajectory.",
        json_schema_extra=schema_extra("fs"),
    )  # fmt: skip
    production_ps: Number = Field(
        gt=0, title="Length", description="Length of the trajectory.", json_schema_extra=schema_extra("ps")
    )
    correlation_ps: Number = Field(
        gt=0, title="Correlation time",
        description="Longest lag T; the energy resolution is h/T. Also `window_ps`. Default: half of the length.",
        json_schema_extra=schema_extra("ps"),
    )  # fmt: skip
    statistics: Literal["classical", "quantum"] = Field(
        default="classical",
        title="Statistics",
        description="Whether nuclei moved classically, or the trajectory has quantum statistics: then no correction "
        "for detailed balance is made.",
        json_schema_extra=schema_extra(choices={"classical": "Classical nuclei", "quantum": "Quantum statistics"}),
    )

    @classmethod
    def translate(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take `window_ps` as the correlation time."""
        if WINDOW not in given:
            return super().translate(given)
        others = {name: value for name, value in given.items() if name != WINDOW}
        return super().translate({"correlation_ps": given[WINDOW], **others})

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Take interval and length of the trajectory, and choose the other options."""
        if case.frames is None:
            raise ValueError("there is no trajectory")
        n_frames, interval = case.frames
        fixed = {name: field.default for name, field in cls.model_fields.items() if field.exclude}
        draft = draft.with_defaults(
            **fixed,
            sample_fs=interval,
            production_ps=n_frames * interval * 1e-3,
            correlation_ps=longest_window_ps(n_frames, interval),
            n_q_points=cls.EFFORTS[case.quality].n_q_points,
        )
        # Not the defaults of a simulation
        return super(Dynamics, cls).fill_in(draft, case)

    def check_against(self, case: Case) -> None:
        """Check that interval and length are those of the trajectory."""
        super().check_against(case)
        if case.frames is None:
            return
        n_frames, interval = case.frames
        of_trajectory = {"sample_fs": interval, "production_ps": n_frames * interval * 1e-3}
        for name, value in of_trajectory.items():
            if abs(getattr(self, name) - value) > 1e-6 * value:
                raise InvalidOptions.at(f"options.{name}", Notice("fixed_by_trajectory", {"value": value}))

    @property
    def n_replicas(self) -> int:
        """0: one worker does the whole analysis."""
        return 0

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for correlating the positions. It does not depend on the speed of a potential."""
        return 5.0 + self.correlation_seconds(n_atoms_cell, ATOM_STEPS_PER_SECOND)
