"""Curves of several forecasts in one figure: stacked, subtracted, normalised, with labels of their peaks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from backend.kit.settings import Settings
from backend.observing.layouts import POWDER

from .conftest import Client
from .predicting import ask, finish, silicon_partials, succeeded
from .test_figures_measured import RELATIVE_ERROR, SCALE, array, of_role

TOSCA = {"instrument": "TOSCA"}


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return succeeded(client, settings, structure)


@pytest.fixture
def dataset_id(client: Client, prediction_id: str) -> str:
    """The forecast of TOSCA as data, in a unit of their own and with noise."""
    forecast = client.post(f"/predictions/{prediction_id}/spectrum", json=TOSCA).json()
    energy, intensity = (np.array(forecast[key]) for key in ("energy_mev", "intensity"))
    error = RELATIVE_ERROR * SCALE * intensity.max() * np.ones_like(intensity)
    noisy = SCALE * intensity + error * np.random.default_rng(5).standard_normal(len(energy))
    rows = [f"{e:.6g},{y:.8g},{s:.6g}" for e, y, s in zip(energy, noisy, error, strict=True)]
    content = "\n".join(["Energy transfer (meV),S,error", *rows]).encode()
    response = client.post("/datasets", files={"file": ("data.csv", content)}, data={"instrument": "TOSCA"})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.fixture
def warmer(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    """A prediction at another temperature that scatters twice as much, with the same shape."""
    made = str(ask(client, structure, temperature_k=400)["id"])
    partials = silicon_partials()
    twice = dataclasses.replace(partials, coherent=2 * partials.coherent, incoherent=2 * partials.incoherent)
    finish(made, lambda path: POWDER.write(path, twice), settings.partials_path(made), provenance={})
    return made


def draw(client: Client, *views: dict[str, Any], **style: Any) -> dict[str, Any]:
    response = client.post("/figures", json={"views": views, **style})
    assert response.status_code == 200, response.text
    return dict(response.json())


def view(prediction: str, **more: Any) -> dict[str, Any]:
    return {"prediction_id": prediction, **TOSCA, **more}


def test_labels_state_what_differs(client: Client, prediction_id: str, warmer: str) -> None:
    figure = draw(client, view(prediction_id), view(warmer))
    assert [trace["name"] for trace in of_role(figure, "total")] == ["300 K", "400 K"]
    assert "TOSCA" in figure["layout"]["meta"]["common_label"]
    named = draw(client, view(prediction_id, label="mine"), view(warmer))
    assert [trace["name"] for trace in of_role(named, "total")] == ["mine", "400 K"]


def test_the_difference_of_a_curve_from_itself_is_zero(client: Client, prediction_id: str) -> None:
    figure = draw(client, view(prediction_id), view(prediction_id), arrangement="difference")
    (difference,) = of_role(figure, "difference")
    np.testing.assert_array_equal(array(difference["y"]), 0.0)
    assert difference["yaxis"] == "y2"
    assert figure["layout"]["yaxis2"]["domain"][1] < figure["layout"]["yaxis"]["domain"][0]
    # The energy axis is below both panels
    assert figure["layout"]["xaxis"]["anchor"] == "y2"


def test_the_difference_of_twice_a_curve_is_the_curve(client: Client, prediction_id: str, warmer: str) -> None:
    figure = draw(client, view(prediction_id), view(warmer), arrangement="difference")
    first, _ = of_role(figure, "total")
    (difference,) = of_role(figure, "difference")
    np.testing.assert_array_equal(array(difference["x"]), array(first["x"]))
    np.testing.assert_allclose(array(difference["y"]), array(first["y"]), rtol=1e-4, atol=1e-6)
    assert difference["name"] == "400 K − 300 K"
    # The legend shows and hides both together
    assert difference["legendgroup"] == of_role(figure, "total")[1]["legendgroup"]


@pytest.mark.parametrize("how", ["maximum", "area"])
def test_normalised_curves_of_one_shape_are_the_same(
    client: Client,
    prediction_id: str,
    warmer: str,
    how: str,
) -> None:
    figure = draw(client, view(prediction_id), view(warmer), normalise=how, arrangement="difference")
    first, second = of_role(figure, "total")
    np.testing.assert_allclose(array(first["y"]), array(second["y"]), rtol=1e-4, atol=1e-7)
    (difference,) = of_role(figure, "difference")
    np.testing.assert_allclose(array(difference["y"]), 0, atol=1e-6)
    x, y = array(first["x"]).astype(float), array(first["y"]).astype(float)
    away = np.abs(x) > 0.03 * (x[-1] - x[0])
    size = y[away].max() if how == "maximum" else np.trapezoid(np.where(away, y, 0), x)
    assert size == pytest.approx(1, rel=1e-3)
    assert "barn" not in figure["layout"]["yaxis"]["title"]["text"]
    assert "barn" not in figure["layout"]["xaxis"]["unifiedhovertitle"]["text"]


def test_parts_are_normalised_with_their_curve(client: Client, prediction_id: str) -> None:
    plain, normal = (draw(client, view(prediction_id), normalise=how) for how in ("none", "maximum"))
    ratios = [
        array(after["y"]).max() / array(before["y"]).max()
        for before, after in zip(plain["data"], normal["data"], strict=True)
        if before["meta"]["role"] in ("total", "element", "bank")
    ]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-5)


@pytest.mark.parametrize(("scale", "asked", "decades"), [("linear", 0, None), ("linear", 0.5, None), ("log", 0, 4.2)])
def test_stacked_curves_are_offset_in_order(
    client: Client,
    prediction_id: str,
    warmer: str,
    scale: str,
    asked: float,
    decades: float | None,
) -> None:
    views = (view(prediction_id), view(warmer), view(prediction_id))
    figure = draw(client, *views, arrangement="stack", scale=scale, offset=asked)
    lines = of_role(figure, "total")
    values = [array(one["customdata"] if one.get("customdata") else one["y"]).astype(float) for one in lines]
    x = array(lines[0]["x"])
    away = np.abs(x) > 0.03 * (x[-1] - x[0])
    top = max(one[away].max() for one in values)
    for number, (line, true) in enumerate(zip(lines, values, strict=True)):
        shown = array(line["y"]).astype(float)
        if decades is None:
            np.testing.assert_allclose(shown - true, number * (asked or 1.05) * top, rtol=1e-4)
        else:
            bright = away & (true > 1e-6 * top)
            np.testing.assert_allclose(np.log10(shown[bright] / true[bright]), number * decades, atol=1e-3)
    assert figure["layout"]["yaxis"]["showticklabels"] is False
    highest = array(lines[-1]["y"])[away].max()
    end = figure["layout"]["yaxis"]["range"][1]
    assert (np.log10(highest) if scale == "log" else highest) < end


def test_peaks_are_labelled_in_the_unit_of_the_axis(client: Client, prediction_id: str) -> None:
    for unit, expected in (("meV", 60.0), ("cm-1", 483.9)):
        figure = draw(client, view(prediction_id), peak_labels=True, energy_unit=unit)
        (label,) = [one for one in figure["layout"]["annotations"] if one["name"] == "peak"]
        assert float(label["text"]) == pytest.approx(expected, rel=0.02)
        assert label["x"] == pytest.approx(expected, rel=0.02)
    assert not draw(client, view(prediction_id))["layout"].get("annotations")


def test_data_are_subtracted_and_labelled(client: Client, prediction_id: str, dataset_id: str) -> None:
    figure = draw(
        client,
        view(prediction_id),
        dataset_ids=[dataset_id],
        arrangement="difference",
        peak_labels=True,
    )
    (difference,) = of_role(figure, "difference")
    (total,), (points,) = of_role(figure, "total"), of_role(figure, "measured")
    expected = array(points["y"]) - np.interp(array(points["x"]), array(total["x"]), array(total["y"]))
    np.testing.assert_allclose(array(difference["y"]), expected, atol=1e-4 * array(total["y"]).max())
    assert difference["mode"] == "markers"
    ink = points["marker"]["color"]
    assert {one["font"]["color"] for one in figure["layout"]["annotations"]} <= {ink, total["line"]["color"]}
    assert ink in {one["font"]["color"] for one in figure["layout"]["annotations"]}


@pytest.mark.parametrize("scaling", ["fit", "none"])
def test_data_are_normalised_with_or_without_their_curve(
    client: Client,
    prediction_id: str,
    dataset_id: str,
    scaling: str,
) -> None:
    ids = [dataset_id]
    figure = draw(client, view(prediction_id), dataset_ids=ids, dataset_scale=scaling, normalise="maximum")
    (points,) = of_role(figure, "measured")
    # Within the noise of 2 %
    assert array(points["y"]).max() == pytest.approx(1, abs=0.08)


def test_structures_and_instruments_can_be_mixed(
    client: Client,
    settings: Settings,
    prediction_id: str,
) -> None:
    copper = client.post("/examples/copper").json()
    other = succeeded(client, settings, copper)
    figure = draw(client, view(prediction_id), view(other), {"prediction_id": other})
    names = [trace["name"] for trace in of_role(figure, "total")]
    assert len(set(names)) == 3
    assert names[2].endswith("Sample")


def test_units_that_differ_have_no_difference_unless_normalised(client: Client, prediction_id: str) -> None:
    views = [{"prediction_id": prediction_id}, {"prediction_id": prediction_id, "probe": "x-ray"}]
    body = {"views": views, "arrangement": "difference"}
    response = client.post("/figures", json=body)
    assert response.status_code == 422
    assert [one["code"] for one in response.json()["errors"]] == ["difference_of_units"]
    assert client.post("/figures", json={**body, "normalise": "area"}).status_code == 200


def test_one_curve_has_no_panel_of_differences(client: Client, prediction_id: str) -> None:
    figure = draw(client, view(prediction_id), arrangement="difference")
    assert "yaxis2" not in figure["layout"]
    assert of_role(figure, "difference") == []


def test_colours_that_repeat_have_another_dash(client: Client, prediction_id: str) -> None:
    scales = [1 + 0.01 * n for n in range(10)]
    figure = draw(client, *(view(prediction_id, energy_scale=scale) for scale in scales))
    pens = [(one["line"]["color"], one["line"]["dash"]) for one in of_role(figure, "total")]
    assert len(set(pens)) == len(scales)


@pytest.mark.parametrize(
    "wrong",
    [{"arrangement": "pile"}, {"normalise": "mean"}, {"peak_labels": "many"}, {"width_px": 10}, {"height_px": 10**6}],
)
def test_wrong_arrangements_are_refused(client: Client, prediction_id: str, wrong: dict[str, Any]) -> None:
    response = client.post("/figures", json={"views": [view(prediction_id)], **wrong})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == next(iter(wrong))


def test_a_curve_has_the_colour_that_was_asked_for(client: Client, prediction_id: str) -> None:
    views = [view(prediction_id, colour="#aa3377"), view(prediction_id)]
    figure = draw(client, *views, arrangement="difference", peak_labels=True)
    first, second = of_role(figure, "total")
    assert first["line"]["color"] == "#aa3377" != second["line"]["color"]
    assert of_role(figure, "difference")[0]["line"]["color"] == second["line"]["color"]
    body = {"views": [view(prediction_id, colour="red")]}
    response = client.post("/figures", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == "views.0.colour"


def test_all_peaks_are_listed_beside_their_labels(client: Client, prediction_id: str) -> None:
    for unit, expected in (("meV", 60.0), ("cm-1", 483.9)):
        figure = draw(client, view(prediction_id), view(prediction_id), peak_labels=True, energy_unit=unit)
        peaks = figure["layout"]["meta"]["peaks"]
        assert [one["label"] for one in peaks] == [trace["name"] for trace in of_role(figure, "total")]
        for one in peaks:
            assert one["energies"] == pytest.approx([expected], rel=0.02)
    assert draw(client, view(prediction_id))["layout"]["meta"]["peaks"] == []
