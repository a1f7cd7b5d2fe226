"""Sentences about samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend import wording
from backend.wording.formatting import SPACE, duration, listed, number, percent, scientific
from scattering.sample import Sample
from scattering.sample.material import name

GEOMETRIES: Final = {
    "plate": "A plate",
    "cylinder": "A cylinder",
    "annulus": "An annulus with a wall",
}


def container_label(sample: Sample) -> str:
    """Return the container with its walls: "aluminium, 2 × 0.2 mm"."""
    if sample.container is None:
        return "none"
    n_walls = 4 if sample.geometry == "annulus" else 2
    return f"{sample.container.material}, {n_walls} × {sample.container.wall_mm:g} mm"


def _sample_thickness(
    comment: str = "",
    *,
    geometry: str,
    thickness_mm: float,
    mass_g: float,
    scattering_fraction: float,
    absorption_neglected: bool,
    requested_fraction: float | None = None,
    requested_thickness_mm: float | None = None,
    requested_mass_g: float | None = None,
) -> str:
    neglected = " (absorption neglected)" if absorption_neglected else ""
    sentences = [
        f"{GEOMETRIES[geometry]} {number(thickness_mm)} mm thick, {number(mass_g)} g, scatters "
        f"{percent(scattering_fraction)} of the beam at 1.798 Å{neglected}.",
        comment,
    ]
    if requested_fraction is not None and requested_thickness_mm is not None and requested_mass_g is not None:
        sentences.append(
            f"To scatter {percent(requested_fraction)}, make it {number(requested_thickness_mm)} mm thick, "
            f"{number(requested_mass_g)} g."
        )
    return " ".join(filter(None, sentences))


def _sample_thick(**stated: object) -> str:
    return _sample_thickness("It is thick: it scatters many neutrons more than once.", **stated)  # type: ignore[arg-type]


def _sample_thin(**stated: object) -> str:
    return _sample_thickness("It is thin: a larger mass needs fewer hours.", **stated)  # type: ignore[arg-type]


def _deuteration(*, hydrogen_fraction: float, thickness_mm: float, mass_g: float) -> str:
    return (
        f"Hydrogen contributes {percent(hydrogen_fraction)} of the scattering, so the sample must be thin and shows "
        f"mainly the motion of hydrogen. With deuterium, a sample of {number(thickness_mm)} mm ({number(mass_g)} g) "
        "scatters as much, and also shows the other atoms."
    )


def _absorbed(energy_mev: float, absorbed_fraction: float, absorber: str) -> str:
    return (
        f"At {number(energy_mev)} meV, {percent(absorbed_fraction)} of the neutrons that the sample removes from the "
        f"beam are absorbed, mostly by {name(absorber)}."
    )


def _absorption(*, energy_mev: float, absorbed_fraction: float, absorber: str) -> str:
    absorbed = _absorbed(energy_mev, absorbed_fraction, absorber)
    return f"{absorbed} A thinner sample or faster neutrons reduce the absorption."


def _absorption_by_replaceable_isotope(
    *, energy_mev: float, absorbed_fraction: float, absorber: str, isotope: str, absorption_ratio: float
) -> str:
    return (
        f"{_absorbed(energy_mev, absorbed_fraction, absorber)} {name(isotope)} absorbs {number(absorption_ratio)} "
        "times less: consider it before you make the sample."
    )


def _sample_larger_than_beam(*, beam_width_mm: float, beam_height_mm: float, illuminated_fraction: float) -> str:
    return (
        f"The beam is {beam_width_mm:g} mm wide and {beam_height_mm:g} mm high, and illuminates "
        f"{percent(illuminated_fraction)} of the sample. A smaller, thicker sample has all of its mass in the beam."
    )


def _loose_powder(*, packing_fraction: float, thickness_mm: float) -> str:
    return (
        f"The packing fraction of a loose powder is about {packing_fraction:g}: the same mass is about "
        f"{number(thickness_mm)} mm thick. Set the packing if the powder is not pressed."
    )


def _strong_multiple_scattering(*, multiple_over_single: float) -> str:
    return (
        f"For every 100 neutrons scattered once, {number(100 * multiple_over_single)} are scattered several times. "
        "They add a smooth background and false overtones."
    )


def _strong_absorption(*, energy_mev: float, absorbed_fraction: float, transmitted_fraction: float) -> str:
    return (
        f"The sample absorbs {percent(absorbed_fraction)} of a beam of {number(energy_mev)} meV and transmits "
        f"{percent(transmitted_fraction)}."
    )


def _strong_container_scattering(*, container_over_sample: float) -> str:
    return (
        f"The container scatters {number(container_over_sample)} times as much as the sample: use thinner walls or "
        "more sample."
    )


def _thin_powder_layer(*, thickness_mm: float) -> str:
    return (
        f"A powder layer of {number(thickness_mm)} mm is hard to spread evenly: deuterate the sample, mix it with "
        "aluminium powder, or make it wider."
    )


def _activation_not_tabulated(*, elements: Sequence[str]) -> str:
    return (
        f"The activation of {listed(elements)} is not tabulated; such an element may be radioactive itself. Ask the "
        "facility."
    )


def _cool_down(*, flux_n_cm2_s: float, irradiation_h: float, harmless_uci: float, cool_down_h: float | None) -> str:
    irradiation = f"an irradiation of {duration(irradiation_h)} at {scientific(flux_n_cm2_s)} n/(cm² s)"
    activity = f"After {irradiation}, the activity of sample and container"
    if cool_down_h is None:
        return f"{activity} stays above {harmless_uci:g} µCi for more than ten years."
    if cool_down_h == 0:
        return f"{activity} is already below {harmless_uci:g} µCi."
    return f"{activity} needs {duration(cool_down_h)} to fall below {harmless_uci:g} µCi."


def _long_cool_down(*, harmless_uci: float, nuclide: str, cool_down_h: float | None) -> str:
    above = f"Because of {nuclide}, the activity of sample and container stays above {harmless_uci:g} µCi for"
    if cool_down_h is None:
        return f"{above} more than ten years: ask the facility whether it can send them back."
    return f"{above} {duration(cool_down_h)}: plan to leave them at the facility for that time."


WORDS: Final[Mapping[str, wording.Words]] = {
    "sample_thickness": _sample_thickness,
    "sample_thick": _sample_thick,
    "sample_thin": _sample_thin,
    "deuteration": _deuteration,
    "absorption": _absorption,
    "absorption_by_replaceable_isotope": _absorption_by_replaceable_isotope,
    "plate_edge_on": f"Some detectors lie in the plane of the plate, where the plate absorbs its own scattering. Turn "
    f"it by 45{SPACE}°, or use an annulus, which looks the same from all sides.",
    "thick_cylinder": "A full cylinder is thick in the middle: an annulus of the same mass has less multiple "
    "scattering.",
    "sample_larger_than_beam": _sample_larger_than_beam,
    "aluminium_container": "Aluminium has Bragg peaks, and phonons below 40 meV: measure the empty container too. "
    "Vanadium has almost no Bragg peaks, but scatters four times as much.",
    "vanadium_container": "Vanadium has almost no Bragg peaks, but phonons below 40 meV: measure the empty container "
    "too. Aluminium scatters a quarter as much.",
    "loose_powder": _loose_powder,
    "strong_multiple_scattering": _strong_multiple_scattering,
    "strong_absorption": _strong_absorption,
    "strong_container_scattering": _strong_container_scattering,
    "powder_without_container": "A powder needs a container. Without one, its scattering is missing from the forecast.",
    "thin_powder_layer": _thin_powder_layer,
    "single_crystal_annulus": "A single crystal rarely has the shape of an annulus.",
    "activation_not_tabulated": _activation_not_tabulated,
    "cool_down": _cool_down,
    "long_cool_down": _long_cool_down,
}
