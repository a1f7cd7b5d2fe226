"""The sample in the beam: thickness, mass and shielding from the properties that a user knows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants, optimize

from scattering.core.errors import InvalidSample
from scattering.core.notices import Notice
from scattering.sample.material import CONTAINERS, Material
from scattering.sample.shape import Geometry, Lines, Shape

Form = Literal["powder", "single crystal"]
ContainerElement = Literal["Al", "V"]
_ELEMENTS: Final[dict[str, ContainerElement]] = {"aluminium": "Al", "vanadium": "V"}
MAX_THICKNESS_MM: Final = 500.0
"""Thickest sample that is allowed."""


@dataclass(frozen=True)
class Container:
    """The can: one of `CONTAINERS`, and the thickness in mm of each wall that the beam crosses."""

    material: str
    wall_mm: float

    @property
    def element(self) -> ContainerElement:
        """Chemical symbol of the metal."""
        return _ELEMENTS[self.material]


@dataclass(frozen=True)
class SampleSpec:
    """The properties of a sample that a user knows.

    The amount is defined by the first that is given of thickness, mass, volume and scatterer percentage.

    Attributes
    ----------
    form
        Powder or single crystal.
    geometry
        See `Shape`; width and thickness of a cylinder are its diameter.
    thickness_mm, mass_g, volume_cm3
        None if unknown; the volume includes voids.
    scatterer_percent
        Percentage of the beam that bound nuclei scatter, without absorption: 100 (1 − exp(−Σ_s t)), averaged over the
        width.
    width_mm, height_mm
        Across the beam.
    packing
        Packing fraction: filled fraction of the volume.
    container
        None: no can.
    """

    form: Form = "powder"
    geometry: Geometry = "plate"
    thickness_mm: float | None = None
    mass_g: float | None = None
    volume_cm3: float | None = None
    scatterer_percent: float = 10.0
    width_mm: float = 40.0
    height_mm: float = 40.0
    packing: float = 1.0
    container: Container | None = Container("aluminium", 0.2)


@dataclass(frozen=True)
class Sample:
    """A sample: its material, and its shape in the beam."""

    material: Material
    spec: SampleSpec
    shape: Shape

    @property
    def form(self) -> Form:
        """Powder or single crystal."""
        return self.spec.form

    @property
    def geometry(self) -> Geometry:
        """Plate, annulus or cylinder."""
        return self.shape.geometry

    @property
    def thickness_mm(self) -> float:
        """Thickness of a plate or of the wall of an annulus; diameter of a cylinder."""
        return self.shape.thickness

    @property
    def width_mm(self) -> float:
        """Width across the beam."""
        return self.shape.width

    @property
    def height_mm(self) -> float:
        """Height across the beam."""
        return self.shape.height

    @property
    def packing(self) -> float:
        """Packing fraction: filled fraction of the volume."""
        return self.spec.packing

    @property
    def container(self) -> Container | None:
        """The can, or None."""
        return self.spec.container

    @property
    def volume_cm3(self) -> float:
        """Volume of the sample, voids included."""
        return 1e-3 * self.shape.volume

    @property
    def mass_g(self) -> float:
        """Mass of the sample without its can."""
        return self.volume_cm3 * self.packing * self.material.density_g_cm3

    @property
    def moles(self) -> float:
        """Amount of formula units, mol."""
        return self.mass_g / self.material.molar_mass

    @property
    def n_atoms(self) -> float:
        """Number of atoms of all species."""
        return self.moles * float(constants.N_A) * self.material.n_atoms

    @property
    def container_mass_g(self) -> float:
        """Mass of the walls around the sample, without lids and flanges."""
        return 0.0 if self.container is None else 1e-3 * self.shape.wall_volume * self._metal.density_g_cm3

    @property
    def scatterer_percent(self) -> float:
        """Percentage of a beam as wide as the sample that bound nuclei would scatter, without absorption."""
        return 100 * _scattered_fraction(self.shape.lines, _bound_per_mm(self.material, self.spec))

    def illuminated_fraction(self, beam_mm: tuple[float, float]) -> float:
        """Return the fraction of the sample within a centred beam of a width and a height, mm."""
        return self.shape.illuminated_fraction(beam_mm)

    def container_atoms(self, beam_mm: tuple[float, float]) -> float:
        """Return the number of atoms of the can's walls within a centred beam of a width and a height, mm."""
        if self.container is None:
            return 0.0
        moles = self.container_mass_g / self._metal.molar_mass
        return moles * float(constants.N_A) * self.shape.illuminated_wall_fraction(beam_mm)

    def shielding(self, incident_mev: ArrayLike, final_mev: ArrayLike) -> NDArray[np.float64]:
        """Return the fraction of the neutrons scattered once that leave the sample and its walls.

        It is ∫ exp(−μ(E_i) l_in − μ(E_f) l_out) dV / V over the whole sample, walls included. Neutrons are taken to
        continue in the direction of the beam. This is exact for a plate at small scattering angles, and sufficient up
        to about 60°. At larger angles, and for neutrons that leave a plate by the face that they entered, the path out
        differs. Cylinders and annuli are averaged over the lines along the beam.

        Parameters
        ----------
        incident_mev, final_mev
            Energies before and after scattering, meV; they are broadcast against each other.

        References
        ----------
        Sears, Adv. Phys. 24 (1975) 1, Sec. 3.2, for a plate.
        """
        before, after = (np.asarray(value, dtype=float)[..., None] for value in (incident_mev, final_mev))
        lines = self.shape.lines
        mu_in, mu_out = self._attenuation(before), self._attenuation(after)
        wall_in, wall_out = self._wall_attenuation(before), self._wall_attenuation(after)
        sample_in, sample_out = mu_in * lines.sample, mu_out * lines.sample
        # One half: exp(−(a + b)/2) sinh((a − b)/2)/((a − b)/2), with a and b for the way in and out through all of it
        half = (np.abs(sample_in - sample_out) / 2).clip(1e-9, 350.0)
        one = np.exp(-(sample_in + sample_out) / 2) * np.sinh(half) / half
        outer = np.exp(-(wall_in + wall_out) * lines.outer)
        first = np.exp(-sample_out - 2 * wall_out * lines.inner)
        second = np.exp(-sample_in - 2 * wall_in * lines.inner)
        weight = lines.share * lines.sample
        return np.asarray((outer * one * (first + second) / 2) @ (weight / weight.sum()))

    def beam_fractions(
        self, energy_mev: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the fractions of a beam as wide as the sample that are transmitted, scattered and absorbed.

        Only the first collision of a neutron in the sample counts; walls are left out.

        Parameters
        ----------
        energy_mev
            Energy of the beam, meV.

        Returns
        -------
        Fractions transmitted, scattered and absorbed; they sum to 1.
        """
        energy = np.asarray(energy_mev, dtype=float)
        transmitted = (
            np.exp(-2 * self._attenuation(energy)[..., None] * self.shape.lines.sample) @ self.shape.lines.share
        )
        scattering = self.material.scattering_per_mm(energy) / self.material.attenuation_per_mm(energy)
        return transmitted, (1 - transmitted) * scattering, (1 - transmitted) * (1 - scattering)

    @cached_property
    def _metal(self) -> Material:
        assert self.container is not None
        return CONTAINERS[self.container.material]

    def _attenuation(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.packing * self.material.attenuation_per_mm(energy)

    def _wall_attenuation(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.zeros_like(energy) if self.container is None else self._metal.attenuation_per_mm(energy)


def resolve(spec: SampleSpec, material: Material, *, field: str = "sample") -> Sample:
    """Return the sample whose thickness follows from its known properties.

    Parameters
    ----------
    spec, material
        Known properties and material of the sample.
    field
        Name of the sample in errors.

    Raises
    ------
    InvalidSample
        No sample of this shape has the requested thickness, mass, volume or scattering fraction.
    """
    if spec.thickness_mm is not None:
        if spec.geometry == "annulus" and spec.thickness_mm > spec.width_mm / 2:
            stated = {"diameter_mm": spec.width_mm, "maximum_mm": spec.width_mm / 2}
            raise InvalidSample.at(f"{field}.thickness_mm", Notice("annulus_too_thick", stated))
        thickness = spec.thickness_mm
    elif spec.mass_g is not None:
        density = spec.packing * material.density_g_cm3
        thickness = _thickness_of_volume(spec, 1e3 * spec.mass_g / density, f"{field}.mass_g", (spec.mass_g, "g"))
    elif spec.volume_cm3 is not None:
        thickness = _thickness_of_volume(spec, 1e3 * spec.volume_cm3, f"{field}.volume_cm3", (spec.volume_cm3, "cm³"))
    else:
        thickness = thickness_for_percent(spec, material, field=field)
    return Sample(material, spec, _shape(spec, thickness))


def thickness_for_percent(spec: SampleSpec, material: Material, *, field: str = "sample") -> float:
    """Return the thickness in mm that scatters the requested percentage; see `SampleSpec.scatterer_percent`.

    Raises
    ------
    InvalidSample
        No thickness scatters as much.
    """
    per_mm, wanted = _bound_per_mm(material, spec), spec.scatterer_percent / 100
    if spec.geometry == "plate":
        thickness = -math.log1p(-wanted) / per_mm
        if thickness > MAX_THICKNESS_MM:
            raise _too_thick(f"{field}.scatterer_percent", (spec.scatterer_percent, "%"), thickness)
        return thickness

    def missing(thickness: float) -> float:
        return _scattered_fraction(_shape(spec, thickness).lines, per_mm) - wanted

    thickest = spec.width_mm / 2 if spec.geometry == "annulus" else MAX_THICKNESS_MM
    if missing(thickest) < 0:
        most = 100 * (missing(thickest) + wanted)
        stated = {"geometry": spec.geometry, "maximum_percent": most, "requested_percent": spec.scatterer_percent}
        raise InvalidSample.at(f"{field}.scatterer_percent", Notice("scattering_out_of_reach", stated))
    return float(optimize.brentq(missing, 1e-9, thickest, rtol=1e-9))


def _thickness_of_volume(spec: SampleSpec, volume: float, field: str, amount: tuple[float, str]) -> float:
    """Return the thickness in mm of a sample of a volume in mm³; `amount` and its unit are as the user gave them."""
    across = volume / spec.height_mm
    if spec.geometry == "annulus":
        left = spec.width_mm**2 / 4 - across / math.pi
        if left < 0:
            stated = {
                "amount": amount[0],
                "unit": amount[1],
                "width_mm": spec.width_mm,
                "height_mm": spec.height_mm,
                "maximum_cm3": 1e-3 * math.pi * spec.width_mm**2 / 4 * spec.height_mm,
            }
            raise InvalidSample.at(field, Notice("sample_does_not_fit", stated))
        return spec.width_mm / 2 - math.sqrt(left)
    thickness = across / spec.width_mm if spec.geometry == "plate" else 2 * math.sqrt(across / math.pi)
    if thickness > MAX_THICKNESS_MM:
        raise _too_thick(field, amount, thickness)
    return thickness


def _too_thick(field: str, amount: tuple[float, str], thickness: float) -> InvalidSample:
    stated = {"amount": amount[0], "unit": amount[1], "thickness_mm": thickness}
    return InvalidSample.at(field, Notice("sample_too_thick", stated))


def _shape(spec: SampleSpec, thickness: float) -> Shape:
    width = thickness if spec.geometry == "cylinder" else spec.width_mm
    wall = 0.0 if spec.container is None else spec.container.wall_mm
    return Shape(spec.geometry, thickness, width, spec.height_mm, wall)


def _bound_per_mm(material: Material, spec: SampleSpec) -> float:
    return 0.1 * spec.packing * material.number_density * material.scattering_barn


def _scattered_fraction(lines: Lines, per_mm: float) -> float:
    return float(-np.expm1(-2 * per_mm * lines.sample) @ lines.share)
