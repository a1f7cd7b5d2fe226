"""Count rates: scattering of a sample of known mass into the detectors, and its background."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.instruments import Instrument, kinematics, resolution
from scattering.instruments.broadening import REACH_SIGMAS
from scattering.instruments.detectors import frame_share
from scattering.instruments.flux import Flux, flux
from scattering.planning.projection import WeightedScattering, detector_average
from scattering.sample import Sample

Basis = Literal["absolute", "calibrated", "relative"]

CM2_PER_BARN: Final = 1e-24
SECONDS: Final = 3600.0
AMBIENT_PER_M_H: Final = 6.0
"""Ambient background, counts an hour per metre of tube, from MARI's page at ISIS; for other instruments a guess."""
DETECTORS_UNCERTAINTY: Final = 0.2
"""Relative, of solid angle times efficiency: from rounding in the sources, and from gaps."""


@dataclass(frozen=True, eq=False)
class Rates:
    """Counts an hour and meV, before the resolution blurs them.

    Attributes
    ----------
    energy
        Shape (n,), meV: centres of bins of the energy transfer.
    sample, container
        Shape (n,), 1/(h meV): at true energies.
    ambient
        Shape (n,), 1/(h meV): at recorded energies.
    basis
        "absolute": from flux, solid angle and cross-section; "calibrated": from the user's own data of known exposure;
        "relative": in an arbitrary unit, which differs from one setting of the choppers to the next.
    relative_uncertainty
        Of `sample`; 1 is a factor of two to either side.
    """

    energy: NDArray[np.float64]
    sample: NDArray[np.float64]
    container: NDArray[np.float64]
    ambient: NDArray[np.float64]
    basis: Basis
    relative_uncertainty: float


def rates_per_flux(
    instrument: Instrument,
    settings: Mapping[str, Any],
    scattering: WeightedScattering,
    sample: Sample,
    container: WeightedScattering | None = None,
) -> Rates:
    """Return the rates for a flux of 1 n/(cm² s), of an instrument whose detectors are known.

    dC/dω = Φ N (d²σ/dΩdω) ΔΩ ε(E_f) A(E_i, E_f), with d²σ/dΩdω = (k_f/k_i) S averaged over the detectors, N the atoms
    in the beam, ε the efficiency of the tubes and A the transmission of the sample. Choppers change only Φ, so one
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
    energy = energy_losses(scattering, instrument, settings)
    _, final = kinematics.incident_and_final(instrument, settings, energy)
    per_atom = (
        SECONDS * CM2_PER_BARN * detectors.solid_angle * detectors.efficiency(final)
        * np.nan_to_num(kinematics.k_ratio(instrument, settings, energy))
    )  # fmt: skip
    counted = rates_of_atoms(per_atom, instrument, settings, energy, scattering, sample, container)
    path = instrument.flight_paths["sample_detector"]
    ambient = AMBIENT_PER_M_H * detectors.tube_length(path) * frame_share(
        final, flight_path=path, frame_frequency=detectors.frame_frequency
    )  # fmt: skip
    return Rates(energy, *counted, ambient, "absolute", DETECTORS_UNCERTAINTY)


def relative_rates(
    instrument: Instrument,
    settings: Mapping[str, Any],
    scattering: WeightedScattering,
    sample: Sample,
    container: WeightedScattering | None = None,
) -> Rates:
    """Return rates in an arbitrary unit, without ambient background, of an instrument without published flux."""
    settings = instrument.validate(settings)
    energy = energy_losses(scattering, instrument, settings)
    per_atom = relative_per_atom(instrument, settings, energy)
    counted = rates_of_atoms(per_atom, instrument, settings, energy, scattering, sample, container)
    return Rates(energy, *counted, np.zeros_like(energy), "relative", DETECTORS_UNCERTAINTY)


def relative_per_atom(
    instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the rate of one atom that scatters alike at all energies, in an arbitrary unit: k_f/k_i × the spectrum.

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


def rates_of_atoms(
    per_atom: NDArray[np.float64],
    instrument: Instrument,
    settings: Mapping[str, Any],
    energy: NDArray[np.float64],
    scattering: WeightedScattering,
    sample: Sample,
    container: WeightedScattering | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rates of all atoms in the beam, of the sample and of its container, with self-shielding.

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
    counted = let_out * atoms * detector_average(scattering, instrument, settings, energy)
    if container is None:
        return counted, np.zeros_like(energy)
    held = sample.container_atoms(instrument.beam)
    return counted, let_out * held * detector_average(container, instrument, settings, energy)


def energy_losses(
    scattering: WeightedScattering, instrument: Instrument, settings: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return the energies of the sample, from 0 on, that an instrument measures, and from which it takes neutrons.

    In direct geometry these end at the incident energy, otherwise where the resolution ends.
    """
    low, high = instrument.measured_range(settings)
    if instrument.geometry == "direct":
        high = float(settings["e_init"])
    else:
        below, above = REACH_SIGMAS * resolution.sigma(instrument, settings, np.array([low, high]))
        low, high = low - below, high + above
    inside = (scattering.energy >= max(low, 0.0)) & (scattering.energy < high)
    return scattering.energy[inside]


def known_flux(instrument: Instrument, settings: Mapping[str, Any]) -> Flux | None:
    """Return the flux at the sample; None where flux or detectors are not known, or the flux is zero."""
    if instrument.detectors is None:
        return None
    found = flux(instrument, settings)
    return found if found is not None and found.value > 0 else None


@dataclass(frozen=True)
class Scale:
    """Factors of rates. Choppers change only these.

    Attributes
    ----------
    scattering
        Factor for sample and container: number of neutrons, times the correction of a calibration.
    ambient
        Factor for the ambient background, which does not depend on the flux.
    basis, relative_uncertainty
        Of the rates that come of it.
    """

    scattering: float
    ambient: float
    basis: Basis
    relative_uncertainty: float


def apply_scale(rates: Rates, scale: Scale) -> Rates:
    """Multiply rates."""
    return Rates(
        rates.energy,
        rates.sample * scale.scattering,
        rates.container * scale.scattering,
        rates.ambient * scale.ambient,
        scale.basis,
        scale.relative_uncertainty,
    )


def scale_at_flux(rates: Rates, found: Flux, *, source_power: float = 1.0, background: float = 1.0) -> Scale:
    """Scale that brings rates per flux to a flux.

    Parameters
    ----------
    source_power
        As a part of what the flux is stated for.
    background
        Multiplies the ambient background.
    """
    uncertainty = combine_uncertainties(found.relative_uncertainty, rates.relative_uncertainty)
    return Scale(found.value * source_power, background, rates.basis, uncertainty)


def combine_uncertainties(*relative: float) -> float:
    """Combine the relative uncertainties of factors: for each, ln(1 + u) is a standard deviation of the logarithm."""
    return math.expm1(math.hypot(*(math.log1p(one) for one in relative)))
