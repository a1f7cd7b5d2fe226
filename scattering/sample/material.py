"""Materials of samples and containers: cross-sections, density, attenuation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, Self

import numpy as np
import periodictable
from numpy.typing import ArrayLike, NDArray
from periodictable.nsf import ABSORPTION_WAVELENGTH
from scipy import constants

from scattering.core.constants import BARN_PER_FM2, NEUTRON_ENERGY_MEV_A2
from scattering.core.isotopes import Isotopes, nucleus_of, parts
from scattering.core.species import element
from scattering.observe import weights

WAVELENGTH: Final = float(ABSORPTION_WAVELENGTH)
"""1.798 Å (2200 m/s), the wavelength of tabulated absorption cross-sections."""
THERMAL_MEV: Final = NEUTRON_ENERGY_MEV_A2 * (2 * np.pi / WAVELENGTH) ** 2
BINDING_MEV: Final = 25.0
"""Neutron energy at which the cross-section of a nucleus is half-way between bound and free: our choice. It reproduces
the cross-section of H and D in a harmonic molecular crystal at 20 K, all phonon orders summed, within 10 % from 3 meV
to 0.8 eV. At 300 K the sample scatters neutrons below 10 meV, which gain energy, up to a quarter more. Hydrogen in a
metal, an oscillator of one energy, scatters a quarter less just above that energy."""
MIN_ENERGY_MEV: Final = 1e-3
"""Lower energies, also negative ones, are replaced by this one: such neutrons are not detected."""
BARN_PER_FM_A: Final = 1000.0
"""One fm Å in barn."""
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NEUTRON_MASS_U: Final = constants.m_n / constants.atomic_mass


@dataclass(frozen=True)
class _Nuclide:
    """An element at natural abundance, or an isotope. Cross-sections in barn, at 1.798 Å; the mass in u.

    `resonant` is the absorption cross-section at `energies`, meV, if it does not go as 1/v.
    """

    mass: float
    scattering: float
    absorption: float
    energies: NDArray[np.float64] | None
    resonant: NDArray[np.float64] | None


@lru_cache(maxsize=512)
def _nuclide(label: str) -> _Nuclide:
    nucleus = weights.scatterer(label)
    number, symbol = parts(label)
    chemical = periodictable.elements.symbol(symbol)
    entry = chemical[number] if number else chemical
    total = 4 * np.pi * BARN_PER_FM2 * abs(nucleus.coherent_length) ** 2 + nucleus.incoherent_cross_section
    absorption = float(entry.neutron.absorption or 0.0)
    if not entry.neutron.is_energy_dependent:
        return _Nuclide(float(entry.mass), total, absorption, None, None)
    energies = np.geomspace(0.1, 1e4, 800)
    wavelengths = 2 * np.pi * np.sqrt(NEUTRON_ENERGY_MEV_A2 / energies)
    lengths = entry.neutron.scattering_by_wavelength(wavelengths)[0]
    resonant = 2 * wavelengths * np.abs(np.asarray(lengths).imag) * BARN_PER_FM_A
    return _Nuclide(float(entry.mass), total, absorption, energies, resonant)


@dataclass(frozen=True)
class Material:
    """A solid.

    Attributes
    ----------
    composition
        Elements at natural abundance ("C") and isotopes ("2H"), with the number of their atoms in a formula unit.
    density_g_cm3
        Density of the solid, without voids.
    """

    composition: tuple[tuple[str, float], ...]
    density_g_cm3: float

    @classmethod
    def of(
        cls,
        composition: Mapping[str, float],
        isotopes: Isotopes,
        *,
        natural_density: float,
        density: float | None = None,
    ) -> Self:
        """Make a material from the species of a crystal.

        Parameters
        ----------
        composition
            Species (elements, or sites such as "H2") → atoms in a formula unit.
        isotopes
            As in `weights.scatterers`.
        natural_density
            g/cm³ of the crystal at natural abundance. Isotopes change it at constant atoms per volume.
        density
            Measured density, g/cm³, of the sample with its isotopes; it overrides that of the crystal.

        Raises
        ------
        InvalidView
            The sample has no such isotopes.
        """
        weights.scatterers(tuple(composition), isotopes)
        atoms: dict[str, float] = defaultdict(float)
        for species, amount in composition.items():
            chosen = nucleus_of(species, isotopes)
            shares = {chosen: 1.0} if isinstance(chosen, str) else chosen
            for label, share in shares.items():
                number, symbol = parts(label)
                atoms[f"{number or ''}{symbol}"] += amount * share
        made = cls(tuple((label, float(amount)) for label, amount in atoms.items() if amount > 0), 1.0)
        natural = sum(amount * _nuclide(element(species)).mass for species, amount in composition.items())
        return cls(made.composition, density or natural_density * made.molar_mass / natural)

    @property
    def formula(self) -> str:
        """Chemical formula with isotopes, in the order of the composition: C6D6, ⁷LiD."""
        return "".join(_text(label, amount) for label, amount in self.composition)

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols, each once."""
        return tuple(sorted({parts(label)[1] for label, _ in self.composition}))

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass, g/mol of formula units."""
        return sum(amount * _nuclide(label).mass for label, amount in self.composition)

    @cached_property
    def n_atoms(self) -> float:
        """Number of atoms in a formula unit."""
        return sum(amount for _, amount in self.composition)

    @cached_property
    def number_density(self) -> float:
        """Formula units per Å³ of the solid."""
        return self.density_g_cm3 / self.molar_mass * float(constants.N_A) * 1e-24

    @cached_property
    def scattering_barn(self) -> float:
        """Scattering cross-section of bound nuclei, Σ n (4π|b|² + σ_inc), barn per formula unit.

        References
        ----------
        Sears, Neutron News 3 (1992) 26; see `weights`.
        """
        return sum(amount * _nuclide(label).scattering for label, amount in self.composition)

    def absorption_barn(self, energy_mev: ArrayLike = THERMAL_MEV) -> NDArray[np.float64]:
        """Return the absorption cross-section, barn per formula unit, at neutron energies in meV.

        σ_a(E) = σ_a(1.798 Å) √(25.3 meV/E). For the isotopes of Sm, Eu, Gd, Er, Yb and Lu (see `periodictable`), whose
        resonances lie at thermal energies, it is 4π|Im b|/k from the tabulated lengths b(E).

        References
        ----------
        Sears (1992); Lynn & Seeger, At. Data Nucl. Data Tables 44 (1990) 191.
        """
        energy = np.maximum(np.asarray(energy_mev, dtype=float), MIN_ENERGY_MEV)
        as_velocity = sum(
            (amount * _nuclide(label).absorption for label, amount in self.composition if not _resonant(label)), 0.0
        )
        total = np.asarray(as_velocity * np.sqrt(THERMAL_MEV / energy))
        for label, amount in self.composition:
            nuclide = _nuclide(label)
            if nuclide.energies is not None and nuclide.resonant is not None:
                total = total + amount * np.interp(np.log(energy), np.log(nuclide.energies), nuclide.resonant)
        return total

    def removal_barn(self, energy_mev: ArrayLike) -> NDArray[np.float64]:
        """Return the scattering cross-section that weakens a beam of an energy (meV), barn per formula unit.

        σ(E) = σ_free + (σ_bound − σ_free)/(1 + E/E₀), σ_free = σ_bound (A/(A + 1))²

        with A the mass of the nucleus over that of the neutron. It interpolates between the two known limits, which
        differ for light nuclei: 82 and 20.5 barn for hydrogen, less than 18 % from carbon on. Bragg edges are left out:
        a coherent scatterer transmits more than this below its first edge.

        References
        ----------
        Squires (1978), Sec. 1.5 and 2.8 for the limits; `BINDING_MEV` for E₀.
        """
        energy = np.maximum(np.asarray(energy_mev, dtype=float), MIN_ENERGY_MEV)
        return np.asarray(self._free_barn + (self.scattering_barn - self._free_barn) / (1 + energy / BINDING_MEV))

    @cached_property
    def _free_barn(self) -> float:
        total = 0.0
        for label, amount in self.composition:
            nuclide = _nuclide(label)
            ratio = nuclide.mass / _NEUTRON_MASS_U
            total += amount * nuclide.scattering * (ratio / (ratio + 1)) ** 2
        return total

    def scattering_per_mm(self, energy_mev: ArrayLike) -> NDArray[np.float64]:
        """Return the fraction of a beam that a thin layer of the solid scatters, per mm (1 barn/Å³ = 1/cm)."""
        return 0.1 * self.number_density * self.removal_barn(energy_mev)

    def absorption_per_mm(self, energy_mev: ArrayLike) -> NDArray[np.float64]:
        """Return the fraction of a beam that a thin layer of the solid absorbs, per mm."""
        return 0.1 * self.number_density * self.absorption_barn(energy_mev)

    def attenuation_per_mm(self, energy_mev: ArrayLike) -> NDArray[np.float64]:
        """Return the fraction of a beam that a thin layer of the solid removes, per mm."""
        return self.scattering_per_mm(energy_mev) + self.absorption_per_mm(energy_mev)


def _resonant(label: str) -> bool:
    return _nuclide(label).energies is not None


def name(label: str) -> str:
    """Return the usual name of an element or isotope: C, D, ⁷Li."""
    number, symbol = parts(label)
    own = {(2, "H"): "D", (3, "H"): "T"}.get((number, symbol))
    return own or (str(number).translate(_SUPERSCRIPTS) if number else "") + symbol


def _text(label: str, amount: float) -> str:
    return name(label) if abs(amount - 1) < 5e-4 else f"{name(label)}{round(amount, 3):g}"


def _pure(symbol: str) -> Material:
    return Material(((symbol, 1.0),), float(periodictable.elements.symbol(symbol).density))


CONTAINERS: Final[Mapping[str, Material]] = {"aluminium": _pure("Al"), "vanadium": _pure("V")}
"""Metals of sample cans; densities from `periodictable` (2.70 and 6.11 g/cm³)."""
