"""Effect of each correction, from the simulated to the recorded spectrum: the stages of Lindgren et al., Fig. 5a."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from scattering.core.errors import InvalidView
from scattering.core.quantum import Correction, Statistics
from scattering.observe.view import View

StageName = Literal["raw", "instrument", "quantum"]
STAGES: Final[tuple[StageName, ...]] = ("raw", "instrument", "quantum")

_NAMED: Final[dict[Correction, str]] = {
    "harmonic": "the harmonic correction",
    "standard": "the standard correction",
    "schofield": "Schofield's correction",
    "mixed": "the mixed correction",
}


@dataclass(frozen=True)
class Stage:
    """One step of the refinement.

    Attributes
    ----------
    name
        One of `STAGES`.
    title
        Entry in a legend.
    words
        One sentence on the effect that this stage adds.
    view
        The view to observe.
    """

    name: StageName
    title: str
    words: str
    view: View


def stages(view: View, statistics: Statistics) -> tuple[Stage, ...]:
    """Return the views that lead from uncorrected partials to the user's view.

    - *raw*: scattering lengths alone, averaged over all simulated |q|.
    - *instrument*: with the window and the resolution of the instrument and, if the view has them, a range of |q|, the
      elastic line and k_f/k_i.
    - *quantum*: with the quantum correction too. The user's "none" becomes "harmonic", as the stage would add nothing.

    Isotopes, contribution, phonon order, energy scale and bins are those of the user's view in all stages. Quantum
    partials have no third stage: they have quantum occupation from the first one on.

    Parameters
    ----------
    view
        With an instrument. Give its bins (`energy_mev`) to compare the stages in the same bins.
    statistics
        Of the partials.

    Raises
    ------
    InvalidView
        There is no instrument.

    References
    ----------
    Lindgren et al. (2025), Fig. 5a and Sect. III B.
    """
    if view.instrument is None:
        message = "The stages lead from the sample to an instrument: choose one, or one for the dataset."
        raise InvalidView([{"loc": "view.instrument", "msg": message}])
    raw = replace(
        view,
        instrument=None,
        settings={},
        q_range=None,
        elastic=False,
        kf_over_ki=False,
    )
    what = "Scattering lengths alone, averaged over all |q| that was simulated"
    if statistics == "quantum":
        words = f"{what}. The occupation of the vibrations is that of quantum oscillators already."
        last = (
            f"+ the window of {view.instrument} and its resolution. There is no third stage: a quantum correction is "
            "for classical nuclei, and this prediction is harmonic."
        )
        return (
            Stage("raw", "Raw", words, raw),
            Stage("instrument", f"+ {view.instrument}: window and resolution", last, view),
        )
    correction: Correction = "harmonic" if view.quantum_correction == "none" else view.quantum_correction
    if statistics == "kubo":
        nuclei = "Quantum nuclei, Kubo-transformed correlations"
        undone = "the Kubo transform is undone, which the harmonic correction does exactly"
    else:
        nuclei = "Classical statistics"
        undone = f"{_NAMED[correction]} gives the classical nuclei detailed balance"
    chosen = " The view has none; the harmonic one is taken." if view.quantum_correction == "none" else ""
    return (
        Stage("raw", "Raw", f"{what}. {nuclei}.", replace(raw, quantum_correction="none")),
        Stage(
            "instrument",
            f"+ {view.instrument}: window and resolution",
            f"+ what of (|q|, ω) {view.instrument} reaches, and its resolution.",
            replace(view, quantum_correction="none"),
        ),
        Stage(
            "quantum",
            "+ quantum correction",
            f"+ quantum statistics: {undone}.{chosen}",
            replace(view, quantum_correction=correction),
        ),
    )
