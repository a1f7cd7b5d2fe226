"""Processed NeXus of Mantid's (SaveNexusProcessed): spectra, or maps over (|q|, ω) or (2θ, ω), one for each workspace.

References
----------
Mantid, Framework/Nexus/NexusFileIO and LoadNexusProcessed: /mantid_workspace_N/workspace holds `values` and `errors`
(spectrum, bin), `axis1` (edges or points of the bins, one row or one for each spectrum, NaN behind the end of short
ones) and `axis2` (of the spectra: numbers, texts, points or edges), each axis with its unit's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.hdf5_kinds import require, speaks_for
from backend.datasets.formats.mantid_run import Run, angles_of, run_of
from backend.datasets.formats.reading import MAX_DETECTED, MAX_SPECTRA, Raw, RawMap, RawSpectrum, XUnit
from backend.datasets.formats.units import unit_of
from backend.kit.files.hdf5_guard import Group, attribute, group_at, names, number_array, open_hdf5, text
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

ENERGY_TRANSFER: dict[str, tuple[XUnit, float]] = {
    "DeltaE": ("meV", 1.0),
    "DeltaE_inWavenumber": ("cm-1", 1.0),
    # GHz
    "DeltaE_inFrequency": ("THz", 1e-3),
    "Wavelength": ("angstrom", 1.0),
}
"""Mantid's names of units → ours, and the factor to it."""
NOT_ENERGY_TRANSFER = (
    "TOF",
    "dSpacing",
    "Energy",
    "Energy_inWavenumber",
    "MomentumTransfer",
    "QSquared",
    "Momentum",
    "Time",
    "Temperature",
    "Degrees",
    "spectraNumber",
)
OTHER_WORKSPACES = ("event_workspace", "table_workspace", "peaks_workspace", "mask_workspace", "offsets_workspace")
MAX_WORKSPACES = 200
MAX_BANK_SUMS = 12
"""Up to this number, spectra are sums of banks (TOSCA: backward, forward, both); more are the detectors of a map."""
MAX_LISTED_SPECTRA = 100
"""Up to this number, spectra are offered one by one beside their map."""


@dataclass(frozen=True, eq=False)
class Workspace:
    """One workspace as it stands in the file.

    Attributes
    ----------
    values, errors
        Shape (n, m); NaN where masked.
    x
        Shape (n, m) or (n, m + 1), or (1, …) for all.
    vertical
        Shape (n,) or (n + 1,); None of texts.
    labels
        Words for each spectrum, where the file has them.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64] | None
    x: NDArray[np.float64]
    x_unit: str
    x_label: str
    vertical: NDArray[np.float64] | None
    vertical_unit: str
    labels: list[str] | None
    y_unit: str
    title: str
    notices: tuple[Notice, ...]


def sniffs(head: bytes) -> bool:
    """Whether a file's first bytes speak for this format."""
    return speaks_for(head, "mantid-nexus")


def read(content: bytes) -> list[Raw]:
    """Maps and spectra, in the order of the workspaces.

    Raises
    ------
    Unreadable
        It is no processed file, or none of its workspaces is intensity over energy transfer.
    """
    with open_hdf5(content) as root:
        entries = sorted(require(root, "mantid-nexus"), key=lambda name: int(name.rsplit("_", 1)[1]))
        if len(entries) > MAX_WORKSPACES:
            raise Unreadable(
                Notice("too_many_workspaces", {"n_workspaces": len(entries), "max_workspaces": MAX_WORKSPACES})
            )
        found: list[Raw] = []
        refused: list[tuple[str, Unreadable]] = []
        values = 0
        for entry in entries:
            try:
                workspace = _workspace(root, entry)
                values += workspace.values.size
                if values > MAX_DETECTED:
                    raise Unreadable(Notice("too_many_values_in_file", {"max_values": MAX_DETECTED}))
                found += _contents(root, entry, workspace)
            except Unreadable as error:
                refused.append((entry, error))
    if not found:
        reasons = [{"workspace": entry, "reason": reason.notice.to_json()} for entry, reason in refused[:3]]
        raise Unreadable(Notice("no_usable_workspace", {"workspaces": reasons}))
    if len(found) > MAX_SPECTRA:
        raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": len(found), "max_spectra": MAX_SPECTRA}))
    unused = [
        Notice("workspace_not_used", {"workspace": entry, "reason": reason.notice.to_json()})
        for entry, reason in refused[:5]
    ]
    return [replace(found[0], notices=(*found[0].notices, *unused)), *found[1:]]


def _contents(root: Group, entry: str, workspace: Workspace) -> list[Raw]:
    """Return the contents of a workspace: a map, spectra, or a map followed by spectra."""
    run = run_of(root, entry)
    if workspace.vertical_unit in ENERGY_TRANSFER and workspace.x_unit in ("MomentumTransfer", "QSquared"):
        workspace = _transposed(workspace)
    if workspace.x_unit in NOT_ENERGY_TRANSFER:
        raise Unreadable(Notice("bins_not_energy_transfer", {"mantid_unit": workspace.x_unit}))
    vertical = workspace.vertical
    if vertical is not None and workspace.vertical_unit in ("MomentumTransfer", "QSquared"):
        return [_q_map(workspace, vertical, run)]
    if vertical is not None and workspace.vertical_unit == "Degrees":
        width = np.abs(np.diff(vertical)) if len(vertical) == len(workspace.values) + 1 else None
        middle = vertical if width is None else (vertical[1:] + vertical[:-1]) / 2
        return [_angle_map(workspace, np.abs(middle), width, run)]
    n = len(workspace.values)
    contents: list[Raw] = []
    angles = angles_of(root, entry, n) if n > MAX_BANK_SUMS else None
    if angles is not None and len(workspace.x) == 1:
        contents.append(_angle_map(workspace, angles, None, run))
    if n <= MAX_LISTED_SPECTRA or not contents:
        if n > MAX_SPECTRA:
            raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": n, "max_spectra": MAX_SPECTRA}))
        contents += _spectra(workspace, run)
    if not contents:
        raise Unreadable(Notice("all_spectra_masked"))
    return contents


def _workspace(root: Group, entry: str) -> Workspace:
    data = group_at(root, f"{entry}/workspace")
    if data is None:
        inside = group_at(root, entry)
        kinds = [] if inside is None else [name for name in names(inside) if name in OTHER_WORKSPACES]
        raise Unreadable(Notice("workspace_without_histograms", {"kind": kinds[0] if kinds else None}))
    values, errors = (number_array(data, name, max_values=MAX_DETECTED) for name in ("values", "errors"))
    x = number_array(data, "axis1")
    if values is None or x is None or values.ndim != 2 or not values.size:
        raise Unreadable(Notice("workspace_without_values"))
    n, m = values.shape
    x = np.atleast_2d(x)
    if x.ndim != 2 or x.shape[0] not in (1, n) or x.shape[1] not in (m, m + 1):
        raise Unreadable(Notice("sizes_differ", {"arrays": ["values", "axis1"]}))
    if errors is not None and errors.shape != values.shape:
        raise Unreadable(Notice("sizes_differ", {"arrays": ["values", "errors"]}))
    vertical_unit = attribute(data, "axis2", "units") or ""
    vertical, labels = None, None
    if vertical_unit == "TextAxis":
        labels = (text(data, "axis2") or "").split("\n")
    else:
        vertical = number_array(data, "axis2")
        if vertical is not None and vertical.shape not in ((n,), (n + 1,)):
            vertical = None
    notices: list[Notice] = []
    values, errors = _finalized(data, values, errors)
    masked = _masked(data, values.shape)
    if masked.any():
        notices.append(Notice("values_masked", {"n_values": int(masked.sum())}))
        values = np.where(masked, np.nan, values)
    if attribute(data, "axis1", "distribution") == "0" and x.shape[1] == m + 1:
        values, errors = _per_width(values, errors, x, notices)
    if errors is not None and not np.nan_to_num(errors).any():
        errors = None
    return Workspace(
        values=values,
        errors=errors,
        x=x,
        x_unit=attribute(data, "axis1", "units") or "",
        x_label=attribute(data, "axis1", "label") or "",
        vertical=vertical,
        vertical_unit=vertical_unit,
        labels=labels,
        y_unit=attribute(data, "values", "unit_label") or attribute(data, "values", "units") or "",
        title=text(root, f"{entry}/workspace_name") or text(root, f"{entry}/title") or entry,
        notices=tuple(notices),
    )


def _finalized(
    data: Group, values: NDArray[np.float64], errors: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Divide by the share of each bin that was measured, where that has not been done; NaN where it is none."""
    share = number_array(data, "frac_area")
    if share is None or share.shape != values.shape or not share.any():
        return values, errors
    share = np.where(share > 0, share, np.nan)
    # Files from before the attribute are divided already
    done = attribute(data, "frac_area", "finalized") != "0"
    if done:
        return np.where(np.isnan(share), np.nan, values), errors
    if errors is not None and attribute(data, "frac_area", "sqrd_errors") == "1":
        errors = np.sqrt(np.abs(errors))
    return values / share, None if errors is None else errors / share


def _masked(data: Group, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Bins that Mantid's MaskBins has taken out: rows of (spectrum, where its bins begin in the list)."""
    masked = np.zeros(shape, dtype=bool)
    starts, bins = number_array(data, "masked_spectra"), number_array(data, "masked_bins")
    if starts is None or bins is None or starts.ndim != 2 or starts.shape[1] != 2 or bins.ndim != 1:
        return masked
    bounds = [*starts[:, 1].astype(int), len(bins)]
    for spectrum, first, last in zip(starts[:, 0].astype(int), bounds[:-1], bounds[1:], strict=True):
        columns = bins[max(first, 0) : max(last, 0)].astype(int)
        if 0 <= spectrum < shape[0]:
            masked[spectrum, columns[(columns >= 0) & (columns < shape[1])]] = True
    return masked


def _per_width(
    values: NDArray[np.float64], errors: NDArray[np.float64] | None, x: NDArray[np.float64], notices: list[Notice]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Counts in bins of different widths become counts per width; where all are equal it is one factor."""
    widths = np.abs(np.diff(x, axis=1))
    known = widths[np.isfinite(widths) & (widths > 0)]
    if not len(known) or np.ptp(known) < 1e-3 * known.mean():
        return values, errors
    widths = np.where(widths > 0, widths, np.nan)
    notices.append(Notice("counts_divided_by_widths"))
    return values / widths, None if errors is None else errors / widths


def _transposed(workspace: Workspace) -> Workspace:
    """A map whose rows are energies."""
    if len(workspace.x) != 1 or workspace.vertical is None:
        raise Unreadable(Notice("rows_with_different_bins", {"axis": "q"}))
    return replace(
        workspace,
        values=workspace.values.T,
        errors=None if workspace.errors is None else workspace.errors.T,
        x=workspace.vertical[None],
        x_unit=workspace.vertical_unit,
        vertical=workspace.x[0],
        vertical_unit=workspace.x_unit,
    )


def _x(workspace: Workspace) -> tuple[NDArray[np.float64], XUnit | None, str]:
    """The first axis in one of our units, and by what it was recognised."""
    if workspace.x_unit in ENERGY_TRANSFER:
        unit, factor = ENERGY_TRANSFER[workspace.x_unit]
        return factor * workspace.x, unit, f"Mantid's axis “{workspace.x_unit}”"
    # A unit of the user's own (“Label”), in words
    statements = unit_of(workspace.x_label).unit
    return workspace.x, statements, f"the axis's label “{workspace.x_label}”" if statements else ""


def _common_x(workspace: Workspace) -> tuple[NDArray[np.float64], XUnit | None, str]:
    x, unit, by = _x(workspace)
    if not np.allclose(x, x[0], rtol=1e-6, atol=1e-9, equal_nan=True):
        raise Unreadable(Notice("rows_with_different_bins", {"axis": "energy"}))
    return x[0], unit, by


def _q_map(workspace: Workspace, vertical: NDArray[np.float64], run: Run) -> RawMap:
    """S(|q|, ω), as SofQW gives it."""
    x, unit, by = _common_x(workspace)
    notices = [*workspace.notices, *run.notices]
    if workspace.vertical_unit == "QSquared":
        vertical = np.sqrt(np.where(vertical >= 0, vertical, np.nan))
    if len(vertical) == len(workspace.values):
        notices.append(Notice("rows_at_constant_q"))
    order = slice(None) if vertical[0] <= vertical[-1] else slice(None, None, -1)
    values = workspace.values[order]
    errors = None if workspace.errors is None else workspace.errors[order]
    if errors is not None:
        beyond = _beyond_reach((values == 0) & (errors == 0))
        if beyond.any():
            notices.append(Notice("empty_bins_at_borders", {"n_bins": int(beyond.sum())}))
            values = np.where(beyond, np.nan, values)
    return RawMap(
        kind="q",
        across=vertical[order],
        width=None,
        x=x,
        y=values,
        error=errors,
        x_unit=unit,
        recognised_by=by,
        y_unit=workspace.y_unit,
        geometry=run.geometry,
        stated=replace(run.stated, title=workspace.title),
        notices=tuple(notices),
    )


def _beyond_reach(nothing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Runs of 0 ± 0 that reach an edge of the map: where no detector looked. Between counts they are none counted."""

    def at_the_ends(axis: int) -> NDArray[np.bool_]:
        first = np.logical_and.accumulate(nothing, axis=axis)
        last = np.flip(np.logical_and.accumulate(np.flip(nothing, axis), axis=axis), axis)
        return np.asarray(first | last)

    return at_the_ends(0) | at_the_ends(1)


def _angle_map(
    workspace: Workspace, two_theta: NDArray[np.float64], width: NDArray[np.float64] | None, run: Run
) -> RawMap:
    """Intensity of detectors, those masked or without counts NaN."""
    x, unit, by = _common_x(workspace)
    empty = np.asarray(~np.nan_to_num(workspace.values).any(axis=1))
    notices = [*workspace.notices, *run.notices]
    if empty.any():
        notices.append(Notice("detectors_left_out", {"n_left_out": int(empty.sum()), "n_detectors": len(empty)}))
    return RawMap(
        kind="angle",
        across=two_theta,
        width=width,
        x=x,
        y=np.where(empty[:, None], np.nan, workspace.values),
        error=workspace.errors,
        x_unit=unit,
        recognised_by=by,
        y_unit=workspace.y_unit,
        geometry=run.geometry,
        stated=replace(run.stated, title=workspace.title),
        notices=tuple(notices),
    )


def _spectra(workspace: Workspace, run: Run) -> Iterator[RawSpectrum]:
    """Each row that holds something, by itself."""
    x, unit, by = _x(workspace)
    rows = np.broadcast_to(x, (len(workspace.values), x.shape[1]))
    for index, (row, y) in enumerate(zip(rows, workspace.values, strict=True)):
        if not np.nan_to_num(y).any():
            continue
        # Behind the end of a short row stand NaN, one fewer of them in values than in edges
        length = int(np.isfinite(row).sum())
        n = length - (len(row) - len(y))
        error = None if workspace.errors is None else workspace.errors[index, :n]
        yield RawSpectrum(
            x=row[:length],
            y=y[:n],
            error=error if error is not None and np.nan_to_num(error).any() else None,
            x_unit=unit,
            recognised_by=by,
            y_unit=workspace.y_unit,
            stated=replace(run.stated, title=_row_title(workspace, index)),
            notices=(*workspace.notices, *run.notices),
        )


def _row_title(workspace: Workspace, index: int) -> str:
    if len(workspace.values) == 1:
        return workspace.title
    if workspace.labels is not None and index < len(workspace.labels) and workspace.labels[index]:
        return f"{workspace.title}, {workspace.labels[index]}"
    if workspace.vertical is not None and workspace.vertical_unit.casefold() == "spectranumber":
        return f"{workspace.title}, spectrum {workspace.vertical[index]:g}"
    return f"{workspace.title}, row {index + 1}"
