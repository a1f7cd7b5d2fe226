"""Sources over HTTP: previews, uploads in a confined process, lists, deletion; nothing stays of what is refused."""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anyio.from_thread import BlockingPortal

from backend.app import create_app
from backend.jobs import sweep
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.files import confined
from backend.kit.settings import Settings
from backend.sources import kept_readings, parse, service
from backend.sources.formats import FORMATS, MAX_FILES
from backend.sources.formats.reading import UploadedFile
from backend.sources.streaming import FrameWriter
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes
from scattering.simulate.interpolation import modes_at
from tests.phonons.crystals import nacl_euphonic

from .castep_files import phonon
from .conftest import Client
from .source_files import NACL, write_files
from .trajectory_files import motion, write_lammps

SPECIAL = {
    "Γ": [0, 0, 0, 20.88, 20.88, 20.88],
    "X": [10.177, 10.177, 16.854, 21.829, 21.829, 23.067],
    "L": [14.389, 14.389, 17.099, 17.099, 21.139, 26.935],
}
EVIL = b"phonopy: !!python/object/apply:os.system ['touch /tmp/beamcast-ran']\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("phonopy")
    write_files(made)
    (made / "phonopy.yaml").write_bytes(NACL.read_bytes())
    return made


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploads in this process: the same reading, without seconds for a process."""

    def run(
        _: str,
        arguments: Sequence[str],
        content: Sequence[Path],
        *,
        stream: confined.Stream | None = None,
        **__: object,
    ) -> str:
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        request = json.loads(options["--request"])
        monkeypatch.setattr(confined, "inputs", lambda n_files: list(content)[:n_files])
        if stream is None:
            return parse.as_json(request)
        answer = io.BytesIO()
        frames = FrameWriter(answer)
        frames.contents(parse.as_json(request, frames))
        stream.take(answer.getvalue())
        return ""

    monkeypatch.setattr(confined, "run", run)


def post(client: Client, path: str, *files: Path, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    parts = [("files", (one.name, one.read_bytes())) for one in files]
    return client.post(path, files=parts, data=fields, headers=headers or {})


def stored(settings: Settings) -> list[Path]:
    folders = (settings.data_dir / "sources", settings.data_dir / "structures", settings.staging_dir)
    return [path for one in folders if one.exists() for path in one.iterdir()]


def test_a_preview_in_a_confined_process(client: Client, settings: Settings, folder: Path) -> None:
    answer = post(client, "/sources/preview", folder / "phonopy.yaml")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["format"], body["kind"], body["formula"], body["n_atoms"]) == ("phonopy-yaml", "phonons", "NaCl", 8)
    assert body["recognised"] == [{"file": "phonopy.yaml", "role": "phonopy_yaml"}]
    assert (body["needs"], body["findings"]) == ([], [])
    phonons = body["phonons"]
    for point, energies in SPECIAL.items():
        assert phonons["special_phonons_mev"][point] == pytest.approx(energies, abs=2e-3)
    assert phonons["gamma_lo_mev"]["[1,0,0]"] == pytest.approx(32.40, abs=0.05)
    assert phonons["highest_energy_mev"] == pytest.approx(32.4, abs=0.2)
    assert (phonons["has_nac"], phonons["imaginary_fraction"], phonons["n_atoms_primitive"]) == (True, 0, 2)
    assert stored(settings) == []


def test_a_hostile_file_in_a_confined_process(client: Client, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_bytes(EVIL)
    answer = post(client, "/sources", tmp_path / "evil.yaml")
    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe_yaml")
    assert answer.json()["errors"][0]["loc"] == "files"
    assert not Path("/tmp/beamcast-ran").exists()
    assert stored(settings) == []


@pytest.mark.usefixtures("unconfined")
def test_formats_are_listed_with_the_names_of_their_files(client: Client) -> None:
    listed = {one["name"]: one for one in client.get("/sources/formats").json()}
    assert list(listed) == list(FORMATS)
    assert listed["xtc"] == {
        "name": "xtc",
        "title": "GROMACS XTC, with a topology",
        "kind": "trajectory",
        "file_names": [r".*\.xtc"],
    }
    # A POSCAR alone is a structure
    assert not any(re.fullmatch(name, "poscar") for one in listed.values() for name in one["file_names"])


class TestStoring:
    def test_an_upload_makes_a_source_and_a_structure(self, client: Client, settings: Settings, folder: Path) -> None:
        files = [folder / name for name in ("phonopy_disp.yaml", "FORCE_SETS", "BORN")]
        answer = post(client, "/sources", *files, name="Salt")
        assert answer.status_code == 201
        body = answer.json()
        assert (body["name"], body["format"], body["formula"]) == ("Salt", "phonopy-force-sets", "NaCl")
        assert set(body["sha256"]) == {"phonopy_disp.yaml", "FORCE_SETS", "BORN"}
        structure = client.get(f"/structures/{body['structure_id']}").json()
        assert (structure["name"], structure["n_atoms"], structure["space_group_number"]) == ("Salt", 8, 225)
        assert structure["isotopes"] == {}
        kept = settings.source_dir(body["id"])
        assert [(kept / f"original-{n}").read_bytes() for n in range(3)] == [one.read_bytes() for one in files]
        with database.transaction(settings, reading=True) as session:
            row = service.get(Scope(session, LOCAL_USER), uuid.UUID(body["id"]))
            crystal = service.load_phonons(settings, row)
        assert isinstance(crystal, HarmonicCrystal)
        assert crystal.dipoles is not None
        assert client.get(f"/sources/{body['id']}").json() == body
        assert client.get("/sources").json() == {"items": [body], "total": 1}

    def test_an_upload_takes_what_its_preview_has_read(
        self, client: Client, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = [folder / name for name in ("phonopy_disp.yaml", "FORCE_SETS", "BORN")]
        read = post(client, "/sources", *paths).json()
        previewed = post(client, "/sources/preview", *paths).json()

        def no_reader(*_: object, **__: object) -> str:
            raise AssertionError("a file is read again")

        with monkeypatch.context() as patched:
            patched.setattr(confined, "run", no_reader)
            assert post(client, "/sources/preview", *paths).json() == previewed
            taken = post(client, "/sources", *paths).json()
        for name in ("phonons", "findings", "recognised", "sha256", "program"):
            assert taken[name] == read[name]
        with database.transaction(settings, reading=True) as session:
            rows = [service.get(Scope(session, LOCAL_USER), uuid.UUID(one["id"])) for one in (read, taken)]
            first, second = (service.load_phonons(settings, row) for row in rows)
        assert isinstance(first, HarmonicCrystal)
        assert isinstance(second, HarmonicCrystal)
        np.testing.assert_array_equal(first.force_constants, second.force_constants)

    def test_what_previews_have_read_is_not_taken_for_other_uploads(
        self, client: Client, settings: Settings, folder: Path
    ) -> None:
        file = folder / "phonopy.yaml"
        plain = post(client, "/sources/preview", file).json()
        stated = {"born_charges": '{"Na": 2, "Cl": -2}', "dielectric": "2.4"}
        other = post(client, "/sources/preview", file, **stated).json()
        assert other["phonons"]["gamma_lo_mev"] != plain["phonons"]["gamma_lo_mev"]
        assert len(list(settings.previews_dir.iterdir())) == 2

    def test_readings_of_previews_expire(
        self, client: Client, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept_readings, "MAX_KEPT", 1)
        post(client, "/sources/preview", folder / "phonopy.yaml")
        (first,) = settings.previews_dir.iterdir()
        os.utime(first, (0, 0))
        post(client, "/sources/preview", folder / "phonopy.yaml", **{"primitive": "none"})
        (second,) = settings.previews_dir.iterdir()
        assert second != first
        sweep.remove_orphans()
        assert second.exists()
        os.utime(second, (0, 0))
        sweep.remove_orphans()
        assert not second.exists()
        assert post(client, "/sources", folder / "phonopy.yaml").status_code == 201

    def test_the_same_key_stores_once(self, client: Client, folder: Path) -> None:
        answers = [post(client, "/sources", folder / "phonopy.yaml", headers={"Idempotency-Key": "a"}) for _ in "ab"]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert client.get("/sources").json()["total"] == 1
        other = post(client, "/sources", folder / "phonopy_params.yaml", headers={"Idempotency-Key": "a"})
        assert other.json()["code"] == "idempotency_key_used"

    def test_a_deleted_source_leaves_its_structure(self, client: Client, settings: Settings, folder: Path) -> None:
        body = post(client, "/sources", folder / "phonopy.yaml").json()
        assert client.delete(f"/sources/{body['id']}").status_code == 204
        assert not settings.source_dir(body["id"]).exists()
        assert client.get(f"/sources/{body['id']}").status_code == 404
        assert client.delete(f"/structures/{body['structure_id']}").status_code == 204

    def test_a_structure_is_deleted_with_its_source(self, client: Client, settings: Settings, folder: Path) -> None:
        body = post(client, "/sources", folder / "phonopy.yaml").json()
        assert client.delete(f"/structures/{body['structure_id']}").json()["code"] == "structure_has_predictions"
        whole = client.delete(f"/structures/{body['structure_id']}", params={"with_predictions": True})
        assert whole.status_code == 204
        assert client.get("/sources").json()["total"] == 0
        assert stored(settings) == []

    def test_a_needed_field_is_asked_for_and_required(self, client: Client, settings: Settings, folder: Path) -> None:
        files = [folder / "POSCAR", folder / "FORCE_SETS"]
        preview = post(client, "/sources/preview", *files).json()
        assert [one["field"] for one in preview["needs"]] == ["supercell"]
        assert (preview["phonons"], preview["formula"]) == (None, None)
        refused = post(client, "/sources", *files)
        assert (refused.status_code, refused.json()["code"]) == (422, "needs_field")
        assert [one["loc"] for one in refused.json()["errors"]] == ["supercell"]
        assert stored(settings) == []
        for supercell in ("[2, 2, 2]", "[[2, 0, 0], [0, 2, 0], [0, 0, 2]]"):
            found = post(client, "/sources/preview", *files, supercell=supercell, primitive="auto").json()
            assert found["phonons"]["n_atoms_primitive"] == 2
            assert [one["code"] for one in found["findings"]] == ["no_nac"]

    @pytest.mark.parametrize(
        ("fields", "loc"),
        [
            ({"supercell": "[1, 2]"}, "supercell"),
            ({"supercell": "[1, 2, 0]"}, "supercell"),
            ({"supercell": "[1e9, 1, 1]"}, "supercell"),
            ({"primitive": "conventional"}, "primitive"),
            ({"species": "[]"}, "species"),
            ({"format": "nonsense"}, "format"),
        ],
    )
    def test_wrong_fields(self, client: Client, folder: Path, fields: dict[str, str], loc: str) -> None:
        answer = post(client, "/sources/preview", folder / "phonopy.yaml", **fields)
        assert answer.status_code in (415, 422)
        assert any(one["loc"].startswith(loc) for one in answer.json()["errors"])

    def test_a_crystal_of_isotopes(self, client: Client, folder: Path, tmp_path: Path) -> None:
        text = (folder / "phonopy.yaml").read_text()
        (tmp_path / "heavy.yaml").write_text(text.replace("mass: 35.453000", "mass: 36.965903"))
        body = post(client, "/sources", tmp_path / "heavy.yaml").json()
        assert client.get(f"/structures/{body['structure_id']}").json()["isotopes"] == {"Cl": "37Cl"}

    def test_modes_are_stored(self, client: Client, settings: Settings, tmp_path: Path) -> None:
        modes = modes_at(nacl_euphonic(), np.array([[0.0, 0.0, 0.0], [0.25, 0.25, 0.25]]))
        (tmp_path / "salt.phonon").write_text(phonon(modes, [0.25, 0.75]))
        body = post(client, "/sources", tmp_path / "salt.phonon").json()
        assert (body["format"], body["name"], body["phonons"]["n_q_points"]) == ("castep-phonon", "salt", 2)
        with database.transaction(settings, reading=True) as session:
            row = service.get(Scope(session, LOCAL_USER), uuid.UUID(body["id"]))
            found = service.load_phonons(settings, row)
        assert isinstance(found, PhononModes)
        np.testing.assert_allclose(found.energies_mev, modes.frequencies.to("meV").magnitude, atol=1e-6)
        np.testing.assert_allclose(found.weights, [0.25, 0.75])
        assert found.symbols == ("Na", "Cl")

    def test_preview_of_a_trajectory_asks_and_then_tells_its_frames(self, client: Client, tmp_path: Path) -> None:
        path = write_lammps(tmp_path / "run.lammpstrj", motion())
        asked = post(client, "/sources/preview", path).json()
        assert (asked["kind"], asked["format"], asked["trajectory"]) == ("trajectory", "lammps-dump", None)
        assert [one["field"] for one in asked["needs"]] == ["species", "time_step_fs"]
        assert asked["needs"][0]["choices"]["2"] == {"n_atoms": 2, "mass_u": None}
        typed = {"species": json.dumps({"1": "Na", "2": "Cl"}), "time_step_fs": "1"}
        told = post(client, "/sources/preview", path, **typed).json()
        assert (told["needs"], told["formula"], told["n_atoms"], told["phonons"]) == ([], "NaCl", 4, None)
        assert told["trajectory"]["n_frames"] == 64
        assert [one["code"] for one in told["findings"]] == ["short_trajectory"]
        refused = post(client, "/sources/preview", path, cell_angstrom="[1, 2]")
        assert refused.json()["errors"][0]["code"] == "unreadable_trajectory_cell"

    def test_other_files_name_what_they_look_like(self, client: Client, settings: Settings, tmp_path: Path) -> None:
        for name, content, kind in (
            ("a.cif", b"data_a\n_cell_length_a 1\n", "cif"),
            ("a.bin", b"\0\1\2", ""),
        ):
            (tmp_path / name).write_bytes(content)
            answer = post(client, "/sources", tmp_path / name)
            assert (answer.status_code, answer.json()["code"]) == (415, "unknown_format")
            assert answer.json()["params"]["looks_like"] == kind
        assert stored(settings) == []

    def test_stated_born_charges_split_modes(self, client: Client, folder: Path) -> None:
        files = [folder / "POSCAR", folder / "FORCE_SETS"]
        stated = {"supercell": "[2, 2, 2]", "born_charges": '{"Na": 1.1, "Cl": -1.1}'}

        bare = post(client, "/sources/preview", *files, supercell="[2, 2, 2]").json()
        split = post(client, "/sources/preview", *files, **stated, dielectric="2.4").json()

        assert (bare["phonons"]["has_nac"], split["phonons"]["has_nac"]) == (False, True)
        assert "no_nac" in [one["code"] for one in bare["findings"]]
        assert "no_nac" not in [one["code"] for one in split["findings"]]
        assert bare["phonons"]["gamma_lo_mev"] == {}
        # ω_LO² − ω_TO² = Z*² e² / (ε₀ ε∞ V μ) for one pair of atoms in V; e²/4πε₀ in eV Å, ħ² in eV u Å²
        volume, reduced_mass = 171.5 / 4, 22.98977 * 35.453 / (22.98977 + 35.453)
        shift = 1e6 * 4 * np.pi * 14.3996 * 1.1**2 / (2.4 * volume * reduced_mass) * 0.00418016
        assert split["phonons"]["gamma_lo_mev"]["[1,0,0]"] ** 2 - 20.88**2 == pytest.approx(shift, rel=0.01)

    @pytest.mark.parametrize(
        ("stated", "code", "loc"),
        [
            ({"dielectric": "2.4"}, "dipoles_incomplete", "born_charges"),
            ({"born_charges": '{"Na": 1}', "dielectric": "2.4"}, "born_charges_of_elements", "born_charges"),
            ({"born_charges": '{"Na": 1, "Cl": -1}', "dielectric": "-2"}, "impossible_dielectric", "dielectric"),
            ({"born_charges": '{"Na": 1, "Cl": -1}', "dielectric": "x"}, "unreadable_dielectric", "dielectric"),
        ],
    )
    def test_wrong_born_charges(
        self, client: Client, folder: Path, stated: dict[str, str], code: str, loc: str
    ) -> None:
        answer = post(
            client, "/sources/preview", folder / "POSCAR", folder / "FORCE_SETS", supercell="[2,2,2]", **stated
        )

        assert answer.status_code == 422
        assert [(one["code"], one["loc"]) for one in answer.json()["errors"]] == [(code, loc)]

    def test_too_many_and_empty_files(self, client: Client, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x")
        assert post(client, "/sources/preview", *[tmp_path / "a"] * (MAX_FILES + 1)).status_code == 422
        (tmp_path / "empty").touch()
        answer = post(client, "/sources/preview", tmp_path / "empty").json()
        assert (answer["code"], answer["errors"][0]["loc"]) == ("empty_file", "files")


def test_too_many_bytes(settings: Settings, portal: BlockingPortal, tmp_path: Path) -> None:
    small = settings.model_copy(update={"max_source_bytes": 1000, "max_upload_bytes": 1000})
    (tmp_path / "phonopy.yaml").write_bytes(b"x" * 100_000)
    for path in ("/sources", "/sources/preview"):
        answer = post(Client(portal, create_app(small)), path, tmp_path / "phonopy.yaml")
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert stored(settings) == []


def test_a_reader_that_gives_up(client: Client, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def run(*_: object, **__: object) -> str:
        raise confined.Exceeded("it took too long")

    monkeypatch.setattr(confined, "run", run)
    answer = post(client, "/sources/preview", folder / "phonopy.yaml").json()
    assert (answer["code"], answer["params"]["reason"]) == ("reader_gave_up", "it took too long")


def test_the_reader_takes_a_file_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"phonopy: {}\n")
    file = UploadedFile("phonopy.yaml", tmp_path / "x")
    assert (file.text, file.head) == ("phonopy: {}\n", b"phonopy: {}\n")
