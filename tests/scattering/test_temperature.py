"""The suggested temperature and methods of a forecast."""

from __future__ import annotations

import pytest

from scattering import instruments
from scattering.options.temperature import StatedTemperature, Suggestion, suggest

SILICON, BENZENE = "Si", "C6H6"
COLD = {"TOSCA", "TFXA", "VISION", "Lagrange"}


def suggested(names: str, formula: str, stated: float | None = None, requested: float | None = None) -> Suggestion:
    found = [instruments.get(name) for name in names.split()]
    place = None if stated is None else StatedTemperature(stated, "file")
    return suggest(found, formula, place, requested)


def test_instruments_with_cold_samples() -> None:
    cold = {one.name for one in instruments.catalogue() if one.sample_temperature is not None}
    assert cold == COLD
    assert all(one.geometry == "indirect" for one in map(instruments.get, cold))


@pytest.mark.parametrize("name", sorted(COLD))
@pytest.mark.parametrize("formula", [SILICON, BENZENE])
def test_cold_instruments_suggest_10_k_and_harmonic(name: str, formula: str) -> None:
    found = suggested(name, formula)
    assert (found.temperature_k, found.methods) == (10.0, ("harmonic",))
    assert [reason.code for reason in found.reasons] == ["temperature_of_instruments", "harmonic_for_cold_sample"]


@pytest.mark.parametrize(
    ("names", "formula", "stated", "requested", "temperature", "methods", "codes"),
    [
        ("MAPS", SILICON, None, None, 300, ["harmonic", "md"], ["default_temperature", "harmonic_and_md"]),
        ("", SILICON, None, None, 300, ["harmonic", "md"], ["default_temperature", "harmonic_and_md"]),
        ("MAPS", SILICON, 5, None, 5, ["harmonic"], ["temperature_stated", "harmonic_for_cold_sample"]),
        ("MAPS", BENZENE, 138, None, 138, ["harmonic", "md"], ["temperature_stated", "harmonic_and_md"]),
        # One temperature for all: the cold one suits the others too
        (
            "MAPS TOSCA", SILICON, None, None, 10, ["harmonic"],
            ["temperature_of_instruments", "harmonic_for_cold_sample"],
        ),
        # The structure's own temperature wins, with the instrument's habit beside it
        (
            "TOSCA", BENZENE, 138, None, 138, ["harmonic"],
            ["temperature_stated", "instruments_usually_colder", "harmonic_for_instruments"],
        ),
        ("TOSCA", BENZENE, 5, None, 5, ["harmonic"], ["temperature_stated", "harmonic_for_cold_sample"]),
        # Programs of crystallographers write 293 K whatever was measured: benzene is liquid then
        (
            "TOSCA", BENZENE, 293, None, 10, ["harmonic"],
            ["stated_temperature_not_solid", "temperature_of_instruments", "harmonic_for_cold_sample"],
        ),
        ("MAPS", BENZENE, None, None, 10, ["harmonic"], ["default_temperature_not_solid", "harmonic_for_cold_sample"]),
        (
            "MAPS", BENZENE, 293, None, 10, ["harmonic"],
            ["stated_temperature_not_solid", "default_temperature_not_solid", "harmonic_for_cold_sample"],
        ),
        # The user decides
        ("TOSCA", BENZENE, 138, 300, 300, ["harmonic"], ["temperature_requested", "harmonic_for_instruments"]),
        ("MAPS", SILICON, None, 99, 99, ["harmonic"], ["temperature_requested", "harmonic_for_cold_sample"]),
        ("MAPS", SILICON, None, 100, 100, ["harmonic", "md"], ["temperature_requested", "harmonic_and_md"]),
    ],
)  # fmt: skip
def test_rules(
    names: str,
    formula: str,
    stated: float | None,
    requested: float | None,
    temperature: float,
    methods: list[str],
    codes: list[str],
) -> None:
    found = suggested(names, formula, stated, requested)
    assert (found.temperature_k, list(found.methods)) == (temperature, methods)
    assert [reason.code for reason in found.reasons] == codes


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_a_suggested_sample_of_benzene_is_solid(instrument: instruments.Instrument) -> None:
    assert suggest([instrument], BENZENE).temperature_k < 278
