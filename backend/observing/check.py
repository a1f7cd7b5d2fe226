"""`python -m backend.observing.check`: whether a file of partials that somebody brings can be looked at.

Runs confined (`kit.files.confined`). What is named in the layout is looked at before HDF5 reads
it (`backend.kit.files.hdf5_guard`); then it is read and observed once, as it will be later.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import h5py
from h5py import h5d, h5t

from backend.kit.files import confined
from backend.kit.files.hdf5_guard import checked_storage, opened
from backend.kit.files.unreadable import Unreadable
from backend.kit.http.errors import unprocessable
from backend.observing.array_file import UnreadablePartials
from backend.observing.samplings import observation
from scattering.core.errors import ScatteringError
from scattering.observe.spectrum import View

MEMORY_BYTES = 4 * 1024**3
MAX_ARRAY_BYTES = 1024**3
"""All arrays together, unpacked: the server holds as many in memory when somebody looks."""
MAX_TEXTS = 10_000
TEXTS = ("species", "pair", "label", "tick_label")
NUMBERS = ("tick_distance",)


def main(arguments: list[str] | None = None) -> None:
    """Look at the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampling", required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(Path(confined.INPUT), options.sampling))


def as_json(path: Path, sampling: str) -> str:
    """What `check` finds, or its refusal as `error`."""
    try:
        return json.dumps(check(path, sampling), allow_nan=False)
    except ScatteringError as error:
        return json.dumps({"error": unprocessable(error).detail})
    except (Unreadable, UnreadablePartials, ValueError, TypeError, ArithmeticError) as error:
        return json.dumps({"error": str(error)})


def check(path: Path, sampling: str) -> dict[str, Any]:
    """What partials are of: `species`, `temperature_k`, `statistics`.

    Raises
    ------
    Unreadable, UnreadablePartials, ScatteringError, ValueError
        They cannot be looked at.
    """
    kind = observation(sampling)
    _check_file(path, (*kind.layout.units, *NUMBERS))
    partials = kind.layout.read(path)
    kind.observe(partials, View())
    if not math.isfinite(partials.temperature):
        raise ValueError("the temperature is not finite")
    return {
        "species": list(partials.species),
        "temperature_k": partials.temperature,
        "statistics": str(partials.statistics),
    }


def _check_file(path: Path, numbers: tuple[str, ...]) -> None:
    size = 0
    with opened(path.read_bytes()) as root:
        for name in (*numbers, *TEXTS):
            dataset = checked_storage(root, name)
            if not isinstance(dataset, h5d.DatasetID):
                continue
            kind, count = dataset.get_type(), math.prod(h5py.Dataset(dataset).shape)
            if name in TEXTS:
                if kind.get_class() != h5t.STRING or count > MAX_TEXTS:
                    raise Unreadable(f"“{name}” holds no names, or too many.")
            elif kind.get_class() not in (h5t.INTEGER, h5t.FLOAT) or kind.get_size() > 8:
                raise Unreadable(f"“{name}” does not hold plain numbers.")
            size += count * kind.get_size()
    if size > MAX_ARRAY_BYTES:
        raise Unreadable(f"The arrays are larger than the {MAX_ARRAY_BYTES // 1024**2} MiB that are taken.")


if __name__ == "__main__":
    main()
