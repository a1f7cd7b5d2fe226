"""Choosing among all instruments."""

from __future__ import annotations

import dash_mantine_components as dmc

from frontend.instrument_picker import by_facility, chosen_items, display_name, instrument_item, picker
from frontend.view_state import SAMPLE, decode

from .components import by_id, text, walk
from .conftest import Site, run


def test_every_instrument_has_one_chip_in_the_row_of_its_facility(site: Site) -> None:
    instruments = run(site.api.instruments())
    chips = [part for part in walk(picker("choice", instruments, ["MAPS"], sample=True)) if isinstance(part, dmc.Chip)]
    assert sorted(chip.value for chip in chips) == sorted([*(i["name"] for i in instruments), SAMPLE])
    places = by_facility(instruments)
    assert list(places)[:3] == ["ISIS", "SNS", "ILL"]
    assert {"MAPS", "TOSCA"} <= {instrument["name"] for instrument in places["ISIS"]}


def test_the_sample_is_no_instrument_to_simulate_for(site: Site) -> None:
    chips = [part for part in walk(picker("form", run(site.api.instruments()), [])) if isinstance(part, dmc.Chip)]
    assert SAMPLE not in [chip.value for chip in chips]


def test_generic_instruments_are_named_as_people_would() -> None:
    assert (display_name("generic-direct"), display_name("TOSCA")) == ("Generic direct", "TOSCA")


def test_settings_are_there_for_the_chosen_and_for_those_that_the_address_sets(site: Site) -> None:
    instruments = run(site.api.instruments())
    view = decode("instruments=TOSCA&ARCS.e_init=77", instruments=instruments)
    items = {item.id["instrument"]: item.hidden for item in chosen_items(instruments, view)}
    assert items == {"TOSCA": False, "ARCS": True, SAMPLE: True}


def test_what_is_known_of_a_resolution_is_said(site: Site) -> None:
    arcs = next(instrument for instrument in run(site.api.instruments()) if instrument["name"] == "ARCS")
    item = instrument_item({**arcs, "relative_uncertainty": 0.24, "notes": ["Too narrow."]}, arcs["defaults"])  # type: ignore[typeddict-item]
    assert "± 24 %" in text(item)
    by_id(item, {"type": "repetitions", "instrument": "ARCS"})
    assert "not known" in text(instrument_item({**arcs, "relative_uncertainty": None}, arcs["defaults"]))  # type: ignore[typeddict-item]
