"""Sentences about engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words
from backend.wording.formatting import number


def _engine_not_installed(*, title: str, package: str, extra: str) -> str:
    command = f"pip install --require-hashes --no-deps --requirement deploy/extras/{extra}.lock" if extra else ""
    how = f" ({command})" if command else ""
    return f"No running worker has {title}: install the package {package}{how} for the workers, and restart them."


def _too_slow_for_limit(*, call_s: float, n_calls: int, n_atoms: int, limit_h: float) -> str:
    hours = call_s * n_calls / 3600
    return (
        f"One evaluation of the forces on {n_atoms} atoms takes {number(call_s, 2)} s on this worker, so {n_calls} of "
        f"them take {hours:.0f} hours, longer than a job may run ({limit_h:g} hours): choose a faster potential, a "
        "smaller supercell, or a shorter run."
    )


WORDS: Final[Mapping[str, Words]] = {
    "odd_number_of_electrons": "The cell has an odd number of electrons, and {title} is used here for neutral cells "
    "with closed shells: choose another potential, or a cell with twice the atoms if it is not magnetic.",
    "too_slow_for_limit": _too_slow_for_limit,
    "engine_not_installed": _engine_not_installed,
    "engine_unknown": "This version of Beamcast has no engine {engine}, which the potential needs.",
    "engine_lacks_dispersion": "{engine} has no dispersion correction for {functional}: leave the correction out, or "
    "choose another engine.",
    "engine_lacks_constant_pressure": "{engine} cannot run at constant pressure: keep the cell fixed, or choose "
    "another engine.",
}
