"""Which engines there are, and who has them."""

from __future__ import annotations

from typing import Any

from backend.health import beats

from .conftest import Client
from .predicting import worker


def listed(client: Client) -> dict[str, dict[str, Any]]:
    return {engine["name"]: engine for engine in client.get("/engines").json()}


def test_engines_say_what_they_can_do_though_no_worker_lives(client: Client) -> None:
    engines = listed(client)
    assert engines["gpumd"] == {
        "name": "gpumd",
        "title": "GPUMD",
        "methods": ["md", "trpmd"],
        "queue": "gpu",
        "workers": 0,
    }
    assert engines["i-pi"]["methods"] == ["trpmd"]
    assert engines["calorine"]["methods"] == ["harmonic", "md"]


def test_workers_count_where_they_serve_the_engines_queue(client: Client) -> None:
    beats.beat(worker("one@here", queues=["cpu"], engines={"nep-adapters": "1.0", "gpumd": "/opt/gpumd"}))
    beats.beat(worker("two@here", queues=["cpu", "gpu"], engines={"nep-adapters": "1.0", "gpumd": "/opt/gpumd"}))
    beats.beat(worker("gone@here"))
    beats.stop("gone@here")
    assert {name: engine["workers"] for name, engine in listed(client).items()} == {
        "nep-adapters": 2,
        "nep-adapters-cuda": 0,
        "calorine": 0,
        "gpumd": 1,
        "i-pi": 0,
    }
