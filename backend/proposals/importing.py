"""Import of a proposal from an archive, which nobody has checked.

Every file is checked like an upload: in a confined process, with limits on time and memory, before the first row is
written. Then all items are stored in one transaction with new ids, or none.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import UploadFile
from pydantic import ValidationError
from sqlmodel import col

from backend.datasets import service as datasets
from backend.datasets.schemas import PreviewForm, statements_in
from backend.kit.db.columns import utc_now
from backend.kit.db.owners import Scope
from backend.kit.files import confined
from backend.kit.files.storage import Received, arriving_folder
from backend.kit.http.errors import TooLarge, Unprocessable, unprocessable
from backend.kit.settings import Settings
from backend.plans.schemas import PlanIn
from backend.potentials import catalogue
from backend.potentials import service as potentials
from backend.potentials.tables import Potential
from backend.predictions.options import GivenFacts, fill_options
from backend.predictions.requested import check_isotopes
from backend.predictions.tables import Prediction
from backend.proposals import archive, service
from backend.proposals import manifest as form
from backend.proposals.archive import Archive, refusal
from backend.proposals.linked import LINKED
from backend.proposals.tables import Proposal
from backend.structures import service as structures
from backend.structures.geometry import StructureData
from scattering import instruments
from scattering.core.errors import ScatteringError
from scattering.core.isotopes import simplify
from scattering.core.notices import Notice
from scattering.core.species import element
from scattering.options.base import Options
from scattering.options.registry import Kind, find_kind

MAX_MANIFEST_BYTES = 8 * 1024**2
MAX_CHECK_S = 60.0
"""Time limit of the check of partials; 1 GB takes less."""


@dataclass
class Checked:
    """Checked items of an archive. Their files are in a folder that exists until the end of the request."""

    manifest: form.Manifest
    structures: list[tuple[form.StructureEntry, bytes, structures.DisorderedFile | None, dict[str, Any]]] = field(
        default_factory=list
    )
    models: list[tuple[form.ModelEntry, bytes | None, dict[str, Any]]] = field(default_factory=list)
    predictions: list[tuple[form.PredictionEntry, Path, Options, list[str]]] = field(default_factory=list)
    datasets: list[tuple[form.DatasetEntry, datasets.Staged]] = field(default_factory=list)
    reports: list[tuple[form.ReportEntry, dict[Any, bytes]]] = field(default_factory=list)


def check(settings: Settings, path: Path, folder: Path) -> Checked:
    """Read and check an archive. This takes seconds, so it comes before the first statement of the transaction.

    Parameters
    ----------
    settings
        Settings of this server.
    path
        Path of the archive.
    folder
        Empty folder for the unpacked files.

    Raises
    ------
    Unprocessable
        An item cannot be used; the error names its file.
    """
    with archive.open_archive(path, settings.max_proposal_bytes) as opened:
        found = Checked(_manifest(opened))
        _check_ids(found.manifest)
        for structure in found.manifest.structures:
            with _errors_of_file(structure.file):
                found.structures.append((structure, *_structure(settings, opened, structure)))
        for model in found.manifest.models:
            with _errors_of_file(model.file or model.name):
                found.models.append((model, *_model(settings, opened, model)))
        atoms = {entry.id: contents for entry, _, _, contents in found.structures}
        for prediction in found.manifest.predictions:
            with _errors_of_file(prediction.file):
                to = folder / f"{prediction.id}.h5"
                opened.copy(prediction.file, to, settings.max_proposal_bytes)
                found.predictions.append((prediction, to, *_prediction(prediction, to, atoms[prediction.structure_id])))
        for dataset in found.manifest.datasets:
            with _errors_of_file(dataset.file):
                found.datasets.append((dataset, _dataset(settings, opened, dataset, folder)))
        for report in found.manifest.reports:
            contents = {fmt: opened.read(member, settings.max_upload_bytes) for fmt, member in report.files.items()}
            found.reports.append((report, contents))
    return found


def add(scope: Scope, found: Checked) -> Proposal:
    """Store the checked items as new rows.

    Raises
    ------
    Unprocessable
        A potential is neither on this server nor in the archive, or does not cover an element.
    """
    new: dict[uuid.UUID, uuid.UUID] = {}
    for structure, content, disordered, contents in found.structures:
        made = structures.add(
            scope,
            contents,
            content=content,
            fmt=structure.format,
            file_name=structure.file_name,
            name=structure.name,
            disordered=disordered,
        )
        new[structure.id] = made.id
    rows = {entry.id: _potential(scope, entry, content, tried) for entry, content, tried in found.models}
    for prediction, path, options, species in found.predictions:
        potential = None if prediction.model_id is None else rows[prediction.model_id]
        if potential is not None and (
            missing := potentials.missing_elements(potential, {element(name) for name in species})
        ):
            stated = {
                "potential": potential.name,
                "structure": prediction.file,
                "missing": list(missing),
                "elements": sorted({element(name) for name in species}),
            }
            raise refusal(Notice("elements_not_covered", stated))
        new[prediction.id] = _add_prediction(
            scope, found.manifest, prediction, path, options, species, potential, new[prediction.structure_id]
        )
    for dataset, staged in found.datasets:
        of = dataset.said.structure_id
        sent = UploadFile(io.BytesIO(), filename=dataset.file_name)
        isotopes = json.dumps(dataset.said.isotopes or {})
        upload = PreviewForm(
            file=sent, name=dataset.said.name or None, isotopes=isotopes, structure_id=new.get(of) if of else None
        )
        new[dataset.id] = datasets.add(scope, staged, upload).id
    body = found.manifest.proposal
    row = service.create(scope, body.model_copy(update={"plan": _with_new_ids(body.plan, new)}))
    for kind in LINKED:
        for entry in getattr(found.manifest, kind):
            service.add_item(scope, row.id, kind, new[entry.id])
    for report, files in found.reports:
        service.keep_report(scope, row, report.title, files, created_at=report.created_at)
    return row


def _manifest(opened: Archive) -> form.Manifest:
    content = opened.read(form.FILE, MAX_MANIFEST_BYTES)
    try:
        return form.Manifest.model_validate_json(content)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)[:3]]
        stated = {"file": form.FILE, "reason": "; ".join(problems)[:600]}
        raise refusal(Notice("invalid_manifest", stated)) from error


def _check_ids(manifest: form.Manifest) -> None:
    """Refuse repeated ids, files that several items name, and references to items that are not in the archive."""
    lists = (manifest.structures, manifest.models, manifest.predictions, manifest.datasets)
    ids = [entry.id for entries in lists for entry in entries]
    if len(set(ids)) < len(ids):
        raise refusal(Notice("repeated_ids_in_archive"))
    members = [*manifest.files()]
    if len(set(members)) < len(members):
        raise refusal(Notice("file_named_twice_in_archive", {"file": Counter(members).most_common(1)[0][0][:80]}))
    structure_ids, model_ids = ({entry.id for entry in those} for those in (manifest.structures, manifest.models))
    for entry in manifest.predictions:
        if entry.structure_id not in structure_ids or entry.model_id not in {None, *model_ids}:
            raise refusal(Notice("incomplete_prediction", {"file": entry.file}))
    plan = manifest.proposal.plan
    predictions, measured = ({entry.id for entry in those} for those in (manifest.predictions, manifest.datasets))
    if plan is not None:
        needed = {plan.prediction_id, *(one.prediction_id for one in plan.calibrations if one.prediction_id)}
        if (
            not needed <= predictions or not {one.dataset_id for one in plan.calibrations} <= measured
        ):  # no stored calibration is in an archive
            raise refusal(Notice("incomplete_plan"))


def _structure(
    settings: Settings, opened: Archive, entry: form.StructureEntry
) -> tuple[bytes, structures.DisorderedFile | None, dict[str, Any]]:
    content = opened.read(entry.file, settings.max_upload_bytes)
    disordered = None
    if entry.disordered is not None:
        with _errors_of_file(entry.disordered.file):
            uploaded = opened.read(entry.disordered.file, settings.max_upload_bytes)
        disordered = structures.DisorderedFile(uploaded, entry.disordered.file_name)
    contents = structures.read(settings, content, structures.choose_format(entry.file_name, entry.format))
    return content, disordered, contents


def _model(settings: Settings, opened: Archive, entry: form.ModelEntry) -> tuple[bytes | None, dict[str, Any]]:
    if entry.file is None:
        return None, {}
    content = opened.read(entry.file, settings.max_upload_bytes)
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise refusal(Notice("wrong_potential_in_archive"))
    return content, potentials.inspect(content)


def _kind_of(entry: form.PredictionEntry) -> Kind:
    """Return the kind of a prediction.

    Raises
    ------
    Unprocessable
        There is no such kind without a potential.
    """
    try:
        return find_kind(entry.method, entry.sampling, given=entry.model_id is None)
    except KeyError as error:
        raise refusal(Notice("incomplete_prediction", {"file": entry.file})) from error


def _source_facts(entry: form.PredictionEntry) -> GivenFacts:
    """Return the facts about the source of a prediction: the partials hold Born charges, if there were some.

    Raises
    ------
    Unprocessable
        The prediction is of a trajectory, and does not state its frames.
    """
    if entry.method == "harmonic":
        return GivenFacts(has_born_charges=True)
    interval, length = entry.options.get("sample_fs"), entry.options.get("production_ps")
    if not isinstance(interval, int | float) or not isinstance(length, int | float) or not 0 < interval < 1e9 > length:
        raise refusal(Notice("incomplete_prediction", {"file": entry.file}))
    return GivenFacts(frames=(round(1e3 * length / interval), float(interval)))


def _prediction(entry: form.PredictionEntry, path: Path, contents: dict[str, Any]) -> tuple[Options, list[str]]:
    """Return the complete options of a prediction and the species of its partials."""
    data = StructureData.from_json(json.dumps(contents["structure"]))
    try:
        isotopes = check_isotopes(data, entry.isotopes)
        options = fill_options(
            _kind_of(entry),
            entry.options,
            data,
            quality=entry.quality,
            temperature_k=entry.temperature_k,
            instruments=[instruments.get(name).name for name in entry.instruments],
            isotopes=isotopes,
            source=_source_facts(entry) if entry.model_id is None else None,
        )
    except ScatteringError as error:
        raise refusal(unprocessable(error).notice) from error
    arguments = ["--sampling", entry.sampling, "--cpu-s", str(MAX_CHECK_S)]
    try:
        answer = json.loads(confined.run("backend.observing.check", arguments, path, timeout_s=MAX_CHECK_S))
    except confined.Exceeded as error:
        stopped = Notice("text", {"text": str(error)})
        raise refusal(Notice("unreadable_partials", {"wrong": stopped.to_json()})) from error
    if "error" in answer:
        raise refusal(Notice("unreadable_partials", {"wrong": answer["error"]}))
    species = [str(name) for name in answer["species"]]
    if {element(name) for name in species} != set(contents["elements"]):
        raise refusal(Notice("partials_of_other_elements"))
    if not math.isclose(answer["temperature_k"], entry.temperature_k, abs_tol=0.01):
        raise refusal(Notice("partials_of_other_temperature"))
    if simplify(answer["isotopes"]) != isotopes:
        raise refusal(Notice("partials_of_other_isotopes"))
    return options, species


def _dataset(settings: Settings, opened: Archive, entry: form.DatasetEntry, folder: Path) -> datasets.Staged:
    path = folder / f"{entry.id}.data"
    opened.copy(entry.file, path, settings.max_dataset_bytes)
    said = statements_in(entry.said)
    said["settings"] = said["settings"] or {}
    if said["x_unit"] is None:
        del said["x_unit"]
    reading = datasets.read(
        settings,
        path,
        file_name=entry.file_name,
        fmt=entry.format,
        spectrum=entry.spectrum,
        statements=said,
    )
    with path.open("rb") as file:
        received = Received(path, hashlib.file_digest(file, "sha256").hexdigest())
    return datasets.stage(folder / str(entry.id), reading, received)


def _potential(scope: Scope, entry: form.ModelEntry, content: bytes | None, tried: dict[str, Any]) -> Potential:
    """Return the potential with this checksum on the server, or add the one of the archive."""
    pretrained = catalogue.pretrained().get(entry.sha256)
    if pretrained is not None:
        return potentials.get(scope, pretrained.id)
    here = scope.select(Potential).where(Potential.sha256 == entry.sha256).order_by(col(Potential.created_at))
    row = scope.session.exec(here).first()
    if row is not None:
        return row
    if content is None:
        raise refusal(Notice("potential_not_in_archive", {"name": entry.name}))
    return potentials.add(
        scope, tried, content=content, name=entry.name, licence=entry.licence, citation=entry.citation
    )


def _add_prediction(
    scope: Scope,
    manifest: form.Manifest,
    entry: form.PredictionEntry,
    path: Path,
    options: Options,
    species: list[str],
    potential: Potential | None,
    structure_id: uuid.UUID,
) -> uuid.UUID:
    provenance = dict(entry.provenance)
    # Timings of another machine must not enter the estimates of this one
    origin = {
        "id": str(entry.id),
        "beamcast": manifest.beamcast,
        "exported_at": manifest.exported_at.isoformat(timespec="seconds"),
        "timings": provenance.pop("timings", {}),
    }
    row = Prediction(
        structure_id=structure_id,
        potential_id=None if potential is None else potential.id,
        potential=None if potential is None else potential.name,
        method=entry.method,
        sampling=entry.sampling,
        quality=entry.quality,
        temperature_k=entry.temperature_k,
        instruments=[instruments.get(name).name for name in entry.instruments],
        isotopes=simplify(entry.isotopes),
        options=options.to_json(),
        status="succeeded",
        progress=1.0,
        warnings=[*entry.stored_warnings(), form.IMPORTED],
        provenance={**provenance, "species": species, "imported_from": origin},
        finished_at=entry.finished_at or utc_now(),
    )
    arriving_folder(scope.session, scope.settings.prediction_dir(row.id))
    # On the same disk it is renamed: other writers wait for this transaction
    shutil.move(path, scope.settings.partials_path(row.id))
    return scope.add(row).id


def _with_new_ids(plan: PlanIn | None, new: dict[uuid.UUID, uuid.UUID]) -> PlanIn | None:
    """Return the plan with the ids of the new rows."""
    if plan is None:
        return None
    calibrations = [
        one.model_copy(
            update={
                "dataset_id": None if one.dataset_id is None else new[one.dataset_id],
                "prediction_id": None if one.prediction_id is None else new[one.prediction_id],
            }
        )
        for one in plan.calibrations
    ]
    return plan.model_copy(update={"prediction_id": new[plan.prediction_id], "calibrations": calibrations})


@contextmanager
def _errors_of_file(name: str) -> Iterator[None]:
    """Add the name of the file to errors; their location is that of the archive."""
    try:
        yield
    except (Unprocessable, TooLarge, ScatteringError) as error:
        wrong = error.notice if isinstance(error, TooLarge) else unprocessable(error).notice
        raise refusal(Notice("wrong_file_in_archive", {"file": name[:80], "wrong": wrong.to_json()})) from error
