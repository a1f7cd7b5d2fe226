"""Structures in responses."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.structures.chemistry import SYMMETRY_TOLERANCE_ANGSTROM
from backend.structures.condition import state_of
from backend.structures.tables import Structure
from scattering.options.names import Method
from scattering.options.temperature import State, Suggestion
from scattering.sample.melting import find_melted


class FormatOut(ResponseBody):
    """A format of files that can be uploaded."""

    name: str = Field(examples=["cif"])
    title: str = Field(examples=["CIF"])


class Cell(ResponseBody):
    """A unit cell."""

    lengths_angstrom: list[float] = Field(examples=[[5.431, 5.431, 5.431]])
    angles_deg: list[float] = Field(examples=[[90.0, 90.0, 90.0]])
    volume_angstrom3: float = Field(examples=[160.19])


class OrderedFrom(ResponseBody):
    """The uploaded file of an ordered cell; download it with the format `disordered`."""

    filename: str = Field(examples=["cu-au.cif"])
    sha256: str = Field(description="checksum of the file")


class StructureOut(ResponseBody):
    """A crystal structure."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["Silicon"])
    formula: str = Field(description="formula of one molecule, or the reduced formula", examples=["Si"])
    formula_cell: str = Field(description="formula of all atoms in the cell", examples=["Si8"])
    n_atoms: int = Field(description="number of atoms in the cell", examples=[8])
    elements: list[str] = Field(examples=[["Si"]])
    cell: Cell
    space_group: str = Field(
        description="short international symbol, determined from the positions of the atoms", examples=["Fd-3m"]
    )
    space_group_number: int = Field(examples=[227])
    symmetry_tolerance_angstrom: float = Field(
        description="largest deviation of an atom from its symmetric position", examples=[0.01]
    )
    density_g_cm3: float = Field(description="with the isotopes of the file", examples=[2.329])
    isotopes: dict[str, str | dict[str, float]] = Field(
        description="element, or site where they differ → isotope in the file, or fractions of isotopes; empty: as in "
        "nature. Predictions have their masses by default",
        examples=[{"H": "2H"}],
    )
    temperature_k: float | None = Field(
        description="temperature of the measurement of the cell; null: not in the file", examples=[298]
    )
    state: State = Field(
        description="what the positions look like: a crystal, a liquid, a glass, or a molecule in vacuum",
        examples=["crystal"],
    )
    warnings: list[str] = Field(description="assumptions and doubts of the reader, as sentences", examples=[[]])
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters", examples=[[]])
    format: str = Field(description="format of the uploaded file", examples=["cif"])
    filename: str = Field(examples=["silicon.cif"])
    example: str | None = Field(description="name of the built-in structure that it is a copy of", examples=["silicon"])
    ordered_from: OrderedFrom | None = Field(
        description="the disordered file that was uploaded; the notice `ordered_cell` says which cell was chosen"
    )
    hidden_at: datetime | None = Field(
        description="null: in the lists; otherwise deleted from them, and kept only for the proposals that use it"
    )

    @classmethod
    def of(cls, row: Structure) -> Self:
        """Return the response for a row."""
        cell = Cell(
            lengths_angstrom=row.lengths_angstrom, angles_deg=row.angles_deg, volume_angstrom3=row.volume_angstrom3
        )
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "cell": cell,
                "state": state_of(row.warnings),
                "symmetry_tolerance_angstrom": SYMMETRY_TOLERANCE_ANGSTROM,
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )


class ChosenOut(ResponseBody):
    """What an ordered cell has on partly occupied sites of the file."""

    sites: list[str] = Field(description="sites that are present together", examples=[["Fe1"]])
    n_present: int = Field(description="number of their positions that are occupied", examples=[1])
    n_possible: int = Field(description="number of their positions", examples=[2])
    occupancy: float = Field(description="occupancy in the file", examples=[0.5])


class OrderedCellOut(ResponseBody):
    """An ordered cell of a disordered crystal."""

    rank: int = Field(description="1 is the best; `ordered_cell` of an upload", examples=[1])
    formula: str = Field(examples=["FeNi"])
    formula_cell: str = Field(examples=["FeNi"])
    n_atoms: int = Field(examples=[2])
    space_group: str = Field(examples=["P4/mmm"])
    space_group_number: int = Field(examples=[123])
    n_cells: int = Field(description="number of primitive cells of the disordered crystal", examples=[2])
    supercell: list[list[float]] = Field(
        description="lattice vectors, rows, in units of those of the file",
        examples=[[[0.5, 0.5, 0], [-0.5, 0.5, 0], [0, 0, 1]]],
    )
    n_equivalent: int = Field(description="number of equivalent arrangements in its supercell", examples=[2])
    energy_ev_per_atom: float | None = Field(
        description="electrostatic energy of formal charges above that of the first cell; null: charges not known",
        examples=[0.0],
    )
    chosen: list[ChosenOut]


class OrderedCellsOut(ResponseBody):
    """Ordered cells of a disordered crystal, the best first."""

    items: list[OrderedCellOut]
    n_distinct: int = Field(description="number of arrangements that symmetry distinguishes", examples=[2])
    rank_by: Literal["electrostatics", "contacts"]
    complete: bool = Field(description="false: too many arrangements to try all; some were drawn at random")
    occupancy_error: float = Field(description="largest difference of an occupancy from the file's", examples=[0.0])


class ExampleOut(ResponseBody):
    """A built-in structure."""

    name: str = Field(examples=["silicon"])
    title: str = Field(examples=["Silicon"])
    formula: str = Field(examples=["Si"])
    description: str = Field(description="use of the example")
    source: str = Field(description="source of the numbers")


class SuggestionOut(ResponseBody):
    """Suggested temperature and methods of a forecast."""

    temperature_k: float = Field(examples=[10.0])
    methods: list[Method] = Field(examples=[["harmonic"]])
    reasons: list[NoticeOut] = Field(description="reasons for the temperature, then for the methods")
    warnings: list[NoticeOut] = Field(description="doubts whether the sample is a crystal at this temperature")

    @classmethod
    def of(cls, suggestion: Suggestion, formula: str, state: State) -> Self:
        """Return the body of a suggestion for a structure of this formula and state."""
        # Only a crystal has a melting point that the sample must not reach
        melted = find_melted(formula, suggestion.temperature_k) if state == "crystal" else []
        return cls(
            temperature_k=suggestion.temperature_k,
            methods=list(suggestion.methods),
            reasons=NoticeOut.of_all(suggestion.reasons),
            warnings=NoticeOut.of_all(melted),
        )
