"""Isotopes over HTTP."""

from __future__ import annotations

from scattering.observe import weights

from .conftest import Client


def test_isotopes_of_the_elements_asked_for(client: Client) -> None:
    answer = client.request("GET", "/isotopes", params={"elements": "H,Si"}).json()
    assert answer["H"] == ["1H", "2H", "3H"]
    assert answer["Si"] == ["28Si", "29Si", "30Si"]


def test_every_isotope_offered_can_be_looked_through(client: Client) -> None:
    answer = client.request("GET", "/isotopes", params={"elements": "H,C,O,Ti,Ba,Ni"}).json()
    assert all(weights.scatterer(isotope) for isotopes in answer.values() for isotope in isotopes)


def test_an_element_that_does_not_exist_is_named(client: Client) -> None:
    answer = client.request("GET", "/isotopes", params={"elements": "H,Xx"})
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["params"]) == ("unknown_elements", {"symbols": ["Xx"]})
