"""`python -m tests.backend.datasets_fuzz FIRST COUNT`: damaged files to the readers, in processes that may end.

HDF5 itself may crash or run in circles on a damaged file, which ends with the process that reads it. Writes a line of
JSON: how many were read, refused, ended that way, and the tracebacks of what else was raised.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable, Sequence

import numpy as np

from backend.datasets.data_file import as_hdf5
from backend.datasets.formats import beamcast_hdf5, mantid_nexus, nxspe
from backend.datasets.formats.reading import Raw
from backend.kit.files.unreadable import Unreadable
from scattering.measured.data import MeasuredMap
from tests.backend import datasets_hdf5 as files

MEMORY_BYTES = 2 * 1024**3
CPU_S = 2
OUTCOMES = ("read", "refused", "raised", "no_memory", "ended")


def sound() -> list[tuple[Callable[[bytes], Sequence[Raw]], bytes]]:
    """A reader and a file that it reads, of each format."""
    values, energy = np.random.default_rng(0).normal(3.0, 1.0, (6, 20)), np.linspace(-5.0, 90.0, 21)
    q, error = np.arange(7.0), np.abs(values)
    packed = {"compression": "gzip", "chunks": (2, 7), "shuffle": True, "fletcher32": True}
    units = ("DeltaE", "MomentumTransfer")
    return [
        (nxspe.read, files.nxspe(10.0 * q[:6] + 5, energy, values, error, stored=packed)),
        (mantid_nexus.read, files.mantid(values, error, energy, q, units=units, logs={"Ei": (95.0, "meV")})),
        (beamcast_hdf5.read, as_hdf5(MeasuredMap(q, energy, values, error), {"title": "a map", "instrument": "MARI"})),
    ]


def damaged(content: bytes, seed: int) -> bytes:
    """One to eight places of a file overwritten, or one time in ten its end cut off."""
    rng = np.random.default_rng(seed)
    broken = bytearray(content)
    if rng.random() < 0.1:
        return bytes(broken[: rng.integers(8, len(broken))])
    for _ in range(rng.integers(1, 9)):
        at, length = int(rng.integers(8, len(broken))), int(rng.integers(1, 9))
        kind = rng.random()
        if kind < 0.3:
            broken[at] ^= 1 << int(rng.integers(8))
        else:
            noise = b"\xff" * length if kind < 0.6 else rng.bytes(length)
            broken[at : at + length] = noise[: len(broken) - at]
    return bytes(broken)


def outcome(read: Callable[[bytes], Sequence[Raw]], content: bytes) -> int:
    """What becomes of one file, in this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        read(content)
    except Unreadable:
        return OUTCOMES.index("refused")
    except MemoryError:
        return OUTCOMES.index("no_memory")
    except Exception:
        traceback.print_exc()
        return OUTCOMES.index("raised")
    return OUTCOMES.index("read")


def outcomes(read: Callable[[bytes], Sequence[Raw]], contents: Sequence[bytes]) -> list[str]:
    """What becomes of files: one process after the other reads on behind the file that ended the one before."""
    found: list[str] = []
    while len(found) < len(contents):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for content in contents[len(found) :]:
                os.write(writing, bytes([outcome(read, content)]))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            found += [OUTCOMES[code] for code in answer.read()]
        os.waitpid(child, 0)
        if len(found) < len(contents):
            found.append("ended")
    return found


def main(first: int, count: int) -> None:
    """Damage every format's file with `count` seeds."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for read, content in sound():
        assert read(content)
        for number, name in enumerate(outcomes(read, [damaged(content, first + n) for n in range(count)])):
            counts[name] += 1
            if name in ("raised", "ended"):
                print(f"{read.__module__} seed {first + number}: {name}", file=sys.stderr)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
