"""What can be done with structures."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import Any

from sqlalchemy.exc import IntegrityError

from backend.kit.db.dependents import delete_dependents
from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.storage import base_name, delete_folder, new_folder, replace_file
from backend.kit.files.unreadable import Unreadable
from backend.kit.http.errors import Conflict, NotFound, TooLarge, Unprocessable
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.potentials import catalogue
from backend.structures import examples, parse, writing
from backend.structures.formats import FORMATS, Format, format_of
from backend.structures.geometry import StructureData
from backend.structures.tables import Structure
from scattering.core.notices import Notice

CANONICAL = "structure.json"
ORIGINAL = "original"
PARSER = "backend.structures.parse"
GENERIC_NAME = re.compile(r"(poscar|contcar|geometry|structure|upload|download|blob)?", re.IGNORECASE)


def choose_format(file_name: str, asked: str | None) -> Format:
    """The format to read a file with: the one asked for, or the one its name stands for.

    Raises
    ------
    Unprocessable
        Neither says one that is read.
    """
    if asked:
        if asked in FORMATS:
            return FORMATS[asked]
        message = f"'{asked[:40]}' is not a format that is read; choose one of {', '.join(FORMATS)}."
        raise Unprocessable(message, [{"loc": "format", "msg": message}])
    found = format_of(file_name)
    if found is None:
        titles = ", ".join(f"{fmt.title} ({fmt.name})" for fmt in FORMATS.values())
        message = f"The name '{file_name[:80]}' does not tell the format. Say it in `format`; these are read: {titles}."
        raise Unprocessable(message, [{"loc": "file", "msg": message}])
    return found


def warm_up() -> None:
    """Have a process ready to read the first file."""
    confined.warm_up(PARSER)


def read(settings: Settings, content: bytes, fmt: Format) -> dict[str, Any]:
    """What an untrusted file holds, found out by a confined process; see `parse.parse`.

    Takes about a second, so it is done before the transaction's first statement, which would lock the database.

    Raises
    ------
    TooLarge
        There are too many atoms.
    Unprocessable
        It is not a structure that can be used.
    """
    arguments = ["--format", fmt.name, "--max-atoms", str(settings.max_atoms), "--cpu-s", str(settings.parse_timeout_s)]
    try:
        answer = confined.run(PARSER, arguments, content, timeout_s=settings.parse_timeout_s)
    except confined.Exceeded as error:
        message = f"The file could not be read as {fmt.title}: {error}."
        raise Unprocessable(message, [{"loc": "file", "msg": message}]) from error
    result: dict[str, Any] = json.loads(answer)
    if "error" in result:
        notice = Notice.from_json(result["error"])
        problem = TooLarge if notice.code == "too_many_atoms" else Unprocessable
        raise problem.at("file", notice)
    return result


def read_example(settings: Settings, name: str) -> tuple[examples.Example, dict[str, Any]]:
    """A built-in structure; its file is the project's own and needs no confinement.

    Raises
    ------
    NotFound
        There is none of this name.
    """
    example = examples.catalogue().get(name)
    if example is None:
        raise NotFound(f"There is no example '{name[:40]}'; there are {', '.join(examples.catalogue())}.")
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
) -> Structure:
    """Store what `read` found, with the file that it was found in."""
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
        space_group=description["space_group"],
        space_group_number=description["space_group_number"],
        temperature_k=contents["temperature_k"],
        warnings=parsed_notices.from_json(description["notices"]) + catalogue.notices_for(contents["elements"]),
        format=fmt,
        filename=base_name(file_name, "structure"),
        sha256=hashlib.sha256(content).hexdigest(),
        example=example,
    )
    folder = new_folder(scope.session, scope.settings.structure_dir(row.id))
    with replace_file(folder / ORIGINAL) as path:
        path.write_bytes(content)
    with replace_file(folder / CANONICAL) as path:
        path.write_text(json.dumps(contents["structure"]))
    return scope.add(row)


def get(scope: Scope, structure_id: uuid.UUID) -> Structure:
    """The structure with this id."""
    return scope.get(Structure, structure_id, "structure")


def page(scope: Scope, paging: Paging) -> tuple[list[Structure], int]:
    """One page of the structures, newest first, and how many there are."""
    return scope.page(scope.select(Structure), Structure, paging)


def delete(scope: Scope, structure_id: uuid.UUID, *, with_predictions: bool) -> None:
    """Delete a structure and its files, with its predictions or only if it has none.

    Raises
    ------
    Conflict
        It has predictions, which are not to be deleted with it.
    """
    row = scope.get_own(Structure, structure_id, "structure")
    name = row.name
    if with_predictions:
        delete_dependents(scope, row)
    scope.session.delete(row)
    try:
        scope.session.flush()
    except IntegrityError as error:
        raise Conflict(
            f"Predictions were made for '{name}'; delete them first, or with it (`with_predictions`)."
        ) from error
    delete_folder(scope.session, scope.settings.structure_dir(structure_id))


def load_structure(settings: Settings, structure_id: uuid.UUID) -> StructureData:
    """The atoms of a stored structure."""
    return StructureData.from_json((settings.structure_dir(structure_id) / CANONICAL).read_bytes())


def as_file(settings: Settings, row: Structure, fmt: str) -> tuple[str, bytes]:
    """File name and content of a structure in one of the written formats, or as it was uploaded ('original')."""
    if fmt == "original":
        return row.filename, (settings.structure_dir(row.id) / ORIGINAL).read_bytes()
    ending, write = writing.WRITERS[fmt]
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", row.name).strip("._")[:80] or "structure"
    return stem + ending, write(load_structure(settings, row.id), row.name).encode()


def _name(asked: str | None, file_name: str, title: str, formula: str) -> str:
    """What the user says, else what the file says of itself, else its file name."""
    stem = base_name(file_name, "structure").rsplit(".", 1)[0]
    candidates = [asked or "", title, "" if GENERIC_NAME.fullmatch(stem) else stem, formula]
    printable = ("".join(char for char in " ".join(text.split()) if char.isprintable()) for text in candidates)
    return next(filter(None, printable), "structure")[:200]
