"""Bodies of requests and responses about measured data."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from fastapi import UploadFile
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, Json, StringConstraints

from backend import wording
from backend.datasets.conditions import Statements
from backend.datasets.formats.reading import XUnit
from backend.datasets.run import RUN, RunConditions
from backend.datasets.suggestions import Field as SuggestedField
from backend.datasets.tables import Dataset
from backend.kit.http.errors import FieldProblem
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody, one_line

Kind = Literal["1d", "2d"]


Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+' -]{0,15}$")]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Isotopes = Annotated[dict[Symbol, Symbol | dict[Symbol, Share]], Field(max_length=118)]
FixedEnergy = Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)]

ISOTOPES = "isotopes of the sample: element → isotope, or isotopes with fractions; forecasts use them, too"
FIXED_ENERGY = "E_f in indirect, E_i in direct geometry; needed to convert wavelengths and angles"
PREVIEW_POINTS = 2000
PREVIEW_BINS = 200


def statements_in(body: BaseModel, *, exclude_none: bool = False) -> Statements:
    """Return the statements of a body about the measurement."""
    asked = body.model_dump(mode="json", include={*Statements.__annotations__, *RUN}, exclude_none=exclude_none)
    run = {name: asked.pop(name) for name in RUN if name in asked}
    return cast(Statements, {**asked, "run": run})


class PreviewForm(RequestBody, RunConditions):
    """A file of measured data with statements of the user about it. Missing statements are taken from the file."""

    file: UploadFile
    name: Name | None = Field(None, description="by default the title in the file, or its name")
    format: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="by default recognised from content and name of the file"
    )
    spectrum: int = Field(0, ge=0, description="index of the spectrum in the file, from 0")
    x_unit: XUnit | None = Field(None, description="unit of the axis; needed if the file does not state it")
    instrument: Name | None = Field(None, description="name, without regard to case")
    settings: Json[FreeForm] | None = Field(None, description="settings of the instrument, as JSON")
    fixed_energy_mev: FixedEnergy | None = Field(None, description=FIXED_ENERGY)
    isotopes: Json[Isotopes] | None = Field(None, description=f"as JSON: {ISOTOPES}")
    structure_id: uuid.UUID | None = Field(None, description="structure of the sample")

    @property
    def statements(self) -> Statements:
        """The statements of the user about the measurement."""
        return statements_in(self, exclude_none=True)


class DatasetPatch(RequestBody, RunConditions):
    """Changes of a dataset. Missing fields stay as they are; null removes a fact."""

    name: Name = Field("", description="name of the dataset")
    x_unit: XUnit | None = Field(None, description="null: the unit in the file")
    instrument: Name | None = Field(
        None, description="another instrument removes the settings, unless the request has new ones"
    )
    settings: FreeForm | None = None
    fixed_energy_mev: FixedEnergy | None = Field(None, description=FIXED_ENERGY)
    isotopes: Isotopes | None = Field(None, description=ISOTOPES)
    structure_id: uuid.UUID | None = Field(None, description="structure of the sample")

    model_config = ConfigDict(json_schema_extra={"examples": [{"x_unit": "cm-1", "instrument": "TOSCA"}]})


class DatasetOut(ResponseBody, RunConditions):
    """A measured spectrum or map."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["Benzene, 20 K"])
    kind: Kind = Field(description="1d: spectrum; 2d: map over |q| and energy")
    format: str = Field(description="format of the file", examples=["jcamp-dx"])
    filename: str = Field(examples=["TSC12345.jdx"])
    spectrum: int = Field(description="index of the spectrum in the file, from 0", examples=[0])
    title: str = Field(description="title in the file", examples=["Benzene 20K TOSCA"])
    x_unit: XUnit = Field(description="unit in the file; the numbers of the dataset are in meV")
    y_unit: str = Field(description="unit of the intensities, as written in the file", examples=["arbitrary units"])
    n_points: int = Field(description="number of usable points", examples=[1840])
    energy_range_mev: tuple[float, float] = Field(examples=[(2.5, 496.0)])
    q_range_inv_angstrom: tuple[float, float] | None = Field(description="range of a map; null for a spectrum")
    has_errors: bool
    instrument: str | None = Field(examples=["TOSCA"])
    settings: dict[str, Any] = Field(description="known settings; other settings have their defaults")
    fixed_energy_mev: float | None = Field(
        description="stated fixed energy; null: that of the instrument, or not known"
    )
    isotopes: dict[str, Any] = Field(description="isotopes of the sample", examples=[{"H": "2H"}])
    structure_id: uuid.UUID | None = Field(description="structure of the sample; null: not stated, or deleted")
    warnings: list[str] = Field(description="changes of the data and doubts about them, as sentences")
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
    hidden_at: datetime | None = Field(
        description="null: in the lists; otherwise deleted from them, and kept only for the proposals that use it"
    )

    @classmethod
    def of(cls, row: Dataset) -> Self:
        """Return the response for a row."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )


class CurveOut(ResponseBody):
    """Points of a spectrum to draw, at most 2000: the lowest and the highest of each part of the axis."""

    energy_mev: list[float]
    intensity: list[float]
    standard_error: list[float | None] | None


class MapOut(ResponseBody):
    """A map to draw, at most 200 × 200 bins. The axes are centres of bins; intensities are null if not measured."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    intensity: list[list[float | None]]


class StatementSuggestionOut(ResponseBody):
    """A value for a field of the form that the numbers or the words of a file nearly prove; it is not applied."""

    field: SuggestedField
    value: str | float = Field(examples=["cm-1"])
    code: str = Field(examples=["unit_suggested"])
    params: dict[str, Any]
    message: str = Field(description="the reason")


class ContentOut(ResponseBody, RunConditions):
    """One spectrum or map of a file. Problems, curve and map are returned for the selected one only."""

    index: int
    title: str
    kind: Kind
    n_points: int
    x_unit: XUnit | None = Field(description="null: neither recognised nor stated")
    x_unit_recognised: bool = Field(description="false: the user must state the unit")
    recognised_by: str = Field(examples=["##XUNITS=1/CM"])
    y_unit: str
    has_errors: bool
    energy_range_mev: tuple[float, float] | None = Field(
        description="null: the unit, or a fact for its conversion, is not known"
    )
    q_range_inv_angstrom: tuple[float, float] | None
    instrument: str | None
    settings: dict[str, Any]
    fixed_energy_mev: float | None
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
    suggestions: list[StatementSuggestionOut] = Field(description="for the selected one: what the user may state")
    problems: list[FieldProblem] = Field(description="errors that POST /datasets would return")
    curve: CurveOut | None
    map: MapOut | None


class PreviewOut(ResponseBody):
    """Contents of a file."""

    format: str = Field(examples=["jcamp-dx"])
    title: str = Field(description="default name of the dataset")
    contents: list[ContentOut]


class SpectrumDataOut(ResponseBody):
    """A measured spectrum with the centre and the edges of each bin."""

    energy_mev: list[float]
    low_mev: list[float]
    high_mev: list[float]
    intensity: list[float]
    standard_error: list[float | None] | None = Field(description="null: not known")


class MapDataOut(ResponseBody):
    """A measured map. The axes are edges of bins, one more than bins; null: not measured."""

    q_inv_angstrom: list[float] = Field(description="edges")
    energy_mev: list[float] = Field(description="edges")
    intensity: list[list[float | None]] = Field(description="first index: |q|; second index: energy")
    standard_error: list[list[float | None]] | None
