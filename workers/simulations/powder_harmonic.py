"""Harmonic phonons of a powder: averaged over directions, to all orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core import energy_axis
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.options.harmonic import PowderHarmonic
from scattering.simulate import harmonic, protocol
from workers import stages
from workers.simulations.harmonic import HarmonicWorkflow, Phonons
from workers.simulations.simulation import Simulation

MAX_REMAINDER_FRACTION: Final = 0.1
"""Fraction of the scattering beyond the last order above which the user is warned."""


def _average(
    simulation: Simulation[PowderHarmonic], phonons: Phonons, update: Callable[[float], None]
) -> tuple[Partials, tuple[Notice, ...]]:
    options, labels = simulation.options, phonons.forces.crystal.species
    energy = energy_bins(options, phonons.stability.highest_mev, labels)
    predicted = harmonic.predict(
        phonons.zone,
        labels=labels,
        q=options.q_bins,
        energy=energy,
        temperature=simulation.temperature,
        n_orders=options.n_orders,
        seed=options.seed,
        progress=update,
        metadata={"method": options.METHOD},
    )
    return predicted.partials, remainder_warnings(predicted)


def energy_bins(options: PowderHarmonic, highest_mev: float, labels: Sequence[str]) -> NDArray[np.float64]:
    """Return the energy axis of a powder with these species and this highest phonon, shape (n_energy,), meV."""
    return energy_axis.bins(
        end=options.energy_max_mev,
        highest=highest_mev,
        n_species=len(set(labels)),
        n_orders=options.n_orders,
        n_q=len(options.q_bins),
    )


def remainder_warnings(predicted: harmonic.Prediction) -> tuple[Notice, ...]:
    """Return a warning if much of the scattering is of higher orders than requested, with the |q| where it begins."""
    partials, from_q = predicted.partials, {}
    for species, beyond in zip(partials.species, predicted.beyond, strict=True):
        # It grows with q
        if beyond[-1] > MAX_REMAINDER_FRACTION:
            from_q[species] = float(partials.q[beyond > MAX_REMAINDER_FRACTION][0])
    if not from_q:
        return ()
    params = {
        "n_orders": partials.n_orders,
        "max_n_orders": protocol.MAX_ORDERS,
        "fraction": MAX_REMAINDER_FRACTION,
        "from_q_inv_angstrom": from_q,
    }
    return (Notice("higher_orders_missing", params),)


WORKFLOW: Final = HarmonicWorkflow(stages.POWDER_AVERAGE, "powder", _average)
