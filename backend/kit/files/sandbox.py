"""A sandbox for readers of untrusted files, made by bubblewrap (`bwrap`) where it is installed and allowed.

Inside there is no network, no other process, and of the file system only Python, this program and a folder with the
file, all read-only: a parser that is taken over finds no data of users and nobody to send them to.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
PROGRAM: Final = "bwrap"
OWN_PARTS: Final = ("backend", "scattering", "pyproject.toml")
"""Parts of this program that readers use; the data folder may be beside them."""
SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
)
TRIAL_S: Final = 20.0


def prefix(folder: str) -> list[str]:
    """Return the start of a command line that runs in the sandbox and sees a folder; empty where there is none."""
    return _prefix(program, folder) if (program := available()) else []


@cache
def available() -> str | None:
    """Return the path of bubblewrap; None if it is not installed, or may not make a sandbox here."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="beamcast-") as folder:
        trial = [*_prefix(program, folder), sys.executable, "-c", "import numpy, backend.kit.files.sandbox"]
        try:
            done = subprocess.run(
                trial,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=os.sep,
                env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
                timeout=TRIAL_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        else:
            if done.returncode == 0:
                return program
            reason = done.stderr.decode(errors="replace").strip()[-300:]
    logger.warning("files are read without a sandbox, because bubblewrap may not make one here: %s", reason)
    return None


def _prefix(program: str, folder: str) -> list[str]:
    visible = [arg for path in _visible() for arg in ("--ro-bind", path, path)]
    return [
        program,
        # Process 1 is ours: only it is left after each file (`reader_process`)
        *("--unshare-all", "--as-pid-1", "--cap-drop", "ALL"),
        *visible,
        *("--dev", "/dev", "--remount-ro", "/dev", "--ro-bind", folder, folder, "--chdir", "/"),
    ]


def _visible() -> list[str]:
    """Return the files and folders that Python and the readers need."""
    variables = (os.environ.get(name, "") for name in ("PYTHONPATH", "LD_LIBRARY_PATH"))
    libraries = [folder for variable in variables for folder in variable.split(os.pathsep)]
    python = [sys.prefix, sys.base_prefix, *sys.path, *libraries]
    own = [str(ROOT / name) for name in OWN_PARTS]
    paths = [Path(path) for path in (*SYSTEM, *python, *own) if os.path.isabs(path)]
    return list(dict.fromkeys(str(path) for path in paths if path.exists() and path != ROOT))
