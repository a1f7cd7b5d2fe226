"""NXSPE: intensities of detectors over (2θ, ω), as SaveNXSPE writes them for Horace, MSlice and DAVE.

References
----------
NeXus application definition NXspe; Mantid, SaveNXSPE (versions 1.1 to 1.3 of the definition).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.hdf5_kinds import require, speaks_for
from backend.datasets.formats.reading import MAX_DETECTED, Raw, RawMap, Stated
from backend.datasets.formats.spectrometers import geometry_of
from backend.datasets.formats.units import unit_of
from backend.datasets.run import RunConditions
from backend.kit.files.hdf5_guard import Group, attribute, group_at, number, number_array, open_hdf5, text
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice
from scattering.instruments import Geometry

MASK = -1e10
"""Intensities below are marks of masked pixels: −1e30 in older files, NaN in Mantid's."""
MAX_ENTRIES = 20
SAME_ENERGY = 0.01
"""Relative spread of the analysers' energies that counts as one energy."""


def sniffs(head: bytes) -> bool:
    """Whether a file's first bytes speak for this format."""
    return speaks_for(head, "nxspe")


def read(content: bytes) -> list[Raw]:
    """The maps of a file, one for each entry.

    Raises
    ------
    Unreadable
        It is not NXSPE, or what it holds does not fit together.
    """
    with open_hdf5(content) as root:
        entries = require(root, "nxspe")
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(Notice("too_many_runs", {"n_runs": len(entries), "max_runs": MAX_ENTRIES}))
        return [_read_entry(root, entry) for entry in entries]


def _read_entry(root: Group, entry: str) -> RawMap:
    data = group_at(root, f"{entry}/data")
    intensity = None if data is None else number_array(data, "data", max_values=MAX_DETECTED)
    polar = None if data is None else number_array(data, "polar")
    energy = None if data is None else number_array(data, "energy")
    if intensity is None or polar is None or energy is None:
        raise Unreadable(Notice("nxspe_data_missing"))
    error = number_array(data, "error", max_values=MAX_DETECTED)
    width = number_array(data, "polar_width")
    n, n_energy = intensity.shape if intensity.ndim == 2 else (-1, -1)
    if (
        polar.shape != (n,)
        or energy.shape not in ((n_energy,), (n_energy + 1,))
        or (error is not None and error.shape != intensity.shape)
        or (width is not None and width.shape != (n,))
    ):
        raise Unreadable(Notice("sizes_differ", {"arrays": ["data", "error", "polar", "energy"]}))

    notices: list[Notice] = []
    intensity, error = _unmasked(intensity, error, notices)
    fixed_energy, several = _fixed_energy(root, entry, notices)
    name = text(root, f"{entry}/instrument/name") or None
    geometry = _geometry(root, entry, name, energy, fixed_energy, several)
    if geometry is None:
        notices.append(Notice("geometry_not_stated"))
    psi = number(root, f"{entry}/NXSPE_info/psi")
    if psi:
        notices.append(Notice("orientation_averaged", {"psi_deg": float(psi)}))
    if number(root, f"{entry}/NXSPE_info/ki_over_kf_scaling") == 0:
        notices.append(Notice("ki_over_kf_not_applied"))
    unit = attribute(root, f"{entry}/data/energy", "units")
    x_unit = "meV" if unit is None else unit_of(unit).unit
    return RawMap(
        kind="angle",
        across=np.abs(polar),
        width=_width(width, notices),
        x=energy,
        y=intensity,
        error=error,
        x_unit=x_unit,
        recognised_by=f"NXSPE's data/energy, in {unit or 'meV'}" if x_unit else "",
        y_unit=attribute(root, f"{entry}/data/data", "units") or "",
        geometry=geometry,
        stated=Stated(
            title=text(root, f"{entry}/title") or entry,
            instrument=name,
            settings={"e_init": fixed_energy} if geometry == "direct" and fixed_energy else {},
            fixed_energy_mev=fixed_energy,
            run=RunConditions.plausible({"temperature_k": number(root, f"{entry}/sample/temperature")}),
        ),
        notices=tuple(notices),
    )


def _unmasked(
    intensity: NDArray[np.float64], error: NDArray[np.float64] | None, notices: list[Notice]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Masked pixels and detectors that counted nothing become NaN."""
    masked = ~np.isfinite(intensity) | (intensity <= MASK)
    # SaveNXSPE writes zeros for spectra without a detector
    empty = (masked | (intensity == 0)).all(axis=1)
    masked[empty] = True
    if gone := int(masked.all(axis=1).sum()):
        notices.append(Notice("detectors_left_out", {"n_left_out": gone, "n_detectors": len(intensity)}))
    if error is not None and not np.nan_to_num(error).any():
        error = None
    return np.where(masked, np.nan, intensity), None if error is None else np.where(masked, np.nan, error)


def _fixed_energy(root: Group, entry: str, notices: list[Notice]) -> tuple[float | None, bool]:
    """E_i or E_f in meV, and whether the file gives one for each detector, as of an indirect spectrometer."""
    values = number_array(root, f"{entry}/NXSPE_info/fixed_energy")
    if values is None:
        values = number_array(root, f"{entry}/instrument/fermi/energy")
    values = np.empty(0) if values is None else values.ravel()
    good = values[np.isfinite(values) & (values > 0)]
    if not len(good):
        notices.append(Notice("no_fixed_energy_stated"))
        return None, False
    mean = float(good.mean())
    if np.ptp(good) > SAME_ENERGY * mean:
        raise Unreadable(Notice("several_fixed_energies", {"min_mev": float(good.min()), "max_mev": float(good.max())}))
    return mean, len(values) > 1


def _geometry(
    root: Group,
    entry: str,
    name: str | None,
    energy: NDArray[np.float64],
    fixed_energy: float | None,
    several: bool,
) -> Geometry | None:
    """Direct or indirect: a Fermi chopper alone says little, as Mantid has written one for either."""
    if several:
        return "indirect"
    known = geometry_of(name)
    if known is not None:
        return known
    # No neutron loses more than E_i
    if fixed_energy is not None and np.nanmax(energy, initial=-np.inf) > 1.01 * fixed_energy:
        return "indirect"
    return "direct" if group_at(root, f"{entry}/instrument/fermi") is not None else None


def _width(width: NDArray[np.float64] | None, notices: list[Notice]) -> NDArray[np.float64] | None:
    """Extents in 2θ, those that are not known as wide as the middle one of the others."""
    if width is None:
        return None
    known = np.isfinite(width) & (width > 0)
    if not known.any():
        notices.append(Notice("detector_widths_unknown"))
        return None
    return np.where(known, width, np.median(width[known]))
