"""Bodies of the datasets' routes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from fastapi import UploadFile
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, Json, StringConstraints

from backend import wording
from backend.datasets.conditions import Said
from backend.datasets.formats.reading import XUnit
from backend.datasets.run import RUN, RunConditions
from backend.datasets.tables import Dataset
from backend.kit.http.errors import FieldProblem
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody

Kind = Literal["1d", "2d"]


def _one_line(text: str) -> str:
    plain = "".join(char for char in " ".join(text.split()) if char.isprintable())
    if not plain:
        raise ValueError("there is nothing in it that can be printed")
    return plain


Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+' -]{0,15}$")]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Isotopes = Annotated[dict[Symbol, Symbol | dict[Symbol, Share]], Field(max_length=118)]
FixedEnergy = Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)]

ISOTOPES = "element → isotope, or isotopes with fractions, that the sample was made of; the forecast follows"
FIXED_ENERGY = "E_f of an indirect or E_i of a direct geometry spectrometer; wavelengths and angles need it"
PREVIEW_POINTS = 2000
PREVIEW_BINS = 200


def as_said(body: BaseModel, *, exclude_none: bool = False) -> Said:
    """Return the part of a body that says how data were measured."""
    asked = body.model_dump(mode="json", include={*Said.__annotations__, *RUN}, exclude_none=exclude_none)
    run = {name: asked.pop(name) for name in RUN if name in asked}
    return cast(Said, {**asked, "run": run})


class PreviewForm(RequestBody, RunConditions):
    """A file of measured data, and what the user says of it. What is left out is taken from the file."""

    file: UploadFile
    name: Name | None = Field(None, description="left out: the title in the file, or the file's name")
    format: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="left out: by the file's first bytes and its name"
    )
    spectrum: int = Field(0, ge=0, description="which of the file's spectra, from 0")
    x_unit: XUnit | None = Field(None, description="of the axis; needed where the file does not say")
    instrument: Name | None = Field(None, description="name, without regard to case")
    settings: Json[FreeForm] | None = Field(None, description="of the instrument, as JSON")
    fixed_energy_mev: FixedEnergy | None = Field(None, description=FIXED_ENERGY)
    isotopes: Json[Isotopes] | None = Field(None, description=f"as JSON: {ISOTOPES}")
    structure_id: uuid.UUID | None = Field(None, description="what it was measured of")

    @property
    def said(self) -> Said:
        """What the user says of how it was measured."""
        return as_said(self, exclude_none=True)


class DatasetPatch(RequestBody, RunConditions):
    """What is to change. A field that is left out stays; null forgets it."""

    name: Name = Field("", description="of the dataset")
    x_unit: XUnit | None = Field(None, description="null: as the file says")
    instrument: Name | None = Field(None, description="its settings go with it, unless new ones are given")
    settings: FreeForm | None = None
    fixed_energy_mev: FixedEnergy | None = Field(None, description=FIXED_ENERGY)
    isotopes: Isotopes | None = Field(None, description=ISOTOPES)
    structure_id: uuid.UUID | None = Field(None, description="what it was measured of")

    model_config = ConfigDict(json_schema_extra={"examples": [{"x_unit": "cm-1", "instrument": "TOSCA"}]})


class DatasetOut(ResponseBody, RunConditions):
    """A measured spectrum or map."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["Benzene, 20 K"])
    kind: Kind = Field(description="a spectrum, or a map over |q| and energy")
    format: str = Field(description="of the file", examples=["jcamp-dx"])
    filename: str = Field(examples=["TSC12345.jdx"])
    spectrum: int = Field(description="which of the file's spectra, from 0", examples=[0])
    title: str = Field(description="that the file gives it", examples=["Benzene 20K TOSCA"])
    x_unit: XUnit = Field(description="of the file; the numbers are in meV")
    y_unit: str = Field(description="as the file spells it", examples=["arbitrary units"])
    n_points: int = Field(description="that can be used", examples=[1840])
    energy_range_mev: tuple[float, float] = Field(examples=[(2.5, 496.0)])
    q_range_inv_angstrom: tuple[float, float] | None = Field(description="of a map")
    has_errors: bool
    instrument: str | None = Field(examples=["TOSCA"])
    settings: dict[str, Any] = Field(description="those that are known; the rest have their defaults")
    fixed_energy_mev: float | None = Field(description="that was stated; null: the instrument's, or not known")
    isotopes: dict[str, Any] = Field(description="that the sample was made of", examples=[{"H": "2H"}])
    structure_id: uuid.UUID | None = Field(description="what it was measured of; null: not said, or deleted")
    warnings: list[str] = Field(description="what was done to the data or looks wrong, as sentences")
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")

    @classmethod
    def of(cls, row: Dataset) -> Self:
        """The response for a row."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )


class CurveOut(ResponseBody):
    """A spectrum to be drawn, of at most 2000 points: the lowest and highest of each stretch."""

    energy_mev: list[float]
    intensity: list[float]
    standard_error: list[float | None] | None


class MapOut(ResponseBody):
    """A map to be drawn, of at most 200 × 200 bins, given by their centres; null where nothing was measured."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    intensity: list[list[float | None]]


class ContentOut(ResponseBody, RunConditions):
    """One spectrum or map of the file. Of those not asked for, nothing is checked or drawn."""

    index: int
    title: str
    kind: Kind
    n_points: int
    x_unit: XUnit | None = Field(description="null: neither recognised nor said")
    x_unit_recognised: bool = Field(description="false: the file does not say it, so somebody must")
    recognised_by: str = Field(examples=["##XUNITS=1/CM"])
    y_unit: str
    has_errors: bool
    energy_range_mev: tuple[float, float] | None = Field(description="null: the unit or what it needs is not known")
    q_range_inv_angstrom: tuple[float, float] | None
    instrument: str | None
    settings: dict[str, Any]
    fixed_energy_mev: float | None
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
    problems: list[FieldProblem] = Field(description="with what a POST to /datasets would be refused")
    curve: CurveOut | None
    map: MapOut | None


class PreviewOut(ResponseBody):
    """What a file holds."""

    format: str = Field(examples=["jcamp-dx"])
    title: str = Field(description="name that the dataset would get")
    contents: list[ContentOut]


class SpectrumDataOut(ResponseBody):
    """A measured spectrum: the middle and the edges of each bin."""

    energy_mev: list[float]
    low_mev: list[float]
    high_mev: list[float]
    intensity: list[float]
    standard_error: list[float | None] | None = Field(description="null: not known")


class MapDataOut(ResponseBody):
    """A measured map; axes are edges of bins, one more than there are bins. null: not measured."""

    q_inv_angstrom: list[float] = Field(description="edges")
    energy_mev: list[float] = Field(description="edges")
    intensity: list[list[float | None]] = Field(description="by |q|, then by energy")
    standard_error: list[list[float | None]] | None
