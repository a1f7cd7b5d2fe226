"""What holds for the whole API, whatever the subject."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from backend.kit.db.owners import current_owner
from backend.kit.settings import Settings

from .conftest import Client


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_unknown_api_path_is_a_problem_document(client: Client, method: str) -> None:
    response = client.request(method, "/no/such/thing")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Not found"
    assert response.json()["code"] == "unknown_address"
    assert "/api/v1/no/such/thing" in response.json()["params"]["path"]


def test_every_response_is_guarded(client: Client) -> None:
    for path in ("/instruments", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1"])
def test_other_host_names_are_not_answered(client: Client, host: str) -> None:
    response = client.get("/instruments", headers={"Host": host})
    assert response.status_code == 400
    assert response.json()["code"] == "unknown_host"


def test_further_hosts_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMCAST_ALLOWED_HOSTS", "beamcast.example, 10.0.0.7")
    assert Settings().allowed_hosts == ("beamcast.example", "10.0.0.7")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_loopback_names_are_answered(client: Client, host: str) -> None:
    assert client.get("/instruments", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_sites_pages_may_change_nothing(client: Client, headers: dict[str, str]) -> None:
    assert client.post("/instruments/TOSCA/window", json={}, headers=headers).status_code == 403
    assert client.post("/instruments/TOSCA/window", json={}).status_code == 200


def test_own_pages_may(client: Client) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/instruments/TOSCA/window", json={}, headers=headers).status_code == 200


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
FORM_START = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.cif"\r\n\r\n'


@pytest.mark.parametrize(
    ("path", "headers", "start"),
    [("/predictions", {"Content-Type": "application/json"}, b" "), ("/structures", FORM, FORM_START)],
)
def test_too_large_is_said_before_all_is_read(
    client: Client, settings: Settings, path: str, headers: dict[str, str], start: bytes
) -> None:
    sent = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal sent
        yield start
        while sent < 100 * settings.max_upload_bytes:
            sent += 1 << 20
            yield b" " * (1 << 20)

    response = client.post(path, content=stream(), headers=headers)
    assert response.status_code == 413
    assert response.json()["title"] == "Too large"
    assert sent < 2 * settings.max_upload_bytes
    response = client.post(path, content=start, headers={**headers, "Content-Length": str(10**12)})
    assert response.status_code == 413
    assert response.json()["title"] == "Too large"


@pytest.mark.parametrize("length", ["-1", "many", "1e3", "\u0661".encode()])
def test_length_must_be_a_number(client: Client, length: str) -> None:
    assert client.post("/predictions", content=b"", headers={"Content-Length": length}).status_code == 400


def test_wrong_method_is_a_problem_document(client: Client) -> None:
    response = client.request("PUT", "/instruments")
    assert response.status_code == 404 or response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


def test_documentation_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("http://127.0.0.1:8000/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
    for asset in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert client.get(f"http://127.0.0.1:8000{asset}").status_code == 200


def test_every_route_is_documented(client: Client) -> None:
    document = client.get("http://127.0.0.1:8000/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("description"), where
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert "application/problem+json" in response["content"], where
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                schema = body["schema"]
                # A body that may be left out is one of null, too
                bodies = schema.get("oneOf") or schema.get("anyOf") or [schema]
                for one in (one for one in bodies if one.get("type") != "null"):
                    named = document["components"]["schemas"][one["$ref"].rpartition("/")[2]]
                    fields = named["properties"].values()
                    assert "examples" in named or any("examples" in field for field in fields), where
            if "{" in path:
                assert "404" in operation["responses"], where


def test_nobody_else_sees_the_rows(client: Client, app: FastAPI, structure: dict[str, str]) -> None:
    made = client.post("/predictions", json={"structure_id": structure["id"]}).json()
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    assert client.get("/predictions").json() == {"items": [], "total": 0}
    assert client.get(f"/predictions/{made['id']}").status_code == 404
    assert client.delete(f"/predictions/{made['id']}").status_code == 404
    assert client.post(f"/predictions/{made['id']}/cancel").status_code == 404
    app.dependency_overrides.clear()
    assert client.get(f"/predictions/{made['id']}").json()["status"] == "queued"
