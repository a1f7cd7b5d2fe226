"""Common parts of files of spectra: a line with its error, a map, and their description."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from backend.kit.files.csv_text import cell, comment, json_comment
from backend.kit.files.nexus import nexus_data, put
from backend.kit.http.notices import NoticeOut
from backend.wording import messages
from scattering.core.notices import Notice

SpectrumT = TypeVar("SpectrumT", contravariant=True)
Writer = Callable[[SpectrumT, Mapping[str, Any]], bytes]
"""Function of a spectrum and its description that returns a file."""


class Line(Protocol):
    """Intensity against energy: of a spectrum, or of a cut along a path. All shapes (n,), energies in meV."""

    @property
    def energy(self) -> NDArray[np.float64]: ...
    @property
    def intensity(self) -> NDArray[np.float64]: ...
    @property
    def error(self) -> NDArray[np.float64] | None: ...


def json_of(line: Line, unit: str, image: Mapping[str, NDArray[Any]], notices: Sequence[Notice], **more: Any) -> bytes:
    """Return the body of a spectrum.

    It is written without a pydantic model, which takes seconds for 100 000 numbers.

    Parameters
    ----------
    line, unit
        Intensities and their unit; NaN becomes null.
    image
        Name → array of the map.
    notices
        Notices of the spectrum.
    more
        Other fields of the body.
    """
    body = {
        "energy_mev": line.energy.tolist(),
        "intensity": line.intensity.tolist(),
        "standard_error": None if line.error is None else line.error.tolist(),
        "unit": unit,
        "map": {name: values.tolist() for name, values in image.items()},
        **more,
        "warnings": messages(notices),
        "notices": [NoticeOut.of(one).model_dump() for one in notices],
    }
    return to_json(body, inf_nan_mode="null")


def csv_of(
    line: Line, more: Mapping[str, NDArray[Any]], unit: str, about: Mapping[str, Any], notices: Sequence[Notice]
) -> bytes:
    """Return CSV with a row for each energy. Lines with `#` describe the columns."""
    columns = {"energy_mev": line.energy, "intensity": line.intensity}
    if line.error is not None:
        columns["standard_error"] = line.error
    columns |= more
    text = io.StringIO(newline="")
    for row in (comment(unit), json_comment(about), *map(comment, messages(notices))):
        text.write(f"# {row}\r\n")
    writer = csv.writer(text)
    writer.writerow(map(cell, columns))
    writer.writerows([f"{value:.8g}" for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def put_line(entry: Any, line: Line, unit: str) -> Any:
    """Write the group `spectrum` of a NeXus entry, and return it."""
    group = nexus_data(entry, "spectrum", {"energy": ("meV", line.energy)})
    put(group, "intensity", line.intensity, unit)
    if line.error is not None:
        put(group, "intensity_errors", line.error, unit)
    return group
