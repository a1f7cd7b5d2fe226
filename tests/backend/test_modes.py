"""Modes over HTTP: behind a peak, in motion, and the phonons of a harmonic prediction."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import constants

from backend.kit.settings import Settings
from backend.modes import service
from backend.modes.phonon_website import n_numbers
from backend.modes.scene import scene
from backend.observing.layouts import PATH, POWDER
from scattering.core.partials import Partials
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import brillouin_zone, sample, segments
from scattering.modes.grid import calculate_modes
from scattering.modes.motion import motion
from scattering.simulate import harmonic, phonons
from scattering.simulate.force_constants import to_force_constants
from tests.scattering.test_harmonic_crystal import hydride
from tests.scattering.test_modes import silicon

from .conftest import Client
from .predicting import ask, finish, silicon_partials
from .proposing import make, put
from .test_crystal import crystal_partials
from .test_figures import array

TOP_MEV = 222.0
"""Just below the highest phonon of `hydride`, which is at 222.2 meV."""


@pytest.fixture(scope="module")
def powder() -> Partials:
    crystal = hydride()
    partials = harmonic.predict(
        phonons.sample_zone(to_force_constants(crystal), n_points=2000),
        labels=crystal.species,
        q=np.arange(0.5, 16.0, 0.5),
        energy=np.arange(0.0, 500.0, 1.0),
        temperature=100.0,
        n_orders=3,
        n_directions=30,
    ).partials
    return replace(partials, harmonic_crystal=crystal)


@pytest.fixture(scope="module")
def along_path() -> CrystalPartials:
    crystal = hydride()
    zone = brillouin_zone(cell=crystal.uploaded_cell, positions=np.zeros((1, 3)), numbers=np.array([3]))
    path = sample(segments(zone, (("Γ", "X"),)), crystal.uploaded_cell, spacing=0.4)
    fc = to_force_constants(crystal)
    partials = crystal_harmonic.predict(
        fc,
        phonons.sample_zone(fc, n_points=1000),
        cell=crystal.uploaded_cell,
        path=path,
        fine=path,
        zones=np.array([[2, 0, 0], [2, 2, 0], [1, 1, 1]]),
        labels=crystal.species,
        q=np.arange(0.5, 8.0, 0.5),
        energy=np.arange(0.0, 300.0, 1.0),
        temperature=100.0,
        n_orders=2,
    )
    return replace(partials, harmonic_crystal=crystal)


Store = Callable[..., str]


@pytest.fixture
def store(client: Client, settings: Settings, structure: dict[str, Any]) -> Store:
    """Store partials as those of a new prediction, and return its id."""

    def write(partials: Any, **more: Any) -> str:
        asked = ask(client, structure, **more)
        layout = PATH if asked["sampling"] == "path" else POWDER

        def to_file(path: Path) -> None:
            layout.write(path, partials)

        finish(asked["id"], to_file, settings.partials_path(asked["id"]), provenance={}, warnings=[])
        return str(asked["id"])

    return write


def modes(client: Client, prediction_id: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/predictions/{prediction_id}/modes", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_modes_behind_a_peak(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    found = modes(client, prediction_id, energy_mev=185, width_mev=90, instrument="TOSCA")
    assert found["range_mev"] == [140, 230]
    assert found["summary"]["code"] == "modes_behind_peak"
    assert found["summary"]["params"]["element"] == "H"
    assert found["n_bands"] == len(found["modes"]) == 3
    assert 0.5 < found["one_phonon_fraction"] <= 1
    assert sum(mode["weight"] for mode in found["modes"]) == pytest.approx(1.0, abs=0.03)
    for shares in (found["scattering"], *(mode[kind] for mode in found["modes"] for kind in ("motion", "scattering"))):
        assert sum(shares["by_element"].values()) == pytest.approx(1.0)
        assert sum(shares["by_site"].values()) == pytest.approx(1.0)
    # Of isotopes, deuterium scatters less beside lithium
    heavy = modes(client, prediction_id, energy_mev=185, width_mev=90, instrument="TOSCA", isotopes={"H": "2H"})
    assert heavy["intensity_barn_per_sr"] < 0.3 * found["intensity_barn_per_sr"]
    assert heavy["scattering"]["by_element"]["H"] < found["scattering"]["by_element"]["H"]


def test_energies_are_those_of_the_scaled_axis(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    plain = modes(client, prediction_id, energy_mev=200, width_mev=10)
    scaled = modes(client, prediction_id, energy_mev=180, width_mev=9, energy_scale=0.9)
    assert [one["branch"] for one in scaled["modes"]] == [one["branch"] for one in plain["modes"]]
    assert scaled["modes"][0]["energy_mev"] == pytest.approx(0.9 * plain["modes"][0]["energy_mev"])


def test_overtones_and_gaps_are_stated_by_code(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    overtone = modes(client, prediction_id, energy_mev=330, instrument="TOSCA")
    assert (overtone["summary"]["code"], overtone["modes"]) == ("mostly_several_phonons", [])
    nothing = modes(client, prediction_id, energy_mev=1500)
    assert (nothing["summary"]["code"], nothing["one_phonon_fraction"]) == ("no_modes_at_energy", None)


def test_the_motion_of_a_mode(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    mode = modes(client, prediction_id, energy_mev=TOP_MEV - 5, width_mev=12)["modes"][0]
    address = f"/predictions/{prediction_id}/modes/{mode['q_index']}/{mode['branch']}"
    moving = client.get(address).json()
    assert moving["energy_mev"] == pytest.approx(mode["energy_mev"])
    assert moving["wave_vector"] == mode["wave_vector"]
    atoms = moving["atoms"]
    n_atoms = len(atoms["element"])
    assert {len(values) for values in atoms.values()} == {n_atoms}
    inside = np.array(atoms["inside"])
    assert inside.sum() == 8 * np.prod(moving["repeats"])
    # Rock salt: atoms on faces are drawn on the opposite face too
    assert n_atoms > inside.sum()
    amplitude = np.hypot(atoms["displacement_re"], atoms["displacement_im"])
    assert np.linalg.norm(amplitude, axis=1).max() == pytest.approx(1.0, abs=1e-3)
    # Hydrogen moves, lithium almost not
    light = np.array(atoms["element"]) == "H"
    assert amplitude[light].max() > 5 * amplitude[~light].max()
    assert set(moving["elements"]) == {"H", "Li"}
    assert moving["elements"]["H"]["colour"] == "#d9dee3"
    dark = client.get(address, params={"theme": "dark"}).json()
    assert dark["elements"]["H"]["colour"] == "#ffffff"
    for one, other in moving["bonds"]:
        apart = np.subtract(atoms["position_angstrom"][one], atoms["position_angstrom"][other])
        radii = (moving["elements"][atoms["element"][number]]["radius_angstrom"] for number in (one, other))
        assert np.linalg.norm(apart) < 1.2 * sum(radii)


def test_images_move_with_the_phase_of_the_wave() -> None:
    crystal = hydride()
    q = np.array([0.5, 0.5, 0.0])
    fc = to_force_constants(crystal)
    vectors = fc.calculate_qpoint_phonon_modes(q[None], asr="reciprocal", reduce_qpts=False).eigenvectors[0]
    shown = scene(crystal, motion(crystal, q, vectors[-1])).motion
    for atom in range(crystal.n_atoms):
        chosen = np.flatnonzero(shown.atoms == atom)
        apart = shown.positions[chosen] - shown.positions[chosen[0]]
        expected = shown.displacements[chosen[0]] * np.exp(1j * apart @ shown.wave_vector)[:, None]
        np.testing.assert_allclose(shown.displacements[chosen], expected, atol=1e-6)


def test_a_wave_that_fits_no_small_cell_is_stated(client: Client, store: Store, along_path: CrystalPartials) -> None:
    prediction_id = store(along_path, sampling="path", instruments=["ARCS"])
    moving = client.get(f"/predictions/{prediction_id}/modes/1/0").json()
    index_of_x = along_path.labels.index("X")
    at_x = client.get(f"/predictions/{prediction_id}/modes/{index_of_x}/0").json()
    assert (at_x["whole_period"], at_x["notices"]) == (True, [])
    stated = [notice["code"] for notice in moving["notices"]]
    assert stated == ([] if moving["whole_period"] else ["wave_longer_than_cell"])


def test_a_peak_of_a_single_crystal(client: Client, store: Store, along_path: CrystalPartials) -> None:
    prediction_id = store(along_path, sampling="path", instruments=["ARCS"])
    at = along_path.labels.index("X")
    top = float(along_path.dispersion[at, -1])
    body = {"energy_mev": top, "width_mev": 6, "contribution": "coherent", "path": {"point": "X"}}
    found = modes(client, prediction_id, **body)
    assert {mode["q_index"] for mode in found["modes"]} == {at}
    assert {mode["point"] for mode in found["modes"]} == {"X"}
    assert found["modes"][0]["wave_vector"] == pytest.approx(along_path.wave_vectors[at].tolist())
    # X is the first special point but Γ, and so the default
    assert modes(client, prediction_id, **{**body, "path": None})["modes"] == found["modes"]
    elsewhere = modes(client, prediction_id, energy_mev=top + 40, path={"point": "X"})
    assert elsewhere["summary"]["code"] == "mostly_other_wave_vectors"


def test_the_figure_of_the_phonons(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    figure = client.get(f"/predictions/{prediction_id}/phonons", params={"theme": "dark"}).json()
    roles = [trace["meta"]["role"] for trace in figure["data"]]
    assert roles == ["dispersion", "density", "density", "density"]
    assert [trace["name"] for trace in figure["data"][1:]] == ["Total", "H", "Li"]
    assert figure["layout"]["xaxis"]["ticktext"][0] == "Γ"
    top = float(np.nanmax(array(figure["data"][0]["y"])))
    # In wavenumbers: 1 meV is 8.0655 cm⁻¹
    wavenumbers = client.get(
        f"/predictions/{prediction_id}/phonons", params={"energy_unit": "cm-1", "energy_scale": 1.1}
    ).json()
    assert np.nanmax(array(wavenumbers["data"][0]["y"])) == pytest.approx(1.1 * 8.0655 * top, rel=1e-4)
    total, scaled = (array(one["data"][1]["x"]) for one in (figure, wavenumbers))
    assert scaled.max() == pytest.approx(total.max() / (1.1 * 8.0655), rel=1e-4)


def test_imaginary_modes_have_their_own_colour(client: Client, store: Store, powder: Partials) -> None:
    crystal = hydride()
    unstable = replace(powder, harmonic_crystal=replace(crystal, force_constants=-crystal.force_constants))
    figure = client.get(f"/predictions/{store(unstable)}/phonons").json()
    names = [trace["name"] for trace in figure["data"]]
    assert names[:2] == ["phonons", "Imaginary modes"]
    assert np.nanmin(array(figure["data"][1]["y"])) < -100


def test_the_phonons_as_numbers(client: Client, store: Store, powder: Partials) -> None:
    address = f"/predictions/{store(powder)}/phonons/values"
    values = client.get(address).json()
    energies = np.array(values["dispersion"]["energy_mev"])
    assert energies.shape == (len(values["dispersion"]["distance_inv_angstrom"]), 6)
    assert values["dispersion"]["wave_vector"][0] == [0, 0, 0]
    density = values["density"]
    np.testing.assert_allclose(np.sum(list(density["by_element"].values()), axis=0), density["total"], rtol=1e-6)
    written = client.get(address, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(written.text)))
    assert float(rows[0]["mode_6_mev"]) == pytest.approx(energies[0, 5])
    assert list(rows[0])[:4] == ["distance_inv_angstrom", "h", "k", "l"]
    assert client.get(address, headers={"Accept": "image/png"}).status_code == 406


def test_older_single_crystals_have_their_own_dispersion(client: Client, store: Store) -> None:
    prediction_id = store(crystal_partials(), sampling="path", instruments=["ARCS"])
    values = client.get(f"/predictions/{prediction_id}/phonons/values").json()
    assert (values["density"], values["dispersion"]["wave_vector"]) == (None, None)
    assert [tick["label"] for tick in values["dispersion"]["ticks"]] == ["Γ", "X"]
    figure = client.get(f"/predictions/{prediction_id}/phonons").json()
    assert "xaxis2" not in figure["layout"]
    response = client.post(f"/predictions/{prediction_id}/modes", json={"energy_mev": 40})
    assert (response.status_code, response.json()["code"]) == (409, "force_constants_not_kept")


@pytest.mark.parametrize("route", ["modes", "motion", "phonons", "values", "website"])
def test_predictions_without_modes_are_refused(client: Client, store: Store, route: str) -> None:
    def code(prediction_id: str) -> tuple[int, str]:
        address = f"/predictions/{prediction_id}"
        response = {
            "modes": lambda: client.post(f"{address}/modes", json={"energy_mev": 60}),
            "motion": lambda: client.get(f"{address}/modes/0/0"),
            "phonons": lambda: client.get(f"{address}/phonons"),
            "values": lambda: client.get(f"{address}/phonons/values"),
            "website": lambda: client.get(f"{address}/phonon-website.json"),
        }[route]()
        return response.status_code, response.json()["code"]

    assert code(store(silicon_partials())) == (409, "force_constants_not_kept")
    dynamics = store(silicon_partials(), method="md", quality="preview")
    assert code(dynamics) == (409, "modes_of_harmonic_only")
    assert code("6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c")[0] == 404


def test_large_cells_are_refused(
    client: Client, store: Store, powder: Partials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_ATOMS", 1)
    response = client.post(f"/predictions/{store(powder)}/modes", json={"energy_mev": 60})
    assert (response.status_code, response.json()["code"]) == (409, "too_many_atoms_for_modes")


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, "energy_mev"),
        ({"energy_mev": "high"}, "energy_mev"),
        ({"energy_mev": 1e6}, "energy_mev"),
        ({"energy_mev": 60, "width_mev": 0}, "width_mev"),
        ({"energy_mev": 60, "instrument": "TOSKA"}, "instrument"),
        ({"energy_mev": 60, "instrument": "MAPS", "settings": {"e_init": -1}}, "settings.e_init"),
        ({"energy_mev": 300, "instrument": "MAPS", "settings": {"e_init": 100}}, "energy_mev"),
        ({"energy_mev": 60, "isotopes": {"U": "235U"}}, "isotopes.U"),
        ({"energy_mev": 60, "path": {}}, "path"),
        ({"energy_mev": 60, "per_order": True}, "per_order"),
    ],
)
def test_impossible_peaks_are_refused(
    client: Client, store: Store, powder: Partials, body: dict[str, Any], loc: str
) -> None:
    response = client.post(f"/predictions/{store(powder)}/modes", json=body)
    assert response.status_code == 422, response.text
    assert [error["loc"] for error in response.json()["errors"]] == [loc]


def test_modes_that_are_not_there(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    for address in ("100000/0", "0/6"):
        response = client.get(f"/predictions/{prediction_id}/modes/{address}")
        assert (response.status_code, response.json()["code"]) == (404, "no_such_mode")
    assert client.get(f"/predictions/{prediction_id}/modes/-1/0").status_code == 422


def test_bonds_of_a_network_lead_to_images_outside() -> None:
    crystal = silicon()
    vectors = np.zeros((2, 3), dtype=complex)
    vectors[:, 0] = 1, -1
    drawn = scene(crystal, motion(crystal, np.zeros(3), vectors))
    # Each of the eight atoms has four bonds; those to images are drawn from both ends
    assert len(drawn.bonds) >= 16
    assert drawn.inside.sum() == 8
    ends = drawn.motion.positions[drawn.bonds]
    lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(3), rtol=1e-6)


def test_modes_of_a_shared_proposal(client: Client, store: Store, powder: Partials) -> None:
    inside, outside = store(powder), store(powder)
    proposal = make(client)
    assert put(client, proposal, "predictions", inside).status_code < 300
    token = client.post(f"/proposals/{proposal['id']}/share", json={}).json()["token"]
    body = {"energy_mev": 200}
    here = f"/shared/{token}/predictions/{inside}"
    assert (
        client.post(f"{here}/modes", json=body).json() == client.post(f"/predictions/{inside}/modes", json=body).json()
    )
    assert client.get(f"{here}/modes/0/5").json() == client.get(f"/predictions/{inside}/modes/0/5").json()
    assert client.get(f"{here}/phonons").json()["data"]
    there = f"/shared/{token}/predictions/{outside}"
    answers = [
        client.post(f"{there}/modes", json=body),
        client.get(f"{there}/modes/0/5"),
        client.get(f"{there}/phonons"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "not_in_proposal")] * 3


CM_PER_MEV = constants.e * 1e-3 / (constants.h * constants.c * 100)


def website(client: Client, prediction_id: str) -> dict[str, Any]:
    response = client.get(f"/predictions/{prediction_id}/phonon-website.json")
    assert response.status_code == 200, response.text
    assert f"beamcast-phonon-website-{prediction_id}.json" in response.headers["content-disposition"]
    return dict(response.json())


def test_the_file_of_the_phonon_website_has_the_dispersion(client: Client, store: Store, powder: Partials) -> None:
    prediction_id = store(powder)
    written = website(client, prediction_id)
    lines = client.get(f"/predictions/{prediction_id}/phonons/values").json()["dispersion"]
    n_points = len(lines["distance_inv_angstrom"])
    energies = np.array(written["eigenvalues"]) / CM_PER_MEV
    # The numbers of the dispersion have four decimals
    np.testing.assert_allclose(energies, lines["energy_mev"], atol=5.1e-5)
    fc = to_force_constants(hydride())
    again, _ = calculate_modes(fc, np.array(written["qpoints"]))
    np.testing.assert_allclose(energies, again, atol=1e-6)
    np.testing.assert_allclose(written["distances"], lines["distance_inv_angstrom"], atol=1e-4)
    # What the website reads, and the shapes that its README states
    assert (written["natoms"], written["formula"], written["repetitions"]) == (2, "HLi", [3, 3, 3])
    assert (written["atom_types"], written["atom_numbers"]) == (["Li", "H"], [3, 1])
    assert np.shape(written["vectors"]) == (n_points, 6, 2, 3, 2)
    np.testing.assert_allclose(np.array(written["atom_pos_red"]) @ written["lattice"], written["atom_pos_car"])
    # Every part of the path without its breaks is one line, and a name belongs to a place of the list
    assert [first for first, _ in written["line_breaks"]] == [0, *(end for _, end in written["line_breaks"])][:-1]
    assert written["line_breaks"][-1][1] == n_points
    for first, end in written["line_breaks"]:
        assert (np.diff(written["distances"][first:end]) > 0).all()
    names = {name: np.array(written["qpoints"][index]) for index, name in written["highsym_qpts"]}
    assert {"Γ", "X", "U|K", "L"} <= set(names)
    np.testing.assert_allclose(names["Γ"], 0, atol=1e-9)
    assert np.abs(names["L"]).tolist() == pytest.approx([0.5, 0.5, 0.5])


def test_the_phonon_website_moves_atoms_as_the_forces_do(client: Client, store: Store, powder: Partials) -> None:
    crystal = hydride()
    written = website(client, store(powder))
    at = next(index for index, name in written["highsym_qpts"] if name == "X")
    vectors = np.array(written["vectors"][at]).view(np.complex128)[..., 0]
    # The website's own rule of the phase of a cell
    phases = np.exp(2j * np.pi * crystal.cell_origins @ written["qpoints"][at])
    forces = -np.einsum("cij,c,mj->mi", crystal.force_constants, phases, vectors.reshape(6, 6))
    per_second = 2 * np.pi * constants.c * 100 * np.array(written["eigenvalues"][at])
    inertia = per_second[:, None, None] ** 2 * crystal.masses[:, None] * vectors
    in_ev = inertia * constants.atomic_mass * 1e-20 / constants.e
    np.testing.assert_allclose(in_ev.reshape(6, 6), -forces, atol=1e-4 * np.abs(forces).max())
    kinetic = (crystal.masses[:, None] * np.abs(vectors) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(kinetic, crystal.masses.mean(), rtol=1e-5)


def test_files_of_large_cells_have_fewer_wave_vectors(
    client: Client, store: Store, powder: Partials, monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction_id = store(powder)
    whole = website(client, prediction_id)
    monkeypatch.setattr(service, "MAX_WEBSITE_NUMBERS", 40 * n_numbers(2))
    thin = website(client, prediction_id)
    assert len(thin["qpoints"]) <= 40 < len(whole["qpoints"])
    assert [name for _, name in thin["highsym_qpts"]] == [name for _, name in whole["highsym_qpts"]]
    for index, _ in thin["highsym_qpts"]:
        assert thin["qpoints"][index] in whole["qpoints"]
    monkeypatch.setattr(service, "MAX_WEBSITE_NUMBERS", 3 * n_numbers(2))
    response = client.get(f"/predictions/{prediction_id}/phonon-website.json")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_atoms_for_website")


def deuteride(powder: Partials) -> Partials:
    crystal = hydride()
    heavy = replace(crystal, masses=np.array([crystal.masses[0], 2.014]))
    return replace(powder, harmonic_crystal=heavy, metadata={**powder.metadata, "isotopes": {"H": "2H"}})


def test_dispersions_of_one_structure_are_overlaid(client: Client, store: Store, powder: Partials) -> None:
    light, heavy = store(powder), store(deuteride(powder), temperature_k=77.0)
    plain = client.get(f"/predictions/{light}/phonons").json()
    both = client.get(f"/predictions/{light}/phonons", params={"overlay": [heavy, heavy, light]}).json()
    roles = [(trace["meta"]["role"], trace["meta"]["number"]) for trace in both["data"]]
    assert roles == [("dispersion", 0), ("density", 0), ("dispersion", 1), ("density", 1)]
    first, _, second, _ = both["data"]
    assert "77 K" in second["name"]
    assert "77 K" not in first["name"]
    assert first["line"]["dash"] != second["line"]["dash"]
    np.testing.assert_array_equal(array(first["x"]), array(plain["data"][0]["x"]))
    np.testing.assert_array_equal(array(first["y"]), array(plain["data"][0]["y"]))
    np.testing.assert_array_equal(array(second["x"]), array(first["x"]))
    # Those of the other forecast at the same wave vectors, by itself
    alone = client.get(f"/predictions/{heavy}/phonons").json()
    np.testing.assert_allclose(array(second["y"]), array(alone["data"][0]["y"]), atol=1e-3)
    assert np.nanmax(array(second["y"])) < 0.8 * np.nanmax(array(first["y"]))


def test_the_cells_of_overlaid_forecasts_may_be_relaxed_differently(
    client: Client, store: Store, powder: Partials
) -> None:
    crystal = hydride()
    larger = replace(
        crystal,
        cell=1.01 * crystal.cell,
        uploaded_cell=1.01 * crystal.uploaded_cell,
        positions=1.01 * crystal.positions,
    )
    ids = store(powder), store(replace(powder, harmonic_crystal=larger))
    first, _, second, _ = client.get(f"/predictions/{ids[0]}/phonons", params={"overlay": ids[1]}).json()["data"]
    # The springs are the same, and so are the energies at the same wave vectors in r.l.u.
    np.testing.assert_allclose(array(second["y"]), array(first["y"]), atol=1e-3)


def test_densities_are_weighted_as_neutrons_scatter(client: Client, store: Store, powder: Partials) -> None:
    def densities(prediction_id: str, weights: str) -> dict[str, Any]:
        figure = client.get(f"/predictions/{prediction_id}/phonons", params={"density": weights}).json()
        assert figure["layout"]["xaxis2"]["title"]["text"].startswith(
            "Neutron-weighted" if weights == "neutron" else "Modes"
        )
        traces = [trace for trace in figure["data"] if trace["meta"]["role"] == "density"]
        energy = array(traces[0]["y"])
        return {trace["name"]: np.trapezoid(array(trace["x"]), energy) for trace in traces}

    # Bound cross-sections (barn) and masses: σ/M of hydrogen is 400 times that of lithium
    for prediction_id, sigma, mass in ((store(powder), 82.02, 1.008), (store(deuteride(powder)), 7.64, 2.014)):
        plain, seen = densities(prediction_id, "states"), densities(prediction_id, "neutron")
        assert plain["Total"] == pytest.approx(6.0, rel=0.01)
        assert seen["Total"] == pytest.approx(6.0, rel=0.01)
        assert seen["H"] / seen["Li"] == pytest.approx((sigma / mass) / (1.37 / 6.94), rel=0.02)


def test_dispersions_of_other_structures_are_not_overlaid(
    client: Client, store: Store, powder: Partials, settings: Settings
) -> None:
    prediction_id = store(powder)
    other = ask(client, client.post("/examples/silicon").json())
    finish(
        other["id"],
        lambda path: POWDER.write(path, powder),
        settings.partials_path(other["id"]),
        provenance={},
        warnings=[],
    )
    address = f"/predictions/{prediction_id}/phonons"
    response = client.get(address, params={"overlay": other["id"]})
    assert (response.status_code, response.json()["code"]) == (422, "overlay_of_other_structure")
    old = store(silicon_partials())
    response = client.get(address, params={"overlay": old})
    assert (response.status_code, response.json()["code"]) == (409, "force_constants_not_kept")
    assert client.get(address, params={"overlay": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"}).status_code == 404
    assert client.get(address, params={"overlay": [prediction_id] * 6}).status_code == 422
