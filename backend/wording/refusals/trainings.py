"""Sentences about requests of trainings that are refused, and trainings that cannot run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed, percent
from backend.wording.trust import CLASSES


def _no_trainer(*, trainers: Sequence[str]) -> str:
    return (
        f"No running worker has {' or '.join(trainers)}. Install the extra on a worker (`pip install beamcast[train]`) "
        "and start it again."
    )


def _of_other_elements(*, labels: Sequence[str], structure: Sequence[str]) -> str:
    return (
        f"The labels are of {listed(labels)}, but the structure is of {listed(structure)}. Both must have the same "
        "elements."
    )


def _lacks_elements(*, title: str, missing: Sequence[str]) -> str:
    return f"{title} does not cover {listed(missing)}. Choose another reference."


def _worse_than_base(
    *, title: str, base: str, material_class: str, crystals: Sequence[str], mean_error: float | None, **_: object
) -> str:
    was = "unstable" if mean_error is None else f"{percent(mean_error)} off on average"
    return (
        f"{title} is worse than {base} for {CLASSES[material_class]}: the phonons of {listed(crystals)} are {was}, "
        f"more than with {base}. Choose another reference."
    )


WORDS: Final[Mapping[str, Words]] = {
    "active_learning_needs_engine": "Active learning is not supported in this version. Switch it off.",
    "base_deleted": "The potential from which the training starts was deleted.",
    "base_not_restricted": "The potential cannot be restricted to the elements of the structure: {reason}",
    "base_of_other_family": "{potential} is no neuroevolution potential (NEP). Only these can be trained.",
    "label_set_needed": "Name the labels: upload them by POST /label-sets.",
    "labels_not_made": "The labels are not made yet.",
    "labels_of_other_elements": _of_other_elements,
    "no_trainer": _no_trainer,
    "reference_deleted": "The potential that labels the structures was deleted.",
    "reference_engine_needed": "Name the reference (`engine`): GET /references lists them.",
    "reference_is_base": "The forecast is by {potential}, from which the training starts. Name a forecast from "
    "other force constants.",
    "reference_lacks_elements": _lacks_elements,
    "reference_prediction_needed": "Name the harmonic forecast (`prediction_id`) whose force constants are the "
    "reference.",
    "reference_not_supported": "{title} cannot label structures in this version. Upload labels (`file`).",
    "reference_without_phonons": "The reference must be a harmonic forecast of the same elements ({elements}) that "
    "keeps its force constants.",
    "reference_worse_than_base": _worse_than_base,
    "training_file_lost": "A file of this training is missing or damaged on the server. Train again, or restore the "
    "folder trainings/{id} from a backup.",
    "training_from_scratch": "Training without a potential to start from is not supported in this version. Name a NEP "
    "as `base`.",
    "training_has_ended": "The training has already ended ({status}).",
    "training_not_begun": "The fit has not begun: there is no loss yet.",
    "training_not_finished": "The training has no result ({status}).",
    "unknown_reference": "There is no reference “{name}”: GET /references lists them.",
}
