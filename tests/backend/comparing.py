"""Measured data and predictions for tests of comparisons, the one made from the other: what is true is known."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import UploadFile
from numpy.typing import NDArray

from backend.datasets import service as datasets
from backend.datasets.schemas import PreviewForm
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.files.storage import Received, staging
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics
from scattering.measured.data import MeasuredMap, MeasuredSpectrum

from .conftest import Client
from .predicting import ask, finish

SILICON_LINES = (35.0, 62.0)
HYDROGEN_LINE = 125.0
OVERTONE = 190.0


def hydride_partials(*, factor: float = 1.0, statistics: Statistics = "quantum", orders: bool = True) -> Partials:
    """Lines of silicon and, above them, a line of hydrogen with its overtone; all energies times a factor."""
    q, energy = np.arange(0.1, 28.0, 0.3), np.arange(0.0, 300.25, 0.25)

    def line(centre: float, width: float = 2.0) -> NDArray[np.float64]:
        return np.exp(-(((energy - factor * centre) / width) ** 2)) / width

    silicon = sum(line(centre) for centre in SILICON_LINES)
    by_order = np.zeros((2, 2, len(q), len(energy)), dtype=np.float32)
    by_order[0, 0], by_order[1, 0] = q[:, None] ** 2 * line(HYDROGEN_LINE), q[:, None] ** 2 * line(OVERTONE, 4.0) / 2
    by_order[0, 1] = q[:, None] ** 2 * silicon
    coherent = np.zeros((3, len(q), len(energy)), dtype=np.float32)
    coherent[0] = by_order[1, 0]  # hydrogen with itself: the self part of higher orders
    coherent[2] = 10 * by_order[0, 1]
    return Partials(
        q=q,
        energy=energy,
        species=("H", "Si"),
        concentration=np.array([0.5, 0.5]),
        coherent=coherent,
        incoherent=by_order.sum(axis=0),
        coherent_elastic=np.zeros((3, len(q))),
        incoherent_elastic=np.zeros((2, len(q))),
        temperature=300.0,
        statistics=statistics,
        metadata={},
        orders=by_order if orders else None,
    )


def predicted(client: Client, settings: Settings, structure: dict[str, Any], partials: Partials, **more: Any) -> str:
    """Id of a prediction that has succeeded with these partials."""
    prediction_id = str(ask(client, structure, **more)["id"])
    finish(
        prediction_id,
        lambda path: POWDER.write(path, partials),
        settings.partials_path(prediction_id),
        provenance={},
        warnings=[],
    )
    return prediction_id


def measured_of(
    client: Client,
    prediction_id: str,
    *,
    view: dict[str, Any] | None = None,
    scale: float = 1.0,
    noise: float = 0.01,
    low: float = 20.0,
    high: float = 250.0,
    step: float = 1.0,
    errors: bool = True,
    seed: int = 5,
) -> MeasuredSpectrum:
    """What an instrument (TOSCA) would have measured, if the prediction were the truth.

    Parameters
    ----------
    noise
        Standard deviation, as a share of the largest intensity.
    """
    grid = {"min": low + step / 2, "max": high - step / 2, "step": step}
    body = {"instrument": "TOSCA", **(view or {}), "energy_mev": grid}
    response = client.post(f"/predictions/{prediction_id}/spectrum", json=body)
    assert response.status_code == 200, response.text
    energy, intensity = (np.array(response.json()[name]) for name in ("energy_mev", "intensity"))
    intensity *= scale
    error = np.full_like(intensity, noise * intensity.max())
    intensity += error * np.random.default_rng(seed).standard_normal(len(error))
    return MeasuredSpectrum(energy, intensity, error if errors else None, energy - step / 2, energy + step / 2)


def as_csv(measured: MeasuredSpectrum) -> bytes:
    """A file of three columns."""
    error = np.zeros_like(measured.energy) if measured.error is None else measured.error
    rows = zip(measured.energy, measured.intensity, error, strict=True)
    return "\n".join(["energy (meV),intensity,error", *(",".join(map(repr, map(float, row))) for row in rows)]).encode()


def stored(
    server: Settings, tmp_path: Path, measured: MeasuredSpectrum | MeasuredMap, *, isotopes: Any = None, **more: Any
) -> str:
    """Id of a dataset, without the upload's own process."""
    content = b"whatever it was read from"
    path = tmp_path / f"{uuid.uuid4()}.csv"
    path.write_bytes(content)
    found: dict[str, Any] = {
        "kind": "1d" if isinstance(measured, MeasuredSpectrum) else "2d",
        "x_unit": "meV",
        "y_unit": "arbitrary",
        "title": "a run",
        "n_points": measured.intensity.size,
        "energy_range_mev": [float(measured.energy[0]), float(measured.energy[-1])],
        "q_range_inv_angstrom": None,
        "has_errors": measured.error is not None,
        "instrument": "TOSCA",
        "settings": {},
        "fixed_energy_mev": None,
        "temperature_k": None,
        "exposure_uah": None,
        "exposure_h": None,
        "mass_g": None,
        "notices": [],
        **more,
    }
    form = PreviewForm(
        file=UploadFile(io.BytesIO(content), filename="run.csv"),
        name="a run",
        isotopes=json.dumps(isotopes) if isotopes else None,
    )
    reading = datasets.Reading("columns", [found], 0, measured, [])
    file = Received(path, hashlib.sha256(content).hexdigest())
    with staging(server) as folder, database.transaction(server) as session:
        staged = datasets.stage(folder / "dataset", reading, file)
        return str(datasets.add(Scope(session, LOCAL_USER), staged, form).id)


def compared(client: Client, prediction_id: str, dataset_id: str, *, path: str = "", **more: Any) -> dict[str, Any]:
    """The answer to a comparison."""
    response = client.post(
        f"/comparisons{path}", json={"prediction_id": prediction_id, "dataset_id": dataset_id, **more}
    )
    assert response.status_code == 200, response.text
    return dict(response.json())
