"""What users of version 2cfd2fe have downloaded is taken in: an exported proposal, data and spectra."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.golden.opening import HERE, Server, opened, unpack

FILES = HERE / "files"
GRID = {"energy_mev": {"min": 0, "max": 40, "step": 0.5}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on the old data folder."""
    with opened(unpack(tmp_path_factory.mktemp("files"))) as running:
        yield running


def spectrum(server: Server, prediction_id: str) -> dict[str, Any]:
    response = server.request("POST", f"predictions/{prediction_id}/spectrum", json=GRID)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_an_exported_proposal_comes_in(server: Server) -> None:
    archive = ("proposal.zip", (FILES / "proposal.zip").read_bytes())
    response = server.request("POST", "proposals/import", files={"file": archive})
    assert response.status_code == 201, response.text
    proposal = response.json()
    assert proposal["notes"] == "with its potential"
    assert proposal["plan"]["features_mev"] == [5.0, 8.0]
    assert len(proposal["dataset_ids"]) == 2
    imported = [server.request("GET", f"predictions/{one}").json() for one in proposal["prediction_ids"]]
    assert {row["method"] for row in imported} == {"harmonic", "trpmd"}
    for row in imported:
        original = server.ids["random-potential" if row["method"] == "harmonic" else "silicon-path-trpmd"]
        assert row["id"] != original
        assert row["options"] == server.request("GET", f"predictions/{original}").json()["options"]
        old, new = spectrum(server, original), spectrum(server, row["id"])
        assert new["intensity"] == old["intensity"]


@pytest.mark.parametrize(
    ("file", "dataset"), [("silicon-tosca.h5", "silicon-tosca"), ("aluminium-map.h5", "aluminium-map")]
)
def test_downloaded_data_are_data_again(server: Server, file: str, dataset: str) -> None:
    response = server.request("POST", "datasets", files={"file": (file, (FILES / file).read_bytes())})
    assert response.status_code == 201, response.text
    old = server.request("GET", f"datasets/{server.ids[dataset]}/data").json()
    new = server.request("GET", f"datasets/{response.json()['id']}/data").json()
    for name, values in old.items():
        np.testing.assert_allclose(np.array(new[name], float), np.array(values, float), rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("file", ["spectrum.h5", "spectrum.csv"])
def test_a_downloaded_spectrum_is_data(server: Server, file: str) -> None:
    given = {"x_unit": "meV"} if file.endswith("csv") else {}
    response = server.request("POST", "datasets", files={"file": (file, (FILES / file).read_bytes())}, data=given)
    assert response.status_code == 201, response.text
    data = server.request("GET", f"datasets/{response.json()['id']}/data").json()
    body = {"instrument": "TOSCA", "energy_mev": {"min": 5, "max": 70, "step": 1}}
    path = f"predictions/{server.ids['silicon-harmonic']}/spectrum"
    expected = server.request("POST", path, json=body).json()
    np.testing.assert_allclose(data["energy_mev"], expected["energy_mev"], rtol=1e-9)
    np.testing.assert_allclose(data["intensity"], expected["intensity"], rtol=1e-6)
