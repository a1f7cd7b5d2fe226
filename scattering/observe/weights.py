"""Neutron scattering lengths and cross-sections of elements, isotopes and their mixtures.

Source: Sears, Neutron News 3 (1992) 26, with the later revisions in `periodictable`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import periodictable
from numpy.typing import NDArray

from scattering.core.constants import BARN_PER_FM2
from scattering.core.errors import FieldError, InvalidView, field_error
from scattering.core.isotopes import Isotopes, Substitution, differ, nucleus_of, override, parts
from scattering.core.notices import Notice
from scattering.core.species import element


@dataclass(frozen=True)
class Scatterer:
    """Bound coherent scattering length (complex, fm) and incoherent cross-section (barn) of a nucleus."""

    label: str
    coherent_length: complex
    incoherent_cross_section: float


class Simulated(Protocol):
    """Partials of a powder or a crystal, as far as the choice of isotopes depends on them."""

    @property
    def species(self) -> tuple[str, ...]: ...
    @property
    def isotopes(self) -> dict[str, Substitution]: ...


@lru_cache(maxsize=512)
def scatterer(label: str) -> Scatterer:
    """Look up an element at natural abundance ("H") or an isotope ("2H", "D").

    Raises
    ------
    KeyError
        There is no such element or isotope, or no neutron data for it.
    """
    mass_number, symbol = parts(label)
    try:
        chemical = periodictable.elements.symbol(symbol)
        nuclide = chemical[mass_number] if mass_number else chemical
    except (KeyError, ValueError) as error:
        raise KeyError(f"there is no isotope {label}") from error
    neutron = nuclide.neutron
    if neutron is None or neutron.b_c is None or neutron.incoherent is None:
        raise KeyError(f"no neutron scattering length is tabulated for {label}")
    length = neutron.b_c_complex if neutron.b_c_complex is not None else neutron.b_c
    return Scatterer(label, complex(length), float(neutron.incoherent))


def mixture(fractions: Mapping[str, float]) -> Scatterer:
    """Return the scatterer of isotopes at random on a site: the mean length is coherent, the variance incoherent.

    b = Σ c_i b_i,  σ_inc = 4π (Σ c_i |b_i|² − |b|²) + Σ c_i σ_inc,i

    Parameters
    ----------
    fractions
        Isotope → fraction; they sum to 1.

    References
    ----------
    Squires (1978), Eqs. 2.68 to 2.72.
    """
    nuclei = [(scatterer(label), share) for label, share in fractions.items()]
    mean = sum((share * nucleus.coherent_length for nucleus, share in nuclei), 0j)
    spread = sum(share * abs(nucleus.coherent_length) ** 2 for nucleus, share in nuclei) - abs(mean) ** 2
    own = sum(share * nucleus.incoherent_cross_section for nucleus, share in nuclei)
    label = " + ".join(f"{100 * share:g} % {name}" for name, share in fractions.items())
    return Scatterer(label, mean, 4 * math.pi * BARN_PER_FM2 * max(spread, 0.0) + own)


def isotopes(symbol: str) -> tuple[str, ...]:
    """Return the isotopes of an element that have neutron data, e.g. ("1H", "2H", "3H")."""
    chemical = periodictable.elements.symbol(symbol)
    found = []
    for mass_number in chemical.isotopes:
        try:
            found.append(scatterer(f"{mass_number}{symbol}").label)
        except KeyError:
            continue
    return tuple(found)


def scatterers(species: Sequence[str], substitutions: Isotopes) -> tuple[Scatterer, ...]:
    """Return the scatterer of each species, at natural abundance unless it is substituted.

    Parameters
    ----------
    species
        Elements, or sites of them such as "H2".
    substitutions
        Species, or an element for all its sites, → its substitution. That of a site overrides that of its element.

    Raises
    ------
    InvalidView
        The sample lacks the species, the isotope belongs to another element or has no data, or the fractions do not sum
        to 1.
    """
    errors: list[FieldError] = []
    for name, substitution in substitutions.items():
        if name not in species and name not in {element(one) for one in species}:
            lacking = Notice("species_not_in_sample", {"species": name, "present": list(species)})
            errors.append(field_error(f"isotopes.{name}", lacking))
        elif (problem := _problem(element(name), substitution)) is not None:
            errors.append(field_error(f"isotopes.{name}", problem))
    if errors:
        raise InvalidView(errors)
    return tuple(_nucleus_of(one, substitutions) for one in species)


def scatterers_of(simulated: Simulated, isotopes: Isotopes) -> tuple[Scatterer, ...]:
    """Return the scatterer of each species of partials: that of the simulation, unless a view overrides it.

    Raises
    ------
    InvalidView
        As `scatterers`.
    """
    return scatterers(simulated.species, override(simulated.isotopes, isotopes))


def substituted(simulated: Simulated, isotopes: Isotopes) -> dict[str, str]:
    """Return the names in a view whose nuclei have other masses than in the simulation, with the labels of the nuclei.

    The isotopes must fit the partials.
    """
    changed = differ(simulated.species, simulated.isotopes, override(simulated.isotopes, isotopes))
    affected = {*changed, *map(element, changed)}
    return {name: _nucleus(nucleus).label for name, nucleus in isotopes.items() if name in affected}


def _nucleus_of(species: str, substitutions: Isotopes) -> Scatterer:
    try:
        return _nucleus(nucleus_of(species, substitutions))
    except KeyError as error:
        raise InvalidView.at("isotopes", Notice("no_neutron_data", {"nuclide": element(species)})) from error


def _nucleus(substitution: Substitution) -> Scatterer:
    return scatterer(substitution) if isinstance(substitution, str) else mixture(substitution)


def _problem(symbol: str, substitution: Substitution) -> Notice | None:
    """Return the error in an isotope or a mixture for an element, or None."""
    labels = [substitution] if isinstance(substitution, str) else list(substitution)
    for label in labels:
        try:
            _, of_element = parts(label)
        except KeyError:
            of_element = ""
        if of_element != symbol:
            return Notice("unknown_isotope", {"isotope": label, "element": symbol})
        try:
            scatterer(label)
        except KeyError:
            return Notice("no_neutron_data", {"nuclide": label})
    if not isinstance(substitution, str):
        shares = list(substitution.values())
        if any(not 0 <= share <= 1 for share in shares) or abs(math.fsum(shares) - 1) > 1e-6:
            return Notice("isotope_fractions")
    return None


def coherent_weights(nuclei: Sequence[Scatterer]) -> NDArray[np.float64]:
    """Return Re(b_α b_β*) for the unique pairs of `Partials.pairs`: shape (n_pairs,), barn/sr."""
    lengths = [nucleus.coherent_length for nucleus in nuclei]
    return BARN_PER_FM2 * np.array(
        [(a * b.conjugate()).real for i, a in enumerate(lengths) for b in lengths[i:]], dtype=float
    )


def incoherent_weights(nuclei: Sequence[Scatterer]) -> NDArray[np.float64]:
    """Return σ_inc/4π of each species: shape (n_species,), barn/sr."""
    return np.array([nucleus.incoherent_cross_section for nucleus in nuclei]) / (4 * np.pi)
