"""A large trajectory: reading and analysing it, beside its frames alone, the bare transforms, and dynasor's reader.

Rock salt of 4096 atoms moves by a few waves; the file is extended XYZ with 9 digits. Seconds are of the processor.
The reader runs in this process, and not in a confined one, so that its time and memory are seen.

`python -m benchmarks.trajectory [MB] [FILE]` makes a file of so many megabytes (1000), or takes one made before.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from dynasor import Trajectory as DynasorTrajectory

from backend.phonon_files import trajectory_file
from backend.phonon_files.stored import TRAJECTORY_FILE
from backend.sources import parse
from backend.sources.formats.reading import UploadedFile
from backend.sources.formats.trajectories import xyz
from backend.sources.formats.trajectories.frames import text_frames
from backend.sources.streaming import FrameReceiver, FrameWriter
from scattering.core.notices import Notice
from scattering.options.case import Case
from scattering.options.registry import find_kind
from workers.simulations import powder_analysis, registry
from workers.simulations.simulation import Simulation

TEMPERATURE_K: Final = 300.0
FRAME_FS: Final = 20.0
N_WAVES: Final = 4
AMPLITUDE_ANGSTROM: Final = 0.08
ENERGIES_MEV: Final = (5.0, 30.0)
PEER_FRAMES: Final = 200


class Silent:
    """A progress that nobody follows."""

    def stage(self, stage: Notice, *, until: float) -> None:
        """Do nothing."""

    def update(self, share: float) -> None:
        """Do nothing."""


class Direct:
    """A stream whose bytes a receiver takes."""

    def __init__(self, receiver: FrameReceiver) -> None:
        self.write = receiver.take

    def flush(self) -> None:
        """Do nothing."""


def main() -> None:
    """Print the figures."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 1000.0
    with tempfile.TemporaryDirectory(prefix="beamcast-") as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else _write(Path(folder) / "movie.xyz", megabytes)
        _measure(path, Path(folder))


def _write(path: Path, megabytes: float) -> Path:
    atoms = bulk("NaCl", "rocksalt", a=5.64, cubic=True).repeat(8)
    rng = np.random.default_rng(1)
    shape = (N_WAVES, *atoms.positions.shape)
    rates = rng.uniform(*ENERGIES_MEV, shape) / 4.135667 * 2e-3 * np.pi
    phases = rng.uniform(0, 2 * np.pi, shape)
    line = "".join(f"{symbol} %.9g %.9g %.9g\n" for symbol in atoms.symbols)
    box = " ".join(f"{value:g}" for value in atoms.cell.array.ravel())
    with path.open("w") as file:
        number = 0
        while file.tell() < megabytes * 1e6:
            moved = AMPLITUDE_ANGSTROM * np.cos(rates * number * FRAME_FS + phases).sum(axis=0)
            time_fs = number * FRAME_FS
            file.write(f'{len(atoms)}\nLattice="{box}" Properties=species:S:1:pos:R:3 Time={time_fs}\n')
            file.write(line % tuple((atoms.positions + moved).ravel()))
            number += 1
    return path


def _measure(path: Path, folder: Path) -> None:
    hundreds = path.stat().st_size / 1e8
    print(f"{path.name}: {hundreds * 100:.0f} MB")
    file = UploadedFile(path.name, path)
    with _processor() as bare:
        n_frames = sum(1 for _ in text_frames(file, xyz.read_frames))
    print(f"frames alone, {n_frames}: {bare():.1f} s, {bare() / hundreds:.2f} s for 100 MB")

    receiver = FrameReceiver(folder)
    stream: Any = Direct(receiver)
    frames = FrameWriter(stream)
    request = parse.Request(
        file_names=[path.name], format=None, statements={}, keep=True, max_trajectory_bytes=2 * path.stat().st_size
    )
    with _processor() as ours:
        frames.contents(json.dumps(parse.parse([file], request, frames)))
        receiver.save(folder)
    receiver.close()
    print(f"reading and storing: {ours():.1f} s, {ours() / hundreds:.2f} s for 100 MB")
    print(f"largest resident set: {_resident_mb():.0f} MB")

    given = trajectory_file.load(folder / TRAJECTORY_FILE)
    atoms = Atoms(given.symbols, positions=given.sites, cell=given.cell, pbc=True)
    case = Case(
        numbers=atoms.numbers, positions=atoms.positions, cell=given.cell, temperature=TEMPERATURE_K,
        instruments=("MAPS",), quality="preview", engines=("",), frames=(given.n_frames, given.frame_interval_fs),
    )  # fmt: skip
    options: Any = find_kind("md", "powder", given=True).options.fill({}, case)
    simulation = Simulation(atoms, options, TEMPERATURE_K, None, "", trajectory=given)
    progress: Any = Silent()
    transforms = [_timed(powder_analysis, name) for name in ("collective_functions", "shell_functions")]
    with _processor() as analysis:
        registry.workflow_of_trajectory("powder").run(simulation, progress=progress)
    bare_s = bare() + sum(map(sum, transforms))
    print(
        f"analysis, {options.n_q_points} wave vectors: {analysis():.1f} s, of which transforms {bare_s - bare():.1f} s"
    )
    print(f"all beside frames alone and bare transforms: {(ours() + analysis()) / bare_s:.2f} times")
    print(f"largest resident set: {_resident_mb():.0f} MB, with the mapped displacements")
    with _processor() as peer:
        for _ in islice(DynasorTrajectory(str(path), trajectory_format="extxyz"), PEER_FRAMES):
            pass
    part = hundreds * PEER_FRAMES / n_frames
    print(f"dynasor's reader, {PEER_FRAMES} frames: {peer() / part:.2f} s for 100 MB")


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(module: Any, name: str) -> list[float]:
    """Replace a function of a module by itself with a clock, and return the seconds of its calls."""
    seconds: list[float] = []
    function = getattr(module, name)

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.process_time()
        result = function(*arguments, **options)
        seconds.append(time.process_time() - began)
        return result

    setattr(module, name, timed)
    return seconds


@contextmanager
def _processor() -> Iterator[Callable[[], float]]:
    """Measure seconds of the processor."""
    began, end = time.process_time(), list[float]()
    yield lambda: (end[0] if end else time.process_time()) - began
    end.append(time.process_time())


if __name__ == "__main__":
    main()
