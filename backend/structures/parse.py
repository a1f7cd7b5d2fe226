"""Read a file of a structure in a confined process (`kit.files.confined`), and write its contents as JSON.

A parser that loops, fills the memory or crashes ends only that process.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import ase.neighborlist  # noqa: F401  (before the file comes; others load these two only when they need them)
import spglib  # noqa: F401

from backend.kit.files import confined, parsed_notices
from backend.kit.files.unreadable import Unreadable
from backend.structures.chemistry import check, describe, right_handed
from backend.structures.formats import FORMATS
from backend.structures.formats.reading import Reading
from backend.structures.geometry import lengths_and_angles
from backend.structures.isotopes import find_isotopes, isotopes_notice
from backend.structures.stated import find_contradictions
from backend.structures.temperatures import find_temperature
from scattering.core.notices import Notice

MEMORY_BYTES = 2 * 1024**3


def main(arguments: list[str] | None = None) -> None:
    """Read the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=list(FORMATS), required=True)
    parser.add_argument("--max-atoms", type=int, required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(Path(confined.INPUT).read_bytes(), options.format, options.max_atoms))


def as_json(data: bytes, format_name: str, max_atoms: int) -> str:
    """Return the result of `parse`, or its refusal as a notice, `error`."""
    try:
        return json.dumps(parse(data, format_name, max_atoms))
    except Unreadable as error:
        (notice,) = parsed_notices.to_json([error.notice])
        return json.dumps({"error": notice})


def parse(data: bytes, format_name: str, max_atoms: int) -> dict[str, Any]:
    """Return the contents of a file: `structure`, `description`, `cell`, `isotopes`, `title`, `temperature_k`.

    Raises
    ------
    Unreadable
        The file has no usable structure.
    """
    return contents_of(FORMATS[format_name].read(decoded(data), max_atoms))


def contents_of(reading: Reading) -> dict[str, Any]:
    """Return what `parse` returns, from the result of a reader.

    Raises
    ------
    Unreadable
        It is no usable structure.
    """
    structure, turned = right_handed(reading.structure)
    check(structure)
    description = describe(structure)
    contradictions = find_contradictions(reading, structure, description.density)
    isotopes = [isotopes_notice(structure)] if structure.isotopes else []
    notices = isotopes + reading.notices + turned + description.notices + contradictions
    lengths, angles = lengths_and_angles(structure.cell)
    return {
        "structure": json.loads(structure.to_json()),
        "description": {**vars(description), "notices": parsed_notices.to_json(notices)},
        "elements": structure.elements,
        "cell": {
            "lengths_angstrom": lengths.tolist(),
            "angles_deg": angles.tolist(),
            "volume_angstrom3": structure.volume,
        },
        "isotopes": find_isotopes(structure),
        "title": reading.title[:200],
        "temperature_k": reading.temperature_k or find_temperature(reading.title),
    }


def decoded(data: bytes) -> str:
    """Return the text of a file, with lines that end in \\n.

    Raises
    ------
    Unreadable
        The file is empty, or not text.
    """
    if not data.strip():
        raise Unreadable(Notice("blank_file"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Authors' names in files from before UTF-8; coordinates are ASCII in every encoding.
            text = data.decode("latin-1")
    if "\0" in text or sum(text.count(chr(code)) for code in range(1, 9)) > 0:
        raise Unreadable(Notice("binary_file"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


if __name__ == "__main__":
    main()
