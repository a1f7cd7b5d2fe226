"""Reading, storing, changing and deleting of measured data."""

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
from backend.datasets.conditions import Statements, energy_setting
from backend.datasets.data_file import Measured, read_measured, write_measured
from backend.datasets.run import RUN
from backend.datasets.schemas import DatasetPatch, PreviewForm
from backend.datasets.tables import Dataset
from backend.kit.db import database
from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.lost import check_stored, reading_stored
from backend.kit.files.read_cache import ReadCache
from backend.kit.files.storage import Received, base_name, move_folder, write_through
from backend.kit.http.errors import Conflict, FieldProblem, Unprocessable, not_found_at
from backend.kit.http.notices import NoticeOut
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.structures import service as structures
from scattering import instruments
from scattering.core.errors import FieldError, UnknownInstrument
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum

NOUN = "dataset"
ORIGINAL = "original"
FIRST_REVISION = 0
CACHE_BYTES = 128 * 1024**2
MAX_STATEMENTS_CHARACTERS = 32 * 1024
"""Length of the statements of the user, which are a part of the command line of the reader."""

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
"""Columns with the results of a reader, except the warnings."""
FIELDS_OF_NUMBERS = frozenset({"x_unit", "instrument", "settings", "fixed_energy_mev"})
"""Fields of a patch that the numbers depend on."""

_cache = ReadCache(CACHE_BYTES)


@dataclass(frozen=True)
class Reading:
    """Contents of a file.

    Attributes
    ----------
    format
        Name of the format.
    contents
        Facts about each spectrum or map.
    index
        Index of the selected one.
    measured
        Clean data of the selected one; None if the user must state something first.
    problems
        Facts that the user must state.
    """

    format: str
    contents: list[dict[str, Any]]
    index: int
    measured: Measured | None
    problems: list[FieldError]

    @property
    def selected(self) -> dict[str, Any]:
        """Facts about the selected spectrum or map."""
        return self.contents[self.index]

    @property
    def usable(self) -> Measured:
        """Clean data of the selected spectrum or map.

        Raises
        ------
        Unprocessable
            The user must state something first.
        """
        if self.measured is None:
            raise _refusal(self.problems)
        return self.measured


@dataclass(frozen=True)
class Reworked:
    """Recalculated numbers of a row at a revision."""

    revision: int
    reading: Reading


def read(
    settings: Settings, path: Path, *, file_name: str, fmt: str | None, spectrum: int, statements: Statements
) -> Reading:
    """Read an untrusted file in a confined process; see `parse.parse`.

    It takes a second or more. Call it before the first statement of a transaction, which would lock the database.

    Raises
    ------
    Unprocessable
        The file cannot be read, or the statements of the user about it are wrong.
    """
    if len(json.dumps(statements)) > MAX_STATEMENTS_CHARACTERS:
        raise Unprocessable.at("settings", Notice("long_settings", {"max_characters": MAX_STATEMENTS_CHARACTERS}))
    request = parse.Request(file_name=base_name(file_name, ""), format=fmt, spectrum=spectrum, statements=statements)
    arguments = ["--request", json.dumps(request), "--cpu-s", str(settings.parse_timeout_s)]
    try:
        answer = confined.run("backend.datasets.parse", arguments, path, timeout_s=settings.parse_timeout_s)
    except confined.Exceeded as error:
        raise Unprocessable.at("file", Notice("data_not_read", {"reason": str(error)})) from error
    result = json.loads(answer)
    if "errors" in result:
        raise _refusal(result["errors"])
    measured = None if result["measured"] is None else parse.decode(result["measured"])
    return Reading(result["format"], result["contents"], spectrum, measured, result["problems"])


def read_upload(settings: Settings, file: Received, form: PreviewForm) -> Reading:
    """Read an uploaded file with the statements of the form."""
    name = form.file.filename or ""
    return read(
        settings, file.path, file_name=name, fmt=form.format, spectrum=form.spectrum, statements=form.statements
    )


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
    return {"warnings": wording.messages(notices), "notices": bodies, "suggestions": _suggestions(content)}


def _suggestions(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the suggestions about a spectrum or map, with their reasons as sentences."""
    return [
        {"field": one["field"], "value": one["value"], **NoticeOut.of(Notice.from_json(one["reason"])).model_dump()}
        for one in content["suggestions"]
    ]


def _columns(reading: Reading) -> dict[str, Any]:
    """Return the values of the columns that hold what a reader found."""
    selected = reading.selected
    return {
        **{name: selected[name] for name in FROM_READING},
        "warnings": parsed_notices.from_json(selected["notices"]),
    }


@dataclass(frozen=True)
class Staged:
    """A folder with the files of a new dataset, and what they hold."""

    folder: Path
    sha256: str
    reading: Reading


def stage(folder: Path, reading: Reading, file: Received) -> Staged:
    """Write the files of a new dataset to a new folder, before the transaction that stores its row.

    Raises
    ------
    Unprocessable
        A fact about the data is missing.
    """
    numbers = reading.usable
    folder.mkdir()
    shutil.copyfile(file.path, folder / ORIGINAL)
    write_through(folder / ORIGINAL)
    write_measured(folder / _data_name(FIRST_REVISION), numbers)
    return Staged(folder, file.sha256, reading)


def add(scope: Scope, staged: Staged, form: PreviewForm) -> Dataset:
    """Store a dataset whose files are written.

    Raises
    ------
    Unprocessable
        The structure does not exist.
    """
    reading = staged.reading
    _check_structure(scope, form.structure_id)
    row = Dataset(
        name=_name(form, reading),
        format=reading.format,
        filename=_file_name(form),
        sha256=staged.sha256,
        spectrum=reading.index,
        revision=FIRST_REVISION,
        isotopes=form.isotopes or {},
        structure_id=form.structure_id,
        **_columns(reading),
    )
    move_folder(scope.session, staged.folder, scope.settings.dataset_dir(row.id))
    return scope.add(row)


def get(scope: Scope, dataset_id: uuid.UUID) -> Dataset:
    """Return the dataset with this id."""
    return scope.get(Dataset, dataset_id, NOUN)


def page(scope: Scope, structure_id: uuid.UUID | None, paging: Paging) -> tuple[list[Dataset], int]:
    """Return one page of the datasets in the lists, of one structure or of all, newest first, and their number."""
    statement = scope.select(Dataset).where(col(Dataset.hidden_at).is_(None))
    if structure_id is not None:
        statement = statement.where(col(Dataset.structure_id) == structure_id)
    return scope.page(statement, Dataset, paging)


def measured(scope: Scope, row: Dataset) -> Measured:
    """Return the numbers of a dataset. The arrays are shared and read-only.

    Raises
    ------
    Conflict
        The dataset was changed after the row was read.
    Gone
        The file with the numbers is missing or damaged.
    """
    path = _data_path(scope.settings, row)
    with reading_stored(lost_dataset(row.id)):
        try:
            return _cache.read(path, read_measured)
        except FileNotFoundError as error:
            if any(path.parent.glob(_data_name("*"))):
                raise Conflict(Notice("dataset_being_changed", {"name": row.name})) from error
            raise


def lost_dataset(dataset_id: uuid.UUID) -> Notice:
    """Return the notice that a file of a dataset is lost."""
    return Notice("dataset_file_lost", {"id": str(dataset_id)})


def original(scope: Scope, row: Dataset) -> Path:
    """Return the path of the uploaded file."""
    return scope.settings.dataset_dir(row.id) / ORIGINAL


def about(row: Dataset) -> dict[str, Any]:
    """Return the facts that accompany the numbers in every file."""
    fields = {"instrument", "settings", "fixed_energy_mev", *RUN, "isotopes", "y_unit", "filename", "sha256"}
    known = {name: value for name, value in row.model_dump(mode="json", include=fields).items() if value}
    return {"title": row.name, "dataset": str(row.id), **known}


def rework(settings: Settings, owner: str, dataset_id: uuid.UUID, patch: DatasetPatch) -> Reworked | None:
    """Calculate the numbers again from the uploaded file, if a patch changes what they depend on.

    The calculation takes a second or more. The row is therefore read in a transaction of its own, which ends before.

    Raises
    ------
    NotFound
        The dataset does not exist.
    Unprocessable
        The numbers cannot be calculated; nothing was changed.
    """
    with database.transaction(settings, reading=True) as session:
        row = Scope(session, owner).get_own(Dataset, dataset_id, NOUN)
    if not patch.model_fields_set & FIELDS_OF_NUMBERS:
        return None
    path = settings.dataset_dir(row.id) / ORIGINAL
    check_stored(path, lost_dataset(row.id))
    statements = _statements_after(row, patch)
    reading = read(settings, path, file_name=row.filename, fmt=row.format, spectrum=row.spectrum, statements=statements)
    return Reworked(row.revision, reading)


def change(scope: Scope, dataset_id: uuid.UUID, patch: DatasetPatch, reworked: Reworked | None) -> Dataset:
    """Change the facts about a dataset, and its recalculated numbers.

    Raises
    ------
    Conflict
        Another request has changed the numbers meanwhile.
    Unprocessable
        The structure does not exist, or the numbers cannot be calculated; nothing was changed.
    """
    numbers = None if reworked is None else reworked.reading.usable
    row = scope.get_own(Dataset, dataset_id, NOUN, lock=True)
    changes = patch.model_dump(exclude_unset=True, exclude=set(FIELDS_OF_NUMBERS))
    if "structure_id" in changes:
        _check_structure(scope, patch.structure_id)
    if "isotopes" in changes:
        changes["isotopes"] = patch.isotopes or {}
    if reworked is not None and numbers is not None:
        if row.revision != reworked.revision:
            raise Conflict(Notice("dataset_changed", {"name": row.name}))
        # The fields of the patch take precedence over the results of the reader
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


def _data_path(settings: Settings, row: Dataset) -> Path:
    # Each revision has its own file, so that the commit of the row replaces the file
    return settings.dataset_dir(row.id) / _data_name(row.revision)


def _data_name(revision: int | str) -> str:
    return f"data-{revision}.h5"


def _statements_after(row: Dataset, patch: DatasetPatch) -> Statements:
    """Return the statements about a row after a patch. Only a missing unit is taken from the file."""
    changed = patch.model_fields_set
    statements = Statements(
        instrument=row.instrument,
        settings=row.settings,
        fixed_energy_mev=row.fixed_energy_mev,
        run={name: getattr(row, name) for name in RUN},
    )
    unit = patch.x_unit if "x_unit" in changed else row.x_unit
    if unit is not None:
        statements["x_unit"] = unit  # type: ignore[typeddict-item]
    if "instrument" in changed:
        statements["instrument"] = patch.instrument
        if "settings" not in changed and not _is_same(patch.instrument, row.instrument):
            statements["settings"] = {}
    if "settings" in changed:
        statements["settings"] = patch.settings or {}
    if "fixed_energy_mev" in changed:
        statements["fixed_energy_mev"] = patch.fixed_energy_mev
    # The fixed energy is also a setting: if a patch changes one of the two, the other follows
    setting = _energy_setting(statements["instrument"])
    if setting is not None and "fixed_energy_mev" in changed and "settings" not in changed:
        statements["settings"] = {name: value for name, value in statements["settings"].items() if name != setting}
    elif setting in statements["settings"] and "settings" in changed and "fixed_energy_mev" not in changed:
        statements["fixed_energy_mev"] = None
    return statements


def _energy_setting(instrument: str | None) -> str | None:
    try:
        return None if instrument is None else energy_setting(instruments.get(instrument))
    except UnknownInstrument:
        # The reader refuses it
        return None


def _is_same(one: str | None, other: str | None) -> bool:
    return (one or "").lower() == (other or "").lower()


def _check_structure(scope: Scope, structure_id: uuid.UUID | None) -> None:
    if structure_id is None:
        return
    with not_found_at("structure_id"):
        structures.get(scope, structure_id)


def _refusal(problems: list[FieldError]) -> Unprocessable:
    return Unprocessable.of_fields(problems)


def _file_name(form: PreviewForm) -> str:
    return base_name(form.file.filename or "", "dataset")


def _name(form: PreviewForm, reading: Reading) -> str:
    """Return the name from the user, otherwise the title of the spectrum in the file, otherwise the file name."""
    stem = _file_name(form).rsplit(".", 1)[0] or "dataset"
    number = f" #{reading.index + 1}" if len(reading.contents) > 1 else ""
    return (form.name or reading.selected["title"] or f"{stem}{number}")[:200]
