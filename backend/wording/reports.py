"""Sentences, captions and headings of reports and bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend import wording
from backend.wording.formatting import counted, duration

HEADINGS: Final[Mapping[str, str]] = {
    "sample": "Sample in the beam",
    "reliability": "Reliability",
    "all_points": "All points",
    "methods": "Methods",
    "references": "References",
    "left_out": "Left out of this version:",
}
SPECTRA_ALT: Final = "Spectra of {labels}"
FEATURES_CAPTION: Final = (
    "Target features. Under each setting: FWHM of its resolution, and the time until the feature reaches the "
    "requested signal-to-noise ratio."
)
SETTINGS_CAPTION: Final = (
    "Settings: A to C as drawn, then the best others. Resolution: FWHM over energy transfer of the worst feature. "
    "Pairs: whether two features are resolved, with the probability. Time: with its uncertainty."
)
RESOLUTION_CAPTION: Final = "Settings: largest energy transfer, and resolution (FWHM, meV) at three energy transfers."
NARROW: Final = "narrow"
NOT_REACHED: Final = "not reached"
LICENCE: Final = "No licence is stated. Ask the author before you pass this bundle on."
BUNDLE_README: Final = """\
# {title}

A forecast of inelastic neutron scattering by Beamcast {version}, {date}, as an RO-Crate (ro-crate-metadata.json
describes each file).

| | |
| --- | --- |
| report.pdf, report.html | the report |
| inputs/ | structures as uploaded and as CIF; potentials, with labels of a training; sha256 of pretrained ones |
| predictions/ | simulated partial dynamic structure factors (HDF5, units in the attributes) |
| spectra/ | the spectrum each instrument would record, as CSV, with its map as HDF5 |
| datasets/ | measured data as uploaded |
| figures/ | the figures as SVG |
| requests.json | the complete request |
| provenance.json | versions, seeds, checksums, timings |

## Run it again

    python rerun.py http://127.0.0.1:8000

This needs a Beamcast at that address, and Python without any packages. The script uploads the inputs, requests the same
predictions with the same options and seeds, waits for them and downloads report and partials. With the same versions
the numbers are the same, except for the last digits where engines run on several cores. `partials.h5` needs no rerun:
h5py, silx and NeXpy open it.
"""


def forecast_title(structure: str) -> str:
    """Return the title of a report whose request states none."""
    return f"Neutron scattering forecast: {structure}"


def _supercell(repeats: Sequence[int]) -> str:
    return f"a supercell of {' × '.join(map(str, repeats))} unit cells"


def _methods_forces(*, potential: str, workflow_reference: int, potential_reference: int) -> str:
    return (
        f"Following [{workflow_reference}], forces come from the neuroevolution potential {potential} "
        f"[{potential_reference}]."
    )


def _methods_harmonic(
    *, supercell: Sequence[int], temperature_k: float, n_orders: int, phonopy_reference: int, euphonic_reference: int
) -> str:
    return (
        f"Harmonic phonons were calculated by finite displacements in {_supercell(supercell)} [{phonopy_reference}] "
        f"and interpolated over the Brillouin zone [{euphonic_reference}]. The temperature is {temperature_k:g} K. "
        f"Scattering by up to {counted(n_orders, 'phonon')} is included in the incoherent approximation."
    )


def _methods_given_phonons(
    *,
    program: str,
    workflow_reference: int,
    euphonic_reference: int,
    temperature_k: float,
    n_orders: int,
    nac: bool,
) -> str:
    made = f"calculated with {program} " if program else ""
    split = " with LO–TO splitting" if nac else ""
    return (
        f"Following [{workflow_reference}], scattering was calculated from harmonic phonons {made}"
        f"that were uploaded, interpolated over the Brillouin zone{split} [{euphonic_reference}]. The temperature is "
        f"{temperature_k:g} K. Scattering by up to {counted(n_orders, 'phonon')} is included in the incoherent "
        "approximation."
    )


def _methods_given_trajectory(
    *,
    program: str,
    workflow_reference: int,
    temperature_k: float,
    length_ps: float,
    frame_interval_fs: float,
    n_beads: int = 1,
) -> str:
    made = (f" of {program}" if program else "") + (f" of ring polymers of {n_beads} beads" if n_beads > 1 else "")
    return (
        f"Following [{workflow_reference}], a trajectory{made} that was uploaded gave the dynamic structure factors, "
        f"by Fourier transform of the intermediate scattering functions: {length_ps:g} ps with frames every "
        f"{frame_interval_fs:g} fs. The temperature is {temperature_k:g} K."
    )


def _methods_molecular_dynamics(**run: Any) -> str:
    return _dynamics("Classical molecular dynamics", **run)


def _methods_ring_polymers(*, trpmd_reference: int, n_beads: int, **run: Any) -> str:
    return _dynamics(f"Thermostatted ring-polymer dynamics [{trpmd_reference}], with {n_beads} beads,", **run)


def _dynamics(
    kind: str,
    *,
    supercell: Sequence[int],
    temperature_k: float,
    timestep_fs: float,
    n_runs: int,
    production_ps: float,
    equilibration_ps: float,
    ase_reference: int,
) -> str:
    return (
        f"{kind} of {_supercell(supercell)} at {temperature_k:g} K [{ase_reference}] gave the dynamic structure "
        f"factors, by Fourier transform of the intermediate scattering functions: {counted(n_runs, 'run')} of "
        f"{production_ps:g} ps after {equilibration_ps:g} ps of equilibration, with a time step of {timestep_fs:g} fs."
    )


def _simulated_measurement(*, label: str, hours: float) -> str:
    return f"Simulated measurement, {label}, {duration(hours)}, all detectors (Poisson noise, seeded)."


def _views_left_out(*, n_views: int, max_views: int) -> str:
    return f"{counted(n_views, 'view')}: two pages have room for {max_views}."


WORDS: Final[Mapping[str, wording.Words]] = {
    "methods_forces": _methods_forces,
    "methods_given_phonons": _methods_given_phonons,
    "methods_given_trajectory": _methods_given_trajectory,
    "methods_harmonic": _methods_harmonic,
    "methods_molecular_dynamics": _methods_molecular_dynamics,
    "methods_ring_polymers": _methods_ring_polymers,
    "methods_weighting": "The partial structure factors were weighted with bound scattering lengths "
    "[{sears_reference}], cut to the window of each instrument and broadened by its resolution.",
    "methods_detailed_balance": "Classical statistics were corrected for detailed balance ('{quantum_correction}').",
    "methods_count_rates": "Count rates are the product of flux, amount of sample, cross-section (with k_f/kᵢ), solid "
    "angle and detector efficiency. The background is that of the container and the ambient background. The time is "
    "the shortest in which every target feature reaches the requested signal-to-noise ratio.",
    "figure_spectra": "Spectra as the instruments would record them.",
    "figure_statistical_error": "Grey band: statistical error of the simulation, one standard deviation.",
    "figure_other_predictions": "Dashed: other predictions.",
    "figure_measured_data": "Points: measured data, scaled by least squares to the forecast of their instrument.",
    "figure_marked_features": "Dotted, numbered: the features of Table 1.",
    "figure_out_of_reach": "Hatched: not reached.",
    "figure_map": "Intensity, {label}.",
    "figure_phonon_lines": "Lines: harmonic phonons.",
    "figure_bank_lines": "Lines: where the detector banks measure.",
    "figure_numbered_features": "Numbers: the features.",
    "figure_simulated_measurement": _simulated_measurement,
    "settings_tried": "{n_settings} settings were tried.",
    "signal_to_noise_requested": "Requested signal-to-noise ratio: {signal_to_noise:g}.",
    "relative_times": "Relative: there is no published absolute flux; × n is the time relative to the fastest feature "
    "of the setting.",
    # What a version of a report leaves out: these stand after a heading
    "views_left_out": _views_left_out,
    "crystal_data_left_out": "Measured data: figures of a single crystal do not show them.",
    "dataset_left_out": "Dataset “{dataset}”: its instrument is not drawn, or it is a map.",
    "notes_left_out": "{n_characters} characters of the notes: they are in the HTML version.",
    "features_left_out": lambda *, n_features: f"{counted(n_features, 'feature')}.",
    "settings_left_out": lambda *, n_settings: f"{counted(n_settings, 'lower-ranked setting')}.",
    "references_left_out": lambda *, n_references: f"{counted(n_references, 'reference')}.",
}


def bundle_readme(**stated: Any) -> str:
    """Return the README of a bundle, which needs `title`, `version` and `date`."""
    return BUNDLE_README.format(**stated)
