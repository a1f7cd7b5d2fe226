"""Measured data in figures: over spectra, beside maps, with fits and their residuals."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backend.kit.settings import Settings

from .conftest import Client
from .predicting import succeeded

SCALE = 250.0
RELATIVE_ERROR = 0.02
Upload = Callable[..., dict[str, Any]]


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return succeeded(client, settings, structure)


@pytest.fixture
def forecast(client: Client, prediction_id: str) -> dict[str, Any]:
    """What TOSCA would record."""
    answer: dict[str, Any] = client.post(f"/predictions/{prediction_id}/spectrum", json={"instrument": "TOSCA"}).json()
    return answer


@pytest.fixture
def upload(client: Client, forecast: dict[str, Any]) -> Upload:
    """Give the forecast back as data, in units of their own and with noise."""

    def put(name: str = "last year's run", instrument: str | None = "TOSCA", factor: float = SCALE) -> dict[str, Any]:
        energy, intensity = (np.array(forecast[key]) for key in ("energy_mev", "intensity"))
        error = RELATIVE_ERROR * factor * intensity.max() * np.ones_like(intensity)
        noisy = factor * intensity + error * np.random.default_rng(5).standard_normal(len(energy))
        rows = [f"{e:.6g},{y:.8g},{s:.6g}" for e, y, s in zip(energy, noisy, error, strict=True)]
        content = "\n".join(["Energy transfer (meV),S,error", *rows]).encode()
        data = {"name": name} | ({"instrument": instrument} if instrument else {})
        response = client.post("/datasets", files={"file": ("data.csv", content)}, data=data)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    return put


def array(encoded: Any) -> np.ndarray[Any, Any]:
    if isinstance(encoded, dict):
        values = np.frombuffer(base64.b64decode(encoded["bdata"]), dtype=encoded["dtype"])
        return values.reshape([int(n) for n in encoded["shape"].split(",")]) if "shape" in encoded else values
    return np.array(encoded, dtype=float)


def of_role(figure: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("meta", {}).get("role") == role]


def draw(client: Client, prediction_id: str, **asked: Any) -> dict[str, Any]:
    response = client.post(f"/predictions/{prediction_id}/figure", json={"instrument": "TOSCA", **asked})
    assert response.status_code == 200, response.text
    figure: dict[str, Any] = response.json()
    return figure


def test_measured_spectra_lie_over_the_forecast_in_its_unit(client: Client, prediction_id: str, upload: Upload) -> None:
    dataset = upload()
    figure = draw(client, prediction_id, dataset_ids=[dataset["id"]])
    (total,), (points,) = of_role(figure, "total"), of_role(figure, "measured")
    assert points["name"] == "last year's run"
    forecast, measured = array(total["y"]), array(points["y"])
    # One factor brings them together, but for the noise
    noise = RELATIVE_ERROR * forecast.max()
    assert np.std(measured - np.interp(array(points["x"]), array(total["x"]), forecast)) == pytest.approx(
        noise, rel=0.2
    )
    np.testing.assert_allclose(array(points["error_y"]["array"]), noise, rtol=0.05)
    top = figure["layout"]["yaxis"]["range"][1]
    assert top > measured.max()


@pytest.mark.parametrize(("how", "largest"), [("none", SCALE), ("maximum", 1.0)])
def test_data_may_stay_as_they_are_or_have_the_same_maximum(
    client: Client, prediction_id: str, upload: Upload, how: str, largest: float
) -> None:
    figure = draw(client, prediction_id, dataset_ids=[upload()["id"]], dataset_scale=how)
    (total,), (points,) = of_role(figure, "total"), of_role(figure, "measured")
    # The noise of the highest bin: at most some standard deviations
    ratio = array(points["y"]).max() / array(total["y"]).max()
    assert ratio == pytest.approx(largest, rel=5 * RELATIVE_ERROR)


def test_a_waterfall_lifts_each_curve_with_its_data_above_it(
    client: Client, prediction_id: str, upload: Upload
) -> None:
    views = [{"prediction_id": prediction_id, "instrument": name} for name in ("MAPS", "TOSCA")]
    ids = [upload()["id"], upload("unknown instrument", None)["id"]]
    body = {"views": views, "dataset_ids": ids}
    flat = client.post("/figures", json=body).json()
    lifted = client.post("/figures", json={**body, "offset": 0.5}).json()

    def heights(role: str) -> list[float]:
        return [
            float(np.median(array(up["y"]) - array(down["y"])))
            for up, down in zip(of_role(lifted, role), of_role(flat, role), strict=True)
        ]

    maps, tosca = heights("total")
    of_tosca, unknown = heights("measured")
    step = unknown
    # Who names no instrument belongs to the first curve
    np.testing.assert_allclose([maps, unknown, tosca, of_tosca], [0, step, 2 * step, 3 * step], rtol=1e-4)
    assert step > 0
    assert lifted["layout"]["yaxis"]["range"][1] > flat["layout"]["yaxis"]["range"][1] + 2.9 * step


def test_on_a_logarithmic_axis_a_waterfall_lifts_by_a_factor(
    client: Client, prediction_id: str, upload: Upload
) -> None:
    # To add half of the largest would press all curves but the lowest flat
    views = [{"prediction_id": prediction_id, "instrument": name} for name in ("MAPS", "TOSCA")]
    body = {"views": views, "dataset_ids": [upload()["id"]], "scale": "log"}
    flat = client.post("/figures", json=body).json()
    lifted = client.post("/figures", json={**body, "offset": 0.5}).json()
    ratios = [
        array(up["y"]).max() / array(down["y"]).max()
        for role in ("total", "measured")
        for up, down in zip(of_role(lifted, role), of_role(flat, role), strict=True)
    ]
    # Half of four decades for each of MAPS, TOSCA and its data
    np.testing.assert_allclose(ratios, [1, 1e2, 1e4], rtol=1e-4)
    assert lifted["layout"]["yaxis"]["range"][1] == pytest.approx(flat["layout"]["yaxis"]["range"][1] + 4)


def test_data_belong_to_their_instrument_however_it_is_spelt(
    client: Client, prediction_id: str, upload: Upload
) -> None:
    views = [{"prediction_id": prediction_id, "instrument": name} for name in ("maps", "tosca")]
    figure = client.post("/figures", json={"views": views, "dataset_ids": [upload()["id"]]}).json()
    _, tosca = of_role(figure, "total")
    (points,) = of_role(figure, "measured")
    difference = array(points["y"]) - np.interp(array(points["x"]), array(tosca["x"]), array(tosca["y"]))
    assert np.std(difference) == pytest.approx(RELATIVE_ERROR * array(tosca["y"]).max(), rel=0.2)


def test_long_data_are_thinned_to_what_a_screen_shows(client: Client, prediction_id: str) -> None:
    energy = np.concatenate([np.linspace(5, 40, 20_000), np.linspace(50, 100, 20_000)])
    intensity = np.ones_like(energy)
    intensity[[7_123, 33_333]] = 5.0, -2.0
    content = "\n".join(["meV intensity", *(f"{e:.7g} {y:g}" for e, y in zip(energy, intensity, strict=True))]).encode()
    form = {"x_unit": "meV", "instrument": "TOSCA"}
    made = client.post("/datasets", files={"file": ("long.txt", content)}, data=form).json()
    (points,) = of_role(
        draw(client, prediction_id, dataset_ids=[made["id"]], dataset_scale="none", scale="linear"), "measured"
    )
    x, y = array(points["x"]), array(points["y"])
    assert len(y) <= 8001
    assert (np.nanmax(y), np.nanmin(y)) == (5.0, -2.0)
    assert (x[0], x[-1]) == pytest.approx((5, 100), abs=0.05)
    assert x[np.isnan(y)].tolist() == pytest.approx([45.0])
    assert (np.diff(x) > 0).all()


def test_wavenumbers_and_gaps(client: Client, prediction_id: str) -> None:
    energy = np.concatenate([np.arange(20, 40), np.arange(60, 80)])
    content = "\n".join(["meV intensity", *(f"{e} {1 + e / 10}" for e in energy)]).encode()
    made = client.post("/datasets", files={"file": ("gap.txt", content)}, data={"x_unit": "meV"}).json()
    figure = draw(client, prediction_id, dataset_ids=[made["id"]], energy_unit="cm-1")
    (points,) = of_role(figure, "measured")
    x, y = array(points["x"]), array(points["y"])
    assert x[0] == pytest.approx(20 * 8.06554, rel=1e-4)
    # Nothing is drawn across what was not measured
    assert np.isnan(y).sum() == 1
    assert 40 < x[np.isnan(y)][0] / 8.06554 < 60
    assert "error_y" not in points


def test_a_fit_is_drawn_with_its_residual(client: Client, prediction_id: str, upload: Upload) -> None:
    body = {
        "kind": "comparison",
        "prediction_id": prediction_id,
        "dataset_id": upload()["id"],
        "fit": {"scale": True, "background": "constant", "range_mev": [20, 60]},
    }
    response = client.post("/comparisons/figure", json=body)
    assert response.status_code == 200, response.text
    figure = response.json()
    (points,), (line,), (residual,) = (of_role(figure, role) for role in ("measured", "forecast", "residual"))
    # It is drawn in the data's unit
    assert array(line["y"])[np.isfinite(array(line["y"]))].max() == pytest.approx(array(points["y"]).max(), rel=0.1)
    inside = (array(residual["x"]) > 20) & (array(residual["x"]) < 60)
    assert np.std(array(residual["y"])[inside]) == pytest.approx(1.0, abs=0.25)
    assert residual["yaxis"] == "y2"
    assert "χ²ᵣ" in line["name"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert 10 < low < 20
    assert 60 < high < 70


def test_stages_and_candidates_are_drawn(client: Client, prediction_id: str, upload: Upload) -> None:
    common = {"dataset_id": upload()["id"], "theme": "dark"}
    refined = client.post(
        "/comparisons/figure",
        json={"kind": "refinement", "prediction_id": prediction_id, "view": {"instrument": "TOSCA"}, **common},
    )
    assert refined.status_code == 200, refined.text
    stages = of_role(refined.json(), "forecast")
    assert len(stages) >= 2
    assert len({trace["yaxis"] for trace in stages}) == len(stages)
    # The instrument's own view is what the data were made of
    residuals = [note["text"] for note in refined.json()["layout"]["annotations"]]
    assert len(residuals) == len(stages)

    candidates = [
        {"prediction_id": prediction_id, "view": {"instrument": "TOSCA", "energy_scale": scale}, "label": f"× {scale}"}
        for scale in (1.1, 1.0)
    ]
    ranked = client.post("/comparisons/figure", json={"kind": "ranking", "candidates": candidates, **common})
    assert ranked.status_code == 200, ranked.text
    names = [trace["name"] for trace in of_role(ranked.json(), "forecast")]
    assert names[0].startswith("1. × 1.0")
    assert names[1].startswith("2. × 1.1")


@pytest.fixture
def measured_map(client: Client, prediction_id: str) -> dict[str, Any]:
    """What MAPS would record of the sample, in other units, as our own HDF5."""
    body = {"instrument": "MAPS", "settings": {"e_init": 100}}
    content = client.post(
        f"/predictions/{prediction_id}/spectrum", json=body, headers={"Accept": "application/x-hdf5"}
    ).content
    response = client.post("/datasets/preview", files={"file": ("map.h5", content)})
    assert response.status_code == 200, response.text
    (index,) = [one["index"] for one in response.json()["contents"] if one["kind"] == "2d"]
    made = client.post("/datasets", files={"file": ("map.h5", content)}, data={"spectrum": str(index)})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def test_a_measured_map_stands_beside_the_forecast_on_the_same_colours(
    client: Client, prediction_id: str, measured_map: dict[str, Any]
) -> None:
    view = {"instrument": "MAPS", "settings": {"e_init": 100}}
    figure = draw(client, prediction_id, **view, kind="map", dataset_ids=[measured_map["id"]])
    measured, forecast, difference = figure["data"]
    assert measured["coloraxis"] == forecast["coloraxis"] != difference["coloraxis"]
    one, other, between = (array(trace["customdata"]) for trace in (measured, forecast, difference))
    assert one.shape == other.shape == between.shape
    both = np.isfinite(one) & np.isfinite(other)
    assert both.mean() > 0.2
    np.testing.assert_allclose(between[both], (one - other)[both], atol=1e-4 * np.nanmax(one))
    # It is the forecast itself, but for bins
    assert np.nansum(np.abs(between)) < 0.05 * np.nansum(np.abs(one[both]))
    asked = {"kind": "comparison", "prediction_id": prediction_id, "view": view, "dataset_id": measured_map["id"]}
    for scale in ("linear", "log"):
        again = client.post("/comparisons/figure", json={**asked, "scale": scale})
        assert again.status_code == 200, again.text
        assert len(again.json()["data"]) == 3


def test_what_does_not_fit_the_figure_is_refused_with_a_word(
    client: Client, prediction_id: str, upload: Upload, measured_map: dict[str, Any]
) -> None:
    spectrum, image = upload()["id"], measured_map["id"]

    def refusal(**asked: Any) -> str:
        response = client.post(f"/predictions/{prediction_id}/figure", json={"instrument": "MAPS", **asked})
        assert response.status_code == 422, response.text
        problem = response.json()
        assert problem["errors"][0]["loc"] == "dataset_ids"
        return str(problem["errors"][0]["code"])

    assert refusal(kind="spectrum", dataset_ids=[image]) == "map_beside_spectrum"
    assert refusal(kind="map", dataset_ids=[spectrum]) == "spectrum_beside_map"
    assert refusal(kind="map", dataset_ids=[image, image]) == "several_measured_maps"
    nobody = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"
    response = client.post(f"/predictions/{prediction_id}/figure", json={"dataset_ids": [nobody]})
    assert response.status_code == 404
