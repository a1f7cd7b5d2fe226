"""Options of a single crystal along a path through reciprocal space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.crystal.path import BrillouinZone, SampledPath, Segment, path_labels, path_text, sample, segments
from scattering.crystal.protocol import MAX_ARMS, commensurate_supercell
from scattering.crystal.zones import check_zones, random_zones, reachable_zones
from scattering.options.base import Options
from scattering.options.case import Case
from scattering.options.dynamics import Classical, Dynamics, Effort, RingPolymers
from scattering.options.fields import MAX_ZONES, Number, Path, Repeats, Whole, Zones, schema_extra
from scattering.options.harmonic import Harmonic, phonon_seconds
from scattering.options.names import Quality
from scattering.simulate.protocol import (
    ENERGY_STEP_MEV,
    MIN_HARMONIC_HEIGHT_ANGSTROM,
    accessible_q,
    choose_supercell,
    time_scales,
)

DEFAULT_N_ZONES: Final = 52
"""Number of zones, as Lindgren et al. use for silicon."""
N_WAVE_VECTORS_RANGE: Final = (60, 150)
"""Fewest and most wave vectors of a harmonic path by default: as many as a figure resolves."""
N_DISPERSION_POINTS: Final = 300
"""Wave vectors of the harmonic dispersion along the path."""
MIN_SPACING_INV_ANGSTROM: Final = 1e-3
MAX_COHERENT_BYTES: Final = 150e6
"""Largest coherent partials, including those of each run."""
ZONE_KEYWORDS: Final[Mapping[str, list[list[int]] | None]] = {"first": [[0, 0, 0]], "random": None}
"""Keywords of a request for lists of zones; None draws random zones."""


class PathOptions(Options):
    """Options of a path through the Brillouin zone, sampled in many zones."""

    path: Path = Field(
        title="Path", description='Special points joined by hyphens; "|" starts again at another point.',
        examples=["Γ-X-U|K-Γ-L"],
    )  # fmt: skip
    zones: Zones = Field(
        title="Brillouin zones",
        description='Reciprocal lattice vectors [h, k, l] of the uploaded cell; a request may write "first" (only the '
        'first zone) or "random" (`n_zones` of the zones that the instruments reach).',
        max_length=MAX_ZONES,
    )
    n_zones: Whole = Field(
        ge=1, le=MAX_ZONES, title="Number of zones", description="Number of random zones, or of the listed zones."
    )

    @classmethod
    def translate(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace the keywords of zones."""
        zones = given.get("zones")
        return {**given, "zones": ZONE_KEYWORDS[zones]} if isinstance(zones, str) and zones in ZONE_KEYWORDS else given

    @classmethod
    def request_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of the options in a request, whose zones may be a keyword."""
        schema = super().request_schema()
        zones = schema["properties"]["zones"]
        listed = {name: zones.pop(name) for name in ("type", "items", "maxItems")}
        schema["properties"]["zones"] = {"anyOf": [{"enum": list(ZONE_KEYWORDS)}, listed], **zones}
        return schema

    def lines(self, zone: BrillouinZone) -> tuple[Segment, ...]:
        """Return the straight lines of the path."""
        return segments(zone, path_labels(zone, self.path))

    def sample_path(self, lines: Sequence[Segment], cell: NDArray[np.float64]) -> SampledPath:
        """Return the wave vectors of the scattering.

        Parameters
        ----------
        lines
            As from `lines`.
        cell
            Shape (3, 3), Å: the uploaded cell, relaxed on request.
        """
        raise NotImplementedError

    def sample_dispersion(
        self, lines: Sequence[Segment], cell: NDArray[np.float64], *, split_gamma: bool = False
    ) -> SampledPath:
        """Return the wave vectors of the dispersion; parameters as for `sample_path` and `sample`."""
        return sample(lines, cell, spacing=path_length(lines, cell) / N_DISPERSION_POINTS, split_gamma=split_gamma)

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose the usual path of the lattice, then all other options, then zones that the instruments reach."""
        return super().fill_in(draft.with_path(case), case)._with_spacing(case)._with_zones(case)

    def with_path(self, case: Case) -> Self:
        """Return a copy with the given path, or the usual path of the lattice, in the stored form."""
        labels = path_labels(case.zone, self.path if self.has("path") else None)
        return self.model_copy(update={"path": path_text(labels)})

    def _with_spacing(self, case: Case) -> Self:
        """Choose the spacing of wave vectors, if it is an option."""
        return self

    def _with_zones(self, case: Case) -> Self:
        vectors = self.sample_path(self.lines(case.zone), case.cell).wave_vectors
        if len(vectors) == 0:
            asked = "supercell" if "supercell" in self.names() else "path"
            raise InvalidOptions.at(f"options.{asked}", Notice("no_wave_vector_on_path"))
        max_zones = max(1, int(MAX_COHERENT_BYTES / (self._bytes_each(case) * len(vectors))))
        listed = self.has("zones")
        zones = check_zones(case.zone, self.zones) if listed else self._random_zones(case, vectors, max_zones)
        if len(zones) > max_zones:
            stated = {"n_zones": len(zones), "n_wave_vectors": len(vectors), "maximum": max_zones}
            raise InvalidOptions.at(
                "options.zones" if listed else "options.n_zones", Notice("zones_exceed_memory", stated)
            )
        return self.model_copy(update={"zones": zones.tolist(), "n_zones": len(zones)})

    def _random_zones(self, case: Case, vectors: NDArray[np.float64], max_zones: int) -> NDArray[np.int64]:
        low, high = accessible_q(case.instruments, time_scales(case.numbers).typical_mev)
        reachable = reachable_zones(case.zone, vectors, q_min=low, q_max=min(high, self.q_max_inv_angstrom))
        if len(reachable) == 0:
            stated = {"minimum_inv_angstrom": low, "maximum_inv_angstrom": self.q_max_inv_angstrom}
            raise InvalidOptions.at("options.q_max_inv_angstrom", Notice("no_zone_in_range", stated))
        n_zones = self.n_zones if self.has("n_zones") else min(DEFAULT_N_ZONES, max_zones)
        return random_zones(reachable, int(n_zones), seed=self.seed)

    def _bytes_each(self, case: Case) -> float:
        """Return the bytes of the coherent partials of one wave vector in one zone, in single precision."""
        n_species = case.n_species(resolve_sites=self.resolve_sites)
        n_energy = self._energy_end(case) / ENERGY_STEP_MEV
        return 4 * (1 + self.n_stored_runs) * n_energy * (n_species * (n_species + 1) // 2)

    def _energy_end(self, case: Case) -> float:
        """Return the expected end of the energy axis in meV."""
        return time_scales(case.numbers).highest_mev


def path_length(lines: Sequence[Segment], cell: NDArray[np.float64]) -> float:
    """Return the length of a path in Å⁻¹."""
    return sample(lines, cell, spacing=math.inf).ticks[-1][0]


class PathHarmonic(PathOptions, Harmonic):
    """Options of harmonic phonons of a single crystal along a path."""

    path_spacing_inv_angstrom: Number = Field(
        ge=MIN_SPACING_INV_ANGSTROM, le=1, title="Spacing of wave vectors", description="At most, along the path.",
        json_schema_extra=schema_extra("Å⁻¹"),
    )  # fmt: skip

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose energies up to the first overtones, which a map shows, and all other options."""
        return super().fill_in(draft.with_defaults(energy_max_mev=time_scales(case.numbers).highest_mev), case)

    def sample_path(
        self, lines: Sequence[Segment], cell: NDArray[np.float64], *, split_gamma: bool = False
    ) -> SampledPath:
        """Return equally spaced wave vectors; `split_gamma` as for `sample`."""
        return sample(lines, cell, spacing=self.path_spacing_inv_angstrom, split_gamma=split_gamma)

    def _with_spacing(self, case: Case) -> Self:
        affordable = MAX_COHERENT_BYTES / (self._bytes_each(case) * DEFAULT_N_ZONES)
        spacing = path_length(self.lines(case.zone), case.cell) / float(np.clip(affordable, *N_WAVE_VECTORS_RANGE))
        return self.with_defaults(path_spacing_inv_angstrom=max(MIN_SPACING_INV_ANGSTROM, spacing))

    def _energy_end(self, case: Case) -> float:
        return self.energy_max_mev

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for displacements and phonons over the zone; phonons along the path are few."""
        return phonon_seconds(n_atoms_cell, self.n_atoms(n_atoms_cell), atom_steps_per_second)


class PathDynamics(PathOptions, Dynamics):
    """Options of the dynamics of a single crystal along a path, with the harmonic dispersion for comparison."""

    force_constant_supercell: Repeats = Field(
        title="Supercell of the dispersion", description="Repeats of the uploaded cell for the force constants."
    )

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose a supercell that fits the special points of the path, and all other options."""
        draft, target = draft.with_path(case), cls.EFFORTS[case.quality].atoms
        lines = draft.lines(case.zone)
        commensurate = commensurate_supercell(lines, case.cell, n_atoms=case.n_atoms, target=target)
        phonons = choose_supercell(case.cell, min_height=MIN_HARMONIC_HEIGHT_ANGSTROM)
        return super().fill_in(draft.with_defaults(supercell=commensurate, force_constant_supercell=phonons), case)

    @property
    def repeats(self) -> tuple[int, int, int]:
        """Repeats of the cell of the path in the simulated box."""
        return self.supercell

    def sample_path(self, lines: Sequence[Segment], cell: NDArray[np.float64]) -> SampledPath:
        """Return the wave vectors that fit the simulated box."""
        return sample(lines, cell, supercell=self.repeats)

    def n_correlated_vectors(self) -> int:
        """Estimate the number of scattering vectors: waves on all lines, in each zone, with their equivalents."""
        n_lines = len(self.path.replace("|", "-").split("-")) - 1
        return round(n_lines * max(self.repeats) * 0.6 * self.n_zones * MAX_ARMS * 0.6)

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for the dispersion and the dynamics."""
        n_atoms = n_atoms_cell * math.prod(self.force_constant_supercell)
        return phonon_seconds(n_atoms_cell, n_atoms, atom_steps_per_second) + super().estimate_seconds(
            n_atoms_cell=n_atoms_cell, atom_steps_per_second=atom_steps_per_second
        )


class PathClassical(PathDynamics, Classical):
    """Classical molecular dynamics of a single crystal along a path."""

    EFFORTS: ClassVar[Mapping[Quality, Effort]] = {
        # Some minutes of MD on two cores; some hours; a day or a GPU
        "preview": Effort(1700, 1.2e7, 3, 0.3, 2.0),
        "standard": Effort(6000, 3e8, 4, 2.0, 5.0),
        "production": Effort(30_000, 5e9, 4, 5.0, 10.0),
    }


class PathRingPolymers(PathDynamics, RingPolymers):
    """Path integrals of a single crystal along a path."""

    EFFORTS: ClassVar[Mapping[Quality, Effort]] = {
        # Each bead costs as much as an atom: fewer atoms, and so fewer waves on the path
        "preview": Effort(250, 1.2e7, 2, 0.3, 2.0),
        "standard": Effort(1700, 6e8, 4, 2.0, 4.0),
        "production": Effort(6000, 1e10, 4, 5.0, 8.0),
    }
