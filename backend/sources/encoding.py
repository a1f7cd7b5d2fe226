"""Force constants and modes as JSON, with which a confined reader answers: arrays as base64 of 64-bit numbers."""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes

Phonons = HarmonicCrystal | PhononModes
"""What a source stores: force constants, or modes."""

_WHOLE: Final = "<i8"
_REAL: Final = "<f8"
_COMPLEX: Final = "<c16"
_TYPES: Final = {"i": _WHOLE, "u": _WHOLE, "f": _REAL, "c": _COMPLEX}


def encode(phonons: Phonons) -> dict[str, Any]:
    """Return phonons as JSON."""
    fields = dict(vars(phonons))
    dipoles = fields.pop("dipoles", None)
    return {
        "kind": "constants" if isinstance(phonons, HarmonicCrystal) else "modes",
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
    dipoles = stored["dipoles"]
    response = None if dipoles is None else DipoleResponse(**{name: _decoded(one) for name, one in dipoles.items()})
    return HarmonicCrystal(**fields, dipoles=response)


def _encoded(value: NDArray[Any] | tuple[str, ...]) -> Any:
    if isinstance(value, tuple):
        return list(value)
    kind = _TYPES[value.dtype.kind]
    content = base64.b64encode(np.ascontiguousarray(value, dtype=kind).tobytes()).decode("ascii")
    return {"type": kind, "shape": list(value.shape), "base64": content}


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(str, value))
    if value["type"] not in _TYPES.values():
        raise ValueError(f"arrays of {value['type']} are not stored")
    # A copy, because arrays made of bytes are read-only
    return np.frombuffer(base64.b64decode(value["base64"]), dtype=value["type"]).reshape(value["shape"]).copy()
