"""Repetition-rate multiplication: further incident energies that reach the sample.

Between two pulses of the source the chopper nearest to the sample opens several times. Each opening admits neutrons of
another speed. An energy for which the other choppers are open too gives an additional measurement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scattering.core.constants import NEUTRON_ENERGY_MEV_A2, NEUTRON_SPEED_M_S_A
from scattering.instruments import Instrument
from scattering.instruments.choppers import Chopper, FermiPackage

MIN_TRANSMISSION: Final = 0.01
"""Smallest transmission that counts as a measurement."""


@dataclass(frozen=True)
class Rep:
    """One of the incident energies of a run.

    Attributes
    ----------
    e_init
        meV.
    discs
        Transmission of the disc choppers at that energy, relative to fully open, 0 to 1.
    transmission
        `discs` times the transmission of the curved slits of a Fermi chopper, if there is one.
    """

    e_init: float
    discs: float
    transmission: float


def flight_time(distance: float, energy: float) -> float:
    """Return the time in seconds of a neutron of an energy in meV over a distance in metres: t = L √(m/2E)."""
    return distance / (NEUTRON_SPEED_M_S_A * math.sqrt(energy / NEUTRON_ENERGY_MEV_A2))


def energy_from_flight_time(distance: float, time: float) -> float:
    """Return the energy in meV of a neutron that takes a time in seconds over a distance in metres: E = m L²/2t²."""
    return NEUTRON_ENERGY_MEV_A2 * (distance / time / NEUTRON_SPEED_M_S_A) ** 2


def fermi_transmission(package: FermiPackage, frequency: float, energy: float) -> float:
    """Return the transmission of the curved slits of a Fermi chopper at its maximum, 0 to 1.

    γ = (2R²/p) |1/ρ − 2ω/v| is the deviation of neutrons of speed v from the curve in slit widths. T = 1 − γ²/6 up to
    γ = 1, (8/3)√γ − 2γ + γ²/6 up to 4, and 0 beyond.

    Parameters
    ----------
    package
        Slits of width p, radius R and curvature ρ.
    frequency
        ω/2π in Hz.
    energy
        meV.

    References
    ----------
    M. Marseguerra and G. Pauli, Nucl. Instrum. Methods 4 (1959) 140.
    """
    speed = flight_time(1.0, energy) ** -1
    bend = abs(1e3 / package.curvature - 4 * math.pi * frequency / speed)
    gamma = 2e-3 * package.radius**2 / package.slit * bend
    if gamma <= 1:
        return 1 - gamma**2 / 6
    if gamma >= 4:
        return 0.0
    return 8 / 3 * math.sqrt(gamma) - 2 * gamma + gamma**2 / 6


def _slot_width(chopper: Chopper, settings: Mapping[str, Any]) -> float:
    return chopper.slot_width_of_package.get(settings["chopper_package"], chopper.slot_width)


def _frequency_hz(chopper: Chopper, settings: Mapping[str, Any]) -> float:
    return chopper.frequency_of_package.get(settings["chopper_package"], chopper.frequency).of(settings)


def _openness(chopper: Chopper, settings: Mapping[str, Any], away: float) -> float:
    """Return the overlap of slot and guide at a time in seconds from the middle of an opening, 0 to 1."""
    slot, guide = _slot_width(chopper, settings), chopper.guide_width
    moved = 2 * math.pi * chopper.radius * chopper.discs * _frequency_hz(chopper, settings) * abs(away)
    return min(max(((slot + guide) / 2 - moved) / min(slot, guide), 0.0), 1.0)


def _middles(chopper: Chopper, settings: Mapping[str, Any], e_init: float) -> tuple[float, list[float]]:
    """Return the period in seconds, and the middle of each opening within one period.

    A disc with its own delay keeps it as long as the chosen energy passes fully.
    """
    period = 1 / _frequency_hz(chopper, settings)
    if chopper.packages:
        half = chopper.packages[settings["chopper_package"]].half_turn
        return period / (2 if half else 1), [flight_time(chopper.distance, e_init)]
    centre = flight_time(chopper.distance, e_init)
    if chopper.opens is not None:
        slot, guide = _slot_width(chopper, settings), chopper.guide_width
        mm_per_s = 2 * math.pi * chopper.radius * chopper.discs / period
        flat = (slot - guide) / 2 / mm_per_s
        usual = chopper.opens * 1e-6 + (slot + guide) / 2 / mm_per_s
        return period, [min(max(usual, centre - flat), centre + flat)]
    focus = chopper.slot_angles[chopper.focus_slot]
    return period, [centre + (angle - focus) / 360 * period for angle in chopper.slot_angles]


def _openings(chopper: Chopper, settings: Mapping[str, Any], e_init: float, until: float) -> Iterator[float]:
    """Yield the middle of every opening after the pulse, seconds."""
    period, middles = _middles(chopper, settings, e_init)
    for middle in middles:
        first = math.floor(middle / period)
        for turn in range(-first, math.ceil((until - middle) / period) + 1):
            if middle + turn * period > 0:
                yield middle + turn * period


def _disc_transmission(chopper: Chopper, settings: Mapping[str, Any], e_init: float, energy: float) -> float:
    """Return the transmission at an energy of a disc that is phased to e_init, 0 to 1."""
    period, middles = _middles(chopper, settings, e_init)
    arrival = flight_time(chopper.distance, energy)
    return max(_openness(chopper, settings, math.remainder(arrival - middle, period)) for middle in middles)


def repetitions(instrument: Instrument, settings: Mapping[str, Any]) -> tuple[Rep, ...] | None:
    """Return the incident energies that reach the sample together, including the chosen one, in descending order.

    The k-th opening of the last chopper, a time kT after the opening for the chosen E_i, admits E = E_i (t/(t + kT))²,
    where t is the flight time to it. It counts if all other choppers are open when those neutrons arrive.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings; a missing setting has its default.

    Returns
    -------
    None if the choppers are unknown, or a crystal selects the incident energy.

    Raises
    ------
    InvalidSettings
        The instrument does not allow the settings.

    Notes
    -----
    All neutrons leave the moderator at the same time. Energies that the instrument does not allow are left out.

    References
    ----------
    M. Russina and F. Mezei, Nucl. Instrum. Methods Phys. Res. A 604 (2009) 624. Choppers from PyChop.
    """
    checked = instrument.validate(settings)
    if instrument.repetition is None:
        return None
    e_init = float(checked["e_init"])
    allowed = next(setting for setting in instrument.settings if setting.name == "e_init")
    low, high = instrument.package_limits.get(str(checked.get("chopper_package")), (0.0, math.inf))
    last = instrument.choppers[-1]
    frame = instrument.repetition.frames / instrument.repetition.source_frequency
    energies = {e_init} | {
        energy
        for time in _openings(last, checked, e_init, frame)
        if allowed.check(energy := energy_from_flight_time(last.distance, time)) is None
        and low <= energy <= high
        and not math.isclose(energy, e_init, rel_tol=1e-9)
    }
    reps = (_rep(instrument, checked, e_init, energy) for energy in sorted(energies, reverse=True))
    return tuple(rep for rep in reps if rep.e_init == e_init or rep.transmission >= MIN_TRANSMISSION)


def _rep(instrument: Instrument, settings: Mapping[str, Any], e_init: float, energy: float) -> Rep:
    discs, fermi = 1.0, 1.0
    for chopper in instrument.choppers:
        if chopper.packages:
            package = chopper.packages[settings["chopper_package"]]
            fermi *= fermi_transmission(package, _frequency_hz(chopper, settings), energy)
        else:
            discs *= _disc_transmission(chopper, settings, e_init, energy)
    return Rep(energy, discs, discs * fermi)
