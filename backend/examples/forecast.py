"""The forecast that ships with the package: its record (JSON) and its partials (HDF5, compact).

`python -m workers.example_forecast` makes both files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from backend.observing.layouts import COMPACT
from backend.observing.partials_cache import PartialsCache
from scattering.core.compact import expand
from scattering.core.notices import Notice
from scattering.core.partials import Partials

FOLDER: Final = Path(__file__).parent
RECORD: Final = "forecast.json"
PARTIALS: Final = "forecast.h5"


@dataclass(frozen=True)
class ExampleForecast:
    """Request and provenance of the forecast.

    Attributes
    ----------
    structure
        Name of the built-in structure.
    structure_sha256, potential_sha256, partials_sha256
        Checksums of the files of the structure, of the potential, and of the compact partials.
    beamcast
        Version of Beamcast that made the forecast.
    potential, method, sampling, quality, temperature_k, instruments, options, warnings, provenance, finished_at
        As in the row of a prediction.
    """

    structure: str
    structure_sha256: str
    potential: str
    potential_sha256: str
    method: str
    sampling: str
    quality: str
    temperature_k: float
    instruments: tuple[str, ...]
    options: Mapping[str, Any]
    warnings: tuple[Notice, ...]
    provenance: Mapping[str, Any]
    beamcast: str
    finished_at: datetime
    partials_sha256: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a record that `write` wrote."""
        stored = json.loads(path.read_text("utf-8"))
        stored |= {
            "instruments": tuple(stored["instruments"]),
            "warnings": tuple(map(Notice.from_json, stored["warnings"])),
            "finished_at": datetime.fromisoformat(stored["finished_at"]),
        }
        return cls(**stored)

    def write(self, path: Path) -> None:
        """Write the record as JSON."""
        stored = asdict(self) | {
            "warnings": [notice.to_json() for notice in self.warnings],
            "finished_at": self.finished_at.isoformat(timespec="seconds"),
        }
        path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")

    @property
    def isotopes(self) -> Mapping[str, Any]:
        """Isotopes of the simulation: all as in nature."""
        return {}

    @property
    def origin(self) -> dict[str, Any]:
        """Origin of a copy, for its provenance. Timings of another machine must not enter the estimates of this one."""
        return {
            "structure": self.structure,
            "beamcast": self.beamcast,
            "partials_sha256": self.partials_sha256,
            "finished_at": self.finished_at.isoformat(timespec="seconds"),
            "timings": dict(self.provenance["timings"]),
        }

    @property
    def basis(self) -> str:
        """Name of the potential."""
        return self.potential

    @property
    def provenance_of_copy(self) -> dict[str, Any]:
        """Provenance of a copy: that of the forecast, with its origin."""
        kept = {name: value for name, value in self.provenance.items() if name != "timings"}
        return {**kept, "example_forecast": self.origin}


@cache
def shipped() -> ExampleForecast:
    """Return the forecast of the package."""
    return ExampleForecast.read(FOLDER / RECORD)


def read_partials(cache: PartialsCache) -> Partials:
    """Return the partials of the forecast, expanded."""
    return cache.read(FOLDER / PARTIALS, lambda path: expand(COMPACT.read(path)))


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
