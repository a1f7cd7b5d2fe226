"""The options of a prediction: what a request names, checked, and the rest worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.engines import catalogue as engines
from backend.engines.capabilities import find_lacks
from backend.structures.geometry import StructureData
from scattering.core.errors import InvalidOptions, field_error
from scattering.options.base import Options
from scattering.options.case import Case
from scattering.options.names import Quality
from scattering.options.registry import Kind


def fill_options(
    kind: Kind,
    given: Mapping[str, Any],
    data: StructureData,
    *,
    quality: Quality,
    temperature_k: float,
    instruments: Sequence[str],
    family: str | None = None,
    preferred_engine: str | None = None,
) -> Options:
    """Return complete options.

    Parameters
    ----------
    kind
        Of the simulation.
    given
        Those that a request names.
    data
        The structure.
    quality, temperature_k
        Of the prediction.
    instruments
        Names that the range of |q| must serve.
    family
        Of the potential: its engines may be chosen; None for all.
    preferred_engine
        What to simulate with, if the request does not say, where it can do the method.

    Raises
    ------
    scattering.core.errors.InvalidOptions
        The problem names the option.
    """
    case = Case(
        numbers=data.numbers,
        positions=data.positions,
        cell=data.cell,
        temperature=temperature_k,
        instruments=instruments,
        quality=quality,
        engines=engines.for_method(kind.method, family, preferred=preferred_engine),
    )
    options = kind.options.fill(given, case)
    lacks = find_lacks(engines.get(options.engine), options)
    if lacks:
        raise InvalidOptions([field_error(f"options.{name}", why) for name, why in lacks.items()])
    return options
