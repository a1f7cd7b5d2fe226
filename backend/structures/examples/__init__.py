"""Built-in structures. Each is a CIF with title, description and source in its first comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
FIELD = re.compile(r"# (Title|Formula|Description|Source): (.+)")


@dataclass(frozen=True)
class Example:
    """A built-in structure with its description and source."""

    name: str
    title: str
    formula: str
    description: str
    source: str
    content: bytes


@cache
def catalogue() -> dict[str, Example]:
    """Return the examples by name, sorted by title."""
    examples = [_read(path) for path in FOLDER.glob("*.cif")]
    return {example.name: example for example in sorted(examples, key=lambda example: example.title.lower())}


def _read(path: Path) -> Example:
    content = path.read_bytes()
    head = content.decode().split("\ndata_", 1)[0]
    # A line that begins with "#   " continues the line before
    fields = dict(FIELD.findall(re.sub(r"\n#   +", " ", head)))
    return Example(
        name=path.stem,
        title=fields["Title"],
        formula=fields["Formula"],
        description=fields["Description"],
        source=fields["Source"],
        content=content,
    )
