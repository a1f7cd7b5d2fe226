"""`python -m backend.structures.parse`: what one file holds, as JSON.

Runs as a process of its own, confined by `kit.files.confined`: a parser that is led to loop, to fill the memory or to
crash takes nothing with it.
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
from backend.structures.geometry import lengths_and_angles
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
    """What `parse` finds, or its refusal as a notice, `error`."""
    try:
        return json.dumps(parse(data, format_name, max_atoms))
    except Unreadable as error:
        (notice,) = parsed_notices.to_json([error.notice])
        return json.dumps({"error": notice})


def parse(data: bytes, format_name: str, max_atoms: int) -> dict[str, Any]:
    """What a file holds: `structure`, `description`, `cell`, `title`, `temperature_k`.

    Raises
    ------
    Unreadable
        It is not a structure that can be used.
    """
    reading = FORMATS[format_name].read(decoded(data), max_atoms)
    structure, turned = right_handed(reading.structure)
    check(structure)
    description = describe(structure, reading.formula)
    notices = reading.notices + turned + description.notices
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
        "title": reading.title[:200],
        "temperature_k": reading.temperature_k,
    }


def decoded(data: bytes) -> str:
    """The text of a file, its lines ending in \\n.

    Raises
    ------
    Unreadable
        It is empty, or no text.
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
