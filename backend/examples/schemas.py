"""Bodies of the example forecast."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from backend import wording
from backend.examples.forecast import ExampleForecast
from backend.examples.service import ExampleView
from backend.figures.schemas import Style, check_one_view
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.observing.schemas import ViewIn
from backend.structures.examples import Example
from backend.structures.schemas import Cell
from scattering.options.names import Method, Quality, Sampling


class ExampleStructureOut(ResponseBody):
    """Structure of the example forecast."""

    name: str = Field(description="name of the built-in structure", examples=["benzene"])
    title: str = Field(examples=["Benzene, phase I"])
    formula: str = Field(examples=["C6H6"])
    n_atoms: int = Field(description="number of atoms in the cell", examples=[48])
    elements: list[str] = Field(examples=[["C", "H"]])
    cell: Cell
    space_group: str = Field(examples=["Pbca"])
    density_g_cm3: float = Field(examples=[1.094])
    description: str
    source: str = Field(description="source of the numbers")
    sha256: str = Field(description="of the file")

    @classmethod
    def of_contents(cls, example: Example, contents: dict[str, Any], sha256: str) -> ExampleStructureOut:
        """Return the body of a built-in structure that the parser has read."""
        found = contents["description"]
        return cls(
            name=example.name,
            title=example.title,
            formula=found["formula"],
            n_atoms=len(contents["structure"]["numbers"]),
            elements=contents["elements"],
            cell=Cell(**contents["cell"]),
            space_group=found["space_group"],
            density_g_cm3=found["density"],
            description=example.description,
            source=example.source,
            sha256=sha256,
        )


class ExampleForecastOut(ResponseBody):
    """A finished forecast that ships with Beamcast."""

    structure: ExampleStructureOut
    method: Method
    sampling: Sampling
    quality: Quality
    temperature_k: float
    potential: str = Field(description="name of the potential", examples=["NEP89"])
    potential_sha256: str
    instruments: list[str] = Field(examples=[["TOSCA"]])
    options: dict[str, Any]
    provenance: dict[str, Any] = Field(description="versions, seed, timings and findings of the simulation")
    beamcast: str = Field(description="version that made the forecast")
    finished_at: datetime
    partials_sha256: str = Field(description="of the file of partials in the package")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")

    @classmethod
    def of(cls, example: ExampleForecast, structure: ExampleStructureOut) -> ExampleForecastOut:
        """Return the body of the forecast."""
        same = {name: getattr(example, name) for name in cls.model_fields if name not in ("structure", "notices")}
        return cls.model_validate(
            {
                **same,
                "structure": structure,
                "instruments": list(example.instruments),
                "warnings": wording.messages(example.warnings),
                "notices": NoticeOut.of_all(example.warnings),
            }
        )


class ExampleViewIn(ViewIn):
    """A view of the example forecast."""

    label: str | None = Field(None, max_length=200, description="label in the legend; made from the view by default")

    def to_example_view(self) -> ExampleView:
        """Return the view in the types of the service."""
        return ExampleView(self.to_view(), self.label)


class ExampleFiguresIn(Style):
    """Views of the example forecast on the same axes; a map has one view."""

    views: list[ExampleViewIn] = Field(min_length=1, max_length=24)

    @field_validator("views")
    @classmethod
    def _one_map(cls, views: list[ExampleViewIn], others: ValidationInfo) -> list[ExampleViewIn]:
        return check_one_view(views, others)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "spectrum", "views": [{"instrument": "TOSCA"}]}]}
    )
