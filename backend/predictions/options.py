"""Check and complete the options of a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from backend.engines import catalogue as engines
from backend.engines.capabilities import find_lacks
from backend.structures.geometry import StructureData
from scattering.core.errors import InvalidOptions, field_error
from scattering.core.isotopes import Isotopes, names_sites
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.options.case import Case
from scattering.options.names import Quality
from scattering.options.registry import Kind


@dataclass(frozen=True)
class GivenFacts:
    """Facts about a source on which the options of its predictions depend.

    Attributes
    ----------
    has_born_charges
        Whether phonons have Born charges.
    frames
        Number of the frames of a trajectory, and their interval in fs; None of phonons.
    n_beads
        Number of beads of the ring polymers of a trajectory.
    """

    has_born_charges: bool = False
    frames: tuple[int, float] | None = None
    n_beads: int = 1


def separate_sites(options: Options, data: StructureData, temperature_k: float) -> Options:
    """Return complete options with which the partials distinguish inequivalent sites.

    Raises
    ------
    scattering.core.errors.InvalidOptions
        There are too many sites.
    """
    separated = options.model_copy(update={"resolve_sites": True})
    separated.check_against(
        Case(
            numbers=data.numbers,
            positions=data.positions,
            cell=data.cell,
            temperature=temperature_k,
            instruments=(),
            quality="standard",
            engines=(options.engine,),
            kinds=data.kinds,
            # Options of given phonons were checked with them
            has_born_charges=True,
        )
    )
    return separated


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
    isotopes: Isotopes = MappingProxyType({}),
    source: GivenFacts | None = None,
    takes_forces: bool = False,
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
    isotopes
        Isotopes of the simulation. If they distinguish sites, so do the partials.
    source
        Facts about the source of a kind without a potential; None for a kind with a potential.
    takes_forces
        Whether only engines come into question by default that take their forces from a calculator.

    Raises
    ------
    scattering.core.errors.InvalidOptions
        An option is invalid; the error names it.
    """
    if names_sites(isotopes):
        if given.get("resolve_sites") is False:
            raise InvalidOptions.at("options.resolve_sites", Notice("isotopes_of_sites"))
        given = {**given, "resolve_sites": True}
    case = Case(
        numbers=data.numbers,
        positions=data.positions,
        cell=data.cell,
        temperature=temperature_k,
        instruments=instruments,
        quality=quality,
        engines=("",)
        if source is not None
        else engines.for_method(kind.method, family, preferred=preferred_engine, takes_forces=takes_forces),
        kinds=data.kinds,
        has_born_charges=source is not None and source.has_born_charges,
        frames=None if source is None else source.frames,
        n_beads=1 if source is None else source.n_beads,
    )
    options = kind.options.fill(given, case)
    if source is not None:
        return options
    lacks = find_lacks(engines.get(options.engine), options)
    if lacks:
        raise InvalidOptions([field_error(f"options.{name}", why) for name, why in lacks.items()])
    return options
