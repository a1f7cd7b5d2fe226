"""Calculators of other projects: plug-ins, repeated small cells, time limits, and the real ones if installed."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

from backend.kit.db import database
from backend.kit.settings import Settings
from backend.potentials import catalogue, service
from backend.potentials.tables import Potential as Row
from scattering.core.notices import Notice
from tests import plugin_package
from tests.backend.conftest import Client
from tests.backend.predicting import living
from workers import engines, tasks
from workers.engines.ase_calculators.repeated import RepeatedCell
from workers.engines.interface import Potential
from workers.kit import trial
from workers.kit.failures import CannotPredict
from workers.kit.shutdown import Flag
from workers.simulations.steps import force_constants

from .test_tasks import COPPER


def perform_all() -> None:
    from backend.jobs import leases

    with living(engines=engines.available()) as name:
        while (lease := leases.claim(name, 1)) is not None:
            tasks.perform(lease, Flag())


def forecast(client: Client, settings: Settings, poscar: bytes, potential: str, **options: Any) -> dict[str, Any]:
    """Return a harmonic forecast through the API and the task of a worker."""
    with database.transaction(settings) as session:
        catalogue.register(session, settings)
    structure = client.post("/structures", files={"file": ("POSCAR", poscar)}).json()
    body = {"structure_id": structure["id"], "potential": potential, "method": "harmonic", "options": options}
    asked = client.post("/predictions", json={**body, "instruments": ["ARCS"]})
    assert asked.status_code == 202, asked.text
    perform_all()
    done: dict[str, Any] = client.get(f"/predictions/{asked.json()['id']}").json()
    return done


def test_a_plug_in_gives_the_phonons_of_its_calculator(client: Client, settings: Settings, tmp_path: Path) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        plugin_package.installed(tmp_path / "site", patch, emt=plugin_package.MODULE),
    ):
        assert engines.available()["plugin-emt"] == "site-potentials 1.0"
        options = {"supercell": [3, 3, 3], "q_max_inv_angstrom": 2.0, "relax_cell": False}
        done = forecast(client, settings, COPPER, "EMT of this site", **options)
        assert done["status"] == "succeeded", done["error"]
        assert done["provenance"]["engine"] == "plugin-emt"
        assert done["provenance"]["versions"]["site-potentials"] == "1.0"
    atoms = bulk("Al", "fcc", a=3.61, cubic=True)
    direct = force_constants.displace(
        atoms, EMT(), labels=["Al"] * 4, supercell=[3, 3, 3], distance=done["options"]["displacement_angstrom"]
    )
    modes = direct.force_constants.calculate_qpoint_phonon_modes(np.array([[0.5, 0.5, 0.0]]))
    expected = modes.frequencies.to("meV").magnitude[0]
    found = done["provenance"]["findings"]["special_phonons_mev"]["X"]
    assert found == pytest.approx(expected, abs=0.01)


def test_an_error_of_a_plug_in_is_the_reason_of_the_failure(client: Client, settings: Settings, tmp_path: Path) -> None:
    text = plugin_package.MODULE.replace("return EMT()", "raise OSError('no licence server')")
    with pytest.MonkeyPatch.context() as patch, plugin_package.installed(tmp_path / "site", patch, emt=text):
        done = forecast(client, settings, COPPER, "EMT of this site")
    assert done["status"] == "failed"
    assert done["error_notice"]["code"] == "potential_refused"
    assert "no licence server" in done["error_notice"]["params"]["reason"]


@pytest.mark.parametrize("min_height", [1.0, 5.0, 9.0])
def test_a_repeated_cell_has_the_results_of_the_cell(min_height: float) -> None:
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
    atoms.rattle(0.05, seed=1)
    repeated = atoms.copy()
    atoms.calc, repeated.calc = EMT(), RepeatedCell(EMT(), min_height_angstrom=min_height)
    assert repeated.get_potential_energy() == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    assert repeated.get_forces() == pytest.approx(atoms.get_forces(), abs=1e-9)
    assert repeated.get_stress() == pytest.approx(atoms.get_stress(), abs=1e-9)


def test_a_strained_cell_keeps_its_repetitions() -> None:
    sizes = []

    class Counting(EMT):
        def calculate(self, atoms: Any = None, *rest: Any, **more: Any) -> None:
            sizes.append(len(atoms))
            super().calculate(atoms, *rest, **more)

    atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
    atoms.calc = RepeatedCell(Counting(), min_height_angstrom=7.1)
    atoms.get_potential_energy()
    atoms.set_cell(atoms.cell * 0.97, scale_atoms=True)
    atoms.get_potential_energy()
    assert sizes == [32, 32]


def test_a_job_that_cannot_end_in_time_fails_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # The machine was busy during all evaluations but one
    seconds = iter([0.0, 100.0, 150.0, 160.0, 200.0, 300.0])
    monkeypatch.setattr(trial.time, "perf_counter", lambda: next(seconds))
    judged = trial.Trial(30_000, n_atoms=64)
    for _ in range(4):
        judged.count()
    with pytest.raises(CannotPredict) as refusal:
        judged.count()
    assert refusal.value.notice == Notice(
        "too_slow_for_limit", {"call_s": 10.0, "n_calls": 30_000, "n_atoms": 64, "limit_h": settings.job_time_limit_h}
    )


class Offline:
    """Counts and refuses connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried: list[Any] = []
        monkeypatch.setattr(socket.socket, "connect", self._refuse)
        monkeypatch.setattr(socket, "getaddrinfo", self._refuse)

    def _refuse(self, *address: Any, **_: Any) -> None:
        self.tried.append(address)
        raise OSError("no network in this test")


SILICON = bulk("Si", "diamond", a=5.43, cubic=True)
WATER = molecule("H2O", cell=[12.0, 12.0, 12.0], pbc=True)
"""What xTB is for; silicon takes it a minute."""

REAL = [entry for entry in catalogue.pretrained().values() if entry.name != catalogue.DEFAULT]


# The libraries warn of what their own dependencies will change
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [entry.name for entry in REAL])
def test_real_potentials_give_forces_without_a_network(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in REAL if one.name == name)
    if entry.engine not in engines.available():
        pytest.skip(f"the package of the engine {entry.engine} is not installed: deploy/extras/")
    with database.transaction(settings, reading=True) as session:
        row = session.get_one(Row, entry.id)
    if not service.is_installed(settings, row):
        pytest.skip(f"the checkpoint of {name} is not in the folder of potentials")
    offline = Offline(monkeypatch)
    file = service.potential_file(settings, row)
    assert_forces_are_derivatives(
        engines.calculator(entry.engine, Potential(file, None, entry.family, entry.format)),
        WATER if entry.family == "xtb" else SILICON,
    )
    assert offline.tried == []


@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_of_mace_gives_forces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "mace" not in engines.available():
        pytest.skip("the package of the engine mace is not installed: deploy/extras/")
    file = untrained_mace(tmp_path / "silicon.model")
    offline = Offline(monkeypatch)
    assert_forces_are_derivatives(engines.calculator("mace", Potential(file, None, "mace", None)))
    assert offline.tried == []


def untrained_mace(path: Path) -> Path:
    """Write the checkpoint of a small network with random weights, as MACE's own training writes it."""
    from mace import modules  # before e3nn, whose constants it allows PyTorch to load

    torch, o3 = pytest.importorskip("torch"), pytest.importorskip("e3nn.o3")
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        network = modules.ScaleShiftMACE(
            r_max=4.0,
            num_bessel=4,
            num_polynomial_cutoff=5,
            max_ell=1,
            interaction_cls=block,
            interaction_cls_first=block,
            num_interactions=1,
            num_elements=1,
            hidden_irreps=o3.Irreps("8x0e"),
            MLP_irreps=o3.Irreps("4x0e"),
            gate=torch.nn.functional.silu,
            atomic_energies=np.zeros(1),
            avg_num_neighbors=4.0,
            atomic_numbers=[14],
            correlation=2,
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
        )
        torch.save(network, path)
    finally:
        torch.set_default_dtype(before)
    return path


def assert_forces_are_derivatives(calculator: Calculator, crystal: Atoms = SILICON) -> None:
    atoms = crystal.copy()
    atoms.rattle(0.02, seed=1)
    atoms.calc = calculator
    forces = atoms.get_forces()
    assert np.abs(forces.sum(axis=0)).max() < 1e-3
    step, (atom, axis) = 2e-3, np.unravel_index(np.argmax(np.abs(forces)), forces.shape)
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions[atom, axis] += sign * step
        moved.calc = calculator
        energies.append(moved.get_potential_energy())
    assert -(energies[0] - energies[1]) / (2 * step) == pytest.approx(forces[atom, axis], rel=0.03, abs=5e-3)
    assert np.isfinite(atoms.get_stress()).all()
