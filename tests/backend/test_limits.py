"""The limits on uploads."""

from __future__ import annotations

from backend.kit.settings import Settings

from .conftest import Client


def test_the_stated_limits_are_those_of_the_server(client: Client, settings: Settings) -> None:
    assert client.get("/limits").json() == {
        "structure_bytes": settings.max_upload_bytes,
        "potential_bytes": settings.max_upload_bytes,
        "dataset_bytes": settings.max_dataset_bytes,
        "label_bytes": settings.max_upload_bytes,
        "source_bytes": settings.max_source_bytes,
        "trajectory_bytes": settings.max_trajectory_bytes,
        "proposal_bytes": settings.max_proposal_bytes,
    }


def test_one_byte_more_than_stated_is_refused(client: Client) -> None:
    limit = client.get("/limits").json()["structure_bytes"]
    content = b"\n" * (limit + 1)
    for address in ("/structures", "/potentials"):
        response = client.post(address, files={"file": ("large", content)})
        assert response.status_code == 413, address
        assert client.post(address, files={"file": ("large", content[1:])}).status_code == 422, address
