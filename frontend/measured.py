"""The user's own data as the API tells of them, and the words for what it says."""

from __future__ import annotations

from typing import Final

FORMATS = {
    "jcamp-dx": "JCAMP-DX",
    "mantid-ascii": "Mantid ASCII",
    "columns": "Columns of numbers",
    "isis-dat": "ISIS INS database",
    "dave-grp": "DAVE grouped ASCII",
    "inx": "ILL INX",
    "mcstas": "McStas monitor",
    "sns-histogram": "SNS histogram (HDF5)",
    "beamcast-csv": "Beamcast CSV",
    "nxspe": "NXSPE",
    "mantid-nexus": "Mantid NeXus",
    "beamcast-hdf5": "Beamcast HDF5",
}
"""Formats of files by the API's name."""

UNITS = {
    "meV": "meV",
    "ueV": "µeV",
    "eV": "eV",
    "cm-1": "cm⁻¹",
    "THz": "THz (frequency ν)",
    "ps-1": "ps⁻¹ (angular frequency ω)",
    "angstrom": "Å (wavelength)",
}
"""Units that an energy axis may have in a file, by the API's name."""

RUN_FIELDS: Final = (
    ("temperature_k", "Temperature", "K", None),
    ("mass_g", "Mass of the sample", "g", "measured_mass"),
    ("exposure_uah", "Proton charge", "µA h", "exposure_uah"),
    ("exposure_h", "Measuring time", "h", "exposure_h"),
)
"""Numbers of the run in which data were measured: the API's name, label, unit and explained term."""

TABLE_TERMS: Final = (
    "chi2",
    "r_factor",
    "r_weighted",
    "correlation",
    "fit_scale",
    "fit_shift",
    "fit_stretch",
    "fit_background",
    "fit_width",
    "standard_errors",
    "peak_difference",
    "peak_elements",
    "peak_orders",
    "worse_by",
    "probability_worse",
)
"""Terms that tables of comparisons explain."""
