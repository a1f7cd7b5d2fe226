"""Samples over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client


@pytest.fixture
def benzene(client: Client) -> str:
    """The id of the built-in benzene."""
    return str(client.post("/examples/benzene").json()["id"])


def advise(client: Client, structure_id: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/structures/{structure_id}/sample-advice", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def codes(notices: list[dict[str, Any]]) -> list[str]:
    return [notice["code"] for notice in notices]


def test_benzene_and_its_deuterated_form(client: Client, benzene: str) -> None:
    light = advise(client, benzene)
    heavy = advise(client, benzene, isotopes={"H": "2H"}, instrument="TOSCA")
    assert light["sample"]["formula"] == "C6H6"
    assert heavy["sample"]["formula"] == "C6D6"
    # The rule of thumb is 0.23 mm and 1.55 mm, at 1.13 g/cm³ or a little less
    assert light["sample"]["thickness_mm"] == pytest.approx(0.23, rel=0.12)
    assert heavy["sample"]["thickness_mm"] / light["sample"]["thickness_mm"] == pytest.approx(1.55 / 0.23, rel=0.03)
    assert heavy["sample"]["density_g_cm3"] / light["sample"]["density_g_cm3"] == pytest.approx(84.15 / 78.11, rel=1e-3)
    assert light["sample"]["thickness_for_percent_mm"] == pytest.approx(light["sample"]["thickness_mm"])
    assert "deuteration" in codes(light["advice_notices"])
    assert "deuteration" not in codes(heavy["advice_notices"])
    for told in (light, heavy):
        assert told["advice"] == [notice["message"] for notice in told["advice_notices"]]
        assert told["warnings"] == [notice["message"] for notice in told["notices"]]
    assert 0.05 < light["multiple_scattering"] < 0.3
    assert light["sample"]["container"] == "aluminium, 2 × 0.2 mm"
    assert light["activation"]["nuclides"][0]["nuclide"] == "Al-28"
    assert set(light["activation"]["total_uci"]) == {"0", "1", "24", "360"}


def test_isotopes_by_site(client: Client, benzene: str) -> None:
    """Benzene's crystal has three sites of hydrogen, two molecules' worth of atoms on each."""
    assert advise(client, benzene, isotopes={"H1": "2H"})["sample"]["formula"] == "C6D2H4"


def test_transmission_covers_the_band_of_the_instrument(client: Client, structure: dict[str, Any]) -> None:
    direct = advise(client, structure["id"], instrument="maps", settings={"e_init": 100.0})["transmission"]
    # MAPS counts gains up to the incident energy, and losses up to 95 % of it
    assert (direct["energy_mev"][0], direct["energy_mev"][-1]) == pytest.approx((5, 200))
    indirect = advise(client, structure["id"], instrument="TOSCA")["transmission"]
    # Final energy 3.97 meV, energy transfers to 500 meV
    assert indirect["energy_mev"][-1] == pytest.approx(504, rel=1e-3)
    for band in (direct, indirect):
        shares = zip(band["transmission"], band["scattered"], band["absorbed"], strict=True)
        assert all(sum(three) == pytest.approx(1) for three in shares)


def test_the_flux_is_the_instruments_where_it_is_known(client: Client, structure: dict[str, Any]) -> None:
    settings = {"e_init": 100.0, "chopper_package": "A"}
    known = advise(client, structure["id"], instrument="MAPS", settings=settings)["activation"]
    assert 1e3 < known["flux_n_cm2_s"] < 1e5
    unknown = advise(client, structure["id"], instrument="TOSCA")["activation"]
    assert unknown["flux_n_cm2_s"] == 1e7
    given = advise(client, structure["id"], irradiation={"hours": 1, "flux_n_cm2_s": 1e9})
    assert (given["activation"]["hours"], given["activation"]["flux_n_cm2_s"]) == (1, 1e9)
    cool_down = given["advice_notices"][-1]
    assert cool_down["code"] == "cool_down"
    assert cool_down["params"] == {
        "flux_n_cm2_s": 1e9,
        "irradiation_h": 1,
        "harmless_uci": 1e-3,
        "cool_down_h": given["activation"]["cool_down_h"],
    }


def test_thickness_goes_before_mass(client: Client, structure: dict[str, Any]) -> None:
    sample = {"thickness_mm": 5, "mass_g": 1, "container": {"material": "none"}, "form": "single crystal"}
    found = advise(client, structure["id"], sample=sample)["sample"]
    assert found["thickness_mm"] == 5
    assert found["mass_g"] == pytest.approx(4 * 4 * 0.5 * 2.33, rel=2e-3)
    assert (found["container"], found["container_mass_g"]) == ("none", 0)


def test_a_shape_that_never_scatters_so_much_says_so_by_null(client: Client, structure: dict[str, Any]) -> None:
    sample = {"geometry": "annulus", "width_mm": 5, "thickness_mm": 1}
    assert advise(client, structure["id"], sample=sample)["sample"]["thickness_for_percent_mm"] is None


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"sample": {"mass_g": -1}}, "sample.mass_g"),
        ({"sample": {"geometry": "sphere"}}, "sample.geometry"),
        ({"sample": {"geometry": "annulus", "mass_g": 9999}}, "sample.mass_g"),
        ({"sample": {"geometry": "annulus", "thickness_mm": 30}}, "sample.thickness_mm"),
        ({"sample": {"geometry": "annulus", "width_mm": 2}}, "sample.scatterer_percent"),
        ({"isotopes": {"H": "2H"}}, "isotopes.H"),
        ({"isotopes": {"Si": "2H"}}, "isotopes.Si"),
        ({"instrument": "nowhere"}, "instrument"),
        ({"instrument": "MAPS", "settings": {"e_init": -3}}, "settings.e_init"),
        ({"irradiation": {"hours": 0}}, "irradiation.hours"),
    ],
)
def test_what_cannot_be_is_named(client: Client, structure: dict[str, Any], body: dict[str, Any], loc: str) -> None:
    response = client.post(f"/structures/{structure['id']}/sample-advice", json=body)
    assert response.status_code == 422
    assert loc in [error["loc"] for error in response.json()["errors"]]


def test_a_structure_that_is_not_there(client: Client) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    assert client.post(f"/structures/{missing}/sample-advice", json={}).status_code == 404
