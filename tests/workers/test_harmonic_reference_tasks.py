"""Dynamics with the harmonic part of another prediction, over the API."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from tests.backend.conftest import Client

from .test_tasks import COPPER, SHORT_MD, ask, emt, metal, work

assert emt  # every potential is EMT
assert metal

QUICK = {"supercell": [3, 3, 3], "q_max_inv_angstrom": 4.0, "n_orders": 2}


@pytest.fixture
def reference(client: Client, metal: dict[str, Any]) -> str:
    made = ask(client, metal, options=QUICK)
    assert work() == 1
    return made


def refused(client: Client, structure: dict[str, Any], **body: Any) -> tuple[str, str]:
    request = {"structure_id": structure["id"], "instruments": ["ARCS"], "method": "md", "options": SHORT_MD, **body}
    answer = client.post("/predictions", json=request)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return ".".join(map(str, error["loc"])) if isinstance(error["loc"], list) else error["loc"], error["code"]


@pytest.mark.parametrize("sampling", ["powder", "path"])
def test_dynamics_have_the_harmonic_part_of_the_reference(
    client: Client, settings: Settings, metal: dict[str, Any], reference: str, sampling: str
) -> None:
    options = (
        SHORT_MD
        if sampling == "powder"
        else {name: value for name, value in SHORT_MD.items() if name not in ("n_q_points", "q_max_inv_angstrom")}
        | {"path": "Γ-X", "zones": [[0, 0, 2]]}
    )
    body = {"method": "md", "sampling": sampling, "options": options, "temperature_k": 80}
    made = ask(client, metal, harmonic_reference_id=reference, **body)
    # Deleted meanwhile: the prediction has the force constants
    assert client.delete(f"/predictions/{reference}").status_code == 204
    assert work() > 2
    row = client.get(f"/predictions/{made}").json()
    assert row["status"] == "succeeded", row["error"]
    assert row["provenance"]["harmonic_reference"]["id"] == reference
    told = row["provenance"]["findings"]["harmonic_correction"]
    # The reference is of the same potential, in a larger supercell
    assert told["median_ratio"] == pytest.approx(1.0, abs=0.02)
    if sampling == "powder":
        assert POWDER.read(settings.partials_path(made)).metadata["method"] == "md"


def test_phonons_of_the_dynamics_are_those_of_the_reference(
    client: Client, metal: dict[str, Any], reference: str
) -> None:
    made = ask(client, metal, method="md", options=SHORT_MD, temperature_k=80, harmonic_reference_id=reference)
    plain = ask(client, metal, method="md", options=SHORT_MD, temperature_k=80)
    assert work(most=20) > 4
    trust = client.get(f"/predictions/{made}/trust").json()
    told = {point["topic"]: point for point in trust["points"]}
    assert told["method"]["text_notice"]["code"] == "method_with_reference"
    assert "rms_relative_difference" in told["method"]["numbers"]
    # The harmonic forecast is compared with both, and neither of the dynamics with the other
    for one in (made, plain):
        points = {point["topic"] for point in client.get(f"/predictions/{one}/trust").json()["points"]}
        assert "stability" in points
    # A bundle requests the reference first
    bundle = client.post("/reports/bundle", json={"prediction_id": made})
    assert bundle.status_code == 200, bundle.text
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        requests = json.loads(archive.read("requests.json"))
    assert [one["id"] for one in requests["references"]] == [reference]
    assert requests["predictions"][0]["body"]["harmonic_reference_id"] == reference
    assert requests["predictions"][0]["body"]["harmonic_modes"] == "all"
    # Without the reference nothing is known of its phonons
    assert client.delete(f"/predictions/{reference}").status_code == 204
    told = {point["topic"]: point for point in client.get(f"/predictions/{made}/trust").json()["points"]}
    assert told["potential"]["text_notice"]["code"] == "phonons_given"


def test_wrong_references_are_refused(client: Client, metal: dict[str, Any], reference: str) -> None:
    copper = client.post("/structures", files={"file": ("POSCAR", COPPER.replace(b"\nAl\n", b"\nCu\n"))}).json()
    field = "harmonic_reference_id"
    assert refused(client, copper, harmonic_reference_id=reference) == (field, "harmonic_reference_of_other_structure")
    assert refused(client, metal, harmonic_reference_id=metal["id"])[0] == field
    assert refused(client, metal, method="harmonic", options={}, harmonic_reference_id=reference) == (
        field,
        "harmonic_reference_of_dynamics",
    )
    waiting = ask(client, metal, options=QUICK)
    assert refused(client, metal, harmonic_reference_id=waiting) == (field, "harmonic_reference_not_harmonic")
    without = refused(client, metal, harmonic_reference_id=reference, harmonic_modes="internal")
    assert without == ("harmonic_modes", "crystal_without_molecules")
    for option, value in (("relax_cell", True), ("ensemble", "npt")):
        loc, code = refused(client, metal, harmonic_reference_id=reference, options={**SHORT_MD, option: value})
        assert (loc, code) == (f"options.{option}", "cell_of_harmonic_reference")
    gpumd = refused(client, metal, harmonic_reference_id=reference, options={**SHORT_MD, "engine": "gpumd"})
    assert gpumd == ("options.engine", "unknown_choice")


def test_an_estimate_completes_the_options(client: Client, metal: dict[str, Any], reference: str) -> None:
    request = {
        "structure_id": metal["id"],
        "instruments": ["ARCS"],
        "method": "trpmd",
        "harmonic_reference_id": reference,
    }
    answer = client.post("/predictions/estimate", json=request)
    assert answer.status_code == 200, answer.text
    assert answer.json()["options"]["engine"] == "i-pi"
