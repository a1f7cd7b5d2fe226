"""MACE, an equivariant graph network. The operator adds checkpoints, which are pickles."""

from __future__ import annotations

from backend.families.record import Family

FAMILY = Family(
    name="mace",
    title="MACE",
    file_name="checkpoint.model",
    takes_checkpoints=True,
    engines=(
        {
            "name": "mace",
            "title": "MACE",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "constant_pressure": True,
            "package": "mace-torch",
            "extra": "mace",
            "module": "workers.engines.ase_calculators.mace",
            "licence": "MIT",
            "citation": "I. Batatia et al., Adv. Neural Inf. Process. Syst. 35, 11423 (2022)",
        },
    ),
)
