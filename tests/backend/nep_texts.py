"""Small nep.txt files for tests, written as GPUMD writes them."""

from __future__ import annotations

import numpy as np


def nep_text(
    *,
    name: str = "nep4",
    elements: tuple[str, ...] = ("Si",),
    zbl: str = "",
    cutoff: str = "cutoff 6 5 100 60",
    n_max: tuple[int, int] = (4, 4),
    basis: tuple[int, int] = (8, 8),
    l_max: str = "l_max 4 2 0",
    neurons: int = 5,
    extra: int = 0,
) -> str:
    """A potential with random weights; `extra` numbers follow those that the header implies.

    The counts follow Z. Fan et al., J. Chem. Phys. 157, 114801 (2022), counted here independently of the reader.
    """
    terms = [int(word) for word in l_max.split()[1:]]
    n_l = terms[0] + sum(1 for term in terms[1:] if term)
    n_types = len(elements)
    dimension = n_max[0] + 1 + (n_max[1] + 1) * n_l
    per_type = dimension * neurons + neurons + neurons + (1 if name.startswith("nep5") else 0)
    expansion = sum((n + 1) * (k + 1) for n, k in zip(n_max, basis, strict=True)) * n_types**2
    weights = 0.1 * np.random.default_rng(0).normal(size=n_types * per_type + 1 + expansion)
    numbers = [*weights, *np.full(dimension, 0.05), *np.ones(extra)]
    header = [
        f"{name} {n_types} {' '.join(elements)} ",
        *([zbl] if zbl else []),
        cutoff,
        f"n_max {n_max[0]} {n_max[1]}",
        f"basis_size {basis[0]} {basis[1]}",
        l_max,
        f"ANN {neurons} 0",
    ]
    return "\n".join([*header, *(f"{number: .7e}" for number in numbers)]) + "\n"
