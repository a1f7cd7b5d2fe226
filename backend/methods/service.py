"""List every kind of simulation with the schema of its options."""

from __future__ import annotations

from backend.engines import catalogue
from backend.methods.schemas import MethodOut
from scattering.options.registry import GIVEN_KINDS, KINDS, Kind


def methods() -> list[MethodOut]:
    """Return all kinds of simulations."""
    return [_method(kind) for kind in KINDS.values()]


def _method(kind: Kind) -> MethodOut:
    engines = list(catalogue.for_method(kind.method))
    given = GIVEN_KINDS.get((kind.method, kind.sampling))
    schema = kind.options.request_schema()
    schema["properties"]["engine"] |= {"enum": engines, "choice_titles": {one: catalogue.title(one) for one in engines}}
    return MethodOut(
        method=kind.method,
        sampling=kind.sampling,
        title=kind.title,
        method_title=kind.method_title,
        short_method_title=kind.short_method_title,
        sampling_title=kind.sampling_title,
        engines=engines,
        options=schema,
        options_of_source=given.options.request_schema() if given else None,
    )
