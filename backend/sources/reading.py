"""Reading the files of a source: their confined reader, its answer and its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backend.kit.files import confined
from backend.kit.files.storage import staging
from backend.kit.http.errors import Problem, TooLarge, Unprocessable, UnsupportedMediaType
from backend.kit.settings import Settings
from backend.sources.formats.reading import Statements
from backend.sources.streaming import FrameReceiver
from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.notices import Notice
from scattering.core.trajectory import longest_window_ps
from scattering.simulate.protocol import nyquist_energy

if TYPE_CHECKING:
    # It imports all readers
    from backend.sources.parse import Kept, Request

PARSER: Final = "backend.sources.parse"
PROBLEMS: Final[dict[str, type[Problem]]] = {
    "too_large": TooLarge,
    "too_many_atoms": TooLarge,
    "unknown_format": UnsupportedMediaType,
}
"""Code of a refusal → its problem; others are unprocessable."""
LARGE_BYTES: Final = 32 * 1024**2
"""Size from which a job reads a trajectory."""
HEAD_BYTES: Final = 64 * 1024**2
"""Part of a trajectory larger than phonons may be that a preview reads."""
MIN_BYTES_PER_S: Final = 2e6
"""Slowest reading of a large file."""
MAX_STREAM_BYTES: Final = 5 * 1024**3
"""Largest answer of a reader: the frames of a trajectory."""
ABOUT_WHOLE_FILE: Final = frozenset({"cut_trajectory", "short_trajectory", "small_drift"})
"""Notices that the head of a file cannot give."""


class Refusal(Exception):
    """The files of a source are refused.

    Attributes
    ----------
    notice
        The reason.
    loc
        The field that it concerns.
    """

    def __init__(self, notice: Notice, loc: str) -> None:
        super().__init__(notice.code)
        self.notice, self.loc = notice, loc

    @property
    def problem(self) -> Problem:
        """The refusal as an answer to a request."""
        return PROBLEMS.get(self.notice.code, Unprocessable).at(self.loc, self.notice)


@dataclass(frozen=True)
class Question:
    """The files of a source, and what the user says of them.

    Attributes
    ----------
    paths, names
        Places and names of the files.
    format
        Name of their format; None: it is recognised.
    statements
        Statements of the user.
    """

    paths: Sequence[Path]
    names: Sequence[str]
    format: str | None
    statements: Statements

    @property
    def n_bytes(self) -> int:
        """Size of all files."""
        return sum(path.stat().st_size for path in self.paths)


def preview(settings: Settings, question: Question) -> dict[str, Any]:
    """Return the contents of files (`parse.parse`) without frames, of large trajectories from their head.

    Raises
    ------
    Refusal
        The files are refused.
    """
    if question.n_bytes <= settings.max_source_bytes:
        return _checked(json.loads(_run(settings, question, keep="phonons")))
    _check_size(settings, question)
    with _heads(settings, question) as heads:
        statements = Statements(**question.statements)
        # Frames are selected from the whole file
        statements.pop("first_frame", None)
        statements.pop("last_frame", None)
        statements.pop("every", None)
        head = Question(heads, question.names, question.format, statements)
        contents = _checked(json.loads(_run(settings, head, keep="nothing")))
        share = sum(path.stat().st_size for path in heads) / question.n_bytes
    return _of_whole_file(contents, question.statements, share)


@contextmanager
def _heads(settings: Settings, question: Question) -> Iterator[list[Path]]:
    """Yield files with the first bytes of large ones."""
    with staging(settings) as folder:
        heads = []
        for number, path in enumerate(question.paths):
            heads.append(folder / f"head-{number}")
            with path.open("rb") as source, heads[-1].open("wb") as target:
                left = HEAD_BYTES // len(question.paths)
                while left > 0 and (part := source.read(min(left, 1 << 20))):
                    left -= target.write(part)
        yield heads


def _of_whole_file(contents: dict[str, Any], statements: Statements, share: float) -> dict[str, Any]:
    """Return the contents of a head with the number of frames estimated for the whole file."""
    facts = contents["trajectory"]
    if facts is None:
        return contents
    every = statements.get("every", 1)
    in_file = round(facts["n_frames"] / share)
    last = min(statements.get("last_frame", in_file), in_file)
    n_frames = max(0, (last - statements.get("first_frame", 1)) // every + 1)
    interval = facts["frame_interval_fs"] * every
    seconds = facts["analysis_s"]
    facts = facts | {
        "analysis_s": None if seconds is None else seconds * n_frames / facts["n_frames"],
        "n_frames": n_frames,
        "is_estimated": True,
        "frame_interval_fs": interval,
        "length_ps": max(n_frames - 1, 0) * interval * 1e-3,
        "resolves_up_to_mev": nyquist_energy(interval),
        "energy_resolution_mev": PLANCK_MEV_FS / (1e3 * longest_window_ps(max(n_frames, 1), interval)),
    }
    notices = [one for one in contents["notices"] if one["code"] not in ABOUT_WHOLE_FILE]
    return contents | {"trajectory": facts, "notices": notices}


def read(
    settings: Settings,
    question: Question,
    receiver: FrameReceiver,
    *,
    near: Path | None = None,
) -> dict[str, Any]:
    """Read untrusted files in a confined process, and return their contents; the receiver gets the data to be stored.

    It takes a second or more. Call it before the first statement of a transaction, which would lock the database.

    Parameters
    ----------
    near
        Folder on the disk of large files.

    Raises
    ------
    Refusal
        The files are refused.
    """
    _check_size(settings, question)
    _run(settings, question, keep="all", receiver=receiver, near=near)
    return _checked(receiver.contents())


def _check_size(settings: Settings, question: Question) -> None:
    """Refuse files that are too large as a trajectory, and so as anything."""
    if question.n_bytes > settings.max_trajectory_bytes:
        sizes = {"n_found": question.n_bytes // 2**20, "maximum": settings.max_trajectory_bytes // 2**20}
        raise Refusal(Notice("too_large", {"quantity": "trajectory_mib", **sizes}), "files")


def _run(
    settings: Settings,
    question: Question,
    *,
    keep: Kept,
    receiver: FrameReceiver | None = None,
    near: Path | None = None,
) -> str:
    request: Request = {
        "file_names": list(question.names),
        "format": question.format,
        "statements": question.statements,
        "keep": keep,
        "max_trajectory_bytes": settings.max_trajectory_bytes,
    }
    seconds = settings.parse_timeout_s + question.n_bytes / MIN_BYTES_PER_S
    arguments = ["--request", json.dumps(request), "--cpu-s", str(seconds)]
    stream = None if receiver is None else confined.Stream(receiver.take, MAX_STREAM_BYTES)
    try:
        return confined.run(PARSER, arguments, list(question.paths), timeout_s=seconds, stream=stream, near=near)
    except confined.Exceeded as error:
        raise Refusal(Notice("reader_gave_up", {"reason": str(error)}), "files") from error


def _checked(contents: dict[str, Any]) -> dict[str, Any]:
    if "error" in contents:
        raise Refusal(Notice.from_json(contents["error"]), contents["loc"])
    return contents


def needed_fields(contents: dict[str, Any]) -> Unprocessable | None:
    """Return the problem that the user must state something first; None if everything is known."""
    if not contents["needs"]:
        return None
    needed = [
        {"loc": one["field"], "code": one["why"]["code"], "params": one["why"]["params"]} for one in contents["needs"]
    ]
    return Unprocessable(Notice.from_json(contents["needs"][0]["why"]), needed)
