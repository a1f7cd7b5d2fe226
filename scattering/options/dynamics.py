"""Options of molecular dynamics: classical, or of ring polymers (path integrals)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.errors import FieldError, InvalidOptions, field_error
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.options.case import Case
from scattering.options.fields import Number, Whole, case_of, schema_extra
from scattering.options.names import Method, Quality
from scattering.simulate.correlation import MAX_STORED_RUNS
from scattering.simulate.path_integral import MAX_BEADS, n_beads_needed
from scattering.simulate.powder import shells
from scattering.simulate.protocol import choose_supercell, nyquist_energy, time_scales

MIN_CELL_EQUILIBRATION_PS: Final = 2.0
"""Shortest time in which a free cell equilibrates, and over which it is averaged. A cell oscillates with a period of
about 0.5 ps."""
MIN_PRODUCTION_RATIO: Final = 1.05
"""Shortest production over the correlation time. The longest lags then have few time origins, but almost no weight
under the window of `correlation`."""
MIN_CORRELATION_FRAMES: Final = 16
"""Fewest frames in the correlation time."""
MAX_SAMPLE_FS: Final = 100.0
MAX_PRODUCTION_PS: Final = 1000.0
MAX_CORRELATION_PS: Final = 20.0
"""Longest default production and correlation time; a user may choose longer ones."""


@dataclass(frozen=True)
class Effort:
    """Targets of a quality.

    Attributes
    ----------
    atoms
        Atoms in the supercell.
    atom_steps
        Time steps times atoms, of all replicas and beads together.
    replicas, equilibration_ps
        Defaults of the options.
    correlation_ps
        Shortest correlation time.
    n_q_points
        Scattering vectors of a powder.
    """

    atoms: int
    atom_steps: float
    replicas: int
    equilibration_ps: float
    correlation_ps: float
    n_q_points: int = 0


class Dynamics(Options):
    """Options of independent runs of molecular dynamics, whose positions are correlated."""

    EFFORTS: ClassVar[Mapping[Quality, Effort]]

    timestep_fs: Number = Field(
        ge=0.1, le=5, title="Time step", description="Integration step, about a twentieth of the fastest period.",
        json_schema_extra=schema_extra("fs"),
    )  # fmt: skip
    sample_fs: Number = Field(
        ge=0.1, le=MAX_SAMPLE_FS, title="Frame interval",
        description="Time between frames, a whole number of time steps.", json_schema_extra=schema_extra("fs"),
    )  # fmt: skip
    equilibration_ps: Number = Field(
        ge=0.01, le=10_000, title="Equilibration", description="Time before the recorded part of each run.",
        json_schema_extra=schema_extra("ps"),
    )  # fmt: skip
    production_ps: Number = Field(
        ge=0.1, le=100_000, title="Production", description="Recorded time of each run.",
        json_schema_extra=schema_extra("ps"),
    )  # fmt: skip
    correlation_ps: Number = Field(
        ge=0.05, le=1000, title="Correlation time", description="Longest lag T; the energy resolution is h/T.",
        json_schema_extra=schema_extra("ps"),
    )  # fmt: skip
    replicas: Whole = Field(
        ge=1, le=64, title="Independent runs", description="The scatter of the runs gives the errors."
    )
    ensemble: Literal["nvt", "npt"] = Field(
        default="nvt",
        title="Equilibration ensemble",
        description="NVT keeps the cell; NPT first finds its mean size and shape.",
        json_schema_extra=schema_extra(
            choices={"nvt": "Keep the cell (NVT)", "npt": "Let the cell find its size (NPT)"}
        ),
    )
    pressure_gpa: Number = Field(
        default=0.0, ge=-10, le=200, title="Pressure", description="Pressure of a cell that is free to change (NPT).",
        json_schema_extra=schema_extra("GPa"),
    )  # fmt: skip

    @property
    def beads(self) -> int:
        """Number of beads of each ring polymer; 1 is classical."""
        return 1

    @property
    def ensemble_recorded(self) -> Literal["nve", "nvt"]:
        """Ensemble of the production."""
        return "nve"

    @property
    def n_replicas(self) -> int:
        """Number of independent runs."""
        return self.replicas

    @property
    def n_segments(self) -> int:
        """Number of segments of a single run, each twice as long as the correlations; 1 of several or a short one."""
        if self.replicas > 1:
            return 1
        return max(1, min(MAX_STORED_RUNS, int(self.production_ps / self.correlation_ps + 1e-9) // 2))

    @property
    def n_stored_runs(self) -> int:
        """Number of runs, or segments of a run, that the partials keep beside their mean."""
        n_runs = self.replicas * self.n_segments
        return n_runs if n_runs > 1 else 0

    @property
    def cell_is_simulated(self) -> bool:
        """Whether a run first finds the mean size and shape of the cell."""
        return self.ensemble == "npt"

    @property
    def cell_equilibration_ps(self) -> float:
        """Time in ps in which a free cell equilibrates, and over which it is then averaged."""
        return max(self.equilibration_ps, MIN_CELL_EQUILIBRATION_PS)

    @property
    def n_lags(self) -> int:
        """Number of lags in the correlation time, including lag 0."""
        return round(self.correlation_ps * 1e3 / self.sample_fs) + 1

    @property
    def highest_resolved_mev(self) -> float:
        """Energy in meV up to which the frames resolve vibrations: 10 % below the Nyquist energy."""
        return 0.9 * nyquist_energy(self.sample_fs)

    @property
    def energy_resolution_mev(self) -> float:
        """FWHM h/T for a correlation time T, with the Hann window of `correlation`."""
        return PLANCK_MEV_FS / (self.correlation_ps * 1e3)

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose time steps for the lightest element, then the lengths of the runs for the effort of the quality."""
        effort, speed = cls.EFFORTS[case.quality], time_scales(case.numbers)
        draft = (
            super()
            .fill_in(draft, case)
            .with_defaults(
                supercell=choose_supercell(case.cell, n_atoms=case.n_atoms, target=effort.atoms, min_height=10.0),
                timestep_fs=speed.timestep_fs,
                sample_fs=speed.sample_fs,
                equilibration_ps=effort.equilibration_ps,
                replicas=effort.replicas,
            )
        )
        # The frame interval is a whole number of time steps
        max_steps = int(MAX_SAMPLE_FS / draft.timestep_fs)
        every = min(max(1, round(draft.sample_fs / draft.timestep_fs)), max_steps)
        draft = draft.model_copy(update={"sample_fs": every * draft.timestep_fs})
        draft = draft.with_defaults(production_ps=draft._production_ps(effort, case.n_atoms))
        return draft.with_defaults(correlation_ps=draft._correlation_ps(effort))

    def _production_ps(self, effort: Effort, n_atoms_cell: int) -> float:
        steps = effort.atom_steps / self.n_atoms(n_atoms_cell) / self.beads / self.replicas
        picoseconds = steps * self.timestep_fs * 1e-3 - self.equilibration_ps
        shortest = MIN_PRODUCTION_RATIO * (self.correlation_ps if self.has("correlation_ps") else effort.correlation_ps)
        return round(min(max(picoseconds, shortest), MAX_PRODUCTION_PS), 1)

    def _correlation_ps(self, effort: Effort) -> float:
        longest = max(self.production_ps / 2, effort.correlation_ps)
        return round(min(self.production_ps / MIN_PRODUCTION_RATIO, longest, MAX_CORRELATION_PS), 3)

    @model_validator(mode="after")
    def _lengths_fit(self, info: ValidationInfo) -> Self:
        if case_of(info) is None:
            return self
        errors = list[FieldError]()
        if self.pressure_gpa != 0.0 and not self.cell_is_simulated:
            errors.append(field_error("options.pressure_gpa", Notice("pressure_without_npt")))
        frames = self.correlation_ps * 1e3 / self.sample_fs
        if self.correlation_ps > self.production_ps:
            stated = {"correlation_ps": self.correlation_ps, "production_ps": self.production_ps}
            errors.append(field_error("options.correlation_ps", Notice("long_correlation", stated)))
        elif frames < MIN_CORRELATION_FRAMES:
            stated = {
                "n_frames": frames,
                "minimum": MIN_CORRELATION_FRAMES,
                "minimum_ps": MIN_CORRELATION_FRAMES * 1e-3 * self.sample_fs,
            }
            errors.append(field_error("options.correlation_ps", Notice("few_correlation_frames", stated)))
        if errors:
            raise InvalidOptions(errors)
        return self

    def n_correlated_vectors(self) -> int:
        """Return the number of scattering vectors at which all atoms are correlated."""
        raise NotImplementedError

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for all steps of all runs, and for correlating their positions."""
        n_atoms = self.n_atoms(n_atoms_cell)
        steps = self.replicas * (self.equilibration_ps + self.production_ps) * 1e3 / self.timestep_fs
        if self.cell_is_simulated:
            steps += 2 * self.cell_equilibration_ps * 1e3 / self.timestep_fs
        moves = 10.0 + n_atoms * self.beads * steps / atom_steps_per_second
        return moves + self.correlation_seconds(n_atoms, atom_steps_per_second)

    def correlation_seconds(self, n_atoms: int, atom_steps_per_second: float) -> float:
        """Return the time for correlating the positions of all runs."""
        frames = self.replicas * self.production_ps * 1e3 / self.sample_fs
        n_self = 6 * len(shells(self.q_max_inv_angstrom))
        # In units of a time step of one atom, a phase costs 1/40 000, and a phase with its Fourier transform 1/6000.
        # Each bead has a phase; the beads of an atom share the transform
        phases = self.n_correlated_vectors() * self.beads / 40_000 + n_self * (1 / 6000 + (self.beads - 1) / 40_000)
        return n_atoms * frames * phases / atom_steps_per_second


class Classical(Dynamics):
    """Classical molecular dynamics."""

    METHOD: ClassVar[Method] = "md"

    production_ensemble: Literal["nve", "nvt"] = Field(
        default="nve",
        title="Production ensemble",
        description="NVT applies a thermostat to the recorded motion; NVE does not.",
        json_schema_extra=schema_extra(choices={"nve": "Constant energy (NVE)", "nvt": "Constant temperature (NVT)"}),
    )

    @property
    def ensemble_recorded(self) -> Literal["nve", "nvt"]:
        """Ensemble of the production."""
        return self.production_ensemble


class RingPolymers(Dynamics):
    """Thermostatted ring-polymer molecular dynamics: path integrals."""

    METHOD: ClassVar[Method] = "trpmd"

    n_beads: Whole = Field(
        ge=2, le=MAX_BEADS, multiple_of=2, title="Beads",
        description="Beads of each ring polymer: more for stiffer vibrations and lower temperatures.",
    )  # fmt: skip

    @property
    def beads(self) -> int:
        """Number of beads of each ring polymer."""
        return self.n_beads

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose enough beads for the stiffest usual vibration, then all other options."""
        # By the highest phonon energy: overtones, at higher energies, involve the same coordinates
        n_beads = n_beads_needed(time_scales(case.numbers).typical_mev, case.temperature)
        return super().fill_in(draft.with_defaults(n_beads=n_beads), case)


class PowderDynamics(Dynamics):
    """Options of the dynamics of a powder."""

    n_q_points: Whole = Field(
        ge=10,
        le=20_000,
        title="Scattering vectors",
        description="Number of vectors at which pairs of atoms are correlated.",
    )

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose the number of scattering vectors, and all other options."""
        return super().fill_in(draft, case).with_defaults(n_q_points=cls.EFFORTS[case.quality].n_q_points)

    def n_correlated_vectors(self) -> int:
        """Return `n_q_points`."""
        return self.n_q_points


class PowderClassical(PowderDynamics, Classical):
    """Classical molecular dynamics of a powder."""

    EFFORTS: ClassVar[Mapping[Quality, Effort]] = {
        # A minute or two of MD on two cores; an hour; a night
        "preview": Effort(300, 4e6, 3, 0.3, 1.8, 5000),
        "standard": Effort(1500, 1.2e8, 4, 2.0, 5.0, 8000),
        "production": Effort(6000, 2e9, 4, 5.0, 10.0, 12000),
    }


class PowderRingPolymers(PowderDynamics, RingPolymers):
    """Path integrals of a powder."""

    EFFORTS: ClassVar[Mapping[Quality, Effort]] = {
        # As many atom-steps as classical runs, of fewer atoms: each bead takes its own. Minutes for heavy atoms at room
        # temperature; hours for hydrogen, which needs dozens of beads even in the shortest useful run
        "preview": Effort(100, 4e6, 2, 0.3, 1.8, 3000),
        "standard": Effort(400, 2.4e8, 4, 2.0, 4.0, 5000),
        "production": Effort(1500, 4e9, 4, 5.0, 8.0, 8000),
    }
