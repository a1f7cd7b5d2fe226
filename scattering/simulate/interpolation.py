"""Phonons at any wave vector from force constants, by Euphonic: the only calls of its interpolation."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from euphonic import Crystal, ForceConstants, QpointPhononModes, ureg
from numpy.typing import NDArray

GAMMA_TOLERANCE: Final = 1e-8
"""Reduced coordinates. Wave vectors that are nearer to Γ are Γ."""
DIAGONAL_TOLERANCE: Final = 1e-9
"""Elements of a dielectric tensor off its diagonal, over the largest element, that count as 0."""
MAX_LOCKED_S: Final = 0.5
"""Processor time for which no other thread may run."""
SECONDS_PER_CUBED_MODE: Final = 3e-9
"""Processor time of one wave vector over the cube of its number of modes, in Euphonic's extension in C: 9 ms with 144
modes, 0.3 s with 390, measured on 2 cores."""
_DIELECTRIC_UNIT: Final = "e**2/(bohr*hartree)"


def modes_at(
    fc: ForceConstants,
    q: NDArray[np.float64],
    *,
    directions: NDArray[np.float64] | None = None,
    sum_rule: bool = True,
    n_threads: int | None = None,
    share_lock: bool = False,
) -> QpointPhononModes:
    """Calculate phonon modes at wave vectors, one set for each, in their order.

    At Γ the modes of a crystal with Born charges depend on the direction from which Γ is approached.

    Parameters
    ----------
    fc
        Force constants.
    q
        Shape (n_q, 3), in reciprocal vectors of the crystal.
    directions
        Shape (n_q, 3), in the same vectors, of any length: the directions of approach, which wave vectors at Γ use.
        Default and (0, 0, 0): no direction. The modes are then those without a macroscopic field, all transverse.
    sum_rule
        Whether acoustic modes are moved to energy 0 at Γ.
    n_threads
        Default: all cores.
    share_lock
        Whether other threads of this process run meanwhile, as those of a server have to. Euphonic's extension in C
        holds Python's lock: many wave vectors are calculated in several steps, and those of large crystals without
        the extension, which takes about twice the time.
    """
    options: dict[str, Any] = {
        "asr": "reciprocal" if sum_rule else None,
        "n_threads": n_threads,
        "share_lock": share_lock,
    }
    usable, axes = _with_diagonal_dielectric(fc)
    modes = _calculate(usable, q, splitting=False, **options)
    energies, vectors = modes.frequencies, modes.eigenvectors
    if directions is not None and fc.born is not None:
        at_gamma = (np.abs(q - np.rint(q)) < GAMMA_TOLERANCE).all(axis=1)
        directed = np.flatnonzero(at_gamma & (directions != 0).any(axis=1))
        if len(directed):
            # Euphonic approaches a wave vector at Γ from the next one of its list
            ends = directions[directed] / (4 * np.abs(directions[directed]).max(axis=1, keepdims=True))
            pairs = np.stack([np.zeros_like(ends), ends], axis=1).reshape(-1, 3)
            split = _calculate(usable, pairs, splitting=True, **options)
            energies[directed], vectors[directed] = split.frequencies[::2], split.eigenvectors[::2]
    return QpointPhononModes(fc.crystal, q, energies, vectors if axes is None else vectors @ axes.T)


def energies_at(
    fc: ForceConstants, q: NDArray[np.float64], *, directions: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the energies of `modes_at` in meV, ascending, shape (n_q, n_modes); imaginary ones are negative."""
    return np.asarray(modes_at(fc, q, directions=directions, share_lock=True).frequencies.to("meV").magnitude)


def stiffness_at(fc: ForceConstants, q: NDArray[np.float64], *, sum_rule: bool = True) -> NDArray[np.complex128]:
    """Return the force constants of waves, Σ_R Φ(R) exp(2πi q·R), without a macroscopic field at Γ.

    Parameters
    ----------
    fc, q, sum_rule
        As of `modes_at`.

    Returns
    -------
    Shape (n_q, n_modes, n_modes), eV/Å².
    """
    modes = modes_at(fc, q, sum_rule=sum_rule)
    energies = modes.frequencies.to("hartree", "reciprocal_spectroscopy").magnitude
    n_modes = energies.shape[1]
    masses = np.repeat(modes.crystal.atom_mass.to("m_e").magnitude, 3)
    vectors = modes.eigenvectors.reshape(len(q), n_modes, n_modes) * np.sqrt(masses)
    dynamical = np.einsum("qni,qn,qnj->qij", vectors, energies * np.abs(energies), vectors.conj(), optimize=True)
    return np.asarray((1 * ureg("hartree/bohr**2")).to("eV/angstrom**2").magnitude * dynamical)


def _calculate(fc: ForceConstants, q: NDArray[np.float64], *, share_lock: bool, **options: Any) -> QpointPhononModes:
    """Calculate modes at wave vectors (n_q, 3); pairs of an even and the next odd place stay in one step."""

    def calculate(places: slice, *, use_c: bool | None = None) -> QpointPhononModes:
        return fc.calculate_qpoint_phonon_modes(
            q[places], insert_gamma=False, reduce_qpts=False, use_c=use_c, **options
        )

    seconds = SECONDS_PER_CUBED_MODE * (3 * fc.crystal.n_atoms) ** 3
    if not share_lock or len(q) * seconds <= MAX_LOCKED_S:
        return calculate(slice(None))
    if seconds > MAX_LOCKED_S:
        return calculate(slice(None), use_c=False)
    step = 2 * max(1, int(MAX_LOCKED_S / seconds / 2))
    parts = [calculate(slice(start, start + step)) for start in range(0, len(q), step)]
    energies = np.concatenate([part.frequencies.to("meV").magnitude for part in parts])
    return QpointPhononModes(
        fc.crystal, q, energies * ureg("meV"), np.concatenate([part.eigenvectors for part in parts])
    )


def _with_diagonal_dielectric(fc: ForceConstants) -> tuple[ForceConstants, NDArray[np.float64] | None]:
    """Return force constants in the axes in which their dielectric tensor is diagonal, and other axes as columns.

    Euphonic 2.1 takes a wrong determinant of other tensors in its extension in C (`det_array` in util.c).
    """
    if fc.dielectric is None:
        return fc, None
    dielectric = fc.dielectric.to(_DIELECTRIC_UNIT).magnitude
    if np.abs(dielectric - np.diag(np.diag(dielectric))).max() < DIAGONAL_TOLERANCE * np.abs(dielectric).max():
        return fc, None
    values, axes = np.linalg.eigh(dielectric)
    turn = np.kron(np.eye(fc.crystal.n_atoms), axes)
    turned = ForceConstants(
        Crystal(
            fc.crystal.cell_vectors @ axes, fc.crystal.atom_r, np.array(fc.crystal.atom_type), fc.crystal.atom_mass
        ),
        turn.T @ fc.force_constants.to("eV/angstrom**2").magnitude @ turn * ureg("eV/angstrom**2"),
        fc.sc_matrix,
        fc.cell_origins,
        axes.T @ fc.born.to("e").magnitude @ axes * ureg("e"),
        np.diag(values) * ureg(_DIELECTRIC_UNIT),
    )
    return turned, axes
