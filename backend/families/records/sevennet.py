"""SevenNet, an equivariant graph network. Its checkpoints are pickles, so users cannot upload them."""

from __future__ import annotations

from backend.families.record import Family

FAMILY = Family(
    name="sevennet",
    title="SevenNet",
    file_name="checkpoint.pth",
    takes_checkpoints=True,
    engines=(
        {
            "name": "sevennet",
            "title": "SevenNet",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "constant_pressure": True,
            "package": "sevenn",
            "extra": "sevennet",
            "module": "workers.engines.ase_calculators.sevennet",
            "licence": "MIT",
            "citation": "Y. Park, J. Kim, S. Hwang and S. Han, J. Chem. Theory Comput. 20, 4857 (2024)",
        },
    ),
)
