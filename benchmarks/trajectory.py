"""A large trajectory: reading and analysing it, beside its frames alone, the bare transforms, and dynasor's reader.

Rock salt of 4096 atoms moves by a few waves. Extended XYZ has 9 digits, a LAMMPS dump unwrapped positions of 9 digits,
and an XTC steps of 10⁻⁵ nm, with its topology as GRO. Seconds are of the processor. The reader runs in this process,
and not in a confined one, so that its time and memory are seen.

`python -m benchmarks.trajectory [FORMAT] [MB]`: FORMAT is `extxyz` (default), `lammps-dump` or `xtc`; MB is 1000.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import write
from dynasor import Trajectory as DynasorTrajectory
from numpy.typing import NDArray

from backend.phonon_files import trajectory_file
from backend.phonon_files.stored import TRAJECTORY_FILE
from backend.sources import parse
from backend.sources.formats.reading import Statements, UploadedFile
from backend.sources.formats.trajectories import lammps, xyz
from backend.sources.formats.trajectories.frames import FrameIterator, text_frames
from backend.sources.formats.trajectories.with_topology import gromacs
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
XTC_PRECISION: Final = 1e5
"""Steps in a nanometre."""
WATCH_S: Final = 0.05


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


@dataclass(frozen=True)
class Written:
    """Files of a trajectory, their frames alone, and the name that dynasor has for the format."""

    paths: list[Path]
    statements: Statements
    frames: Callable[[list[UploadedFile]], FrameIterator]
    peer_format: str


def main() -> None:
    """Print the figures."""
    name = sys.argv[1] if len(sys.argv) > 1 else "extxyz"
    megabytes = float(sys.argv[2]) if len(sys.argv) > 2 else 1000.0
    with tempfile.TemporaryDirectory(prefix="beamcast-") as folder:
        _measure(WRITERS[name](Path(folder), megabytes), Path(folder))


def _crystal() -> Atoms:
    return bulk("NaCl", "rocksalt", a=5.64, cubic=True).repeat(8)


def _motion(atoms: Atoms) -> Iterator[NDArray[np.float64]]:
    """Yield the positions of the atoms, frame by frame."""
    rng = np.random.default_rng(1)
    shape = (N_WAVES, *atoms.positions.shape)
    rates = rng.uniform(*ENERGIES_MEV, shape) / 4.135667 * 2e-3 * np.pi
    phases = rng.uniform(0, 2 * np.pi, shape)
    for number in count():
        yield atoms.positions + AMPLITUDE_ANGSTROM * np.cos(rates * number * FRAME_FS + phases).sum(axis=0)


def _write_extxyz(folder: Path, megabytes: float) -> Written:
    atoms, path = _crystal(), folder / "movie.xyz"
    line = "".join(f"{symbol} %.9g %.9g %.9g\n" for symbol in atoms.symbols)
    box = " ".join(f"{value:g}" for value in atoms.cell.array.ravel())
    with path.open("w") as file:
        for number, positions in enumerate(_motion(atoms)):
            if file.tell() > megabytes * 1e6:
                break
            time_fs = number * FRAME_FS
            file.write(f'{len(atoms)}\nLattice="{box}" Properties=species:S:1:pos:R:3 Time={time_fs}\n')
            file.write(line % tuple(positions.ravel()))
    return Written([path], {}, lambda files: text_frames(files[0], xyz.read_frames), "extxyz")


def _write_lammps(folder: Path, megabytes: float) -> Written:
    atoms, path = _crystal(), folder / "dump.lammpstrj"
    types = {"Na": 1, "Cl": 2}
    line = "".join(f"{atom} {types[symbol]} %.9g %.9g %.9g\n" for atom, symbol in enumerate(atoms.symbols, start=1))
    box = "".join(f"0 {length:g}\n" for length in atoms.cell.lengths())
    with path.open("w") as file:
        for number, positions in enumerate(_motion(atoms)):
            if file.tell() > megabytes * 1e6:
                break
            head = f"ITEM: TIMESTEP\n{number}\nITEM: NUMBER OF ATOMS\n{len(atoms)}\nITEM: BOX BOUNDS pp pp pp\n{box}"
            file.write(f"{head}ITEM: ATOMS id type xu yu zu\n")
            file.write(line % tuple(positions.ravel()))
    stated = Statements(species={"1": "Na", "2": "Cl"}, time_step_fs=FRAME_FS)
    return Written([path], stated, lambda files: text_frames(files[0], lammps.read_frames), "lammps_internal")


def _write_xtc(folder: Path, megabytes: float) -> Written:
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

    atoms, path, topology = _crystal(), folder / "traj.xtc", folder / "conf.gro"
    with XTCFile(str(path), "w") as file:
        box = (atoms.cell.array / 10).astype(np.float32)
        for number, positions in enumerate(_motion(atoms)):
            if path.stat().st_size > megabytes * 1e6:
                break
            file.write((positions / 10).astype(np.float32), box, number, number * FRAME_FS * 1e-3, XTC_PRECISION)
    write(topology, atoms, format="gromacs")
    stated = Statements(species={"Na": "Na", "Cl": "Cl", "NA": "Na", "CL": "Cl"})
    return Written([path, topology], stated, lambda files: gromacs.read_xtc({"xtc": files[0], "gro": files[1]}), "xtc")


WRITERS: Final = {"extxyz": _write_extxyz, "lammps-dump": _write_lammps, "xtc": _write_xtc}


def _measure(written: Written, folder: Path) -> None:
    path = written.paths[0]
    hundreds = path.stat().st_size / 1e8
    print(f"{path.name}: {hundreds * 100:.0f} MB", flush=True)
    files = [UploadedFile(path.name, path) for path in written.paths]
    with _processor() as bare:
        n_frames = sum(1 for _ in written.frames(files))
    print(f"frames alone, {n_frames}: {bare():.1f} s, {bare() / hundreds:.2f} s for 100 MB", flush=True)

    receiver = FrameReceiver(folder)
    stream: Any = Direct(receiver)
    frames = FrameWriter(stream)
    request = parse.Request(
        file_names=[path.name for path in written.paths],
        format=None,
        statements=written.statements,
        keep=True,
        max_trajectory_bytes=2 * path.stat().st_size,
    )
    with _processor() as ours, _memory() as peak:
        frames.contents(json.dumps(parse.parse(files, request, frames)))
        receiver.save(folder)
    receiver.close()
    print(
        f"reading and storing: {ours():.1f} s, {ours() / hundreds:.2f} s for 100 MB; memory {peak():.0f} MB", flush=True
    )

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
    with _processor() as analysis, _memory() as peak:
        registry.workflow_of_trajectory("powder").run(simulation, progress=progress)
    transforms_s = sum(map(sum, transforms))
    print(
        f"analysis, {options.n_q_points} wave vectors: {analysis():.1f} s, of which transforms {transforms_s:.1f} s; "
        f"memory {peak():.0f} MB, {_resident_mb():.0f} MB with the mapped displacements"
    )
    print(
        f"all over frames alone and bare transforms: {(ours() + analysis()) / (bare() + transforms_s):.2f}", flush=True
    )
    with _processor() as peer:
        for _ in islice(DynasorTrajectory(str(path), trajectory_format=written.peer_format), PEER_FRAMES):
            pass
    part = hundreds * PEER_FRAMES / n_frames
    print(f"dynasor's reader, {PEER_FRAMES} frames: {peer() / part:.2f} s for 100 MB")


@contextmanager
def _memory() -> Iterator[Callable[[], float]]:
    """Watch the memory of this process that no file backs, and return its largest size in MB."""
    stop, largest = threading.Event(), [0.0]

    def watch() -> None:
        while not stop.wait(WATCH_S):
            status = Path("/proc/self/status").read_text()
            anonymous = float(status.split("RssAnon:")[1].split()[0]) / 1024
            largest[0] = max(largest[0], anonymous)

    thread = threading.Thread(target=watch)
    thread.start()
    yield lambda: largest[0]
    stop.set()
    thread.join()


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
