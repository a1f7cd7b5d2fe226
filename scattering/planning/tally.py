"""Count the features and pairs of a setting: the only place that does, so that all tables and sentences agree."""

from __future__ import annotations

from dataclasses import dataclass

from scattering.core.notices import Notice
from scattering.planning.evaluation import Evaluation


@dataclass(frozen=True)
class Tally:
    """Numbers of features and pairs, of all, and of those that a setting reaches, measures or resolves.

    Attributes
    ----------
    n_reachable
        Features in the range of the setting.
    n_measured
        Those of them that are visible as peaks, and within `evaluation.MAX_HOURS`.
    n_resolved
        Pairs that are resolved, or likely so; both features of each are measured.
    """

    n_features: int
    n_reachable: int
    n_measured: int
    n_pairs: int
    n_resolved: int


def tally(one: Evaluation) -> Tally:
    """Count the features and pairs of a setting."""
    return Tally(
        n_features=len(one.features),
        n_reachable=sum(each.reachable for each in one.features),
        n_measured=len(one.measured),
        n_pairs=len(one.pairs),
        n_resolved=sum(pair.is_resolved for pair in one.pairs),
    )


def tally_notice(counted: Tally) -> Notice:
    """Return the numbers as a notice."""
    return Notice(
        "setting_tally",
        {
            "n_features": counted.n_features,
            "n_reachable": counted.n_reachable,
            "n_measured": counted.n_measured,
            "n_pairs": counted.n_pairs,
            "n_resolved": counted.n_resolved,
        },
    )
