"""Logging to standard error, as text or JSON; each line names its prediction, job or request.

Within `about`, all lines carry additional facts, those of libraries too.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from backend.kit.settings import Settings

OWN_LOGGERS = ("beamcast", "scattering", "backend", "workers", "frontend")
TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_here: ContextVar[dict[str, str]] = ContextVar("about", default={})  # noqa: B039 - replaced, never changed
_everywhere: dict[str, str] = {}


@contextmanager
def about(*, everywhere: bool = False, **facts: object) -> Iterator[None]:
    """Add facts, such as `prediction=…`, to every line that is logged within the block.

    Parameters
    ----------
    everywhere
        Whether lines of all other threads of this process carry the facts too. Otherwise they are added to lines of
        this thread or coroutine, and of those that inherit its context.
    facts
        Names and values; facts that are None are left out.
    """
    global _everywhere
    noted = {name: str(fact) for name, fact in facts.items() if fact is not None}
    before = _everywhere
    token = _here.set({**_here.get(), **noted})
    if everywhere:
        _everywhere = {**before, **noted}
    try:
        yield
    finally:
        _here.reset(token)
        _everywhere = before


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Log only to standard error, with the format and level of the settings; of libraries, only warnings and errors."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_note)
    handler.setFormatter(_json() if settings.log_format == "json" else _Text(TEXT_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(settings.log_level)
    # Otherwise a warning of a library would write lines that are not JSON
    logging.captureWarnings(settings.log_format == "json")


def _note(record: logging.LogRecord) -> bool:
    facts = {**_everywhere, **_here.get()}
    record.facts = " ".join(f"{name}={fact}" for name, fact in facts.items())
    for name, fact in facts.items():
        if not hasattr(record, name):
            setattr(record, name, fact)
    return True


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        first, newline, rest = super().format(record).partition("\n")
        facts = getattr(record, "facts", "")
        return f"{first} [{facts}]{newline}{rest}" if facts else f"{first}{newline}{rest}"


def _json() -> logging.Formatter:
    return JsonFormatter(
        ["levelname", "name", "process", "message"],
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
        # All other attributes of a record are facts
        reserved_attrs=[*RESERVED_ATTRS, "facts"],
        json_ensure_ascii=False,
    )
