"""Export of a proposal as an RO-Crate, which other programs can read and another server can import."""

from __future__ import annotations

import io
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backend import wording
from backend.datasets import service as datasets
from backend.datasets.schemas import DatasetPatch
from backend.datasets.tables import Dataset
from backend.families.catalogue import families
from backend.kit.db.columns import utc_now
from backend.kit.db.owners import Scope
from backend.kit.files.lost import check_stored
from backend.kit.http.errors import Conflict
from backend.kit.http.media_types import HDF5
from backend.kit.version import VERSION
from backend.potentials import catalogue
from backend.potentials import service as potentials
from backend.potentials.tables import Potential
from backend.predictions.tables import Prediction
from backend.proposals import manifest as form
from backend.proposals import service
from backend.proposals.linked import LINKED
from backend.proposals.schemas import Kind, ProposalIn
from backend.proposals.tables import Proposal, ProposalReport
from backend.structures import service as structures
from backend.structures.tables import Structure
from backend.trainings import bodies
from backend.trainings import service as trainings
from scattering.core.notices import Notice

REPORT_TYPES = {"pdf": "application/pdf", "html": "text/html"}
README = """This is a proposal, exported by Beamcast, with all its items. It is an RO-Crate:
ro-crate-metadata.json describes each file. Beamcast imports the archive (it reads beamcast.json):
Proposals, Import; or

    curl -F file=@proposal.zip https://your-beamcast/api/v1/proposals/import

structures/    structures as uploaded
predictions/   partial dynamic structure factors (HDF5), independent of the instrument
datasets/      measured data as uploaded
potentials/    uploaded and trained potentials, these with their labels and the evidence of their
               training; beamcast.json states the sha256 of pretrained ones
reports/       reports
"""


@dataclass
class _Crate:
    """Files of an archive with their descriptions."""

    files: list[tuple[str, Path | bytes, dict[str, Any]]] = field(default_factory=list)

    def put(self, member: str, source: Path | bytes, **about: Any) -> str:
        if isinstance(source, Path):
            check_stored(source, Notice("file_of_archive_lost", {"file": member}))
        self.files.append((member, source, about))
        return member


def write(scope: Scope, row: Proposal) -> Path:
    """Write the archive to a temporary file and return its path; the caller removes it.

    Raises
    ------
    Conflict
        An item was deleted or changed during the export.
    """
    crate = _Crate()
    try:
        manifest = _manifest(scope, row, crate)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise Conflict(Notice("export_failed", {"field": where})) from error
    crate.put("README.txt", README.encode(), name="Contents of the archive", encodingFormat="text/plain")
    if row.notes:
        crate.put("notes.txt", row.notes.encode(), name="Notes", encodingFormat="text/plain")
    content = manifest.model_dump_json(indent=1).encode()
    crate.put(form.FILE, content, name="Manifest for Beamcast", encodingFormat="application/json")
    handle, name = tempfile.mkstemp(prefix="beamcast-", suffix=".zip")
    os.close(handle)
    path = Path(name)
    try:
        _write_crate(path, row, crate)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, FileNotFoundError):
            raise Conflict(Notice("changed_during_export")) from error
        raise
    return path


def _write_crate(path: Path, row: Proposal, crate: _Crate) -> None:
    from rocrate.rocrate import ROCrate

    written = ROCrate()
    written.name = row.name
    written.description = row.notes or f"The proposal “{row.name}”: structures, forecasts and measured data."
    for member, source, about in crate.files:
        content = io.BytesIO(source) if isinstance(source, bytes) else str(source)
        written.add_file(content, dest_path=member, properties=about, record_size=True)
    written.write_zip(path)


def _manifest(scope: Scope, row: Proposal, crate: _Crate) -> form.Manifest:
    inside = service.items(scope.session, [row.id])[row.id]
    predictions = [one for one in _rows(scope, "predictions", inside) if one.status == "succeeded"]
    # A prediction needs its structure, which may have been removed from the proposal
    needed = [*inside["structures"], *(one.structure_id for one in predictions)]
    return form.Manifest(
        format=form.FORMAT,
        version=form.VERSION,
        beamcast=VERSION,
        exported_at=utc_now(),
        proposal=_proposal(row, {one.id for one in predictions}, set(inside["datasets"])),
        structures=_make_numbered(
            lambda number, one: _structure(scope, number, one, crate),
            service.members(scope, Structure, list(dict.fromkeys(needed))),
        ),
        models=_make_numbered(
            lambda number, one: _model(scope, number, one, crate),
            service.members(scope, Potential, _potential_ids(predictions)),
        ),
        predictions=_make_numbered(lambda number, one: _prediction(scope, number, one, crate), predictions),
        datasets=_make_numbered(
            lambda number, one: _dataset(scope, number, one, crate), _rows(scope, "datasets", inside)
        ),
        reports=_make_numbered(
            lambda number, one: _report(scope, number, one, crate),
            service.reports(scope.session, [row.id])[row.id][::-1],
        ),
    )


def _rows(scope: Scope, kind: Kind, inside: dict[Kind, list[uuid.UUID]]) -> list[Any]:
    return service.members(scope, LINKED[kind].table, inside[kind])


def _make_numbered(make: Callable[[int, Any], Any], rows: list[Any]) -> list[Any]:
    return [make(number, row) for number, row in enumerate(rows, start=1)]


def _proposal(row: Proposal, predictions: set[uuid.UUID], measured: set[uuid.UUID]) -> ProposalIn:
    """Return the texts, sample and settings, and the plan if its prediction is in the archive."""
    body = ProposalIn(name=row.name, notes=row.notes, sample=row.sample, settings=row.settings, plan=row.plan)
    plan = body.plan
    if plan is None or plan.prediction_id not in predictions:
        return body.model_copy(update={"plan": None})
    kept = [
        one
        for one in plan.calibrations
        if one.dataset_id in measured and (one.prediction_id is None or one.prediction_id in predictions)
    ]
    return body.model_copy(update={"plan": plan.model_copy(update={"calibrations": kept})})


def _member(folder: str, number: int, file_name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", file_name).strip("._")[:80]
    return f"{folder}/{number:03d}-{plain or 'file'}"


def _structure(scope: Scope, number: int, row: Structure, crate: _Crate) -> form.StructureEntry:
    disordered = None
    if row.ordered_from:
        name = row.ordered_from["filename"]
        member = crate.put(
            _member("structures", number, f"disordered-{name}"),
            scope.settings.structure_dir(row.id) / structures.DISORDERED,
            name=name,
            description=f"Disordered crystal of which {row.name} is an ordered cell, as uploaded",
            encodingFormat="text/plain",
            sha256=row.ordered_from["sha256"],
        )
        disordered = form.DisorderedEntry(file_name=name, file=member)
    return form.StructureEntry(
        id=row.id,
        name=row.name,
        format=row.format,
        file_name=row.filename,
        file=crate.put(
            _member("structures", number, row.filename),
            scope.settings.structure_dir(row.id) / structures.ORIGINAL,
            name=row.name,
            description=f"Crystal structure of {row.formula}, {row.space_group}, as uploaded ({row.format})",
            encodingFormat="text/plain",
            sha256=row.sha256,
        ),
        disordered=disordered,
    )


def _model(scope: Scope, number: int, row: Potential, crate: _Crate) -> form.ModelEntry:
    file = None
    if row.kind not in catalogue.REGISTERED:
        file = crate.put(
            _member("potentials", number, f"{row.name}.txt"),
            potentials.uploaded_file(scope.settings, row),
            name=row.name,
            description=f"{families()[row.family].title}, as {row.kind}",
            encodingFormat="text/plain",
            sha256=row.sha256,
        )
        _training(scope, number, row, crate)
    return form.ModelEntry(
        id=row.id, name=row.name, sha256=row.sha256, licence=row.licence, citation=row.citation, file=file
    )


def _training(scope: Scope, number: int, row: Potential, crate: _Crate) -> None:
    """Put the labels and the record of the training that made a potential; an import does not read them."""
    training = trainings.trained(scope, row.id)
    if training is None:
        return
    crate.put(
        _member("potentials", number, "labels.xyz"),
        trainings.labels_text(scope, training).encode(),
        name=f"Labels of {row.name}",
        description="Labels that the potential was trained on, extended XYZ",
        encodingFormat="text/plain",
        sha256=training.provenance.get("labels_sha256", ""),
    )
    crate.put(
        _member("potentials", number, "training.json"),
        bodies.of_row(scope, training).model_dump_json(indent=1).encode(),
        name=f"Training of {row.name}",
        description="Request, evidence, checksums and versions of the training",
        encodingFormat="application/json",
    )


def _potential_ids(predictions: Sequence[Prediction]) -> list[uuid.UUID]:
    """Return the potentials of predictions, each once; predictions from sources have none."""
    return list(dict.fromkeys(one.potential_id for one in predictions if one.potential_id is not None))


def _prediction(scope: Scope, number: int, row: Prediction, crate: _Crate) -> form.PredictionEntry:
    what = f"{row.method}-{row.temperature_k:g}K-{row.sampling}"
    fields = set(form.PredictionEntry.model_fields) & set(Prediction.model_fields)
    return form.PredictionEntry(
        **row.model_dump(include=fields - {"warnings"}),
        warnings=[one[: form.MAX_SENTENCE_CHARACTERS] for one in wording.messages(row.warnings)],
        notices=[form.NoticeEntry(**one.to_json()) for one in row.warnings],
        model_id=row.potential_id,
        file=crate.put(
            _member("predictions", number, f"{what}.h5"),
            scope.settings.partials_path(row.id),
            name=f"Partials: {row.method}, {row.temperature_k:g} K, {row.sampling}",
            description=f"Partial dynamic structure factors, simulated with {row.basis}",
            encodingFormat=HDF5,
        ),
    )


def _dataset(scope: Scope, number: int, row: Dataset, crate: _Crate) -> form.DatasetEntry:
    return form.DatasetEntry(
        id=row.id,
        format=row.format,
        file_name=row.filename,
        spectrum=row.spectrum,
        said=DatasetPatch(**row.model_dump(include=set(DatasetPatch.model_fields))),
        file=crate.put(
            _member("datasets", number, row.filename),
            datasets.original(scope, row),
            name=row.name,
            description=f"Measured data as uploaded ({row.format})",
            encodingFormat="application/octet-stream",
            sha256=row.sha256,
        ),
    )


def _report(scope: Scope, number: int, row: ProposalReport, crate: _Crate) -> form.ReportEntry:
    files = {
        fmt: crate.put(
            _member("reports", number, f"{row.title[:60]}.{fmt}"),
            scope.settings.report_path(row.proposal_id, row.id, fmt),
            name=row.title,
            encodingFormat=REPORT_TYPES[fmt],
        )
        for fmt in row.formats
    }
    return form.ReportEntry(title=row.title, created_at=row.created_at, files=files)
