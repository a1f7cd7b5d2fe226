"""Sentences about the energy resolution of instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed, number, percent


def _comparison(minimum_mev: float, maximum_mev: float, bias: float, relative_uncertainty: float, n_runs: int) -> str:
    narrow = "too narrow" if bias < 0 else "too wide"
    deviation = f"on median {percent(abs(bias))} {narrow}" if abs(bias) >= 0.005 else "right on median"
    energies = f"{number(minimum_mev, 3)} to {number(maximum_mev, 3)} meV"
    return (
        f"Against {n_runs} vanadium runs with incident energies from {energies} the elastic width is {deviation}; "
        f"70 % of the runs agree within {percent(relative_uncertainty)}."
    )


def _width_compared_with_vanadium(
    *,
    package: str,
    minimum_mev: float,
    maximum_mev: float,
    bias: float,
    relative_uncertainty: float,
    n_runs: int,
) -> str:
    return f"{package}: {_comparison(minimum_mev, maximum_mev, bias, relative_uncertainty, n_runs)}"


def _width_model_fails(
    *,
    package: str,
    minimum_mev: float,
    maximum_mev: float,
    bias: float,
    relative_uncertainty: float,
    n_runs: int,
) -> str:
    compared = _comparison(minimum_mev, maximum_mev, bias, relative_uncertainty, n_runs)
    return f"The resolution model fails for {package} at these settings. {compared}"


def _same_slits(*, package: str, others: Sequence[str]) -> str:
    return (
        f"{package} has the same resolution as {listed(others)}: slit width, radius and curvature are equal, and only "
        "the make differs."
    )


WORDS: Final[Mapping[str, Words]] = {
    "same_slits": _same_slits,
    "slits_miss_energy": "Neutrons of this energy miss the curve of {package} by {slit_widths:.1f} slit widths. By "
    "PyChop's formula none pass (from 4 on), but vanadium lines were measured at such settings: expect little flux.",
    "width_compared_with_vanadium": _width_compared_with_vanadium,
    "width_model_fails": _width_model_fails,
}
