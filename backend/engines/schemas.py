"""Body of the route of engines."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field

from backend.engines import catalogue
from backend.engines.record import Engine
from backend.kit.http.schemas import ResponseBody


def _add_example(schema: dict[str, Any], body: type[EngineOut]) -> None:
    example = body.of(catalogue.get(catalogue.example()), workers=0)
    schema["examples"] = [example.model_dump(mode="json")]


class EngineOut(ResponseBody):
    """An engine."""

    name: str = Field(description="value of the option `engine` of a prediction")
    title: str = Field(description="its name in sentences")
    methods: list[str] = Field(description="methods that it can run")
    default_for: list[str] = Field(description="methods of which it is the default engine")
    queue: Literal["cpu", "gpu"]
    families: list[str] = Field(description="families of potentials that it loads; empty: all")
    dispersion: list[str] = Field(description="functionals whose DFT-D3 dispersion it can add")
    constant_pressure: bool = Field(description="whether it can simulate at constant pressure")
    licence: str
    citation: str
    package: str = Field(description="Python package that it needs; may be empty")
    extra: str = Field(description="extra of Beamcast that installs the package; empty: comes with Beamcast")
    workers: int = Field(description="number of living workers that have it; if 0, a prediction waits for one")

    model_config = ConfigDict(json_schema_extra=_add_example)

    @classmethod
    def of(cls, engine: Engine, *, workers: int) -> Self:
        """Return the body for a record."""
        return cls(**engine.model_dump(include=set(cls.model_fields) - {"workers"}), workers=workers)
