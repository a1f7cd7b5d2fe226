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
        nuclei = weights.scatterers_of(partials, view.isotopes)
        coherent = np.repeat(weights.coherent_weights(nuclei)[:, None], n_q, axis=1)
        incoherent = np.repeat(weights.incoherent_weights(nuclei)[:, None], n_q, axis=1)
    else:
        coherent = pair_weights(form_factors(partials.species, partials.q, view.probe))
        incoherent = np.zeros((len(partials.species), n_q))
    coherent *= view.contribution != "incoherent"
    incoherent *= view.contribution != "coherent"
    return coherent.astype(np.float32), incoherent.astype(np.float32)


def components_of(partials: Partials, view: View) -> list[Component]:
    """Return the partials that a view adds up, without those of weight zero.

    A single phonon order has no elastic line. Orders from two on have only the self part, which scatters with the
    coherent and the incoherent cross-section alike (incoherent approximation).
    """
    coherent, incoherent = component_weights(partials, view)
    if view.order is None:
        lines = partials.coherent_elastic, partials.incoherent_elastic
        return _components(partials, (coherent, incoherent), (partials.coherent, partials.incoherent), lines)
    assert partials.orders is not None
    self_part = partials.orders[view.order - 1]
    if view.order == 1:
        return _components(partials, (coherent, incoherent), (partials.one_phonon_interference, self_part))
    like = np.array([one == other for one, other in partials.pairs])
    none = np.zeros_like(coherent)
    return _components(partials, (none, incoherent + coherent[like]), (partials.coherent, self_part))


def sums_of_runs(partials: Partials, view: View) -> list[NDArray[np.float32]]:
    """Return the weighted sum of the partials of each of several runs, without elastic lines; empty for one run.

    Shape (n_q, n_energy) each, in the unit of the spectrum.
    """
    if partials.coherent_runs is None or partials.incoherent_runs is None:
        return []
    coherent, incoherent = component_weights(partials, view)
    return [
        np.einsum("cq,cqe->qe", coherent, pairs) + np.einsum("cq,cqe->qe", incoherent, selves)
        for pairs, selves in zip(partials.coherent_runs, partials.incoherent_runs, strict=True)
    ]


def _components(
    partials: Partials,
    weight: tuple[NDArray[np.float32], NDArray[np.float32]],
    values: tuple[NDArray[np.float32], NDArray[np.float32]],
    elastic: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> list[Component]:
    """Return components of pairs and of self parts, without those of weight zero."""
    selves = tuple((species, species) for species in partials.species)
    no_line = np.zeros(len(partials.q))
    found = []
    for part, species in enumerate((partials.pairs, selves)):
        for index, names in enumerate(species):
            if weight[part][index].any():
                line = no_line if elastic is None else elastic[part][index]
                found.append(Component(names, weight[part][index], values[part][index], line))
    return found
