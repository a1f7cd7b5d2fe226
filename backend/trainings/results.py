"""The result of a training in the database: its evidence, and the potential if it was accepted."""

from __future__ import annotations

import shutil
from typing import Any

from sqlmodel import Session

from backend.families.catalogue import families
from backend.jobs.work import Work
from backend.kit.files.storage import new_folder, replace_file
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.structures.tables import Structure
from backend.trainings import files
from backend.trainings.tables import Training

TRAINED = "trained"


def record(session: Session, row: Work, *, accepted: bool, evidence: dict[str, Any]) -> None:
    """Write the evidence into the row of a training, and add the potential if the gate accepted it.

    Its result folder is in its place. Call it within the transaction that ends the job.
    """
    assert isinstance(row, Training)
    row.accepted, row.evidence = accepted, evidence
    if accepted:
        row.potential_id = _add_potential(session, row).id
    session.add(row)


def _add_potential(session: Session, row: Training) -> Potential:
    settings: Settings = session.info["settings"]
    made = files.result_folder(settings, row.id) / files.POTENTIAL
    content = made.read_bytes()
    base = None if row.base_id is None else session.get(Potential, row.base_id)
    family = families()["nep"]
    assert family.uploads is not None
    facts = family.uploads.read(content)
    structure = session.get_one(Structure, row.structure_id)
    labels = str(row.reference.get("level_of_theory") or row.reference.get("name") or "")
    potential = Potential(
        owner=row.owner,
        name=" · ".join(part for part in (structure.name or structure.formula, labels, "trained") if part)[:200],
        kind=TRAINED,
        family=family.name,
        elements=list(facts.elements),
        sha256=row.provenance["potential_sha256"],
        size_bytes=len(content),
        format=facts.format,
        engine=row.provenance["engine"],
        cutoff_angstrom=facts.cutoff_angstrom,
        licence="" if base is None else base.licence,
        citation="" if base is None else base.citation,
        source=f"trained by Beamcast from {row.base}, labels {row.provenance['labels_sha256'][:12]}",
        structure_id=row.structure_id,
    )
    folder = new_folder(session, settings.potential_dir(potential.id))
    with replace_file(folder / family.file_name) as path:
        shutil.copyfile(made, path)
    session.add(potential)
    session.flush()
    return potential
