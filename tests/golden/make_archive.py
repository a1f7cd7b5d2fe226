"""Make the data folder of version 2cfd2fe that later versions must open, and pack it into `data.tar.xz`.

Runs with the code of that version only, in a checkout of it:

    git worktree add /tmp/old 2cfd2fe && cd /tmp/old
    PYTHONPATH=. python …/tests/golden/make_archive.py

Predictions are asked for over the API and done by the workers' own task, one after the other, in this process. NEP89 is
fetched on first use, and is not packed.
"""

# ruff: noqa: I001 (of the modules of another version)
from __future__ import annotations

import json
import lzma
import os
import sqlite3
import sys
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = Path(tempfile.mkdtemp(prefix="beamcast-golden-"))
os.environ["BEAMCAST_DATA_DIR"] = str(FOLDER)
os.environ.setdefault("BEAMCAST_POTENTIALS_DIR", str(Path.cwd() / ".cache" / "potentials"))
os.environ["BEAMCAST_CHECKPOINT_S"] = "0.2"
# Small systems: threads would only wait for each other
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402

from backend import database  # noqa: E402
from backend.app import create_app  # noqa: E402
from backend.health import beats  # noqa: E402
from backend.health.tables import WorkerBeat  # noqa: E402
from backend.jobs import leases  # noqa: E402
from backend.models import catalogue, fetch  # noqa: E402
from backend.settings import Settings, current  # noqa: E402
from backend.startup import prepare  # noqa: E402
from tests.backend import datasets_hdf5, datasets_texts, nep_texts  # noqa: E402
from workers import tasks  # noqa: E402
from workers.kit.shutdown import Flag  # noqa: E402

WORKER = "cpu@golden"
ENGINES = ("nep-adapters", "calorine", "i-pi")
EXAMPLES = ("silicon", "benzene", "lithium-hydride", "magnesium-oxide", "aluminium", "copper")
CUBIC_STRONTIUM_TITANATE = """SrTiO3 cubic
3.905
1 0 0
0 1 0
0 0 1
Sr Ti O
1 1 3
Direct
0 0 0
0.5 0.5 0.5
0.5 0.5 0
0.5 0 0.5
0 0.5 0.5
"""
RUN = {
    "timestep_fs": 4.0,
    "sample_fs": 16.0,
    "equilibration_ps": 0.1,
    "production_ps": 1.2,
    "correlation_ps": 0.5,
    "replicas": 2,
}
SUCCEEDED: dict[str, dict[str, Any]] = {
    "silicon-harmonic": {
        "structure": "silicon",
        "instruments": ["TOSCA"],
        "options": {"q_max_inv_angstrom": 7.0, "n_orders": 3, "energy_max_mev": 140.0},
    },
    "lithium-hydride-harmonic": {
        "structure": "lithium-hydride",
        "temperature_k": 20,
        "instruments": ["TOSCA", "MAPS"],
        "options": {"q_max_inv_angstrom": 7.0, "n_orders": 2, "energy_max_mev": 160.0},
    },
    "benzene-harmonic": {
        "structure": "benzene",
        "temperature_k": 30,
        "quality": "preview",
        "options": {"q_max_inv_angstrom": 3.0, "n_orders": 1, "energy_max_mev": 120.0},
    },
    "strontium-titanate-harmonic": {
        "structure": "strontium-titanate",
        "instruments": ["ARCS"],
        "options": {
            "q_max_inv_angstrom": 3.0,
            "n_orders": 1,
            "energy_max_mev": 100.0,
            "supercell": [3, 3, 3],
            "resolve_sites": True,
        },
    },
    "random-potential": {
        "structure": "silicon",
        "model": "random weights",
        "options": {"supercell": [2, 2, 2], "q_max_inv_angstrom": 3.0, "energy_max_mev": 40.0, "n_orders": 1},
    },
    "silicon-path-harmonic": {
        "structure": "silicon",
        "sampling": "path",
        "instruments": ["ARCS"],
        "options": {
            "path": "Γ-X-U|K-Γ-L",
            "n_zones": 6,
            "energy_max_mev": 80.0,
            "path_spacing_inv_angstrom": 0.1,
        },
    },
    "magnesium-oxide-path-harmonic": {
        "structure": "magnesium-oxide",
        "sampling": "path",
        "temperature_k": 100,
        "options": {
            "path": "Γ-X",
            "zones": [[0, 0, 4], [1, 1, 3], [2, 2, 2]],
            "energy_max_mev": 110.0,
            "path_spacing_inv_angstrom": 0.1,
        },
    },
    "aluminium-md": {
        "structure": "aluminium",
        "method": "md",
        "quality": "preview",
        "instruments": ["MARI"],
        "options": {**RUN, "supercell": [4, 4, 4], "n_q_points": 200, "q_max_inv_angstrom": 4.0},
    },
    "silicon-path-md": {
        "structure": "silicon",
        "method": "md",
        "sampling": "path",
        "quality": "preview",
        "options": {**RUN, "supercell": [4, 4, 4], "path": "Γ-X", "n_zones": 4, "q_max_inv_angstrom": 7.0},
    },
    "aluminium-trpmd": {
        "structure": "aluminium",
        "method": "trpmd",
        "quality": "preview",
        "temperature_k": 80,
        "instruments": ["MARI"],
        "options": {**RUN, "supercell": [3, 3, 3], "n_q_points": 150, "q_max_inv_angstrom": 3.0, "n_beads": 4},
    },
    "silicon-path-trpmd": {
        "structure": "silicon",
        "method": "trpmd",
        "sampling": "path",
        "quality": "preview",
        "options": {
            **RUN,
            "supercell": [2, 2, 2],
            "path": "Γ-X",
            "zones": "first",
            "n_beads": 2,
            "replicas": 1,
        },
    },
}
IN_FLIGHT = {**RUN, "supercell": [3, 3, 3], "n_q_points": 50, "q_max_inv_angstrom": 4.0}


class Maker:
    """The server, its user, and its worker."""

    def __init__(self, client: TestClient, settings: Settings) -> None:
        self.client, self.settings = client, settings
        self.ids: dict[str, str] = {}

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The answer to a request that must succeed."""
        response = self.client.request(method, path, **arguments)
        if not response.is_success:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def keep(self, name: str, answer: dict[str, Any]) -> str:
        """Remember the id of what was made."""
        self.ids[name] = answer["id"]
        return self.ids[name]

    def ask(self, name: str, *, structure: str, **body: Any) -> str:
        """Ask for a prediction."""
        print(name, flush=True)
        beat()
        answer = self.call("POST", "predictions", json={"structure_id": self.ids[structure], **body})
        return self.keep(name, answer)

    def work(self, name: str) -> dict[str, Any]:
        """Do all the jobs of the only prediction that is queued, and say how it stands."""
        beat()
        while (lease := leases.claim(WORKER, os.getpid())) is not None:
            assert str(lease.prediction_id) == self.ids[name]
            tasks.perform(lease, Flag())
            beat()
        row: dict[str, Any] = self.call("GET", f"predictions/{self.ids[name]}")
        size = self.settings.partials_path(row["id"])
        print("  ", row["status"], row["error"], row["warnings"], size.stat().st_size if size.exists() else "")
        return row

    def claim(self) -> leases.Lease:
        """A lease on the next job."""
        beat()
        lease = leases.claim(WORKER, 4242)
        assert lease is not None
        return lease


def beat() -> None:
    """The worker lives."""
    worker = WorkerBeat(name=WORKER, slots=20, long_slots=19, queues=["cpu"], engines=dict.fromkeys(ENGINES, "1"))
    beats.beat(worker)


def upload_structures(maker: Maker) -> None:
    """The examples, and a file of the user's."""
    for name in EXAMPLES:
        maker.keep(name, maker.call("POST", f"examples/{name}", headers={"Idempotency-Key": f"add-{name}"}))
    file = ("SrTiO3.vasp", CUBIC_STRONTIUM_TITANATE.encode())
    maker.keep(
        "strontium-titanate",
        maker.call("POST", "structures", files={"file": file}, data={"name": "Cubic SrTiO₃", "format": "poscar"}),
    )


def upload_potential(maker: Maker) -> None:
    """A potential of random weights."""
    text = nep_texts.nep_text(elements=("Si", "Al")).encode()
    data = {"name": "random weights", "licence": "CC0-1.0", "citation": "nobody (2025)"}
    maker.keep("potential", maker.call("POST", "models", files={"file": ("nep.txt", text)}, data=data))


def run_predictions(maker: Maker) -> None:
    """Those that succeed, one of them with the user's own potential."""
    for name, body in SUCCEEDED.items():
        maker.ask(name, **body)
        assert maker.work(name)["status"] == "succeeded"


def leave_unfinished(maker: Maker) -> None:
    """Rows in every other state."""
    md = {"structure": "aluminium", "method": "md", "quality": "preview", "options": IN_FLIGHT}

    maker.ask("failed", structure="silicon", model="random weights")
    leases.fail(maker.claim(), "The potential gives this structure no real phonon: it is unstable throughout.")

    # Its worker died as often as it may
    maker.ask("died", structure="copper", options={"supercell": [2, 2, 2]})
    for _ in range(3):
        lease = maker.claim()
        leases.report(lease, "displacing atoms", 0.3)
        assert leases_take_back(lease)

    maker.ask("cancelled", structure="silicon")
    maker.call("POST", f"predictions/{maker.ids['cancelled']}/cancel")

    # One replica done, the other with a checkpoint, taken up by another worker
    maker.ask("replicas-in-flight", **{**md, "options": {**IN_FLIGHT, "production_ps": 12.0, "timestep_fs": 1.0}})
    tasks.perform(maker.claim(), Flag())
    tasks.perform(maker.claim(), Flag())
    stop = Flag()
    threading.Timer(4.0, stop.set).start()
    tasks.perform(maker.claim(), stop)
    lease = maker.claim()
    assert (lease.kind, lease.number) == ("replica", 1)
    leases.report(lease, "running molecular dynamics", 0.4)

    maker.ask("preparing", **md)
    leases.report(maker.claim(), "relaxing the atoms", 0.2)

    maker.ask("path-in-flight", structure="magnesium-oxide", sampling="path")
    leases.report(maker.claim(), "displacing atoms", 0.5)

    maker.ask("cancel-requested", structure="silicon")
    leases.report(maker.claim(), "displacing atoms", 0.1)
    maker.call("POST", f"predictions/{maker.ids['cancel-requested']}/cancel")

    maker.ask("disk-full", structure="copper", quality="preview", options={"supercell": [2, 2, 2]})
    leases.release(maker.claim(), wait_s=60.0, why="waiting for room on the server's disk, which is full")

    # Between two jobs: prepared, its replicas queued
    maker.ask("prepared", **md)
    tasks.perform(maker.claim(), Flag())

    # The worker has no graphics card
    maker.ask("waiting-for-engine", structure="copper", options={"engine": "nep-adapters-cuda"})
    gpumd = {**IN_FLIGHT, "engine": "gpumd"}
    maker.ask("queued-gpumd", structure="aluminium", method="md", quality="production", options=gpumd)
    maker.ask("queued", structure="benzene", quality="standard", instruments=["TOSCA"])
    maker.ask("queued-trpmd", structure="lithium-hydride", method="trpmd", sampling="path", quality="preview")


def leases_take_back(lease: leases.Lease) -> bool:
    """The worker that holds it is gone."""
    return leases.take_back(lease.prediction_id, lease.job_id, if_still=lambda job, now: True)


def upload_data(maker: Maker) -> None:
    """Measured data of several kinds, made of the forecasts so that fits find something."""
    noise = np.random.default_rng(7)

    def spectrum(name: str, view: dict[str, Any]) -> tuple[Any, Any, Any]:
        answer = maker.call("POST", f"predictions/{maker.ids[name]}/spectrum", json=view)
        energy, clean = np.array(answer["energy_mev"]), np.array(answer["intensity"])
        error = np.full_like(clean, 0.015 * clean.max())
        return energy, clean + error * noise.standard_normal(len(clean)), error

    def upload(key: str, file: tuple[str, bytes], **data: Any) -> None:
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()}
        maker.keep(key, maker.call("POST", "datasets", files={"file": file}, data=texts))

    grid = {"min": 10, "max": 80, "step": 0.5}
    energy, counts, error = spectrum("silicon-harmonic", {"instrument": "TOSCA", "energy_mev": grid})
    file = datasets_texts.columns(energy + 0.4, 30 * counts, 30 * error, names="energy (meV),intensity,error")
    upload(
        "silicon-tosca",
        ("silicon.csv", file),
        name="Silicon on TOSCA",
        instrument="TOSCA",
        temperature_k=300,
        exposure_h=6,
        mass_g=4.5,
        structure_id=maker.ids["silicon"],
    )
    grid = {"min": 40, "max": 160, "step": 0.5}
    energy, counts, error = spectrum("lithium-hydride-harmonic", {"instrument": "TOSCA", "energy_mev": grid})
    file = datasets_texts.isis_dat(8.065544 * energy, 5 * counts + 0.02, 5 * error, title="LITHIUM HYDRIDE 20K")
    upload("lithium-hydride-tosca", ("lih.dat", file), instrument="TOSCA", isotopes={"Li": "7Li"})
    ordinates = np.rint(1e5 * np.interp(np.arange(330, 1280, 5), 8.065544 * energy, counts) / counts.max()).astype(int)
    text = datasets_texts.jcamp(330, 5, ordinates.tolist(), "DIFDUP", y_factor=0.001)
    upload("jcamp", ("lih.jdx", text.encode()), name="without errors", instrument="TOSCA")
    polar, edges = np.arange(5.0, 130.0, 5.0), np.arange(-5.0, 52.5, 2.5)
    middle = (edges[1:] + edges[:-1]) / 2
    surface = 5 + 20 * np.exp(-(((middle - 25) / 8) ** 2)) * np.sin(np.radians(polar))[:, None] ** 2
    surface = surface + noise.standard_normal(surface.shape)
    file = datasets_hdf5.nxspe(
        polar, edges, surface, np.sqrt(np.abs(surface) + 1), fixed_energy=60.0, instrument="MARI"
    )
    upload("aluminium-map", ("aluminium.nxspe", file), name="Aluminium on MARI", structure_id=maker.ids["aluminium"])


def write_proposals(maker: Maker) -> None:
    """One with everything, shared; one that is archived."""
    ids = maker.ids
    plan = {
        "prediction_id": ids["silicon-harmonic"],
        "features_mev": [20.0, 57.0, 62.0],
        "sample": {"geometry": "plate", "mass_g": 5},
        "settings": [{"instrument": "TOSCA"}, {"instrument": "MAPS", "settings": {"e_init": 120}}],
        "constraints": {"beam_time_h": 48},
        "calibrations": [{"dataset_id": ids["silicon-tosca"]}],
    }
    proposal = maker.keep(
        "proposal",
        maker.call(
            "POST",
            "proposals",
            json={
                "name": "Optical phonons of silicon",
                "notes": "Two days on MAPS will do.\nAsk about the CCR.",
                "sample": plan["sample"],
                "settings": plan["settings"],
                "plan": plan,
            },
        ),
    )
    for kind, item in (
        ("structures", "magnesium-oxide"),
        ("predictions", "silicon-path-harmonic"),
        ("predictions", "queued"),
        ("datasets", "aluminium-map"),
    ):
        maker.call("PUT", f"proposals/{proposal}/{kind}/{ids[item]}")
    token = maker.call("POST", f"proposals/{proposal}/share")["token"]
    maker.ids["token"] = token
    maker.keep("report", maker.call("POST", f"proposals/{proposal}/reports", json={"proposer": "A. Physicist"}))
    archived = maker.keep("archived", maker.call("POST", "proposals", json={"name": "Last round"}))
    maker.call("POST", f"proposals/{archived}/archive")


def pack(folder: Path, target: Path) -> None:
    """All of the folder but the potentials and what only a running server has, the same bytes for the same files."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if any(part in ("potentials", "broker", "scratch") for part in Path(member.name).parts):
            return None
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with lzma.open(target, "wb", preset=9) as out, tarfile.open(fileobj=out, mode="w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name, filter=plain)


def main(steps: tuple[Callable[[Maker], None], ...]) -> None:
    """Make and pack it."""
    # Each replica makes its process nicer, and here they are all done in one
    os.nice = lambda increment: 0  # type: ignore[assignment]
    settings = current()
    prepare(settings)
    if fetch.find(settings, catalogue.default()) is None:
        fetch.fetch(settings, catalogue.default())
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000/api/v1/") as client:
        maker = Maker(client, settings)
        for step in steps:
            step(maker)
    database.engine(settings).dispose()
    with sqlite3.connect(FOLDER / "beamcast.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    (FOLDER / "golden.json").write_text(json.dumps(maker.ids, indent=1))
    assert all(uuid.UUID(value) for name, value in maker.ids.items() if name != "token")
    pack(FOLDER, HERE / "data.tar.xz")
    print(FOLDER, (HERE / "data.tar.xz").stat().st_size)


if __name__ == "__main__":
    main((upload_structures, upload_potential, run_predictions, upload_data, leave_unfinished, write_proposals))
    sys.exit(0)
