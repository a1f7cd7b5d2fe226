"""Nequix, an equivariant graph network in JAX. The package brings no weights: the operator adds checkpoints."""

from __future__ import annotations

from backend.families.record import Family

FAMILY = Family(
    name="nequix",
    title="Nequix",
    file_name="model.nqx",
    takes_checkpoints=True,
    engines=(
        {
            "name": "nequix",
            "title": "Nequix",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "constant_pressure": True,
            "package": "nequix",
            "extra": "nequix",
            "module": "workers.engines.ase_calculators.nequix",
            "licence": "MIT",
            "citation": "T. Koker, M. Kotak and T. Smidt, arXiv:2508.16067 (2025)",
        },
    ),
)
