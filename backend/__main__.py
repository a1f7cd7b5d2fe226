"""`python -m backend migrate`: bring the database up to date and end. Several at once are safe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from backend import database
from backend.settings import current, in_words
from backend.startup import prepare

FAILED = 2


def main(given: Sequence[str]) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m backend")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="create the database's tables or bring them up to date")
    parser.parse_args(given)
    try:
        settings = current()
        prepare(settings)
    except ValidationError as error:
        for problem in in_words(error):
            print(problem, file=sys.stderr)
        return FAILED
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        print(f"The database cannot be brought up to date: {reason}", file=sys.stderr)
        return FAILED
    database.engine(settings).dispose()
    print("The database is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
