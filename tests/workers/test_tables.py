"""Each process that writes rows knows the tables of all foreign keys."""

from __future__ import annotations

import subprocess
import sys

import pytest

RESOLVE = """
import sys, importlib
importlib.import_module(sys.argv[1])
from sqlmodel import SQLModel
print(len([key.column for table in SQLModel.metadata.tables.values() for key in table.foreign_keys]))
"""


@pytest.mark.parametrize("module", ["workers.app", "backend.app"])
def test_a_process_knows_all_tables(module: str) -> None:
    run = subprocess.run([sys.executable, "-c", RESOLVE, module], capture_output=True, text=True, check=True)

    assert int(run.stdout) > 10
