"""Files as answers: ranges of them, refused ranges, and temporary files that never stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from backend.kit.http import errors
from backend.kit.http.downloads import FileDownload

from .conftest import run_apart

CONTENT = bytes(range(100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def answer(path: Path, range_of_bytes: str | None = None) -> httpx.Response:
    app = FastAPI()
    errors.install(app)

    @app.get("/file")
    def download() -> FileDownload:
        return FileDownload(path, media_type="application/octet-stream", is_temporary=True)

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.get("/file", headers={} if range_of_bytes is None else {"Range": range_of_bytes})

    send: Callable[[], Any] = get
    response: httpx.Response = run_apart(send)
    return response


@pytest.mark.parametrize(
    ("asked", "status", "content"), [(None, 200, CONTENT), ("bytes=10-19", 206, CONTENT[10:20])], ids=["all", "range"]
)
def test_a_file_or_a_range_of_it(path: Path, asked: str | None, status: int, content: bytes) -> None:
    response = answer(path, asked)
    assert (response.status_code, response.content) == (status, content)
    assert not path.exists()


@pytest.mark.parametrize(
    ("asked", "status", "code", "params"),
    [
        ("bytes=200-300", 416, "range_not_satisfiable", {"size": 100}),
        ("bytes=9999999999999999999-0,-1", 416, "range_not_satisfiable", {"size": 100}),
        ("bytes=", 400, "invalid_range", {}),
        ("lines=1-2", 400, "invalid_range", {}),
    ],
)
def test_a_refused_range_is_a_problem(path: Path, asked: str, status: int, code: str, params: dict[str, int]) -> None:
    response = answer(path, asked)
    assert (response.status_code, response.json()["code"], response.json()["params"]) == (status, code, params)
    assert response.headers["content-type"] == errors.MEDIA_TYPE
    assert response.headers.get("content-range") == ("bytes */100" if status == 416 else None)
    assert not path.exists()


def test_a_temporary_file_goes_with_the_client(path: Path) -> None:
    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the client has gone")

    async def download() -> None:
        response = FileDownload(path, media_type="application/octet-stream", is_temporary=True)
        scope = {"type": "http", "method": "GET", "headers": [], "extensions": {}}
        with pytest.raises(BaseException):  # noqa: B017  (alone or in a group, as Starlette sends it)
            await response(scope, anyio.sleep_forever, send)

    run_apart(download)
    assert not path.exists()
