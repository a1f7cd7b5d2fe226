"""Tables of columns: delimiters, decimal marks, headers, roles of columns; and lines that are no row."""

from __future__ import annotations

import time

import numpy as np
import pytest

from backend.datasets.formats import columns
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_texts as texts

X, Y, E = texts.spectrum()
PRINTED = 6e-7
"""Half a unit in the sixth decimal place, and rounding."""


def read(data: bytes) -> RawSpectrum:
    (found,) = columns.read(data)
    return found


def same(found: RawSpectrum, error: np.ndarray | None = E) -> None:
    assert np.allclose(found.x, X, rtol=0, atol=PRINTED)
    assert np.allclose(found.y, Y, rtol=0, atol=PRINTED)
    assert (found.error is None) == (error is None)
    if error is not None and found.error is not None:
        assert np.allclose(found.error, error, rtol=0, atol=PRINTED)


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [
        (",", "."),
        (";", "."),
        (";", ","),
        ("\t", "."),
        ("\t", ","),
        (" ", "."),
        (" ", ","),
        (" , ", "."),
        ("   ", "."),
        ("|", "."),
        ("; ", ","),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_every_delimiter_and_decimal_mark(delimiter: str, decimal: str, named: bool) -> None:
    names = delimiter.join(["Energy/meV", "S", "error"]) if named else ""
    found = read(texts.columns(X, Y, E, delimiter=delimiter, decimal=decimal, names=names))
    same(found)
    assert found.x_unit == ("meV" if named else None)
    assert (Notice("decimal_comma") in found.notices) == (decimal == ",")
    assert any(notice.code.startswith("unnamed_columns") for notice in found.notices) != named


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
def test_line_ends_and_encodings(end: str, encoding: str) -> None:
    text = texts.columns(
        X, Y, E, names="Energie (µeV), Zählrate, Fehler ±", end=end, header=["# gemessen in Jülich"]
    ).decode()
    found = read(text.encode(encoding))
    same(found)
    assert found.x_unit == "ueV"
    assert found.stated.title == "gemessen in Jülich"


@pytest.mark.parametrize("mark", ["#", "%", "!", ";", "##", "# !"])
def test_comment_marks_before_and_within(mark: str) -> None:
    lines = texts.columns(X, Y, E, header=[f"{mark} my sample", f"{mark} E(meV) , I , sigma"]).decode().split("\n")
    lines.insert(20, f"{mark} the shutter closed here")
    found = read("\n".join(lines).encode())
    same(found)
    assert (found.x_unit, found.stated.title) == ("meV", "my sample")
    assert found.notices == (Notice("comments_in_table", {"n_lines": 1}),)


def test_a_header_of_thousands_of_lines() -> None:
    header = [f"parameter {number} = {number / 7:.3f} K, 12 34" for number in range(5000)]
    same(read(texts.columns(X, Y, E, header=header, names="E (meV),S,err")))


def test_two_columns_and_unnamed_ones() -> None:
    same(read(texts.columns(X, Y)), error=None)
    assert read(texts.columns(X, Y)).notices == ()
    found = columns.read(texts.columns(X, Y, -E))
    assert [spectrum.error for spectrum in found] == [None, None]
    assert found[0].notices == (Notice("third_column_negative"),)
    assert len(columns.read(texts.columns(X, Y, E, Y, E))) == 4


def test_a_wide_table_is_several_spectra() -> None:
    found = columns.read(
        texts.columns(X, Y, E, 2 * Y, 3 * E, 4 * Y, names="hw [meV],5 K,5 K error,10 K,10 K error,20 K")
    )
    assert [spectrum.stated.title for spectrum in found] == ["5 K", "10 K", "20 K"]
    for spectrum, y, error in zip(found, (Y, 2 * Y, 4 * Y), (E, 3 * E, None), strict=True):
        assert np.allclose(spectrum.y, y, rtol=0, atol=PRINTED)
        assert (spectrum.error is None) == (error is None)
        if error is not None:
            assert np.allclose(spectrum.error, error, rtol=0, atol=PRINTED)


def test_errors_that_stand_behind_all_intensities_find_theirs_by_name() -> None:
    a, b = columns.read(texts.columns(X, Y, 2 * Y, E, 3 * E, names="energy_mev,back,forward,err_back,forward_error"))
    assert np.allclose(a.error, E, rtol=0, atol=PRINTED)
    assert np.allclose(b.error, 3 * E, rtol=0, atol=PRINTED)


def test_an_error_column_that_may_be_anothers_is_told() -> None:
    a, b = columns.read(texts.columns(X, Y, 2 * Y, E, names="E (meV),back,forward,error"))
    assert a.error is None
    assert b.error is not None
    assert a.notices == (Notice("error_column_assumed", {"column": "error", "intensity": "forward"}),)


def test_the_unit_of_the_intensity_is_not_that_of_the_axis() -> None:
    found = read(texts.columns(X, Y, delimiter=" ", names="X Y(meV)"))
    assert found.x_unit is None


def test_units_in_a_row_of_their_own() -> None:
    found = read(
        texts.columns(X, Y, E, delimiter="\t", header=["Energy\tIntensity\tError", "cm-1\tarb. units\tarb. units"])
    )
    same(found)
    assert (found.x_unit, found.y_unit, found.stated.title) == ("cm-1", "arb. units", "")


def test_other_axes_and_errors_of_the_axis_are_passed_over_and_told() -> None:
    table = texts.columns(X, X * 8.0655, Y, E, E, names="Energy (meV),Energy (cm-1),S(Q,w),dS,dx")
    found = read(table)
    same(found)
    assert found.x_unit == "meV"
    assert [notice.params["column"] for notice in found.notices] == ["Energy (cm-1)", "dx"]
    numbered = read(texts.columns(np.arange(120.0), X, Y, E, names="index,E (meV),I,sigma"))
    same(numbered)
    assert numbered.notices[0].code == "axis_column"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["# Energy transfer in meV"], "meV"),
        (["# x axis: wavenumber (cm-1)"], "cm-1"),
        (["# X unit: meV"], "meV"),
        (["# Ei = 60 meV", "# incident energy (meV)"], None),
        (["# energy transfer (meV)", "# energy transfer (cm-1)"], None),
        (["# resolution 0.3 meV"], None),
    ],
)
def test_a_unit_in_the_header_counts_only_if_it_is_the_axis(header: list[str], expected: str | None) -> None:
    found = read(texts.columns(X, Y, E, header=header))
    same(found)
    assert found.x_unit == expected
    assert bool(found.recognised_by) == (expected is not None)


def test_blocks_whose_energies_begin_anew_are_spectra() -> None:
    first, second = texts.columns(X, Y, E), texts.columns(X, 2 * Y, E)
    found = columns.read(first + b"\n\n" + second)
    assert len(found) == 2
    assert np.allclose(found[1].y, 2 * Y, rtol=0, atol=PRINTED)
    assert found[1].stated.title == "block 2"
    # A blank line alone divides nothing.
    half = len(first.split(b"\n")) // 2
    lines = first.split(b"\n")
    same(read(b"\n".join([*lines[:half], b"", *lines[half:]])))


def test_numbers_as_other_languages_write_them() -> None:
    found = read(b"E (meV) S\n1.0D+00 -2.5d-01\n+2. .5\n\xe2\x88\x923.0 1E2\n 4 nan\n 5 ****\n6 inf\n")
    assert found.x.tolist() == [1, 2, -3, 4, 5, 6]
    assert found.y[:3].tolist() == [-0.25, 0.5, 100]
    assert np.isnan(found.y[3:5]).all()
    assert np.isinf(found.y[5])


def test_empty_and_quoted_cells() -> None:
    found = read(b'"E (meV)";"S";"error";\n"1";"2,5";"0,1";\n2;;;\n3;--;n/a;\n4;5;0,2;\n')
    assert found.x.tolist() == [1, 2, 3, 4]
    assert np.isnan(found.y).tolist() == [False, True, True, False]
    assert found.error is not None
    assert np.isnan(found.error).tolist() == [False, True, True, False]
    plain = texts.columns(X, Y, E).split()
    same(read(b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in plain)))


def test_words_after_the_table_are_told() -> None:
    found = read(texts.columns(X, Y, E) + b"end of data\n")
    same(found)
    assert Notice("text_after_table", {"text": "“end of data”"}) in found.notices


LINES = texts.columns(X, Y, E, names="E (meV),S,err").split(b"\n")


@pytest.mark.parametrize(
    ("line", "code", "params"),
    [
        (b"12.0,abc,0.1", "unreadable_cell", {"found": "“abc”"}),
        (b"12.0,1_0,0.1", "unreadable_cell", {"found": "“1_0”"}),
        (b"12.0,0x10,0.1", "unreadable_cell", {"found": "“0x10”"}),
        (b"12.0,1.0", "wrong_number_of_columns", {"n_columns": 2, "n_expected": 3}),
        (b"12.0,1.0,0.1,5", "wrong_number_of_columns", {"n_columns": 4}),
        (b"12.0;1.0;0.1", "wrong_number_of_columns", {"n_columns": 1}),
        (b"end", "wrong_number_of_columns", {"n_columns": 1}),
    ],
)
@pytest.mark.parametrize("at", [2, 3, 4, 50, 119])
def test_a_line_that_is_no_row_is_named(line: bytes, code: str, params: dict[str, object], at: int) -> None:
    with pytest.raises(Unreadable) as refused:
        read(b"\n".join([*LINES[:at], line, *LINES[at:]]))
    notice = refused.value.notice
    assert notice.params["line"] == at + 1
    if at >= 5:
        assert notice.code == code
        assert {**notice.params, **params} == notice.params


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "blank_file"),
        (b" \n \n", "blank_file"),
        (b"hello\nworld\n", "no_table"),
        (b"1\n2\n3\n4\n", "no_table"),
        (b"1 2\n3 4\n", "no_table"),
        (b"1,05,2,70\n1,15,3,01\n1,25,3,05\n", "commas_as_delimiter_and_decimal"),
        (b"1;2.5\n2;1,23x.5\n3;4.5\n4;5.5\n5;6\n", r"no_row .*'line': 2"),
        (b"1.5;2\n2.5;3,5\n3.5;4\n", "decimal_marks_mixed .*'line': 1.*'line': 2"),
        (b"\n".join(LINES[:60]) + b"\n12.3,4", "wrong_number_of_columns .*'line': 61.*'is_last': True"),
        (b"1,,\n2,,\n3,,\n", "table_without_two_columns|no_table"),
        (b"\x7fELF\0\0\0\1", "binary_file"),
        (b"%PDF-1.7\n", "other_kind_of_file .*pdf"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        columns.read(data)


@pytest.mark.parametrize(
    "row", [b"12.345678,0.123456,0.001234\n", b"12.345678;0,123456;0,001234\n".replace(b".", b",")]
)
def test_a_million_rows(row: bytes) -> None:
    begun = time.process_time()
    found = read(row * 1_000_000)
    # About 1.2 s of one core; a reader that goes cell by cell takes ten times that.
    assert time.process_time() - begun < 6
    assert found.y.shape == (1_000_000,)
    assert found.y[-1] == 0.123456


def test_a_quotation_that_never_ends_and_headers_full_of_rows_end_in_a_word() -> None:
    same(read(b'"a,"",' * 50_000 + b"\n" + texts.columns(X, Y, E)))
    with pytest.raises(Unreadable, match="no_table"):
        columns.read(b"1 2\nx\n" * 150_000)


def test_lines_of_megabytes_end_in_a_word() -> None:
    for line in (b"1 " * 4_000_000, b"x" * 8_000_000, b"1," * 4_000_000):
        with pytest.raises(Unreadable, match="no_table"):
            columns.read(b"\n".join([line] * 2))
