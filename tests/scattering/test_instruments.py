"""The catalogue and the checks of settings."""

import math

import pytest
from resins import Instrument as ResinsInstrument

from scattering import instruments
from scattering.core.constants import NEUTRON_ENERGY_MEV_A2
from scattering.core.errors import InvalidSettings, UnknownInstrument
from scattering.instruments import vanadium
from tests.scattering.refusals import refused


def test_names_are_found_without_regard_to_case() -> None:
    assert instruments.get("tosca") is instruments.get("TOSCA")


def test_catalogue() -> None:
    names = {
        "TOSCA",
        "TFXA",
        "VISION",
        "Lagrange",
        "MAPS",
        "MARI",
        "MERLIN",
        "LET",
        "ARCS",
        "SEQUOIA",
        "CNCS",
        "HYSPEC",
    }
    names |= {"PANTHER", "generic-direct", "generic-indirect"}
    assert {instrument.name for instrument in instruments.catalogue()} == names


def test_unknown_instrument_names_those_there_are() -> None:
    with pytest.raises(UnknownInstrument, match="unknown_instrument") as refusal:
        instruments.get("IN99")
    assert refusal.value.name == "IN99"
    assert "TOSCA" in refusal.value.known


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
    assert instrument.resolution.notes
    assert instrument.measured_range(settings)[0] <= low
    assert instrument.measured_range(settings)[1] == high
    angles = instrument.two_theta(settings)
    assert (angles is None) == bool(instrument.lines)
    for angle in angles or instrument.lines.values():
        assert 0 <= angle <= 180
    assert (instrument.final_energy(settings) is None) == (instrument.geometry == "direct")


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_choppers_follow_each_other_and_turn(instrument: instruments.Instrument) -> None:
    distances = [chopper.distance for chopper in instrument.choppers]
    assert distances == sorted(distances)
    for chopper in instrument.choppers:
        assert chopper.frequency.of(instrument.defaults) > 0
    packages = next((setting.enum for setting in instrument.settings if setting.name == "chopper_package"), ())
    named = {name for chopper in instrument.choppers for name in (*chopper.packages, *chopper.slot_width_of_package)}
    assert not named or named == set(packages)
    assert set(instrument.package_limits) <= set(packages)


@pytest.mark.parametrize(
    "instrument",
    [item for item in instruments.catalogue() if item.resolution.model == "PyChop_fit"],
    ids=lambda instrument: instrument.name,
)
def test_whatever_is_allowed_here_resins_allows(instrument: instruments.Instrument) -> None:
    e_init = next(setting for setting in instrument.settings if setting.name == "e_init")
    upstream = ResinsInstrument.from_default(instrument.name)
    for package in next(
        (setting.enum for setting in instrument.settings if setting.name == "chopper_package"), (None,)
    ):
        low, high = instrument.package_limits.get(str(package), (e_init.minimum, e_init.maximum))
        chosen = {} if package is None else {"chopper_package": package}
        allowed = upstream.get_model_data("PyChop_fit", **chosen).restrictions
        assert low is not None
        assert high is not None
        if "e_init" in allowed:
            # Beyond ResINS's range only where vanadium was measured
            measured = [run.settings["e_init"] for run in vanadium.runs() if run.instrument == instrument.name]
            assert min([allowed["e_init"][0], *measured]) <= low * 1.1
            assert high <= max([allowed["e_init"][1], *measured]) * 1.11
        for setting in instrument.settings:
            if setting.multiple_of is not None:
                assert allowed[setting.name][0] == setting.minimum
                assert allowed[setting.name][1] - 1 == setting.maximum
                assert allowed[setting.name][2] == setting.multiple_of


def test_the_movable_bank_moves() -> None:
    hyspec = instruments.get("HYSPEC")
    assert hyspec.two_theta(hyspec.defaults) == hyspec.coverage.two_theta
    assert hyspec.two_theta({**hyspec.defaults, "detector_centre": 90.0}) == (60.0, 120.0)


def test_final_energy_of_vision_is_that_of_its_graphite() -> None:
    # Bragg's law at 45°: k = π/(d sin θ)
    expected = NEUTRON_ENERGY_MEV_A2 * (math.pi / (3.348 * math.sqrt(0.5))) ** 2
    assert instruments.get("VISION").final_energy({}) == pytest.approx(expected, abs=5e-4)


def test_energy_gain_ends_where_no_neutrons_come_from() -> None:
    maps, indirect = instruments.get("MAPS"), instruments.get("generic-indirect")
    assert maps.measured_range(maps.validate({"e_init": 80.0})) == (-80.0, pytest.approx(76.0))
    settings = indirect.validate({"e_final": 10.0, "energy_min": -50.0})
    low, high = indirect.measured_range(settings)
    assert -10 < low < 0
    assert indirect.energy_range(settings) == (0.0, high)


@pytest.mark.parametrize(
    ("name", "settings", "location", "code"),
    [
        ("MAPS", {"e_init": 5000.0}, "settings.e_init", "out_of_range"),
        ("MAPS", {"e_init": 1.0}, "settings.e_init", "out_of_range"),
        ("MAPS", {"e_init": math.nan}, "settings.e_init", "not_a_number"),
        ("MAPS", {"e_init": True}, "settings.e_init", "not_a_number"),
        ("MAPS", {"e_init": "100"}, "settings.e_init", "not_a_number"),
        ("MAPS", {"chopper_frequency": 425}, "settings.chopper_frequency", "not_a_multiple"),
        ("ARCS", {"chopper_package": "nope"}, "settings.chopper_package", "unknown_choice"),
        ("TOSCA", {"e_init": 100.0}, "settings.e_init", "unknown_setting"),
        ("Lagrange", {"monochromator": "Cu(111)"}, "settings.monochromator", "unknown_choice"),
        ("MERLIN", {"e_init": 300.0, "chopper_package": "G"}, "settings.e_init", "energy_unsuited_to_package"),
        ("HYSPEC", {"detector_centre": 10.0}, "settings.detector_centre", "out_of_range"),
        (
            "generic-direct",
            {"two_theta_min": 60.0, "two_theta_max": 30.0},
            "settings.two_theta_max",
            "setting_not_above",
        ),
        ("generic-indirect", {"energy_min": 50.0, "energy_max": 50.0}, "settings.energy_max", "setting_not_above"),
    ],
)
def test_wrong_settings_are_refused_where_they_stand(
    name: str, settings: dict[str, object], location: str, code: str
) -> None:
    with refused(InvalidSettings, location, code):
        instruments.get(name).validate(settings)
