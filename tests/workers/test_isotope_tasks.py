"""Predictions with isotopes over the API: their masses, and new ones from known force constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.calculators.emt import EMT

from backend.kit.settings import Settings
from backend.observing.layouts import PATH, POWDER
from backend.potentials.service import PotentialUnavailable
from scattering.core.isotopes import nuclide_mass
from scattering.core.notices import Notice
from tests.backend.conftest import Client
from workers import engines, tasks
from workers.engines.ase_dynamics import AseDynamics

from .test_tasks import COPPER, SHORT_MD, ask, emt, files, work

assert emt  # every potential is EMT

QUICK = {"supercell": [3, 3, 3], "q_max_inv_angstrom": 4.0, "n_orders": 2}
LIGHT = nuclide_mass("63Cu")


@pytest.fixture
def copper(client: Client) -> dict[str, Any]:
    response = client.post("/structures", files={"file": ("POSCAR", COPPER.replace(b"\nAl\n", b"\nCu\n"))})
    assert response.status_code == 201, response.text
    return dict(response.json())


def get(client: Client, prediction: str) -> dict[str, Any]:
    return dict(client.get(f"/predictions/{prediction}").json())


def with_isotopes(client: Client, prediction: str, isotopes: dict[str, Any], status: int = 202) -> dict[str, Any]:
    response = client.post(f"/predictions/{prediction}/isotopes", json={"isotopes": isotopes})
    assert response.status_code == status, response.text
    return dict(response.json())


def test_harmonic_prediction_has_the_masses_of_its_isotopes(
    client: Client, settings: Settings, copper: dict[str, Any]
) -> None:
    natural, light = (
        ask(client, copper, options=QUICK),
        ask(client, copper, options=QUICK, isotopes={"Cu": {"63Cu": 1.0}}),
    )
    assert work() == 2
    row = get(client, light)
    assert row["isotopes"] == {"Cu": "63Cu"}
    assert row["provenance"]["isotopes"] == {"Cu": "63Cu"}
    assert row["provenance"]["masses_u"] == {"Cu": pytest.approx(LIGHT)}
    assert get(client, natural)["isotopes"] == {}
    partials = POWDER.read(settings.partials_path(light))
    assert partials.isotopes == {"Cu": "63Cu"}
    assert partials.harmonic_crystal is not None
    assert partials.harmonic_crystal.masses == pytest.approx([LIGHT])
    one, other = (
        np.array(get(client, which)["provenance"]["findings"]["special_phonons_mev"]["X"]) for which in (light, natural)
    )
    assert one / other == pytest.approx(np.sqrt(nuclide_mass("Cu") / LIGHT), abs=1e-4)
    # The scattering lengths agree with the masses, unless a view says otherwise
    seen = client.post(f"/predictions/{light}/spectrum", json={"instrument": "ARCS"}).json()
    same = client.post(f"/predictions/{light}/spectrum", json={"instrument": "ARCS", "isotopes": {"Cu": "63Cu"}}).json()
    assert seen["intensity"] == same["intensity"]
    codes = [notice["code"] for notice in same["notices"]]
    assert "isotopes_in_scattering_only" not in codes
    usual = client.post(f"/predictions/{light}/spectrum", json={"instrument": "ARCS", "isotopes": {"Cu": "Cu"}}).json()
    assert usual["intensity"] != seen["intensity"]
    assert "isotopes_in_scattering_only" in [notice["code"] for notice in usual["notices"]]


@pytest.mark.parametrize("sampling", ["powder", "path"])
def test_other_isotopes_from_the_same_force_constants(
    client: Client,
    settings: Settings,
    copper: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    sampling: str,
) -> None:
    options: dict[str, Any] = QUICK
    if sampling == "path":
        options = {"supercell": [3, 3, 3], "path": "Γ-X", "zones": [[0, 0, 2]]}
    first = ask(client, copper, sampling=sampling, options=options)
    whole = ask(client, copper, sampling=sampling, options=options, isotopes={"Cu": "63Cu"})
    assert work() == 2

    def lost(*_: Any) -> None:
        raise PotentialUnavailable(Notice("potential_file_lost", {"name": "Mine"}))

    # Neither the potential nor the first prediction is needed any more
    monkeypatch.setattr(tasks, "potential_file", lost)
    new = with_isotopes(client, first, {"Cu": "63Cu"})
    assert client.delete(f"/predictions/{first}").status_code == 204
    assert work() == 1
    row = get(client, new["id"])
    assert row["status"] == "succeeded", row["error"]
    assert row["isotopes"] == {"Cu": "63Cu"}
    assert row["options"] == get(client, whole)["options"]
    assert row["provenance"]["force_constants_of"] == first
    assert row["provenance"]["findings"].keys() == get(client, whole)["provenance"]["findings"].keys()
    layout = POWDER if sampling == "powder" else PATH
    one, other = (layout.read(settings.partials_path(which)) for which in (new["id"], whole))
    assert one.isotopes == other.isotopes == {"Cu": "63Cu"}
    assert np.array_equal(one.energy, other.energy)
    assert np.abs(one.coherent - other.coherent).max() < 1e-5 * np.abs(other.coherent).max()
    assert np.abs(one.incoherent - other.incoherent).max() < 1e-5 * np.abs(other.incoherent).max()
    assert files(settings) == {"partials.h5"}


def test_isotopes_over_those_of_a_prediction(client: Client, copper: dict[str, Any]) -> None:
    first = ask(client, copper, options=QUICK, isotopes={"Cu": "63Cu"})
    assert work() == 1
    assert with_isotopes(client, first, {})["isotopes"] == {"Cu": "63Cu"}
    assert with_isotopes(client, first, {"Cu": "Cu"})["isotopes"] == {}
    wrong = with_isotopes(client, first, {"Cu": "2H"}, status=422)
    assert wrong["errors"][0]["loc"] == "isotopes.Cu"
    assert with_isotopes(client, first, {"H": "2H"}, status=422)["errors"][0]["loc"] == "isotopes.H"
    assert with_isotopes(client, first, {"Cu": {"63Cu": 0.5}}, status=422)["errors"]


def test_dynamics_has_the_masses_of_its_isotopes(
    client: Client, settings: Settings, copper: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    masses = []

    class Recorded(AseDynamics):
        """Molecular dynamics that tells the masses of its atoms."""

        def run(self, sites: Any, *arguments: Any, **more: Any) -> Any:
            masses.append(sites.get_masses())
            return super().run(sites, *arguments, **more)

    monkeypatch.setattr(engines, "dynamics", lambda *_, **__: Recorded(EMT()))
    prediction = ask(client, copper, method="md", options=SHORT_MD, isotopes={"Cu": "65Cu"})
    assert work() > 2
    row = get(client, prediction)
    assert row["status"] == "succeeded", row["error"]
    assert all(one == pytest.approx(nuclide_mass("65Cu")) for one in masses)
    assert POWDER.read(settings.partials_path(prediction)).isotopes == {"Cu": "65Cu"}
    refused = with_isotopes(client, prediction, {"Cu": "63Cu"}, status=409)
    assert "Only harmonic forecasts keep force constants" in refused["detail"]


def test_isotopes_of_the_file_are_the_default(client: Client) -> None:
    cell = b'4\nLattice="3.61 0 0 0 3.61 0 0 0 3.61" Properties=species:S:1:pos:R:3:masses:R:1\n'
    rows = b"Cu 0 0 0 62.9296\nCu 0 1.805 1.805 63.546\nCu 1.805 0 1.805 63.546\nCu 1.805 1.805 0 63.546\n"
    uploaded = client.post("/structures", files={"file": ("copper.extxyz", cell + rows)}).json()
    assert uploaded["isotopes"] == {"Cu1": "63Cu"}

    def ask_for(**body: Any) -> dict[str, Any]:
        response = client.post("/predictions", json={"structure_id": uploaded["id"], **body})
        assert response.status_code == 202, response.text
        return dict(response.json())

    default = ask_for(options=QUICK)
    assert default["isotopes"] == {"Cu1": "63Cu"}
    # Isotopes of sites need partials of sites
    assert default["options"]["resolve_sites"]
    natural = ask_for(isotopes={"Cu": "Cu"}, options=QUICK)
    assert natural["isotopes"] == {}
    assert not natural["options"]["resolve_sites"]
    mixed = client.post(
        "/predictions", json={"structure_id": uploaded["id"], "options": {**QUICK, "resolve_sites": False}}
    )
    assert mixed.status_code == 422
    assert mixed.json()["errors"][0]["loc"] == "options.resolve_sites"
    assert work() == 2
    row = get(client, default["id"])
    assert row["status"] == "succeeded", row["error"]
    assert row["provenance"]["masses_u"] == {"Cu1": pytest.approx(62.9296, abs=1e-4), "Cu2": pytest.approx(63.546)}
    # From partials that do not distinguish sites to those that do
    again = with_isotopes(client, natural["id"], {"Cu2": "65Cu"})
    assert again["options"]["resolve_sites"]
    assert work() == 1
    masses = get(client, again["id"])["provenance"]["masses_u"]
    assert masses == {"Cu1": pytest.approx(63.546), "Cu2": pytest.approx(64.9278, abs=1e-4)}
