"""What holds for the whole API, whatever the subject."""

from __future__ import annotations

import pytest

from .conftest import Client


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_unknown_api_path_is_a_problem_document(client: Client, method: str) -> None:
    response = client.request(method, "/no/such/thing")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Not found"
    assert "/api/v1/no/such/thing" in response.json()["detail"]
