"""One new thing of each kind is added as docs/architecture.md says, and the API has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.engines import catalogue as engines
from backend.families import catalogue as families
from backend.families import records
from backend.kit.files import confined
from backend.potentials import trial

from .conftest import Client

ENGINE = """
name = "toy-md"
title = "Toy"
role = "calculator"
queue = "gpu"
methods = ["harmonic", "md"]
families = ["nep"]
licence = "MIT"
citation = "A. Author, J. Toys 1, 1 (2026)"
"""
FAMILY = """
from pathlib import Path

from ase.calculators.lj import LennardJones
from backend.families.record import Family, PotentialFile, UnusablePotential, UploadedFiles


def read(content):
    words = content.decode().split()
    if len(words) < 3:
        raise UnusablePotential("Line 1: expected a depth and elements.")
    return PotentialFile("pairs", tuple(words[2:]), 5.0)


FAMILY = Family(
    name="pairs",
    title="Pair potential",
    file_name="pairs.txt",
    uploads=UploadedFiles(
        recognises=lambda content: content.startswith(b"pairs"),
        read=read,
        loaders={"pairs": lambda path: LennardJones(epsilon=float(Path(path).read_text().split()[1]))},
    ),
    engines=(
        {
            "name": "pairs",
            "title": "Pairs in ASE",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "module": "workers.potentials.pairs",
            "licence": "MIT",
            "citation": "none",
        },
    ),
)
"""


@pytest.fixture
def fresh_records() -> Iterator[None]:
    """Read the records anew, before the test and after it."""
    families.families.cache_clear()
    engines.engines.cache_clear()
    yield
    families.families.cache_clear()
    engines.engines.cache_clear()


@pytest.mark.usefixtures("fresh_records")
def test_an_engine(client: Client, structure: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in engines.FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "toy-md.toml").write_text(ENGINE)
    monkeypatch.setattr(engines, "FOLDER", tmp_path)
    toy = next(engine for engine in client.get("/engines").json() if engine["name"] == "toy-md")
    assert (toy["title"], toy["methods"], toy["queue"], toy["workers"]) == ("Toy", ["harmonic", "md"], "gpu", 0)
    body = {"structure_id": structure["id"], "method": "md", "options": {"engine": "toy-md"}}
    made = client.post("/predictions", json=body)
    assert made.status_code == 202, made.text
    assert made.json()["options"]["engine"] == "toy-md"
    # It is not of this method
    refused = client.post("/predictions", json={**body, "method": "trpmd"})
    assert refused.json()["errors"][0]["loc"] == "options.engine"


@pytest.mark.usefixtures("fresh_records")
def test_a_family_of_potentials(
    client: Client, structure: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs.py").write_text(FAMILY)
    monkeypatch.setattr(records, "__path__", [*records.__path__, str(tmp_path)])

    def run(_: str, __: list[str], content: bytes, **___: object) -> str:
        (tmp_path / "input").write_bytes(content)
        return trial.as_json(str(tmp_path / "input"))

    monkeypatch.setattr(confined, "run", run)
    made = client.post("/potentials", files={"file": ("mine", b"pairs 0.01 Si")}).json()
    assert (made["family"], made["format"], made["engine"]) == ("pairs", "pairs", "pairs")
    assert made["elements"] == ["Si"]
    assert made["installed"]
    assert "pairs" in [engine["name"] for engine in client.get("/engines").json()]
    body = {"structure_id": structure["id"], "potential": made["id"]}
    asked = client.post("/predictions", json=body)
    assert asked.json()["options"]["engine"] == "pairs"
    # The record says nothing of dispersion or of pressure
    for name, value, code in (
        ("dispersion", "pbe", "engine_lacks_dispersion"),
        ("ensemble", "npt", "engine_lacks_constant_pressure"),
    ):
        (error,) = client.post("/predictions", json={**body, "method": "md", "options": {name: value}}).json()["errors"]
        assert (error["loc"], error["code"]) == (f"options.{name}", code)
    # Engines of other families do not load it, nor does this one load theirs
    for wrong in ({"options": {"engine": "calorine"}}, {"potential": "NEP89", "options": {"engine": "pairs"}}):
        assert client.post("/predictions", json={**body, **wrong}).json()["errors"][0]["loc"] == "options.engine"
    refused = client.post("/potentials", files={"file": ("mine", b"pairs")})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == "file"
