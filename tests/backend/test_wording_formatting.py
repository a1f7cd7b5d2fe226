"""Numbers as they stand in sentences."""

from __future__ import annotations

import pytest

from backend.wording import formatting, message
from scattering.core.notices import Notice


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2345, "0.23"), (9.96, "10"), (97.3, "97"), (141_000.0, "140000"), (0.0, "0"), (3.0, "3"), (-2.5, "−2.5")],
)
def test_a_number_has_two_digits(value: float, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(("value", "text"), [(1e7, "1 × 10⁷"), (2.54e-4, "2.5 × 10⁻⁴")])
def test_powers_of_ten(value: float, text: str) -> None:
    assert formatting.scientific(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.034, "3.4"), (0.02, "2"), (0.0996, "10"), (0.12, "12"), (-0.05, "−5"), (2e-4, "0.02"), (0.0, "0")],
)
def test_a_percentage_has_two_digits(fraction: float, text: str) -> None:
    assert formatting.percent(fraction) == f"{text}\u00a0%"


def test_a_signed_percentage() -> None:
    assert [formatting.signed_percent(value) for value in (0.034, -0.1)] == ["+3.4\u00a0%", "−10\u00a0%"]


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.01, "under a minute"),
        (0.5, "30 min"),
        (3.0, "3 h"),
        (5.44, "5.4 h"),
        (60.0, "60 h"),
        (240.0, "10 days"),
        (20_000.0, "2.3 years"),
    ],
)
def test_durations_are_in_the_unit_that_suits_them(hours: float, text: str) -> None:
    assert formatting.duration(hours) == text


def test_lists_and_counts() -> None:
    assert [formatting.listed(words) for words in (["Γ"], ["Γ", "X"], ["Γ", "X", "L"])] == [
        "Γ",
        "Γ and X",
        "Γ, X and L",
    ]
    assert formatting.counted(1, "peak") == "1 peak"
    assert formatting.counted(2, "energy", "energies") == "2 energies"


@pytest.mark.parametrize(
    ("energy", "decimals", "text"),
    [
        # 136.25 is halfway: the page, which rounds like JavaScript, and Python would differ
        (136.25, 1, "136.3"),
        (36.52, 1, "36.5"),
        (40.0, 1, "40"),
        (100.0, 1, "100"),
        (5.234, 1, "5.23"),
        (0.4567, 1, "0.457"),
        (1098.94, 0, "1099"),
        (42.21, 0, "42.2"),
        (0.0, 1, "0"),
    ],
)
def test_features_have_one_rounding(energy: float, decimals: int, text: str) -> None:
    """The values of tests/js/format.test.js."""
    assert formatting.feature_energy(energy, decimals=decimals) == text


def test_features_keep_their_zeros_in_a_column() -> None:
    assert formatting.feature_energy(57.0, in_column=True) == "57.0"


def test_templates_write_numbers_out() -> None:
    stated = message(Notice("lattice_vector_too_long", {"length_angstrom": 12345.6}))
    assert "12350" in stated
