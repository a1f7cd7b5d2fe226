"""Which engines there are, and who has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from backend.engines import catalogue
from backend.health import heartbeats
from backend.predictions.schemas import Method

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
        "default_for": [],
        "queue": "gpu",
        "families": ["nep"],
        "dispersion": ["pbe"],
        "constant_pressure": True,
        "licence": "GPL-3.0-or-later",
        "citation": "K. Xu et al., MGE Advances 3, e70028 (2025)",
        "package": "",
        "extra": "",
        "workers": 0,
    }
    assert engines["i-pi"]["methods"] == ["trpmd"]
    assert engines["calorine"]["methods"] == ["harmonic", "md"]


def test_workers_count_where_they_serve_the_engines_queue(client: Client) -> None:
    heartbeats.record(worker("one@here", queues=["cpu"], engines={"nep-adapters": "1.0", "gpumd": "/opt/gpumd"}))
    heartbeats.record(worker("two@here", queues=["cpu", "gpu"], engines={"nep-adapters": "1.0", "gpumd": "/opt/gpumd"}))
    heartbeats.record(worker("gone@here"))
    heartbeats.remove("gone@here")
    with_workers = {name: engine["workers"] for name, engine in listed(client).items() if not engine["extra"]}
    assert with_workers == {
        "nep-adapters": 2,
        "nep-adapters-cuda": 0,
        "calorine": 0,
        "gpumd": 1,
        "i-pi": 0,
    }


def test_choices_of_a_method_begin_with_its_default() -> None:
    assert catalogue.for_method("harmonic", "nep") == ("nep-adapters", "calorine", "nep-adapters-cuda")
    assert catalogue.for_method("harmonic")[0] == "nep-adapters"
    assert catalogue.for_method("harmonic", "xtb", preferred="tblite") == ("tblite",)
    assert catalogue.for_method("md", "nep") == ("nep-adapters", "calorine", "gpumd", "nep-adapters-cuda")
    assert catalogue.for_method("md", preferred="calorine")[0] == "calorine"
    # What a potential loads in runs no path integrals
    assert catalogue.for_method("trpmd", "nep", preferred="calorine") == ("i-pi", "gpumd")
    assert catalogue.for_method("md", "another family") == ()


def test_records_name_methods_that_predictions_have() -> None:
    for engine in catalogue.engines().values():
        assert set(engine.default_for) <= set(engine.methods) <= set(get_args(Method))
    defaults = [method for engine in catalogue.engines().values() for method in engine.default_for]
    assert sorted(defaults) == sorted(get_args(Method))


@pytest.mark.parametrize(
    ("name", "changes"),
    [("other", {}), ("toy", {"default_for": ["md"]}), ("toy", {"queue": "tpu"}), ("toy", {"unheard": 1})],
    ids=["another name", "second default", "unknown queue", "unknown field"],
)
def test_wrong_records_are_refused(
    name: str, changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"name": "toy", "title": "Toy", "role": "calculator", "queue": "cpu", "methods": ["md"]}
    record |= {"licence": "MIT", "citation": "none", **changes}
    lines = [f"{key} = {json.dumps(value)}" for key, value in record.items()]
    (tmp_path / f"{name}.toml").write_text("\n".join(lines))
    for path in catalogue.FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text())
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    with pytest.raises(ValueError):
        catalogue.engines.__wrapped__()
