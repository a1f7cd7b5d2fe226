"""Phonons that a preview has read, kept for a while: an upload of the same files then need not read them again.

They are known by the checksums of the files and by everything else that a reader sees. The sweep removes them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from backend.kit.files.storage import replace_file
from backend.kit.settings import Settings
from backend.kit.version import VERSION

MAX_KEPT: Final = 16
"""Readings on the disk, of at most some 50 MB each."""


def key_of(names: Sequence[str], sums: Sequence[str | None], fmt: str | None, statements: Mapping[str, Any]) -> str:
    """Return the key of a reading of files with these names, checksums, format and statements of the user."""
    facts = [VERSION, list(names), list(sums), fmt, dict(statements)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def load(settings: Settings, key: str) -> dict[str, Any] | None:
    """Return the contents of files (`parse.parse`); None if they are not kept."""
    with suppress(FileNotFoundError, ValueError):
        contents: dict[str, Any] = json.loads(_path(settings, key).read_text())
        return contents
    return None


def save(settings: Settings, key: str, contents: Mapping[str, Any]) -> None:
    """Keep the contents of files, in place of the oldest ones if there are many."""
    with replace_file(_path(settings, key)) as temporary:
        temporary.write_text(json.dumps(contents))
    ages = {}
    for path in settings.previews_dir.glob("*.json"):
        with suppress(FileNotFoundError):
            ages[path] = path.stat().st_mtime
    for path in sorted(ages, key=lambda one: ages[one])[:-MAX_KEPT]:
        path.unlink(missing_ok=True)


def _path(settings: Settings, key: str) -> Path:
    return settings.previews_dir / f"{key}.json"
