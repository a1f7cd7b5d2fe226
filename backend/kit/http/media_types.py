"""Media types of arrays over HTTP, and the suffixes of their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

JSON: Final = "application/json"
CSV: Final = "text/csv"
HDF5: Final = "application/x-hdf5"
SUFFIXES: Final[Mapping[str, str]] = {JSON: "json", CSV: "csv", HDF5: "h5"}
