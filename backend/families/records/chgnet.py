"""CHGNet, a graph network with magnetic moments. Its checkpoints are pickles, so users cannot upload them."""

from __future__ import annotations

from backend.families.record import Family

FAMILY = Family(
    name="chgnet",
    title="CHGNet",
    file_name="chgnet.pth.tar",
    takes_checkpoints=True,
    engines=(
        {
            "name": "chgnet",
            "title": "CHGNet",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "constant_pressure": True,
            "package": "chgnet",
            "extra": "chgnet",
            "module": "workers.engines.ase_calculators.chgnet",
            "licence": "BSD-3-Clause",
            "citation": "B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023)",
        },
    ),
)
