"""What to know of a sample before it is made, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import periodictable

from scattering.core.errors import InvalidSample
from scattering.observe import weights
from scattering.sample.activation import HARMLESS_UCI, Activation, untabulated
from scattering.sample.material import CONTAINERS, THERMAL_MEV, Material, name, parts
from scattering.sample.specimen import Sample, resolve, thickness_for_percent

# Choices: where a sentence begins to be worth reading
THICK_PERCENT: Final = 20.0
THIN_PERCENT: Final = 3.0
MANY_TWICE: Final = 0.3
"""Neutrons scattered several times over those scattered once; a plate that scatters 10 % has 0.2."""
MUCH_ABSORBED: Final = 0.2
"""Of the neutrons that a sample takes out of the beam."""
MOSTLY_ABSORBED: Final = 0.5
"""From here on an isotope is worth its price."""
MUCH_CONTAINER: Final = 0.2
"""Scattered by the can over by the sample."""
THINNEST_MM: Final = 0.2
"""A layer that can hardly be spread evenly."""
LOOSE: Final = 0.6
"""Packing of a powder that is poured and shaken: spheres at random fill 0.60 to 0.64 (Scott & Kilgour, J. Phys. D 2
(1969) 863)."""
SIDEWAYS_DEG: Final = (75.0, 105.0)
"""Scattering angles at which a plate across the beam is looked at edge on."""
LONG_H: Final = 24.0
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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
    def sideways(self) -> bool:
        """Whether detectors see a plate edge on."""
        return any(low < SIDEWAYS_DEG[1] and high > SIDEWAYS_DEG[0] for low, high in self.two_theta_deg)


def container_ratio(sample: Sample) -> float:
    """Scattered by the container's walls over scattered by the sample, both bound and seen alike by the beam."""
    if sample.container is None:
        return 0.0
    metal = CONTAINERS[sample.container.material]
    walls = sample.container_mass_g / metal.molar_mass * metal.scattering_barn
    return walls / (sample.moles * sample.material.scattering_barn)


def wanted_thickness(sample: Sample) -> float | None:
    """Thickness in mm that scatters the percentage asked for, or None where none does."""
    try:
        return thickness_for_percent(sample.spec, sample.material)
    except InvalidSample:
        return None


def advice(sample: Sample, around: Surroundings) -> list[str]:
    """Sentences on thickness, isotopes, shape, container and packing."""
    return [
        _thickness(sample),
        *_deuteration(sample),
        *_absorption(sample, around),
        *_shape(sample, around),
        *_container(sample),
        *_packing(sample),
    ]


def warnings(sample: Sample, around: Surroundings, *, multiple: float, active: Activation) -> list[str]:
    """Sentences on what may spoil the measurement or its aftermath.

    Parameters
    ----------
    sample, around
        The sample and where it stands.
    multiple
        See `multiple_scattering`.
    active
        What becomes radioactive.
    """
    return [*_spoilt(sample, around, multiple), *_cooling(sample, active)]


def _thickness(sample: Sample) -> str:
    percent, thickness = sample.scatterer_percent, wanted_thickness(sample)
    now = (
        f"{_an(sample)} {number(sample.thickness_mm)} mm thick, {number(sample.mass_g)} g, scatters "
        f"{number(percent)} % of the beam at 1.798 Å"
    )
    if _absorbed_share(sample.material, THERMAL_MEV) > MUCH_ABSORBED:
        now += ", were nothing absorbed"
    asked = sample.spec.scatterer_percent
    if thickness is None or abs(thickness / sample.thickness_mm - 1) < 0.01:
        return now + "."
    mass = _at_thickness(sample, sample.material, thickness).mass_g
    would = f"{number(asked)} % would take {number(thickness)} mm, {number(mass)} g"
    if percent > max(asked, THICK_PERCENT):
        return f"{now}: it is thick, and scatters many neutrons twice. {would}."
    if percent < min(asked, THIN_PERCENT):
        return f"{now}: it is thin, and hours fall as its mass grows. {would}."
    return f"{now}; {would}."


def _deuteration(sample: Sample) -> Iterator[str]:
    material = sample.material
    light = {label for label, _ in material.composition if label in ("H", "1H")}
    if not light:
        return
    share = sum(amount * _only(label).scattering_barn for label, amount in material.composition if label in light)
    share /= material.scattering_barn
    if share < 0.5 or sample.scatterer_percent > 99:
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
    yield (
        f"Hydrogen does {number(100 * share)} % of the scattering, so the sample must be thin and shows hydrogen's "
        f"motion above all. With deuterium {number(thickness)} mm, {number(mass)} g, would scatter as much, and show "
        "the other atoms too."
    )


def _absorption(sample: Sample, around: Surroundings) -> Iterator[str]:
    material, energy = sample.material, around.energy_mev
    share = _absorbed_share(material, energy)
    if share < MUCH_ABSORBED:
        return
    by_label = {label: amount * float(_only(label).absorption_barn(energy)) for label, amount in material.composition}
    worst = max(by_label, key=lambda label: by_label[label])
    said = (
        f"Of the neutrons that the sample takes out of a beam of {number(energy)} meV, {number(100 * share)} % are "
        f"absorbed, mostly by {name(worst)}"
    )
    better = _clearest(worst) if share > MOSTLY_ABSORBED else None
    if better is None:
        yield f"{said}: a thinner sample, or faster neutrons, would lose fewer."
        return
    # Both at 1.798 Å
    times = float(_only(worst).absorption_barn()) / max(float(_only(better).absorption_barn()), 1e-6)
    yield f"{said}; {name(better)} absorbs {number(times)} times less: think of it before the sample is made."


def _absorbed_share(material: Material, energy: float) -> float:
    """Of the neutrons that are taken out of a beam."""
    absorbed = float(material.absorption_barn(energy))
    return absorbed / (absorbed + float(material.removal_barn(energy)))


def _clearest(label: str) -> str | None:
    """The isotope of the element that absorbs least, of those of which nature has 1 % at least, if it is far better."""
    _, symbol = parts(label)
    chemical = periodictable.elements.symbol(symbol)
    found = []
    for isotope in weights.isotopes(symbol):
        mass_number, _ = parts(isotope)
        if float(chemical[mass_number].abundance or 0) >= 1:
            found.append((float(_only(isotope).absorption_barn()), isotope))
    best = min(found, default=None)
    if best is None or best[1] == label or best[0] > float(_only(label).absorption_barn()) / 5:
        return None
    return best[1]


def _shape(sample: Sample, around: Surroundings) -> Iterator[str]:
    if sample.geometry == "plate" and around.sideways:
        yield (
            "Some of the detectors look at the plate edge on, and it shadows itself there: turn it by 45°, or fill an "
            "annulus, which looks the same from all sides."
        )
    if sample.geometry == "cylinder" and sample.scatterer_percent > THICK_PERCENT:
        yield "A full cylinder is thick in its middle: an annulus of the same mass scatters fewer neutrons twice."
    if around.beam_mm is not None:
        share = sample.illuminated(around.beam_mm)
        if share < 0.9:
            width, height = around.beam_mm
            yield (
                f"The beam is {width:g} mm wide and {height:g} mm high: {number(100 * share)} % of the sample stands "
                "in it. The rest does no good, unless the sample is smaller and thicker."
            )


def _container(sample: Sample) -> Iterator[str]:
    if sample.container is None:
        return
    if sample.container.material == "aluminium":
        yield (
            "Aluminium has Bragg peaks, and phonons below 40 meV: measure the empty can; or take vanadium, which has "
            "hardly any Bragg peaks but scatters four times as much."
        )
    else:
        yield (
            "Vanadium has hardly any Bragg peaks, but phonons below 40 meV: measure the empty can; aluminium would "
            "scatter a quarter as much."
        )


def _packing(sample: Sample) -> Iterator[str]:
    if sample.form != "powder" or sample.packing <= 0.95:
        return
    spec = replace(sample.spec, thickness_mm=None, mass_g=sample.mass_g, packing=LOOSE)
    try:
        thickness = resolve(spec, sample.material).thickness_mm
    except InvalidSample:
        return
    yield (
        f"A loose powder fills about {LOOSE:g} of its volume: the same mass would be about {number(thickness)} mm "
        "thick; set the packing if it is not pressed."
    )


def _spoilt(sample: Sample, around: Surroundings, multiple: float) -> Iterator[str]:
    if multiple > MANY_TWICE:
        yield (
            f"For 100 neutrons that are scattered once, {number(100 * multiple)} are scattered several times: a smooth "
            "background, and overtones where there are none."
        )
    through, _, absorbed = (float(share) for share in sample.fates(np.array(around.energy_mev)))
    if absorbed > 0.5:
        yield (
            f"The sample absorbs {number(100 * absorbed)} % of a beam of {number(around.energy_mev)} meV and lets "
            f"{number(100 * through)} % through."
        )
    ratio = container_ratio(sample)
    if ratio > MUCH_CONTAINER:
        yield f"The container scatters {number(ratio)} times as much as the sample: thinner walls, or more sample."
    if sample.form == "powder" and sample.container is None:
        yield "A powder needs a container; without one its scattering is missing from the forecast."
    if sample.form == "powder" and sample.thickness_mm < THINNEST_MM:
        yield (
            f"A layer of {number(sample.thickness_mm)} mm is hard to spread evenly: deuterate it, or mix it with "
            "aluminium powder, or take a wider sample."
        )
    if sample.form == "single crystal" and sample.geometry == "annulus":
        yield "A single crystal is seldom an annulus."


def _cooling(sample: Sample, active: Activation) -> Iterator[str]:
    unknown = untabulated(sample.material)
    if unknown:
        yield (
            f"Of {', '.join(unknown)} no activation is tabulated; the element may be radioactive by itself. Ask the "
            "facility."
        )
    if active.cool_down_h is None:
        yield (
            f"It stays above {HARMLESS_UCI:g} µCi for more than ten years, by {_longest(active)}: ask the facility "
            "whether it can be sent back."
        )
    elif active.cool_down_h > LONG_H:
        yield (
            f"It stays above {HARMLESS_UCI:g} µCi for {duration(active.cool_down_h)}, by {_longest(active)}: plan to "
            "leave it at the facility so long."
        )


def _longest(active: Activation) -> str:
    """The nuclide of which most is left in the end."""
    return max(active.nuclides, key=lambda nuclide: nuclide.activity_uci[::-1]).name


def _at_thickness(sample: Sample, material: Material, thickness: float) -> Sample:
    return resolve(replace(sample.spec, thickness_mm=thickness), material)


def _only(label: str) -> Material:
    return Material(((label, 1.0),), 1.0)


def _an(sample: Sample) -> str:
    return {"plate": "A plate", "cylinder": "A cylinder", "annulus": "An annulus whose wall is"}[sample.geometry]


def number(value: float) -> str:
    """Two digits that count, without exponents: 0.23, 9.7, 140, 140000."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:.{max(0, 1 - math.floor(math.log10(abs(rounded))))}f}"


def power_of_ten(value: float) -> str:
    """A number too large or too small to be written out: 2.5 × 10⁷."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def duration(hours: float) -> str:
    """Hours in words of the unit that suits them."""
    for unit, length in (("years", 8766.0), ("days", 24.0), ("hours", 1.0)):
        if hours >= 2 * length:
            return f"{number(hours / length)} {unit}"
    return f"{number(60 * hours)} minutes"
