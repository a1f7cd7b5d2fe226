"""Reading, storing, listing and deleting of structures."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from backend.kit.db.columns import utc_now
from backend.kit.db.dependents import delete_dependents, has_dependents, has_listed_dependents
from backend.kit.db.keeping import InProposals, find_keepers, is_to_stay
from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.lost import reading_stored
from backend.kit.files.storage import base_name, delete_folder, new_folder, replace_file
from backend.kit.files.unreadable import Unreadable
from backend.kit.http.errors import Conflict, NotFound, TooLarge, Unprocessable
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.potentials import catalogue
from backend.structures import examples, parse, writing
from backend.structures.formats import FORMATS, Format, format_of, other_kind_of
from backend.structures.geometry import StructureData
from backend.structures.search import match_structure
from backend.structures.tables import Structure
from scattering.core.notices import Notice

NOUN = "structure"
CANONICAL = "structure.json"
ORIGINAL = "original"
DISORDERED = "disordered"
PARSER = "backend.structures.parse"
GENERIC_NAME = re.compile(r"(poscar|contcar|geometry|structure|upload|download|blob)?", re.IGNORECASE)


@dataclass(frozen=True)
class DisorderedFile:
    """The uploaded file of which an ordered cell was chosen."""

    content: bytes
    file_name: str

    @property
    def facts(self) -> dict[str, str]:
        """What the row of the structure says of it."""
        sha256 = hashlib.sha256(self.content).hexdigest()
        return {"filename": base_name(self.file_name, "structure"), "sha256": sha256}


def choose_format(file_name: str, requested: str | None) -> Format:
    """Return the format of a file: the requested one, or else the one of its name.

    Raises
    ------
    Unprocessable
        The format is unknown.
    """
    if requested:
        if requested in FORMATS:
            return FORMATS[requested]
        unknown = Notice("unknown_structure_format", {"found": requested[:40], "known": list(FORMATS)})
        raise Unprocessable.at("format", unknown)
    fmt = format_of(file_name)
    if fmt is None:
        known = [f"{fmt.title} ({fmt.name})" for fmt in FORMATS.values()]
        if kind := other_kind_of(file_name):
            raise Unprocessable.at("file", Notice("other_structure_format", {"kind": kind, "known": known}))
        unclear = Notice("structure_format_not_stated", {"file_name": file_name[:80], "known": known})
        raise Unprocessable.at("file", unclear)
    return fmt


def warm_up() -> None:
    """Have a process ready to read the first file."""
    confined.warm_up(PARSER)


def read(settings: Settings, content: bytes, fmt: Format) -> dict[str, Any]:
    """Read an untrusted file in a confined process; see `parse.parse`.

    Call it before the first statement of the transaction: it may take a second, and the statement locks the database.

    Raises
    ------
    TooLarge
        There are too many atoms.
    Unprocessable
        The file contains no usable structure.
    """
    return ask_parser(settings, PARSER, ["--format", fmt.name], content, fmt)


def ask_parser(
    settings: Settings, module: str, arguments: Sequence[str], content: bytes, fmt: Format
) -> dict[str, Any]:
    """Have a module read an untrusted file in a confined process, with the limits of this server.

    Raises
    ------
    TooLarge
        There are too many atoms.
    Unprocessable
        The file is refused; the notice is the module's `error`.
    """
    limits = ["--max-atoms", str(settings.max_atoms), "--cpu-s", str(settings.parse_timeout_s)]
    try:
        answer = confined.run(module, [*arguments, *limits], content, timeout_s=settings.parse_timeout_s)
    except confined.Exceeded as error:
        raise Unprocessable.at(
            "file", Notice("structure_not_read", {"format": fmt.title, "reason": str(error)})
        ) from error
    result: dict[str, Any] = json.loads(answer)
    if "error" in result:
        notice = Notice.from_json(result["error"])
        problem = TooLarge if notice.code == "too_many_atoms" else Unprocessable
        raise problem.at("file", notice)
    return result


def read_example(settings: Settings, name: str) -> tuple[examples.Example, dict[str, Any]]:
    """Read a built-in structure. Its file is our own and needs no confinement.

    Raises
    ------
    NotFound
        No example has this name.
    """
    example = examples.catalogue().get(name)
    if example is None:
        raise NotFound(Notice("unknown_example", {"name": name[:40], "known": list(examples.catalogue())}))
    try:
        return example, parse.parse(example.content, "cif", settings.max_atoms)
    except Unreadable as error:
        raise Unprocessable(error.notice) from error


def add(
    scope: Scope,
    contents: dict[str, Any],
    *,
    content: bytes,
    fmt: str,
    file_name: str,
    name: str | None,
    example: str | None = None,
    disordered: DisorderedFile | None = None,
) -> Structure:
    """Store the result of `read` together with the file, and the disordered file that it is an ordered cell of."""
    description = contents["description"]
    cell = contents["cell"]
    row = Structure(
        name=_name(name, file_name, contents["title"], description["formula"]),
        formula=description["formula"],
        formula_cell=description["formula_cell"],
        elements=contents["elements"],
        n_atoms=len(contents["structure"]["numbers"]),
        lengths_angstrom=cell["lengths_angstrom"],
        angles_deg=cell["angles_deg"],
        volume_angstrom3=cell["volume_angstrom3"],
        density_g_cm3=description["density"],
        isotopes=contents["isotopes"],
        space_group=description["space_group"],
        space_group_number=description["space_group_number"],
        temperature_k=contents["temperature_k"],
        warnings=parsed_notices.from_json(description["notices"]) + catalogue.notices_for(contents["elements"]),
        format=fmt,
        filename=base_name(file_name, "structure"),
        sha256=hashlib.sha256(content).hexdigest(),
        example=example,
        ordered_from=None if disordered is None else disordered.facts,
    )
    folder = new_folder(scope.session, scope.settings.structure_dir(row.id))
    with replace_file(folder / ORIGINAL) as path:
        path.write_bytes(content)
    if disordered is not None:
        with replace_file(folder / DISORDERED) as path:
            path.write_bytes(disordered.content)
    with replace_file(folder / CANONICAL) as path:
        path.write_text(json.dumps(contents["structure"]))
    return scope.add(row)


def add_example(scope: Scope, example: examples.Example, contents: dict[str, Any]) -> Structure:
    """Store a built-in structure that `read_example` has read."""
    name = example.name
    return add(
        scope,
        contents,
        content=example.content,
        fmt="cif",
        file_name=f"{name}.cif",
        name=example.title,
        example=name,
    )


def get(scope: Scope, structure_id: uuid.UUID) -> Structure:
    """Return the structure with this id."""
    return scope.get(Structure, structure_id, NOUN)


def page(scope: Scope, paging: Paging, search: str = "") -> tuple[list[Structure], int]:
    """Return one page of the structures in the lists that match a search, newest first, and the number of them all."""
    statement = scope.select(Structure).where(col(Structure.hidden_at).is_(None), match_structure(search))
    return scope.page(statement, Structure, paging)


def delete(
    scope: Scope, structure_id: uuid.UUID, *, with_predictions: bool, in_proposals: InProposals | None = None
) -> None:
    """Delete a structure and its files, with its predictions or only if it has none in the lists.

    Raises
    ------
    Conflict
        It has predictions in the lists, and `with_predictions` is false; or proposals use it or a prediction of it, and
        `in_proposals` does not say what becomes of it there.
    """
    row = scope.get_own(Structure, structure_id, NOUN, lock=True)
    if not with_predictions and has_listed_dependents(scope, row):
        raise Conflict(Notice("structure_has_predictions", {"name": row.name}))
    stays = is_to_stay(scope, row, NOUN, in_proposals)
    delete_dependents(scope, row, in_proposals)
    if stays:
        row.hidden_at = row.hidden_at or utc_now()
        scope.add(row)
    else:
        _delete(scope, row)


def delete_if_unused(scope: Scope, structure_id: uuid.UUID) -> None:
    """Delete a hidden structure that no proposal uses and that has no predictions."""
    row = scope.get(Structure, structure_id, NOUN)
    # A structure in the lists is not locked: whoever deletes it may wait for the caller's rows
    if row.hidden_at is None:
        return
    row = scope.get(Structure, structure_id, NOUN, lock=True)
    if not find_keepers(scope, Structure, row.id) and not has_dependents(scope, row):
        _delete(scope, row)


def _delete(scope: Scope, row: Structure) -> None:
    structure_id, name = row.id, row.name
    scope.session.delete(row)
    try:
        scope.session.flush()
    except IntegrityError as error:
        # Predictions of another owner
        raise Conflict(Notice("structure_has_predictions", {"name": name})) from error
    delete_folder(scope.session, scope.settings.structure_dir(structure_id))


def load_structure(settings: Settings, structure_id: uuid.UUID) -> StructureData:
    """Read the atoms of a stored structure.

    Raises
    ------
    Gone
        Their file is missing or damaged.
    """
    with reading_stored(lost_structure(structure_id)):
        return StructureData.from_json((settings.structure_dir(structure_id) / CANONICAL).read_bytes())


def lost_structure(structure_id: uuid.UUID) -> Notice:
    """Return the notice that a file of a structure is lost."""
    return Notice("structure_file_lost", {"id": str(structure_id)})


def as_file(settings: Settings, row: Structure, fmt: str) -> tuple[str, bytes]:
    """Return file name and content of a structure in a format of `writing`, or of a stored file.

    Stored are the file that was read ('original') and, for an ordered cell, the uploaded file ('disordered').

    Raises
    ------
    NotFound
        The structure is no ordered cell of a disordered file.
    Gone
        The stored file is missing.
    """
    stored = {ORIGINAL: row.filename, DISORDERED: row.ordered_from["filename"] if row.ordered_from else None}
    if fmt in stored:
        name = stored[fmt]
        if name is None:
            raise NotFound(Notice("no_disordered_file", {"name": row.name}))
        with reading_stored(lost_structure(row.id)):
            return name, (settings.structure_dir(row.id) / fmt).read_bytes()
    ending, write = writing.WRITERS[fmt]
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", row.name).strip("._")[:80] or "structure"
    return stem + ending, write(load_structure(settings, row.id), row.name).encode()


def _name(requested: str | None, file_name: str, title: str, formula: str) -> str:
    """Return the first non-empty of: requested name, title in the file, name of the file, formula."""
    stem = base_name(file_name, "structure").rsplit(".", 1)[0]
    candidates = [requested or "", title, "" if GENERIC_NAME.fullmatch(stem) else stem, formula]
    printable = ("".join(char for char in " ".join(text.split()) if char.isprintable()) for text in candidates)
    return next(filter(None, printable), "structure")[:200]
