"""Reading of untrusted files in separate processes, with limits on time, memory and written files, in a sandbox.

A process loads one of our modules (`reader_process`), and forks a child for each file. The child sets its limits, reads
the file and ends. A crash, an endless loop or a full memory in a parser ends the child, and the server answers with a
clear error. A process reads one file at a time and then waits for the next one.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock, Timer
from typing import Final, TextIO

from backend.kit.files import reader_process, sandbox
from backend.kit.files.reader_process import ANSWER, QUESTION, Outcome

ROOT = Path(__file__).resolve().parents[3]
INPUT = "input"
STARTUP_S = 20.0
"""Time to load numpy and spglib on a busy machine; the limits on the time of a file start afterwards."""
IDLE_S: Final = 60.0
"""Time after which processes end that were started because many files came at once; one for each module stays."""

REASONS: Final = {
    Outcome.LATE: "it took too long",
    Outcome.KILLED: "it took too much time or memory, or crashed its reader",
    Outcome.FAILED: "its reader ran out of memory or failed",
}


Content = bytes | Path | Sequence[Path]
"""An untrusted file, its path, or the paths of several that belong together."""


@dataclass(frozen=True)
class Stream:
    """An answer that is too long for the memory.

    Attributes
    ----------
    take
        Takes its parts one after the other. An exception ends the child.
    max_bytes
        Largest length.
    """

    take: Callable[[bytes], object]
    max_bytes: int


class Exceeded(Exception):
    """The child ran out of time or memory, or crashed."""


class _Reader:
    """A process that reads files. It ends when its standard input does, so at the latest with this one."""

    def __init__(self, module: str, near: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="beamcast-", dir=near))
        self.process = subprocess.Popen(
            [*sandbox.prefix(str(self.folder)), sys.executable, "-m", reader_process.__name__, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.sep,
            env=_environment(),
            start_new_session=True,
            bufsize=0,
        )

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    def ask(
        self, arguments: Sequence[str], content: Content, timeout_s: float, stream: Stream | None = None
    ) -> tuple[Outcome, bytes]:
        """Have a child read a file, or several; return how it ended, and its answer, unless that is streamed."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            _put_all(content, Path(folder))
            limits = {"timeout_s": timeout_s, "stream_bytes": 0 if stream is None else stream.max_bytes}
            question = json.dumps({"folder": folder, "arguments": list(arguments), **limits}).encode()
            deadline = time.monotonic() + timeout_s + STARTUP_S
            self._write(QUESTION.pack(len(question)) + question, deadline)
            outcome, length = ANSWER.unpack(self._read(ANSWER.size, deadline))
            while outcome == Outcome.MORE and stream is not None:
                stream.take(self._read(length, deadline))
                outcome, length = ANSWER.unpack(self._read(ANSWER.size, deadline))
            return Outcome(outcome), self._read(length, deadline)

    def _write(self, data: bytes, deadline: float) -> None:
        assert self.process.stdin is not None
        fd, view = self.process.stdin.fileno(), memoryview(data)
        while view:
            _wait(fd, select.POLLOUT, deadline)
            try:
                # So much is written without waiting
                view = view[os.write(fd, view[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise Exceeded(REASONS[Outcome.KILLED]) from None

    def _read(self, length: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        fd, data = self.process.stdout.fileno(), bytearray()
        while len(data) < length:
            _wait(fd, select.POLLIN, deadline)
            part = os.read(fd, length - len(data))
            if not part:
                raise Exceeded(REASONS[Outcome.KILLED])
            data += part
        return bytes(data)

    def end(self) -> None:
        """Kill the process with its sandbox and its children, and remove its folder."""
        if self.runs:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            with suppress(OSError):
                pipe.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait(fd: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1e3):
        raise Exceeded(REASONS[Outcome.LATE])


_Key = tuple[str, ...]

_lock = Lock()
_idle: defaultdict[_Key, list[_Reader]] = defaultdict(list)
"""Processes that wait for a file, by their module and environment; the last one was busy last."""
_trimming: list[Timer] = []
"""The timer that ends idle processes, if one runs."""
_slots = BoundedSemaphore(max(2, os.cpu_count() or 1))


def run(
    module: str,
    arguments: Sequence[str],
    content: Content,
    *,
    timeout_s: float,
    stream: Stream | None = None,
    near: Path | None = None,
) -> str:
    """Have a module read a file, or several that belong together, in a confined process, and return its answer.

    Parameters
    ----------
    module
        A module whose `main`, which takes the arguments, opens `child`.
    arguments
        Command line of the module, without its name.
    content
        The untrusted file or its path; the child finds it as `INPUT` in its working folder, which holds nothing else.
        Several files are found as `inputs`, in their order.
    timeout_s
        Time limit in seconds, without the loading of modules.
    stream
        Takes the answer, and "" is returned; None for an answer that fits the memory.
    near
        Folder on the disk of a large file, which is then linked and not copied. It has a process of its own.

    Raises
    ------
    Exceeded
        There is no answer; the message says why.
    """
    key = _key(module)
    with _slots:
        reader = _Reader(module, near) if near is not None else _take(key) or _Reader(module)
        try:
            outcome, answer = reader.ask(arguments, content, timeout_s, stream)
        except BaseException:
            # It may still be busy with this file
            reader.end()
            raise
        if near is None:
            _give_back(key, reader)
        else:
            reader.end()
    if outcome != Outcome.ANSWERED:
        raise Exceeded(REASONS[outcome])
    return answer.decode()


def inputs(n_files: int) -> list[Path]:
    """Return the places of several files in the working folder of the child."""
    return [Path(f"{INPUT}-{number}") for number in range(n_files)]


def _put_all(content: Content, folder: Path) -> None:
    if isinstance(content, bytes | Path):
        _put(content, folder / INPUT)
        return
    for one, place in zip(content, inputs(len(content)), strict=True):
        _put(one, folder / place)


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
    """Start a process for the next file of this module, if none is waiting."""
    key = _key(module)
    _give_back(key, _take(key) or _Reader(module))


def _take(key: _Key) -> _Reader | None:
    with _lock:
        while _idle[key]:
            reader = _idle[key].pop()
            if reader.runs:
                return reader
            reader.end()
    return None


def _give_back(key: _Key, reader: _Reader) -> None:
    with _lock:
        _idle[key].append(reader)
        if len(_idle[key]) > 1 and not _trimming:
            timer = Timer(IDLE_S, _trim)
            timer.daemon = True
            _trimming.append(timer)
            timer.start()


def _trim() -> None:
    """End all idle processes but the one of each module that was busy last."""
    with _lock:
        _trimming.clear()
        for readers in _idle.values():
            while len(readers) > 1:
                readers.pop(0).end()


def _key(module: str) -> _Key:
    return (module, *_environment().values())


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
def _end_idle() -> None:
    with _lock:
        for reader in (reader for readers in _idle.values() for reader in readers):
            reader.end()
        _idle.clear()


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
