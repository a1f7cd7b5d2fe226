"""The process that reads untrusted files with one module: `python -m backend.kit.files.reader_process MODULE`.

It loads the module once, and then forks a child for each file. A fork costs milliseconds, loading numpy, SciPy and ASE
half a second. This process itself never looks at a file: its state is the same for each of them. In the sandbox it is
process 1 of its own PID namespace. No process in there can send it a signal or trace it, and after each file it kills
all other processes, so that a parser that was taken over cannot wait there for the next file.

A question on standard input is a frame with JSON: `folder`, which holds the file; `arguments` of the module;
`timeout_s`; `stream_bytes`, the largest length of an answer that is passed on in parts, 0 for one that fits the memory.
The answer on standard output is a frame with an `Outcome` and the text that the child has written.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final

MAX_ANSWER_BYTES: Final = 64 * 1024**2
QUESTION: Final = struct.Struct("!I")
"""Length of the question in bytes."""
ANSWER: Final = struct.Struct("!BI")
"""`Outcome`, and length of the text in bytes."""
CHUNK_BYTES: Final = 2**16
PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4

Main = Callable[[list[str]], None]


class Outcome(IntEnum):
    """The end of a child."""

    ANSWERED = 0
    FAILED = 1
    """It ended with another exit status than 0, or its answer is too long."""
    KILLED = 2
    """A signal ended it, such as that of a limit."""
    LATE = 3
    """It had not ended in time."""
    MORE = 4
    """It has not ended; the text is a part of a long answer."""


def main(module: str) -> None:
    """Load a module, and have a child answer each question with it until standard input ends."""
    answer_question: Main = importlib.import_module(module).main
    is_alone = os.getpid() == 1
    if is_alone:
        # The children run as the same user. Without this, they could read and change the memory of this process
        _prctl(PR_SET_DUMPABLE, 0)
        # The kernel drops signals to process 1 for which it has no handler
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Objects that live as long as this process: otherwise the first collection in each child copies their pages
    gc.collect()
    gc.freeze()
    while (question := _next_question()) is not None:
        outcome, answer = _Child(answer_question, question, is_alone=is_alone).result()
        _write_all(1, ANSWER.pack(outcome, len(answer)) + answer)


def _next_question() -> dict[str, Any] | None:
    head = _read_exactly(QUESTION.size)
    if len(head) < QUESTION.size:
        return None
    body = _read_exactly(*QUESTION.unpack(head))
    question: dict[str, Any] = json.loads(body)
    return question


def _read_exactly(length: int) -> bytes:
    read = b""
    while len(read) < length and (part := os.read(0, length - len(read))):
        read += part
    return read


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class _Child:
    """A child that answers one question."""

    def __init__(self, answer_question: Main, question: dict[str, Any], *, is_alone: bool) -> None:
        self._is_alone = is_alone
        self._is_too_long = False
        self._deadline: float = time.monotonic() + question["timeout_s"]
        self._stream_bytes: int = question["stream_bytes"]
        # `_end` waits for this signal; one that comes before stays pending
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        self._reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            # Whatever happens, the child must not go on as a second process that waits for questions
            status = 1
            try:
                os.close(self._reading)
                signal.pthread_sigmask(signal.SIG_SETMASK, signals)
                self._answer(answer_question, question, writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        # In the child too: whichever comes first
        with suppress(OSError):
            os.setpgid(self._pid, 0)

    def _answer(self, answer_question: Main, question: dict[str, Any], writing: int) -> None:
        with suppress(OSError):
            os.setpgid(0, 0)
        if not self._is_alone:
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(writing, 1)
        os.close(nothing)
        os.close(writing)
        os.chdir(question["folder"])
        answer_question(question["arguments"])

    def result(self) -> tuple[Outcome, bytes]:
        """Return how the child ends, and its answer; afterwards it and all its processes are gone."""
        try:
            answer = self._collect()
            if answer is None:
                return Outcome.LATE, b""
            if len(answer) > MAX_ANSWER_BYTES or self._is_too_long:
                return Outcome.FAILED, b""
            end = self._end()
            if end is None:
                return Outcome.LATE, b""
            if end.si_code != os.CLD_EXITED:
                return Outcome.KILLED, b""
            return (Outcome.ANSWERED, answer) if end.si_status == 0 else (Outcome.FAILED, b"")
        finally:
            os.close(self._reading)
            self._kill()

    def _collect(self) -> bytes | None:
        """Return what the child writes, at most a little more than is allowed; None if it does not end in time.

        This process ends when nobody waits for the answer any more.
        """
        parts: list[bytes] = []
        length, limit = 0, self._stream_bytes or MAX_ANSWER_BYTES
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        # Only its end: the next question comes after this answer
        poll.register(0, 0)
        while length <= limit:
            ready = dict(poll.poll(self._remaining_s() * 1e3))
            if 0 in ready:
                os._exit(0)
            if not ready:
                return None
            part = os.read(self._reading, CHUNK_BYTES)
            if not part:
                break
            length += len(part)
            if self._stream_bytes:
                _write_all(1, ANSWER.pack(Outcome.MORE, len(part)) + part)
            else:
                parts.append(part)
        self._is_too_long = length > limit
        return b"".join(parts)

    def _end(self) -> os.waitid_result | None:
        """Wait until the child ends; None if it does not in time."""
        while self._remaining_s() > 0:
            # It stays a zombie, so that no other process takes the number of its group before `_kill`
            if end := os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return end
            signal.sigtimedwait([signal.SIGCHLD], self._remaining_s())
        return None

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            if self._is_alone:
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
            while self._is_alone:
                # Processes that the child has left behind
                os.waitpid(-1, 0)

    def _remaining_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value)


if __name__ == "__main__":
    main(sys.argv[1])
