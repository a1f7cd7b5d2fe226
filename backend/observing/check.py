"""`python -m backend.observing.check`: check whether an untrusted file of partials can be observed.

Runs confined (`kit.files.confined`). The arrays of the layout are checked before HDF5 reads them
(`backend.kit.files.hdf5_guard`). Then the file is read and observed once, as views will do later.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import h5py
from h5py import h5d, h5t

from backend.kit.files import confined, parsed_notices
from backend.kit.files.hdf5_guard import checked_storage, has_plain_numbers, open_hdf5
from backend.kit.files.unreadable import Unreadable
from backend.kit.http.errors import unprocessable
from backend.observing.samplings import observation
from backend.phonon_files import harmonic_crystal_file
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.observe.spectrum import View

MEMORY_BYTES = 4 * 1024**3
MAX_ARRAY_BYTES = 1024**3
"""Limit of all arrays together, unpacked: the server holds them in memory for a view."""
MAX_TEXTS = 10_000
TEXTS = ("species", "pair", "label", "tick_label", *harmonic_crystal_file.TEXTS)
NUMBERS = ("tick_distance", *harmonic_crystal_file.NUMBERS)


def main(arguments: list[str] | None = None) -> None:
    """Check the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampling", required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(Path(confined.INPUT), options.sampling))


def as_json(path: Path, sampling: str) -> str:
    """Return the facts that `check` finds, or the notice of the refusal as `error`."""
    try:
        return json.dumps(check(path, sampling), allow_nan=False)
    except (ValueError, TypeError, ArithmeticError) as error:
        (notice,) = parsed_notices.to_json([_notice_of(error, path)])
        return json.dumps({"error": notice})


def _notice_of(error: Exception, path: Path) -> Notice:
    if isinstance(error, ScatteringError):
        return unprocessable(error).notice
    if isinstance(error, Unreadable):
        return error.notice
    return Notice("invalid_partials", {"file": path.name, "error": str(error)})


def check(path: Path, sampling: str) -> dict[str, Any]:
    """Return `species`, `temperature_k`, `isotopes` and `statistics` of a file of partials that can be observed.

    Raises
    ------
    Unreadable, ScatteringError, ValueError, TypeError, ArithmeticError
        The file cannot be read or observed.
    """
    kind = observation(sampling)
    _check_file(path, (*kind.layout.units, *NUMBERS))
    partials = kind.layout.read(path)
    kind.observe(partials, View())
    if not math.isfinite(partials.temperature):
        raise Unreadable(Notice("partials_without_temperature"))
    return {
        "species": list(partials.species),
        "temperature_k": partials.temperature,
        "isotopes": partials.isotopes,
        "statistics": str(partials.statistics),
    }


def _check_file(path: Path, numbers: tuple[str, ...]) -> None:
    size = 0
    with open_hdf5(path.read_bytes()) as root:
        for name in (*numbers, *TEXTS):
            dataset = checked_storage(root, name)
            if not isinstance(dataset, h5d.DatasetID):
                continue
            kind, count = dataset.get_type(), math.prod(h5py.Dataset(dataset).shape)
            if name in TEXTS:
                if kind.get_class() != h5t.STRING or count > MAX_TEXTS:
                    raise Unreadable(Notice("array_without_names", {"array": name, "maximum": MAX_TEXTS}))
            elif not has_plain_numbers(dataset):
                raise Unreadable(Notice("array_without_numbers", {"array": name}))
            size += count * kind.get_size()
    if size > MAX_ARRAY_BYTES:
        raise Unreadable(Notice("partials_too_large", {"maximum_mib": MAX_ARRAY_BYTES / 2**20}))


if __name__ == "__main__":
    main()
