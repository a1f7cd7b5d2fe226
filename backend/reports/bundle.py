"""Bundle of a forecast: inputs, results and provenance as an RO-Crate, from which it can be run again.

References
----------
P. Sefton et al., RO-Crate Metadata Specification 1.1 (2020), doi:10.5281/zenodo.4541002
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import col

from backend.datasets import service as datasets
from backend.datasets.schemas import PreviewForm
from backend.datasets.tables import Dataset
from backend.families.catalogue import families
from backend.kit.db.database import clock
from backend.kit.db.owners import Scope
from backend.kit.files.lost import check_stored
from backend.kit.files.storage import CHUNK_BYTES
from backend.kit.http.errors import Unavailable
from backend.kit.http.media_types import CSV, HDF5
from backend.kit.http.notices import NoticeOut
from backend.kit.version import VERSION
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.potentials import service as potentials
from backend.potentials.catalogue import REGISTERED
from backend.potentials.tables import Potential
from backend.predictions import service as predictions
from backend.predictions.tables import Prediction
from backend.reports.capacity import UNLIMITED
from backend.reports.document import Document, document
from backend.reports.figures import LETTERS
from backend.reports.gathering import Gathered, Shown, gather
from backend.reports.html import html
from backend.reports.pdf import pdf
from backend.reports.pictures import Picture, draw
from backend.reports.schemas import ReportIn
from backend.sources import service as sources
from backend.sources.tables import Source
from backend.structures import service as structures
from backend.structures.tables import Structure
from backend.trainings import bodies
from backend.trainings import service as trainings
from backend.wording.reports import LICENCE, bundle_readme
from scattering.core.isotopes import override
from scattering.core.notices import Notice
from scattering.core.species import element

SPARE_BYTES = 64 * 1024**2
"""Disk space that stays free, for figures and other users."""
RERUN_SCRIPT = Path(__file__).parent / "rerun.py"
UNCOMPRESSED_SUFFIXES = (".h5", ".pdf")
"""Files that are compressed already, or whose compression takes too long."""
MEDIA_TYPES = {
    ".h5": "application/x-hdf5",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".cif": "chemical/x-cif",
    ".xyz": "chemical/x-xyz",
}


@dataclass
class _Contents:
    """Files of the bundle: name → content, or its path on disk; and name → description."""

    texts: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, content: bytes | str | Path, about: str) -> str:
        if isinstance(content, Path):
            check_stored(content, Notice("file_of_archive_lost", {"file": name}))
            self.paths[name] = content
        else:
            self.texts[name] = content if isinstance(content, bytes) else content.encode()
        self.about[name] = about
        return name


def bundle(scope: Scope, cache: PartialsCache, body: ReportIn) -> Path:
    """Write a zip file and return its path; the caller removes it.

    Large files are copied from disk to disk in pieces.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `gather`.
    Unavailable
        The disk has too little space.
    """
    gathered, now = gather(scope, cache, body), clock(scope.session)
    pictures, contents = draw(gathered), _Contents()
    made = document(gathered, pictures, UNLIMITED, now)
    requests = _inputs(scope, gathered, contents)
    _results(gathered, pictures, made, now, contents)
    contents.put("requests.json", _json(requests), "The complete request; rerun.py reads it.")
    contents.put("provenance.json", _json(_provenance(gathered, requests)), "Versions, seeds, checksums, timings.")
    contents.put("rerun.py", RERUN_SCRIPT.read_bytes(), "Runs the forecast again on any Beamcast, over plain HTTP.")
    readme = bundle_readme(title=made.title, version=VERSION, date=made.date)
    contents.put("README.md", readme, "Contents of the bundle, and how to run it again.")
    contents.put("ro-crate-metadata.json", _json(_metadata(gathered, contents, made, now)), "")
    return _write(scope.settings.scratch_dir, contents)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _write(folder: Path, contents: _Contents) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum(path.stat().st_size for path in contents.paths.values()) + SPARE_BYTES
    if shutil.disk_usage(folder).free < needed:
        raise Unavailable(Notice("disk_full", {"needed_mib": needed / 2**20}))
    with tempfile.NamedTemporaryFile(dir=folder, prefix="bundle-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in contents.texts.items():
                    archive.writestr(name, content, _compression(name))
                for name, source in contents.paths.items():
                    archive.write(source, name, _compression(name))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def _compression(name: str) -> int:
    return zipfile.ZIP_STORED if name.endswith(UNCOMPRESSED_SUFFIXES) else zipfile.ZIP_DEFLATED


def _inputs(scope: Scope, gathered: Gathered, contents: _Contents) -> dict[str, Any]:
    """Add the inputs, and return the requests with the ids of this server; `rerun.py` replaces the ids."""
    rows = list(_predictions(scope, gathered))
    references = _references(scope, rows)
    every = [*rows, *references]
    crystals = _unique_rows([scope.get(Structure, row.structure_id, "structure") for row in every])
    interatomic = _unique_rows(
        [scope.get(Potential, row.potential_id, "potential") for row in every if row.potential_id]
    )
    uploaded = _unique_rows([sources.get(scope, row.source_id) for row in every if row.source_id is not None])
    return {
        "beamcast": VERSION,
        "structures": [_structure(scope, row, number, contents) for number, row in enumerate(crystals, start=1)],
        "potentials": [_potential(scope, row, number, contents) for number, row in enumerate(interatomic, start=1)],
        "sources": [_source(scope, row, number, contents) for number, row in enumerate(uploaded, start=1)],
        "references": [
            _prediction(scope, row, f"reference-{number}", contents) for number, row in enumerate(references, start=1)
        ],
        "predictions": [_prediction(scope, row, str(number), contents) for number, row in enumerate(rows, start=1)],
        "datasets": [
            _dataset(scope, row, number, contents) for number, row in enumerate(_datasets(scope, gathered), start=1)
        ],
        "report": gathered.body.model_dump(mode="json"),
    }


def _unique_rows(rows: Sequence[Any]) -> list[Any]:
    return list({row.id: row for row in rows}.values())


def _predictions(scope: Scope, gathered: Gathered) -> Iterator[Prediction]:
    """Yield the predictions of the report and of its calibrations."""
    yield gathered.prediction
    seen = {gathered.prediction.id}
    plan = gathered.body.plan
    calibrating = [] if plan is None else [one.prediction_id for one in plan.calibrations if one.prediction_id]
    for other in [*gathered.body.others, *calibrating]:
        if other not in seen:
            seen.add(other)
            yield predictions.get_succeeded(scope, other)


def _references(scope: Scope, rows: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions that give the harmonic part of others and are not among them, without deleted ones."""
    ids = {uuid.UUID(row.harmonic_reference["id"]) for row in rows if row.harmonic_reference is not None}
    wanted = col(Prediction.id).in_(ids - {row.id for row in rows})
    return list(scope.session.exec(scope.select(Prediction).where(wanted).order_by(col(Prediction.id))))


def _datasets(scope: Scope, gathered: Gathered) -> list[Dataset]:
    plan = gathered.body.plan
    calibrating = [] if plan is None else [one.dataset_id for one in plan.calibrations if one.dataset_id is not None]
    return _unique_rows([*gathered.datasets, *(datasets.get(scope, one) for one in calibrating)])


def _structure(scope: Scope, row: Structure, number: int, contents: _Contents) -> dict[str, Any]:
    name, original = structures.as_file(scope.settings, row, "original")
    path = f"inputs/structure-{number}-original{_suffix(name)}"
    contents.put(path, original, "The structure as it was read.")
    if row.ordered_from:
        disordered = structures.as_file(scope.settings, row, structures.DISORDERED)[1]
        described = "The disordered structure as uploaded, of which the original is an ordered cell."
        contents.put(
            f"inputs/structure-{number}-disordered{_suffix(row.ordered_from['filename'])}", disordered, described
        )
    cif = structures.as_file(scope.settings, row, "cif")[1]
    contents.put(f"inputs/structure-{number}.cif", cif, "The structure as simulated, every atom listed.")
    return {"id": str(row.id), "file": path, "filename": name, "format": row.format, "name": row.name}


def _potential(scope: Scope, row: Potential, number: int, contents: _Contents) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in ("name", "kind", "sha256", "licence", "citation", "source")}
    training = _training(scope, row, number, contents)
    found = {"id": str(row.id), "file": None, "training": training, **facts}
    if row.kind not in REGISTERED:
        path = f"inputs/potential-{number}.{families()[row.family].file_name}"
        file = potentials.potential_file(scope.settings, row)
        found["file"] = contents.put(path, file, f"The potential as {row.kind}.")
    else:
        contents.put(f"inputs/potential-{number}.json", _json(facts), "Name, source and checksum of the potential.")
    return found


def _training(scope: Scope, row: Potential, number: int, contents: _Contents) -> str | None:
    """Add the labels and the record of the training that made a potential; return the name of the record."""
    training = trainings.trained(scope, row.id)
    if training is None:
        return None
    labels = trainings.labels_text(scope, training)
    contents.put(f"inputs/potential-{number}-labels.xyz", labels, "Labels that the potential was trained on.")
    record = bodies.of_row(scope, training).model_dump_json(indent=1)
    described = "Training of the potential: request, evidence, checksums and versions."
    return contents.put(f"inputs/potential-{number}-training.json", record, described)


def _source(scope: Scope, row: Source, number: int, contents: _Contents) -> dict[str, Any]:
    """Add the files of given phonons as uploaded."""
    folder, files = scope.settings.source_dir(row.id), []
    for index, one in enumerate(row.files):
        path = f"inputs/source-{number}-{index}{_suffix(one['name'])}"
        contents.put(path, folder / one["stored"], f"{row.kind.capitalize()} as uploaded: {one['name']}")
        files.append({"file": path, "filename": one["name"], "sha256": one["sha256"]})
    form = {"name": row.name, "format": row.format, **row.stated}
    return {"id": str(row.id), "files": files, "form": form}


def _prediction(scope: Scope, row: Prediction, name: str, contents: _Contents) -> dict[str, Any]:
    names = ("method", "temperature_k", "sampling", "instruments", "quality", "options")
    asked = {name: getattr(row, name) for name in names}
    partials = scope.settings.partials_path(row.id)
    path = contents.put(f"predictions/{name}/partials.h5", partials, "Partial dynamic structure factors.")
    # Over the isotopes of the file, a request has to name natural elements too
    of_file = scope.get(Structure, row.structure_id, "structure").isotopes
    isotopes = override({name: element(name) for name in of_file}, row.isotopes)
    basis = {"structure_id": str(row.structure_id), "potential": str(row.potential_id)}
    if row.has_given_phonons:
        # Without the id of a source that was deleted, whose forecast cannot be requested again
        basis = {"source_id": str(row.source_id)} if row.source_id else {}
    body: dict[str, Any] = {**basis, **asked}
    if row.harmonic_reference is not None:
        body["harmonic_reference_id"] = row.harmonic_reference["id"]
        body["harmonic_modes"] = row.harmonic_reference.get("modes", "all")
    if isotopes:
        body["isotopes"] = isotopes
    return {"id": str(row.id), "file": path, "sha256": _sha256(partials), "body": body}


def _dataset(scope: Scope, row: Dataset, number: int, contents: _Contents) -> dict[str, Any]:
    path = f"datasets/{number}{_suffix(row.filename)}"
    contents.put(path, datasets.original(scope, row), f"Measured data as uploaded: {row.name}")
    said = {name: getattr(row, name, None) for name in PreviewForm.model_fields if name != "file"}
    form = {name: value for name, value in said.items() if value not in (None, "", {})}
    return {"id": str(row.id), "file": path, "filename": row.filename, "sha256": row.sha256, "form": form}


def _suffix(file_name: str) -> str:
    """Return the ending of the name of an uploaded file if it is plain, else ""; the name may contain anything."""
    found = re.search(r"\.[A-Za-z0-9]{1,12}$", file_name)
    return found[0].lower() if found else ""


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _results(
    gathered: Gathered, pictures: Sequence[Picture], made: Document, now: datetime, contents: _Contents
) -> None:
    paper = pdf(lambda capacity: document(gathered, pictures, capacity, now))
    contents.put("report.pdf", paper, "The report on two pages.")
    contents.put("report.html", html(made), "The report, complete.")
    for picture in pictures:
        contents.put(f"figures/{picture.name}.svg", picture.svg, picture.alt)
    rows = [gathered.prediction, *gathered.others]
    for letter, one in zip(LETTERS, gathered.shown, strict=False):
        stem = f"spectra/{letter}-{one.view.instrument or 'sample'}"
        for number, (row, (as_csv, as_hdf5)) in enumerate(zip(rows, _files(one, rows), strict=True), start=1):
            name = stem if number == 1 else f"{stem}-prediction-{number}"
            contents.put(f"{name}.csv", as_csv, f"Spectrum of prediction {row.id}, {one.label}.")
            contents.put(f"{name}.h5", as_hdf5, f"The same with its map, {one.label}.")
    if gathered.plan is not None:
        contents.put("plan.json", gathered.plan.model_dump_json(indent=1), "The plan: settings, pairs, counts, hours.")
    if gathered.measurement is not None:
        counted = gathered.measurement.counted.model_dump_json(indent=1)
        contents.put("measurement.json", counted, "A simulated measurement, seeded.")


def _files(one: Shown, rows: Sequence[Prediction]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the spectrum of each prediction on one instrument, as CSV and HDF5."""
    for row, spectrum in zip(rows, [one.spectrum, *one.others], strict=True):
        writers = observation(row.sampling).writers
        about = {
            "prediction": str(row.id),
            "method": row.method,
            "temperature_k": row.temperature_k,
            "view": one.view.model_dump(mode="json"),
        }
        yield writers[CSV](spectrum, about), writers[HDF5](spectrum, about)


def _provenance(gathered: Gathered, requests: dict[str, Any]) -> dict[str, Any]:
    return {
        "beamcast": VERSION,
        "predictions": [
            {
                "id": str(row.id),
                "started_at": row.started_at,
                "finished_at": row.finished_at,
                "attempt": row.attempt,
                "warnings": [NoticeOut.of(one).model_dump() for one in row.warnings],
                "provenance": row.provenance,
                "partials_sha256": asked["sha256"],
            }
            for row, asked in zip([gathered.prediction, *gathered.others], requests["predictions"], strict=False)
        ],
        "potentials": requests["potentials"],
        "trust": None if gathered.trust is None else gathered.trust.model_dump(mode="json"),
    }


def _metadata(gathered: Gathered, contents: _Contents, made: Document, now: datetime) -> dict[str, Any]:
    """Return the contents of ro-crate-metadata.json."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.person import Person
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.name, crate.description = made.title, "Forecast of an inelastic neutron scattering experiment by Beamcast."
    crate.datePublished, crate.license = now, LICENCE
    files = {}
    for name, about in contents.about.items():
        kind = MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        files[name] = crate.add_file(dest_path=name, properties={"description": about, "encodingFormat": kind})
    software = {"@type": "SoftwareApplication", "name": "Beamcast", "version": VERSION, "softwareVersion": VERSION}
    beamcast = crate.add(ContextEntity(crate, "#beamcast", properties=software))
    row = gathered.prediction
    action = {"@type": "CreateAction", "name": f"Prediction {row.id}", "endTime": _iso(row.finished_at or now)}
    if row.started_at is not None:
        action["startTime"] = _iso(row.started_at)
    run = crate.add(ContextEntity(crate, f"#{uuid.UUID(str(row.id))}", properties=action))
    run["instrument"] = beamcast
    run["object"] = [file for name, file in files.items() if name.startswith(("inputs/", "requests"))]
    run["result"] = [file for name, file in files.items() if name.startswith(("predictions/", "spectra/", "report"))]
    crate.root_dataset["mentions"] = run
    crate.root_dataset["citation"] = made.references
    if made.proposer:
        crate.root_dataset["author"] = crate.add(Person(crate, "#proposer", properties={"name": made.proposer}))
    metadata: dict[str, Any] = crate.metadata.generate()
    return metadata


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
