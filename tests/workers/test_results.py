"""What jobs leave for the next ones, also those that an older version began."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scattering.core.notices import Notice
from workers.simulations import results
from workers.simulations.steps.preparation import Prepared

OF_2CFD2FE = Path(__file__).parent / "old_work" / "prepared.npz"


def test_warnings_come_back(tmp_path: Path) -> None:
    warnings = (Notice("large_relaxation_shift", {"shift_angstrom": np.float64(0.4)}), Notice("error_of_one_run"))
    results.save(tmp_path / "prepared.npz", Prepared(np.zeros((1, 3)), np.eye(3), warnings, {}, {}))
    loaded = Prepared.of(results.load(tmp_path / "prepared.npz"))
    assert loaded.warnings == warnings
    assert type(loaded.warnings[0].params["shift_angstrom"]) is float


def test_a_crystal_that_version_2cfd2fe_prepared_is_run() -> None:
    loaded = Prepared.of(results.load(OF_2CFD2FE))
    assert [warning.code for warning in loaded.warnings] == ["text"]
    assert loaded.warnings[0].params["text"].startswith("At the uploaded cell")
    assert loaded.cell.diagonal() == pytest.approx([3.4] * 3)
    assert loaded.findings["pressure_gpa"] > 5
