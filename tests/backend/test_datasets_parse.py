"""What the confined reader of measured data answers, and whose word counts: the user's before the file's."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from backend import wording
from backend.datasets import parse
from backend.datasets.conditions import Conditions, Statements, conditions
from backend.datasets.data_file import as_hdf5
from backend.datasets.formats.reading import MAX_POINTS, Stated
from backend.datasets.run import RunConditions
from backend.kit.files import reader_process
from scattering import instruments
from scattering.core.errors import InvalidSettings, UnknownInstrument, notice_of
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from scattering.measured.units import energy_from

CSV = b"energy (cm-1),intensity,error\n" + b"".join(b"%d,%d,0.5\n" % (10 * i, i % 7) for i in range(1, 40))
NAMELESS = b"".join(b"%g %d\n" % (1 + i / 10, i % 7) for i in range(40))


def ask(data: bytes, *, spectrum: int = 0, fmt: str | None = None, **statements: Any) -> dict[str, Any]:
    request = parse.Request(file_name="a.csv", format=fmt, spectrum=spectrum, statements=Statements(**statements))  # type: ignore[typeddict-item]
    return dict(json.loads(parse.as_json(data, request)))


def problem(answer: dict[str, Any]) -> tuple[str, str]:
    (found,) = answer.get("errors") or answer["problems"]
    return found["loc"], wording.message(notice_of(found))


def test_a_spectrum_is_described_and_comes_back_in_mev() -> None:
    answer = ask(CSV)
    assert answer["format"] == "columns"
    assert answer["problems"] == []
    (content,) = answer["contents"]
    assert (content["kind"], content["x_unit"], content["x_unit_recognised"]) == ("1d", "cm-1", True)
    assert (content["n_points"], content["has_errors"], content["q_range_inv_angstrom"]) == (39, True, None)
    measured = parse.decode(answer["measured"])
    assert isinstance(measured, MeasuredSpectrum)
    # 1 meV = 8.0655 cm⁻¹
    np.testing.assert_allclose(measured.energy, 10 * np.arange(1, 40) / 8.065544, rtol=1e-6)
    assert content["energy_range_mev"] == [measured.energy[0], measured.energy[-1]]
    np.testing.assert_array_equal(measured.error, 0.5)


VALUES = np.array([0.1, 2 / 3, 1e300])
SPECTRUM = MeasuredSpectrum(VALUES, -VALUES, None, VALUES - 0.01, VALUES + 0.01)
MAP = MeasuredMap(
    np.array([0.0, 1, 3]), np.array([-1.0, 0, 4]), np.array([[1, np.nan], [3, 1 / 3]]), np.full((2, 2), np.nan)
)


@pytest.mark.parametrize("measured", [SPECTRUM, MAP], ids=["spectrum", "map"])
def test_arrays_cross_the_border_to_the_bit(measured: MeasuredSpectrum | MeasuredMap) -> None:
    back = parse.decode(json.loads(json.dumps(parse.encode(measured), allow_nan=False)))
    assert type(back) is type(measured)
    for name, values in vars(measured).items():
        np.testing.assert_array_equal(getattr(back, name), values)


def test_largest_answers_fit() -> None:
    # Base64 makes 4 characters of 3 bytes; the rest of an answer is far below a tenth.
    for points, arrays in ((parse.MAX_SPECTRUM_POINTS, 5), (MAX_POINTS, 2)):
        assert 8 * points * arrays * 4 / 3 < 0.9 * reader_process.MAX_ANSWER_BYTES


def test_more_points_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_SPECTRUM_POINTS", 20)
    assert problem(ask(CSV)) == ("file", "The spectrum has 39 points; rebin it to 20 or fewer.")


@pytest.mark.parametrize("answer", [{}, {"kind": "1d", "arrays": {"q": {"shape": [1], "base64": "AAAAAAAAAAA="}}}])
def test_other_answers_are_not_taken_for_data(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no measured data"):
        parse.decode(answer)


def test_unit_that_nobody_says_is_asked_for() -> None:
    answer = ask(NAMELESS)
    loc, message = problem(answer)
    assert loc == "x_unit"
    assert "cm-1" in message
    assert answer["measured"] is None
    (content,) = answer["contents"]
    assert (content["x_unit"], content["x_unit_recognised"], content["energy_range_mev"]) == (None, False, None)
    statements = ask(NAMELESS, x_unit="THz")
    assert statements["problems"] == []
    # E = hν: 1 THz = 4.1357 meV
    assert statements["contents"][0]["energy_range_mev"] == pytest.approx([4.135668, 4.9 * 4.135668], rel=1e-6)


def test_unit_against_the_files_word_is_told() -> None:
    answer = ask(CSV, x_unit="meV")
    assert answer["contents"][0]["energy_range_mev"] == [10, 390]
    overridden = {one["code"]: one["params"] for one in answer["contents"][0]["notices"]}["unit_overridden"]
    assert (overridden["stated"], overridden["used"]) == ("cm-1", "meV")


def test_wavelengths_need_geometry_and_fixed_energy() -> None:
    assert problem(ask(NAMELESS, x_unit="angstrom"))[0] == "instrument"
    assert problem(ask(NAMELESS, x_unit="angstrom", fixed_energy_mev=4.0))[0] == "instrument"
    assert problem(ask(NAMELESS, x_unit="angstrom", instrument="generic-indirect"))[0] == "fixed_energy_mev"
    # The default incident energy is nobody's word
    assert problem(ask(NAMELESS, x_unit="angstrom", instrument="MAPS"))[0] == "fixed_energy_mev"


def test_instrument_gives_fixed_energy_and_geometry() -> None:
    tosca = instruments.get("TOSCA")
    answer = ask(NAMELESS, x_unit="angstrom", instrument="tosca")
    ends = energy_from([4.9, 1.0], "angstrom", fixed_energy_mev=tosca.final_energy(tosca.defaults), geometry="indirect")
    assert answer["contents"][0]["energy_range_mev"] == pytest.approx(ends, rel=1e-12)
    assert answer["contents"][0]["instrument"] == "TOSCA"
    # What was only looked up is not statements to have been stated
    assert answer["contents"][0]["fixed_energy_mev"] is None
    direct = ask(NAMELESS, x_unit="angstrom", instrument="MAPS", settings={"e_init": 250})
    ends = energy_from([1.0, 4.9], "angstrom", fixed_energy_mev=250, geometry="direct")
    assert direct["contents"][0]["energy_range_mev"] == pytest.approx(ends, rel=1e-12)


def test_one_of_several_spectra_is_cleaned_and_all_are_listed() -> None:
    wide = b"energy (meV),10 K,300 K\n" + b"".join(b"%d,%d,%d\n" % (i, i, 100 + i) for i in range(1, 30))
    answer = ask(wide, spectrum=1)
    assert [content["index"] for content in answer["contents"]] == [0, 1]
    measured = parse.decode(answer["measured"])
    np.testing.assert_array_equal(measured.intensity, 100 + np.arange(1.0, 30))
    loc, message = problem(ask(wide, spectrum=2))
    assert loc == "spectrum"
    assert "2 spectra" in message


@pytest.mark.parametrize(
    ("data", "statements", "loc"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), {}, "file"),
        (b"", {}, "file"),
        (CSV, {"instrument": "Hubble"}, "instrument"),
        (CSV, {"settings": {"e_init": 100}}, "settings"),
        (CSV, {"instrument": "MAPS", "settings": {"e_init": -5}}, "settings.e_init"),
        (CSV, {"instrument": "TOSCA", "settings": {"e_init": 5}}, "settings.e_init"),
    ],
)
def test_field_that_is_wrong_is_named(data: bytes, statements: dict[str, Any], loc: str) -> None:
    assert problem(ask(data, **statements))[0] == loc


def test_format_that_is_not_read_is_told() -> None:
    loc, message = problem(ask(CSV, fmt="pickle"))
    assert loc == "format"
    assert "columns" in message


def test_own_file_tells_all_it_knew() -> None:
    energy = np.arange(1.0, 9)
    spectrum = MeasuredSpectrum(energy, energy**2, None, energy - 0.5, energy + 0.5)
    about = {"title": "Run 7", "instrument": "maps", "settings": {"e_init": 250.0}, "temperature_k": 5.0}
    (content,) = ask(as_hdf5(spectrum, about))["contents"]
    assert content["instrument"] == "MAPS"
    assert content["settings"] == {"e_init": 250.0}
    assert content["temperature_k"] == 5.0
    assert content["title"] == "Run 7"


AT_5_K = RunConditions(temperature_k=5)
MAPS_RUN = Stated(
    instrument="maps",
    settings={"e_init": np.float64(250), "moon": 1},
    fixed_energy_mev=250,
    run=RunConditions(temperature_k=5),
)


@pytest.mark.parametrize(
    ("statements", "stated", "expected"),
    [
        # Nobody says anything
        ({}, Stated(), Conditions(None, {}, None)),
        # Only the file
        ({}, Stated(instrument=" TOSCA "), Conditions("TOSCA", {}, None)),
        ({}, Stated(instrument="LET (ISIS)", fixed_energy_mev=3.7), Conditions("LET", {"e_init": 3.7}, 3.7)),
        # Nonsense is not kept
        ({}, Stated(fixed_energy_mev=-1.0), Conditions(None, {}, None)),
        # The user has the last word, null included
        ({"instrument": None}, Stated(instrument="TOSCA"), Conditions(None, {}, None)),
        ({"run": {"temperature_k": None}}, Stated(run=AT_5_K), Conditions(None, {}, None)),
        ({"run": {"temperature_k": 5.0}}, Stated(), Conditions(None, {}, None, AT_5_K)),
        # The file's settings are those of the file's instrument; its incident energy is of any
        ({"instrument": "ARCS"}, MAPS_RUN, Conditions("ARCS", {"e_init": 250}, 250, AT_5_K)),
        ({"instrument": "TOSCA"}, MAPS_RUN, Conditions("TOSCA", {}, 250, AT_5_K)),
        # Setting and fixed energy are one, and the user's word for either holds for both
        ({"settings": {"e_init": 400}}, MAPS_RUN, Conditions("MAPS", {"e_init": 400}, None, AT_5_K)),
        ({"instrument": "ARCS", "fixed_energy_mev": 60.0}, Stated(), Conditions("ARCS", {"e_init": 60.0}, 60.0)),
    ],
)  # fmt: skip
def test_whose_word_counts(statements: Statements, stated: Stated, expected: Conditions) -> None:
    assert conditions(statements, stated) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0, True, "5", None, 1e5])
def test_what_is_no_temperature_is_not_kept(value: object) -> None:
    assert RunConditions.plausible({"temperature_k": value, "mass_g": 2}) == RunConditions(mass_g=2)


def test_what_a_file_states_and_cannot_be_is_told() -> None:
    found = conditions({}, MAPS_RUN)
    assert (found.instrument, found.settings) == ("MAPS", {"e_init": 250})
    (notice,) = found.notices
    assert (notice.code, notice.params["source"], notice.params["setting"]) == ("setting_not_used", "file", "moon")
    found = conditions({}, Stated(instrument="Zeiss 7"))
    assert found.instrument is None
    assert found.notices == (Notice("instrument_of_file_unknown", {"instrument": "Zeiss 7"}),)
    assert conditions({"instrument": "TOSCA"}, Stated(instrument="Zeiss 7")).notices == ()
    (notice,) = conditions({}, Stated(instrument="LET", fixed_energy_mev=1e4)).notices
    assert (notice.code, notice.params["source"]) == ("setting_not_used", "fixed_energy")
    assert notice.params["setting"] == "e_init"
    (notice,) = conditions({"settings": {"e_init": 400}, "fixed_energy_mev": 250}, MAPS_RUN).notices
    both = {"fixed_energy_mev": 250, "setting": "e_init", "setting_mev": 400.0}
    assert notice == Notice("fixed_energy_contradicted", both)


def test_what_the_user_says_wrongly_is_refused() -> None:
    with pytest.raises(UnknownInstrument):
        conditions({"instrument": "Zeiss 7"}, Stated())
    with pytest.raises(InvalidSettings, match="settings_without_instrument"):
        conditions({"settings": {"e_init": 5}}, Stated())
    # The words “let” and “maps” name two
    assert conditions({}, Stated(instrument="let maps")).instrument is None
