"""Sentences about files of measured data that cannot be read: NeXus and HDF5, JCAMP-DX, and files of Beamcast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, message
from backend.wording.datasets import jcamp_block
from backend.wording.formatting import listed
from scattering.core.notices import Notice

HDF5_FORMATS: Final = {
    "nxspe": "an NXSPE file",
    "mantid-nexus": "a processed file of Mantid",
    "beamcast-hdf5": "a file of Beamcast",
    "sns-histogram": "a histogram of the SNS's software",
}
MANTID_AXES: Final = {
    "TOF": "times of flight",
    "dSpacing": "lattice spacings",
    "Energy": "energies of the neutron",
    "Energy_inWavenumber": "energies of the neutron",
    "MomentumTransfer": "|q| only",
    "QSquared": "|q| only",
    "Momentum": "momenta of the neutron",
    "Time": "times",
    "Temperature": "temperatures",
    "Degrees": "angles",
    "spectraNumber": "numbers of spectra",
}
"""Unit of an axis in Mantid that is not an energy transfer → what the axis has."""

WORKSPACES: Final = {
    "event_workspace": "single events; save it with PreserveEvents off",
    "table_workspace": "a table",
    "peaks_workspace": "a list of peaks",
    "mask_workspace": "a mask of detectors",
    "offsets_workspace": "offsets of detectors",
}
JCAMP_TABLES: Final = {
    "NTUPLES": "##NTUPLES, pages of several variables",
    "RADATA": "an interferogram (##RADATA) without Fourier transform",
    "PEAKASSIGNMENTS": "peak assignments",
}
SAVE_OTHERWISE: Final = "save the data with SaveNXSPE or SaveNexusProcessed, or as columns of text"


def _no_usable_workspace(*, workspaces: Sequence[Mapping[str, Any]]) -> str:
    reasons = [f"{one['workspace']}: {message(Notice.from_json(one['reason']))}" for one in workspaces]
    return " ".join(["The file has no usable workspace.", *reasons])


def _workspace_without_histograms(*, kind: str | None) -> str:
    return "The workspace has no histograms." if kind is None else f"The workspace has {WORKSPACES[kind]}."


def _bins_not_energy_transfer(*, mantid_unit: str) -> str:
    return (
        f"The bins are {MANTID_AXES[mantid_unit]} ({mantid_unit}), not energy transfer: convert them in Mantid "
        "(ConvertUnits to DeltaE)."
    )


def _too_many_data_points(*, max_points: int, n_points: int | None = None) -> str:
    if n_points is None:
        return f"There are more than {max_points} points."
    return f"There are {n_points} points; at most {max_points} are read."


def _sizes_differ(*, arrays: Sequence[str], sizes: Sequence[int] = ()) -> str:
    if len(arrays) == 1:
        return f"The {arrays[0]} differ in length."
    named = [f"{array} ({size})" for array, size in zip(arrays, sizes, strict=True)] if sizes else arrays
    return f"The sizes of {listed(named)} do not match."


def _rows_with_different_bins(*, axis: str) -> str:
    what = "rows have different |q|" if axis == "q" else "spectra have different bins"
    return f"The {what}: rebin them to common bins in Mantid (Rebin)."


def _other_hdf5_format(*, found: str, expected: str) -> str:
    return f"This is {HDF5_FORMATS[found]}, not {HDF5_FORMATS[expected]}: select the format “{found}”."


def _no_usable_block(*, blocks: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(["The JCAMP-DX file has no usable block of data.", *map(jcamp_block, blocks)])


def _npoints_contradicted(*, stated: float, n_points: int) -> str:
    reason = "the file seems to be cut off or damaged" if n_points < stated else "the file is damaged"
    return f"The file states ##NPOINTS={stated:.10g} but has {n_points} points: {reason}."


def _inx_line_wrong(*, line: int, found: str, expected: str) -> str:
    what = {
        "zones": "the eight numbers that begin a block",
        "parameters": "angle, E0, Q0 and temperature",
        "point": "an energy, an intensity and its error",
    }
    return f"Line {line} of the INX file should have {what[expected]} ({found})."


def _mcstas_axes(*, labels: Sequence[str]) -> str:
    named = " and ".join(f"“{label}”" for label in labels)
    return (
        f"The monitor of McStas is over {named}. Monitors over energy, or over |q| and energy, can be compared with a "
        "forecast."
    )


WORDS: Final[Mapping[str, Words]] = {
    # Mantid and NXSPE
    "too_many_workspaces": "The file has {n_workspaces} workspaces; at most {max_workspaces} are read.",
    "too_many_values_in_file": "The file has more than {max_values:,} values.",
    "too_many_spectra_in_file": "The file has more than {max_spectra} spectra, the largest number that is "
    "read. Select or group spectra.",
    "too_many_runs": "The file has {n_runs} runs; at most {max_runs} are read.",
    "no_usable_workspace": _no_usable_workspace,
    "workspace_without_histograms": _workspace_without_histograms,
    "workspace_without_values": "The workspace has no values along a first axis.",
    "bins_not_energy_transfer": _bins_not_energy_transfer,
    "all_spectra_masked": "Every spectrum is masked or empty.",
    "sizes_differ": _sizes_differ,
    "rows_with_different_bins": _rows_with_different_bins,
    "nxspe_data_missing": "An NXSPE file needs data/data, data/polar and data/energy; at least one is missing.",
    "several_fixed_energies": "The detectors have different fixed energies, {min_mev:g} to {max_mev:g} meV: convert "
    "the data to |q| in Mantid (SofQW) and save them with SaveNexusProcessed.",
    # DAVE, INX, McStas, histograms of the SNS
    "dave_ends_early": "The DAVE file ends early: its header announces more lines than the {n_lines} that it has.",
    "dave_comment_missing": "Line {line} should begin with # and name what follows, as in all DAVE files ({found}).",
    "dave_length_wrong": "Line {line} should be a number of values from 1 to {most}, as in all DAVE files ({found}).",
    "dave_line_left_over": "Line {line} comes after the last group of the DAVE file ({found}).",
    "inx_line_wrong": _inx_line_wrong,
    "inx_ends_early": "The INX block of line {line} announces {n_points} points, but {n_lines} lines follow: the file "
    "seems to be cut off.",
    "mcstas_header": lambda *, missing: f"The header of the McStas monitor has no “{'”, no “'.join(missing)}”.",
    "mcstas_type": "Monitors of McStas over one or two axes are read, not “{found}”.",
    "mcstas_length": "The header of the McStas monitor announces {stated} lines of numbers, but the file has "
    "{n_points}.",
    "mcstas_axes": _mcstas_axes,
    "histogram_axes": lambda *, axes: (
        f"The axes of the histogram ({', '.join(axes)}) are not |q| and energy transfer in units that are known."
    ),
    "lamp_file": "This is an HDF5 file of LAMP, which does not say what its axes are: write the data from LAMP as INX, "
    "or load them into Mantid (LoadLamp), set the units of the axes, and use SaveNexusProcessed.",
    # HDF5
    "other_hdf5_format": _other_hdf5_format,
    "multidimensional_workspace": "This is a multidimensional workspace (SaveMD): cut it to |q| and energy in Mantid "
    "and save the cut with SaveNexusProcessed.",
    "raw_data": "This looks like raw data of a spectrometer: reduce them first, then save them with SaveNXSPE or "
    "SaveNexusProcessed.",
    "other_nexus_definition": "This is a NeXus file with the definition “{definition}”, which is not supported: "
    f"{SAVE_OTHERWISE}.",
    "unknown_hdf5": "This HDF5 file is not NXSPE, not a processed file of Mantid and not a file of Beamcast: "
    f"{SAVE_OTHERWISE}.",
    "damaged_hdf5": "The file is damaged: HDF5 cannot read its contents.",
    "hdf4_file": "This is an HDF4 file, an old form of NeXus: load it into Mantid and save it again.",
    "not_hdf5": "This is not an HDF5 file.",
    "too_many_hdf5_members": "A group of the file has more than {max_members} members.",
    "hdf5_not_numbers": "“{path}” does not have plain numbers.",
    "too_many_hdf5_values": "“{path}” has {n_values:,} values; at most {max_values:,} are read.",
    "hdf5_link_cycle": "The links at “{path}” form a cycle.",
    "hdf5_link_to_other_file": "“{path}” is a link to another file: save the data themselves in this file.",
    "hdf5_virtual_dataset": "“{path}” is a virtual dataset, whose numbers are in other files: save a copy of them.",
    "hdf5_empty_dataset": "“{path}” is empty.",
    "hdf5_values_in_other_file": "The values of “{path}” are in another file: save the data themselves in this file.",
    "hdf5_without_values": "“{path}” declares {n_values:,} values but has none.",
    "hdf5_chunks_too_large": "The compressed chunks of “{path}” are too large.",
    "hdf5_filter_not_read": "“{path}” is compressed with a filter that is not supported (number {filter}): use gzip.",
    # Files of Beamcast
    "beamcast_file_without_data": "This file of Beamcast has no spectrum and no map over |q|.",
    "beamcast_array_missing": "“{name}” is missing in this file of Beamcast, or has been changed.",
    "map_as_csv": "This CSV has a map over (|q|, ω), which is read from HDF5 only: download the map as HDF5.",
    "beamcast_columns_missing": "The columns “energy_mev,intensity,…” of a CSV file of Beamcast are missing.",
    # JCAMP-DX
    "abscissa_only": "Line {line} has an abscissa only ({found}).",
    "difference_check_failed": "Line {line} begins with {first:.10g}, but the line before ends with {last:.10g}. These "
    "values must be equal in difference form (DIF): the file is damaged.",
    "too_many_data_points": _too_many_data_points,
    "no_pairs_of_numbers": "Line {line} does not have pairs of numbers ({found}).",
    "line_without_numbers": "Line {line} has no numbers ({found}).",
    "unreadable_jcamp_number": "Line {line}: {found} is not a number in a data form of JCAMP-DX.",
    "unreadable_jcamp_value": "Line {line}: ##{label}={found} is not a number.",
    "no_usable_block": _no_usable_block,
    "jcamp_data_type": "The block states ##DATA TYPE={data_type}, which is not inelastic scattering.",
    "jcamp_table_not_read": lambda *, label: f"The data are {JCAMP_TABLES[label]}; save them as ##XYDATA.",
    "jcamp_without_table": "The block has no ##XYDATA, ##XYPOINTS or ##PEAK TABLE.",
    "line_outside_blocks": "Line {line} is outside of any block ##TITLE= … ##END= ({found}).",
    "no_jcamp_record": "Line {line} is not a record of JCAMP-DX: “=” is missing ({found}).",
    "blocks_nested_too_deeply": "Line {line}: more than {max_depth} nested blocks.",
    "jcamp_record_repeated": "Line {line}: ##{label}= appears twice in one block.",
    "jcamp_form_not_read": "Line {line}: ##{label}={found} is not a supported form: (X++(Y..Y)) or (XY..XY).",
    "too_few_points": "##XYDATA in line {line} is followed by {n_points} points.",
    "jcamp_energies_not_stated": "The block has neither ##LASTX nor ##DELTAX: its energies are not known.",
    "firstx_equals_lastx": "##FIRSTX and ##LASTX are both {x:g}.",
    "abscissa_contradicted": "Line {line} begins at X = {x:.8g}, but its points should begin at {expected:.8g}: a line "
    "is missing or damaged, or ##FIRSTX, ##LASTX or ##XFACTOR is wrong.",
    "block_without_points": "The block of data has no points.",
    "npoints_too_large": "##NPOINTS={stated:.10g}: at most {max_points} points are read.",
    "npoints_contradicted": _npoints_contradicted,
}
