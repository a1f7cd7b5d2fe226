"""Read a disordered CIF in a confined process (`kit.files.confined`), and write its ordered cells, or one, as JSON."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ase.neighborlist  # noqa: F401  (before the file comes; others load these two only when they need them)
import spglib  # noqa: F401

from backend.kit.files import confined, parsed_notices
from backend.kit.files.unreadable import Unreadable
from backend.structures import writing
from backend.structures.chemistry import check, describe
from backend.structures.formats import cif
from backend.structures.formats.cif_disorder import Disordered, choice_lines
from backend.structures.ordering.candidates import MAX_CANDIDATES, MAX_CELLS, Candidate, Candidates, find_candidates
from backend.structures.parse import MEMORY_BYTES, decoded, parse
from scattering.core.notices import Notice


def main(arguments: list[str] | None = None) -> None:
    """Read the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-atoms", type=int, required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    parser.add_argument("--rank", type=int, choices=range(1, MAX_CANDIDATES + 1))
    parser.add_argument("--n-cells", type=int, choices=range(1, MAX_CELLS + 1))
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        data = Path(confined.INPUT).read_bytes()
        try:
            if options.rank is None:
                answer.write(json.dumps(list_cells(data, options.max_atoms, options.n_cells)))
            else:
                answer.write(json.dumps(take_cell(data, options.max_atoms, options.n_cells, options.rank)))
        except Unreadable as error:
            (notice,) = parsed_notices.to_json([error.notice])
            answer.write(json.dumps({"error": notice}))


def list_cells(data: bytes, max_atoms: int, n_cells: int | None = None) -> dict[str, Any]:
    """Return the ordered cells of a disordered CIF, the best first, with formula and symmetry.

    Raises
    ------
    Unreadable
        The file cannot be read, has no disorder, or too much.
    """
    _, found = _find(data, max_atoms, n_cells)
    return {
        "items": [_described(candidate, rank) for rank, candidate in enumerate(found.items, 1)],
        "n_distinct": found.n_distinct,
        "rank_by": found.rank_by,
        "complete": found.complete,
        "occupancy_error": found.occupancy_error,
    }


def take_cell(data: bytes, max_atoms: int, n_cells: int | None, rank: int) -> dict[str, Any]:
    """Return the ordered cell of a rank as a CIF, `file`, and the contents of this file, `contents` (see `parse`).

    Raises
    ------
    Unreadable
        As of `list_cells`, or there is no such rank.
    """
    disordered, found = _find(data, max_atoms, n_cells)
    if rank > len(found.items):
        raise Unreadable(Notice("no_such_ordered_cell", {"rank": rank, "n_candidates": len(found.items)}))
    candidate = found.items[rank - 1]
    choice = {
        "of_sha256": hashlib.sha256(data).hexdigest(),
        "rank": rank,
        "n_candidates": found.n_distinct,
        "rank_by": found.rank_by,
        "n_cells": candidate.n_cells,
        "chosen": candidate.chosen,
    }
    text = _as_cif(candidate, disordered, choice)
    contents = parse(text.encode(), "cif", max_atoms)
    # The title is that of the file, if it has one
    contents["title"] = disordered.title[:200]
    contents["description"]["notices"] += parsed_notices.to_json(list(disordered.notices))
    return {"file": text, "contents": contents}


def _find(data: bytes, max_atoms: int, n_cells: int | None) -> tuple[Disordered, Candidates]:
    disordered = cif.read_disordered(decoded(data), max_atoms)
    found = find_candidates(disordered.sites, disordered.operations, disordered.cell, max_atoms, n_cells)
    usable = [candidate for candidate in found.items if _is_usable(candidate)]
    if not usable:
        check(found.items[0].structure)
    return disordered, Candidates(usable, found.n_distinct, found.rank_by, found.complete, found.occupancy_error)


def _is_usable(candidate: Candidate) -> bool:
    """Whether no two atoms are at one place."""
    try:
        check(candidate.structure)
    except Unreadable:
        return False
    return True


def _described(candidate: Candidate, rank: int) -> dict[str, Any]:
    description = describe(candidate.structure)
    return {
        "rank": rank,
        "formula": description.formula,
        "formula_cell": description.formula_cell,
        "n_atoms": len(candidate.structure.numbers),
        "space_group": description.space_group,
        "space_group_number": description.space_group_number,
        "n_cells": candidate.n_cells,
        "supercell": candidate.supercell,
        "n_equivalent": candidate.n_equivalent,
        "energy_ev_per_atom": candidate.energy_ev,
        "chosen": candidate.chosen,
    }


def _as_cif(candidate: Candidate, disordered: Disordered, choice: Mapping[str, Any]) -> str:
    """Return a CIF of all atoms that states which ordered cell it is, so that a copy elsewhere says so too."""
    first, rest = writing.cif(candidate.structure, disordered.title or "ordered cell", mass_numbers=True).split("\n", 1)
    stated = choice_lines(choice)
    if disordered.temperature_k is not None:
        stated.append(f"_cell_measurement_temperature {disordered.temperature_k:g}")
    return "\n".join([first, *stated, rest])


if __name__ == "__main__":
    main()
