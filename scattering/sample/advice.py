"""Advice and warnings about a sample before it is made, as notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import periodictable

from scattering.core.errors import InvalidSample
from scattering.core.isotopes import parts
from scattering.core.notices import Notice
from scattering.observe import weights
from scattering.sample.activation import MAX_HARMLESS_UCI, Activation, elements_without_activation
from scattering.sample.material import CONTAINERS, THERMAL_MEV, Material
from scattering.sample.specimen import Sample, resolve, thickness_for_percent

# Choices: from where on a notice is worth reading
MAX_SCATTERING_FRACTION: Final = 0.20
MIN_SCATTERING_FRACTION: Final = 0.03
MAX_MULTIPLE_OVER_SINGLE: Final = 0.3
"""Neutrons scattered several times over those scattered once; a plate that scatters 10 % has 0.2."""
MAX_ABSORBED_FRACTION: Final = 0.2
"""Largest fraction of absorbed neutrons, of those that the sample removes from the beam, without a warning."""
MIN_ISOTOPE_ABSORBED_FRACTION: Final = 0.5
"""Fraction of absorbed neutrons above which another isotope is recommended."""
MAX_CONTAINER_OVER_SAMPLE: Final = 0.2
"""Largest ratio of scattering by container and sample without a warning."""
MIN_POWDER_LAYER_MM: Final = 0.2
"""A thinner layer can hardly be spread evenly."""
LOOSE_PACKING: Final = 0.6
"""Packing fraction of a powder that is poured and shaken: spheres at random fill 0.60 to 0.64 (Scott & Kilgour, J.
Phys. D 2 (1969) 863)."""
MIN_PRESSED_PACKING: Final = 0.95
MIN_ILLUMINATED_FRACTION: Final = 0.9
EDGE_ON_TWO_THETA_DEG: Final = (75.0, 105.0)
"""Scattering angles at which detectors see a plate across the beam edge on."""
MIN_LONG_COOL_DOWN_H: Final = 24.0


@dataclass(frozen=True)
class Surroundings:
    """Where the sample is to stand.

    Attributes
    ----------
    energy_mev
        Of the neutrons that meet it: the incident energy where it is one, that of the 1.798 Å else.
    beam_mm
        Width and height of the beam; None where no instrument is chosen.
    two_theta_deg
        Scattering angles of the detectors: ranges.
    """

    energy_mev: float = THERMAL_MEV
    beam_mm: tuple[float, float] | None = None
    two_theta_deg: tuple[tuple[float, float], ...] = ()

    @property
    def see_plates_edge_on(self) -> bool:
        """Whether detectors see a plate across the beam edge on."""
        start, end = EDGE_ON_TWO_THETA_DEG
        return any(low < end and high > start for low, high in self.two_theta_deg)


def container_over_sample(sample: Sample) -> float:
    """Return scattering by the container's walls over scattering by the sample, both bound, in the same beam."""
    if sample.container is None:
        return 0.0
    metal = CONTAINERS[sample.container.material]
    walls = sample.container_mass_g / metal.molar_mass * metal.scattering_barn
    return walls / (sample.moles * sample.material.scattering_barn)


def requested_thickness_mm(sample: Sample) -> float | None:
    """Return the thickness in mm that scatters the percentage asked for; None where no thickness does."""
    try:
        return thickness_for_percent(sample.spec, sample.material)
    except InvalidSample:
        return None


def advice(sample: Sample, around: Surroundings) -> list[Notice]:
    """Return what to know of thickness, isotopes, shape, container and packing."""
    return [
        _thickness(sample),
        *_deuteration(sample),
        *_absorption(sample, around),
        *_shape(sample, around),
        *_container(sample),
        *_packing(sample),
    ]


def cool_down(active: Activation, *, flux_n_cm2_s: float, hours: float) -> Notice:
    """Return how long sample and container stay radioactive after so many hours in a flux."""
    irradiated = {"flux_n_cm2_s": flux_n_cm2_s, "irradiation_h": hours}
    return Notice("cool_down", {**irradiated, "harmless_uci": MAX_HARMLESS_UCI, "cool_down_h": active.cool_down_h})


def warnings(sample: Sample, around: Surroundings, *, multiple: float, active: Activation) -> list[Notice]:
    """Return what may spoil the measurement or delay the return of the sample.

    Parameters
    ----------
    sample, around
        The sample and where it stands.
    multiple
        See `multiple_scattering`.
    active
        Activation of sample and container.
    """
    return [*_disturbances(sample, around, multiple), *_activity(sample, active)]


def _thickness(sample: Sample) -> Notice:
    fraction, thickness = sample.scatterer_percent / 100, requested_thickness_mm(sample)
    stated = {
        "geometry": sample.geometry,
        "thickness_mm": sample.thickness_mm,
        "mass_g": sample.mass_g,
        "scattering_fraction": fraction,
        "absorption_neglected": _absorbed_fraction(sample.material, THERMAL_MEV) > MAX_ABSORBED_FRACTION,
    }
    requested = sample.spec.scatterer_percent / 100
    if thickness is None or abs(thickness / sample.thickness_mm - 1) < 0.01:
        return Notice("sample_thickness", stated)
    mass = _at_thickness(sample, sample.material, thickness).mass_g
    other = {"requested_fraction": requested, "requested_thickness_mm": thickness, "requested_mass_g": mass}
    if fraction > max(requested, MAX_SCATTERING_FRACTION):
        return Notice("sample_thick", {**stated, **other})
    if fraction < min(requested, MIN_SCATTERING_FRACTION):
        return Notice("sample_thin", {**stated, **other})
    return Notice("sample_thickness", {**stated, **other})


def _deuteration(sample: Sample) -> Iterator[Notice]:
    material = sample.material
    light = {label for label, _ in material.composition if label in ("H", "1H")}
    if not light:
        return
    fraction = sum(amount * _only(label).scattering_barn for label, amount in material.composition if label in light)
    fraction /= material.scattering_barn
    if fraction < 0.5 or sample.scatterer_percent > 99:
        return
    atoms: dict[str, float] = {}
    for label, amount in material.composition:
        atoms["2H" if label in light else label] = atoms.get("2H" if label in light else label, 0.0) + amount
    heavy = Material(tuple(atoms.items()), 1.0)
    heavy = Material(heavy.composition, material.density_g_cm3 * heavy.molar_mass / material.molar_mass)
    try:
        thickness = thickness_for_percent(replace(sample.spec, scatterer_percent=sample.scatterer_percent), heavy)
    except InvalidSample:
        return
    mass = _at_thickness(sample, heavy, thickness).mass_g
    yield Notice("deuteration", {"hydrogen_fraction": fraction, "thickness_mm": thickness, "mass_g": mass})


def _absorption(sample: Sample, around: Surroundings) -> Iterator[Notice]:
    material, energy = sample.material, around.energy_mev
    fraction = _absorbed_fraction(material, energy)
    if fraction < MAX_ABSORBED_FRACTION:
        return
    by_label = {label: amount * float(_only(label).absorption_barn(energy)) for label, amount in material.composition}
    worst = max(by_label, key=lambda label: by_label[label])
    stated = {"energy_mev": energy, "absorbed_fraction": fraction, "absorber": worst}
    better = _clearest_isotope(worst) if fraction > MIN_ISOTOPE_ABSORBED_FRACTION else None
    if better is None:
        yield Notice("absorption", stated)
        return
    # Both at 1.798 Å
    ratio = float(_only(worst).absorption_barn()) / max(float(_only(better).absorption_barn()), 1e-6)
    yield Notice("absorption_by_replaceable_isotope", {**stated, "isotope": better, "absorption_ratio": ratio})


def _absorbed_fraction(material: Material, energy: float) -> float:
    """Return the fraction of absorbed neutrons, of those that are removed from the beam."""
    absorbed = float(material.absorption_barn(energy))
    return absorbed / (absorbed + float(material.removal_barn(energy)))


def _clearest_isotope(label: str) -> str | None:
    """The isotope of the element that absorbs least, of those of which nature has 1 % at least, if it is far better."""
    _, symbol = parts(label)
    chemical = periodictable.elements.symbol(symbol)
    candidates = []
    for isotope in weights.isotopes(symbol):
        mass_number, _ = parts(isotope)
        if float(chemical[mass_number].abundance or 0) >= 1:
            candidates.append((float(_only(isotope).absorption_barn()), isotope))
    best = min(candidates, default=None)
    if best is None or best[1] == label or best[0] > float(_only(label).absorption_barn()) / 5:
        return None
    return best[1]


def _shape(sample: Sample, around: Surroundings) -> Iterator[Notice]:
    if sample.geometry == "plate" and around.see_plates_edge_on:
        yield Notice("plate_edge_on")
    if sample.geometry == "cylinder" and sample.scatterer_percent > 100 * MAX_SCATTERING_FRACTION:
        yield Notice("thick_cylinder")
    if around.beam_mm is not None:
        fraction = sample.illuminated_fraction(around.beam_mm)
        if fraction < MIN_ILLUMINATED_FRACTION:
            width, height = around.beam_mm
            beam = {"beam_width_mm": width, "beam_height_mm": height}
            yield Notice("sample_larger_than_beam", {**beam, "illuminated_fraction": fraction})


def _container(sample: Sample) -> Iterator[Notice]:
    if sample.container is None:
        return
    yield Notice("aluminium_container") if sample.container.material == "aluminium" else Notice("vanadium_container")


def _packing(sample: Sample) -> Iterator[Notice]:
    if sample.form != "powder" or sample.packing <= MIN_PRESSED_PACKING:
        return
    spec = replace(sample.spec, thickness_mm=None, mass_g=sample.mass_g, packing=LOOSE_PACKING)
    try:
        thickness = resolve(spec, sample.material).thickness_mm
    except InvalidSample:
        return
    yield Notice("loose_powder", {"packing_fraction": LOOSE_PACKING, "thickness_mm": thickness})


def _disturbances(sample: Sample, around: Surroundings, multiple: float) -> Iterator[Notice]:
    if multiple > MAX_MULTIPLE_OVER_SINGLE:
        yield Notice("strong_multiple_scattering", {"multiple_over_single": multiple})
    transmitted, _, absorbed = (float(part) for part in sample.beam_fractions(np.array(around.energy_mev)))
    if absorbed > 0.5:
        fractions = {"absorbed_fraction": absorbed, "transmitted_fraction": transmitted}
        yield Notice("strong_absorption", {"energy_mev": around.energy_mev, **fractions})
    ratio = container_over_sample(sample)
    if ratio > MAX_CONTAINER_OVER_SAMPLE:
        yield Notice("strong_container_scattering", {"container_over_sample": ratio})
    if sample.form == "powder" and sample.container is None:
        yield Notice("powder_without_container")
    if sample.form == "powder" and sample.thickness_mm < MIN_POWDER_LAYER_MM:
        yield Notice("thin_powder_layer", {"thickness_mm": sample.thickness_mm})
    if sample.form == "single crystal" and sample.geometry == "annulus":
        yield Notice("single_crystal_annulus")


def _activity(sample: Sample, active: Activation) -> Iterator[Notice]:
    unknown = elements_without_activation(sample.material)
    if unknown:
        yield Notice("activation_not_tabulated", {"elements": list(unknown)})
    if active.cool_down_h is None or active.cool_down_h > MIN_LONG_COOL_DOWN_H:
        lasting = {"harmless_uci": MAX_HARMLESS_UCI, "nuclide": _longest_lived(active)}
        yield Notice("long_cool_down", {**lasting, "cool_down_h": active.cool_down_h})


def _longest_lived(active: Activation) -> str:
    """The nuclide of which most is left in the end."""
    return max(active.nuclides, key=lambda nuclide: nuclide.activity_uci[::-1]).name


def _at_thickness(sample: Sample, material: Material, thickness: float) -> Sample:
    return resolve(replace(sample.spec, thickness_mm=thickness), material)


def _only(label: str) -> Material:
    return Material(((label, 1.0),), 1.0)
