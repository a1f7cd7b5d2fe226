"""What this machine has of what the records of engines need, found without loading any of it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from pathlib import Path
from typing import Final

from backend.engines.record import Engine, Program

GPU_DEVICES: Final = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""What the drivers of NVIDIA's cards leave on Linux, and on Linux under Windows."""


def package_version(record: Engine) -> str | None:
    """Return name and version of the package that an engine needs; None where it is not installed."""
    try:
        return f"{record.package} {importlib.metadata.version(record.package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def is_configured(record: Engine) -> bool:
    """Tell whether the environment says where an engine's executable is."""
    return record.program is not None and bool(os.environ.get(record.program.environment))


def find_program(program: Program) -> Path | None:
    """Find an engine's executable: where its environment variable says, else on the path."""
    if configured := os.environ.get(program.environment):
        return Path(configured) if Path(configured).is_file() else None
    found = shutil.which(program.name)
    return None if found is None else Path(found)


def has_gpu() -> bool:
    """Tell whether the driver of a graphics card is loaded."""
    return any(device.exists() for device in GPU_DEVICES)
