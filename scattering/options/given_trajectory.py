"""Options of the analysis of a given trajectory: nothing is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.core.trajectory import longest_window_ps
from scattering.crystal.unit_cell import NotRepeated, UnitCell
from scattering.options.base import ATOM_STEPS_PER_SECOND
from scattering.options.case import Case
from scattering.options.dynamics import Dynamics, PowderClassical, PowderDynamics, PowderRingPolymers
from scattering.options.fields import Flag, Number, Repeats, Whole, schema_extra
from scattering.options.path import PathClassical, PathDynamics, PathRingPolymers

WINDOW: str = "window_ps"
"""Another name of `correlation_ps` in a request."""


class GivenTrajectory(Dynamics):
    """Options of a given trajectory.

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

    @classmethod
    def translate(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take `window_ps` as the correlation time."""
        if WINDOW not in given:
            return super().translate(given)
        others = {name: value for name, value in given.items() if name != WINDOW}
        return super().translate({"correlation_ps": given[WINDOW], **others})

    @classmethod
    def _fixed(cls, case: Case) -> dict[str, Any]:
        """Return the values of options that the trajectory determines."""
        if case.frames is None:
            raise ValueError("there is no trajectory")
        n_frames, interval = case.frames
        return {"sample_fs": interval, "production_ps": n_frames * interval * 1e-3}

    @classmethod
    def _with_frames(cls, draft: Self, case: Case) -> Self:
        """Take interval and length of the trajectory, and choose the options that all samplings have."""
        fixed = {name: field.default for name, field in cls.model_fields.items() if field.exclude}
        draft = draft.with_defaults(**fixed, **cls._fixed(case))
        assert case.frames is not None
        draft = draft.with_defaults(correlation_ps=longest_window_ps(*case.frames))
        # Not the defaults of a simulation
        return super(Dynamics, cls).fill_in(draft, case)

    def check_against(self, case: Case) -> None:
        """Check that interval, length and beads are those of the trajectory."""
        super().check_against(case)
        if case.frames is None:
            return
        for name, value in self._fixed(case).items():
            if abs(getattr(self, name) - value) > 1e-6 * value:
                raise InvalidOptions.at(f"options.{name}", Notice("fixed_by_trajectory", {"value": value}))

    @property
    def n_replicas(self) -> int:
        """0: one worker does the whole analysis."""
        return 0

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for correlating the positions. It does not depend on the speed of a potential."""
        return 5.0 + self.correlation_seconds(n_atoms_cell, ATOM_STEPS_PER_SECOND)


class ClassicalTrajectory(GivenTrajectory):
    """Options of a trajectory of classical nuclei, or of one whose statistics need no correction."""

    production_ensemble: Literal["nve", "nvt"] = Field(default="nve", exclude=True)
    statistics: Literal["classical", "quantum"] = Field(
        default="classical",
        title="Statistics",
        description="Whether nuclei moved classically, or the trajectory has quantum statistics: then no correction "
        "for detailed balance is made.",
        json_schema_extra=schema_extra(choices={"classical": "Classical nuclei", "quantum": "Quantum statistics"}),
    )


class RingPolymerTrajectory(GivenTrajectory):
    """Options of a trajectory of the beads of ring polymers, or of their centroids."""

    n_beads: Whole = Field(
        ge=1, title="Beads", description="Beads of each ring polymer in the trajectory; 1: only its centroid."
    )

    @classmethod
    def _fixed(cls, case: Case) -> dict[str, Any]:
        return {**super()._fixed(case), "n_beads": case.n_beads}


class PowderGivenTrajectory(GivenTrajectory, PowderDynamics):
    """Options of a powder from a given trajectory."""

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Take interval and length of the trajectory, and choose the other options."""
        draft = draft.with_defaults(n_q_points=cls.EFFORTS[case.quality].n_q_points)
        return cls._with_frames(draft, case)


class PathGivenTrajectory(GivenTrajectory, PathDynamics):
    """Options of a single crystal along a path, from a given trajectory."""

    force_constant_supercell: Repeats = Field(default=(1, 1, 1), exclude=True)
    unit_cells: Repeats = Field(
        title="Unit cells",
        description="Unit cells along the vectors of the trajectory's cell. Path, zones and wave vectors are those of "
        "the unit cell. Default: the smallest cell that the mean positions repeat.",
    )

    @property
    def repeats(self) -> tuple[int, int, int]:
        """Repeats of the unit cell in the box of the trajectory."""
        return self.unit_cells

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Find the unit cell, take interval and length of the trajectory, and choose path, zones and other options."""
        unit = draft.unit_cell(case)
        case_of_cell, draft = case.of_unit_cell(unit), draft.with_defaults(unit_cells=unit.repeats)
        return cls._with_frames(draft.with_path(case_of_cell), case)._with_zones(case_of_cell)

    def unit_cell(self, case: Case) -> UnitCell:
        """Return the unit cell of the stated repeats, or the smallest one.

        Raises
        ------
        InvalidOptions
            The trajectory does not repeat so.
        """
        repeats = self.unit_cells if self.has("unit_cells") else None
        try:
            return case.unit_cell(repeats)
        except NotRepeated:
            notice = Notice("unit_cell_not_repeated", {"repeats": repeats})
            raise InvalidOptions.at("options.unit_cells", notice) from None


class PowderTrajectory(PowderGivenTrajectory, ClassicalTrajectory, PowderClassical):
    """Options of a powder from a given trajectory of classical nuclei."""


class PathTrajectory(PathGivenTrajectory, ClassicalTrajectory, PathClassical):
    """Options of a single crystal along a path, from a given trajectory of classical nuclei."""


class PowderBeadTrajectory(PowderGivenTrajectory, RingPolymerTrajectory, PowderRingPolymers):
    """Options of a powder from a given trajectory of ring polymers."""


class PathBeadTrajectory(PathGivenTrajectory, RingPolymerTrajectory, PathRingPolymers):
    """Options of a single crystal along a path, from a given trajectory of ring polymers."""
