"""`python -m workers`: run a worker on this machine.

On SIGTERM or Ctrl-C the worker writes checkpoints, hands its jobs back and ends.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from backend.kit.queue.celery_settings import QUEUES
from backend.kit.settings import current, error_messages
from workers.command import arguments, environment
from workers.kit.cores import default_concurrency

CANNOT_START = 2


def _queues(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := set(names) - set(QUEUES):
        raise argparse.ArgumentTypeError(f"no such queue: {', '.join(sorted(unknown))} (there are {', '.join(QUEUES)})")
    return names


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number, at least 1")
    return int(text)


def parse(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--queues", type=_queues, default=("cpu",), help="cpu (default), gpu, or cpu,gpu")
    parser.add_argument(
        "--concurrency",
        type=_positive,
        help="jobs at the same time, one of them short if there are several (default: by the cores; 1 on gpu)",
    )
    parser.add_argument("--name", help="name, unlike that of any other worker on this machine (default: by queue)")
    options = parser.parse_args(given)
    # The process keeps its number when Celery replaces it
    options.name = options.name or f"{'-'.join(options.queues)}-{os.getpid()}"
    options.concurrency = options.concurrency or default_concurrency(options.queues)
    return options


def main(given: Sequence[str]) -> int:
    """Replace this process by a Celery worker. Return an exit status if that fails."""
    options = parse(given)
    command = arguments(queues=options.queues, concurrency=options.concurrency, name=options.name)
    try:
        current()
        # The log goes to standard error; only Celery and libraries print to standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        os.execve(command[0], command, environment(os.environ, options.concurrency))
    except ValidationError as error:
        for problem in error_messages(error):
            print(f"This worker cannot start: {problem}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
