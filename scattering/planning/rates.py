"""Counts in an hour: what a sample of known mass scatters into the detectors, and what else they count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.instruments import Instrument, kinematics
from scattering.instruments.detectors import frame_share
from scattering.instruments.flux import Flux, flux
from scattering.planning.projection import Weighted, seen
from scattering.sample import Sample

Basis = Literal["absolute", "calibrated", "relative"]

CM2_PER_BARN: Final = 1e-24
SECONDS: Final = 3600.0
ROOM_PER_M_H: Final = 6.0
"""Counts of the room an hour for each metre of tube, as MARI's page at ISIS gives them; of others it is a guess."""
DETECTORS_UNCERTAINTY: Final = 0.2
"""Relative, of solid angle times efficiency: what the sources of the solid angles are rounded to and gaps take."""


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
        "relative": in a unit of its own, which differs from one setting of the choppers to the next.
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

    References
    ----------
    Squires (1978), Ch. 1 and 2.
    """
    detectors = instrument.detectors
    assert detectors is not None
    settings = instrument.validate(settings)
    energy = losses(scattering, instrument, settings)
    _, final = kinematics.incident_and_final(instrument, settings, energy)
    per_atom = (
        SECONDS * CM2_PER_BARN * detectors.solid_angle * detectors.efficiency(final)
        * np.nan_to_num(kinematics.k_ratio(instrument, settings, energy))
    )  # fmt: skip
    counted = of_atoms(per_atom, instrument, settings, energy, scattering, sample, container)
    path = instrument.flight_paths["sample_detector"]
    room = ROOM_PER_M_H * detectors.tube_length(path) * frame_share(
        final, flight_path=path, frame_frequency=detectors.frame_frequency
    )  # fmt: skip
    return Rates(energy, *counted, room, "absolute", DETECTORS_UNCERTAINTY)


def relative(
    instrument: Instrument,
    settings: Mapping[str, Any],
    scattering: Weighted,
    sample: Sample,
    container: Weighted | None = None,
) -> Rates:
    """Counts in a unit of its own, of an instrument whose flux or detectors nobody gives; the room is left out."""
    settings = instrument.validate(settings)
    energy = losses(scattering, instrument, settings)
    per_atom = relative_per_atom(instrument, settings, energy)
    counted = of_atoms(per_atom, instrument, settings, energy, scattering, sample, container)
    return Rates(energy, *counted, np.zeros_like(energy), "relative", DETECTORS_UNCERTAINTY)


def relative_per_atom(
    instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Counts of one atom that scatters the same at all energies, in a unit of its own: k_f/k_i times the spectrum.

    In indirect geometry the incident energy varies, and the spectrum of a moderator above thermal energies goes as
    1/E_i; of a monochromator or a chopper spectrometer it is taken as constant.

    Parameters
    ----------
    settings
        Validated.
    energy
        Shape (n,), meV.

    References
    ----------
    C. G. Windsor, Pulsed Neutron Scattering (1981), Ch. 2, on the slowing-down spectrum.
    """
    ratio = np.nan_to_num(kinematics.k_ratio(instrument, settings, energy))
    if instrument.geometry == "direct" or instrument.coverage.incident_energies:
        return ratio
    return ratio / kinematics.incident_and_final(instrument, settings, energy)[0]


def of_atoms(
    per_atom: NDArray[np.float64],
    instrument: Instrument,
    settings: Mapping[str, Any],
    energy: NDArray[np.float64],
    scattering: Weighted,
    sample: Sample,
    container: Weighted | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts of all atoms in the beam, of the sample and of its container, with what both shield.

    Parameters
    ----------
    per_atom
        Shape (n,): counts of one atom that scatters 1 barn/(sr meV) and that nothing shields.
    energy
        Shape (n,), meV, a contiguous part of the sample's.
    """
    incident, final = kinematics.incident_and_final(instrument, settings, energy)
    let_out = per_atom * sample.shielding(incident, np.maximum(final, 1e-3))
    atoms = sample.n_atoms * sample.illuminated_fraction(instrument.beam)
    counted = let_out * atoms * seen(scattering, instrument, settings, energy)
    if container is None:
        return counted, np.zeros_like(energy)
    held = sample.container_atoms(instrument.beam)
    return counted, let_out * held * seen(container, instrument, settings, energy)


def losses(scattering: Weighted, instrument: Instrument, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """The sample's energies that an instrument measures, from 0 on."""
    low, high = instrument.measured_range(settings)
    low = max(low, 0.0)
    inside = (scattering.energy >= low - scattering.step / 2) & (scattering.energy <= high + scattering.step / 2)
    return scattering.energy[inside]


def known_flux(instrument: Instrument, settings: Mapping[str, Any]) -> Flux | None:
    """Neutrons at the sample, where those and the detectors are known; a number too small to count is not."""
    if instrument.detectors is None:
        return None
    found = flux(instrument, settings)
    return found if found is not None and found.value > 0 else None


@dataclass(frozen=True)
class Scale:
    """What rates are multiplied by: choppers change nothing else of them.

    Attributes
    ----------
    scattering
        Of sample and container: neutrons, times what a calibration corrects.
    room
        Of the ambient background, which no flux makes more.
    basis, relative_uncertainty
        Of the rates that come of it.
    """

    scattering: float
    room: float
    basis: Basis
    relative_uncertainty: float


def scaled(rates: Rates, scale: Scale) -> Rates:
    """Multiply rates."""
    return Rates(
        rates.energy,
        rates.sample * scale.scattering,
        rates.container * scale.scattering,
        rates.room * scale.room,
        scale.basis,
        scale.relative_uncertainty,
    )


def at_flux(rates: Rates, found: Flux, *, source_power: float = 1.0, background: float = 1.0) -> Scale:
    """Scale that brings rates per flux to a flux.

    Parameters
    ----------
    source_power
        As a part of what the flux is stated for.
    background
        Multiplies the ambient background.
    """
    uncertainty = combined(found.relative_uncertainty, rates.relative_uncertainty)
    return Scale(found.value * source_power, background, rates.basis, uncertainty)


def combined(*relative: float) -> float:
    """Relative uncertainties of factors together: of each, ln(1 + u) is a standard deviation of the logarithm."""
    return math.expm1(math.hypot(*(math.log1p(one) for one in relative)))
