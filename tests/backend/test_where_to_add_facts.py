"""Where docs/architecture.md says to add things: a dummy is added in the files that it names and appears in the API."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE_S = 120

CLIENT = """
import json
from fastapi.testclient import TestClient
from backend.app import create_app
from backend.kit.settings import current
from backend.startup import prepare

prepare(current())
client = TestClient(create_app(current()), base_url="http://127.0.0.1:8000")
api = "/api/v1"
schemas = client.get("/openapi.json").json()["components"]["schemas"]
"""
CSV = b"energy (meV),intensity\n" + b"".join(b"%d,%d\n" % (n, n % 7 + 1) for n in range(10, 60))


class Tree:
    """A copy of what the API is made of, to be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.touched: set[str] = set()
        for room in ("scattering", "backend"):
            # With the compiled modules, which hold for the unchanged files
            shutil.copytree(ROOT / room, root / room)
        shutil.copy(ROOT / "pyproject.toml", root)

    def change(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in a file once."""
        file = self.root / path
        content = file.read_text("utf-8")
        assert content.count(old) == 1, (path, old)
        file.write_text(content.replace(old, new), "utf-8")
        self.touched.add(path)

    def write(self, path: str, content: str) -> None:
        """Add a file."""
        (self.root / path).write_text(content, "utf-8")
        self.touched.add(path)

    def ask(self, scripts: Sequence[str]) -> list[Any]:
        """What each of some scripts prints, which have a client of this tree's API."""
        done = subprocess.run(
            [sys.executable, "-c", "\n".join((CLIENT, *scripts))],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root), "BEAMCAST_DATA_DIR": str(self.root / "data")},
            capture_output=True,
            text=True,
            timeout=PROBE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines()[-len(scripts) :]]


def add_instrument(tree: Tree) -> tuple[str, Any]:
    folder = "scattering/instruments/data"
    text = (ROOT / folder / "generic-direct.toml").read_text("utf-8")
    tree.write(f"{folder}/dummy.toml", text.replace('name = "generic-direct"', 'name = "DUMMY"'))
    return (
        'names = [one["name"] for one in client.get(f"{api}/instruments").json()]\n'
        'window = client.post(f"{api}/instruments/dummy/window", json={"settings": {}}).status_code\n'
        'print(json.dumps(["DUMMY" in names, window]))',
        [True, 200],
    )


def add_view_switch(tree: Tree) -> tuple[str, Any]:
    tree.change(
        "scattering/observe/view.py",
        "    fwhm_mev: float = 0.0\n",
        "    fwhm_mev: float = 0.0\n    dummy: bool = False\n",
    )
    tree.change(
        "backend/observing/schemas.py",
        "    probe: Probe = Field(",
        '    dummy: bool = Field(False, description="a switch")\n    probe: Probe = Field(',
    )
    return (
        "from backend.observing.schemas import ViewIn\n"
        "view = ViewIn(dummy=True)\n"
        "kept = ViewIn.of(view.to_view()) == view\n"
        'print(json.dumps(["dummy" in schemas["ViewIn"]["properties"], view.to_view().dummy, kept]))',
        [True, True, True],
    )


def add_dataset_field(tree: Tree) -> tuple[str, Any]:
    tree.change(
        "backend/datasets/run.py",
        "    mass_g: float",
        '    dummy_h: float | None = Field(None, gt=0, le=9, description="a number")\n    mass_g: float',
    )
    versions = "backend/migrations/versions"
    head = max(path.name for path in (ROOT / versions).glob("0*.py"))
    revision = re.search(r'^revision = "(.+)"', (ROOT / versions / head).read_text("utf-8"), re.MULTILINE)
    assert revision is not None
    tree.write(
        f"{versions}/9999_dummy.py",
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f'revision = "9999"\ndown_revision = "{revision[1]}"\nbranch_labels = None\ndepends_on = None\n'
        'def upgrade() -> None:\n    with op.batch_alter_table("datasets") as table:\n'
        '        table.add_column(sa.Column("dummy_h", sa.Float(), nullable=True))\n'
        "def downgrade() -> None:\n    pass\n",
    )
    return (
        f"files = {{'file': ('a.csv', {CSV!r})}}\n"
        "sent = client.post(f'{api}/datasets', files=files, data={'dummy_h': '7', 'x_unit': 'meV'})\n"
        "row = sent.json()\n"
        "refused = client.patch(f\"{api}/datasets/{row['id']}\", json={'dummy_h': 10}).status_code\n"
        "text = client.get(f\"{api}/datasets/{row['id']}/data\", headers={'Accept': 'text/csv'}).text\n"
        "print(json.dumps([sent.status_code, row['dummy_h'], refused, '\"dummy_h\": 7.0' in text]))",
        [201, 7.0, 422, True],
    )


def add_data_format(tree: Tree) -> tuple[str, Any]:
    tree.write(
        "backend/datasets/formats/dummy.py",
        "import numpy as np\n"
        "from backend.datasets.formats.reading import RawSpectrum, Stated\n"
        "def sniffs(head):\n    return head.startswith(b'DUMMY')\n"
        "def read(data):\n"
        "    x = np.arange(5.0, 30.0)\n"
        "    said = dict(x_unit='meV', recognised_by='', y_unit='', stated=Stated(), notices=())\n"
        "    return [RawSpectrum(x=x, y=x, error=None, **said)]\n",
    )
    formats = "backend/datasets/formats/__init__.py"
    tree.change(formats, "    nxspe,\n", "    dummy,\n    nxspe,\n")
    tree.change(
        formats,
        '        Format("nxspe",',
        '        Format("dummy", "Dummy", _ending("dummy"), dummy.read, dummy.sniffs),\n        Format("nxspe",',
    )
    return (
        "sent = client.post(f'{api}/datasets', files={'file': ('a.dummy', b'DUMMY 1')})\n"
        "print(json.dumps([sent.status_code, sent.json().get('format'), sent.json().get('n_points')]))",
        [201, "dummy", 25],
    )


ROWS: dict[str, tuple[Callable[[Tree], tuple[str, Any]], int]] = {
    "an instrument": (add_instrument, 1),
    "a switch of the view": (add_view_switch, 4),
    "a number of the run in which data were measured": (add_dataset_field, 5),
    "a format of measured data": (add_data_format, 2),
}
"""Row of the table in docs/architecture.md → function that adds a dummy, and the most files that it may touch."""


@dataclass(frozen=True)
class Added:
    """A dummy: the files that it touched, and what the API must say and says of it."""

    touched: set[str]
    expected: Any
    found: Any


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Added]:
    """Row → its dummy. All are in one tree: importing a changed backend takes seconds."""
    tree = Tree(tmp_path_factory.mktemp("tree"))
    touched, scripts, expected = [], [], []
    for add, _ in ROWS.values():
        tree.touched = set()
        script, answer = add(tree)
        touched.append(tree.touched)
        scripts.append(script)
        expected.append(answer)
    found = tree.ask(scripts)
    return {row: Added(*facts) for row, *facts in zip(ROWS, touched, expected, found, strict=True)}


@pytest.mark.parametrize("row", ROWS)
def test_a_dummy_appears_in_the_api(added: dict[str, Added], row: str) -> None:
    dummy = added[row]
    assert dummy.found == dummy.expected
    assert len(dummy.touched) <= ROWS[row][1]
    (said,) = re.findall(rf"^\| {row} \| (.*) \|$", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    for path in dummy.touched:
        assert f"`{path}`" in said or f"`{Path(path).parent}/`" in said, path
