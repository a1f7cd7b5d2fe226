"""What numbers and titles of measured data nearly prove is offered, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backend.datasets.conditions import Statements, conditions
from backend.datasets.formats.reading import RawSpectrum, Stated, XUnit
from backend.datasets.parse import parse
from backend.datasets.run import RunConditions
from backend.datasets.suggestions import ENGLISH_WORDS, RUN_PREFIXES, suggest
from scattering import instruments
from scattering.core.notices import Notice


def suggested(
    x: np.ndarray | None = None,
    *,
    unit: XUnit | None = "meV",
    stated: Stated | None = None,
    statements: Statements | None = None,
    file_name: str = "a.dat",
) -> dict[str, str | float]:
    axis = np.linspace(1.0, 100.0, 50) if x is None else x
    raw = RawSpectrum(axis, np.ones_like(axis), None, unit, stated=stated or Stated())
    said = statements or Statements()
    return {one.field: one.value for one in suggest(raw, said, conditions(said, raw.stated), file_name)}


@pytest.mark.parametrize(("low", "high"), [(20, 4000), (-24, 4000), (8, 2100), (0, 8000)])
def test_wavenumbers_of_an_indirect_spectrometer_are_recognised(low: float, high: float) -> None:
    assert suggested(np.linspace(low, high, 100), unit=None) == {"x_unit": "cm-1"}


@pytest.mark.parametrize(
    ("low", "high"),
    [(1, 500), (-5, 950), (-500, 1500), (-2000, 2000), (20, 9000), (0.5, 60)],
)
def test_numbers_that_prove_no_unit_suggest_none(low: float, high: float) -> None:
    """500 may be meV as well as cm⁻¹; data on both sides of a large range may be µeV."""
    assert suggested(np.linspace(low, high, 100), unit=None) == {}


def test_no_unit_is_suggested_for_another_axis() -> None:
    rows = "\n".join(f"{x},{1 + x % 7}" for x in range(20, 4001, 20))
    for name, suggestions in (("Time of flight", []), ("X", ["x_unit"]), ("frequency (1/ps)", [])):
        request = {"file_name": "a.csv", "format": None, "spectrum": 0, "statements": {}}
        answer = parse(f"{name},counts\n{rows}\n".encode(), request)  # type: ignore[arg-type]
        assert [one["field"] for one in answer["contents"][0]["suggestions"]] == suggestions


def test_nothing_is_suggested_against_what_is_stated() -> None:
    x = np.linspace(20, 4000, 100)
    assert suggested(x, unit="meV") == {}
    assert suggested(x, unit=None, statements={"x_unit": "ueV"}) == {}
    title = Stated(title="benzene TOSCA 20 K", instrument="MAPS", run=RunConditions(temperature_k=5))
    assert suggested(stated=title) == {}
    assert (
        suggested(stated=Stated(title="TOSCA 20 K"), statements={"instrument": None, "run": {"temperature_k": 4}}) == {}
    )


@pytest.mark.parametrize(
    ("title", "file_name", "instrument"),
    [
        ("Benzene TOSCA", "a.dat", "TOSCA"),
        ("benzene on tosca", "a.dat", "TOSCA"),
        ("measured on MAPS", "a.dat", "MAPS"),
        ("maps of intensity", "a.dat", None),
        ("let us see", "a.dat", None),
        ("TOSCA and MAPS", "a.dat", None),
        ("", "sequoia_Ei60.dat", "SEQUOIA"),
        ("", "TSC12345_graphite.dat", "TOSCA"),
        ("", "Television.dat", None),
        ("IN1-Lagrange", "a.dat", "Lagrange"),
    ],
)
def test_an_instrument_in_the_words(title: str, file_name: str, instrument: str | None) -> None:
    found = suggested(stated=Stated(title=title), file_name=file_name)
    assert found == ({} if instrument is None else {"instrument": instrument})


@pytest.mark.parametrize(
    ("title", "kelvin"),
    [
        ("benzene at 20 K", 20.0),
        ("T=1.5K", 1.5),
        ("10-300 K", None),
        ("20 K minus 300 K", None),
        ("K2SO4", None),
        ("5 KBr pellets", None),
        ("3000 K", None),
        ("run20K_a", None),
    ],
)
def test_a_temperature_in_the_words(title: str, kelvin: float | None) -> None:
    assert suggested(stated=Stated(title=title)) == ({} if kelvin is None else {"temperature_k": kelvin})


def test_words_above_the_columns_and_in_the_file_name_count() -> None:
    assert suggested(stated=Stated(title="column 2", heading="ice Ih 15 K")) == {"temperature_k": 15.0}
    assert suggested(file_name="ice_15K.dat") == {"temperature_k": 15.0}


def test_every_run_prefix_is_of_the_catalogue() -> None:
    known = {one.name for one in instruments.catalogue()}
    assert {*RUN_PREFIXES.values(), *ENGLISH_WORDS} <= known


def test_the_parser_answers_with_reasons() -> None:
    rows = "\n".join(f"{x} {1 + x % 7}" for x in range(20, 4001, 20))
    request = {"file_name": "run.dat", "format": None, "spectrum": 0, "statements": {}}
    answer = parse(f"# Naphthalene 20 K TOSCA\n{rows}\n".encode(), request)  # type: ignore[arg-type]
    (content,) = answer["contents"]
    assert [(one["field"], one["value"]) for one in content["suggestions"]] == [
        ("x_unit", "cm-1"),
        ("instrument", "TOSCA"),
        ("temperature_k", 20.0),
    ]
    reason = Notice.from_json(content["suggestions"][0]["reason"])
    assert (reason.code, reason.params["lowest"], reason.params["highest"]) == ("unit_suggested", 20.0, 4000.0)
    assert answer["measured"] is None
    json.dumps(answer, allow_nan=False)
