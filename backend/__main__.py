"""Commands of the backend.

`python -m backend migrate` brings the database up to date; several of them may run at once. `python -m backend
worker-alive` exits with 0 if a worker of this machine is alive, and with 1 if not. `python -m backend openapi` prints
the OpenAPI document, which is kept in docs/openapi.json.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from collections.abc import Sequence

from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from backend.health import heartbeats
from backend.kit.db import database
from backend.kit.settings import Settings, current, error_messages
from backend.startup import prepare

FAILED = 2


def migrate(settings: Settings) -> int:
    """Create the tables of the database, or bring them up to date."""
    prepare(settings)
    print("The database is up to date.")
    return 0


def worker_alive(settings: Settings) -> int:
    """Return 0 if a worker of this machine has sent a heartbeat in the last seconds, else 1."""
    with database.transaction(settings, reading=True) as session:
        hosts = {worker.host for worker in heartbeats.living_workers(session, database.clock(session))}
    return 0 if socket.gethostname() in hosts else 1


def openapi(settings: Settings) -> int:
    """Print the OpenAPI document."""
    from backend.app import create_app  # takes seconds to import

    print(json.dumps(create_app(settings).openapi(), indent=1, ensure_ascii=False, sort_keys=True))
    return 0


COMMANDS = {"migrate": migrate, "worker-alive": worker_alive, "openapi": openapi}


def main(arguments: Sequence[str]) -> int:
    """Run the command of the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args(arguments).command]
    try:
        settings = current()
        status = command(settings)
    except ValidationError as error:
        for problem in error_messages(error):
            print(problem, file=sys.stderr)
        return FAILED
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        print(f"The database refused the command: {reason}", file=sys.stderr)
        return FAILED
    database.engine(settings).dispose()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
