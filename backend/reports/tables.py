"""The tables of a report: target features, ranked settings, resolution."""

from __future__ import annotations

from dataclasses import dataclass

from backend import wording
from backend.plans.schemas import FeatureAtOut, SettingOut
from backend.reports.capacity import Capacity
from backend.reports.figures import LETTERS
from backend.reports.gathering import Gathered, best_settings, resolution_widths
from backend.reports.texts import clip
from backend.wording import reports as wording_of_reports
from backend.wording.formatting import DASH, SPACE, band, duration, feature_energy, significant
from scattering import instruments
from scattering.core.notices import Notice


@dataclass(frozen=True)
class Table:
    """Cells of plain text.

    Attributes
    ----------
    shares
        Width of each column, relative to the others; 0: as wide as its text.
    right
        Whether a column is aligned right, as numbers are.
    """

    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]
    shares: list[float]
    right: list[bool]
    note: str = ""


def features_table(gathered: Gathered, capacity: Capacity, left_out: list[Notice]) -> Table | None:
    """Return the target features with width and time for the best settings; None without features."""
    plan = gathered.plan
    if plan is None or not plan.features:
        return None
    settings = best_settings(plan)
    header = ["", "Energy (meV)", "Intrinsic width (meV)", "Contributing elements"]
    rows = []
    for number, feature in enumerate(plan.features, start=1):
        elements = sorted(feature.elements.items(), key=lambda item: -item[1])[:3]
        row = [
            str(number),
            f"{feature_energy(feature.energy_mev, in_column=True)} ± {significant(feature.energy_uncertainty_mev, 2)}",
            significant(feature.fwhm_mev, 2) if feature.fwhm_mev > 0 else wording_of_reports.NARROW,
            ", ".join(f"{name} {100 * share:.0f} %" for name, share in elements if share >= 0.005),
        ]
        rows.append(row + [_width_and_time(_nearest(setting, feature.energy_mev)) for setting in settings])
    if len(rows) > capacity.features:
        left_out.append(Notice("features_left_out", {"n_features": len(rows) - capacity.features}))
    return Table(
        title="Table 1.",
        caption=wording_of_reports.FEATURES_CAPTION,
        header=header + [f"{letter}: FWHM, time" for letter, _ in zip(LETTERS, settings, strict=False)],
        rows=rows[: capacity.features],
        shares=[0, 0, 0, 1.2] + [1.4] * len(settings),
        right=[False, True, True, False] + [True] * len(settings),
    )


def _nearest(setting: SettingOut, energy: float) -> FeatureAtOut | None:
    return min(setting.features, key=lambda at: abs(at.energy_mev - energy), default=None)


def _width_and_time(feature: FeatureAtOut | None) -> str:
    if feature is None:
        return DASH
    if not feature.reachable:
        return wording_of_reports.NOT_REACHED
    width = f"{significant(feature.fwhm_mev, 2)} meV" if feature.fwhm_mev is not None else DASH
    time = duration(feature.hours)
    if feature.hours is None and feature.relative_time is not None:
        time = f"× {significant(feature.relative_time, 2)}"
    return f"{width}, {time}"


def settings_table(gathered: Gathered, capacity: Capacity, left_out: list[Notice]) -> Table:
    """Return the ranked settings of a plan: resolution, pairs, hours."""
    plan = gathered.plan
    assert plan is not None
    letters = {setting.rank: letter for letter, setting in zip(LETTERS, best_settings(plan), strict=False)}
    rows = []
    for setting in sorted(plan.ranked, key=lambda one: (letters.get(one.rank, "Z"), one.rank)):
        pairs = _pairs(setting, capacity)
        rows.append(
            [
                letters.get(setting.rank, ""),
                str(setting.rank),
                f"{setting.label} ({setting.facility.partition(',')[0]})",
                f"{setting.n_measured} of {setting.n_features}",
                DASH if setting.resolution_percent is None else f"{significant(setting.resolution_percent, 2)} %",
                "; ".join(pairs) or DASH,
                band(setting.hours, setting.hours_low, setting.hours_high),
                setting.basis,
            ]
        )
    kept = min(capacity.settings, len(rows))
    if len(rows) > kept:
        left_out.append(Notice("settings_left_out", {"n_settings": len(rows) - kept}))
    return Table(
        title="Table 2.",
        caption=wording_of_reports.SETTINGS_CAPTION,
        header=["", "Rank", "Setting", "Measured", "Resolution", "Pairs (meV)", "Time", "Basis"],
        rows=rows[:kept],
        shares=[0, 0, 2.0, 0, 0, 1.7, 0, 0],
        right=[False, True, False, True, True, False, True, False],
        note=_settings_note(gathered, capacity),
    )


def _settings_note(gathered: Gathered, capacity: Capacity) -> str:
    plan, asked = gathered.plan, gathered.body.plan
    assert plan is not None
    notices = [Notice("settings_tried", {"n_settings": plan.n_settings})]
    if asked is not None:
        notices.append(Notice("signal_to_noise_requested", {"signal_to_noise": asked.target.signal_to_noise}))
    if any(setting.basis == "relative" for setting in plan.ranked):
        notices.append(Notice("relative_times"))
    basis: dict[str, list[str]] = {}
    for letter, setting in zip(LETTERS, best_settings(plan), strict=False):
        for text in setting.rests_on:
            basis.setdefault(text, []).append(letter)
    rests_on = [f"{', '.join(of)}: {text}" for text, of in basis.items()]
    return " ".join(
        [*wording.messages(notices), *plan.warnings[: capacity.sentences], *rests_on[: 2 * capacity.sentences]]
    )


def _pairs(setting: SettingOut, capacity: Capacity) -> list[str]:
    """Return a text for each verdict, with its pairs and their probabilities."""
    by_verdict: dict[str, list[str]] = {}
    for pair in setting.pairs[: capacity.pairs]:
        probable = "" if pair.probability is None else f"{SPACE}({100 * pair.probability:.0f}{SPACE}%)"
        by_verdict.setdefault(pair.verdict, []).append(f"{pair.low_mev:.0f}/{pair.high_mev:.0f}{probable}")
    listed = [f"{verdict}: {', '.join(pairs)}" for verdict, pairs in by_verdict.items()]
    missing = len(setting.pairs) - capacity.pairs
    return [*listed, f"{missing} more"] if missing > 0 else listed


def resolution_table(gathered: Gathered) -> Table:
    """Return the settings and their resolution over the shown energies, for a report without a plan."""
    energies = [float(f"{part * gathered.limits[1]:.2g}") for part in (0.25, 0.5, 0.75)]
    rows = []
    for letter, one in zip(LETTERS, gathered.shown, strict=False):
        end = DASH
        if one.view.instrument is not None:
            instrument = instruments.get(one.view.instrument)
            end = f"{instrument.measured_range(instrument.validate(one.view.settings))[1]:.4g}"
        rows.append(
            [
                letter,
                clip(one.label, 100),
                end,
                *(significant(width, 2) for width in resolution_widths(one, energies)),
            ]
        )
    return Table(
        title="Table 1.",
        caption=wording_of_reports.RESOLUTION_CAPTION,
        header=["", "Setting", "Up to (meV)", *(f"at {feature_energy(energy)} meV" for energy in energies)],
        rows=rows,
        shares=[0, 1, 0, 0, 0, 0],
        right=[False, False, True, True, True, True],
    )
