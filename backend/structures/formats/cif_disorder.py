"""Disorder in a CIF: sites with occupancies and groups, and the ordered cell that Beamcast itself wrote in a CIF."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.structures.formats.cif_blocks import Block
from backend.structures.formats.expansion import Site
from backend.structures.formats.symmetry import Operations
from scattering.core.notices import Notice

PREFIXES: Final = ("_beamcast_ordered_cell_", "_atom_type_symbol", "_atom_type_oxidation_number")
CHARGED_TYPE: Final = re.compile(r"[A-Za-z]{1,2}([0-9]?)([+-])")
NO_GROUP: Final = ("", "0", ".", "?")
RANKINGS: Final = ("electrostatics", "contacts")
MAX_LISTED: Final = 8


@dataclass(frozen=True)
class PartialSite(Site):
    """A site with its occupancy, and the names of its group of alternatives; empty where the file has none.

    `charge` is the oxidation number that the file states, in e.
    """

    occupancy: float = 1.0
    assembly: str = ""
    group: str = ""
    charge: float | None = None

    @property
    def is_partial(self) -> bool:
        """Whether the site is empty in a part of the cells."""
        return self.occupancy < 1.0


@dataclass(frozen=True)
class Disordered:
    """An asymmetric unit with partly occupied sites.

    Attributes
    ----------
    sites, operations, cell
        The sites, their symmetry, and the lattice vectors in Å, rows.
    title, temperature_k
        What the file states of the crystal, as in a `Reading`.
    notices
        Assumptions of the reader.
    """

    sites: Sequence[PartialSite]
    operations: Operations
    cell: NDArray[np.float64]
    title: str
    temperature_k: float | None
    notices: Sequence[Notice]


def with_disorder(site: Site, row: int, occupancy: float, block: Block) -> PartialSite:
    """Return a site with the disorder that the row of a CIF states."""
    types = block.column("_atom_site_type_symbol")
    return PartialSite(
        **vars(site),
        occupancy=occupancy,
        assembly=_word(block, "_atom_site_disorder_assembly", row),
        group=_word(block, "_atom_site_disorder_group", row),
        charge=_charge(block, types[row]) if types else None,
    )


def _word(block: Block, tag: str, row: int) -> str:
    column = block.column(tag) or []
    word = column[row] if row < len(column) else ""
    return "" if word in NO_GROUP else word[:10]


def _charge(block: Block, type_symbol: str) -> float | None:
    """Return the oxidation number that the file states for a type of atoms: in a table, or as Fe3+."""
    symbols = block.column("_atom_type_symbol") or []
    stated = block.column("_atom_type_oxidation_number") or []
    table = dict(zip(symbols, stated, strict=False))
    if re.fullmatch(r"[+-]?[0-9](\.[0-9]+)?", table.get(type_symbol, "")):
        return float(table[type_symbol])
    match = CHARGED_TYPE.fullmatch(type_symbol)
    return float(match[2] + (match[1] or "1")) if match else None


def choice_lines(choice: Mapping[str, Any]) -> list[str]:
    """Return the lines of a CIF that state which ordered cell it has; see `stated_choice`."""
    return [
        f"_beamcast_ordered_cell_rank {choice['rank']}",
        f"_beamcast_ordered_cell_candidates {choice['n_candidates']}",
        f"_beamcast_ordered_cell_rank_by {choice['rank_by']}",
        f"_beamcast_ordered_cell_primitive_cells {choice['n_cells']}",
        f"_beamcast_ordered_cell_of_file_sha256 {choice['of_sha256']}",
        "_beamcast_ordered_cell_chosen",
        ";",
        json.dumps(choice["chosen"]),
        ";",
    ]


def stated_choice(block: Block) -> Notice | None:
    """Return the notice of the ordered cell that a CIF of `choice_lines` has; None for any other CIF."""
    words = [block.first(f"_beamcast_ordered_cell_{name}") for name in ("rank", "candidates", "primitive_cells")]
    ranking = block.first("_beamcast_ordered_cell_rank_by")
    if ranking not in RANKINGS or not all(re.fullmatch(r"[0-9]{1,6}", word) for word in words):
        return None
    try:
        chosen = [_checked(one) for one in json.loads(block.first("_beamcast_ordered_cell_chosen"))[:MAX_LISTED]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    rank, n_candidates, n_cells = map(int, words)
    numbers = {"rank": rank, "n_candidates": n_candidates, "rank_by": ranking, "n_cells": n_cells}
    return Notice("ordered_cell", {**numbers, "chosen": chosen})


def _checked(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choice of some sites as numbers and short texts, whatever the file has in its place."""
    occupancy = float(stated["occupancy"])
    if not 0 <= occupancy <= 1:
        raise ValueError
    sites = [str(one)[:30] for one in stated["sites"][:MAX_LISTED]]
    numbers = {name: int(stated[name]) for name in ("n_present", "n_possible")}
    return {"sites": sites, **numbers, "occupancy": occupancy}
