"""The largest intensity of a curve, which its axis ends above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.figures.curves.curve import Curve
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View

ENERGY = np.arange(0.0, 500.0, 0.1)


def curve(method: str, **choices: Any) -> Curve:
    """A lattice mode at 10 meV, five times as high as the mode at 100 meV."""
    intensity = 5 * np.exp(-((ENERGY - 10) ** 2)) + np.exp(-((ENERGY - 100) ** 2))
    intensity[0] = 1000.0
    spectrum = Spectrum(ENERGY, intensity, None, "", {}, {}, {}, None)  # type: ignore[arg-type]
    return Curve(spectrum, "TOSCA", method, "", View("TOSCA", **choices))


def test_lattice_modes_count_where_there_is_no_elastic_line() -> None:
    assert curve("harmonic").highest == pytest.approx(5.0)


@pytest.mark.parametrize("one", [curve("harmonic", elastic=True), curve("md")])
def test_the_foot_of_an_elastic_line_does_not_count(one: Curve) -> None:
    assert one.highest == pytest.approx(1.0, abs=0.01)
