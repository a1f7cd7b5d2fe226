# ruff: noqa: I001 (of the modules of another version)
"""Write what users of version 2cfd2fe could download into `files/`: later versions must take it in again.

Runs in a checkout of that version only, on the data folder in `data.tar.xz`; see `make_archive.py`.
"""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FILES = HERE / "files"
FOLDER = Path(tempfile.mkdtemp(prefix="beamcast-golden-"))
os.environ["BEAMCAST_DATA_DIR"] = str(FOLDER)

from fastapi.testclient import TestClient  # noqa: E402

from backend.app import create_app  # noqa: E402
from backend.settings import current  # noqa: E402
from backend.startup import prepare  # noqa: E402

HDF5 = {"Accept": "application/x-hdf5"}
SMALL = ("random-potential", "silicon-path-trpmd")


def main() -> None:
    """Export a proposal, and download data and a spectrum."""
    with tarfile.open(HERE / "data.tar.xz", "r:xz") as archive:
        archive.extractall(FOLDER, filter="data")
    ids = json.loads((FOLDER / "golden.json").read_text())
    settings = current()
    prepare(settings)
    FILES.mkdir(exist_ok=True)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000/api/v1/") as client:
        plan = {
            "prediction_id": ids["random-potential"],
            "features_mev": [5.0, 8.0],
            "settings": [{"instrument": "LET"}],
            "calibrations": [{"dataset_id": ids["silicon-tosca"]}],
        }
        body = {"name": "To another server", "notes": "with its potential", "plan": plan, "sample": {"mass_g": 3}}
        proposal = client.post("proposals", json=body).json()["id"]
        for name in SMALL:
            client.put(f"proposals/{proposal}/predictions/{ids[name]}").raise_for_status()
        client.put(f"proposals/{proposal}/datasets/{ids['aluminium-map']}").raise_for_status()
        (FILES / "proposal.zip").write_bytes(client.get(f"proposals/{proposal}/export").content)
        for name in ("silicon-tosca", "aluminium-map"):
            content = client.get(f"datasets/{ids[name]}/data", headers=HDF5).content
            (FILES / f"{name}.h5").write_bytes(content)
        grid = {"instrument": "TOSCA", "energy_mev": {"min": 5, "max": 70, "step": 1}}
        path = f"predictions/{ids['silicon-harmonic']}/spectrum"
        (FILES / "spectrum.h5").write_bytes(client.post(path, json=grid, headers=HDF5).content)
        (FILES / "spectrum.csv").write_bytes(client.post(path, json=grid, headers={"Accept": "text/csv"}).content)


if __name__ == "__main__":
    main()
