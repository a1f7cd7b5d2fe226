"""Commands of the backend.

`python -m backend backup FOLDER` copies the database and the data folder into a new folder while the server runs, and
`python -m backend restore FOLDER` restores such a copy into an empty installation.
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
from pathlib import Path

from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from backend import wording
from backend.backups import service as backups
from backend.backups.manifest import BackupRefused
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


def backup(settings: Settings, arguments: argparse.Namespace) -> int:
    """Copy the database and the data folder into a new folder."""
    made = backups.create(
        settings, arguments.folder, potentials=arguments.potentials, checkpoints=arguments.checkpoints
    )
    size = sum(record.n_bytes for record in made.files.values())
    print(f"The backup has {len(made.files)} files with {size / 1e6:.1f} MB.")
    return 0


def restore(settings: Settings, arguments: argparse.Namespace) -> int:
    """Restore a backup into an empty installation."""
    made = backups.restore(settings, arguments.folder)
    print(f"The backup of {made.created_at:%Y-%m-%d %H:%M} UTC is restored.")
    return 0


COMMANDS = {"migrate": migrate, "worker-alive": worker_alive, "openapi": openapi}
COMMANDS_OF_FOLDERS = {"backup": backup, "restore": restore}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    for name, of_folder in COMMANDS_OF_FOLDERS.items():
        commands.add_parser(name, help=of_folder.__doc__).add_argument("folder", type=Path, metavar="FOLDER")
    options = commands.choices["backup"]
    options.add_argument("--potentials", action="store_true", help="also potentials that were downloaded or added")
    options.add_argument("--checkpoints", action="store_true", help="also checkpoints of running jobs (gigabytes)")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command of the command line and return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        settings = current()
        if (of_folder := COMMANDS_OF_FOLDERS.get(given.command)) is not None:
            status = of_folder(settings, given)
        else:
            status = COMMANDS[given.command](settings)
    except ValidationError as error:
        for problem in error_messages(error):
            print(problem, file=sys.stderr)
        return FAILED
    except BackupRefused as error:
        print(wording.message(error.notice), file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        print(f"The database refused the command: {reason}", file=sys.stderr)
        return FAILED
    database.engine(settings).dispose()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
