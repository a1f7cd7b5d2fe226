"""HDF5 files as the programs that reduce neutron data write them, with numbers of the tests' own."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from scattering.instruments.kinematics import momentum_transfer


def words(group: Any, name: str, value: str, **attributes: str) -> None:
    """A string as the NeXus library writes it: of fixed length, in an array of one."""
    group.create_dataset(name, data=np.array([value.encode()], dtype=f"S{max(len(value.encode()), 1)}"))
    group[name].attrs.update({key: np.bytes_(text) for key, text in attributes.items()})


def new_group(parent: Any, name: str, nx_class: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = np.bytes_(nx_class)
    return group


def nxspe(
    polar: ArrayLike,
    energy: ArrayLike,
    data: ArrayLike,
    error: ArrayLike,
    *,
    fixed_energy: ArrayLike = 100.0,
    psi: float = np.nan,
    scaled: bool = True,
    instrument: str = "MAPS",
    fermi: bool = True,
    definition: str = "NXSPE",
    version: str = "1.3",
    width: ArrayLike | None = 1.0,
    stored: Mapping[str, Any] | None = None,
    dtype: str = "<f8",
    entry: str = "reduced",
) -> bytes:
    """An NXSPE file; `stored` goes to the two-dimensional datasets, `dtype` to every number."""
    content = io.BytesIO()
    with h5py.File(content, "w") as root:
        top = new_group(root, entry, "NXentry")
        words(top, "definition", definition, version=version)
        words(top, "program_name", "mantid", version="6.9.0")
        info = new_group(top, "NXSPE_info", "NXcollection")
        info["fixed_energy"] = np.atleast_1d(np.asarray(fixed_energy, dtype=dtype))
        info["fixed_energy"].attrs["units"] = np.bytes_("meV")
        info["psi"] = np.array([psi], dtype=dtype)
        info["ki_over_kf_scaling"] = np.array([int(scaled)], dtype="i4")
        spectrometer = new_group(top, "instrument", "NXinstrument")
        words(spectrometer, "name", instrument, short_name=instrument)
        if fermi:
            new_group(spectrometer, "fermi", "NXfermi_chopper")["energy"] = np.array([np.mean(fixed_energy)])
        new_group(top, "sample", "NXsample")
        group = new_group(top, "data", "NXdata")
        polar = np.asarray(polar, dtype=dtype)
        group["energy"] = np.asarray(energy, dtype=dtype)
        group["energy"].attrs["units"] = np.bytes_("meV")
        for name, values in (("data", data), ("error", error)):
            group.create_dataset(name, data=np.asarray(values, dtype=dtype), **(stored or {}))
        group["polar"] = polar
        group["azimuthal"] = np.zeros_like(polar)
        if width is not None:
            group["polar_width"] = np.broadcast_to(np.asarray(width, dtype=dtype), polar.shape)
            group["azimuthal_width"] = np.full_like(polar, 5.0)
        group["distance"] = np.full_like(polar, 6.0)
    return content.getvalue()


def workspace(
    root: Any,
    values: ArrayLike,
    errors: ArrayLike | None,
    axis1: ArrayLike,
    axis2: ArrayLike | Sequence[str],
    *,
    number: int = 1,
    name: str = "reduced",
    units: tuple[str, str] = ("DeltaE", "spectraNumber"),
    distribution: str | None = "1",
    instrument: str = "TOSCA",
    parameters: str = "",
    logs: Mapping[str, Any] | None = None,
    two_theta: ArrayLike | None = None,
    stored: Mapping[str, Any] | None = None,
    dtype: str = "<f8",
    more: Mapping[str, Any] | None = None,
) -> Any:
    """Add /mantid_workspace_N as SaveNexusProcessed does; returns its `workspace` group."""
    entry = new_group(root, f"mantid_workspace_{number}", "NXentry")
    words(entry, "title", "a run of the tests'")
    words(entry, "workspace_name", name)
    words(entry, "definition", "Mantid Processed Workspace", Version="1.0")
    spectrometer = new_group(entry, "instrument", "NXinstrument")
    words(spectrometer, "name", instrument)
    words(new_group(spectrometer, "instrument_parameter_map", "NXnote"), "data", parameters or " ")
    if two_theta is not None:
        two_theta = np.asarray(two_theta, dtype=float)
        detectors, n = new_group(spectrometer, "detector", "NXdetector"), len(two_theta)
        # Two detectors to each spectrum, half a degree off to either side
        detectors["detector_index"] = np.arange(0, 2 * n + 2, 2, dtype="i4")
        detectors["detector_count"] = np.full(n, 2, dtype="i4")
        angles = np.stack([two_theta - 0.5, two_theta + 0.5], axis=1).ravel()
        detectors["detector_positions"] = np.stack([np.full(2 * n, 4.0), angles, np.zeros(2 * n)], axis=1)
    new_group(entry, "sample", "NXsample")
    noted = new_group(entry, "logs", "NXlog")
    for log, (value, unit) in (logs or {}).items():
        group = new_group(noted, log, "NXlog")
        if isinstance(value, str):
            words(group, "value", value)
        else:
            group["value"] = np.atleast_1d(np.asarray(value, dtype=float))
        group["value"].attrs["units"] = np.bytes_(unit)
    data = new_group(entry, "workspace", "NXdata")
    for key, array in (("values", values), ("errors", errors)):
        if array is not None:
            data.create_dataset(key, data=np.asarray(array, dtype=dtype), **(stored or {}))
    data["values"].attrs.update({"signal": 1, "units": np.bytes_("Counts"), "unit_label": np.bytes_("Counts per meV")})
    data["axis1"] = np.asarray(axis1, dtype=dtype)
    data["axis1"].attrs["units"] = np.bytes_(units[0])
    if distribution is not None:
        data["axis1"].attrs["distribution"] = np.bytes_(distribution)
    if units[1] == "TextAxis":
        words(data, "axis2", "".join(f"{line}\n" for line in axis2))  # type: ignore[union-attr]
    else:
        data["axis2"] = np.asarray(axis2, dtype=dtype)
    data["axis2"].attrs["units"] = np.bytes_(units[1])
    for key, array in (more or {}).items():
        data[key] = array
    return data


def mantid(*args: Any, **kwargs: Any) -> bytes:
    """A processed file with one workspace."""
    content = io.BytesIO()
    with h5py.File(content, "w") as root:
        workspace(root, *args, **kwargs)
    return content.getvalue()


def file_of(build: Any) -> bytes:
    """The file that `build(root)` fills."""
    content = io.BytesIO()
    with h5py.File(content, "w") as root:
        build(root)
    return content.getvalue()


def known_s(q: NDArray[np.float64], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """An S(|q|, ω) to be found again: a mode at 40 meV that grows as q² and fades, on a slope."""
    mode = np.exp(-(((energy - 40.0) / 8.0) ** 2)) + 0.2 + 0.002 * energy
    return np.asarray(q**2 * np.exp(-0.03 * q**2) * mode)


def counted(
    two_theta: NDArray[np.float64], energy: NDArray[np.float64], *, fixed_energy: float, geometry: str
) -> NDArray[np.float64]:
    """`known_s` where detectors look, at the middle of bins; NaN where no neutron comes from or goes to."""
    middle = (energy[1:] + energy[:-1]) / 2
    varying = fixed_energy - middle if geometry == "direct" else fixed_energy + middle
    varying = np.where(varying > 0, varying, np.nan)
    incident, final = (fixed_energy, varying) if geometry == "direct" else (varying, fixed_energy)
    q = momentum_transfer(incident_energy=incident, final_energy=final, two_theta=two_theta[:, None])
    return known_s(q, middle)
