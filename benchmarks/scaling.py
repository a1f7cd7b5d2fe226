"""How time grows with atoms, replicas, jobs and workers, on this machine: what docs/operations.md reckons with.

python -m benchmarks.scaling NEP89.txt [DATABASE_URL]; without an address the rows are in SQLite.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from backend.engines import catalogue

ATOMS = (64, 216, 512, 1728)
STEPS = 10
ROUNDS = 5
QUEUED = 2000
CLAIMERS = (1, 4, 16, 64)
CLAIMS = 200
ENGINE = catalogue.for_method("harmonic", "nep")[0]
ALONE: Any = SimpleNamespace(engine=ENGINE, n_replicas=0)
"""What the graph of jobs reads of the options of a harmonic prediction."""


def step_seconds(model: Path, repeats: int) -> None:
    """Print the median time of a step of so many cells of silicon; in a process of its own, which has its threads."""
    from ase import units
    from ase.build import bulk
    from ase.md.velocitydistribution import thermalize_momenta
    from ase.md.verlet import VelocityVerlet

    from workers.engines import calculator
    from workers.engines.interface import Potential

    atoms = bulk("Si", "diamond", a=5.431, cubic=True).repeat(repeats)
    atoms.calc = calculator(ENGINE, Potential(model))
    thermalize_momenta(atoms, temperature_K=300)
    run = VelocityVerlet(atoms, 2 * units.fs)
    run.run(2)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run.run(STEPS)
        times.append((time.perf_counter() - began) / STEPS)
    print(statistics.median(times))


def together(model: Path, repeats: int, processes: int, threads: int) -> float:
    """Atom-steps a second of so many replicas at the same time, each in a process of so many threads."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--step", str(model), str(repeats)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    seconds = [float(process.communicate()[0]) for process in running]
    return sum(8 * repeats**3 / one for one in seconds)


@contextmanager
def rows(database_url: str | None) -> Iterator[None]:
    """An empty database with one structure and many queued predictions."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"BEAMCAST_DATA_DIR": folder, "BEAMCAST_DATABASE_URL": database_url or ""}
        from sqlmodel import select

        from backend.health import heartbeats
        from backend.health.tables import WorkerHeartbeat
        from backend.jobs import graph
        from backend.kit.db.database import transaction
        from backend.kit.settings import current
        from backend.potentials.tables import Potential
        from backend.predictions.tables import Prediction
        from backend.startup import prepare
        from backend.structures.tables import Structure

        prepare(current())
        with transaction(current()) as session:
            model = session.exec(select(Potential)).first()
            assert model is not None
            structure = Structure(
                name="Si", formula="Si", formula_cell="Si2", elements=["Si"], n_atoms=2, lengths_angstrom=[1, 1, 1],
                angles_deg=[90, 90, 90], volume_angstrom3=1, density_g_cm3=1, space_group="", space_group_number=1,
                format="cif", filename="", sha256="", warnings=[],
            )  # fmt: skip
            session.add(structure)
            session.flush()
            for number in range(QUEUED):
                prediction = Prediction(
                    structure_id=structure.id, potential_id=model.id, potential="", method="harmonic",
                    sampling="powder", quality="standard", temperature_k=300, instruments=[],
                    options={"engine": ENGINE},
                    owner=f"user {number % 20}",
                )  # fmt: skip
                session.add(prediction)
                session.flush()
                session.add_all(graph.jobs_of(prediction, ALONE, loader=model.engine))
        for number in range(max(CLAIMERS)):
            heartbeats.record(
                WorkerHeartbeat(name=f"w{number}", slots=2, long_slots=1, queues=["cpu"], engines={ENGINE: "1"})
            )
        yield


def claims_a_second(workers: int) -> tuple[float, float]:
    """Jobs taken, reported on once and ended a second by so many workers, and the slowest claim in seconds."""
    from backend.jobs import leases

    slowest, left = [0.0] * workers, threading.Semaphore(CLAIMS)

    def work(number: int) -> None:
        while left.acquire(blocking=False):
            began = time.perf_counter()
            lease = leases.claim(f"w{number}", number)
            slowest[number] = max(slowest[number], time.perf_counter() - began)
            assert lease is not None
            leases.report(lease, "displacing atoms", 0.5)
            leases.succeed(lease, uuid.uuid4, provenance={}, warnings=[])

    threads = [threading.Thread(target=work, args=[number]) for number in range(workers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return CLAIMS / (time.perf_counter() - began), max(slowest)


def main(model: Path, database_url: str | None) -> None:
    """Print everything."""
    cores = len(os.sched_getaffinity(0))
    for n in ATOMS:
        repeats = round((n / 8) ** (1 / 3))
        print(f"{n:6d} atoms: {together(model, repeats, 1, cores):9.0f} atom-steps/s on {cores} threads", flush=True)
    for processes, threads in ((1, 1), (1, cores), (cores, 1), (cores, cores)):
        speed = together(model, 4, processes, threads)
        print(f"{processes} replicas of {threads} threads, 512 atoms: {speed:9.0f} atom-steps/s together", flush=True)
    with rows(database_url):
        for workers in CLAIMERS:
            rate, slowest = claims_a_second(workers)
            print(
                f"{workers:3d} workers: {rate:6.0f} jobs/s taken and ended, slowest claim {slowest:.3f} s", flush=True
            )


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        step_seconds(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
