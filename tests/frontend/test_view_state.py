"""The address of a forecast: what is shared is what is seen."""

from __future__ import annotations

import pytest

from frontend.client import Instrument
from frontend.view_state import ViewState, decode, forecast_address

from .conftest import Site, run


@pytest.fixture(scope="module")
def instruments(site: Site) -> list[Instrument]:
    return run(site.api.instruments())


def read(search: str, instruments: list[Instrument]) -> ViewState:
    return decode(search, instruments=instruments, elements=["H", "C"], default_instruments=["TOSCA"])


def test_an_empty_address_gives_the_defaults(instruments: list[Instrument]) -> None:
    view = read("", instruments)
    assert view.instruments == ("TOSCA",)
    assert view.map_instrument == "TOSCA"
    assert view.contribution == "total"
    assert view.quantum_correction
    assert view.energy_scale == 1.0
    assert view.settings == {instrument["name"]: instrument["defaults"] for instrument in instruments}


def test_everything_that_is_set_is_read(instruments: list[Instrument]) -> None:
    view = read(
        "?predictions=a,b,a&instruments=arcs,TOSCA&map=TOSCA&map_prediction=b&contribution=coherent&energy_unit=cm-1"
        "&scale=log&map_scale=log&per_element=1&banks=1&quantum_correction=0&energy_scale=1.05&energy_min=5"
        "&energy_max=80&iso.H=2H&ARCS.e_init=77.5&ARCS.chopper_package=ARCS-100-1.5-AST&ARCS.chopper_frequency=420",
        instruments,
    )
    assert view.predictions == ("a", "b")
    assert view.instruments == ("ARCS", "TOSCA")
    assert (view.map_instrument, view.map_prediction) == ("TOSCA", "b")
    assert (view.contribution, view.energy_unit, view.scale, view.map_scale) == ("coherent", "cm-1", "log", "log")
    assert view.per_element
    assert view.banks
    assert not view.quantum_correction
    assert (view.energy_scale, view.energy_min, view.energy_max) == (1.05, 5.0, 80.0)
    assert view.isotopes == {"H": "2H"}
    assert view.settings["ARCS"] == {
        "e_init": 77.5,
        "chopper_package": "ARCS-100-1.5-AST",
        "chopper_frequency": 420,
    }


def test_what_is_impossible_falls_back_and_numbers_stay_inside(instruments: list[Instrument]) -> None:
    view = read(
        "instruments=SPHERES,MAPS&map=nowhere&contribution=both&energy_scale=9&energy_min=nan&iso.Si=28Si"
        "&MAPS.e_init=1e9&MAPS.chopper_package=Z&MAPS.chopper_frequency=fast&MAPS.unknown=1",
        instruments,
    )
    defaults = {instrument["name"]: instrument["defaults"] for instrument in instruments}["MAPS"]
    assert view.instruments == ("MAPS",)
    assert view.map_instrument == "MAPS"
    assert view.contribution == "total"
    assert view.energy_scale == 1.2
    assert view.energy_min is None
    assert view.isotopes == {}
    assert view.settings["MAPS"] == {**defaults, "e_init": 2000.0}


def test_the_map_prefers_an_instrument_that_sees_an_area(instruments: list[Instrument]) -> None:
    assert read("instruments=TOSCA,MAPS", instruments).map_instrument == "MAPS"


def test_forecast_address() -> None:
    assert forecast_address("s", ["a", "b"], ["TOSCA"]) == "/forecast/s?predictions=a,b&instruments=TOSCA"
    assert forecast_address("s", []) == "/forecast/s"
