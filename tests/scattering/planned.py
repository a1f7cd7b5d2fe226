"""Samples and partials whose counts are known in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_widths
from scattering.core.partials import Partials
from scattering.sample import Material, Sample, SampleSpec, resolve

STEP = 0.25


def lines(
    energies: tuple[float, ...] = (40.0,),
    *,
    species: str = "V",
    width: float = 0.0,
    highest: float = 250.0,
    temperature: float = 1.0,
    energy: NDArray[np.float64] | None = None,
) -> Partials:
    """Incoherent lines of area 1 per atom each, the same at all |q|; Gaussians of a FWHM, or as narrow as a bin."""
    q = np.arange(0.1, 20.05, 0.1)
    energy = np.arange(0.0, highest + STEP / 2, STEP) if energy is None else energy
    total = np.zeros(len(energy))
    for at in energies:
        if width:
            sigma = width / np.sqrt(8 * np.log(2))
            total += np.exp(-(((energy - at) / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
        else:
            nearest = int(np.argmin(np.abs(energy - at)))
            total[nearest] += 1 / bin_widths(energy)[nearest]
    shape = np.broadcast_to(total, (1, len(q), len(energy)))
    return Partials(
        q=q,
        energy=energy,
        species=(species,),
        concentration=np.ones(1),
        coherent=np.zeros(shape.shape, dtype=np.float32),
        incoherent=shape.astype(np.float32),
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        temperature=temperature,
        statistics="quantum",
    )


def plate(element: str = "V", *, density: float = 6.11, mass_g: float = 1.0, **more: object) -> Sample:
    """A thin plate without a container."""
    material = Material.of({element: 1}, {}, natural_density=density)
    return resolve(SampleSpec(mass_g=mass_g, container=None, **more), material)  # type: ignore[arg-type]
