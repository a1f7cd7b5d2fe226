"""The kinds of items of a proposal, with their link tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.datasets.tables import Dataset
from backend.kit.db.columns import Owned
from backend.predictions.tables import Prediction
from backend.proposals.schemas import Kind
from backend.proposals.tables import ProposalDataset, ProposalPrediction, ProposalStructure
from backend.structures.tables import Structure

Link = type[ProposalStructure] | type[ProposalPrediction] | type[ProposalDataset]


@dataclass(frozen=True)
class Linked:
    """A kind of item of a proposal: its link table, its table, its noun."""

    link: Link
    table: type[Owned]
    noun: str


LINKED: Mapping[Kind, Linked] = {
    "structures": Linked(ProposalStructure, Structure, "structure"),
    "predictions": Linked(ProposalPrediction, Prediction, "prediction"),
    "datasets": Linked(ProposalDataset, Dataset, "dataset"),
}
