"""A report as texts, tables and figures, before its conversion to PDF or HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import wording
from backend.engines import catalogue as engines
from backend.kit.version import VERSION
from backend.plans.schemas import PlanOut
from backend.predictions.tables import SOURCE
from backend.reports.capacity import Capacity
from backend.reports.figures import LETTERS
from backend.reports.gathering import Gathered, best_settings
from backend.reports.methods import methods
from backend.reports.pictures import Picture
from backend.reports.references import references
from backend.reports.tables import Table, features_table, resolution_table, settings_table
from backend.reports.texts import clip, one_line
from backend.trainings.tables import Training
from backend.trust.schemas import TrustOut
from backend.wording.formatting import nucleus_text, percent, significant
from backend.wording.reports import HEADINGS, forecast_title
from scattering.core.isotopes import nucleus_of, override
from scattering.core.notices import Notice
from scattering.options.registry import find_kind

MIN_SHORTENED_CHARACTERS = 80
"""Shortest printed part of a paragraph of the notes."""


@dataclass(frozen=True)
class Reliability:
    """Grade, accuracy of the energies, the three lines that tell most, and all points in full."""

    grade: str
    headline: str
    bullets: list[str]
    points: list[str]


@dataclass(frozen=True)
class Document:
    """A report; all its texts are plain text."""

    title: str
    proposer: str
    date: str
    answer: str
    facts: list[tuple[str, str]]
    notes: list[str]
    spectra: Picture
    map: Picture
    measurement: Picture | None
    features: Table | None
    settings: Table
    explanations: list[tuple[str, str]]
    sample: list[tuple[str, str]]
    trust: Reliability | None
    methods: str
    references: list[str]
    provenance: list[tuple[str, str]]
    left_out: list[str]
    headings: Mapping[str, str]


def document(gathered: Gathered, pictures: Sequence[Picture], capacity: Capacity, now: datetime) -> Document:
    """Return the report within a capacity, with the pictures from `draw`."""
    left_out, plan = list(gathered.left_out), gathered.plan
    notes = _notes(gathered.body.notes, capacity, left_out)
    by_name = {picture.name: picture for picture in pictures}
    sentences = [] if plan is None else [one.explanation or "" for one in best_settings(plan)]
    features = features_table(gathered, capacity, left_out)
    settings = resolution_table(gathered) if plan is None else settings_table(gathered, capacity, left_out)
    cited = references(gathered)
    if len(cited) > capacity.references:
        left_out.append(Notice("references_left_out", {"n_references": len(cited) - capacity.references}))
    title = one_line(gathered.body.title) or forecast_title(gathered.structure.name)
    return Document(
        title=clip(title, capacity.line),
        proposer=clip(gathered.body.proposer, capacity.line),
        date=f"{now:%d %B %Y}",
        answer="" if plan is None else plan.answer.message,
        facts=_facts(gathered, capacity),
        notes=notes,
        spectra=by_name["spectra"],
        map=by_name["map"],
        measurement=by_name.get("measurement"),
        features=features,
        settings=settings,
        explanations=list(zip(LETTERS, sentences[: capacity.sentences], strict=False)),
        sample=[] if plan is None else _sample(plan),
        trust=None if gathered.trust is None else _reliability(gathered.trust),
        methods=" ".join(wording.messages(methods(gathered))),
        references=cited[: capacity.references],
        provenance=_provenance(gathered),
        left_out=wording.messages(left_out),
        headings=HEADINGS,
    )


def _facts(gathered: Gathered, capacity: Capacity) -> list[tuple[str, str]]:
    structure, row = gathered.structure, gathered.prediction
    lengths = " × ".join(f"{length:.3f}" for length in structure.lengths_angstrom)
    angles = ", ".join(f"{angle:.4g}" for angle in structure.angles_deg)
    view = gathered.shown[0].view
    simulated, chosen = row.isotopes, override(row.isotopes, view.isotopes)
    isotopes = ", ".join(
        f"{name} → {nucleus_text(nucleus)}{'' if nucleus_of(name, simulated) == nucleus else ' (scattering only)'}"
        for name, nucleus in chosen.items()
    )
    facts = [
        ("Sample", f"{clip(structure.name, capacity.line)}, {clip(structure.formula, capacity.line)}"),
        ("Space group", f"{structure.space_group} (No. {structure.space_group_number})"),
        ("Cell", f"{lengths} Å; {angles}°; {structure.n_atoms} atoms"),
        ("Density", f"{gathered.density_g_cm3:.3f} g/cm³"),
        ("Temperature", f"{row.temperature_k:g} K"),
        ("Form", find_kind(row.method, row.sampling).sampling_title),
    ]
    return [*facts, ("Isotopes", isotopes)] if isotopes else facts


def _notes(text: str, capacity: Capacity, left_out: list[Notice]) -> list[str]:
    paragraphs = [paragraph for paragraph in (one_line(one) for one in text.splitlines()) if paragraph]
    kept: list[str] = []
    free = capacity.notes
    for paragraph in paragraphs:
        if len(paragraph) > free:
            if free > MIN_SHORTENED_CHARACTERS:
                kept.append(paragraph[:free].rsplit(" ", 1)[0] + " …")
            missing = sum(map(len, paragraphs)) - sum(map(len, kept))
            left_out.append(Notice("notes_left_out", {"n_characters": missing}))
            break
        kept.append(paragraph)
        free -= len(paragraph)
    return kept


def _sample(plan: PlanOut) -> list[tuple[str, str]]:
    sample = plan.sample
    size = f"{significant(sample.width_mm)} × {significant(sample.height_mm)} mm"
    cross_sections = f"{significant(sample.scattering_barn)} and {significant(sample.absorption_barn)} barn"
    return [
        ("Formula", sample.formula),
        ("Form", f"{sample.form}, {sample.geometry}, {size}"),
        ("Thickness", f"{significant(sample.thickness_mm)} mm"),
        ("Mass", f"{significant(sample.mass_g)} g in {significant(sample.volume_cm3)} cm³"),
        ("Packing fraction", percent(sample.packing)),
        ("Scattering fraction", f"{sample.scatterer_percent:.1f} % of the beam at 1.8 Å"),
        ("Scattering and absorption cross-sections per formula unit", cross_sections),
        ("Container", f"{sample.container}, {significant(sample.container_mass_g)} g"),
    ]


def _provenance(gathered: Gathered) -> list[tuple[str, str]]:
    row, made = gathered.prediction, gathered.prediction.provenance
    seed = made.get("seed", row.typed_options().seed)
    versions = made.get("versions") or {}
    potential, source, reference = gathered.potential, made.get(SOURCE), row.harmonic_reference
    engine_packages = () if potential is None else engines.packages(row.typed_options().engine, potential.engine)
    wanted = ("euphonic", "resins", *engine_packages)
    packages = ", ".join(f"{name} {versions[name]}" for name in wanted if name in versions)
    facts = [
        ("Beamcast", VERSION),
        ("Prediction", str(row.id)),
        ("Others", ", ".join(str(other.id) for other in gathered.others)),
        ("Potential", "" if potential is None else f"{potential.name[:60]}, sha256 {potential.sha256[:16]}…"),
        ("Training", "" if gathered.training is None else _training_text(gathered.training)),
        ("Trajectory" if row.has_given_trajectory else "Phonons", "" if source is None else _source_text(source)),
        ("Harmonic part", "" if reference is None else f"{reference['basis'][:60]}, prediction {reference['id']}"),
        ("Structure", f"{gathered.structure.filename[:60]}, sha256 {gathered.structure.sha256[:16]}…"),
        ("Seed", "" if seed is None else str(seed)),
        ("Packages", packages),
        ("Simulated", "" if row.finished_at is None else f"{row.finished_at:%Y-%m-%d %H:%M} UTC"),
    ]
    return [(name, value) for name, value in facts if value]


def _training_text(training: Training) -> str:
    """Return the id of a training with the checksums of its base and its labels."""
    sums = {name: training.provenance.get(f"{name}_sha256") for name in ("base", "labels")}
    stated = [f"{name} sha256 {value[:16]}…" for name, value in sums.items() if value]
    return ", ".join([str(training.id), *stated])


def _source_text(source: Mapping[str, Any]) -> str:
    """Return the files of given phonons with their checksums, and the program that made them."""
    program = " ".join(filter(None, (source["program"].get(name, "") for name in ("name", "version", "functional"))))
    files = ", ".join(f"{clip(one['name'], 40)}, sha256 {one['sha256'][:16]}…" for one in source["files"])
    return f"{files} ({program})" if program else files


def _reliability(trust: TrustOut) -> Reliability:
    return Reliability(
        grade=trust.label,
        # The grade states the accuracy of energies that were not compared
        headline="" if trust.headline_notice.code == "energies_not_compared" else trust.headline,
        bullets=[bullet.message for bullet in trust.bullets],
        points=[point.text for point in trust.points],
    )
