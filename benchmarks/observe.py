"""`observe` of a 300 × 400 map against the same steps with Euphonic: weights, correction, broadening, mask."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core, as the claim says

import numpy as np
from euphonic import ureg
from euphonic.spectra import Spectrum2D, apply_kinematic_constraints

from benchmarks.timing import paired
from scattering import instruments
from scattering.core.partials import Partials
from scattering.core.quantum import harmonic_correction
from scattering.instruments import resolution
from scattering.observe import response, weights
from scattering.observe import spectrum as observe
from scattering.observe.spectrum import EnergyGrid, View

E_INIT = 120.0
SETTINGS = {"e_init": E_INIT, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 600}


def partials() -> Partials:
    """A broad band that disperses, for two species, on 300 × 400 bins."""
    q, energy = 0.04 * np.arange(1, 301), 0.25 * np.arange(400)
    band = np.exp(-(((energy - 50 - 2 * q[:, None]) / 6) ** 2)).astype(np.float32)
    return Partials(
        q=q,
        energy=energy,
        species=("C", "H"),
        concentration=np.array([0.5, 0.5]),
        coherent=np.stack([band, 0.5 * band, 0.3 * band]),
        incoherent=np.stack([band, 2 * band]),
        coherent_elastic=np.zeros((3, 300)),
        incoherent_elastic=np.zeros((2, 300)),
        temperature=100.0,
        statistics="classical",
    )


def main() -> None:
    """Print both times, their ratio and the largest difference."""
    sample, instrument = partials(), instruments.get("ARCS")
    grid = EnergyGrid(0.0, 99.75, 0.25)
    view = View("ARCS", SETTINGS, energy_mev=grid)
    nuclei = weights.scatterers(sample.species, {})
    coherent, incoherent = weights.coherent_weights(nuclei), weights.incoherent_weights(nuclei)
    edges = np.append(sample.energy - 0.125, sample.energy[-1] + 0.125)

    def ours() -> np.ndarray:
        found = observe.observe(sample, view).map
        return np.where(found.inside, found.intensity, np.nan)

    def ours_cold() -> np.ndarray:
        response.response.cache_clear()
        return ours()

    def theirs() -> np.ndarray:
        weighted = np.tensordot(coherent, sample.coherent, axes=1) + np.tensordot(incoherent, sample.incoherent, axes=1)
        weighted = weighted * harmonic_correction(sample.energy, sample.temperature)
        spectrum = Spectrum2D(sample.q * ureg("1/angstrom"), edges * ureg("meV"), weighted * ureg("1/meV"))
        broadened = spectrum.broaden(
            y_width=lambda energy: resolution.sigma(instrument, SETTINGS, energy.to("meV").magnitude) * ureg("meV"),
            width_convention="std",
            width_interpolation_error=0.001,
        )
        angles = instrument.two_theta(SETTINGS)
        masked = apply_kinematic_constraints(broadened, e_i=E_INIT * ureg("meV"), angle_range=angles)
        return np.asarray(masked.z_data.magnitude)

    reference, result = theirs(), ours()
    shared = result.shape[0]
    rows = slice(0, shared)
    # Where both show something, and far from the ends of the axis, where Euphonic folds nothing in from ω < 0
    both = np.isfinite(result) & np.isfinite(reference[rows])
    both[:, :20] = both[:, -20:] = False
    difference = np.abs(result - reference[rows])[both].max() / np.nanmax(reference)
    for name, function in {"instrument kept (another isotope)": ours, "new setting (slider)": ours_cold}.items():
        timing = paired(function, theirs, rounds=15)
        print(
            f"{name}: {1e3 * timing.ours:.1f} ms, Euphonic {1e3 * timing.theirs:.0f} ms, "
            f"{timing.ratio:.0f} times ({timing.ratio_range[0]:.0f} to {timing.ratio_range[1]:.0f})"
        )
    print(f"largest difference: {difference:.1e} of the maximum, over {both.sum()} points")


if __name__ == "__main__":
    main()
