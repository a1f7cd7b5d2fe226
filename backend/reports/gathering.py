"""Look up and calculate everything that a report shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.datasets import service as datasets
from backend.datasets.tables import Dataset
from backend.figures.curves.curve import Curve
from backend.figures.curves.elastic import EVERYTHING, elastic_foot
from backend.figures.labels import label
from backend.figures.measured import Points
from backend.figures.overlay import overlay
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.observing.spectra import line_of, observe, unit_of
from backend.observing.writing import Line
from backend.plans.schemas import MeasurementIn, MeasurementOut, PlanOut, SettingIn, SettingOut
from backend.potentials.tables import Potential
from backend.predictions import service as predictions
from backend.predictions.tables import Prediction
from backend.reports.schemas import MAX_VIEWS, ReportIn, ReportViewIn
from backend.samples import service as samples
from backend.structures.tables import Structure
from backend.trainings import service as trainings
from backend.trainings.tables import Training
from backend.trust.schemas import TrustOut
from backend.wording.curves import SAMPLE
from scattering.core.isotopes import override
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum

MAX_HOURS = 1e5
MIN_VISIBLE_FRACTION = 0.02
"""Lowest intensity that is visible on paper, over the highest."""


@dataclass(frozen=True, eq=False)
class Shown:
    """An instrument with its settings, and its forecast spectra.

    Attributes
    ----------
    method
        Of the main prediction.
    setting
        Entry of the setting in the plan; None without a plan.
    spectrum, others
        Spectra of the main prediction and of the others: all for powders, or all along a path.
    points
        Measured data of this instrument.
    """

    view: ReportViewIn
    method: str
    label: str
    setting: SettingOut | None
    spectrum: Spectrum | PathSpectrum
    others: Sequence[Spectrum | PathSpectrum] = ()
    points: Sequence[Points] = ()

    @property
    def unit(self) -> str:
        """Unit of the intensities of `line`."""
        return unit_of(self.spectrum)

    @property
    def line(self) -> Line:
        """Intensity against energy: the spectrum, or the cut of a path."""
        return line_of(self.spectrum)

    def elastic_mev(self, limits: tuple[float, float] = EVERYTHING) -> float:
        """Return half of the range around ω = 0 that belongs to the elastic line on an axis with these ends, meV."""
        return elastic_foot(self.line.energy, self.method, self.view.to_view(), limits)


@dataclass(frozen=True, eq=False)
class Counting:
    """A simulated measurement with a setting of the plan."""

    setting: SettingOut
    counted: MeasurementOut


@dataclass(frozen=True, eq=False)
class Gathered:
    """The contents of a report; the density is that of the isotopes of the first view, the training that of the
    potential."""

    body: ReportIn
    prediction: Prediction
    others: Sequence[Prediction]
    structure: Structure
    density_g_cm3: float
    potential: Potential | None
    training: Training | None
    shown: Sequence[Shown]
    datasets: Sequence[Dataset]
    plan: PlanOut | None
    measurement: Counting | None
    trust: TrustOut | None
    limits: tuple[float, float]
    left_out: Sequence[Notice] = ()

    @property
    def features(self) -> list[float]:
        """Energies of the target features, meV."""
        return [] if self.plan is None else [feature.energy_mev for feature in self.plan.features]


def gather(scope: Scope, cache: PartialsCache, body: ReportIn) -> Gathered:
    """Look up the contents of a report.

    Raises
    ------
    NotFound, Conflict
        There is no such prediction or dataset, or the prediction has not succeeded.
    Unprocessable, ScatteringError
        The plan or a view is invalid; powders and single crystals are mixed.
    """
    from backend.trust import bodies as trust_bodies
    from backend.trust import service as trust

    row = predictions.get_succeeded(scope, body.prediction_id)
    others = [predictions.get_succeeded(scope, other) for other in body.others]
    for index, other in enumerate(others):
        if other.sampling != row.sampling:
            raise Unprocessable.at(f"others.{index}", Notice("other_sampling"))
    measured = [datasets.get(scope, dataset_id) for dataset_id in body.dataset_ids]
    planned, counted = _make_plan(scope, cache, body)
    shown, left_out = _observe_views(scope, cache, body, row, others, measured, planned)
    structure = scope.get(Structure, row.structure_id, "structure")
    material = samples.material_of(scope, structure, override(row.isotopes, shown[0].view.isotopes))
    return Gathered(
        body=body,
        prediction=row,
        others=others,
        structure=structure,
        density_g_cm3=material.density_g_cm3,
        potential=None if row.potential_id is None else scope.get(Potential, row.potential_id, "potential"),
        training=None if row.potential_id is None else trainings.trained(scope, row.potential_id),
        shown=shown,
        datasets=measured,
        plan=planned,
        measurement=counted,
        trust=trust_bodies.trust_body(trust.assess_fully(scope, cache, row)),
        limits=_limits(shown, [] if planned is None else [feature.energy_mev for feature in planned.features]),
        left_out=left_out,
    )


def _make_plan(scope: Scope, cache: PartialsCache, body: ReportIn) -> tuple[PlanOut | None, Counting | None]:
    """Return the plan and, if hours are known, a simulated measurement with its best setting."""
    from backend.plans import bodies, service

    if body.plan is None:
        return None, None
    planned = bodies.plan(service.plan(scope, cache, body.plan), body.plan)
    chosen = next((setting for setting in best_settings(planned) if setting.hours is not None), None)
    if chosen is None or chosen.hours is None:
        return planned, None
    hours = min(body.hours or round_up_hours(chosen.hours), MAX_HOURS)
    setting = SettingIn(instrument=chosen.instrument, settings=chosen.settings)
    asked = {name: getattr(body.plan, name) for name in MeasurementIn.model_fields if hasattr(body.plan, name)}
    counting = MeasurementIn(**asked, setting=setting, hours=hours)
    return planned, Counting(chosen, bodies.measurement(service.simulate(scope, cache, counting), hours))


def best_settings(planned: PlanOut) -> list[SettingOut]:
    """Return the settings to draw: those with an explanation in the plan, at most three."""
    explained = [setting for setting in planned.ranked if setting.explanation]
    return (explained or planned.ranked)[:MAX_VIEWS]


def round_up_hours(hours: float) -> float:
    """Return hours rounded up as in a request for beam time: quarters below 2, halves below 12, whole ones above."""
    step = 0.25 if hours < 2 else 0.5 if hours < 12 else 1.0
    return max(step, math.ceil(hours / step - 1e-9) * step)


def _views(body: ReportIn, row: Prediction, planned: PlanOut | None) -> list[tuple[ReportViewIn, SettingOut | None]]:
    """Return the best three settings of the plan, else the requested views, else the prediction's instruments."""
    if body.plan is not None and planned is not None and planned.ranked:
        reading = {"isotopes": body.plan.isotopes, "energy_scale": body.plan.energy_scale}
        return [
            (
                ReportViewIn(
                    instrument=setting.instrument,
                    settings=setting.settings,
                    quantum_correction=body.plan.quantum_correction,
                    label=setting.label[:300],
                    **reading,
                ),
                setting,
            )
            for setting in best_settings(planned)
        ]
    views = body.views or [ReportViewIn(instrument=name) for name in row.instruments] or [ReportViewIn()]
    return [(view, None) for view in views[:MAX_VIEWS]]


def _view_of_data(
    views: Sequence[ReportViewIn], measured: Sequence[Dataset]
) -> list[tuple[ReportViewIn, SettingOut | None]]:
    """Return one more view for measured data whose instrument no other view has, with the settings of the data."""
    drawn = {(view.instrument or "").casefold() for view in views}
    for one in measured:
        if one.kind == "1d" and one.instrument is not None and one.instrument.casefold() not in drawn:
            like = views[0].model_dump(include={"isotopes", "quantum_correction", "energy_scale", "contribution"})
            return [(ReportViewIn(instrument=one.instrument, settings=one.settings, **like), None)]
    return []


def _observe_views(
    scope: Scope,
    cache: PartialsCache,
    body: ReportIn,
    row: Prediction,
    others: Sequence[Prediction],
    measured: Sequence[Dataset],
    planned: PlanOut | None,
) -> tuple[list[Shown], list[Notice]]:
    views, settings = _views(body, row, planned), scope.settings
    comparable = observation(row.sampling).comparable
    views += _view_of_data([view for view, _ in views], measured if comparable else ())
    labels = [view.label or plain_label(view, row) for view, _ in views]
    left_out = []
    if planned is None and len(body.views) > MAX_VIEWS:
        more = len(body.views) - MAX_VIEWS
        left_out.append(Notice("views_left_out", {"n_views": more, "max_views": MAX_VIEWS}))
    shown = [
        Shown(
            view=view,
            method=row.method,
            label=text,
            setting=setting,
            spectrum=observe(settings, cache, row, view.to_view()),
            others=[observe(settings, cache, other, view.to_view()) for other in others],
        )
        for (view, setting), text in zip(views, labels, strict=True)
    ]
    if not comparable:
        return shown, [*left_out, *[Notice("crystal_data_left_out")] * bool(measured)]
    points, missing = _match_points(scope, row, shown, measured)
    drawn = [replace(one, points=[point for point in points if point.of == n]) for n, one in enumerate(shown)]
    return drawn, [*left_out, *missing]


def _match_points(
    scope: Scope, row: Prediction, shown: Sequence[Shown], measured: Sequence[Dataset]
) -> tuple[list[Points], list[Notice]]:
    """Return measured data with the index of the view of their instrument, and notices of those without one."""
    from scattering.observe.spectrum import Spectrum

    curves = [
        Curve(one.spectrum, one.view.instrument or SAMPLE, one.method, one.label, one.view.to_view())
        for one in shown
        if isinstance(one.spectrum, Spectrum)
    ]
    drawn = {"", *(curve.instrument.casefold() for curve in curves)}
    lines = [one for one in measured if one.kind == "1d" and (one.instrument or "").casefold() in drawn]
    missing = [Notice("dataset_left_out", {"dataset": one.name}) for one in measured if one not in lines]
    return overlay(scope, [dataset.id for dataset in lines], curves, "fit"), missing


def plain_label(view: ReportViewIn, row: Prediction) -> str:
    """Return the label of a view without HTML markup."""
    return label(view.to_view(), row).replace("<sub>i</sub>", "ᵢ")


def _limits(shown: Sequence[Shown], features: Sequence[float]) -> tuple[float, float]:
    """Return the shown energies: up to a third above the highest feature, or as far as intensity is visible."""
    ends = [float(one.line.energy[-1]) for one in shown]
    if features:
        return 0.0, min(1.35 * max(features), max([*ends, *(1.02 * energy for energy in features)]))
    seen = []
    for one in shown:
        energy, intensity = one.line.energy, one.line.intensity
        away = np.where(np.abs(energy) > one.elastic_mev(), np.nan_to_num(intensity), 0.0)
        bright = energy[away > MIN_VISIBLE_FRACTION * (away.max(initial=0.0) or 1.0)]
        seen.append(1.08 * float(bright[-1]) if len(bright) else float(energy[-1]))
    return 0.0, min(max(seen), max(ends))


def resolution_widths(one: Shown, energies: Sequence[float]) -> list[float | None]:
    """Return the FWHM (meV) of the resolution at energies; None outside the range of the instrument."""
    from scattering import instruments
    from scattering.core.constants import FWHM_PER_SIGMA
    from scattering.instruments import resolution

    if one.view.instrument is None:
        return [None] * len(energies)
    instrument = instruments.get(one.view.instrument)
    settings: dict[str, Any] = instrument.validate(one.view.settings)
    low, high = instrument.measured_range(settings)
    return [
        float(FWHM_PER_SIGMA * resolution.sigma(instrument, settings, np.array([energy]))[0])
        if low <= energy <= high
        else None
        for energy in energies
    ]
