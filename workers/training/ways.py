"""The ways to labels by the kind of the reference: the code behind `backend.trainings.references`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from backend.trainings import files
from workers.training import delta_labels, labelling
from workers.training.supply import Order, Supply


def supply(order: Order) -> Supply:
    """Return the labels of a training.

    Raises
    ------
    CannotPredict
        The reference cannot label this structure.
    """
    return WAYS[order.assignment.kind](order)


def _of_file(order: Order) -> Supply:
    text = (order.shared / files.LABELS).read_text()
    return Supply(text, order.atoms, is_foreign=True, n_trained=0, seconds=0.0, provenance={})


WAYS: Final[Mapping[str, Callable[[Order], Supply]]] = {
    "engine": labelling.supply,
    "file": _of_file,
    "phonons": delta_labels.supply,
}
