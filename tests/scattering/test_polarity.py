"""Which crystals lack LO modes without Born charges, and how much that counts."""

from __future__ import annotations

import math

import pytest

from scattering.core.polarity import is_polar
from scattering.trust.grade import MISSING_LO_RELATIVE_ERROR, Evidence, grade


@pytest.mark.parametrize(
    ("symbols", "polar"),
    [
        (["Na", "Cl"], True),
        (["Mg", "O"], True),
        (["Zn", "S"], True),
        (["Si", "C"], True),
        (["Ba", "Ti", "O"], True),
        (["H", "O"], True),
        (["Li", "H"], True),
        (["Si"], False),
        (["Na", "Na"], False),
        (["C", "H"], False),
        (["Ga", "As"], False),
        (["Cu", "Zn"], False),
        (["Cs", "Au"], False),
        (["He", "Ne"], False),
        ([], False),
    ],
)
def test_elements_decide(symbols: list[str], polar: bool) -> None:
    assert is_polar(symbols) == polar


def test_missing_lo_modes_add_to_the_uncertainty() -> None:
    for is_given in (True, False):
        known, lacking = (grade(Evidence(is_given=is_given, lacks_lo_modes=one)) for one in (False, True))
        assert lacking.uncertainty == pytest.approx(math.hypot(known.uncertainty, MISSING_LO_RELATIVE_ERROR))
        assert lacking.badge == known.badge == "unchecked"
