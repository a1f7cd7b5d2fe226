"""What can supply labels on this server: the references, and the potentials of other projects that label structures."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sqlmodel import col

from backend.families.catalogue import families
from backend.kit.db.owners import Scope
from backend.potentials import evidence
from backend.potentials.availability import engines_of_workers, find_obstacle
from backend.potentials.catalogue import DEFAULT, PRETRAINED, REGISTERED, missing_elements, pretrained
from backend.potentials.tables import Potential
from backend.structures.material_class import class_of
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from backend.trainings import trainers
from backend.trainings.references import MIN_HEIGHT_OF_POTENTIALS_ANGSTROM, REFERENCES, Reference
from scattering.core.notices import Notice
from scattering.simulate.protocol import choose_supercell
from scattering.trust.chemistry import WITH_MOMENTS

USUAL_ATOMS = 64
"""Number of atoms for which the time of a label is stated."""


@dataclass(frozen=True)
class Offer:
    """A way to labels on this server.

    Attributes
    ----------
    reference
        Its record.
    unfit
        Why it must not be used for the structure, whatever this server has; None: it may.
    missing
        What this server lacks; None: nothing.
    evidence
        What is known of its phonons, by class of crystals.
    potential
        The potential that labels, if it is one.
    """

    reference: Reference
    unfit: Notice | None = None
    missing: Notice | None = None
    evidence: tuple[Notice, ...] = ()
    potential: Potential | None = None

    def obstacle(self, running: frozenset[str]) -> Notice | None:
        """Return why it cannot be used now; `running` are the engines of living workers."""
        return self.unfit or self.missing or _without_trainer(running)


def list_offers(scope: Scope, structure: Structure | None, base: str = DEFAULT) -> list[Offer]:
    """Return all ways to labels; with a structure, why each is none for it.

    Parameters
    ----------
    base
        Name of the potential to start from: a reference that is worse for the structure is not offered.
    """
    running = engines_of_workers(scope.session)
    made = [
        Offer(one, None if structure is None else _unfit_for(scope, one, structure), _missing(one, running))
        for one in REFERENCES.values()
    ]
    statement = scope.select(Potential).where(
        col(Potential.kind).in_(REGISTERED), col(Potential.family).not_in(trainers.DEFAULT.families)
    )
    rows = sorted(scope.session.exec(statement).all(), key=lambda row: row.name.lower())
    return [*made, *(_of_potential(scope, row, structure, base, running) for row in rows)]


def find_offer(scope: Scope, engine: str, structure: Structure, base: str) -> Offer | None:
    """Return the way to labels with an id, or that of a potential with a name or an id; None if there is none."""
    for offer in list_offers(scope, structure, base):
        names = {offer.reference.id}
        if offer.potential is not None:
            names |= {offer.potential.name.lower(), str(offer.potential.id)}
        if engine.lower() in names:
            return offer
    return None


def reference_of(row: Potential) -> Reference:
    """Return the record of a potential as a reference."""
    entry = pretrained().get(row.sha256)
    seconds = None if entry is None else entry.seconds_per_call(USUAL_ATOMS)
    return Reference(
        id=re.sub(r"[^a-z0-9.]+", "-", row.name.lower()).strip("-"),
        kind="engine",
        title=row.name,
        licence=row.licence,
        elements=tuple(row.elements) or None,
        cost_s_per_atom=None if seconds is None else seconds / USUAL_ATOMS,
        min_height_angstrom=MIN_HEIGHT_OF_POTENTIALS_ANGSTROM,
    )


def _of_potential(
    scope: Scope, row: Potential, structure: Structure | None, base: str, running: frozenset[str]
) -> Offer:
    reference = reference_of(row)
    known = evidence.of_potential(row.name) if row.kind == PRETRAINED else []
    told = tuple(
        Notice(
            "reference_evidence",
            {
                "title": row.name,
                "default": DEFAULT,
                "material_class": one.material_class,
                "crystals": list(one.crystals),
                "mean_error": one.mean_error,
                "than_default": evidence.compare_with_default(one),
            },
        )
        for one in known
    )
    unfit = None if structure is None else _unfit(scope, row, structure, base, told)
    return Offer(reference, unfit, find_obstacle(scope.settings, row, running), told, row)


def _unfit(scope: Scope, row: Potential, structure: Structure, base: str, told: tuple[Notice, ...]) -> Notice | None:
    """Return why a potential must not label a structure, whatever this server has."""
    if missing := missing_elements(row.elements, structure.elements):
        return Notice("reference_lacks_elements", {"title": row.name, "missing": missing})
    if refusal := families()[row.family].refuse(load_structure(scope.settings, structure.id).numbers.tolist()):
        return refusal
    if base != DEFAULT:
        return None
    material_class = class_of(scope.settings, structure)
    alike = [one for one in told if one.params["material_class"] == material_class]
    for one in alike:
        if one.params["than_default"] == "worse":
            return Notice("reference_worse_than_base", {**one.params, "base": base})
    return None


def _unfit_for(scope: Scope, reference: Reference, structure: Structure) -> Notice | None:
    """Return why a program must not label a structure."""
    if reference.is_worker_program and (magnetic := sorted(WITH_MOMENTS.intersection(structure.elements))):
        return Notice("reference_without_moments", {"title": reference.title, "elements": magnetic})
    n_atoms = 0 if reference.max_atoms is None else atoms_of_labels(scope, structure, reference)
    if reference.max_atoms is not None and n_atoms > reference.max_atoms:
        params = {"title": reference.title, "n_atoms": n_atoms, "max_atoms": reference.max_atoms}
        return Notice("reference_for_small_cells", params)
    return None


def atoms_of_labels(scope: Scope, structure: Structure, reference: Reference) -> int:
    """Return the number of atoms of the largest cell that a reference labels."""
    cell = load_structure(scope.settings, structure.id).cell
    return structure.n_atoms * math.prod(choose_supercell(cell, min_height=reference.min_height_angstrom))


def _missing(reference: Reference, running: frozenset[str]) -> Notice | None:
    if reference.is_worker_program and reference.id not in running:
        return Notice("no_labelling_program", {"title": reference.title})
    return None


def _without_trainer(running: frozenset[str]) -> Notice | None:
    if running.isdisjoint(trainers.TRAINERS):
        return Notice("no_trainer", {"trainers": sorted(trainers.TRAINERS)})
    return None
