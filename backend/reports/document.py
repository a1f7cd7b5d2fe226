"""A report as texts, tables and figures, before it is put on paper or into HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from backend.kit.version import VERSION
from backend.plans.schemas import FeatureAtOut, SettingOut
from backend.reports.figures import LETTERS
from backend.reports.gathering import Gathered, best, widths
from backend.reports.pictures import Picture
from backend.reports.wording import band_in_words, clipped, hours_in_words, methods, one_line, references, significant
from backend.trust.schemas import TrustOut
from scattering import instruments

NO_BREAK = "\u00a0"
T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """How much of what may be long is shown: how many of each; notes, one line and trust in characters."""

    features: int
    pairs: int
    settings: int
    notes: int
    sentences: int
    references: int
    line: int = 300
    trust: int = 20_000


AMPLE = Room(features=24, pairs=24, settings=40, notes=20_000, sentences=24, references=40)
"""Where pages do not end: HTML."""
FITTING = (
    Room(features=8, pairs=6, settings=6, notes=900, sentences=3, references=16),
    Room(features=8, pairs=4, settings=4, notes=900, sentences=3, references=14),
    Room(features=6, pairs=3, settings=3, notes=600, sentences=3, references=12),
    Room(features=6, pairs=3, settings=3, notes=300, sentences=1, references=10),
    Room(features=4, pairs=2, settings=3, notes=0, sentences=0, references=6, line=100, trust=300),
)
"""On paper: the first that takes two pages is chosen."""


@dataclass(frozen=True)
class Table:
    """Cells of plain text. Columns are as broad as their share says, 0: as their text; and numbers stand right."""

    caption: str
    header: list[str]
    rows: list[list[str]]
    shares: list[float]
    right: list[bool]
    note: str = ""


@dataclass(frozen=True)
class Document:
    """A report. Everything in it is plain text, whoever wrote it."""

    title: str
    proposer: str
    date: str
    facts: list[tuple[str, str]]
    notes: list[str]
    spectra: Picture
    map: Picture
    measurement: Picture | None
    features: Table | None
    settings: Table
    explanations: list[tuple[str, str]]
    sample: list[tuple[str, str]]
    trust: tuple[str, str] | None
    methods: str
    references: list[str]
    provenance: list[tuple[str, str]]
    left_out: list[str] = field(default_factory=list)


def document(gathered: Gathered, pictures: Sequence[Picture], room: Room, now: datetime) -> Document:
    """What stands in a report that has so much room; `pictures` as from `draw`."""
    left_out = list(gathered.warnings)
    notes, plan = _notes(gathered.body.notes, room, left_out), gathered.plan
    by_name = {picture.name: picture for picture in pictures}
    sentences = [] if plan is None else [one.explanation or "" for one in best(plan)]
    return Document(
        title=clipped(
            one_line(gathered.body.title) or f"Neutron scattering forecast: {gathered.structure.name}", room.line
        ),
        proposer=clipped(gathered.body.proposer, room.line),
        date=f"{now:%d %B %Y}",
        facts=_facts(gathered, room),
        notes=notes,
        spectra=by_name["spectra"],
        map=by_name["map"],
        measurement=by_name.get("measurement"),
        features=_features(gathered, room, left_out),
        settings=_planned(gathered, room, left_out) if plan is not None else _seen(gathered),
        explanations=list(zip(LETTERS, sentences[: room.sentences], strict=False)),
        sample=_sample(gathered),
        trust=None if gathered.trust is None else _trust(gathered.trust, room),
        methods=methods(gathered),
        references=_capped(references(gathered), room.references, "references", left_out),
        provenance=_provenance(gathered),
        left_out=left_out,
    )


def _facts(gathered: Gathered, room: Room) -> list[tuple[str, str]]:
    structure, row = gathered.structure, gathered.prediction
    lengths = " × ".join(f"{length:.3f}" for length in structure.lengths_angstrom)
    angles = ", ".join(f"{angle:.4g}" for angle in structure.angles_deg)
    view = gathered.shown[0].view
    isotopes = ", ".join(f"{element} → {_isotope(nucleus)}" for element, nucleus in view.isotopes.items())
    facts = [
        ("Sample", f"{clipped(structure.name, room.line)}, {clipped(structure.formula, room.line)}"),
        ("Space group", f"{structure.space_group} (No. {structure.space_group_number})"),
        ("Cell", f"{lengths} Å; {angles}°; {structure.n_atoms} atoms"),
        ("Density", f"{structure.density_g_cm3:.3f} g/cm³"),
        ("Temperature", f"{row.temperature_k:g} K"),
        ("Form", "powder" if row.sampling == "powder" else "single crystal, along a path"),
    ]
    return [*facts, ("Isotopes", isotopes)] if isotopes else facts


def _isotope(nucleus: str | dict[str, float]) -> str:
    return nucleus if isinstance(nucleus, str) else " + ".join(f"{100 * s:g} % {name}" for name, s in nucleus.items())


def _notes(text: str, room: Room, left_out: list[str]) -> list[str]:
    paragraphs = [paragraph for paragraph in (one_line(one) for one in text.splitlines()) if paragraph]
    kept: list[str] = []
    left = room.notes
    for paragraph in paragraphs:
        if len(paragraph) > left:
            if left > 80:
                kept.append(paragraph[:left].rsplit(" ", 1)[0] + " …")
            missing = sum(map(len, paragraphs)) - sum(map(len, kept))
            left_out.append(f"{missing} characters of the notes stand in the HTML version only.")
            break
        kept.append(paragraph)
        left -= len(paragraph)
    return kept


def _features(gathered: Gathered, room: Room, left_out: list[str]) -> Table | None:
    """Feature by feature, and what each of the best settings does for it."""
    plan = gathered.plan
    if plan is None or not plan.features:
        return None
    settings = best(plan)
    header = ["", "Energy (meV)", "Own width (meV)", "Scatters"]
    rows = []
    for number, feature in enumerate(plan.features, start=1):
        elements = sorted(feature.elements.items(), key=lambda item: -item[1])[:3]
        row = [
            str(number),
            f"{feature.energy_mev:.1f} ± {significant(feature.energy_uncertainty_mev, 2)}",
            significant(feature.fwhm_mev, 2) if feature.fwhm_mev > 0 else "narrow",
            ", ".join(f"{name} {100 * share:.0f} %" for name, share in elements if share >= 0.005),
        ]
        rows.append(row + [_at(_nearest(setting, feature.energy_mev)) for setting in settings])
    return Table(
        caption="Table 1. What is to be measured. Under each setting: width of its resolution, FWHM, and the time "
        "until the feature has the signal to noise asked for.",
        header=header + [f"{letter}: FWHM, time" for letter, _ in zip(LETTERS, settings, strict=False)],
        rows=_capped(rows, room.features, "features", left_out),
        shares=[0, 0, 0, 1.2] + [1.4] * len(settings),
        right=[False, True, True, False] + [True] * len(settings),
    )


def _nearest(setting: SettingOut, energy: float) -> FeatureAtOut | None:
    return min(setting.features, key=lambda at: abs(at.energy_mev - energy), default=None)


def _at(feature: FeatureAtOut | None) -> str:
    if feature is None:
        return "–"
    if not feature.reachable:
        return "not reached"
    width = f"{significant(feature.fwhm_mev, 2)} meV" if feature.fwhm_mev is not None else "–"
    time = hours_in_words(feature.hours) if feature.hours is not None else "–"
    if feature.hours is None and feature.relative_time is not None:
        time = f"× {significant(feature.relative_time, 2)}"
    return f"{width}, {time}"


def _planned(gathered: Gathered, room: Room, left_out: list[str]) -> Table:
    """The plan's ranking: setting, resolution, pairs, hours."""
    plan = gathered.plan
    assert plan is not None
    letters = {setting.rank: letter for letter, setting in zip(LETTERS, best(plan), strict=False)}
    rows = []
    for setting in sorted(plan.ranked, key=lambda one: (letters.get(one.rank, "Z"), one.rank)):
        pairs = _pairs(setting, room)
        rows.append(
            [
                letters.get(setting.rank, ""),
                str(setting.rank),
                f"{setting.label} ({setting.facility.partition(',')[0]})",
                f"{setting.n_reachable} of {len(setting.features)}",
                "–" if setting.resolution_percent is None else f"{significant(setting.resolution_percent, 2)} %",
                "; ".join(pairs) or "–",
                band_in_words(setting.hours, setting.hours_low, setting.hours_high),
                setting.basis,
            ]
        )
    words = [f"{plan.n_settings} settings were tried."]
    asked = gathered.body.plan
    if asked is not None:
        words.append(f"Signal to noise asked for: {asked.target.signal_to_noise:g}.")
    if any(setting.basis == "relative" for setting in plan.ranked):
        words.append("Relative: the flux is not known absolutely; × n compares its features with the quickest.")
    words += plan.warnings[: room.sentences]
    basis: dict[str, list[str]] = {}
    for letter, setting in zip(LETTERS, best(plan), strict=False):
        for text in setting.rests_on:
            basis.setdefault(text, []).append(letter)
    words += [f"{', '.join(of)}: {text}" for text, of in basis.items()][: 2 * room.sentences]
    kept = min(room.settings, len(rows))
    if len(rows) > kept:
        left_out.append(f"{len(rows) - kept} lower ranked settings.")
    return Table(
        caption="Table 2. Settings: A to C as drawn, then the best others. Resolution: FWHM over energy transfer "
        "of the worst feature. Pairs: whether two features are told apart, and how probably. Time with its band.",
        header=["", "Rank", "Setting", "Reached", "Resolution", "Pairs (meV)", "Time", "Basis"],
        rows=rows[:kept],
        shares=[0, 0, 2.0, 0, 0, 1.7, 0, 0],
        right=[False, True, False, True, True, False, True, False],
        note=" ".join(words),
    )


def _pairs(setting: SettingOut, room: Room) -> list[str]:
    """Verdict by verdict the pairs that it is passed on, with its probability."""
    by_verdict: dict[str, list[str]] = {}
    for pair in setting.pairs[: room.pairs]:
        probable = "" if pair.probability is None else f"{NO_BREAK}({100 * pair.probability:.0f}{NO_BREAK}%)"
        by_verdict.setdefault(pair.verdict, []).append(f"{pair.low_mev:.0f}/{pair.high_mev:.0f}{probable}")
    words = [f"{verdict}: {', '.join(pairs)}" for verdict, pairs in by_verdict.items()]
    missing = len(setting.pairs) - room.pairs
    return [*words, f"{missing} more"] if missing > 0 else words


def _seen(gathered: Gathered) -> Table:
    """Without a plan: the settings, and the resolution over what is shown."""
    energies = [float(f"{part * gathered.limits[1]:.2g}") for part in (0.25, 0.5, 0.75)]
    rows = []
    for letter, one in zip(LETTERS, gathered.shown, strict=False):
        reached = instruments.get(one.view.instrument).measured_range if one.view.instrument else None
        settings = instruments.get(one.view.instrument).validate(one.view.settings) if one.view.instrument else {}
        end = "–" if reached is None else f"{reached(settings)[1]:.4g}"
        rows.append([letter, clipped(one.label, 100), end, *(significant(width, 2) for width in widths(one, energies))])
    return Table(
        caption="Table 1. Settings: largest energy transfer, and the resolution (FWHM, meV) at three.",
        header=["", "Setting", "Up to (meV)", *(f"at {energy:g} meV" for energy in energies)],
        rows=rows,
        shares=[0, 1, 0, 0, 0, 0],
        right=[False, False, True, True, True, True],
    )


def _sample(gathered: Gathered) -> list[tuple[str, str]]:
    if gathered.plan is None:
        return []
    sample = gathered.plan.sample
    size = f"{significant(sample.width_mm)} × {significant(sample.height_mm)} mm"
    return [
        ("Formula", sample.formula),
        ("Form", f"{sample.form}, {sample.geometry}, {size}"),
        ("Thickness", f"{significant(sample.thickness_mm)} mm"),
        ("Mass", f"{significant(sample.mass_g)} g in {significant(sample.volume_cm3)} cm³"),
        ("Filling", f"{100 * sample.packing:.0f} %"),
        ("Scatters", f"{sample.scatterer_percent:.1f} % of the beam at 1.8 Å"),
        (
            "Cross-sections",
            f"{significant(sample.scattering_barn)} barn scattering, {significant(sample.absorption_barn)} barn "
            "absorption a formula unit",
        ),
        ("Container", f"{sample.container}, {significant(sample.container_mass_g)} g"),
    ]


def _provenance(gathered: Gathered) -> list[tuple[str, str]]:
    row, made = gathered.prediction, gathered.prediction.provenance
    seed = made.get("seed", row.typed_options().seed)
    versions = made.get("versions") or {}
    packages = ", ".join(
        f"{name} {versions[name]}" for name in ("euphonic", "resins", "nep-adapters") if name in versions
    )
    found = [
        ("Beamcast", VERSION),
        ("Prediction", str(row.id)),
        ("Others", ", ".join(str(other.id) for other in gathered.others)),
        ("Potential", f"{gathered.model.name[:60]}, sha256 {gathered.model.sha256[:16]}…"),
        ("Structure", f"{gathered.structure.filename[:60]}, sha256 {gathered.structure.sha256[:16]}…"),
        ("Seed", str(seed)),
        ("Packages", packages),
        ("Simulated", "" if row.finished_at is None else f"{row.finished_at:%Y-%m-%d %H:%M} UTC"),
    ]
    return [(name, value) for name, value in found if value]


def _capped(items: list[T], most: int, what: str, left_out: list[str]) -> list[T]:
    if len(items) > most:
        left_out.append(f"{len(items) - most} {what}.")
    return items[:most]


def _trust(trust: TrustOut, room: Room) -> tuple[str, str]:
    # The paragraph may begin with its headline
    headline = trust.headline.strip()
    return headline, clipped(trust.paragraph.strip().removeprefix(headline), room.trust)
