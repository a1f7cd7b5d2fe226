"""Reading of untrusted files in a separate process, with limits on time, memory and written files, in a sandbox.

The child process is one of our modules. It loads its modules, sets the limits, and then reads the file. A crash, an
endless loop or a full memory in a parser ends the child, and the server answers with a clear error. A child reads one
file and ends. The next child of the module is started soon after, so that it has loaded its modules when a file comes.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from typing import TextIO

from backend.kit.files import sandbox

ROOT = Path(__file__).resolve().parents[3]
INPUT = "input"
MAX_ANSWER_BYTES = 64 * 1024**2
STARTUP_S = 20.0
"""Time to load numpy and spglib on a busy machine; the limit on processor time starts afterwards."""
WARM_UP_DELAY_S = 5.0
"""After a file, so that the loading of modules does not slow down the job that a user starts next."""

SIGNALLED = 128
"""Exit status, plus the number of the signal, by which a sandbox reports that a signal ended its process."""


@dataclass(frozen=True)
class _Child:
    """A child process, and the folder in which it will find its file."""

    process: subprocess.Popen[bytes]
    folder: str

    def end(self) -> None:
        """Kill it with its sandbox, and remove its folder."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            with suppress(OSError):
                pipe.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_lock = Lock()
_waiting: dict[tuple[str, ...], _Child] = {}
"""Children that wait for a file, by their module and environment."""
_child_slots = BoundedSemaphore(max(2, os.cpu_count() or 1))


class Exceeded(Exception):
    """The child process ran out of time or memory, or crashed."""


def run(module: str, arguments: Sequence[str], content: bytes | Path, *, timeout_s: float) -> str:
    """Have a module read a file in a confined process, and return its answer.

    Parameters
    ----------
    module
        A module whose `main`, which takes the arguments, opens `child`.
    arguments
        Command line of the module, without its name.
    content
        The untrusted file or its path; the child finds it as `INPUT` in its working folder, which holds nothing else.
    timeout_s
        Time limit in seconds, without the loading of modules.

    Raises
    ------
    Exceeded
        There is no answer; the message says why.
    """
    with _child_slots:
        child_process = _take_child(module)
        process = child_process.process
        try:
            _put(content, Path(child_process.folder) / INPUT)
            question = json.dumps({"folder": child_process.folder, "arguments": list(arguments)})
            answer, _ = process.communicate(question.encode(), timeout=timeout_s + STARTUP_S)
        except subprocess.TimeoutExpired:
            raise Exceeded("it took too long") from None
        finally:
            child_process.end()
    _warm_up_later(module)
    if process.returncode < 0 or process.returncode > SIGNALLED:
        raise Exceeded("it took too much time or memory, or crashed its reader")
    if process.returncode > 0 or len(answer) > MAX_ANSWER_BYTES:
        raise Exceeded("its reader ran out of memory or failed")
    return answer.decode()


def _put(content: bytes | Path, at: Path) -> None:
    """Put a file where the child, which may see nothing else, finds it."""
    if isinstance(content, bytes):
        at.write_bytes(content)
        return
    try:
        os.link(content, at)
    except OSError:
        # It is on another disk
        shutil.copyfile(content, at)


def warm_up(module: str) -> None:
    """Start a child for the next file of this module, if none is waiting."""
    with _lock:
        _waiting[_key(module)] = _take_waiting(module) or _start(module)


def _warm_up_later(module: str) -> None:
    timer = Timer(WARM_UP_DELAY_S, warm_up, [module])
    timer.daemon = True
    timer.start()


def _take_child(module: str) -> _Child:
    with _lock:
        return _take_waiting(module) or _start(module)


def _take_waiting(module: str) -> _Child | None:
    child_process = _waiting.pop(_key(module), None)
    if child_process is None or child_process.process.poll() is None:
        return child_process
    child_process.end()
    return None


def _key(module: str) -> tuple[str, ...]:
    return (module, *_environment().values())


def _start(module: str) -> _Child:
    """Start a child. It ends when its standard input does, so at the latest with this process."""
    folder = tempfile.mkdtemp(prefix="beamcast-")
    process = subprocess.Popen(
        [*sandbox.prefix(folder), sys.executable, "-m", __name__, module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=os.sep,
        env=_environment(),
        start_new_session=True,
    )
    return _Child(process, folder)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "LC_ALL": "C.UTF-8",
        # Some libraries ask for it; in the sandbox there is neither this folder nor a list of users
        "HOME": "/nonexistent",
        # Each thread of OpenBLAS or OpenMP reserves memory, which counts towards the limit
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        **{name: os.environ[name] for name in ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE") if name in os.environ},
    }


@atexit.register
def _end_waiting() -> None:
    with _lock:
        for child_process in _waiting.values():
            child_process.end()
        _waiting.clear()


@contextmanager
def child(*, memory_bytes: int, cpu_s: float) -> Iterator[TextIO]:
    """Confine this process; text written to the handle is its answer, and output of libraries is dropped."""
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
        # The machine may have a lower limit, which cannot be raised
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
    try:
        yield answer
        answer.flush()
    except MemoryError:
        # The exit status is the message: there may be no memory for another one
        os._exit(1)


def main(module: str) -> None:
    """Load a module, wait for a question about a file, and have it answered."""
    answer_question = importlib.import_module(module).main
    if question := sys.stdin.buffer.read():
        asked = json.loads(question)
        os.chdir(asked["folder"])
        answer_question(asked["arguments"])


if __name__ == "__main__":
    main(sys.argv[1])
