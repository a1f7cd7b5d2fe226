"""From a trajectory file to time correlations, by dynasor, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import dynasor
import numpy as np
from ase import Atoms
from dynasor.qpoints import get_spherical_qpoints
from numpy.typing import NDArray

from scattering import protocol

dynasor.logging_tools.set_logging_level("WARNING")


@dataclass(frozen=True)
class Correlations:
    """F(q, t) per atom of the sample.

    Attributes
    ----------
    coherent, incoherent
        By sorted pair and by species: shapes (n_points, n_lags).
    coherent_q_points, incoherent_q_points
        Shapes (n_points, 3), Å⁻¹, commensurate with the supercell.
    n_windows
        Time origins averaged over.
    """

    coherent: dict[tuple[str, str], NDArray[np.float64]]
    incoherent: dict[str, NDArray[np.float64]]
    coherent_q_points: NDArray[np.float64]
    incoherent_q_points: NDArray[np.float64]
    n_windows: int


class _Watched(dynasor.Trajectory):  # type: ignore[misc]
    """A trajectory that says how much of it was read."""

    def __init__(self, path: Path, indices: dict[str, NDArray[np.int64]], update: Callable[[int], None]) -> None:
        super().__init__(str(path), trajectory_format="ase", atomic_indices=indices, properties=["positions"])
        self._update = update

    def __next__(self) -> Any:
        self._update(self.number_of_frames_read)
        return super().__next__()

    def __iter__(self) -> Iterator[Any]:
        return self


def correlate(path: Path, atoms: Atoms, options: Mapping[str, Any], update: Callable[[float], None]) -> Correlations:
    """Correlate the positions of a run.

    The coherent part takes many q-points, the incoherent one fewer: it is smooth in q, and each time origin costs it
    a pass over all atoms.

    Parameters
    ----------
    path
        ASE trajectory of positions, equally spaced in time and not wrapped into the cell.
    atoms
        The supercell.
    options
        As `scattering.protocol.fill_options` returns them.
    update
        Called with the share that is done.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    species = sorted({str(symbol) for symbol in symbols})
    indices = {symbol: np.flatnonzero(symbols == symbol) for symbol in species}
    n_frames = round(options["production_ps"] * 1e3 / options["sample_fs"])
    n_lags = round(options["correlation_ps"] * 1e3 / options["sample_fs"])

    def sample(n_points: int, *, incoherent: bool, begin: float) -> tuple[Any, NDArray[np.float64]]:
        points = get_spherical_qpoints(
            atoms.cell.array,
            q_max=options["q_max_inv_angstrom"] + protocol.Q_STEP,
            q_min=1e-6,
            max_points=n_points,
            seed=options["seed"],
        )
        trajectory = _Watched(path, indices, lambda read: update(begin + read / n_frames / 2))
        result = dynasor.compute_dynamic_structure_factors(
            trajectory,
            points,
            dt=options["sample_fs"],
            window_size=n_lags,
            window_step=max(1, n_lags // 5),
            calculate_incoherent=incoherent,
            logging_interval=0,
        )
        return result, points

    coherent, coherent_points = sample(options["n_q_points"], incoherent=False, begin=0.0)
    incoherent, incoherent_points = sample(protocol.n_incoherent(options["n_q_points"]), incoherent=True, begin=0.5)
    return Correlations(
        coherent={
            (one, other): coherent[f"Fqt_coh_{one}_{other}"] for one, other in combinations_with_replacement(species, 2)
        },
        incoherent={symbol: incoherent[f"Fqt_incoh_{symbol}"] for symbol in species},
        coherent_q_points=coherent_points,
        incoherent_q_points=incoherent_points,
        n_windows=protocol.n_windows(n_frames, n_lags),
    )
