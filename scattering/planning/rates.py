"""Counts in an hour: what a sample of known mass scatters into the detectors, and what else they count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering import kinematics
from scattering.flux import Flux, flux
from scattering.instruments import Instrument
from scattering.instruments.detectors import frame_share
from scattering.planning.projection import Weighted, seen
from scattering.sample import Sample

Basis = Literal["absolute", "calibrated", "relative"]

CM2_PER_BARN: Final = 1e-24
SECONDS: Final = 3600.0
ROOM_PER_M_H: Final = 6.0
"""Counts of the room an hour for each metre of tube, as MARI's page at ISIS gives them; of others it is a guess."""
DETECTORS_UNCERTAINTY: Final = 0.2
"""Relative, of solid angle times efficiency: what the sources of the solid angles are rounded to and gaps take."""
ROOM_UNCERTAINTY: Final = 1.0
"""Relative: a factor of two, as nobody knows it for an instrument and a day."""
TAIL_SIGMAS: Final = 8.0
"""Of the elastic resolution, below 0, that is looked at."""


@dataclass(frozen=True, eq=False)
class Rates:
    """Counts an hour and meV, before the resolution blurs them.

    Attributes
    ----------
    energy
        Shape (n,), meV, equal steps: energy transfers.
    sample, container
        Shape (n,), 1/(h meV): at true energies.
    room
        Shape (n,), 1/(h meV): at recorded energies.
    basis
        "absolute": from flux, solid angle and cross-section; "calibrated": from the user's own data of known exposure;
        "relative": in a unit that is the same for all settings of an instrument.
    relative_uncertainty
        Of `sample`; 1 is a factor of two to either side.
    """

    energy: NDArray[np.float64]
    sample: NDArray[np.float64]
    container: NDArray[np.float64]
    room: NDArray[np.float64]
    basis: Basis
    relative_uncertainty: float

    @property
    def step(self) -> float:
        """Width of an energy bin, meV."""
        return float(self.energy[1] - self.energy[0])


def per_flux(
    instrument: Instrument,
    settings: Mapping[str, Any],
    scattering: Weighted,
    sample: Sample,
    container: Weighted | None = None,
    *,
    gain_mev: float = 0.0,
) -> Rates:
    """Counts an hour for a flux of 1 n/(cm² s), of an instrument whose detectors are known.

    dC/dω = Φ N (d²σ/dΩdω) ΔΩ ε(E_f) A(E_i, E_f), with d²σ/dΩdω = (k_f/k_i) S averaged over the detectors, N the atoms
    in the beam, ε the efficiency of the tubes and A what the sample lets out. Choppers change none of it but Φ, so one
    incident energy serves them all.

    Parameters
    ----------
    scattering
        Of the sample, per atom.
    container
        Of the container's material, per atom, at the same energies; None: there is none.
    gain_mev
        How far below 0 to look, for what the resolution brings into the losses.

    References
    ----------
    Squires (1978), Ch. 1 and 2.
    """
    detectors = instrument.detectors
    assert detectors is not None
    settings = instrument.validate(settings)
    energy = _within(scattering, -gain_mev, instrument.measured_range(settings)[1])
    incident, final = kinematics.incident_and_final(instrument, settings, energy)
    counted = (
        SECONDS * CM2_PER_BARN * detectors.solid_angle * detectors.efficiency(final)
        * np.nan_to_num(kinematics.k_ratio(instrument, settings, energy))
        * sample.shielding(incident, np.maximum(final, 1e-3))
    )  # fmt: skip
    atoms = sample.n_atoms * sample.illuminated(detectors.beam)
    of_container = np.zeros_like(energy)
    if container is not None:
        of_container = counted * sample.container_atoms(detectors.beam) * seen(container, instrument, settings, energy)
    path = instrument.flight_paths["sample_detector"]
    room = ROOM_PER_M_H * detectors.tube_length(path) * frame_share(
        final, flight_path=path, frame_frequency=detectors.frame_frequency
    )  # fmt: skip
    return Rates(
        energy,
        counted * atoms * seen(scattering, instrument, settings, energy),
        of_container,
        room,
        "absolute",
        DETECTORS_UNCERTAINTY,
    )


def relative(
    instrument: Instrument,
    settings: Mapping[str, Any],
    scattering: Weighted,
    sample: Sample,
    container: Weighted | None = None,
    *,
    gain_mev: float = 0.0,
) -> Rates:
    """Counts in a unit of its own, of an instrument whose flux or detectors nobody gives.

    In indirect geometry the incident energy varies, and the spectrum of a moderator above thermal energies goes as
    1/E_i; of a monochromator or a chopper spectrometer it is taken as constant. What the room counts is not known.

    References
    ----------
    C. G. Windsor, Pulsed Neutron Scattering (1981), Ch. 2, on the slowing-down spectrum.
    """
    settings = instrument.validate(settings)
    energy = _within(scattering, max(-gain_mev, instrument.measured_range(settings)[0]), _highest(instrument, settings))
    incident, final = kinematics.incident_and_final(instrument, settings, energy)
    spectrum = 1 / incident if instrument.geometry == "indirect" and not instrument.coverage.incident_energies else 1.0
    counted = (
        spectrum
        * np.nan_to_num(kinematics.k_ratio(instrument, settings, energy))
        * sample.shielding(incident, np.maximum(final, 1e-3))
    )
    atoms = sample.n_atoms * sample.illuminated(instrument.beam)
    of_container = np.zeros_like(energy)
    if container is not None:
        of_container = counted * sample.container_atoms(instrument.beam) * seen(container, instrument, settings, energy)
    signal = counted * atoms * seen(scattering, instrument, settings, energy)
    return Rates(energy, signal, of_container, np.zeros_like(energy), "relative", DETECTORS_UNCERTAINTY)


def _highest(instrument: Instrument, settings: Mapping[str, Any]) -> float:
    return instrument.measured_range(settings)[1]


def _within(scattering: Weighted, low: float, high: float) -> NDArray[np.float64]:
    """The sample's energies from a lowest to a highest one."""
    inside = (scattering.energy >= low - scattering.step / 2) & (scattering.energy <= high + scattering.step / 2)
    return scattering.energy[inside]


def known_flux(instrument: Instrument, settings: Mapping[str, Any]) -> Flux | None:
    """Neutrons at the sample, where those and the detectors are known; a number too small to count is not."""
    if instrument.detectors is None:
        return None
    found = flux(instrument, settings)
    return found if found is not None and found.value > 0 else None


def at_flux(rates: Rates, found: Flux, *, source_power: float = 1.0, background: float = 1.0) -> Rates:
    """Bring rates per flux to a flux; the room's are as they are.

    Parameters
    ----------
    source_power
        As a part of what the flux is stated for.
    background
        Multiplies the room's.
    """
    neutrons = found.value * source_power
    return replace(
        rates,
        sample=rates.sample * neutrons,
        container=rates.container * neutrons,
        room=rates.room * background,
        relative_uncertainty=combined(found.relative_uncertainty, rates.relative_uncertainty),
    )


def scaled(rates: Rates, source_power: float, background: float) -> Rates:
    """Rates that are calibrated, at another power; more than was measured from a room counts as so many times it."""
    return replace(
        rates,
        sample=rates.sample * source_power,
        container=rates.container * source_power,
        room=rates.room * background,
    )


def combined(*relative: float) -> float:
    """Relative uncertainties of factors together: of each, ln(1 + u) is a standard deviation of the logarithm."""
    return float(np.expm1(np.sqrt(np.sum(np.log1p(np.asarray(relative)) ** 2))))
