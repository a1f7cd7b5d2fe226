"""Ordered cells of an uploaded CIF with partly occupied sites: the list of candidates, and the one that is stored."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

from backend.kit.files.storage import base_name
from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.structures import service
from backend.structures.formats import Format
from scattering.core.notices import Notice

PARSER: Final = "backend.structures.ordering.parse"
FORMAT: Final = "cif"


def list_cells(settings: Settings, content: bytes, fmt: Format, n_cells: int | None) -> dict[str, Any]:
    """Return the ordered cells of an untrusted file, the best first; see `ordering.parse.list_cells`.

    Raises
    ------
    TooLarge, Unprocessable
        The file is no disordered CIF that can be ordered.
    """
    return _ask(settings, content, fmt, n_cells)


def take_cell(
    settings: Settings, content: bytes, fmt: Format, n_cells: int | None, rank: int
) -> tuple[bytes, dict[str, Any]]:
    """Return one of the ordered cells of an untrusted file as a CIF, and its contents, as of `service.read`.

    Raises
    ------
    TooLarge, Unprocessable
        As of `list_cells`, or there is no such rank.
    """
    result = _ask(settings, content, fmt, n_cells, "--rank", str(rank))
    return result["file"].encode(), result["contents"]


def name_file(file_name: str, rank: int) -> str:
    """Return the name of the file of an ordered cell: `x.cif` → `x-ordered-1.cif`."""
    return f"{_stem(file_name)}-ordered-{rank}.cif"


def name_structure(title: str, file_name: str, rank: int) -> str:
    """Return the name of an ordered cell, of the title in the file or else of the file's name."""
    return f"{(title or _stem(file_name))[:170]} (ordered cell {rank})"


def _stem(file_name: str) -> str:
    return PurePath(base_name(file_name, "structure")).stem[:170]


def _ask(settings: Settings, content: bytes, fmt: Format, n_cells: int | None, *arguments: str) -> dict[str, Any]:
    if fmt.name != FORMAT:
        raise Unprocessable.at("format", Notice("ordered_cells_of_cif_only", {"format": fmt.title}))
    if n_cells is not None:
        arguments = (*arguments, "--n-cells", str(n_cells))
    return service.ask_parser(settings, PARSER, arguments, content, fmt)
