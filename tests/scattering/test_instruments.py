"""The catalogue and the checks of settings."""

import math

import pytest

from scattering import instruments
from scattering.errors import InvalidSettings, UnknownInstrument


def test_names_are_found_without_regard_to_case() -> None:
    assert instruments.get("tosca") is instruments.get("TOSCA")
    assert {"TOSCA", "MAPS", "ARCS", "Lagrange"} <= {instrument.name for instrument in instruments.catalogue()}


def test_unknown_instrument_names_those_there_are() -> None:
    with pytest.raises(UnknownInstrument, match=r"(?s)IN99.*TOSCA"):
        instruments.get("IN99")


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_every_default_is_allowed_and_every_setting_is_described(instrument: instruments.Instrument) -> None:
    settings = instrument.validate({})
    low, high = instrument.energy_range(settings)
    assert 0 <= low < high
    for name, schema in instrument.settings_schema["properties"].items():
        assert schema["title"], name
        assert schema["description"], name
        assert ("enum" in schema) or ("minimum" in schema and "maximum" in schema and "x-unit" in schema)
    assert instrument.citations
    assert instrument.description


@pytest.mark.parametrize(
    ("name", "settings", "location"),
    [
        ("MAPS", {"e_init": 5000.0}, "settings.e_init"),
        ("MAPS", {"e_init": 1.0}, "settings.e_init"),
        ("MAPS", {"e_init": math.nan}, "settings.e_init"),
        ("MAPS", {"e_init": True}, "settings.e_init"),
        ("MAPS", {"e_init": "100"}, "settings.e_init"),
        ("MAPS", {"chopper_frequency": 425}, "settings.chopper_frequency"),
        ("ARCS", {"chopper_package": "nope"}, "settings.chopper_package"),
        ("TOSCA", {"e_init": 100.0}, "settings.e_init"),
        ("Lagrange", {"monochromator": "Cu(111)"}, "settings.monochromator"),
    ],
)
def test_wrong_settings_are_refused_where_they_stand(name: str, settings: dict[str, object], location: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        instruments.get(name).validate(settings)
    assert [error["loc"] for error in refusal.value.errors] == [location]
