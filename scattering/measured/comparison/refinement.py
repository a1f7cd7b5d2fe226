"""Effect of each correction, from the simulated to the recorded spectrum: the stages of Lindgren et al., Fig. 5a."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from scattering.core.errors import InvalidView
from scattering.core.notices import Notice
from scattering.core.quantum import Correction, Statistics
from scattering.observe.view import View

StageName = Literal["raw", "instrument", "quantum"]
STAGES: Final[tuple[StageName, ...]] = ("raw", "instrument", "quantum")


@dataclass(frozen=True)
class Stage:
    """One step of the refinement.

    Attributes
    ----------
    name
        One of `STAGES`.
    title
        Entry in a legend.
    effect
        What this stage adds.
    view
        The view to observe.
    """

    name: StageName
    title: Notice
    effect: Notice
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
        raise InvalidView.at("view.instrument", Notice("refinement_without_instrument"))
    is_quantum = statistics == "quantum"
    instrument = view if is_quantum else replace(view, quantum_correction="none")
    raw = replace(instrument, instrument=None, settings={}, q_range=None, elastic=False, kf_over_ki=False)
    of_partials = {"statistics": statistics}
    of_instrument = {"instrument": view.instrument}
    first = (
        Stage("raw", Notice("stage_raw"), Notice("scattering_lengths_alone", of_partials), raw),
        Stage(
            "instrument",
            Notice("stage_instrument", of_instrument),
            Notice("window_and_resolution", of_instrument | of_partials),
            instrument,
        ),
    )
    if is_quantum:
        return first
    by_default = view.quantum_correction == "none"
    correction: Correction = "harmonic" if by_default else view.quantum_correction
    effect = Notice("quantum_correction", {"correction": correction, "by_default": by_default, **of_partials})
    return *first, Stage("quantum", Notice("stage_quantum"), effect, replace(view, quantum_correction=correction))
