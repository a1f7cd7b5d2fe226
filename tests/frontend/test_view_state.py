"""The address of a forecast: what is shared is what is seen."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from frontend.client import Instrument
from frontend.view_state import SAMPLE, Mixture, ViewState, decode, forecast_address

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
    assert view.quantum_correction == "harmonic"
    assert view.energy_scale == 1.0
    assert (view.order, view.per_order, view.errors, view.elastic, view.kf_over_ki) == (None, False, True, False, False)
    assert (view.q_min, view.q_max, view.probe, view.fwhm_mev) == (None, None, "neutron", 0.0)
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
    assert view.quantum_correction == "none"
    assert (view.energy_scale, view.energy_min, view.energy_max) == (1.05, 5.0, 80.0)
    assert view.isotopes == {"H": "2H"}
    assert view.settings["ARCS"] == {
        "e_init": 77.5,
        "chopper_package": "ARCS-100-1.5-AST",
        "chopper_frequency": 420,
    }


def test_everything_that_came_with_phonon_orders_and_other_probes_is_read(instruments: list[Instrument]) -> None:
    view = read(
        "instruments=sample,TOSCA&map=Sample&quantum_correction=schofield&order=2&per_order=1&errors=0&elastic=1"
        "&kf_over_ki=1&energy_min=-30&q_min=1.5&q_max=4&probe=x-ray&fwhm_mev=2.5&iso.H=2H:98&iso.H2=H&iso.C13=13C",
        instruments,
    )
    assert view.instruments == ("TOSCA", SAMPLE)
    assert view.map_instrument == SAMPLE
    assert view.quantum_correction == "schofield"
    assert (view.order, view.per_order, view.errors, view.elastic, view.kf_over_ki) == (2, True, False, True, True)
    assert (view.energy_min, view.q_min, view.q_max) == (-30.0, 1.5, 4.0)
    assert (view.probe, view.fwhm_mev) == ("x-ray", 2.5)
    assert view.isotopes == {"H": Mixture("2H", 98.0), "H2": "H", "C13": "13C"}


def test_what_single_crystals_are_looked_at_with_is_read(instruments: list[Instrument]) -> None:
    view = read(
        "zone=0,-2,4&point=Γ&divide_debye_waller=0&divide_q_squared=0&times_energy_squared=1&dispersion=0", instruments
    )
    assert (view.zone, view.point, view.times_energy_squared) == ((0, -2, 4), "Γ", True)
    assert (view.divide_debye_waller, view.divide_q_squared, view.dispersion) == (False, False, False)
    usual = read("", instruments)
    assert (usual.zone, usual.point, usual.times_energy_squared) == (None, None, False)
    assert (usual.divide_debye_waller, usual.divide_q_squared, usual.dispersion) == (True, True, True)


@pytest.mark.parametrize("text", ["0,0", "0,0,4,1", "0,0,x", "0,0,1.5", "a", "0,0,99999"])
def test_what_is_no_zone_is_dropped(text: str, instruments: list[Instrument]) -> None:
    assert read(f"zone={text}", instruments).zone is None


@pytest.mark.parametrize(("text", "name"), [("0", "none"), ("1", "harmonic"), ("mixed", "mixed"), ("best", "harmonic")])
def test_corrections_by_name_and_as_old_addresses_said_them(
    text: str, name: str, instruments: list[Instrument]
) -> None:
    assert read(f"quantum_correction={text}", instruments).quantum_correction == name


@pytest.mark.parametrize("text", ["2H:101", "2H:-1", "2H:nan", "2H:many", "heavy", "<b>", "2H;3"])
def test_what_is_no_nucleus_is_dropped(text: str, instruments: list[Instrument]) -> None:
    assert read(f"iso.H={quote(text)}", instruments).isotopes == {}


@pytest.mark.parametrize("text", ["0", "11", "-1", "1.5", "all", "²"])
def test_what_is_no_order_is_dropped(text: str, instruments: list[Instrument]) -> None:
    assert read(f"order={quote(text)}", instruments).order is None


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
