"""Methods and samplings with their options, as forms read them."""

from __future__ import annotations

from typing import Any

import pytest

from backend.engines import catalogue
from scattering.options.registry import KINDS

from .conftest import Client
from .predicting import ask


def listed(client: Client) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["method"], one["sampling"]): one for one in client.get("/methods").json()}


def test_every_kind_is_listed_with_its_engines(client: Client) -> None:
    methods = listed(client)
    assert set(methods) == set(KINDS)
    for (method, _), one in methods.items():
        engine = one["options"]["properties"]["engine"]
        assert one["engines"] == engine["enum"] == list(catalogue.for_method(method))
        assert set(engine["choice_titles"]) == set(engine["enum"])
    assert len({one["title"] for one in methods.values()}) == len(methods)


@pytest.mark.parametrize(("method", "sampling"), KINDS)
def test_the_schema_names_exactly_the_options_of_a_prediction(
    client: Client, structure: dict[str, Any], method: str, sampling: str
) -> None:
    options = ask(client, structure, method=method, sampling=sampling, quality="preview")["options"]
    properties = listed(client)[method, sampling]["options"]["properties"]
    assert set(properties) == set(options)
    for name, field in properties.items():
        if "default" in field:
            assert options[name] == field["default"], name


def test_bounds_of_the_schema_are_those_that_are_checked(client: Client, structure: dict[str, Any]) -> None:
    step = listed(client)["md", "powder"]["options"]["properties"]["timestep_fs"]
    assert (step["minimum"], step["maximum"], step["unit"]) == (0.1, 5, "fs")
    body = {"structure_id": structure["id"], "method": "md", "options": {"timestep_fs": step["maximum"] + 0.1}}
    refused = client.post("/predictions", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == "options.timestep_fs"
    zones = listed(client)["md", "path"]["options"]["properties"]["zones"]
    assert {"enum": ["first", "random"]} in zones["anyOf"]
