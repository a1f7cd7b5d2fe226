"""JCAMP-DX in all its forms, what it says of itself, and what is refused."""

from __future__ import annotations

import random
from typing import Any, get_args

import numpy as np
import pytest

from backend.datasets.formats import asdf, jcamp
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_texts as texts

# McDonald and Wilks (1988), Sec. 5: one series in each form.
SERIES = [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]
EXAMPLES = {
    "AFFN": "0 1 2 3 3 2 1 0 -1 -2 -3",
    "commas": "0,1,2,3,3,2,1,0,-1,-2,-3",
    "PAC": "0+1+2+3+3+2+1+0-1-2-3",
    "SQZ": "0ABCCBA@abc",
    "DIF": "0AJJ%jjjjjj",
    "DIFDUP": "0AJT%jX",
    "exponents": "0 1.0E+00 20E-01 3 3 2 1 0 -1 -2 -3",
}


def read(text: str) -> RawSpectrum:
    (found,) = jcamp.read(text.encode())
    return found


def noisy(n: int, seed: int) -> list[int]:
    """Ordinates with negative numbers, zeros, runs of the same number and jumps over several digits."""
    generator = np.random.default_rng(seed)
    steps = generator.choice([0, 0, 0, 1, -1, 7, -40, 999, -1234, 100000], size=n)
    return [int(value) for value in np.cumsum(steps) - 500]


@pytest.mark.parametrize("form", EXAMPLES)
def test_the_standards_example(form: str) -> None:
    found = asdf.ordinates([(1, EXAMPLES[form])])
    assert found.y.tolist() == SERIES
    assert found.x.tolist() == [0.0]


@pytest.mark.parametrize("form", get_args(texts.Form))
@pytest.mark.parametrize(("first", "step", "x_factor"), [(16.0, 2.0, 1.0), (4000.0, -1.5, 1.0), (0.0, 0.25, 0.001)])
@pytest.mark.parametrize("n", [2, 7, 8, 100])
def test_every_form_comes_back(form: texts.Form, first: float, step: float, x_factor: float, n: int) -> None:
    ordinates = noisy(n, seed=n)
    found = read(texts.jcamp(first, step, ordinates, form, x_factor=x_factor, y_factor=0.125))
    assert np.array_equal(found.y, 0.125 * np.array(ordinates))
    assert np.allclose(found.x, first + step * np.arange(n), rtol=0, atol=1e-9)
    assert found.error is None
    assert found.notices == ()


def test_repeats_of_many_points_and_over_a_difference() -> None:
    # T5: 25 times; J3S2 → the difference 13 twelve times
    assert asdf.ordinates([(1, "0A7T5")]).y.tolist() == [17.0] * 25
    assert asdf.ordinates([(1, "0@J3S2")]).y.tolist() == [13.0 * step for step in range(13)]


def test_a_missing_ordinate_is_nan() -> None:
    found = read(texts.jcamp(0, 1, [1, 2, 3, 4], lines=["0 1 ? 3 4"]))
    assert np.isnan(found.y[1])
    assert found.y[[0, 2, 3]].tolist() == [1, 3, 4]
    assert np.isnan(asdf.ordinates([(1, "0AB?D")]).y).tolist() == [False, False, True, False]


def test_a_file_of_the_isis_database_says_what_it_is() -> None:
    found = read(
        texts.jcamp(
            16, 2, [1905129, 1980129, 2236804], y_factor=7.6e-8, records={"ORIGIN": "TFXA, ISIS", "TITLE": "Emodine"}
        )
    )
    assert (found.x_unit, found.recognised_by) == ("cm-1", "##XUNITS=1/CM")
    assert found.y_unit == "S(Q,w)"
    assert (found.stated.title, found.stated.instrument) == ("Emodine", "TFXA")
    assert found.y[0] == pytest.approx(1905129 * 7.6e-8)


def test_labels_are_read_whatever_their_case_and_blanks() -> None:
    text = texts.jcamp(0, 1, [5, 6, 7])
    odd = (
        text.replace("##XYDATA=", "## xy_Data =")
        .replace("##FIRSTX=", "##First-X=")
        .replace("##NPOINTS= 3", "##N POINTS=3 $$ no")
    )
    found = read("$$ made at home\n" + odd.replace("0 5 6 7", "0 5 6 7 $$ all of them").replace("\n", "\r\n"))
    assert found.y.tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("unit", "expected"), [("1/CM", "cm-1"), ("MEV", "meV"), ("meV", "meV"), ("THz", "THz"), ("NANOMETERS", None)]
)
def test_units(unit: str, expected: str | None) -> None:
    found = read(texts.jcamp(0, 1, [5, 6, 7], records={"XUNITS": unit}))
    assert found.x_unit == expected
    assert bool(found.recognised_by) == (expected is not None)


@pytest.mark.parametrize(
    ("statements", "expected"), [("20 K", 20.0), ("23 C", 296.15), ("-253.15 °C", 20.0), ("20", None), ("hot", None)]
)
def test_a_temperature_counts_with_its_unit_only(statements: str, expected: float | None) -> None:
    found = read(texts.jcamp(0, 1, [5, 6, 7], records={"TEMPERATURE": statements}))
    assert found.stated.run.temperature_k == (None if expected is None else pytest.approx(expected))
    assert ("temperature_without_unit" in [notice.code for notice in found.notices]) == (expected is None)


@pytest.mark.parametrize("label", ["XYPOINTS", "PEAK TABLE"])
def test_pairs(label: str) -> None:
    head = texts.jcamp(0, 1, [1, 2, 3, 4], records={"YFACTOR": "0.5"}).partition("##XYDATA")[0]
    found = read(f"{head}##{label}= (XY..XY)\n0,10; 1.5,20;\n2.5 30\n-7.0E+00,?\n##END=\n")
    assert found.x.tolist() == [0, 1.5, 2.5, -7]
    assert found.y[:3].tolist() == [5, 10, 15]
    assert np.isnan(found.y[3])
    assert bool(found.notices) == (label == "PEAK TABLE")


def test_blocks_of_a_compound_file() -> None:
    ntuples = (
        "##TITLE= pages\n##JCAMP-DX= 5\n##DATA TYPE= NMR SPECTRUM\n##NTUPLES= NMR SPECTRUM\n##PAGE= N=1\n"
        "##DATA TABLE= (X++(R..R)), XYDATA\n0 1 2\n##END NTUPLES= NMR\n##END=\n"
    )
    blocks = (
        texts.jcamp(0, 1, [1, 2, 3], "DIF") + ntuples + texts.jcamp(0, 2, [4, 5, 6, 7], records={"TITLE": "second"})
    )
    found = jcamp.read(f"##TITLE= both\n##DATA TYPE= LINK\n##BLOCKS= 3\n{blocks}##END=\n".encode())
    assert [(spectrum.stated.title, spectrum.y.tolist()) for spectrum in found] == [
        ("made by the tests", [1, 2, 3]),
        ("second", [4, 5, 6, 7]),
    ]
    [block] = found[0].notices[-1].params["blocks"]
    assert (block["title"], block["reason"]["code"]) == ("“pages”", "jcamp_data_type")


def test_another_methods_spectrum_is_told_or_refused() -> None:
    found = read(texts.jcamp(0, 1, [1, 2, 3], records={"DATA TYPE": "INFRARED SPECTRUM"}))
    assert found.notices == (Notice("optical_data_type", {"data_type": "INFRARED SPECTRUM"}),)
    for kind in ("NMR SPECTRUM", "MASS SPECTRUM"):
        with pytest.raises(Unreadable, match=f"no_usable_block .*{kind}"):
            read(texts.jcamp(0, 1, [1, 2, 3], records={"DATA TYPE": kind}))


def test_what_contradicts_itself_a_little_is_told() -> None:
    text = texts.jcamp(0, 1, [1, 2, 3, 4], records={"FIRSTY": "100", "DELTAX": "2"})
    codes = [notice.code for notice in read(text.replace("##END=\n", "")).notices]
    assert codes == ["end_record_missing", "deltax_ignored", "firsty_contradicted"]


BASE = texts.jcamp(0, 2, list(range(40)), "DIF", per_line=8)
LINES = BASE.split("\n")
DATA = LINES.index("##XYDATA= (X++(Y..Y))") + 1


def _left_out(code: str, **params: str) -> dict[str, Any]:
    return {"title": "“a”", "reason": {"code": code, "params": params}}


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        (
            "\n".join(LINES[: DATA + 2] + LINES[DATA + 3 :]),
            "difference_check_failed",
            {"line": DATA + 3, "first": 21, "last": 14},
        ),
        (BASE.replace("JJJ", "JKJ", 1), "difference_check_failed", {}),
        (
            texts.jcamp(0, 1, list(range(8))).replace("##NPOINTS= 8", "##NPOINTS= 9"),
            "npoints_contradicted",
            {"stated": 9, "n_points": 8},
        ),
        (
            texts.jcamp(0, 1, list(range(30))).replace("14 14", "11 14"),
            "abscissa_contradicted",
            {"line": 15, "x": 11, "expected": 14},
        ),
        (texts.jcamp(0, 1, [1, 2, 3], records={"XFACTOR": "0.1", "FIRSTX": "5"}), "abscissa_contradicted", {"x": 0}),
        (
            texts.jcamp(0, 1, [1, 2, 3], records={"NPOINTS": "99999999999"}),
            "npoints_too_large",
            {"stated": 99999999999},
        ),
        (texts.jcamp(0, 1, [1, 2, 3], records={"NPOINTS": "1e400"}), "unreadable_jcamp_value", {"label": "NPOINTS"}),
        (
            texts.jcamp(0, 1, [1, 2, 3], records={"FIRSTX": "1_0"}),
            "unreadable_jcamp_value",
            {"line": 8, "label": "FIRSTX", "found": "1_0"},
        ),
        (texts.jcamp(0, 1, [1, 2, 3], records={"LASTX": "0"}), "firstx_equals_lastx", {"x": 0}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=["0 1 2 <b>"]), "unreadable_jcamp_number", {"line": 13, "found": "“<b>”"}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=["0 AZ99999999999999"]), "unreadable_jcamp_number", {"line": 13}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=["0ASSSSS"]), "unreadable_jcamp_number", {"line": 13}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=["0JJJ"]), "unreadable_jcamp_number", {"line": 13}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=["0 1,5 2,5 3,5"]), "npoints_contradicted", {"n_points": 6}),
        (texts.jcamp(0, 1, [1, 2, 3], lines=[]), "too_few_points", {"n_points": 0}),
        (BASE.replace("(X++(Y..Y))", "(X++(R..R))"), "jcamp_form_not_read", {"label": "XYDATA"}),
        (BASE.replace("##LASTX", "##NOLASTX"), "jcamp_energies_not_stated", {}),
        (BASE.replace("##YUNITS=", "##YUNITS"), "no_jcamp_record", {}),
        (BASE.replace("##XYDATA", "##FIRSTX=7\n##XYDATA"), "jcamp_record_repeated", {"label": "FIRSTX"}),
        (BASE.replace("##TITLE", "hello\n##TITLE"), "line_outside_blocks", {"line": 1}),
        ("##TITLE= a\n" * 50, "blocks_nested_too_deeply", {}),
        ("##TITLE= a\n##END=\n", "no_usable_block", {"blocks": [_left_out("jcamp_without_table")]}),
        ("##TITLE= a\n##XYPOINTS= (XY..XY)\n1,2 3\n##END=\n", "no_pairs_of_numbers", {"line": 3}),
        (
            "##TITLE= a\n##NTUPLES= x\n##END=\n",
            "no_usable_block",
            {"blocks": [_left_out("jcamp_table_not_read", label="NTUPLES")]},
        ),
        (
            "##TITLE= a\n##RADATA= x\n##END=\n",
            "no_usable_block",
            {"blocks": [_left_out("jcamp_table_not_read", label="RADATA")]},
        ),
    ],
)
def test_damage_is_refused(text: str, code: str, params: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as refused:
        jcamp.read(text.encode())
    notice = refused.value.notice
    assert notice.code == code
    assert {**notice.params, **params} == notice.params


@pytest.mark.parametrize("form", get_args(texts.Form))
def test_no_line_that_is_lost_or_changed_goes_unseen(form: texts.Form) -> None:
    whole = texts.jcamp(100, 0.5, noisy(90, seed=3), form).split("\n")
    start = whole.index("##XYDATA= (X++(Y..Y))") + 1
    for index in range(start, whole.index("##END=") - 1):
        for damaged in ([], [whole[index][: len(whole[index]) // 2]], [whole[index], whole[index]]):
            with pytest.raises(Unreadable):
                jcamp.read("\n".join([*whole[:index], *damaged, *whole[index + 1 :]]).encode())


def test_random_damage_never_ends_in_anything_but_a_word() -> None:
    generator = random.Random(5)
    whole = bytearray(texts.jcamp(100, 0.5, noisy(60, seed=4), "DIFDUP").encode())
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(generator.randrange(1, 6)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        data = bytes(damaged[: generator.randrange(len(damaged))] if generator.random() < 0.3 else damaged)
        try:
            spectra = jcamp.read(data)
        except Unreadable:
            continue
        assert all(len(spectrum.x) == len(spectrum.y) for spectrum in spectra)
