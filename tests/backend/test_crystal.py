"""Single crystals over HTTP: what is asked for, and looking along the path, at a point and zone by zone."""

from __future__ import annotations

import csv
import io
from typing import Any

import h5py
import numpy as np
import pytest

from backend.kit.settings import Settings
from backend.observing.layouts import PATH
from scattering.crystal.partials import CrystalPartials

from .conftest import Client
from .predicting import ask, finish, succeeded
from .test_figures_measured import array, of_role

LATTICE = 5.43
MODE_MEV = 40.0


def crystal_partials() -> CrystalPartials:
    """A mode at 40 meV along Γ–X in three zones, stronger in the farther ones, as |q|² makes it."""
    energy = np.arange(0.0, 80.0, 0.5)
    wave_vectors = np.linspace(0, 1, 6)[:, None] * np.array([0.0, 0.0, 1.0])
    zones = np.array([[0, 0, 0], [0, 0, 4], [2, 2, 0]])
    q = 2 * np.pi / LATTICE * np.linalg.norm(zones[:, None] + wave_vectors, axis=-1)
    line = np.exp(-(((energy - MODE_MEV) / 1.0) ** 2))
    coherent = (q[:, :, None] ** 2 * line)[None].astype(np.float32)
    distance = 2 * np.pi / LATTICE * wave_vectors[:, 2]
    smooth = np.arange(0.1, 13.0, 0.1)
    return CrystalPartials(
        cell=LATTICE * np.eye(3),
        wave_vectors=wave_vectors,
        distance=distance,
        labels=("Γ", "", "", "", "", "X"),
        ticks=((0.0, "Γ"), (float(distance[-1]), "X")),
        zones=zones,
        energy=energy,
        species=("Si",),
        concentration=np.array([1.0]),
        coherent=coherent,
        q=smooth,
        incoherent=np.zeros((1, len(smooth), len(energy)), dtype=np.float32),
        displacements=np.zeros((1, 3, 3)),
        dispersion_distance=distance,
        dispersion=np.full((6, 2), MODE_MEV),
        temperature=300.0,
        statistics="quantum",
        coherent_runs=coherent * np.array([0.9, 1.1], dtype=np.float32)[:, None, None, None, None],
        incoherent_runs=np.zeros((2, 1, len(smooth), len(energy)), dtype=np.float32),
    )


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    asked = ask(client, structure, sampling="path", instruments=["ARCS"], temperature_k=300)
    assert asked["sampling"] == "path"
    finish(
        asked["id"],
        lambda path: PATH.write(path, crystal_partials()),
        settings.partials_path(asked["id"]),
        provenance={},
        warnings=[],
    )
    return str(asked["id"])


def look(client: Client, prediction_id: str, **view: Any) -> dict[str, Any]:
    response = client.post(f"/predictions/{prediction_id}/spectrum", json=view)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_what_is_left_out_of_a_path_is_filled_in(client: Client, structure: dict[str, Any]) -> None:
    options = ask(client, structure, sampling="path", instruments=["ARCS"])["options"]
    assert options["path"].startswith("Γ-")
    assert len(options["zones"]) == options["n_zones"] > 1
    dynamic = ask(client, structure, sampling="path", method="md", quality="preview", options={"n_zones": 3})["options"]
    assert dynamic["n_zones"] == 3
    assert "n_q_points" not in dynamic


@pytest.mark.parametrize(
    ("options", "loc"),
    [
        ({"path": "Γ-Q"}, "options.path"),
        ({"path": 7}, "options.path"),
        ({"zones": "all"}, "options.zones"),
        ({"n_zones": 0}, "options.n_zones"),
        ({"zones": [[0, 0]]}, "options.zones"),
    ],
)
def test_paths_that_cannot_be_are_refused(
    client: Client, structure: dict[str, Any], options: dict[str, Any], loc: str
) -> None:
    body = {"structure_id": structure["id"], "sampling": "path", "options": options}
    for route in ("/predictions", "/predictions/estimate"):
        response = client.post(route, json=body)
        assert response.status_code == 422, response.text
        assert [error["loc"] for error in response.json()["errors"]] == [loc]


def test_the_cut_and_the_map_show_the_mode(client: Client, prediction_id: str) -> None:
    seen = look(client, prediction_id, instrument="ARCS", settings={"e_init": 100}, path={"point": "X"})
    intensity = np.array([np.nan if value is None else value for value in seen["intensity"]])
    assert seen["energy_mev"][int(np.nanargmax(intensity))] == pytest.approx(MODE_MEV, abs=1.0)
    assert (seen["path"]["point"], seen["path"]["wave_vector"]) == ("X", [0.0, 0.0, 1.0])
    assert [tick["label"] for tick in seen["path"]["ticks"]] == ["Γ", "X"]
    assert seen["path"]["dispersion"]["energy_mev"][0] == [MODE_MEV, MODE_MEV]
    zones = seen["path"]["zones"]
    assert [zone["hkl"] for zone in zones] == [[0, 0, 0], [2, 2, 0], [0, 0, 4]]
    # ARCS does not reach the first zone at 40 meV: its smallest |q| there is beyond X
    assert zones[0]["intensity"][int(np.nanargmax(intensity))] is None
    image = seen["map"]
    assert (len(image["intensity"]), len(image["intensity"][0])) == (6, len(image["energy_mev"]))
    assert max(seen["standard_error"], key=lambda value: value or 0) == pytest.approx(
        0.1 * np.nanmax(intensity), rel=0.02
    )


def test_zones_count_alike_once_q_squared_is_divided_out(client: Client, prediction_id: str) -> None:
    """|q|² is all that tells the zones apart here."""

    def tops(**path: Any) -> list[float]:
        seen = look(client, prediction_id, path={"point": "X", **path})
        return [max(value or 0 for value in zone["intensity"]) for zone in seen["path"]["zones"]]

    alike = tops()
    assert alike == pytest.approx([alike[0]] * 3, rel=1e-4)
    grown = tops(divide_q_squared=False)
    # |X + G|² in units of (2π/a)²: 1, 4 + 4 + 1, 25
    assert np.array(grown) / grown[0] == pytest.approx([1, 9, 25], rel=1e-4)


def test_without_a_point_the_first_one_beyond_gamma_is_cut(client: Client, prediction_id: str) -> None:
    assert look(client, prediction_id)["path"]["point"] == "X"


@pytest.mark.parametrize(
    "wrong",
    [{"path": {"point": "W"}}, {"path": {"point": 17}}, {"path": {"zone": 3}}, {"order": 1}, {"elastic": True}],
)
def test_views_that_cannot_be_are_refused(client: Client, prediction_id: str, wrong: dict[str, Any]) -> None:
    for route in ("spectrum", "figure"):
        response = client.post(f"/predictions/{prediction_id}/{route}", json=wrong)
        assert response.status_code == 422, response.text
        assert response.json()["errors"]


def test_files(client: Client, prediction_id: str, tmp_path: Any) -> None:
    def fetch(accept: str) -> bytes:
        response = client.post(
            f"/predictions/{prediction_id}/spectrum", json={"path": {"point": "X"}}, headers={"Accept": accept}
        )
        assert response.status_code == 200
        return bytes(response.content)

    lines = [line for line in fetch("text/csv").decode().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    top = max(rows, key=lambda row: float(row["intensity"]))
    assert float(top["energy_mev"]) == pytest.approx(MODE_MEV, abs=0.5)
    assert "zone_2_2_0" in top
    with h5py.File(io.BytesIO(fetch("application/x-hdf5"))) as file:
        entry = file["entry"]
        assert entry.attrs["default"] == "map"
        assert entry["map/intensity"].shape == (6, len(entry["map/energy"]))
        assert entry["zones/intensity"].shape[0] == 3
        assert entry["dispersion/energy"].attrs["units"] == "meV"
    path = tmp_path / "partials.h5"
    path.write_bytes(client.get(f"/predictions/{prediction_id}/partials").content)
    np.testing.assert_array_equal(PATH.read(path).coherent, crystal_partials().coherent)


def test_figures(client: Client, prediction_id: str) -> None:
    view = {"prediction_id": prediction_id, "instrument": "ARCS", "settings": {"e_init": 100}, "path": {"point": "X"}}
    kinds = {
        kind: client.post("/figures", json={"kind": kind, "views": [view]}) for kind in ("map", "spectrum", "zones")
    }
    assert all(response.status_code == 200 for response in kinds.values())
    figures = {kind: response.json() for kind, response in kinds.items()}
    heat, phonons = figures["map"]["data"]
    assert array(heat["z"]).shape[1] == 6
    assert np.nanmax(array(phonons["y"])) == MODE_MEV
    assert figures["map"]["layout"]["xaxis"]["ticktext"] == ["Γ", "X"]
    assert [trace["meta"]["role"] for trace in figures["spectrum"]["data"]] == ["error", "error", "total"]
    assert len(array(figures["zones"]["data"][0]["y"])) == 3


CUT: dict[str, Any] = {"instrument": "ARCS", "settings": {"e_init": 100}}
UNDIVIDED = {"divide_q_squared": False}


def draw(client: Client, *views: dict[str, Any], **style: Any) -> dict[str, Any]:
    response = client.post("/figures", json={"views": views, **style})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_cuts_are_overlaid_stacked_and_subtracted(client: Client, prediction_id: str) -> None:
    views = [{"prediction_id": prediction_id, **CUT, "path": {"point": point}} for point in ("X", 4)]
    names = [trace["name"] for trace in of_role(draw(client, *views), "total")]
    assert names[0] == "X"
    assert names[1] == "(0 0 0.8)"
    same = [{"prediction_id": prediction_id, **CUT}] * 2
    (difference,) = of_role(draw(client, *same, arrangement="difference"), "difference")
    values = array(difference["y"])
    assert np.isfinite(values).any()
    assert set(values[np.isfinite(values)]) == {0.0}
    lower, upper = (array(trace["y"]) for trace in of_role(draw(client, *same, arrangement="stack"), "total"))
    assert np.nanmin(upper) > np.nanmax(lower)


def test_the_peak_of_a_cut_is_labelled(client: Client, prediction_id: str) -> None:
    figure = draw(client, {"prediction_id": prediction_id, **CUT}, peak_labels=True)
    assert figure["layout"]["meta"]["peaks"][0]["energies"] == [pytest.approx(MODE_MEV, abs=0.5)]


def test_a_cut_with_gaps_is_normalised(client: Client, prediction_id: str) -> None:
    """With 250 meV ARCS reaches X in the first zone up to 46 meV only."""
    view = {"prediction_id": prediction_id, "instrument": "ARCS", "settings": {"e_init": 250}, "colour": "#aa3377"}
    view["path"] = {"zone": 0}
    figure = draw(client, view, normalise="maximum", peak_labels=True)
    (total,) = of_role(figure, "total")
    assert np.isnan(array(total["y"])).any()
    assert np.nanmax(array(total["y"])) == pytest.approx(1)
    assert total["line"]["color"] == "#aa3377"
    area = array(of_role(draw(client, view, normalise="area"), "total")[0]["y"])
    assert np.trapezoid(np.nan_to_num(area), array(total["x"])) == pytest.approx(1, rel=0.02)


def test_powders_and_crystals_share_a_spectrum(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    powder = succeeded(client, settings, structure)
    views = [{"prediction_id": powder, **CUT}, {"prediction_id": prediction_id, **CUT}]
    figure = draw(client, *views)
    names = [trace["name"] for trace in of_role(figure, "total")]
    assert ["powder" in name for name in names] == [True, False]
    assert ["crystal" in name for name in names] == [False, True]
    assert names[1].endswith(" · X")
    assert "each in its own unit" in figure["layout"]["yaxis"]["title"]["text"]

    refused = client.post("/figures", json={"views": views, "arrangement": "difference"})
    assert refused.status_code == 422
    assert refused.json()["code"] == "difference_of_units"
    for style in ({"normalise": "area"}, {"normalise": "maximum"}):
        draw(client, *views, arrangement="difference", **style)
    undivided = [views[0], {**views[1], "path": UNDIVIDED}]
    assert "barn" in draw(client, *undivided, arrangement="difference")["layout"]["yaxis"]["title"]["text"]


def test_a_map_and_zones_are_of_their_own_sampling(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    powder = succeeded(client, settings, structure)
    for views in ([powder, prediction_id], [prediction_id, powder]):
        body = {"kind": "map", "views": [{"prediction_id": one} for one in views]}
        response = client.post("/figures", json=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["code"] == "several_views_of_map"
    zones = client.post("/figures", json={"kind": "zones", "views": [{"prediction_id": powder}]})
    assert zones.status_code == 422
    assert zones.json()["code"] == "zones_of_powder"
    assert client.post(f"/predictions/{powder}/spectrum", json={"path": {"point": "X"}}).status_code == 422


def test_measured_data_belong_to_the_powder_beside_a_crystal(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    powder = succeeded(client, settings, structure)
    content = b"# meV counts\n" + b"".join(b"%d %d\n" % (mev, 100 + mev) for mev in range(10, 70))
    uploaded = client.post("/datasets", files={"file": ("d.txt", content)}, data={"instrument": "ARCS"})
    views = [{"prediction_id": prediction_id, **CUT}, {"prediction_id": powder, **CUT}]
    figure = draw(client, *views, dataset_ids=[uploaded.json()["id"]], dataset_scale="maximum")
    (points,) = of_role(figure, "measured")
    _, total = of_role(figure, "total")
    assert array(points["y"]).max() == pytest.approx(array(total["y"]).max(), rel=1e-3)


@pytest.mark.parametrize("kind", ["spectrum", "map", "zones"])
def test_measured_data_beside_a_path_are_refused(client: Client, prediction_id: str, kind: str) -> None:
    nobody = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"
    response = client.post(f"/predictions/{prediction_id}/figure", json={"kind": kind, "dataset_ids": [nobody]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == "dataset_ids"
    assert response.json()["code"] == "data_beside_path"
