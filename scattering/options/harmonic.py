"""Options of harmonic phonons."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field

from scattering.core import energy_axis
from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.options.case import Case
from scattering.options.fields import Number, Whole, schema_extra
from scattering.options.names import Method
from scattering.simulate.protocol import ENERGY_STEP_MEV, MAX_ORDERS, MIN_HARMONIC_HEIGHT_ANGSTROM, choose_supercell


class Harmonic(Options):
    """Options of phonons from the forces at small displacements."""

    METHOD: ClassVar[Method] = "harmonic"

    displacement_angstrom: Number = Field(
        default=0.01, ge=0.001, le=0.1, title="Displacement", description="For the force constants.",
        json_schema_extra=schema_extra("Å"),
    )  # fmt: skip
    n_orders: Whole = Field(
        default=MAX_ORDERS, ge=1, le=MAX_ORDERS, title="Phonon orders",
        description="Largest number of phonons that one neutron creates or absorbs.",
    )  # fmt: skip
    energy_max_mev: Number = Field(
        ge=1, le=2000, title="Highest energy", description="Energy up to which phonon orders are calculated.",
        json_schema_extra=schema_extra("meV"),
    )  # fmt: skip

    @classmethod
    def fill_in(cls, draft: Self, case: Case) -> Self:
        """Choose a supercell for the cutoff of the potential, and the energy up to which scattering is strong."""
        return (
            super()
            .fill_in(draft, case)
            .with_defaults(
                supercell=choose_supercell(case.cell, min_height=MIN_HARMONIC_HEIGHT_ANGSTROM),
                energy_max_mev=energy_axis.multiphonon_end(case.numbers),
            )
        )

    @property
    def uses_born_charges(self) -> bool:
        """Whether Born charges of the force constants split LO and TO modes."""
        return True

    @property
    def energy_resolution_mev(self) -> float:
        """Width of the energy bins."""
        return ENERGY_STEP_MEV

    def estimate_seconds(self, *, n_atoms_cell: int, atom_steps_per_second: float) -> float:
        """Return the time for displacements, phonons over the zone, and all orders."""
        # The self part costs by site; without symmetry each atom is a site (benzene has 48 atoms on 6 sites)
        orders = 0.003 * n_atoms_cell * self.n_orders
        return orders + phonon_seconds(n_atoms_cell, self.n_atoms(n_atoms_cell), atom_steps_per_second)


def phonon_seconds(n_atoms_cell: int, n_atoms: int, atom_steps_per_second: float) -> float:
    """Return the time in s for the forces of a supercell of `n_atoms`, and phonons over the Brillouin zone."""
    evaluations = 3 * n_atoms_cell
    zone = 160 * 48 / n_atoms_cell * (n_atoms_cell / 48) ** 3
    return 4.0 + evaluations * n_atoms / atom_steps_per_second + zone * 0.008


class PowderHarmonic(Harmonic):
    """Options of harmonic phonons of a powder."""

    @property
    def energy_resolution_mev(self) -> float:
        """FWHM that the energy bins resolve next to the elastic line."""
        return energy_axis.MIN_FWHM_MEV

    def check_against(self, case: Case) -> None:
        """Check that the partials of all sites fit into memory."""
        if not self.resolve_sites:
            return
        n_sites = case.n_species(resolve_sites=True)
        size = energy_axis.min_array_bytes(
            end=self.energy_max_mev, n_species=n_sites, n_orders=self.n_orders, n_q=len(self.q_bins)
        )
        allowed = 2 * energy_axis.MAX_ARRAY_BYTES
        if size > allowed:
            stated = {"n_sites": n_sites, "size_mb": size / 1e6, "maximum_mb": allowed / 1e6}
            raise InvalidOptions.at("options.resolve_sites", Notice("sites_exceed_memory", stated))
