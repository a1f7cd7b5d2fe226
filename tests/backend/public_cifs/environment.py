"""An environment for pymatgen, apart from Beamcast's: pandas, SymPy and others come with it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).with_name("requirements.lock")
NO_CONNECTION: Final = "connection broken by"
"""pip's word where it cannot reach its index."""


class IndexUnreachable(Exception):
    """The package index cannot be reached."""


def pip(python: Path | str, *arguments: str) -> None:
    """Run pip.

    Raises
    ------
    IndexUnreachable
        There is no connection to the package index.
    RuntimeError
        pip failed for another reason, such as a wrong hash.
    """
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and NO_CONNECTION in done.stderr:
        raise IndexUnreachable(done.stderr[-300:])
    if done.returncode:
        raise RuntimeError(f"pip {' '.join(arguments)}: {done.stderr[-3000:]}")


def make_environment(folder: Path) -> Path:
    """Return the Python of the environment that `requirements.lock` describes; it is made in a folder of its own once.

    Raises
    ------
    IndexUnreachable, RuntimeError
        As of `pip`.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = folder / f"{version}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    python, finished = home / "bin" / "python", home / "finished"
    if not finished.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip(python, "install", "--require-hashes", "--requirement", str(LOCK))
        finished.touch()
    return python


def run_script(python: Path, script: str, *arguments: str | Path) -> None:
    """Run a script of this folder in the environment.

    Raises
    ------
    RuntimeError
        It failed.
    """
    command = [str(python), str(Path(__file__).with_name(script)), *map(str, arguments)]
    apart = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=apart)
    if done.returncode:
        raise RuntimeError(f"{script}: {done.stderr[-3000:]}")
