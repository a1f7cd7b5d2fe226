"""Untrusted files are read by a process of their own, with limits on time, memory and what it may write.

The child is a module of ours, `python -m MODULE …`: its modules are loaded first, then the limits fall, then the file
is read. A crash, a loop or a full memory in a parser ends the child; the server answers with a clear word.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import TextIO

ROOT = Path(__file__).resolve().parents[3]
INPUT = "input"
MAX_ANSWER_BYTES = 64 * 1024**2
STARTUP_S = 20.0
"""Loading numpy and spglib on a busy machine; the limit on processor time starts after it."""

_at_once = BoundedSemaphore(max(2, os.cpu_count() or 1))


class Exceeded(Exception):
    """The child ran out of time or memory, or crashed."""


def run(module: str, arguments: Sequence[str], content: bytes | Path, *, timeout_s: float) -> str:
    """Run `python -m module` confined and return what it wrote to its answer.

    Parameters
    ----------
    module
        A module that opens `child` in its `main`.
    arguments
        Its command line.
    content
        The untrusted file, or where it lies; the child finds it as `INPUT` in its working folder, which holds nothing
        else.
    timeout_s
        Seconds that it may work, loading its modules not counted.

    Raises
    ------
    Exceeded
        It gave no answer; the text says why.
    """
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "LC_ALL": "C.UTF-8",
        # Each thread of OpenBLAS or OpenMP reserves memory of its own, which the limit would count.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        **{name: os.environ[name] for name in ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE") if name in os.environ},
    }
    with _at_once, tempfile.TemporaryDirectory(prefix="beamcast-") as folder:
        if isinstance(content, bytes):
            (Path(folder) / INPUT).write_bytes(content)
        else:
            (Path(folder) / INPUT).symlink_to(content.absolute())
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        with process:
            try:
                answer, _ = process.communicate(timeout=timeout_s + STARTUP_S)
            except subprocess.TimeoutExpired:
                raise Exceeded("it took too long") from None
            finally:
                process.kill()
    if process.returncode < 0:
        raise Exceeded("it took too much time or memory, or crashed its reader")
    if process.returncode > 0 or len(answer) > MAX_ANSWER_BYTES:
        raise Exceeded("its reader ran out of memory or failed")
    return answer.decode()


@contextmanager
def child(*, memory_bytes: int, cpu_s: float) -> Iterator[TextIO]:
    """Confine this process; what is written to the handle is its answer, whatever libraries print is dropped."""
    import resource

    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    warnings.simplefilter("ignore")
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + cpu_s) + 1
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_AS: memory_bytes,
    }
    for kind, wanted in limits.items():
        # A site may have set a lower limit, which cannot be raised.
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
    try:
        yield answer
        answer.flush()
    except MemoryError:
        # The exit status is the message: there may be no memory to write another.
        os._exit(1)
