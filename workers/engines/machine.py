"""Find the packages, executables and GPUs that engines need, without loading them."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from pathlib import Path
from typing import Final

from backend.engines.record import Engine, Program

GPU_DEVICES: Final = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""Devices of the NVIDIA driver on Linux, and on Linux under Windows."""


def package_version(record: Engine) -> str | None:
    """Return name and version of the package of an engine, or None if it is not installed."""
    try:
        return f"{record.package} {importlib.metadata.version(record.package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def is_configured(record: Engine) -> bool:
    """Tell whether the environment gives the path of an engine's executable."""
    return record.program is not None and bool(os.environ.get(record.program.environment))


def find_program(program: Program) -> Path | None:
    """Find the executable of an engine: by its environment variable, or on the search path."""
    if configured := os.environ.get(program.environment):
        return Path(configured) if Path(configured).is_file() else None
    on_path = shutil.which(program.name)
    return None if on_path is None else Path(on_path)


def has_gpu() -> bool:
    """Tell whether the driver of a GPU is loaded."""
    return any(device.exists() for device in GPU_DEVICES)
