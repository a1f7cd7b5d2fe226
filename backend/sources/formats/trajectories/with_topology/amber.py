"""Frames of AMBER: NetCDF, and text with three decimals (mdcrd).

References
----------
https://ambermd.org/netcdf/nctraj.xhtml and https://ambermd.org/FileFormats.php
"""

from __future__ import annotations

from typing import Final

import numpy as np
from ase.geometry import cellpar_to_cell
from numpy.typing import NDArray
from scipy.io import netcdf_file

from backend.sources.formats.reading import Files, UploadedFile, incomplete
from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator, Lines, check_atom_frames, check_atoms
from backend.sources.formats.trajectories.with_topology.topologies import Topology, read_topology

PS_FS: Final = 1e3
UNITS: Final = {
    "coordinates": {"", "angstrom", "angstroms"},
    "velocities": {"", "angstrom/picosecond", "angstroms/picosecond"},
    "time": {"", "picosecond", "picoseconds", "ps"},
    "cell_lengths": {"", "angstrom", "angstroms"},
    "cell_angles": {"", "degree", "degrees"},
}
WIDTH, COLUMNS = 8, 10
"""Columns of characters of a number of an mdcrd, and numbers of a line."""
MDCRD_ROUNDING_ANGSTROM: Final = 1e-3


def read_netcdf(files: Files) -> FrameIterator:
    """Yield the frames of an AMBER NetCDF. Its numbers are read from the disk when they are used."""
    file = files["amber_netcdf"]
    # A reader that fails at a damaged file leaves it open, so it is opened here
    with file.open() as stream, netcdf_file(stream, "r", mmap=True, maskandscale=False) as root:
        shape = _shape(root)
        if not shape:
            raise incomplete(file, "there are no coordinates")
        check_atoms(shape[-2])
        topology = read_topology(files, shape[-2])
        n_frames = shape[0] if len(shape) == 3 else 1
        check_atom_frames(n_frames * shape[-2])
        values = {name: _Values(file, root, name, n_frames) for name in UNITS}
        for number in range(n_frames):
            yield _netcdf_frame(topology, {name: one.at(number) for name, one in values.items()})


def _shape(root: netcdf_file) -> tuple[int, ...]:
    """Return the shape of the coordinates; empty if there are none."""
    coordinates = root.variables.get("coordinates")
    if coordinates is None or coordinates.dimensions[-2:] != ("atom", "spatial"):
        return ()
    return tuple(coordinates.shape)


class _Values:
    """The values of a variable, one frame at a time.

    The file cannot be closed while anything refers to a variable or its data, such as a frame of a traceback: errors
    are raised only by functions that have none.
    """

    def __init__(self, file: UploadedFile, root: netcdf_file, name: str, n_frames: int) -> None:
        self._file, self._root, self._name = file, root, name
        self._has, self._is_single, self._factor = name in root.variables, False, 1.0
        if self._has:
            unit, n_rows = self._describe()
            if unit not in UNITS[name]:
                raise incomplete(file, f"the unit of {name} is {unit[:20]}")
            if not self._is_single and n_rows < n_frames:
                raise incomplete(file, f"there are fewer {name} than frames")

    def _describe(self) -> tuple[str, int]:
        """Return the unit and the number of rows of the variable."""
        variable = self._root.variables[self._name]
        self._is_single = variable.dimensions[:1] != ("frame",)
        self._factor = float(getattr(variable, "scale_factor", 1.0))
        unit = getattr(variable, "units", b"").decode("latin-1").strip().strip("\0").lower()
        return unit, variable.shape[0] if variable.shape else 0

    def _copy(self, number: int) -> NDArray[np.float64]:
        data = self._root.variables[self._name].data
        return np.array(data if self._is_single else data[number], dtype=np.float64) * self._factor

    def at(self, number: int) -> NDArray[np.float64] | None:
        """Return the values of a frame as a copy; None if there are none."""
        if not self._has:
            return None
        values = self._copy(number)
        if not np.isfinite(values).all():
            raise incomplete(self._file, f"frame {number + 1}: a value of {self._name} is not a finite number")
        return values


def _netcdf_frame(topology: Topology, values: dict[str, NDArray[np.float64] | None]) -> Frame:
    lengths, angles, time = values["cell_lengths"], values["cell_angles"], values["time"]
    positions, velocities = values["coordinates"], values["velocities"]
    assert positions is not None
    cell = None
    if lengths is not None and angles is not None and lengths.all():
        cell = np.asarray(cellpar_to_cell([*lengths, *angles]))
    return Frame(
        labels=topology.labels,
        positions=positions,
        cell=cell,
        velocities=None if velocities is None else velocities / PS_FS,
        time_fs=None if time is None else float(time) * PS_FS,
        masses=topology.masses,
        has_type_names=topology.has_type_names,
    )


def read_mdcrd(files: Files) -> FrameIterator:
    """Yield the frames of an mdcrd. It has no times; its cells have no angles, which a prmtop states."""
    file = files["mdcrd"]
    topology = read_topology(files)
    n_values = 3 * len(topology.labels)
    has_box: bool | None = None
    with file.open() as stream:
        lines = Lines(file, stream)
        lines.required()
        line = lines.filled()
        while line is not None:
            lines.check_size(len(topology.labels))
            values = _values(lines, line, n_values)
            line = lines.filled()
            if has_box is None:
                has_box = line is not None and len(line.rstrip()) == 3 * WIDTH and n_values != 3
            cell = None
            if has_box:
                if line is None:
                    raise Cut
                lengths = _numbers(lines, line, 3)
                cell = None if topology.angle is None else cellpar_to_cell([*lengths, *[topology.angle] * 3])
                line = lines.filled()
            yield Frame(
                labels=topology.labels,
                positions=values.reshape(-1, 3),
                cell=cell,
                masses=topology.masses,
                has_type_names=topology.has_type_names,
                rounding_angstrom=MDCRD_ROUNDING_ANGSTROM,
            )


def _values(lines: Lines, first: bytes, n_values: int) -> NDArray[np.float64]:
    counts = [min(COLUMNS, n_values - begin) for begin in range(0, n_values, COLUMNS)]
    rest = [_numbers(lines, lines.required(), count) for count in counts[1:]]
    return np.concatenate([_numbers(lines, first, counts[0]), *rest])


def _numbers(lines: Lines, line: bytes, count: int) -> NDArray[np.float64]:
    """Return the numbers of a line, which may touch each other."""
    if len(line.rstrip()) != WIDTH * count:
        raise lines.damage(f"the line does not have {count} numbers: is the topology that of the trajectory?")
    return lines.numbers([line[at : at + WIDTH] for at in range(0, WIDTH * count, WIDTH)])
