"""Sentences about measured data: how a file was read, and how its numbers were cleaned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, message
from backend.wording.formatting import counted, number
from scattering.core.notices import Notice

UNITS: Final = {"ueV": "µeV", "cm-1": "cm⁻¹", "ps-1": "ps⁻¹", "angstrom": "Å"}
AXES: Final = {"energy": "energy", "q": "|q|"}
ACROSS: Final = {"q": "|q|", "angle": "scattering angle"}
AXIS_VALUES: Final = {"energy": "energies", "q": "|q| values"}


def unit_label(unit: str) -> str:
    """Return a unit as people write it: "cm⁻¹"."""
    return UNITS.get(unit, unit)


def _left_out(n: int, noun: str, place: str = "") -> str:
    return f"{counted(n, noun)}{place} {'is' if n == 1 else 'are'} left out"


def _comments_in_table(*, n_lines: int) -> str:
    return f"{_left_out(n_lines, 'comment line', ' inside the table')}."


def _energies_restart(*, n_blocks: int) -> str:
    return f"After blank lines the energies start again: the table is read as {n_blocks} spectra."


def _thousands_marks(*, mark: str) -> str:
    names = {",": "Commas", ".": "Points", "'": "Apostrophes", " ": "Spaces"}
    return f"{names[mark]} between groups of three digits are read as marks of thousands."


def _curves_with_own_energies(*, n_curves: int) -> str:
    return f"The table has {n_curves} curves, each with its own column of energies."


def _map_of_points(*, kind: str, n_points: int) -> str:
    return f"The table is a list of {n_points} points over {ACROSS[kind]} and energy: it is read as a map."


def _map_of_blocks(*, kind: str) -> str:
    return f"Each spectrum is headed by its {ACROSS[kind]}: they are read as one map."


def _detectors_left_out(*, n_left_out: int, n_detectors: int) -> str:
    verb = "is" if n_left_out == 1 else "are"
    return f"{n_left_out} of {counted(n_detectors, 'detector')} {verb} masked or empty and left out."


def _empty_bins_at_borders(*, n_bins: int) -> str:
    return f"{counted(n_bins, 'bin')} of 0 ± 0 along the borders {'is' if n_bins == 1 else 'are'} read as not measured."


def jcamp_block(block: Mapping[str, Any]) -> str:
    """Return the title of a block of JCAMP-DX with the reason why it is not read."""
    return f"{block['title']}: {message(Notice.from_json(block['reason']))}"


def _blocks_left_out(*, blocks: Sequence[Mapping[str, Any]], n_blocks: int) -> str:
    more = f" And {n_blocks - len(blocks)} more." if n_blocks > len(blocks) else ""
    return f"Left out: {' '.join(map(jcamp_block, blocks))}{more}"


def _instrument_unknown(*, instrument: str) -> str:
    return f"The file names the instrument “{instrument}”, which is not in the catalogue."


def _setting_not_used(*, source: str, setting: str, value: str, reason: Mapping[str, Any]) -> str:
    subject = "The setting in the file" if source == "file" else "The fixed energy as the setting"
    return f"{subject}, {setting} = {value}, is not used: {message(Notice.from_json(reason))}"


def _unit_overridden(*, stated: str, recognised_by: str, used: str) -> str:
    place = recognised_by or "in its header"
    return f"The file states {unit_label(stated)} ({place}); the axis is read as {unit_label(used)}."


def _energies_unusual(
    qualifier: str, *, largest_mev: float, unit: str, start: float | None = None, end: float | None = None
) -> str:
    given = "" if start is None or end is None else f" (the axis covers {number(start, 4)} to {number(end, 4)})"
    return f"Energies reach {qualifier}{number(largest_mev, 4)} meV{given}: check that the unit is {unit_label(unit)}."


def _energies_unusually_high(*, unit: str, **stated: Any) -> str:
    looks = " The numbers look like cm⁻¹." if unit == "meV" else ""
    return f"{_energies_unusual('', unit=unit, **stated)}{looks}"


def _energies_unusually_low(**stated: Any) -> str:
    return _energies_unusual("only ", **stated)


def _errors_unknown(
    *, zero: int = 0, negative: int = 0, close_to_zero: int = 0, too_large: int = 0, missing: int = 0
) -> str:
    counts = {
        "zero": zero,
        "negative": negative,
        "close to zero": close_to_zero,
        "far too large": too_large,
        "missing or infinite": missing,
    }
    total = sum(counts.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"{counted(total, 'error')} cannot be used ({kinds}) and {'is' if total == 1 else 'are'} treated as unknown."


def _repeated_energies_averaged(*, n_energies: int, n_points: int) -> str:
    energies = counted(n_energies, "energy occurs", "energies occur")
    return f"{energies} more than once. These {n_points} points are averaged."


def _gaps_left_open(*, axis: str, n_gaps: int) -> str:
    gaps = counted(n_gaps, f"gap along {AXES[axis]} is", f"gaps along {AXES[axis]} are")
    return f"{gaps} not filled."


def _axis_values_not_finite(*, axis: str, n_values: int) -> str:
    return f"{n_values} of the {AXIS_VALUES[axis]} are not finite numbers and are left out."


def _empty_borders_cut(*, axis: str, n_bins: int) -> str:
    bins = counted(n_bins, f"bin of {AXES[axis]}", f"bins of {AXES[axis]}")
    return f"{bins} without values at the borders {'is' if n_bins == 1 else 'are'} cut off."


def _detectors_rebinned(
    *, n_detectors: int, n_bins: int, bin_inv_angstrom: float, geometry: str, fixed_energy_mev: float
) -> str:
    energy = "E_i" if geometry == "direct" else "E_f"
    return (
        f"{counted(n_detectors, 'detector')} are averaged over the azimuth and rebinned to {n_bins} bins of |q|, "
        f"{number(bin_inv_angstrom, 3)} Å⁻¹ wide, with {energy} = {number(fixed_energy_mev, 5)} meV."
    )


def _workspace_not_used(*, workspace: str, reason: Mapping[str, Any]) -> str:
    return f"{workspace} is not used: {message(Notice.from_json(reason))}"


WORDS: Final[Mapping[str, Words]] = {
    # Tables of columns
    "decimal_comma": "The comma is read as the decimal mark.",
    "thousands_marks": _thousands_marks,
    "comments_in_table": _comments_in_table,
    "text_after_table": "Text after the last row is ignored: {text}.",
    "energies_restart": _energies_restart,
    "axis_column": "“{column}” is read as the axis; “{ignored}” is ignored.",
    "energy_errors_ignored": "“{column}” is ignored: errors of energies are not used.",
    "error_column_ignored": "“{column}” is ignored: it is not clear to which column these errors belong.",
    "second_axis_ignored": "“{column}” is ignored: it is another axis of energy.",
    "error_column_assumed": "“{column}” is read as the error of “{intensity}”, because it follows that column.",
    "unnamed_columns_with_error": "The columns have no names. They are read as energy, intensity and its standard "
    "error.",
    "unnamed_columns": "The columns have no names. The first is read as energy, each other column as an intensity "
    "without errors.",
    "third_column_negative": "The third column has negative values, so it is read as another intensity and not as "
    "errors.",
    "curves_with_own_energies": _curves_with_own_energies,
    "map_of_points": _map_of_points,
    "momentum_column_ignored": "“{column}” is not used: it has one value, or one at each energy, so the table is a "
    "spectrum and no map.",
    "map_of_blocks": _map_of_blocks,
    "headings_are_q": "The numbers above the spectra, {lowest:g} to {highest:g}, are read as |q| in Å⁻¹: the spectra "
    "are offered as one map, and one by one.",
    # Units
    "frequency_in_thz": "THz is read as a frequency ν: E = hν, 1 THz = 4.136 meV.",
    "angular_frequency_in_inverse_ps": "ps⁻¹ is read as an angular frequency ω: E = ħω, 1 ps⁻¹ = 0.658 meV.",
    "axis_not_energy": "“{label}” is not an energy ({quantity}).",
    "several_units": "“{label}” names more than one unit.",
    "frequency_ambiguous": "“{label}” may be a frequency ν (1 ps⁻¹ = 1 THz) or an angular frequency ω: select THz or "
    "ps⁻¹.",
    "unknown_unit": "##XUNITS={unit} is not a known unit of energy.",
    "unit_overridden": _unit_overridden,
    # Mantid's files and NXSPE
    "no_unit_in_save_ascii": "SaveAscii does not write the unit of the axis.",
    "axis_errors_ignored": "The errors of the axis (DX) are not used.",
    "analysers_differ": "The analysers have different energies, {lowest_mev:g} to {highest_mev:g} meV.",
    "workspace_not_used": _workspace_not_used,
    "counts_divided_by_widths": "The file contains counts in bins of different widths. They are divided by the widths.",
    "rows_at_constant_q": "According to the file, each row has the same |q| at all energies.",
    "empty_bins_at_borders": _empty_bins_at_borders,
    "detectors_left_out": _detectors_left_out,
    "geometry_not_stated": "The file does not state whether the spectrometer has direct or indirect geometry.",
    "orientation_averaged": "The file states an orientation, ψ = {psi_deg:g}°, as for a single crystal. Its detectors "
    "are averaged over all directions, as for a powder.",
    "ki_over_kf_not_applied": "The intensities are not multiplied by kᵢ/k_f: compare them with a forecast that "
    "includes k_f/kᵢ.",
    "no_fixed_energy_stated": "The file states no fixed energy.",
    "detector_widths_unknown": "The widths of the detectors are not known. Each detector is assumed to reach its "
    "neighbours.",
    "remark_in_file": "Remark in the file: {remark}",
    # DAVE, INX, McStas
    "dave_groups_unknown": "The file calls its groups “{label}”, not |q| or an angle: they are read as single spectra.",
    "inx_unit_doubtful": "The energies reach {largest:g} to both sides, more than E0 = {fixed_energy_mev:g} meV: they "
    "are probably in µeV. Select the unit.",
    "inx_axis_doubtful": "The axis reaches {largest:g}, but neutrons of E0 = {fixed_energy_mev:g} meV cannot lose so "
    "much: it may count energy gain as positive, E0 may be the energy of the analyser, or the axis may be another, "
    "such as a temperature. Select the unit if it is an energy.",
    "inx_symmetrised": "According to the file, the intensities were made symmetric: compare them with care.",
    "mcstas_neutron_energy": "“{label}” of a McStas monitor usually is the energy of the neutron, not the energy "
    "transfer.",
    # JCAMP-DX
    "blocks_left_out": _blocks_left_out,
    "end_record_missing": "The file does not end with ##END=: it may have been cut off.",
    "table_of_peaks": "The file is a table of peaks: heights at separate energies, without a curve between them.",
    "optical_data_type": "The file states ##DATA TYPE={data_type}: its intensities are not those of neutron "
    "scattering.",
    "deltax_ignored": "##DELTAX={deltax} contradicts ##FIRSTX, ##LASTX and the number of points. It is not used.",
    "firsty_contradicted": "The file states ##FIRSTY={firsty}, but the first intensity is {intensity:.6g} (with "
    "##YFACTOR).",
    "abscissas_contradicted": "The X values at the starts of the lines differ by up to {difference:.3g}, about one "
    "step, from the values that follow from the number of points (line {line}). The energies may be wrong by as much.",
    "temperature_without_unit": "##TEMPERATURE={temperature} has no unit and is not used: the standard means °C, many "
    "files mean K.",
    # Suggestions
    "unit_suggested": lambda *, lowest, highest, unit, highest_mev: (
        f"The numbers, {number(lowest, 4)} to {number(highest, 4)}, look like {unit_label(unit)} "
        f"(up to {number(highest_mev, 4)} meV)."
    ),
    "instrument_suggested": "“{words}” names {instrument}.",
    "temperature_suggested": "“{words}” names a temperature of {temperature_k:g} K.",
    # Conditions of the measurement
    "instrument_of_file_unknown": _instrument_unknown,
    "setting_not_used": _setting_not_used,
    "fixed_energy_contradicted": "The fixed energy is {fixed_energy_mev:g} meV, but {setting} is set to "
    "{setting_mev:g} meV.",
    # Cleaning
    "energies_unusually_high": _energies_unusually_high,
    "energies_unusually_low": _energies_unusually_low,
    "all_intensities_zero": "Every intensity is 0.",
    "no_usable_errors": "All errors are 0 or missing. The data are read as data without errors.",
    "errors_unknown": _errors_unknown,
    "values_masked": lambda *, n_values: f"{_left_out(n_values, 'masked value')}.",
    "values_not_finite": lambda *, n_values: f"{_left_out(n_values, 'value')}: not a finite number.",
    "axis_values_not_finite": _axis_values_not_finite,
    "axis_sorted": lambda *, axis: f"The {AXIS_VALUES[axis]} were not in order and have been sorted.",
    "repeated_energies_averaged": _repeated_energies_averaged,
    "gaps_left_open": _gaps_left_open,
    "detectors_rebinned": _detectors_rebinned,
    "empty_borders_cut": _empty_borders_cut,
    "more_notices": lambda *, n_notices: f"{counted(n_notices, 'more remark')}.",
}
