"""Intermediate scattering functions of a trajectory, over all time origins, by fast Fourier transform in time.

With A(t) = exp(iq·r(t)) padded with zeros, and Ã(ν) its discrete Fourier transform,

Σ_t A(t + τ) A*(t) = IFFT[|Ã(ν)|²](τ)    (Wiener–Khinchin)

and the sum over atoms is taken before the one inverse transform. The cost of an atom, a q and a frame is then that of a
transform, log₂(2 n_frames), instead of the number of lags.

For path integrals A(t) = (1/P) Σ_k exp(iq·r_k(t)) is the mean over the P beads of the ring polymer of an atom. Its time
correlation approximates the Kubo-transformed correlation of the quantum operator.

Positions are displacements from fixed sites, in single precision: a displacement is small, so its phase is good to
1e-6. The phase of the site, which may be large, is computed in double precision where it is needed.

References
----------
I. R. Craig and D. E. Manolopoulos, J. Chem. Phys. 121, 3368 (2004) (ring-polymer molecular dynamics); Chem. Phys. 322,
236 (2006) (neutron scattering by ring polymers).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from scattering.simulate.path_integral import with_bead_axis
from scattering.simulate.powder import shell_vectors

CACHE_BYTES: Final = 2**20
"""Bytes that one core transforms together, so that they stay in its cache."""
MAX_BLOCK_BYTES: Final = 256 * 2**20
"""Memory of an accumulated result; q-points are computed in as many blocks as that requires."""
DEVICE_BATCH_SIZE: Final = 2**26
"""Complex numbers (512 MiB) that a GPU transforms together."""

_SINE: Final = tuple(np.float32((-1) ** k * (2 * math.pi) ** (2 * k + 1) / math.factorial(2 * k + 1)) for k in range(6))
"""Taylor series of sin 2πx. Its error at a quarter turn is 6e-8, the rounding of single precision."""

Progress = Callable[[float], None]


@numba.njit(nogil=True, fastmath={"contract"}, inline="always")
def _cosine(turns: Any) -> Any:  # pragma: no cover
    """Return cos 2πx as sin 2π(¼ − |x|), with x reduced to half a turn: without branches, so that loops vectorise."""
    x = np.float32(0.25) - abs(turns - np.rint(turns))
    square = x * x
    total = _SINE[5]
    for k in range(4, -1, -1):
        total = _SINE[k] + square * total
    return x * total


@numba.njit(nogil=True, fastmath={"contract"})
def _phases(displacements: Any, q: Any, out: Any) -> None:  # pragma: no cover
    """Write exp(iq·u) into out (n_atoms, n_fft), for u (n_atoms, 3, n_frames)."""
    x, y, z = np.float32(q[0] / (2 * np.pi)), np.float32(q[1] / (2 * np.pi)), np.float32(q[2] / (2 * np.pi))
    for atom in range(displacements.shape[0]):
        for t in range(displacements.shape[2]):
            turns = x * displacements[atom, 0, t] + y * displacements[atom, 1, t] + z * displacements[atom, 2, t]
            out[atom, t] = complex(_cosine(turns), _cosine(turns - np.float32(0.25)))


@numba.njit(nogil=True, fastmath={"contract"})
def _add_phases(displacements: Any, q: Any, out: Any) -> None:  # pragma: no cover
    """Add exp(iq·u) of another bead to out (n_atoms, n_fft)."""
    x, y, z = np.float32(q[0] / (2 * np.pi)), np.float32(q[1] / (2 * np.pi)), np.float32(q[2] / (2 * np.pi))
    for atom in range(displacements.shape[0]):
        for t in range(displacements.shape[2]):
            turns = x * displacements[atom, 0, t] + y * displacements[atom, 1, t] + z * displacements[atom, 2, t]
            out[atom, t] += complex(_cosine(turns), _cosine(turns - np.float32(0.25)))


@numba.njit(nogil=True, fastmath={"contract", "reassoc"})
def _add_power(amplitudes: Any, out: Any) -> None:  # pragma: no cover
    """Add Σ_atoms |Ã|² to out (n_fft,)."""
    for atom in range(amplitudes.shape[0]):
        for k in range(amplitudes.shape[1]):
            real, imaginary = amplitudes[atom, k].real, amplitudes[atom, k].imag
            out[k] += real * real + imaginary * imaginary


@numba.njit(nogil=True, fastmath={"contract"})
def _add_density(displacements: Any, site_turns: Any, q: Any, real: Any, imaginary: Any) -> None:  # pragma: no cover
    """Add Σ_atoms exp(iq·(R + u)) to real and imaginary, each (n_frames,); site_turns is q·R in turns below one."""
    x, y, z = np.float32(q[0] / (2 * np.pi)), np.float32(q[1] / (2 * np.pi)), np.float32(q[2] / (2 * np.pi))
    for atom in range(displacements.shape[0]):
        start = np.float32(site_turns[atom])
        for t in range(displacements.shape[2]):
            turns = (
                start + x * displacements[atom, 0, t] + y * displacements[atom, 1, t] + z * displacements[atom, 2, t]
            )
            real[t] += _cosine(turns)
            imaginary[t] += _cosine(turns - np.float32(0.25))


def n_threads() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _atom_chunks(indices: NDArray[np.integer[Any]], n_fft: int) -> Iterator[NDArray[np.integer[Any]]]:
    size = max(1, min(CACHE_BYTES // (8 * n_fft), 64))
    for begin in range(0, len(indices), size):
        yield indices[begin : begin + size]


def _blocks(n: int, bytes_each: int) -> Iterator[slice]:
    size = max(1, MAX_BLOCK_BYTES // bytes_each)
    for begin in range(0, n, size):
        yield slice(begin, min(begin + size, n))


def _padded_length(n_frames: int, n_lags: int) -> int:
    """Return the length of a transform in which the lags do not wrap around."""
    if not 1 <= n_lags <= n_frames:
        raise ValueError(f"{n_lags} lags need at least as many frames; there are {n_frames}")
    return int(fft.next_fast_len(n_frames + n_lags - 1))


def self_functions(
    displacements: NDArray[np.float32],
    groups: Sequence[NDArray[np.integer[Any]]],
    q_points: NDArray[np.float64],
    n_lags: int,
    *,
    device: str = "cpu",
    update: Progress = lambda share: None,
) -> NDArray[np.float64]:
    """Return the self intermediate scattering function of each group of atoms, averaged over atoms and time origins.

    F_s(q, τ) = (1/N) Σ_i (1/(n_frames − τ)) Σ_t Re A_i(t + τ) A_i*(t),  A_i = (1/P) Σ_k exp(iq·u_ik)

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, n_frames), or (n_beads, n_atoms, 3, n_frames) of ring polymers, Å: unwrapped positions
        relative to any fixed points, the same for all beads. It may be a memory map, which is read some atoms at a
        time.
    groups
        Indices of the atoms of each species.
    q_points
        Shape (n_points, 3), Å⁻¹. Any vectors: the motion of one atom does not depend on the box.
    n_lags
        Lags 0 to n_lags − 1.
    device
        "cpu", on all cores, or a device of PyTorch such as "cuda"; "torch-cpu" is the CPU by PyTorch.
    update
        Called with the finished fraction.

    Returns
    -------
    Shape (n_groups, n_points, n_lags). 1 at lag 0; less for several beads, because of their spread.
    """
    displacements = with_bead_axis(displacements)
    n_frames, n_points = displacements.shape[3], len(q_points)
    n_fft = _padded_length(n_frames, n_lags)
    result = np.empty((len(groups), n_points, n_lags))
    origins = (n_frames - np.arange(n_lags)) * len(displacements) ** 2
    add_power = _add_power_on_cores if device == "cpu" else _add_power_on_device(device)
    total, done = n_points * sum(len(group) for group in groups), 0
    for block in _blocks(n_points, 8 * n_fft):
        points = q_points[block]
        for number, group in enumerate(groups):
            power = np.zeros((len(points), n_fft))
            for atoms in _atom_chunks(group, n_fft):
                add_power(np.ascontiguousarray(displacements[:, atoms]), points, power)
                done += len(atoms) * len(points)
                update(done / total)
            for row, spectrum in enumerate(power, start=block.start):
                # Re F is the transform of the part that is even in frequency
                even = (spectrum[: n_fft // 2 + 1] + np.roll(spectrum[::-1], 1)[: n_fft // 2 + 1]) / 2
                result[number, row] = fft.irfft(even, n_fft)[:n_lags] / origins / len(group)
    return result


def shell_functions(
    displacements: NDArray[np.float32],
    groups: Sequence[NDArray[np.integer[Any]]],
    shells: NDArray[np.float64],
    n_lags: int,
    *,
    n_atoms: int,
    seed: int,
    update: Progress = lambda share: None,
) -> NDArray[np.float64]:
    """Return the self part of F(q, τ) per atom of the sample, averaged over directions.

    Parameters
    ----------
    displacements, groups, n_lags, update
        As for `self_functions`.
    shells
        Shape (n_shells,), Å⁻¹: moduli of q.
    n_atoms
        Number of atoms in the sample.
    seed
        Seed of the directions.

    Returns
    -------
    Shape (n_groups, n_shells, n_lags): at lag 0 the concentration of each group.
    """
    vectors = shell_vectors(shells, seed=seed).reshape(-1, 3)
    functions = self_functions(displacements, groups, vectors, n_lags, update=update)
    concentration = np.array([len(group) for group in groups]) / n_atoms
    averaged = functions.reshape(len(groups), len(shells), -1, n_lags).mean(axis=2)
    return np.asarray(concentration[:, None, None] * averaged)


def _add_power_on_cores(
    displacements: NDArray[np.float32], q_points: NDArray[np.float64], power: NDArray[np.float64]
) -> None:
    (first, *others), n_fft = displacements, power.shape[1]
    n_atoms, _, n_frames = first.shape

    def work(rows: range) -> None:
        buffer = np.empty((n_atoms, n_fft), dtype=np.complex64)
        for row in rows:
            buffer[:, n_frames:] = 0
            _phases(first, q_points[row], buffer)
            for bead in others:
                _add_phases(bead, q_points[row], buffer)
            buffer = fft.fft(buffer, overwrite_x=True)
            _add_power(buffer, power[row])

    _run_on_cores(work, len(q_points))


def _run_on_cores(work: Callable[[range], None], n: int) -> None:
    """Divide n rows among the cores. Each row belongs to one thread, so the result does not depend on their number."""
    threads = min(n_threads(), n)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [range(first, n, threads) for first in range(threads)]))


def _add_power_on_device(
    device: str,
) -> Callable[[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]], None]:
    import torch  # optional: the extra "gpu"

    device = device.removeprefix("torch-")

    def add_power(
        displacements: NDArray[np.float32], q_points: NDArray[np.float64], power: NDArray[np.float64]
    ) -> None:
        n_fft = power.shape[1]
        u = torch.as_tensor(displacements, device=device)
        size = max(1, DEVICE_BATCH_SIZE // (displacements.shape[1] * n_fft))
        for begin in range(0, len(q_points), size):
            rows = slice(begin, begin + size)
            q = torch.as_tensor(q_points[rows].astype(np.float32), device=device)
            total: Any = 0
            for bead in u:
                angle = torch.einsum("qc,ict->qit", q, bead)
                total = total + torch.polar(torch.ones_like(angle), angle)
            amplitudes = torch.fft.fft(total, n=n_fft)
            power[rows] += torch.view_as_real(amplitudes).square().sum(dim=(1, 3), dtype=torch.float64).cpu().numpy()

    return add_power


def densities(
    displacements: NDArray[np.float32],
    sites: NDArray[np.float64],
    groups: Sequence[NDArray[np.integer[Any]]],
    q_points: NDArray[np.float64],
) -> NDArray[np.complex64]:
    """Return Fourier components of the density of each group, ρ(q, t) = Σ_i exp(iq·(R_i + u_i(t))), mean over beads.

    Parameters
    ----------
    displacements
        As in `self_functions`, relative to the sites.
    sites
        Shape (n_atoms, 3), Å.
    groups, q_points
        As in `self_functions`; q-points must fit the periodic box.

    Returns
    -------
    Shape (n_groups, n_points, n_frames).
    """
    displacements = with_bead_axis(displacements)
    n_points, n_frames = len(q_points), displacements.shape[3]
    result = np.empty((len(groups), n_points, n_frames), dtype=np.complex64)
    for number, group in enumerate(groups):
        real, imaginary = np.zeros((2, n_points, n_frames), dtype=np.float32)
        for atoms in _atom_chunks(group, n_frames):
            chunk = np.ascontiguousarray(displacements[:, atoms])
            turns = sites[atoms] @ q_points.T / (2 * np.pi) % 1

            def work(rows: range, chunk: Any = chunk, turns: Any = turns, parts: Any = (real, imaginary)) -> None:
                for row in rows:
                    for bead in chunk:
                        _add_density(bead, turns[:, row], q_points[row], parts[0][row], parts[1][row])

            _run_on_cores(work, n_points)
        result[number].real, result[number].imag = real / len(displacements), imaginary / len(displacements)
    return result


def collective_functions(
    displacements: NDArray[np.float32],
    sites: NDArray[np.float64],
    groups: Sequence[NDArray[np.integer[Any]]],
    q_points: NDArray[np.float64],
    n_lags: int,
    *,
    update: Progress = lambda share: None,
) -> NDArray[np.float64]:
    """Return the partial intermediate scattering functions of all pairs of groups, per atom, over all time origins.

    F_αβ(q, τ) = (1/N) (1/(n_frames − τ)) Σ_t Re ρ_α(q, t + τ) ρ_β*(q, t), for α ≠ β plus F_βα, as in dynasor.

    Parameters
    ----------
    displacements, sites, groups, q_points, n_lags, update
        As in `densities` and `self_functions`.

    Returns
    -------
    Shape (n_pairs, n_points, n_lags), pairs in the order of `combinations_with_replacement`.
    """
    n_frames, n_points = displacements.shape[-1], len(q_points)
    n_fft = _padded_length(n_frames, n_lags)
    pairs = list(combinations_with_replacement(range(len(groups)), 2))
    result = np.empty((len(pairs), n_points, n_lags))
    weights = (n_frames - np.arange(n_lags)) * sum(len(group) for group in groups)
    # Memory of a q-point: the densities (twice, while real and imaginary parts are summed) and their transforms
    for block in _blocks(n_points, 8 * len(groups) * (2 * n_frames + n_fft)):
        density = densities(displacements, sites, groups, q_points[block])

        def work(rows: range, block: slice = block, density: NDArray[np.complex64] = density) -> None:
            for row in rows:
                transforms = fft.fft(density[:, row].astype(complex), n_fft)
                for number, (one, other) in enumerate(pairs):
                    cross = fft.ifft(transforms[one] * transforms[other].conj())
                    # F_αβ(τ) + F_βα(τ) = F_αβ(τ) + F_αβ*(−τ)
                    both = cross[:n_lags].real
                    if one != other:
                        both = both + np.roll(cross[::-1], 1)[:n_lags].real
                    result[number, block.start + row] = both / weights

        _run_on_cores(work, len(density[0]))
        update(block.stop / n_points)
    return result
