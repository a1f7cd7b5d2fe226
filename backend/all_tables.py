"""Import the tables of every subject, so that migrations and foreign keys find all of them."""

from backend.accounts import tables as account_tables
from backend.calibrations import tables as calibration_tables
from backend.datasets import tables as dataset_tables
from backend.health import tables as health_tables
from backend.jobs import tables as job_tables
from backend.kit.db import idempotency
from backend.label_sets import tables as label_set_tables
from backend.potentials import tables as model_tables
from backend.predictions import tables as prediction_tables
from backend.proposals import tables as proposal_tables
from backend.sources import tables as source_tables
from backend.structures import tables as structure_tables
from backend.trainings import tables as training_tables
from backend.uploads import tables as upload_tables

__all__ = [
    "account_tables",
    "calibration_tables",
    "dataset_tables",
    "health_tables",
    "idempotency",
    "job_tables",
    "label_set_tables",
    "model_tables",
    "prediction_tables",
    "proposal_tables",
    "source_tables",
    "structure_tables",
    "training_tables",
    "upload_tables",
]
