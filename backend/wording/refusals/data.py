"""Sentences about tables and measured data that cannot be used, and about what the user must state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words
from backend.wording.datasets import AXIS_VALUES, unit_label
from backend.wording.formatting import counted, number

OTHER_FILES: Final = {
    "7-zip": "a 7-zip archive: unpack it first",
    "bzip2": "a bzip2 archive: unpack it first",
    "castep-phonon": "CASTEP's phonons: upload the structure (.cell) and simulate, or save a spectrum as columns of "
    "energy and intensity",
    "cif": "a crystal structure (CIF): upload it as a structure",
    "extxyz": "a crystal structure (extended XYZ): upload it as a structure",
    "galactic": "a spectrum in Galactic's binary .spc: export it as JCAMP-DX or as text",
    "gif": "a picture (GIF): upload its numbers",
    "gzip": "a gzip archive: unpack it first",
    "hdf4": "an HDF4 file: save it as NeXus in HDF5",
    "horace": "a file of Horace (.sqw, .d1d, .d2d): cut it to |q| and energy, or to energy, and save the cut as "
    "columns (save_xye), or save the runs as NXSPE",
    "html": "a web page (HTML), perhaps a login page instead of the file: download the file again",
    "idl": "an IDL save file, as DAVE writes them: export it from DAVE as grouped ASCII (.grp) or as columns of text",
    "igor": "a file of Igor Pro: save the waves as delimited text",
    "ill-raw": "raw data of the ILL: reduce them in Mantid or LAMP first, then save them as NXSPE, as processed NeXus "
    "or as INX",
    "isis-raw": "raw data of ISIS: reduce them in Mantid first, then save them with SaveNXSPE or SaveNexusProcessed",
    "jpeg": "a picture (JPEG): upload its numbers",
    "json": "JSON: save energies and intensities as CSV",
    "lamp": "a file of LAMP: write the data from LAMP as INX or as columns of text",
    "matlab": "a MATLAB file: save energies, intensities and errors with writematrix as CSV",
    "mcif": "a magnetic structure (mCIF): save the nuclear structure as CIF, and upload it as a structure",
    "mcstas-sim": "the description of a McStas simulation: upload the file of its monitor of energy",
    "mcstas-sqw": "the input of a McStas sample (Isotropic_Sqw): save it as a list of |q|, energy and S(|q|, E) with "
    "these names above the columns",
    "mol": "a molecule without a unit cell (MOL or SDF): upload the crystal that it was measured in, as CIF",
    "mol2": "a molecule (MOL2): export its crystal as CIF, and upload it as a structure",
    "netcdf": "a netCDF file: save the spectrum as text or NXSPE",
    "numpy": "a NumPy array: save energies and intensities with numpy.savetxt",
    "office": "an Excel workbook or another Office document: save the sheet as CSV",
    "opus": "a spectrum of Bruker's OPUS: export it as JCAMP-DX or as a data point table",
    "origin": "an Origin project: export the worksheet as text",
    "pdb": "a structure (PDB): export it as CIF with its symmetry, and upload it as a structure",
    "pdf": "a PDF: export the numbers of the spectrum as a table",
    "phonopy": "phonons of phonopy (YAML): upload the structure and simulate, or save a spectrum as columns of energy "
    "and intensity",
    "pickle": "a Python pickle, which is never opened: save it as text",
    "png": "a picture (PNG): upload its numbers",
    "poscar": "a crystal structure (POSCAR): upload it as a structure",
    "rar": "a RAR archive: unpack it first",
    "rtf": "a document (RTF): save it as plain text",
    "shelx": "a crystal structure of SHELX (.res, .ins): write a CIF (instruction ACTA), and upload it as a structure",
    "spe": "an .spe file, which has no angles: save it as NXSPE",
    "spec": "a file of scans of SPEC: save one scan as columns of energy and intensity",
    "sqlite": "a database (SQLite)",
    "tiff": "a picture (TIFF): upload its numbers",
    "xls": "an old Excel workbook (.xls): save the sheet as CSV",
    "xml": "XML",
    "xz": "an xz archive: unpack it first",
    "zip": "a ZIP archive: unpack it first",
}
CONVERSIONS: Final = {"wavelength": "convert wavelengths to energy transfers", "angle": "convert angles to |q|"}
"""Axis → conversion that needs the spectrometer and its fixed energy."""


def _other_kind_of_file(*, kind: str, formats: Sequence[str] = ()) -> str:
    supported = f" Supported formats: {'; '.join(formats)}." if formats else ""
    return f"This looks like {OTHER_FILES[kind]}.{supported}"


def _decimal_marks_mixed(*, point: Mapping[str, Any], comma: Mapping[str, Any]) -> str:
    places = [f"line {one['line']} ({one['found']})" for one in (point, comma)]
    return (
        f"Decimals have a point in {places[0]}, but there are commas in {places[1]}: use one decimal mark, and no mark "
        "between thousands."
    )


def _wrong_number_of_columns(*, line: int, n_columns: int, n_expected: int, is_last: bool, found: str) -> str:
    end = ": the file seems to be cut off there." if is_last else "."
    return f"Line {line} has {counted(n_columns, 'column')}, but the table has {n_expected} ({found}){end}"


def _energies_impossible(
    *, largest_mev: float, unit: str | None = None, start: float | None = None, end: float | None = None
) -> str:
    axis = (
        ""
        if unit is None or start is None or end is None
        else f" if the axis, {number(start, 4)} to {number(end, 4)}, is in {unit_label(unit)}"
    )
    return (
        f"The energies reach {number(largest_mev / 1000, 3)} eV{axis}. No neutron spectrometer measures such energies: "
        "the unit is probably another."
    )


def _axes_do_not_fit(*, axes: Sequence[int], intensities: Sequence[int]) -> str:
    return f"Axes of {axes[0]} and {axes[1]} values do not fit {intensities[0]} × {intensities[1]} intensities."


def _no_such_spectrum(*, index: int, n_spectra: int) -> str:
    spectra = counted(n_spectra, "spectrum", "spectra")
    return f"The file has {spectra}, counted from 0; there is no spectrum {index}."


def _unknown_data_format(*, format: str, formats: Sequence[str]) -> str:
    return f"'{format}' is not a supported format; choose one of {', '.join(formats)}."


WORDS: Final[Mapping[str, Words]] = {
    # Format of the file
    "other_kind_of_file": _other_kind_of_file,
    "unrecognised_data_format": lambda *, formats: (
        f"The format of the file is not supported. Supported formats: {'; '.join(formats)}."
    ),
    "unknown_data_format": _unknown_data_format,
    # Tables
    "no_table": "The file has no table of numbers: at least {min_rows} consecutive lines with two or more columns each "
    "(energy, intensity and, if there is one, its error).",
    "too_many_rows": "The table has {n_rows} rows; at most {max_rows} are read.",
    "table_without_two_columns": "The table does not have two columns with numbers.",
    "no_row": "Line {line} does not belong to the table that begins in line {first_line}: {found}.",
    "commas_as_delimiter_and_decimal": "Commas seem to be both delimiters and decimal marks ({found}): save the table "
    "with another delimiter, such as a semicolon or a tab.",
    "decimal_marks_mixed": _decimal_marks_mixed,
    "thousands_or_decimals": "Line {line}: {number} may be a thousand or a decimal fraction ({found}). Save the table "
    "without marks between thousands, or with more decimal places.",
    "unnamed_pairs": "The columns have no names, and they look like {n_curves} curves in pairs, each with its own "
    "energies. Write names above them: X, Y, X, Y for pairs; energy and the names of the intensities otherwise.",
    "unnamed_list": "The columns have no names, and the first two look like a grid of {n_points[0]} × {n_points[1]} "
    "points. Write names above them, such as Q (1/Å), energy (meV), intensity, error.",
    "list_without_grid": "The points of the list form no grid: {n_across} values of |q| or angle and {n_energies} "
    "energies. Bin them to common |q| and energies, or save them as NXSPE.",
    "list_repeats_points": "The list has more than one point at the same |q| or angle and energy.",
    "wrong_number_of_columns": _wrong_number_of_columns,
    "unreadable_cell": "Line {line}: {found} is not a number ({row}).",
    "table_without_intensities": "The table has a column of energies but none of intensities.",
    "no_mantid_header": "The first lines have no header of Mantid (“# X , Y , E” of SaveAscii, “# File generated by "
    "Mantid” of SaveFocusedXYE). Without a header, the file can be read as a table of columns.",
    "no_point_or_spectrum": "Line {line} is neither a point nor the number of a spectrum ({found}).",
    "header_contradicts_columns": "The header names {n_spectra} spectra, but the table has {n_columns} columns "
    "({header}).",
    "mantid_axis_not_read": "The header names the axis “{axis}”, which is not an energy transfer in a supported unit: "
    "convert it in Mantid first (ConvertUnits to DeltaE or DeltaE_inWavenumber).",
    "header_without_points": "The file has a header of Mantid but no points after it.",
    "spectrum_without_points": "There are no points after the line of {title}: the file seems to be cut off there.",
    "no_isis_dat_header": "The first lines have no line “… (CM-1) COUNTS ERROR”, which the files of the ISIS INS "
    "database have. Without it, the file can be read as a table of columns.",
    "isis_dat_columns": "The table has {n_columns} columns instead of three: energy, counts and error.",
    # Numbers
    "numbers_differ": lambda *, axis, n_values, n_intensities: (
        f"The numbers of {'energies' if axis == 'energy' else 'errors'} ({n_values}) and intensities ({n_intensities}) "
        "differ."
    ),
    "energies_impossible": _energies_impossible,
    "intensity_impossible": "The largest intensity is {largest:.3g}, too extreme for any unit: is the file damaged, or "
    "is this another column? If not, multiply the intensities by a power of ten.",
    "edges_not_finite": lambda *, axis: f"Some edges of the bins of {AXIS_VALUES[axis]} are not numbers.",
    "edges_not_monotonic": lambda *, axis: f"The edges of the bins of {AXIS_VALUES[axis]} neither ascend nor descend.",
    "too_few_usable_points": lambda *, n_points, min_points: (
        f"Only {counted(n_points, 'point')} can be used; a spectrum needs at least {min_points}."
    ),
    "negative_q": "Some |q| are below 0.",
    "map_shape": "A map must have two axes and at most {max_values:,} values.",
    "axes_do_not_fit": _axes_do_not_fit,
    "map_without_intensities": "The map has too few intensities: the other values are masked or not numbers.",
    "single_bin": lambda *, axis: f"A map needs intensities at two or more different {AXIS_VALUES[axis]}.",
    "repeated_axis_values": lambda *, axis: f"Some {AXIS_VALUES[axis]} appear more than once.",
    "too_many_map_bins": "The map has {n_bins} bins; at most {max_bins} can be used.",
    "too_many_spectrum_points": "The spectrum has {n_points} points; rebin it to {max_points} or fewer.",
    # Spectrometer
    "fixed_energy_impossible": "A neutron spectrometer cannot have a fixed energy of {fixed_energy_mev:.4g} meV.",
    "fixed_energy_not_positive": "The fixed energy must be above 0 meV: E_i in direct, E_f in indirect geometry.",
    "no_usable_detector": "No detector has an angle between 0° and 180°, a width and a numeric intensity.",
    "no_reachable_energy": "No energy can be reached with this fixed energy: check it, and the geometry.",
    # Stored data
    "data_not_read": "The file could not be read: {reason}.",
    "dataset_being_changed": "'{name}' is being changed now; try again in a moment.",
    "dataset_changed": "Another user changed '{name}' just now; look at the change and try again.",
    # Statements of the user
    "long_settings": "The description of the measurement has more than {max_characters} characters: shorten it.",
    "settings_without_instrument": "Choose the instrument of these settings.",
    "no_such_spectrum": _no_such_spectrum,
    "axis_unit_not_stated": "The file does not state the unit of its axis. Select one: meV, ueV, eV, cm-1, THz, ps-1 "
    "or angstrom.",
    "spectrometer_not_stated": lambda *, axis: (
        f"Select the instrument, or generic-direct or generic-indirect, to {CONVERSIONS[axis]}."
    ),
    "fixed_energy_not_stated": lambda *, axis: (
        f"State the fixed energy in meV (E_i in direct, E_f in indirect geometry) to {CONVERSIONS[axis]}."
    ),
}
