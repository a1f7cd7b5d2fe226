"""The ISIS INS database's .DAT files, and our own CSV, which comes back as it was written."""

from __future__ import annotations

import numpy as np
import pytest

from backend.datasets.formats import isis_dat
from backend.kit.files.unreadable import Unreadable

from . import datasets_texts as texts

X, Y, E = texts.spectrum()


def test_energy_counts_and_error_in_wavenumbers() -> None:
    (found,) = isis_dat.read(texts.isis_dat(8 * X, 1e-9 * Y, 1e-9 * E))
    assert found.error is not None
    for got, wanted in ((found.x, 8 * X), (found.y, 1e-9 * Y), (found.error, 1e-9 * E)):
        assert np.allclose(got, wanted, rtol=1e-6, atol=0)  # seven digits printed
    assert (found.x_unit, found.recognised_by) == ("cm-1", "the header's “C (CM-1) COUNTS ERROR”")
    assert found.stated.title == "BENZENE Ref: A. Nobody, RAL"
    assert found.notices == ()


@pytest.mark.parametrize("units", ["E (CM-1)  COUNTS  ERROR", "\xf7w (cm-1) Counts Errors", "(CM-1) COUNTS ERROR"])
def test_the_line_of_units_in_its_variants(units: str) -> None:
    data = texts.isis_dat(X, Y, E).replace(b"C (CM-1) COUNTS ERROR", units.encode("latin-1"))
    assert isis_dat.sniffs(data)
    assert isis_dat.read(data)[0].x_unit == "cm-1"


def test_damage_is_refused() -> None:
    whole = texts.isis_dat(X, Y, E)
    with pytest.raises(Unreadable, match="no_isis_dat_header"):
        isis_dat.read(whole.replace(b"COUNTS", b"KOUNTS"))
    with pytest.raises(Unreadable, match=r"wrong_number_of_columns .*'line': 122.*'is_last': True"):
        isis_dat.read(whole[:-20])
    lines = whole.split(b"\r\n")
    lines[21] = lines[21].replace(b"E", b"X")
    with pytest.raises(Unreadable, match=r"unreadable_cell .*'line': 22"):
        isis_dat.read(b"\r\n".join(lines))
