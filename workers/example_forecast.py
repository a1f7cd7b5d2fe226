"""`python -m workers.example_forecast`: make the example forecast that ships with Beamcast.

It goes the way of every prediction: the built-in structure, a request, a job, and a worker that does the job, in a
temporary data folder. NEP89's file is taken from BEAMCAST_POTENTIALS_DIR, or downloaded. Then the partials are
compressed (`scattering.core.compact`) and written to `backend/examples/` with their record. It takes a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from socket import gethostname
from typing import Final

from backend.examples.forecast import FOLDER, PARTIALS, RECORD, ExampleForecast, sha256_of
from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs import leases
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.queue.celery_settings import QUEUES
from backend.kit.settings import Settings, current
from backend.kit.version import VERSION
from backend.observing.layouts import COMPACT, POWDER
from backend.potentials.tables import Potential
from backend.predictions import service as predictions
from backend.predictions.schemas import PredictionIn
from backend.predictions.tables import Prediction
from backend.startup import prepare
from backend.structures import service as structures
from backend.structures.tables import Structure
from scattering.core.compact import compress
from workers.engines import available
from workers.kit.shutdown import Flag
from workers.tasks import perform

STRUCTURE: Final = "benzene"
INSTRUMENT: Final = "TOSCA"
TEMPERATURE_K: Final = 10.0
WORKER: Final = "example"


class NotMade(RuntimeError):
    """The prediction did not succeed."""


def make(settings: Settings, folder: Path) -> ExampleForecast:
    """Make the forecast, write its record and its partials into a folder, and return the record.

    Parameters
    ----------
    settings
        Settings of this process, with a data folder without predictions.
    folder
        Folder of the two files.

    Raises
    ------
    NotMade
        The prediction did not succeed; the message holds the reason.
    """
    prepare(settings)
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        structure = structures.add_example(scope, *structures.read_example(settings, STRUCTURE))
        asked = PredictionIn(structure_id=structure.id, temperature_k=TEMPERATURE_K, instruments=[INSTRUMENT])
        prediction_id = predictions.create(scope, asked).id
    _work()
    with database.transaction(settings, reading=True) as session:
        row = session.get_one(Prediction, prediction_id)
        if row.status != "succeeded":
            raise NotMade(f"the prediction is {row.status}: {row.error or row.waiting_for}")
        potential = session.get_one(Potential, row.potential_id)
        structure = session.get_one(Structure, row.structure_id)
    COMPACT.write(folder / PARTIALS, compress(POWDER.read(settings.partials_path(row.id))))
    assert row.finished_at is not None
    made = ExampleForecast(
        structure=STRUCTURE,
        structure_sha256=structure.sha256,
        potential=potential.name,
        potential_sha256=potential.sha256,
        method=row.method,
        sampling=row.sampling,
        quality=row.quality,
        temperature_k=row.temperature_k,
        instruments=tuple(row.instruments),
        options=row.options,
        warnings=tuple(row.warnings),
        provenance=row.provenance,
        beamcast=VERSION,
        finished_at=row.finished_at,
        partials_sha256=sha256_of(folder / PARTIALS),
    )
    made.write(folder / RECORD)
    return made


def _work() -> None:
    """Do all jobs, as a worker would."""
    heartbeats.record(
        WorkerHeartbeat(
            name=WORKER, slots=1, long_slots=1, queues=list(QUEUES), engines=available(), host=gethostname()
        )
    )
    while (lease := leases.claim(WORKER, os.getpid())) is not None:
        perform(lease, Flag())


def main(given: Sequence[str]) -> int:
    """Make the forecast in a temporary data folder, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m workers.example_forecast", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the two files")
    folder = parser.parse_args(given).folder
    # The jobs read their settings from the environment
    os.environ["BEAMCAST_POTENTIALS_DIR"] = str(current().potentials_dir)
    with tempfile.TemporaryDirectory(prefix="beamcast-example-") as data_dir:
        os.environ["BEAMCAST_DATA_DIR"] = data_dir
        current.cache_clear()
        made = make(current(), folder)
        database.engine(current()).dispose()
    print(f"{folder / PARTIALS}: {(folder / PARTIALS).stat().st_size / 1e6:.2f} MB, sha256 {made.partials_sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
