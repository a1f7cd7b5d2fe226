"""Check and complete the options of a prediction."""

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
    """Check the options of a request, and return the complete options.

    Parameters
    ----------
    kind
        Kind of simulation.
    given
        Options of the request.
    data
        Structure.
    quality, temperature_k
        Quality and temperature of the prediction.
    instruments
        Names of the instruments that the range of |q| must cover.
    family
        Family of the potential, which limits the engines; None for all engines.
    preferred_engine
        Default engine, if it can run the method.

    Raises
    ------
    scattering.core.errors.InvalidOptions
        An option is invalid; the error names it.
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
