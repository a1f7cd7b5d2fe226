"""Mantid's text files: SaveAscii of both versions and SaveFocusedXYE."""

from __future__ import annotations

import numpy as np
import pytest

from backend.datasets.formats import mantid_ascii
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_texts as texts

A = texts.spectrum(seed=1)
B = texts.spectrum(n=80, seed=2)


def same(
    found: RawSpectrum, expected: tuple[np.ndarray, np.ndarray, np.ndarray], rtol: float = 1e-9, atol: float = 0
) -> None:
    """rtol: ten digits printed."""
    assert found.error is not None
    for got, wanted in zip((found.x, found.y, found.error), expected, strict=True):
        assert np.allclose(got, wanted, rtol=rtol, atol=atol)


@pytest.mark.parametrize("separator", [",", "\t", " ", ";", ":", "|"])
@pytest.mark.parametrize("dx", [True, False])
def test_version_2_with_several_spectra_of_different_lengths(separator: str, dx: bool) -> None:
    a, b = mantid_ascii.read(texts.save_ascii({"1": A, "7": B}, separator, dx=dx))
    same(a, A)
    same(b, B)
    assert (a.stated.title, b.stated.title) == ("spectrum 1", "spectrum 7")
    assert a.x_unit is None
    assert a.notices[0] == Notice("no_unit_in_save_ascii")
    assert (len(a.notices) == 2) == dx


@pytest.mark.parametrize("comment", ["#", "%", "//", ""])
def test_version_2_with_one_spectrum_without_a_number(comment: str) -> None:
    (found,) = mantid_ascii.read(texts.save_ascii({"": A}, comment=comment))
    same(found, A)


@pytest.mark.parametrize("separator", [",", " "])
def test_spectra_that_say_q_and_angle_are_not_points(separator: str) -> None:
    blank = f" {separator} "
    found = mantid_ascii.read(
        texts.save_ascii({blank.join(["3", "0.75", "12.5"]): A, blank.join(["4", "0.8", "13"]): B}, separator)
    )
    assert [spectrum.stated.title for spectrum in found] == ["spectrum 3 (0.75, 12.5)", "spectrum 4 (0.8, 13)"]
    same(found[1], B)


def test_version_1() -> None:
    x, y, error = A
    found = mantid_ascii.read(texts.save_ascii_1(x, [(y, error), (2 * y, 3 * error)]))
    same(found[0], A)
    same(found[1], (x, 2 * y, 3 * error))


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("Energy transfer", "meV"),
        ("Energy transfer in wavenumber", "cm-1"),
        ("DeltaE", "meV"),
        ("Wavelength", "angstrom"),
    ],
)
def test_focused(axis: str, expected: str) -> None:
    found = mantid_ascii.read(texts.focused_xye([A, B], axis))
    for spectrum, wanted in zip(found, (A, B), strict=True):
        same(spectrum, wanted, rtol=0, atol=6e-6)  # five decimal places of x
    assert (found[0].x_unit, found[0].stated.instrument, found[0].y_unit) == (expected, "TOSCA", "Counts")
    assert axis in found[0].recognised_by


def test_gigahertz_become_terahertz() -> None:
    (found,) = mantid_ascii.read(texts.focused_xye([A], "Energy transfer in frequency"))
    assert found.x_unit == "THz"
    assert np.allclose(found.x, A[0] / 1000, rtol=0, atol=1e-8)


@pytest.mark.parametrize("axis", ["Time-of-flight", "d-Spacing", "q"])
def test_an_axis_that_is_no_energy_transfer_is_refused(axis: str) -> None:
    with pytest.raises(Unreadable, match=axis):
        mantid_ascii.read(texts.focused_xye([A], axis))


def test_numbers_that_mantid_masks_are_nan() -> None:
    (found,) = mantid_ascii.read(b"# X , Y , E\n1\n1,2,3\n2,nan,-nan\n3,inf,0\n")
    assert np.isnan(found.y).tolist() == [False, True, False]


LINES = texts.save_ascii({"1": A, "2": B}).split(b"\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\n".join([*LINES[:30], b"hello", *LINES[30:]]), "no_point_or_spectrum .*'line': 31"),
        (b"\n".join([*LINES[:30], b"1.0,x,2.0", *LINES[30:]]), "unreadable_cell .*'line': 31.*“x”"),
        (b"\n".join([*LINES[:30], b"1.0,2.0", *LINES[30:]]), "wrong_number_of_columns .*'line': 31"),
        (b"\n".join(LINES[:30]) + b"\n5.0,0.1", "wrong_number_of_columns .*'line': 31.*'is_last': True"),
        (b"\n".join(LINES[:123]), "spectrum_without_points .*spectrum 2"),
        (LINES[0], "header_without_points"),
        (b"1,2,3\n" * 5, "no_mantid_header"),
        (b"X , Y0 , E0 , Y1 , E1\n" + b"1,2,3\n" * 5, "header_contradicts_columns .*'n_spectra': 2"),
        (b"# X , Y , E\n" + b"1\n1,2,3\n" * 2500, "too_many_spectra_in_file .*2000"),
        (b"# X , Y , E\n" + b"1\n" * 100_000, "too_many_spectra_in_file .*2000"),
    ],
)
def test_damage_is_refused_with_the_line(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        mantid_ascii.read(data)
