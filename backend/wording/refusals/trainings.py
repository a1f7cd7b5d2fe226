"""Sentences about requests of trainings that are refused, and trainings that cannot run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed, percent
from backend.wording.trust import CLASSES


def _no_trainer(*, trainers: Sequence[str]) -> str:
    return (
        f"No running worker has {' or '.join(trainers)}: install PyTorch and the extra (pip install --require-hashes "
        "--no-deps --requirement deploy/extras/train.lock) for the workers, and restart them."
    )


def _of_other_elements(*, labels: Sequence[str], structure: Sequence[str]) -> str:
    return (
        f"The labels are of {listed(labels)}, but the structure is of {listed(structure)}. Both must have the same "
        "elements."
    )


def _lacks_elements(*, title: str, missing: Sequence[str]) -> str:
    return f"{title} does not cover {listed(missing)}. Choose another reference."


def _without_moments(*, title: str, elements: Sequence[str]) -> str:
    return f"{title} labels without magnetic moments, which {listed(elements)} may have. Upload labels instead."


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
    "dft_not_converged": "GPAW is not converged with the largest {quantity} that is tried ({cutoff_ev:.0f} eV, wave "
    "vectors {spacing_inv_angstrom:.2g} Å⁻¹ apart). Upload labels instead.",
    "labelling_failed": "{title} cannot label a structure: {reason}",
    "mode_fit_too_large": "The modes of {n_atoms} atoms cannot be fitted ({maximum} at most). Set `mode_steps` to 0.",
    "mode_fit_without_force_constants": "The modes can be fitted only to a reference with force constants: those of a "
    "forecast, or of another potential. Name one, or set `mode_steps` to 0.",
    "mode_fit_without_molecules": "Modes are fitted in crystals of molecules only. Set `mode_steps` to 0.",
    "no_labelling_program": "No running worker has {title}. Install it on a worker (Debian and Ubuntu: apt-get install "
    "gpaw gpaw-data), and start it again.",
    "no_trainer": _no_trainer,
    "reference_deleted": "The potential that labels the structures was deleted.",
    "reference_engine_needed": "Name the reference (`engine`): GET /references lists them.",
    "reference_is_base": "The forecast is by {potential}, from which the training starts. Name a forecast from "
    "other force constants.",
    "reference_lacks_elements": _lacks_elements,
    "reference_for_small_cells": "{title} labels cells of at most {max_atoms} atoms, and this structure needs "
    "{n_atoms}. Use a primitive cell, or another reference.",
    "reference_prediction_needed": "Name the harmonic forecast (`prediction_id`) whose force constants are the "
    "reference.",
    "reference_without_phonons": "The reference must be a harmonic forecast of the same elements ({elements}) that "
    "keeps its force constants.",
    "reference_without_moments": _without_moments,
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
