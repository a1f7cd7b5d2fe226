"""Partials with the weights of a probe: the terms of a spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.core.partials import Partials
from scattering.observe import weights
from scattering.observe.form_factors import form_factors, pair_weights
from scattering.observe.view import View


@dataclass(frozen=True, eq=False)
class Component:
    """One partial with its weight.

    Attributes
    ----------
    species
        Both species of a pair; for a self part, twice the same species.
    weight
        Shape (n_q,), in the unit of the spectrum times meV.
    values
        Shape (n_q, n_energy), 1/meV.
    elastic
        Shape (n_q,).
    """

    species: tuple[str, str]
    weight: NDArray[np.float32]
    values: NDArray[np.float32]
    elastic: NDArray[np.float64]


def component_weights(partials: Partials, view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights of the coherent pairs and of the self parts.

    Neutrons: Re(b_α b_β*) and σ_inc/4π, in barn/sr. Other probes: f_α(q) f_β(q), and nothing incoherent.

    Returns
    -------
    Shapes (n_pairs, n_q) and (n_species, n_q).
    """
    n_q = len(partials.q)
    if view.probe == "neutron":
        nuclei = weights.scatterers(partials.species, view.isotopes)
        coherent = np.repeat(weights.coherent_weights(nuclei)[:, None], n_q, axis=1)
        incoherent = np.repeat(weights.incoherent_weights(nuclei)[:, None], n_q, axis=1)
    else:
        coherent = pair_weights(form_factors(partials.species, partials.q, view.probe))
        incoherent = np.zeros((len(partials.species), n_q))
    coherent *= view.contribution != "incoherent"
    incoherent *= view.contribution != "coherent"
    return coherent.astype(np.float32), incoherent.astype(np.float32)


def components_of(partials: Partials, view: View) -> list[Component]:
    """Return the partials of nonzero weight that a view adds up.

    A single phonon order has no elastic line. From the second order on there is only the self part, which scatters with
    the sum of the coherent and the incoherent cross-section (incoherent approximation).
    """
    coherent, incoherent = component_weights(partials, view)
    selves = [(species, species) for species in partials.species]
    if view.order is None:
        found = [
            *map(Component, partials.pairs, coherent, partials.coherent, partials.coherent_elastic),
            *map(Component, selves, incoherent, partials.incoherent, partials.incoherent_elastic),
        ]
    else:
        assert partials.orders is not None
        no_line = [np.zeros(len(partials.q))] * len(partials.pairs)
        self_part = partials.orders[view.order - 1]
        if view.order == 1:
            found = [
                *map(Component, partials.pairs, coherent, partials.one_phonon_interference, no_line),
                *map(Component, selves, incoherent, self_part, no_line),
            ]
        else:
            like = np.array([one == other for one, other in partials.pairs])
            found = [*map(Component, selves, incoherent + coherent[like], self_part, no_line)]
    return [component for component in found if component.weight.any()]
