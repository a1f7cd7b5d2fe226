"""Read a file of measured data in a confined process (`kit.files.confined`), and write its contents as JSON.

Arrays are base64 of 64-bit floats within the JSON: exact, also for NaN, and with a known size of 10.7 bytes a number
(as text up to 25). `MAX_POINTS` therefore keeps the answer within the limit of `confined`: 5 arrays of a spectrum or 2
of a map have at most 54 MB.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from backend.datasets import suggestions
from backend.datasets.cleaning import clean_spectrum
from backend.datasets.cleaning_map import clean_map
from backend.datasets.conditions import Conditions, Statements, conditions
from backend.datasets.formats import FORMATS, HEAD_BYTES, Format, format_of
from backend.datasets.formats.reading import MAX_POINTS, Raw, RawMap, RawSpectrum, XUnit
from backend.kit.files import confined, parsed_notices
from backend.kit.files.unreadable import Unreadable
from scattering.core.errors import FieldError, InvalidFields, ScatteringError, UnknownInstrument, field_error
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from scattering.measured.units import energy_from

MEMORY_BYTES = 2 * 1024**3
MAX_SPECTRUM_POINTS = MAX_POINTS // 2
"""A spectrum has five arrays, a map two."""


class Request(TypedDict):
    """The spectrum to read, and the statements of the user."""

    file_name: str
    format: str | None
    spectrum: int
    statements: Statements


class Refused(Unreadable):
    """A field that the user must fill in, or has filled in wrongly; `loc` is the field."""

    def __init__(self, loc: str, wrong: Notice) -> None:
        super().__init__(wrong)
        self.loc = loc


def main(arguments: list[str] | None = None) -> None:
    """Read the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--request", type=json.loads, required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(Path(confined.INPUT).read_bytes(), options.request))


def as_json(data: bytes, request: Request) -> str:
    """Return the result of `parse`, or `errors`, one for each invalid field."""
    try:
        return json.dumps(parse(data, request), allow_nan=False)
    except (Unreadable, ScatteringError) as error:
        return json.dumps({"errors": _problems(error)})


def parse(data: bytes, request: Request) -> dict[str, Any]:
    """Return `format`, `contents` (facts about each spectrum or map), and the selected one as `measured`.

    `measured` is null if the user must first state something; `problems` names it.

    Raises
    ------
    Unreadable
        The file has no readable data, or not the selected spectrum.
    ScatteringError
        The statements of the user about the instrument are wrong.
    """
    fmt = _format(data, request)
    found = fmt.read(data)
    index = request["spectrum"]
    if not 0 <= index < len(found):
        raise Refused("spectrum", Notice("no_such_spectrum", {"index": index, "n_spectra": len(found)}))
    statements = request["statements"]
    contents = [_facts(number, raw, request, selected=number == index) for number, raw in enumerate(found)]
    answer: dict[str, Any] = {"format": fmt.name, "contents": contents, "measured": None, "problems": []}
    try:
        measured, notices = _clean(found[index], statements)
    except (Unreadable, ScatteringError) as error:
        answer["problems"] = _problems(error)
    else:
        contents[index] |= _of_measured(measured)
        contents[index]["notices"] = parsed_notices.to_json(
            [*parsed_notices.from_json(contents[index]["notices"]), *notices]
        )
        answer["measured"] = encode(measured)
    return answer


def _format(data: bytes, request: Request) -> Format:
    asked = request["format"]
    if asked is None:
        return format_of(request["file_name"], data[:HEAD_BYTES])
    if asked not in FORMATS:
        raise Refused("format", Notice("unknown_data_format", {"format": asked[:40], "formats": list(FORMATS)}))
    return FORMATS[asked]


def _clean(raw: Raw, statements: Statements) -> tuple[MeasuredSpectrum | MeasuredMap, list[Notice]]:
    unit = statements.get("x_unit") or raw.x_unit
    if unit is None:
        raise Refused("x_unit", Notice("axis_unit_not_stated"))
    known = conditions(statements, raw.stated)
    geometry = _geometry(raw, known)
    energy = known.working_energy_mev
    by_angle = isinstance(raw, RawMap) and raw.kind == "angle"
    if unit == "angstrom" or by_angle:
        axis = {"axis": "wavelength" if unit == "angstrom" else "angle"}
        if geometry is None:
            raise Refused("instrument", Notice("spectrometer_not_stated", axis))
        if energy is None:
            raise Refused("fixed_energy_mev", Notice("fixed_energy_not_stated", axis))
    if isinstance(raw, RawMap):
        measured_map, notices = clean_map(raw, unit, fixed_energy_mev=energy, geometry=geometry)
        if measured_map.intensity.size > MAX_POINTS:
            raise Unreadable(
                Notice("too_many_map_bins", {"n_bins": measured_map.intensity.size, "max_bins": MAX_POINTS})
            )
        return measured_map, notices
    measured, notices = clean_spectrum(raw, unit, fixed_energy_mev=energy, geometry=geometry)
    if len(measured.energy) > MAX_SPECTRUM_POINTS:
        raise Unreadable(
            Notice("too_many_spectrum_points", {"n_points": len(measured.energy), "max_points": MAX_SPECTRUM_POINTS})
        )
    return measured, notices


def _geometry(raw: Raw, known: Conditions) -> Any:
    return known.geometry or (raw.geometry if isinstance(raw, RawMap) else None)


def _facts(index: int, raw: Raw, request: Request, *, selected: bool) -> dict[str, Any]:
    """Return the facts about one spectrum or map of the file, for a preview."""
    statements = request["statements"]
    known = conditions(statements, raw.stated)
    unit: XUnit | None = statements.get("x_unit") or raw.x_unit
    notices = [*raw.notices, *known.notices]
    if selected and raw.x_unit is not None and unit != raw.x_unit:
        units = {"stated": raw.x_unit, "recognised_by": raw.recognised_by, "used": unit}
        notices.append(Notice("unit_overridden", units))
    return {
        "index": index,
        "title": parsed_notices.printable(raw.stated.title, 400),
        "kind": "1d" if isinstance(raw, RawSpectrum) else "2d",
        "n_points": int(raw.y.size),
        "x_unit": unit,
        "x_unit_recognised": raw.x_unit is not None,
        "recognised_by": parsed_notices.printable(raw.recognised_by, 200),
        "y_unit": parsed_notices.printable(raw.y_unit, 100),
        "has_errors": raw.error is not None,
        "energy_range_mev": _energy_range(raw, unit, known),
        "q_range_inv_angstrom": _q_range(raw),
        "instrument": known.instrument,
        "settings": known.settings,
        "fixed_energy_mev": known.fixed_energy_mev,
        **known.run.model_dump(),
        "notices": parsed_notices.to_json(notices),
        "suggestions": _suggestions(raw, request, known) if selected else [],
    }


def _suggestions(raw: Raw, request: Request, known: Conditions) -> list[dict[str, Any]]:
    found = suggestions.suggest(raw, request["statements"], known, request["file_name"])
    reasons = parsed_notices.to_json(one.reason for one in found)
    return [
        {"field": one.field, "value": one.value, "reason": reason} for one, reason in zip(found, reasons, strict=True)
    ]


def _energy_range(raw: Raw, unit: XUnit | None, known: Conditions) -> list[float] | None:
    finite = raw.x[np.isfinite(raw.x)]
    if unit is None or not finite.size:
        return None
    try:
        ends = energy_from(
            np.array([finite.min(), finite.max()]),
            unit,
            fixed_energy_mev=known.working_energy_mev,
            geometry=_geometry(raw, known),
        )
    except ValueError:
        return None
    return sorted(ends.tolist()) if np.isfinite(ends).all() else None


def _q_range(raw: Raw) -> list[float] | None:
    if isinstance(raw, RawSpectrum) or raw.kind == "angle":
        return None
    finite = raw.across[np.isfinite(raw.across)]
    return [float(finite.min()), float(finite.max())] if finite.size else None


def _of_measured(measured: MeasuredSpectrum | MeasuredMap) -> dict[str, Any]:
    """Return the facts that are known of clean data."""
    return {
        "n_points": int(np.isfinite(measured.intensity).sum()),
        "has_errors": measured.error is not None,
        "energy_range_mev": measured.energy[[0, -1]].tolist(),
        "q_range_inv_angstrom": measured.q[[0, -1]].tolist() if isinstance(measured, MeasuredMap) else None,
    }


def encode(measured: MeasuredSpectrum | MeasuredMap) -> dict[str, Any]:
    """Return clean data as JSON, with arrays as base64."""
    arrays = {name: values for name, values in vars(measured).items() if values is not None}
    return {
        "kind": "1d" if isinstance(measured, MeasuredSpectrum) else "2d",
        "arrays": {
            name: {
                "shape": list(values.shape),
                "base64": base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode("ascii"),
            }
            for name, values in arrays.items()
        },
    }


def decode(answer: dict[str, Any]) -> MeasuredSpectrum | MeasuredMap:
    """Return the data from the JSON of `encode`.

    Raises
    ------
    ValueError
        The JSON is not from `encode`.
    """
    try:
        arrays = {name: _array(values) for name, values in answer["arrays"].items()}
        arrays.setdefault("error", None)  # type: ignore[arg-type]
        return MeasuredSpectrum(**arrays) if answer["kind"] == "1d" else MeasuredMap(**arrays)
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError(f"no measured data: {error}") from error


def _array(values: dict[str, Any]) -> NDArray[np.float64]:
    # A copy, because arrays made of bytes are read-only and not aligned
    return np.frombuffer(base64.b64decode(values["base64"]), dtype="<f8").reshape(values["shape"]).astype(np.float64)


def _problems(error: Exception) -> Sequence[FieldError]:
    if isinstance(error, InvalidFields):
        return error.errors
    if isinstance(error, UnknownInstrument):
        return [field_error("instrument", error.notice)]
    if isinstance(error, Unreadable | ScatteringError):
        (notice,) = parsed_notices.to_json([error.notice])
        return [field_error(error.loc if isinstance(error, Refused) else "file", Notice.from_json(notice))]
    raise error


if __name__ == "__main__":
    main()
