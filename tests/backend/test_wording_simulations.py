"""Sentences about simulations and jobs that have more than one form."""

from __future__ import annotations

from typing import Any

import pytest

from backend import wording
from scattering.core.notices import Notice

BEADS = {"n_beads": 16, "fraction": 0.2, "energy_mev": 370.0, "temperature_k": 127.0, "max_n_beads": 128}
REFUSED = {"engine": "gpumd", "title": "GPUMD", "reason": ""}
DIED = {"attempts": 3, "stage": None}
ORDERS = {"max_n_orders": 10, "fraction": 0.1, "from_q_inv_angstrom": {"H": 4.2, "C": 8.0}}


@pytest.mark.parametrize(
    ("code", "params", "words"),
    [
        ("equilibrate", {}, "equilibrating"),
        ("equilibrate", {"replicas": 1, "replicas_done": 0, "replicas_running": 1}, "equilibrating"),
        ("equilibrate", {"replicas": 3, "replicas_done": 0, "replicas_running": 1}, "equilibrating (run 1 of 3)"),
        ("produce", {"replicas": 3, "replicas_done": 1, "replicas_running": 2}, "(runs 2 to 3 of 3)"),
        ("waiting_for_engine", {"engine": "gpumd", "title": "GPUMD"}, "a worker with GPUMD"),
        ("waiting_for_engine", {"engine": "of-tomorrow"}, "a worker with of-tomorrow"),
        ("worker_died", {"attempts": 3, "stage": None}, "3 attempts at this prediction."),
        ("worker_died", {"attempts": 3, "stage": {"code": "relax", "params": {}}}, "“relaxing the atoms”."),
        ("worker_died", {**DIED, "work": "prediction", "ended_by": None}, "choose a smaller supercell"),
        ("worker_died", {**DIED, "work": "training", "ended_by": "SIGKILL"}, "attempts at this training. It may need"),
        ("worker_died", {**DIED, "work": "reading", "ended_by": "SIGKILL"}, "use fewer of their frames"),
        ("worker_died", {**DIED, "work": "prediction", "ended_by": "SIGSEGV"}, "has ended it by SIGSEGV."),
        ("worker_died", {**DIED, "work": "reading", "ended_by": "exit"}, "has ended it by an exit."),
        ("time_limit", {"limit_h": 72.0}, "longer than the 72 hours that this server allows: choose a shorter run."),
        ("time_limit", {"limit_h": 0.5, "work": "training"}, "0.5 hours that this server allows: choose fewer steps."),
        ("potential_refused", REFUSED, "GPUMD refuses this potential: it gives no reason"),
        ("cell_under_pressure", {"pressure_gpa": 2.3}, "+2.3 GPa. A free cell would expand"),
        ("cell_under_pressure", {"pressure_gpa": -2.3}, "-2.3 GPa. A free cell would shrink"),
        ("too_few_beads", {**BEADS, "n_beads_needed": 52}, "Choose 52 beads"),
        ("too_few_beads", {**BEADS, "n_beads_needed": None}, "More than 128 beads"),
        ("no_nac", {}, "There are no Born charges"),
        ("no_nac", {"of_potential": True, "highest_gamma_mev": 20.88}, "A potential gives no Born charges"),
        ("no_nac", {"of_potential": True, "highest_gamma_mev": 20.88}, "next to Γ, at most 20.9 meV, and"),
        ("lo_modes_missing", {"highest_gamma_mev": None}, "lie above the transverse ones: by a fifth"),
        ("lo_modes_missing", {"highest_gamma_mev": 46.3}, "of which the highest lies at 46.3 meV: by a fifth"),
        ("lo_modes_included", {"gamma_lo_mev": {"[1,0,0]": 32.4, "[0,1,0]": 30.0}}, "reach 32.4 meV at Γ"),
        ("higher_orders_missing", {**ORDERS, "n_orders": 1}, "includes one-phonon scattering only. For H beyond 4 Å⁻¹"),
        ("higher_orders_missing", {**ORDERS, "n_orders": 10}, "orders up to 10. For H"),
        ("segments_with_few_waves", {"segments": ["Γ–X"]}, "on Γ–X: choose a longer supercell along it."),
        ("species_left_sites", {"species": ["H", "O"], "energy_resolution_mev": 0.4}, "H and O leave the lattice"),
        ("no_debye_waller_factor", {"species": ["Cu"]}, "Cu leaves the lattice sites"),
    ],
)  # fmt: skip
def test_forms(code: str, params: dict[str, Any], words: str) -> None:
    assert words in wording.message(Notice.from_json({"code": code, "params": params}))
