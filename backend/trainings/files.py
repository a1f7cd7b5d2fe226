"""Names of the files of a training: of its request, in the folder of its jobs, and of its result."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from backend.kit.settings import Settings

LABELS: Final = "labels.xyz"
REFERENCE: Final = "reference.h5"
"""Force constants of the reference, if they are known."""
LABELLED: Final = "labelled"
"""Folder of what the job of the labels has made."""
LOSS: Final = "loss.json"
"""The curve of the loss while the job runs."""
POTENTIAL: Final = "nep.txt"
PARITY: Final = "parity.json"
PHONONS: Final = "phonons-{side}.h5"
"""Force constants before and after the training, and of the reference."""
RESULT: Final = "result"


def result_folder(settings: Settings, training_id: object) -> Path:
    """Return the folder of the result of a training."""
    return settings.training_dir(training_id) / RESULT
