"""Trajectories of sources: the same partials as from the run itself, and forecasts over the API."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.phonon_files import trajectory_file
from backend.reports import rerun
from backend.sources import reading, routes, service
from backend.sources.encoding import decode, encode
from backend.sources.formats import recognise
from backend.sources.formats.reading import UploadedFile
from backend.sources.formats.trajectories.survey import TrajectoryReading
from scattering.core.errors import InvalidOptions
from scattering.core.partials import Partials
from scattering.core.trajectory import Trajectory
from scattering.options.case import Case
from scattering.options.registry import find_kind
from tests.backend.conftest import Client
from tests.backend.trajectory_files import motion, velocities, write_extxyz, write_gpumd, write_lammps
from workers.engines.ase_dynamics import AseDynamics
from workers.engines.interface import Engine
from workers.simulations import registry
from workers.simulations.simulation import Simulation

from . import sources
from .conftest import Played, Silent, simulate
from .sources import succeeded
from .test_tasks import work

TEMPERATURE = 300.0
RUN: dict[str, Any] = {
    "supercell": [3, 3, 3], "timestep_fs": 4.0, "sample_fs": 12.0, "equilibration_ps": 0.2, "production_ps": 1.8,
    "correlation_ps": 0.6, "replicas": 1, "n_q_points": 60, "q_max_inv_angstrom": 5.0,
}  # fmt: skip
GIVEN = ("correlation_ps", "n_q_points", "q_max_inv_angstrom")
LAMMPS = {"species": json.dumps({"1": "Na", "2": "Cl"}), "time_step_fs": "1"}


def case(atoms: Atoms, **more: Any) -> Case:
    return Case(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        temperature=TEMPERATURE,
        instruments=(),
        quality="preview",
        engines=("",),
        **more,
    )


def analysed(atoms: Atoms, trajectory: Trajectory, **given: Any) -> Partials:
    frames = (trajectory.n_frames, trajectory.frame_interval_fs)
    options = find_kind("md", "powder", given=True).options.fill(given, case(atoms, frames=frames))
    simulation = Simulation(atoms, options, TEMPERATURE, None, "", trajectory=trajectory)
    return registry.workflow_of_trajectory("powder").run(simulation, progress=Silent()).partials


class OwnRun(NamedTuple):
    """A run of our engine: its wrapped frames, and its partials."""

    frames: list[Atoms]
    partials: Partials


@pytest.fixture(scope="module")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> OwnRun:
    runs = list[tuple[Atoms, np.ndarray]]()

    class Recorder(AseDynamics):
        def run(self, sites: Atoms, run: Any, **more: Any) -> Any:
            made = super().run(sites, run, **more)
            runs.append((sites.copy(), np.array(made.displacements[0])))
            return made

    class Recorded(Played):
        def engine(self) -> Engine:
            return Recorder(EMT())

    copper = bulk("Cu", cubic=True)
    partials = simulate(
        copper,
        options=find_kind("md", "powder").options.fill(RUN, case(copper)),
        temperature=TEMPERATURE,
        folder=tmp_path_factory.mktemp("own"),
        progress=Silent(),
        simulation_type=Recorded,
    ).partials
    assert isinstance(partials, Partials)
    ((sites, displacements),) = runs
    frames = [Atoms(sites, positions=sites.positions + displacements[..., i]) for i in range(displacements.shape[-1])]
    for frame in frames:
        frame.wrap()
    return OwnRun(frames, partials)


def _by_ase(name: str, fmt: str) -> Callable[[Path, list[Atoms]], list[Path]]:
    def save(folder: Path, frames: list[Atoms]) -> list[Path]:
        for frame in frames:
            zeros = np.zeros((len(frame), 3))
            frame.set_velocities(zeros)
            frame.calc = SinglePointCalculator(frame, energy=0.0, forces=zeros, stress=np.zeros(6))
        write(folder / name, frames, format=fmt)
        return [folder / name]

    return save


def _by_mdanalysis(name: str) -> Callable[[Path, list[Atoms]], list[Path]]:
    def save(folder: Path, frames: list[Atoms]) -> list[Path]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import MDAnalysis

            universe = MDAnalysis.Universe.empty(len(frames[0]), trajectory=True)
            with MDAnalysis.Writer(str(folder / name), len(frames[0]), dt=0.012) as writer:
                for number, frame in enumerate(frames):
                    step = universe.trajectory.ts
                    step.positions, step.dimensions = frame.positions, frame.cell.cellpar()
                    step.time, step.frame = 0.012 * number, number
                    writer.write(universe.atoms)
        write(folder / "topology.pdb", frames[0], format="proteindatabank")
        return [folder / name, folder / "topology.pdb"]

    return save


def _dlpoly(folder: Path, frames: list[Atoms]) -> list[Path]:
    lines = ["copper", f"0 3 {len(frames[0])}"]
    for number, frame in enumerate(frames):
        lines.append(f"timestep {number} {len(frame)} 0 3 0.012 {number * 0.012:.6f}")
        lines += [" ".join(f"{value:.10f}" for value in row) for row in frame.cell.array]
        for atom, place in enumerate(frame.positions):
            lines += [f"Cu {atom + 1} 63.546 0.0 0.0", " ".join(f"{value:.8f}" for value in place)]
    (folder / "HISTORY").write_text("\n".join(lines) + "\n")
    return [folder / "HISTORY"]


def _cp2k(folder: Path, frames: list[Atoms]) -> list[Path]:
    text = ""
    for number, frame in enumerate(frames):
        text += f"{len(frame):8d}\n i = {number:8d}, time = {12 * number:12.3f}, E = {0:20.10f}\n"
        text += "".join(f" Cu {''.join(f'{value:20.10f}' for value in place)}\n" for place in frame.positions)
    (folder / "copper-pos-1.xyz").write_text(text)
    vectors = " ".join(f"{value:.10f}" for value in frames[0].cell.array.ravel())
    (folder / "copper-1.cell").write_text(f"#   Step   Time [fs]   Ax [Angstrom]\n 0 0.0 {vectors} 1.0\n")
    return [folder / "copper-pos-1.xyz", folder / "copper-1.cell"]


@pytest.mark.parametrize(
    ("save", "precision"),
    [
        pytest.param(_by_ase("run.extxyz", "extxyz"), 1e-3, id="extxyz"),
        pytest.param(_by_ase("run.md", "castep-md"), 1e-3, id="castep-md"),
        pytest.param(_dlpoly, 1e-3, id="dlpoly-history"),
        pytest.param(_cp2k, 1e-3, id="cp2k-xyz"),
        pytest.param(_by_mdanalysis("run.trr"), 1e-3, id="trr"),
        pytest.param(_by_mdanalysis("run.dcd"), 1e-3, id="dcd"),
        pytest.param(_by_mdanalysis("run.ncdf"), 1e-3, id="amber-netcdf"),
        # Rounded to 0.01 Å
        pytest.param(_by_mdanalysis("run.xtc"), 1e-2, id="xtc"),
    ],
)
def test_our_own_run_written_and_read_back_gives_the_same_partials(
    tmp_path: Path, own_run: OwnRun, save: Callable[[Path, list[Atoms]], list[Path]], precision: float
) -> None:
    own = own_run.partials
    uploaded = [UploadedFile(path.name, path) for path in save(tmp_path, [one.copy() for one in own_run.frames])]
    found = recognise(uploaded, None).read({"frame_interval_fs": 12.0}, keep=True)
    assert isinstance(found, TrajectoryReading)
    assert found.trajectory is not None
    again = analysed(
        Atoms(own_run.frames[0], positions=found.unit_cell.positions),
        found.trajectory,
        **{name: RUN[name] for name in GIVEN},
    )
    assert own.species == again.species
    np.testing.assert_allclose(own.energy, again.energy)
    np.testing.assert_allclose(own.q, again.q, rtol=1e-6)
    for name in ("coherent", "incoherent", "coherent_elastic", "incoherent_elastic"):
        one, other = getattr(own, name), getattr(again, name)
        assert np.abs(one - other).max() < precision * np.abs(one).max(), name
    assert again.statistics == "classical"
    assert again.metadata["runs_are"] == own.metadata["runs_are"]


def a_trajectory() -> tuple[Atoms, Trajectory]:
    moves = np.moveaxis(motion(), 0, 2).astype(np.float32)
    atoms = Atoms("NaClNaCl", positions=np.eye(4, 3) * 3, cell=[6.2, 6.6, 7.0], pbc=True)
    symbols = tuple(atoms.get_chemical_symbols())
    return atoms, Trajectory(atoms.cell.array, atoms.positions, symbols, moves, 5.0, 290.0)


def test_options_are_those_of_an_analysis() -> None:
    atoms, trajectory = a_trajectory()
    kind, frames = find_kind("md", "powder", given=True).options, (trajectory.n_frames, trajectory.frame_interval_fs)
    chosen = kind.fill({"window_ps": 0.1, "statistics": "quantum"}, case(atoms, frames=frames))
    assert set(chosen.to_json()) == {
        "correlation_ps", "n_q_points", "production_ps", "q_max_inv_angstrom", "resolve_sites", "sample_fs", "seed",
        "statistics",
    }  # fmt: skip
    assert (chosen.correlation_ps, chosen.sample_fs, chosen.n_replicas) == (0.1, 5.0, 0)
    assert kind.parse(chosen.to_json()) == chosen
    assert kind.fill({}, case(atoms, frames=frames)).correlation_ps == pytest.approx(0.16)
    for name, value, code in (
        ("supercell", [2, 2, 2], "unknown_option"),
        ("sample_fs", 6.0, "fixed_by_trajectory"),
        ("correlation_ps", 1.0, "long_correlation"),
        ("correlation_ps", 0.02, "few_correlation_frames"),
    ):
        with pytest.raises(InvalidOptions) as refused:
            kind.fill({name: value}, case(atoms, frames=frames))
        assert [(one["loc"], one["code"]) for one in refused.value.errors] == [(f"options.{name}", code)]


def test_quantum_statistics_are_kept() -> None:
    atoms, trajectory = a_trajectory()
    quick = {"q_max_inv_angstrom": 3.0, "n_q_points": 20}
    assert analysed(atoms, trajectory, statistics="quantum", **quick).statistics == "quantum"
    assert analysed(atoms, trajectory, **quick).statistics == "classical"


def test_a_file_and_an_answer_keep_a_trajectory(tmp_path: Path) -> None:
    _, trajectory = a_trajectory()
    trajectory_file.save(tmp_path / "trajectory.h5", trajectory)
    loaded = trajectory_file.load(tmp_path / "trajectory.h5")
    answered = decode(json.loads(json.dumps(encode(trajectory))))
    for one in (loaded, answered):
        assert isinstance(one, Trajectory)
        np.testing.assert_array_equal(one.displacements, trajectory.displacements)
        assert one.displacements.dtype == np.float32
        np.testing.assert_array_equal(one.sites, trajectory.sites)
        assert (one.symbols, one.frame_interval_fs, one.temperature_k) == (trajectory.symbols, 5.0, 290.0)
    assert isinstance(loaded.displacements, np.memmap)


def upload(client: Client, path: Path, **fields: str) -> dict[str, Any]:
    response = client.post("/sources", files=[("files", (path.name, path.read_bytes()))], data=fields)
    assert response.status_code == 201, response.text
    return dict(response.json())


def ask(client: Client, source: dict[str, Any], status: int = 202, **body: Any) -> dict[str, Any]:
    defaults = {"method": "md", "options": {"q_max_inv_angstrom": 4.0, "n_q_points": 30}}
    return sources.ask(client, source, defaults, status, **body)


def test_two_formats_give_the_same_forecast(client: Client, settings: Settings, tmp_path: Path) -> None:
    lammps = upload(client, write_lammps(tmp_path / "a.lammpstrj", motion()), **LAMMPS)
    extended = upload(client, write_extxyz(tmp_path / "a.extxyz", motion()), frame_interval_fs="5")
    for source in (lammps, extended):
        assert (source["kind"], source["phonons"], source["formula"]) == ("trajectory", None, "NaCl")
        assert source["trajectory"]["n_frames"] == 64
        assert client.get(f"/structures/{source['structure_id']}").json()["n_atoms"] == 4
        assert client.get(f"/sources/{source['id']}").json() == source
    made = [succeeded(client, ask(client, source, temperature_k=300)) for source in (lammps, extended)]
    for row, source in zip(made, (lammps, extended), strict=True):
        assert (row["method"], row["model"], row["source_id"]) == ("md", None, source["id"])
        assert row["provenance"]["source"]["files"] == [
            {"name": name, "sha256": checksum} for name, checksum in source["sha256"].items()
        ]
    spectra = [client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "TOSCA"}).json() for row in made]
    one, other = (np.array(spectrum["intensity"], dtype=float) for spectrum in spectra)
    assert np.nanmax(one) > 0
    assert np.nanmax(np.abs(one - other)) < 0.01 * np.nanmax(one)

    trust = client.get(f"/predictions/{made[0]['id']}/trust").json()
    points = {point["topic"]: point["text_notice"]["code"] for point in trust["points"]}
    assert points["potential"] == "trajectory_given"
    assert "lo_modes" not in points
    partials = POWDER.read(settings.partials_path(made[0]["id"]))
    assert partials.temperature == 300
    assert client.delete(f"/sources/{lammps['id']}").json()["code"] == "source_has_predictions"
    assert client.delete(f"/sources/{lammps['id']}", params={"with_predictions": True}).status_code == 204


def test_report_and_proposal(client: Client, tmp_path: Path) -> None:
    source = upload(client, write_lammps(tmp_path / "a.lammpstrj", motion()), **LAMMPS)
    row = succeeded(client, ask(client, source, temperature_k=300))
    body = {"prediction_id": row["id"], "views": [{"instrument": "TOSCA"}]}
    report = client.post("/reports", json=body, headers={"Accept": "text/html"})
    assert report.status_code == 200, report.text
    assert source["sha256"]["a.lammpstrj"][:16] in report.text
    proposal = client.post("/proposals", json={"name": "Salt"}).json()
    added = client.request("PUT", f"/proposals/{proposal['id']}/predictions/{row['id']}")
    assert added.status_code in (200, 201, 204), added.text
    exported = client.get(f"/proposals/{proposal['id']}/export")
    assert exported.status_code == 200, exported.text
    imported = client.post("/proposals/import", files={"file": ("salt.zip", exported.content)})
    assert imported.status_code == 201, imported.text
    (other,) = [one for one in client.get("/predictions").json()["items"] if one["id"] != row["id"]]
    assert (other["method"], other["potential"], other["options"]) == ("md", None, row["options"])
    again = client.post(f"/predictions/{other['id']}/spectrum", json={"instrument": "TOSCA"})
    assert again.status_code == 200, again.text


@pytest.mark.parametrize("large", [False, True], ids=["at once", "in parts"])
def test_a_bundle_uploads_its_trajectory_again(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    path = write_lammps(tmp_path / "a.lammpstrj", motion())
    source = upload(client, path, every="2", **LAMMPS)
    row = succeeded(client, ask(client, source, temperature_k=300))
    if large:
        monkeypatch.setattr(rerun, "RESUMABLE_FROM", 1000)
        monkeypatch.setattr(rerun, "PART_BYTES", path.stat().st_size // 3)
        for module in (reading, routes, service):
            monkeypatch.setattr(module, "LARGE_BYTES", 1000)
    ids, sent = sources.run_bundle_again(client, row, tmp_path, monkeypatch)
    assert [status for method, _, status in sent if method == "PATCH"] == ([0, 204, 204] if large else [])
    assert ("POST", "/sources", 202 if large else 201) in sent
    again = succeeded(client, {"id": ids[row["id"]]})
    assert again["source_id"] == ids[source["id"]] != source["id"]
    assert again["options"] == row["options"]
    assert client.get(f"/sources/{again['source_id']}").json()["sha256"] == source["sha256"]
    assert client.get("/uploads").json() == []


def test_the_temperature_is_that_of_the_velocities_or_stated(client: Client, tmp_path: Path) -> None:
    still = upload(client, write_lammps(tmp_path / "a.lammpstrj", motion()), **LAMMPS)
    refused = ask(client, still, 422)
    assert [(one["loc"], one["code"]) for one in refused["errors"]] == [("temperature_k", "needs_field")]
    moving = upload(client, write_gpumd(tmp_path / "dump.xyz", motion(), velocities()))
    mean = moving["trajectory"]["mean_temperature_k"]
    assert ask(client, moving)["temperature_k"] == pytest.approx(mean)
    other = ask(client, moving, temperature_k=mean / 2)
    assert work() == 2
    (notice,) = [
        one
        for one in client.get(f"/predictions/{other['id']}").json()["notices"]
        if one["code"] == "run_off_temperature"
    ]
    assert notice["params"]["temperature_k"] == pytest.approx(mean)


def test_what_a_trajectory_cannot_give(client: Client, tmp_path: Path) -> None:
    source = upload(client, write_lammps(tmp_path / "a.lammpstrj", motion()), **LAMMPS)
    stated: dict[str, Any] = {"temperature_k": 300}
    for body, loc, code in (
        ({"method": "harmonic"}, "method", "trajectory_source"),
        ({"method": "trpmd"}, "method", "trajectory_source"),
        ({"isotopes": {"Cl": "37Cl"}}, "isotopes", "isotopes_of_trajectory"),
    ):
        refused = ask(client, source, 422, **stated, **body)
        assert [(one["loc"], one["code"]) for one in refused["errors"]] == [(loc, code)]
