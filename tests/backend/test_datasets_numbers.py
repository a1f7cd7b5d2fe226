"""Numbers in text: Fortran's exponents, marks between thousands, standard uncertainties; footers of tables."""

from __future__ import annotations

import numpy as np
import pytest

from backend.datasets.formats import columns
from backend.datasets.formats.numbers import Marks, marks_of, number, uncertainty
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice


def read(text: str) -> RawSpectrum:
    (found,) = columns.read(text.encode())
    assert isinstance(found, RawSpectrum)
    return found


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.123-100", 0.123e-100),
        ("-1.5+102", -1.5e102),
        ("1.5D+02", 150.0),
        ("1.00(12)", 1.0),
        ("1,00(12)", 1.0),
        ("12.5(3)E-2", 0.125),
        ("1.00±0.12", 1.0),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("1,234,567", 1234567.0),
        ("1 234,5", 1234.5),
    ],
)
def test_numbers_as_programs_write_them(cell: str, value: float) -> None:
    assert number(cell) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("cell", ["0.123-10", "123-100", "1.2.3", "1,23,4", "1.0(x)", "1_000", "(12)", "1.5-1000"])
def test_what_only_looks_like_a_number(cell: str) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.00(12)", 0.12), ("125(3)", 3.0), ("1.5(1.2)", 1.2), ("12.5(3)E-2", 0.003), ("1.0 ± 0.2", 0.2), ("1.0", None)],
)
def test_standard_uncertainties(cell: str, value: float | None) -> None:
    assert uncertainty(cell) == (None if value is None else pytest.approx(value, rel=1e-12))


def test_uncertainties_in_cells_are_the_errors() -> None:
    found = read("E (meV),S\n1.0,1.00(12)\n2.0,2.50(15)\n3.0,3.1\n4.0,0.5(2)\n")
    assert found.y.tolist() == [1.0, 2.5, 3.1, 0.5]
    assert found.error is not None
    np.testing.assert_allclose(found.error, [0.12, 0.15, np.nan, 0.2])


def test_exponents_without_a_letter() -> None:
    found = read("E(meV) S\n 1.0 0.123-100\n 2.0 0.5E+00\n 3.0 0.7-099\n")
    assert found.y.tolist() == [0.123e-100, 0.5, 0.7e-99]


@pytest.mark.parametrize(
    ("rows", "delimiter", "marks"),
    [
        (["1,000.5;2.5", "2,000;3"], ";", Marks(".", ",")),
        (["1,234;0.5", "999;0.25"], ";", Marks(".", ",")),
        (["1.000,5;2,5", "2.000;3,1"], ";", Marks(",", ".")),
        (["1'000.5;2.5", "2'000;3.1"], ";", Marks(".", "'")),
        (["1 000,5;2,5", "2 000;3,1"], ";", Marks(",", " ")),
        (["1,234;0,125", "2,345;0,250"], ";", Marks(",")),
        (["1,234;4000", "2,345;5000"], ";", Marks(",")),
        (["1,234,567 0.5", "2 3.5"], None, Marks(".", ",")),
        (['1,"1,234.5"', '2,"2,000"'], ",", Marks(".", ",")),
        (['1,"0,5"', '2,"1,25"'], ",", Marks(",")),
        (["1,2", "3,4"], ",", Marks()),
        (["1.234;2.345", "2.5;3"], ";", Marks()),
    ],
)
def test_marks_are_found_from_the_whole_table(rows: list[str], delimiter: str | None, marks: Marks) -> None:
    assert marks_of(rows, range(1, len(rows) + 1), delimiter) == marks


def test_thousands_reach_the_spectrum() -> None:
    found = read('Wavenumber (cm-1);Intensity;Error\n800;0.5;0.1\n"1,200";0.7;0.1\n1,600.5;0.9;0.1\n2,000;1.0;0.2\n')
    assert found.x.tolist() == [800, 1200, 1600.5, 2000]
    assert Notice("thousands_marks", {"mark": ","}) in found.notices
    quoted = read('E (cm-1),S\n800,0.5\n"1,200",0.7\n"1,600.5",0.9\n')
    assert quoted.x.tolist() == [800, 1200, 1600.5]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("E;S\n1,000;2,345\n2,000;3,456\n3,000;4,567\n", "thousands_or_decimals .*'line': 2"),
        ("E;S\n1,000.5;2,34\n2,000;3,4\n3,000;4,5\n", "decimal_marks_mixed"),
        ("E;S\n1.5;2,34\n2.5;3,4\n3.5;4,5\n", "decimal_marks_mixed"),
    ],
)
def test_marks_in_doubt_are_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        read(text)


@pytest.mark.parametrize(
    "footer",
    ["Total counts: 123456", "Sum 12.5 3.5", "2024-03-01 12:30", "exported 2024-03-01", "N = 100", "χ² = 1.2"],
)
def test_footers_with_digits_are_told(footer: str) -> None:
    found = read(f"E (meV),S\n1,2\n2,3\n3,4\n\n{footer}\n")
    assert found.y.tolist() == [2, 3, 4]
    assert Notice("text_after_table", {"text": f"“{footer}”"}) in found.notices


@pytest.mark.parametrize("line", ["4", "4,x", "4.0.1,3", "4;5", "5,6,7"])
def test_a_damaged_last_row_is_no_footer(line: str) -> None:
    with pytest.raises(Unreadable):
        read(f"E (meV),S\n1,2\n2,3\n3,4\n{line}\n")
