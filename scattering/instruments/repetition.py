"""Repetition-rate multiplication: which incident energies reach the sample besides the chosen one.

Between two pulses of the source the chopper nearest to the sample opens several times; each opening admits neutrons
of another speed, and those for which the other choppers stand open too make a measurement of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scattering.core.constants import NEUTRON_ENERGY_MEV_A2, NEUTRON_SPEED_M_S_A
from scattering.instruments import Instrument
from scattering.instruments.choppers import Chopper, FermiPackage

LEAST_TRANSMISSION: Final = 0.01
"""What gets through less than that is no measurement."""


@dataclass(frozen=True)
class Rep:
    """One incident energy among those that come together.

    Attributes
    ----------
    e_init
        meV.
    discs
        Share of the neutrons of that energy that find the disc choppers as open as they get, 0 to 1.
    transmission
        That times what the Fermi chopper's curved slits let through, where there is one.
    """

    e_init: float
    discs: float
    transmission: float


def flight_time(distance: float, energy: float) -> float:
    """Time in seconds that a neutron of an energy in meV takes for a distance in metres: t = L √(m/2E)."""
    return distance / (NEUTRON_SPEED_M_S_A * math.sqrt(energy / NEUTRON_ENERGY_MEV_A2))


def energy_of(distance: float, time: float) -> float:
    """Energy in meV of a neutron that covers a distance in metres in a time in seconds: E = m L²/2t²."""
    return NEUTRON_ENERGY_MEV_A2 * (distance / time / NEUTRON_SPEED_M_S_A) ** 2


def fermi_transmission(package: FermiPackage, frequency: float, energy: float) -> float:
    """Share of the neutrons that pass the curved slits of a Fermi chopper at its best moment, 0 to 1.

    γ = (2R²/p) |1/ρ − 2ω/v| says by how many slit widths neutrons of speed v miss the curve; T = 1 − γ²/6 up to
    γ = 1, (8/3)√γ − 2γ + γ²/6 up to 4, and none beyond.

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


def _turns(chopper: Chopper, settings: Mapping[str, Any]) -> float:
    """Frequency in Hz."""
    return chopper.frequency_of_package.get(settings["chopper_package"], chopper.frequency).of(settings)


def _openness(chopper: Chopper, settings: Mapping[str, Any], away: float) -> float:
    """Overlap of slot and guide a time in seconds away from the middle of an opening, 0 to 1."""
    slot, guide = _slot_width(chopper, settings), chopper.guide_width
    moved = 2 * math.pi * chopper.radius * chopper.discs * _turns(chopper, settings) * abs(away)
    return min(max(((slot + guide) / 2 - moved) / min(slot, guide), 0.0), 1.0)


def _middles(chopper: Chopper, settings: Mapping[str, Any], e_init: float) -> tuple[float, list[float]]:
    """Period in seconds, and the middle of each opening within one.

    A disc with a delay of its own keeps it as far as the chosen energy passes fully.
    """
    period = 1 / _turns(chopper, settings)
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
    """Middle of every opening after the pulse, seconds."""
    period, middles = _middles(chopper, settings, e_init)
    for middle in middles:
        first = math.floor(middle / period)
        for turn in range(-first, math.ceil((until - middle) / period) + 1):
            if middle + turn * period > 0:
                yield middle + turn * period


def _disc_transmission(chopper: Chopper, settings: Mapping[str, Any], e_init: float, energy: float) -> float:
    """Share of the neutrons of an energy that pass a disc phased to e_init, 0 to 1."""
    period, middles = _middles(chopper, settings, e_init)
    arrival = flight_time(chopper.distance, energy)
    return max(_openness(chopper, settings, math.remainder(arrival - middle, period)) for middle in middles)


def repetitions(instrument: Instrument, settings: Mapping[str, Any]) -> tuple[Rep, ...] | None:
    """Incident energies that reach the sample together, the chosen one among them, in descending order.

    The k-th opening of the last chopper, a time kT after the one for the chosen E_i, admits E = E_i (t/(t + kT))²,
    where t is the flight time to it. It counts if all other choppers stand open when those neutrons arrive.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings, defaults filled in where left out.

    Returns
    -------
    None where the choppers are not known, or the instrument selects one energy by a crystal.

    Raises
    ------
    InvalidSettings
        The settings are not the instrument's.

    Notes
    -----
    Neutrons leave the moderator all at once here. Energies outside what the instrument allows are left out.

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
        if allowed.check(energy := energy_of(last.distance, time)) is None
        and low <= energy <= high
        and not math.isclose(energy, e_init, rel_tol=1e-9)
    }
    reps = (_rep(instrument, checked, e_init, energy) for energy in sorted(energies, reverse=True))
    return tuple(rep for rep in reps if rep.e_init == e_init or rep.transmission >= LEAST_TRANSMISSION)


def _rep(instrument: Instrument, settings: Mapping[str, Any], e_init: float, energy: float) -> Rep:
    discs, fermi = 1.0, 1.0
    for chopper in instrument.choppers:
        if chopper.packages:
            package = chopper.packages[settings["chopper_package"]]
            fermi *= fermi_transmission(package, _turns(chopper, settings), energy)
        else:
            discs *= _disc_transmission(chopper, settings, e_init, energy)
    return Rep(energy, discs, discs * fermi)
