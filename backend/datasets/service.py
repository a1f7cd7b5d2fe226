"""What can be done with measured data."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlmodel import col

from backend import wording
from backend.datasets import downloads, parse
from backend.datasets.conditions import Said, energy_setting
from backend.datasets.data_file import Measured, read_measured, write_measured
from backend.datasets.run import RUN
from backend.datasets.schemas import DatasetPatch, PreviewForm
from backend.datasets.tables import Dataset
from backend.kit.db import database
from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.read_cache import ReadCache
from backend.kit.files.storage import Received, base_name, delete_folder, new_folder, replace_file
from backend.kit.http.errors import Conflict, FieldProblem, NotFound, Unprocessable
from backend.kit.http.notices import NoticeOut
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.structures import service as structures
from scattering import instruments
from scattering.core.errors import FieldError, UnknownInstrument
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum

ORIGINAL = "original"
CACHE_BYTES = 128 * 1024**2
MAX_SAID = 32 * 1024
"""Characters of what the user says; it goes to the reader on its command line."""

FROM_READING = (
    "kind",
    "x_unit",
    "y_unit",
    "title",
    "n_points",
    "energy_range_mev",
    "q_range_inv_angstrom",
    "has_errors",
    "instrument",
    "settings",
    "fixed_energy_mev",
    *RUN,
)
"""Columns that hold what a reader found, besides the warnings."""
WORKED_OUT_FROM = frozenset({"x_unit", "instrument", "settings", "fixed_energy_mev"})
"""Fields of a patch on which the numbers rest."""

_lately = ReadCache(CACHE_BYTES)


@dataclass(frozen=True)
class Reading:
    """What a file was found to hold.

    Attributes
    ----------
    format
        Its format's name.
    contents
        Each spectrum or map in words.
    index
        Which was asked for.
    measured
        It, clean; None where something must be said first.
    problems
        What must be.
    """

    format: str
    contents: list[dict[str, Any]]
    index: int
    measured: Measured | None
    problems: list[FieldError]

    @property
    def selected(self) -> dict[str, Any]:
        """The one asked for, in words."""
        return self.contents[self.index]

    @property
    def usable(self) -> Measured:
        """The one asked for.

        Raises
        ------
        Unprocessable
            Something must be said first.
        """
        if self.measured is None:
            raise _refusal(self.problems)
        return self.measured


@dataclass(frozen=True)
class Reworked:
    """Numbers that were worked out anew, of a row as it was at that revision."""

    revision: int
    reading: Reading


def read(settings: Settings, path: Path, *, file_name: str, fmt: str | None, spectrum: int, said: Said) -> Reading:
    """Read an untrusted file in a confined process; see `parse.parse`.

    It takes a second or more. Call it before the first statement of a transaction, which would lock the database.

    Raises
    ------
    Unprocessable
        The file cannot be read, or the statements of the user about it are wrong.
    """
    if len(json.dumps(said)) > MAX_SAID:
        raise Unprocessable.at("settings", Notice("long_settings", {"max_characters": MAX_SAID}))
    request = parse.Request(file_name=base_name(file_name, ""), format=fmt, spectrum=spectrum, said=said)
    arguments = ["--request", json.dumps(request), "--cpu-s", str(settings.parse_timeout_s)]
    try:
        answer = confined.run("backend.datasets.parse", arguments, path, timeout_s=settings.parse_timeout_s)
    except confined.Exceeded as error:
        raise Unprocessable.at("file", Notice("data_not_read", {"reason": str(error)})) from error
    result = json.loads(answer)
    if "errors" in result:
        raise _refusal(result["errors"])
    measured = None if result["measured"] is None else parse.decoded(result["measured"])
    return Reading(result["format"], result["contents"], spectrum, measured, result["problems"])


def read_upload(settings: Settings, file: Received, form: PreviewForm) -> Reading:
    """What an uploaded file holds, with what the form says of it."""
    name = form.file.filename or ""
    return read(settings, file.path, file_name=name, fmt=form.format, spectrum=form.spectrum, said=form.said)


def as_preview(reading: Reading, form: PreviewForm) -> bytes:
    """Return the body that `PreviewOut` describes, made of the arrays directly."""
    nothing: dict[str, Any] = {"problems": [], "curve": None, "map": None}
    contents = [{**content, **_notices(content), **nothing} for content in reading.contents]
    selected = contents[reading.index]
    selected["problems"] = [FieldProblem.of(problem).model_dump() for problem in reading.problems]
    if isinstance(reading.measured, MeasuredSpectrum):
        selected["curve"] = downloads.thinned_curve(reading.measured)
    elif reading.measured is not None:
        selected["map"] = downloads.thinned_map(reading.measured)
    body = {"format": reading.format, "title": _name(form, reading), "contents": contents}
    return to_json(body, inf_nan_mode="null")


def _notices(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notices of a spectrum or map as sentences and with their codes."""
    notices = parsed_notices.from_json(content["notices"])
    bodies = [notice.model_dump() for notice in NoticeOut.of_all(notices)]
    return {"warnings": wording.messages(notices), "notices": bodies}


def _columns(reading: Reading) -> dict[str, Any]:
    """Return the values of the columns that hold what a reader found."""
    selected = reading.selected
    return {
        **{name: selected[name] for name in FROM_READING},
        "warnings": parsed_notices.from_json(selected["notices"]),
    }


def add(scope: Scope, reading: Reading, file: Received, form: PreviewForm) -> Dataset:
    """Store what `read` found, with the file that it was found in.

    Raises
    ------
    Unprocessable
        There is no such structure.
    """
    numbers = reading.usable
    _check_structure(scope, form.structure_id)
    row = Dataset(
        name=_name(form, reading),
        format=reading.format,
        filename=_file_name(form),
        sha256=file.sha256,
        spectrum=reading.index,
        isotopes=form.isotopes or {},
        structure_id=form.structure_id,
        **_columns(reading),
    )
    folder = new_folder(scope.session, scope.settings.dataset_dir(row.id))
    with replace_file(folder / ORIGINAL) as path:
        shutil.copyfile(file.path, path)
    write_measured(_data_path(scope.settings, row), numbers)
    return scope.add(row)


def get(scope: Scope, dataset_id: uuid.UUID) -> Dataset:
    """The dataset with this id."""
    return scope.get(Dataset, dataset_id, "dataset")


def page(scope: Scope, structure_id: uuid.UUID | None, paging: Paging) -> tuple[list[Dataset], int]:
    """One page of the datasets of one structure or of all, newest first, and how many there are."""
    statement = scope.select(Dataset)
    if structure_id is not None:
        statement = statement.where(col(Dataset.structure_id) == structure_id)
    return scope.page(statement, Dataset, paging)


def measured(scope: Scope, row: Dataset) -> Measured:
    """The numbers of a dataset; the arrays cannot be written to, because many share them.

    Raises
    ------
    Conflict
        It was changed or deleted since the row was read.
    """
    try:
        return _lately.read(_data_path(scope.settings, row), read_measured)
    except FileNotFoundError as error:
        raise Conflict(Notice("dataset_being_changed", {"name": row.name})) from error


def original(scope: Scope, row: Dataset) -> Path:
    """The file as it was uploaded."""
    return scope.settings.dataset_dir(row.id) / ORIGINAL


def about(row: Dataset) -> dict[str, Any]:
    """What goes with the numbers wherever they go."""
    fields = {"instrument", "settings", "fixed_energy_mev", *RUN, "isotopes", "y_unit", "filename", "sha256"}
    known = {name: value for name, value in row.model_dump(mode="json", include=fields).items() if value}
    return {"title": row.name, "dataset": str(row.id), **known}


def rework(settings: Settings, owner: str, dataset_id: uuid.UUID, patch: DatasetPatch) -> Reworked | None:
    """Work the numbers out anew from the original file, if they rest on what is to change.

    Takes a second and more, so it has a transaction of its own to look at the row, over before the work begins.

    Raises
    ------
    NotFound
        There is no such dataset.
    Unprocessable
        They cannot be worked out so; nothing was changed.
    """
    with database.transaction(settings, reading=True) as session:
        row = Scope(session, owner).get_own(Dataset, dataset_id, "dataset")
    if not patch.model_fields_set & WORKED_OUT_FROM:
        return None
    path = settings.dataset_dir(row.id) / ORIGINAL
    said = _said(row, patch)
    reading = read(settings, path, file_name=row.filename, fmt=row.format, spectrum=row.spectrum, said=said)
    return Reworked(row.revision, reading)


def change(scope: Scope, dataset_id: uuid.UUID, patch: DatasetPatch, reworked: Reworked | None) -> Dataset:
    """Change what is known of a dataset, and its numbers where they were worked out anew.

    Raises
    ------
    Conflict
        Somebody else has had the numbers worked out anew meanwhile.
    Unprocessable
        There is no such structure, or the numbers cannot be worked out so; nothing was changed.
    """
    numbers = None if reworked is None else reworked.reading.usable
    row = scope.get_own(Dataset, dataset_id, "dataset", lock=True)
    changes = patch.model_dump(exclude_unset=True, exclude=set(WORKED_OUT_FROM))
    if "structure_id" in changes:
        _check_structure(scope, patch.structure_id)
    if "isotopes" in changes:
        changes["isotopes"] = patch.isotopes or {}
    if reworked is not None and numbers is not None:
        if row.revision != reworked.revision:
            raise Conflict(Notice("dataset_changed", {"name": row.name}))
        # What was found with the row's own, but for what this patch changes besides
        changes = _columns(reworked.reading) | changes
        before = _data_path(scope.settings, row)
        row.revision += 1
        after = _data_path(scope.settings, row)
        database.on_rollback(scope.session, partial(after.unlink, missing_ok=True))
        write_measured(after, numbers)
        database.on_commit(scope.session, partial(before.unlink, missing_ok=True))
    for name, value in changes.items():
        setattr(row, name, value)
    return scope.add(row)


def delete(scope: Scope, dataset_id: uuid.UUID) -> None:
    """Delete a dataset and its files."""
    scope.session.delete(scope.get_own(Dataset, dataset_id, "dataset", lock=True))
    scope.session.flush()
    delete_folder(scope.session, scope.settings.dataset_dir(dataset_id))


def _data_path(settings: Settings, row: Dataset) -> Path:
    # A file for each revision: the commit of the row is what puts another in its place.
    return settings.dataset_dir(row.id) / f"data-{row.revision}.h5"


def _said(row: Dataset, patch: DatasetPatch) -> Said:
    """What holds for a row after a patch, with nothing left to the file but the unit."""
    changed = patch.model_fields_set
    said = Said(
        instrument=row.instrument,
        settings=row.settings,
        fixed_energy_mev=row.fixed_energy_mev,
        run={name: getattr(row, name) for name in RUN},
    )
    unit = patch.x_unit if "x_unit" in changed else row.x_unit
    if unit is not None:
        said["x_unit"] = unit  # type: ignore[typeddict-item]
    if "instrument" in changed:
        said["instrument"] = patch.instrument
        if "settings" not in changed and not _same(patch.instrument, row.instrument):
            said["settings"] = {}
    if "settings" in changed:
        said["settings"] = patch.settings or {}
    if "fixed_energy_mev" in changed:
        said["fixed_energy_mev"] = patch.fixed_energy_mev
    # The fixed energy and its setting are one: of the two, what was not changed follows.
    setting = _energy_setting(said["instrument"])
    if setting is not None and "fixed_energy_mev" in changed and "settings" not in changed:
        said["settings"] = {name: value for name, value in said["settings"].items() if name != setting}
    elif setting in said["settings"] and "settings" in changed and "fixed_energy_mev" not in changed:
        said["fixed_energy_mev"] = None
    return said


def _energy_setting(instrument: str | None) -> str | None:
    try:
        return None if instrument is None else energy_setting(instruments.get(instrument))
    except UnknownInstrument:
        # The reader says so, with the field's name.
        return None


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").lower() == (other or "").lower()


def _check_structure(scope: Scope, structure_id: uuid.UUID | None) -> None:
    if structure_id is None:
        return
    try:
        structures.get(scope, structure_id)
    except NotFound as error:
        raise Unprocessable.at("structure_id", error.notice) from error


def _refusal(problems: list[FieldError]) -> Unprocessable:
    return Unprocessable.of_fields(problems)


def _file_name(form: PreviewForm) -> str:
    return base_name(form.file.filename or "", "dataset")


def _name(form: PreviewForm, reading: Reading) -> str:
    """Return the name from the user, otherwise the title of the spectrum in the file, otherwise the file name."""
    stem = _file_name(form).rsplit(".", 1)[0] or "dataset"
    number = f" #{reading.index + 1}" if len(reading.contents) > 1 else ""
    return (form.name or reading.selected["title"] or f"{stem}{number}")[:200]
