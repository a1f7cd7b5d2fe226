"""Hover labels: value, unit and name, each once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backend.figures.hover import MAX_UNIFIED, CurveHover, intensity_hover, map_hover
from backend.kit.settings import Settings

from .conftest import Client
from .predicting import succeeded
from .test_figures import array

UNIT = "barn/(sr meV) per atom"


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return succeeded(client, settings, structure)


def variables(template: str) -> list[str]:
    return re.findall(r"%{([\w.]+)", template)


def draw(client: Client, prediction_id: str, n: int = 1, **style: Any) -> dict[str, Any]:
    views = [{"prediction_id": prediction_id, "instrument": "TOSCA", "label": f"curve {i}"} for i in range(n)]
    response = client.post("/figures", json={"views": views, **style})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_a_unified_label_states_energy_and_unit_in_its_title() -> None:
    hover = CurveHover.of("meV", [UNIT, UNIT])
    assert hover.mode == "x unified"
    assert hover.title["text"].endswith(f"meV, {UNIT}")
    assert variables(hover.template("TOSCA", UNIT)) == ["y"]
    assert UNIT not in hover.template("TOSCA", UNIT)


def test_units_that_differ_stand_in_the_lines() -> None:
    hover = CurveHover.of("cm-1", [UNIT, "1/meV"])
    assert hover.title["text"].endswith("cm⁻¹")
    assert "1/meV" in hover.template("electrons", "1/meV")


def test_a_label_of_one_curve_states_all() -> None:
    hover = CurveHover.of("meV", [UNIT] * (MAX_UNIFIED + 1))
    template = hover.template("TOSCA", UNIT)
    assert hover.mode == "closest"
    assert variables(template) == ["x", "y"]
    assert [template.count(word) for word in (UNIT, "TOSCA", " meV<br>")] == [1, 1, 1]
    assert variables(hover.template("TOSCA", UNIT, shifted=True)) == ["x", "customdata"]


def test_maps_state_the_intensity_and_not_its_logarithm() -> None:
    assert variables(map_hover("meV", UNIT, logarithmic=False)) == ["x", "y", "z"]
    assert variables(map_hover("meV", UNIT, logarithmic=True)) == ["x", "y", "customdata"]
    assert intensity_hover(UNIT, logarithmic=True).count(UNIT) == 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_spectra(client: Client, prediction_id: str, n: int) -> None:
    figure = draw(client, prediction_id, n)
    unified = n <= MAX_UNIFIED
    assert figure["layout"]["hovermode"] == ("x unified" if unified else "closest")
    templates = [trace["hovertemplate"] for trace in figure["data"] if "hovertemplate" in trace]
    assert templates
    for template in templates:
        assert variables(template) == (["y"] if unified else ["x", "y"])
        assert (UNIT in template) is not unified
    assert UNIT in figure["layout"]["xaxis"]["unifiedhovertitle"]["text"]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_waterfall_states_the_values_of_the_curves(client: Client, prediction_id: str, scale: str) -> None:
    plain, shifted = (draw(client, prediction_id, 2, scale=scale, offset=offset) for offset in (0, 0.5))
    first, second = (
        [one for one in figure["data"] if one["meta"]["role"] == "total"][1] for figure in (plain, shifted)
    )
    assert variables(second["hovertemplate"]) == ["customdata"]
    np.testing.assert_array_equal(array(second["customdata"]), array(first["y"]))
    assert not np.allclose(array(second["y"]), array(first["y"]))


def test_a_logarithmic_map_holds_its_intensities(client: Client, prediction_id: str) -> None:
    linear, log = (
        next(one for one in draw(client, prediction_id, kind="map", scale=scale)["data"] if one["type"] == "heatmap")
        for scale in ("linear", "log")
    )
    np.testing.assert_array_equal(array(log["customdata"]), array(linear["z"]))
    assert UNIT in log["hovertemplate"]
