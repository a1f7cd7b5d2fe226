"""Force constants, modes and trajectories as JSON, with which a confined reader answers: arrays as base64."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.phonon_files.stored import Phonons
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes
from scattering.core.trajectory import Trajectory

_WHOLE: Final = "<i8"
_REAL: Final = "<f8"
_COMPLEX: Final = "<c16"
_SINGLE: Final = "<f4"
"""Displacements, which are many."""
_SINGLE_COMPLEX: Final = "<c8"
MAX_DOUBLE_BYTES: Final = 24 * 1024**2
"""Eigenvectors above are sent in single precision, 6·10⁻⁸, because the answer of a confined reader is limited."""
_TYPES: Final = {"i": _WHOLE, "u": _WHOLE, "f": _REAL, "c": _COMPLEX}


_KINDS: Final[Mapping[type, str]] = {HarmonicCrystal: "constants", PhononModes: "modes", Trajectory: "trajectory"}


def encode(phonons: Phonons) -> dict[str, Any]:
    """Return phonons as JSON."""
    fields = dict(vars(phonons))
    dipoles = fields.pop("dipoles", None)
    return {
        "kind": _KINDS[type(phonons)],
        "fields": {name: _encoded(value) for name, value in fields.items()},
        "dipoles": None if dipoles is None else {name: _encoded(value) for name, value in vars(dipoles).items()},
    }


def decode(stored: dict[str, Any]) -> Phonons:
    """Return the phonons of the JSON of `encode`.

    Raises
    ------
    ValueError
        The arrays do not fit together.
    """
    fields = {name: _decoded(value) for name, value in stored["fields"].items()}
    if stored["kind"] == "modes":
        return PhononModes(**fields)
    if stored["kind"] == "trajectory":
        return Trajectory(**fields)
    dipoles = stored["dipoles"]
    response = None if dipoles is None else DipoleResponse(**{name: _decoded(one) for name, one in dipoles.items()})
    return HarmonicCrystal(**fields, dipoles=response)


def encode_array(value: NDArray[Any]) -> Any:
    """Return an array as JSON."""
    return _encoded(value)


def array_of(stored: Any) -> NDArray[Any]:
    """Return the array of the JSON of `encode_array`."""
    array: NDArray[Any] = _decoded(stored)
    return array


def _encoded(value: NDArray[Any] | tuple[str, ...] | float | None) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, float):
        return value
    kind = _SINGLE if value.dtype == np.float32 else _TYPES[value.dtype.kind]
    if kind == _COMPLEX and value.nbytes > MAX_DOUBLE_BYTES:
        kind = _SINGLE_COMPLEX
    content = base64.b64encode(np.ascontiguousarray(value, dtype=kind).tobytes()).decode("ascii")
    return {"type": kind, "shape": list(value.shape), "base64": content}


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(str, value))
    if value is None or isinstance(value, float):
        return value
    if value["type"] not in (_SINGLE, _SINGLE_COMPLEX, *_TYPES.values()):
        raise ValueError(f"arrays of {value['type']} are not stored")
    # A copy, because arrays made of bytes are read-only
    array = np.frombuffer(base64.b64decode(value["base64"]), dtype=value["type"]).reshape(value["shape"])
    return array.astype(_COMPLEX) if value["type"] == _SINGLE_COMPLEX else array.copy()
