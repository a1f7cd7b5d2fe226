"""Activation of a sample by the beam, and its decay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import periodictable
from numpy.typing import NDArray
from periodictable import activation as tables

from scattering.core.isotopes import parts
from scattering.sample.material import Material

DECAY_TIMES_H: Final = (0.0, 1.0, 24.0, 360.0)
"""Hours after the beam at which activities are given: at once, after an hour, the next day, after two weeks."""
MAX_HARMLESS_UCI: Final = 1e-3
"""Activity at which the cool-down ends, 37 Bq: our choice. The lowest exempt activity of any nuclide in IAEA's GSR Part
3 (2014), Table I.1, is 1 kBq."""
MAX_COOL_DOWN_H: Final = 10 * 365.25 * 24
MIN_ACTIVITY_UCI: Final = 1e-9
"""Nuclides with less activity are left out."""
_STATE: Final = re.compile(r"[+st]+$")
"""Marks of the tables for the branch that leads to a nuclide ("Co-60m+", "Cd-115s"); half-lives distinguish isomers."""
_TIMES: Final = np.concatenate([[0.0], np.geomspace(1e-3, MAX_COOL_DOWN_H, 400)])


@dataclass(frozen=True)
class Nuclide:
    """A nuclide that the beam makes: name ("Al-28"), half-life ("2.25 m"), activities in µCi at `DECAY_TIMES_H`."""

    name: str
    half_life: str
    activity_uci: tuple[float, ...]


@dataclass(frozen=True)
class Activation:
    """Activation of a sample.

    Attributes
    ----------
    nuclides
        The most active first.
    total_uci
        Of all nuclides, µCi at `DECAY_TIMES_H`.
    cool_down_h
        Hours until it is below `MAX_HARMLESS_UCI`; None: more than ten years.
    """

    nuclides: tuple[Nuclide, ...]
    total_uci: tuple[float, ...]
    cool_down_h: float | None


def activation(materials: Sequence[tuple[Material, float]], *, flux: float, hours: float) -> Activation:
    """Return the activity of materials after irradiation by the same beam.

    Only captures of thermal neutrons count, with the cross-sections at 2200 m/s. Resonances and fast neutrons, of which
    a moderated beam has few, are left out. Shielding is left out too, which overestimates strong absorbers.

    Parameters
    ----------
    materials
        Each with its mass in g.
    flux
        Neutrons/(cm² s), as thermal ones.
    hours
        Irradiation time.

    References
    ----------
    IAEA-TECDOC (1987) and NUBASE2020, as `periodictable.activation` tabulates them.
    """
    environment = tables.ActivationEnvironment(fluence=flux, Cd_ratio=0, fast_ratio=0)  # type: ignore[no-untyped-call]
    times = tuple(np.concatenate([DECAY_TIMES_H, _TIMES]).tolist())
    activity: dict[tuple[str, str], NDArray[np.float64]] = {}
    for material, mass in materials:
        if mass <= 0:
            continue
        sample = tables.Sample(_formula(material), mass)
        sample.calculate_activation(environment, exposure=hours, rest_times=times)
        for product, activities in sample.activity.items():
            key = _STATE.sub("", str(product.daughter)), str(product.Thalf_str)
            # The activity of a short-lived nuclide underflows
            activity[key] = activity.get(key, np.zeros(len(times))) + np.nan_to_num(np.maximum(activities, 0.0))
    total = sum(activity.values(), np.zeros(len(times)))
    n = len(DECAY_TIMES_H)
    active = sorted(activity.items(), key=lambda item: -float(item[1][0]))
    return Activation(
        tuple(
            Nuclide(name, half_life, tuple(values[:n].tolist()))
            for (name, half_life), values in active
            if values[0] > MIN_ACTIVITY_UCI
        ),
        tuple(total[:n].tolist()),
        _cool_down(total[n:]),
    )


def elements_without_activation(material: Material) -> tuple[str, ...]:
    """Return the elements whose activation is not tabulated; all naturally radioactive elements are among them."""
    tabulated = (
        (symbol, [chemical[number] for number in chemical.isotopes])
        for symbol in material.elements
        for chemical in [periodictable.elements.symbol(symbol)]
    )
    return tuple(
        symbol for symbol, isotopes in tabulated if not any(getattr(one, "neutron_activation", ()) for one in isotopes)
    )


def _cool_down(total: NDArray[np.float64]) -> float | None:
    """Return the hours until the activity at `_TIMES` stays below `MAX_HARMLESS_UCI`."""
    above = np.flatnonzero(total > MAX_HARMLESS_UCI)
    if not len(above):
        return 0.0
    last = int(above[-1])
    if last == len(total) - 1:
        return None
    # Between two times the activity falls nearly exponentially
    high, low = np.log(total[last]), np.log(max(float(total[last + 1]), 1e-300))
    share = (high - np.log(MAX_HARMLESS_UCI)) / (high - low)
    return float(_TIMES[last] + share * (_TIMES[last + 1] - _TIMES[last]))


def _formula(material: Material) -> Any:
    entries = []
    for label, amount in material.composition:
        number, symbol = parts(label)
        chemical = periodictable.elements.symbol(symbol)
        entries.append((amount, chemical[number] if number else chemical))
    return periodictable.formula(entries)
