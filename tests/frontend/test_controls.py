"""Controls made from the instruments' schemas."""

from __future__ import annotations

import math

import pytest

from frontend.client import Instrument
from frontend.controls import instrument_panel, is_logarithmic, number_step, setting_control, setting_id

from .components import by_id, text, walk
from .conftest import Site, run


def test_every_setting_of_every_instrument_has_its_control(site: Site) -> None:
    for instrument in run(site.api.instruments()):
        panel = instrument_panel(instrument, instrument["defaults"])
        properties = instrument["settings_schema"]["properties"]
        if not properties:
            assert "nothing to set" in text(panel)
        for name, schema in properties.items():
            kinds = ("choice",) if "enum" in schema else ("setting", "entry")
            ids = [setting_id(instrument["name"], name, kind) for kind in kinds]
            [control] = [part for part in walk(panel) if getattr(part, "id", None) in ids]
            assert str(control.value) == str(instrument["defaults"][name])
            assert schema["title"] in getattr(control, "aria-label")
            by_id(panel, f"setting-{instrument['name']}-{name}")


def test_a_number_has_a_slider_over_its_range() -> None:
    schema = {"type": "integer", "title": "Frequency", "minimum": 50, "maximum": 600, "multipleOf": 50, "x-unit": "Hz"}
    control = setting_control("MAPS", "chopper_frequency", schema, 400)
    number = by_id(control, setting_id("MAPS", "chopper_frequency"))
    slider = by_id(control, setting_id("MAPS", "chopper_frequency", "setting-slider"))
    assert (number.min, number.max, number.step, number.suffix) == (50, 600, 50, " Hz")
    assert (slider.min, slider.max, slider.step, slider.value) == (50, 600, 50, 400)
    assert "50–600 Hz" in text(control)


def test_a_range_of_decades_has_a_logarithmic_slider() -> None:
    schema = {"type": "number", "title": "Incident energy", "minimum": 15.0, "maximum": 2000.0}
    assert is_logarithmic(schema)
    slider = by_id(setting_control("MAPS", "e_init", schema, 150.0), setting_id("MAPS", "e_init", "setting-slider"))
    assert slider.value == pytest.approx(math.log10(150.0))
    assert (slider.min, slider.max) == pytest.approx((math.log10(15), math.log10(2000)))
    assert not is_logarithmic({"minimum": 0, "maximum": 100})
    assert not is_logarithmic({"type": "number"})


def test_many_numbers_have_no_sliders_but_the_energy_has() -> None:
    number = {"type": "number", "minimum": 0.1, "maximum": 100.0}
    names = ("e_init", "a", "b", "c", "d")
    instrument = Instrument(
        name="mine",
        facility="Any",
        geometry="direct",
        settings_schema={"properties": {name: {**number, "title": name} for name in names}},
        defaults={},
        energy_range_mev=[0, 1],
        citations=[],
    )
    panel = instrument_panel(instrument, dict.fromkeys(names, 1.0))
    kinds = {part.id["name"]: part.id["type"] for part in walk(panel) if isinstance(getattr(part, "id", None), dict)}
    assert kinds == {"e_init": "setting-slider"} | dict.fromkeys(names[1:], "entry")


def test_a_choice_offers_what_the_schema_allows() -> None:
    schema = {"type": "string", "title": "Monochromator", "enum": ["Cu(220)", "Si(111)"]}
    select = by_id(setting_control("Lagrange", "m", schema, "Si(111)"), setting_id("Lagrange", "m", "choice"))
    assert [option["value"] for option in select.data] == ["Cu(220)", "Si(111)"]
    assert select.value == "Si(111)"


@pytest.mark.parametrize(
    ("schema", "step"),
    [
        ({"multipleOf": 60}, 60),
        ({"type": "integer"}, 1),
        ({"type": "number", "minimum": 0, "maximum": 1}, 0.01),
        ({"type": "number", "minimum": 15.0, "maximum": 2000.0}, 1.0),
    ],
)
def test_steps(schema: dict[str, float], step: float) -> None:
    assert number_step(schema) == step
