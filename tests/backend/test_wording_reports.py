"""Sentences of reports: every code of them makes one from the parameters that it is given."""

from __future__ import annotations

from typing import Any

import pytest

from backend import wording
from backend.wording import reports
from scattering.core.notices import Notice

RUN = {
    "supercell": [4, 4, 4],
    "temperature_k": 300.0,
    "timestep_fs": 1.0,
    "n_runs": 3,
    "production_ps": 10.0,
    "equilibration_ps": 2.0,
    "ase_reference": 3,
}
PARAMS: dict[str, dict[str, Any]] = {
    "methods_forces": {"potential": "{mine}", "workflow_reference": 1, "potential_reference": 2},
    "methods_harmonic": {
        "supercell": [3, 3, 2],
        "temperature_k": 5.0,
        "n_orders": 10,
        "phonopy_reference": 3,
        "euphonic_reference": 4,
    },
    "methods_given_phonons": {
        "program": "CASTEP",
        "workflow_reference": 1,
        "euphonic_reference": 2,
        "temperature_k": 5.0,
        "n_orders": 10,
        "nac": True,
    },
    "methods_given_trajectory": {
        "program": "LAMMPS",
        "workflow_reference": 1,
        "temperature_k": 300.0,
        "length_ps": 16.0,
        "frame_interval_fs": 20.0,
    },
    "methods_molecular_dynamics": RUN,
    "methods_ring_polymers": {**RUN, "trpmd_reference": 4, "n_beads": 16},
    "methods_weighting": {"sears_reference": 5},
    "methods_detailed_balance": {"quantum_correction": "harmonic"},
    "figure_map": {"label": "MAPS, Eᵢ = 120 meV"},
    "figure_simulated_measurement": {"label": "MAPS", "hours": 12.0},
    "settings_tried": {"n_settings": 2143},
    "signal_to_noise_requested": {"signal_to_noise": 20.0},
    "views_left_out": {"n_views": 1, "max_views": 3},
    "dataset_left_out": {"dataset": "run 7"},
    "notes_left_out": {"n_characters": 812},
    "features_left_out": {"n_features": 1},
    "settings_left_out": {"n_settings": 12},
    "references_left_out": {"n_references": 2},
}
"""Of the codes that have any."""


@pytest.mark.parametrize("code", list(reports.WORDS))
def test_every_sentence_is_made_from_its_parameters(code: str) -> None:
    text = wording.message(Notice(code, PARAMS.get(code, {})))
    assert text.endswith(".")
    assert "{" not in text.replace("{mine}", "")
    assert "  " not in text


def test_methods_of_dynamics_in_full() -> None:
    assert wording.message(Notice("methods_molecular_dynamics", RUN)) == (
        "Classical molecular dynamics of a supercell of 4 × 4 × 4 unit cells at 300 K [3] gave the dynamic structure "
        "factors, by Fourier transform of the intermediate scattering functions: 3 runs of 10 ps after 2 ps of "
        "equilibration, with a time step of 1 fs."
    )


def test_a_bundle_is_described() -> None:
    text = reports.bundle_readme(title="{title}", version="1.0", date="1 May 2025")
    assert text.startswith("# {title}\n")
