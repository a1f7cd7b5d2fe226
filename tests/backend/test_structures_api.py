"""Structures over HTTP: uploads in a confined process, files, examples, deletion."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from backend.kit.files import confined
from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.structures import examples, parse, service
from backend.structures.formats import FORMATS
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice

from .conftest import Client

BENZENE = examples.catalogue()["benzene"].content
WATER = b"3\nwater\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n"
POLONIUM = b"Polonium\n3.345\n1 0 0\n0 1 0\n0 0 1\nPo\n1\nDirect\n0 0 0\n"


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploads in this process: the same reading, without a second for each process."""

    def run(_: str, arguments: list[str], content: bytes, **__: object) -> str:
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        return parse.as_json(content, options["--format"], int(options["--max-atoms"]))

    monkeypatch.setattr(confined, "run", run)


def upload(client: Client, content: bytes, file_name: str = "benzene.cif", **form: str) -> Any:
    return client.post("/structures", files={"file": (file_name, content)}, data=form)


def nothing_is_left(settings: Settings) -> bool:
    folder = settings.data_dir / "structures"
    return not folder.exists() or not list(folder.iterdir())


def test_uploaded_structure_is_described_listed_and_read_back(client: Client, settings: Settings) -> None:
    response = upload(client, BENZENE)
    assert response.status_code == 201, response.text
    structure = response.json()
    assert structure["name"] == "Benzene, phase I, 138 K"
    assert structure["formula"] == "C6H6"
    assert structure["n_atoms"] == 48
    assert structure["elements"] == ["H", "C"]
    assert structure["cell"]["lengths_angstrom"] == [7.39, 9.42, 6.81]
    assert structure["cell"]["angles_deg"] == [90, 90, 90]
    assert structure["cell"]["volume_angstrom3"] == pytest.approx(7.39 * 9.42 * 6.81)
    assert (structure["space_group"], structure["space_group_number"]) == ("Pbca", 61)
    assert structure["density_g_cm3"] == pytest.approx(1.0945, abs=1e-4)
    assert structure["warnings"] == []
    assert (structure["format"], structure["filename"]) == ("cif", "benzene.cif")
    assert client.get(f"/structures/{structure['id']}").json() == structure
    assert client.get("/structures").json() == {"items": [structure], "total": 1}
    loaded = service.load_structure(settings, structure["id"])
    assert isinstance(loaded, StructureData)
    assert loaded.symbols.count("H") == 24


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("form", "file_name", "content", "expected"),
    [
        ({"name": " My\tbenzene\n"}, "x.cif", BENZENE, "My benzene"),
        ({}, "sample 7.vasp", POLONIUM, "Polonium"),
        ({}, "sample 7.vasp", POLONIUM.replace(b"Polonium", b""), "sample 7"),
        ({}, "POSCAR", POLONIUM.replace(b"Polonium", b""), "Po"),
        ({"format": "poscar"}, "anything.bin", POLONIUM, "Polonium"),
    ],
)
def test_name_of_a_structure(
    client: Client, form: dict[str, str], file_name: str, content: bytes, expected: str
) -> None:
    response = upload(client, content, file_name, **form)
    assert response.status_code == 201, response.text
    assert response.json()["name"] == expected


@pytest.mark.usefixtures("unconfined")
def test_elements_that_the_default_potential_lacks_are_told(client: Client) -> None:
    structure = upload(client, POLONIUM, "POSCAR").json()
    (notice,) = structure["notices"]
    assert notice["code"] == "elements_unknown_to_default"
    assert notice["params"] == {"potential": "NEP89", "elements": ["Po"]}
    assert structure["warnings"] == [notice["message"]]


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("content", "file_name", "form", "status", "code", "params"),
    [
        (b"not a structure", "x.cif", {}, 422, "unexpected_text", {"expected": "data_block", "found": "not"}),
        (b"", "x.cif", {}, 422, "empty_file", {}),
        (b" \n", "x.cif", {}, 422, "blank_file", {}),
        (bytes(range(256)) * 100, "x.cif", {}, 422, "binary_file", {}),
        (WATER, "water.xyz", {}, 422, "no_unit_cell", {"format": "extxyz"}),
        (BENZENE, "benzene.geo", {}, 422, "structure_format_not_stated", {"file_name": "benzene.geo"}),
        (BENZENE, "benzene.traj", {}, 422, "other_structure_format", {"kind": "ase"}),
        (BENZENE, "benzene.res", {}, 422, "other_structure_format", {"kind": "shelx"}),
        (BENZENE, "benzene.MCIF", {}, 422, "other_structure_format", {"kind": "mcif"}),
        (BENZENE, "benzene.cif", {"format": "pickle"}, 422, "unknown_structure_format", {"found": "pickle"}),
        (
            BENZENE.replace(b"C1 C -0.0569", b"C1 C nan"),
            "x.cif",
            {},
            422,
            "unreadable_number",
            {"found": "nan", "site": "C1"},
        ),
        (BENZENE.replace(b"C1 C", b"C1 Xx"), "x.cif", {}, 422, "unknown_element", {"symbol": "Xx", "site": "C1"}),
        (
            BENZENE.replace(b"-0.0976 0.2447 -0.0177", b"-0.0569 0.1387 -0.0054"),
            "x.cif",
            {},
            422,
            "overlapping_sites",
            {"sites": ["C1", "H1"]},
        ),
        (
            b'6000\nLattice="90 0 0 0 90 0 0 0 90"\n',
            "x.xyz",
            {},
            413,
            "too_many_atoms",
            {"n_atoms": 6000, "max_atoms": 5000},
        ),
    ],
)
def test_bad_files_are_refused_and_leave_nothing(
    client: Client,
    settings: Settings,
    content: bytes,
    file_name: str,
    form: dict[str, str],
    status: int,
    code: str,
    params: dict[str, object],
) -> None:
    response = upload(client, content, file_name, **form)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], {**problem["params"], **params}) == (code, problem["params"])
    assert problem["errors"][0]["loc"] in ("file", "format")
    assert client.get("/structures").json()["total"] == 0
    assert nothing_is_left(settings)


def test_a_hundred_megabytes_are_refused(client: Client, settings: Settings) -> None:
    response = upload(client, b"#" * 100_000_000)
    assert response.status_code == 413
    assert nothing_is_left(settings)


def test_missing_file_is_named(client: Client) -> None:
    response = client.post("/structures", data={"name": "x"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == "file"


@pytest.mark.usefixtures("unconfined")
def test_failed_store_leaves_nothing(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Unprocessable("after the files were written")

    monkeypatch.setattr("backend.kit.db.owners.Scope.add", refuse)
    assert upload(client, BENZENE).status_code == 422
    assert nothing_is_left(settings)


@pytest.mark.usefixtures("unconfined")
def test_same_key_makes_one_structure(client: Client) -> None:
    arguments: dict[str, Any] = {"files": {"file": ("POSCAR", POLONIUM)}, "headers": {"Idempotency-Key": "k"}}
    first, second = (client.post("/structures", **arguments).json() for _ in range(2))
    assert first["id"] == second["id"]
    arguments["files"] = {"file": ("POSCAR", POLONIUM.replace(b"3.345", b"3.4"))}
    assert client.post("/structures", **arguments).status_code == 422


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(("fmt", "ending"), [("cif", ".cif"), ("poscar", ".vasp"), ("extxyz", ".extxyz")])
def test_downloads_can_be_uploaded_again(client: Client, fmt: str, ending: str) -> None:
    made = client.post("/examples/ice-xi").json()
    file = client.get(f"/structures/{made['id']}/file", params={"format": fmt})
    assert file.headers["content-disposition"] == f'attachment; filename="Ice_XI{ending}"'
    assert file.headers["x-content-type-options"] == "nosniff"
    again = upload(client, file.content, f"again{ending}").json()
    for key in ("formula_cell", "space_group", "elements", "name"):
        assert again[key] == made[key]
    assert again["cell"]["volume_angstrom3"] == pytest.approx(made["cell"]["volume_angstrom3"])


@pytest.mark.usefixtures("unconfined")
def test_original_comes_back_to_the_byte(client: Client) -> None:
    content = BENZENE + b"# M\xfcller\r\n"
    made = upload(client, content, '../../etc/<b>"x\r\n.cif').json()
    assert "/" not in made["filename"]
    file = client.get(f"/structures/{made['id']}/file", params={"format": "original"})
    assert file.content == content
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', file.headers["content-disposition"])
    assert client.get(f"/structures/{made['id']}/file", params={"format": "pdb"}).status_code == 422


def test_deleted_structure_is_gone_with_its_files(client: Client, settings: Settings) -> None:
    made = client.post("/examples/silicon").json()
    assert settings.structure_dir(made["id"]).is_dir()
    assert client.delete(f"/structures/{made['id']}").status_code == 204
    assert nothing_is_left(settings)
    assert client.get(f"/structures/{made['id']}").status_code == 404
    assert client.delete(f"/structures/{made['id']}").status_code == 404


def test_structure_with_predictions_stays(client: Client, settings: Settings) -> None:
    made = client.post("/examples/silicon").json()
    asked = client.post("/predictions", json={"structure_id": made["id"], "instruments": ["TOSCA"]})
    assert asked.status_code == 202, asked.text
    response = client.delete(f"/structures/{made['id']}")
    assert response.status_code == 409
    assert settings.structure_dir(made["id"]).is_dir()
    assert client.delete(f"/predictions/{asked.json()['id']}").status_code == 204
    assert client.delete(f"/structures/{made['id']}").status_code == 204


def test_examples_are_listed_and_added(client: Client) -> None:
    listed = client.get("/examples").json()
    assert {"silicon", "benzene", "barium-titanate-sc-h"} <= {example["name"] for example in listed}
    assert all(set(example) == {"name", "title", "formula", "description", "source"} for example in listed)
    for example in listed:
        made = client.post(f"/examples/{example['name']}")
        assert made.status_code == 201, made.text
        assert made.json()["formula"] == example["formula"]
        assert made.json()["name"] == example["title"]
        assert made.json()["warnings"] == []
    missing = client.post("/examples/unobtainium")
    assert missing.status_code == 404
    assert missing.json()["code"] == "unknown_example"
    assert "silicon" in missing.json()["params"]["known"]


def test_example_is_the_same_as_its_file_uploaded(client: Client) -> None:
    made = client.post("/examples/benzene").json()
    uploaded = upload(client, BENZENE).json()
    for key in made.keys() - {"id", "created_at", "name", "example"}:
        assert made[key] == uploaded[key]


def test_unreadable_within_the_limits_is_unprocessable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def exceed(*_: object, **__: object) -> str:
        raise confined.Exceeded("it took too long")

    monkeypatch.setattr(confined, "run", exceed)
    with pytest.raises(Unprocessable) as refusal:
        service.read(settings, BENZENE, FORMATS["cif"])
    assert refusal.value.notice == Notice("structure_not_read", {"format": "CIF", "reason": "it took too long"})


def test_canonical_file_is_plain_json(client: Client, settings: Settings) -> None:
    made = client.post("/examples/silicon").json()
    stored = json.loads((settings.structure_dir(made["id"]) / service.CANONICAL).read_text())
    assert set(stored) == {"numbers", "positions", "cell", "pbc"}
