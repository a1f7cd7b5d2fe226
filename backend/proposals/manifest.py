"""Manifest of an exported proposal, `beamcast.json`; an import reads only the files that it names."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    TypeAdapter,
    model_serializer,
)
from typing_extensions import TypedDict

from backend.datasets.schemas import DatasetPatch
from backend.datasets.schemas import Name as Line
from backend.kit.http.schemas import FreeForm, RequestBody
from backend.predictions.schemas import IsotopesIn, Name
from backend.proposals.schemas import MAX_ITEMS, ProposalIn, ReportFormat
from scattering.core.notices import Notice
from scattering.options.names import Method, Quality, Sampling

FILE = "beamcast.json"
FORMAT: Literal["beamcast-proposal"] = "beamcast-proposal"
VERSION: Literal[1] = 1
MAX_DEPTH = 6
MAX_SENTENCE_CHARACTERS = 2000
MAX_PARAMS_CHARACTERS = 8000
IMPORTED: Final = Notice("imported_prediction")
"""Notice of every imported prediction."""
IMPORTED_SENTENCE: Final = (
    "It was imported with a proposal: that it was simulated so is what the archive says, and was not checked."
)
"""The same notice in archives from before warnings had codes."""

Member = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""Name of a file in the archive; never used as a path on this server."""
FileName = Annotated[str, StringConstraints(max_length=400)]
Checksum = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Sentence = Annotated[str, StringConstraints(max_length=MAX_SENTENCE_CHARACTERS)]


class TrainingRange(TypedDict):
    """Environments of the atoms, compared with the training set of the potential."""

    largest: float
    spread: float


class Findings(TypedDict, total=False):
    """Findings of a simulation for its reliability; more keys are allowed."""

    training_range: TrainingRange
    largest_shift_angstrom: float
    imaginary_fraction: Annotated[float, Field(ge=0, le=1)]
    lowest_energy_mev: float
    special_phonons_mev: dict[str, list[float]]


class Provenance(TypedDict, total=False):
    """Provenance of a prediction for pages, reports and reliability; more keys are allowed."""

    versions: dict[str, str]
    seed: int
    timings: dict[str, float]
    findings: Findings


_PROVENANCE = TypeAdapter(Provenance)


def _check_provenance(value: dict[str, Any]) -> dict[str, Any]:
    _PROVENANCE.validate_python(value, strict=True)
    findings = value.get("findings", {})
    if "imaginary_fraction" in findings and "lowest_energy_mev" not in findings:
        raise ValueError("imaginary_fraction needs lowest_energy_mev")
    return value


def _check_nesting(value: dict[str, Any]) -> dict[str, Any]:
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError("is nested too deeply")
        if isinstance(item, dict):
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            if len({isinstance(inner, list) for inner in item}) > 1:
                raise ValueError("a list contains lists and other values")
            waiting += [(inner, depth + 1) for inner in item]
    return value


CheckedProvenance = Annotated[FreeForm, AfterValidator(_check_nesting), AfterValidator(_check_provenance)]
"""Checked provenance of a prediction, which pages show as a table."""


def _check_length(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > MAX_PARAMS_CHARACTERS:
        raise ValueError(f"has more than {MAX_PARAMS_CHARACTERS} characters")
    return value


class NoticeEntry(RequestBody):
    """A warning, as data."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    params: Annotated[FreeForm, AfterValidator(_check_nesting), AfterValidator(_check_length)]


class DisorderedEntry(RequestBody):
    """The disordered file that an ordered cell was chosen of."""

    file_name: FileName
    file: Member


class StructureEntry(RequestBody):
    """A structure as uploaded."""

    id: uuid.UUID
    name: Line
    format: Annotated[str, StringConstraints(max_length=40)]
    file_name: FileName
    file: Member
    disordered: DisorderedEntry | None = None

    @model_serializer(mode="wrap")
    def _without_nothing(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a file that there is not: versions that do not know it refuse the field."""
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if name != "disordered" or value}


class ModelEntry(RequestBody):
    """A potential: a pretrained one by its checksum, an uploaded one with its file."""

    id: uuid.UUID
    name: Line
    sha256: Checksum
    licence: Annotated[str, StringConstraints(max_length=200)] = ""
    citation: Annotated[str, StringConstraints(max_length=1000)] = ""
    file: Member | None = None


class PredictionEntry(RequestBody):
    """A prediction that has succeeded, and its partials."""

    id: uuid.UUID
    structure_id: uuid.UUID
    model_id: uuid.UUID | None = Field(description="null: the phonons come from a source, which is not in the archive")
    method: Method
    sampling: Sampling
    quality: Quality
    temperature_k: float = Field(ge=1, le=3000)
    instruments: list[Name] = Field(max_length=32)
    isotopes: IsotopesIn = Field(default_factory=dict, max_length=1000)
    options: FreeForm
    warnings: list[Sentence] = Field(max_length=200)
    notices: list[NoticeEntry] | None = Field(
        None, max_length=200, description="the warnings as codes with parameters; null: only the sentences are known"
    )
    provenance: CheckedProvenance
    finished_at: AwareDatetime | None = None
    file: Member

    @model_serializer(mode="wrap")
    def _without_natural_isotopes(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out empty isotopes: versions that do not know them refuse the field."""
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if name != "isotopes" or value}

    def stored_warnings(self) -> list[Notice]:
        """Return the warnings of the simulation, without the notice of an import."""
        if self.notices is not None:
            notices = [Notice.from_json(one.model_dump()) for one in self.notices]
            return [notice for notice in notices if notice.code != IMPORTED.code]
        return [Notice("text", {"text": text}) for text in self.warnings if text != IMPORTED_SENTENCE]


class DatasetEntry(RequestBody):
    """Measured data as uploaded, with the facts that their user stated."""

    id: uuid.UUID
    format: Annotated[str, StringConstraints(max_length=40)]
    file_name: FileName
    spectrum: int = Field(ge=0)
    said: DatasetPatch
    file: Member


class ReportEntry(RequestBody):
    """A report."""

    title: Line
    created_at: AwareDatetime
    files: dict[ReportFormat, Member] = Field(min_length=1)


class Manifest(RequestBody):
    """A proposal with all its items; ids are those of the exporting server."""

    format: Literal["beamcast-proposal"]
    version: Literal[1]
    beamcast: Annotated[str, StringConstraints(max_length=64)]
    exported_at: datetime
    proposal: ProposalIn
    structures: list[StructureEntry] = Field(max_length=2 * MAX_ITEMS)
    models: list[ModelEntry] = Field(max_length=MAX_ITEMS)
    predictions: list[PredictionEntry] = Field(max_length=MAX_ITEMS)
    datasets: list[DatasetEntry] = Field(max_length=MAX_ITEMS)
    reports: list[ReportEntry] = Field(max_length=MAX_ITEMS)

    def files(self) -> Iterator[str]:
        """Yield the names of all files of the archive that the items name."""
        for entries in (self.structures, self.models, self.predictions, self.datasets):
            yield from (entry.file for entry in entries if entry.file is not None)
        for report in self.reports:
            yield from report.files.values()
