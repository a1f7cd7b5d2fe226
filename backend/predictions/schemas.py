"""Bodies of the routes of predictions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, computed_field, model_validator

from backend.jobs.schemas import WorkOut
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import DEPRECATED, FreeForm, RequestBody, ResponseBody
from backend.potentials.catalogue import DEFAULT
from backend.predictions.tables import Prediction
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.options.names import HarmonicModes, Method, Quality, Sampling
from scattering.options.temperature import DEFAULT_TEMPERATURE_K

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]

IsotopesIn = dict[Name, Name | dict[Name, float]]
"""Element, or site such as H2 → isotope, or fractions of isotopes."""


class PredictionIn(RequestBody):
    """Request for a simulation. Missing options are chosen from the structure and the quality.

    It begins with a structure and a potential, or with a source: phonons or a trajectory that were uploaded.
    """

    structure_id: uuid.UUID | None = Field(None, description="null: that of the source")
    source_id: uuid.UUID | None = Field(
        None, description="uploaded phonons (method harmonic) or trajectory (md), in place of structure and potential"
    )
    potential: Name = Field(DEFAULT, description="name or id of a potential")
    model: Name | None = Field(None, description="another name of `potential`", json_schema_extra=DEPRECATED)
    method: Method = "harmonic"
    harmonic_reference_id: uuid.UUID | None = Field(
        None,
        description="harmonic prediction of the same structure, whose force constants replace the harmonic part of the "
        "potential in the dynamics (methods md and trpmd)",
    )
    harmonic_modes: HarmonicModes = Field(
        "all",
        description="modes that are those of the harmonic reference: `all`, or those inside molecules (`internal`), "
        "where the reference has a softer lattice than the potential",
    )
    temperature_k: float = Field(
        DEFAULT_TEMPERATURE_K,
        ge=MIN_TEMPERATURE_K,
        le=MAX_TEMPERATURE_K,
        description="of a trajectory by default that of its velocities; necessary if it has none",
    )
    sampling: Sampling = "powder"
    instruments: list[Name] = Field(
        default_factory=list, max_length=32, description="instruments whose range of q the simulation must cover"
    )
    quality: Quality = "standard"
    isotopes: IsotopesIn | None = Field(
        None,
        max_length=118,
        description="isotopes whose masses the atoms have: element, or site of an element → isotope, or fractions of "
        "isotopes. They override those of the structure's file; H → H is natural hydrogen. null: those of the file",
        examples=[{"H": "2H"}],
    )
    options: FreeForm = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_potential(self) -> Self:
        if self.model is not None and "potential" in self.model_fields_set and self.model != self.potential:
            raise ScatteringError(Notice("potential_named_twice"))
        return self

    @property
    def wrong_beside_source(self) -> str | None:
        """The first field of a request with a source that only one without a source may have."""
        return next((name for name in ("structure_id", "potential", "model") if name in self.model_fields_set), None)

    @property
    def potential_field(self) -> Literal["potential", "model"]:
        """The field by which the request names the potential."""
        return "potential" if self.model is None else "model"

    @property
    def chosen_potential(self) -> str:
        """Name or id of the potential."""
        return self.potential if self.model is None else self.model

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "structure_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c",
                    "potential": DEFAULT,
                    "method": "md",
                    "temperature_k": 300,
                    "instruments": ["TOSCA", "MAPS"],
                    "quality": "preview",
                }
            ]
        }
    )


class PredictionOut(WorkOut):
    """A prediction: its request, its state and its provenance."""

    structure_id: uuid.UUID
    potential_id: uuid.UUID | None = Field(description="null: the phonons come from a source")
    potential: str | None = Field(description="name of the potential; null: the phonons come from a source")
    source_id: uuid.UUID | None = Field(
        description="source of the phonons; null if there is none, or if it was deleted (see `provenance.source`)"
    )
    method: Method
    sampling: Sampling
    quality: Quality
    temperature_k: float
    instruments: list[str]
    isotopes: IsotopesIn = Field(
        description="isotopes of the simulation, by element or site; the others are as in nature. Views have their "
        "scattering lengths by default",
        examples=[{"H": "2H"}],
    )
    options: dict[str, Any]
    estimate_s: float | None = Field(description="duration in seconds, estimated at the time of the request")
    hidden_at: datetime | None = Field(
        description="null: in the lists; otherwise deleted from them, and kept only for the proposals that use it"
    )

    @computed_field(json_schema_extra=DEPRECATED)  # type: ignore[prop-decorator]
    @property
    def model_id(self) -> uuid.UUID | None:
        """Another name of `potential_id`."""
        return self.potential_id

    @computed_field(json_schema_extra=DEPRECATED)  # type: ignore[prop-decorator]
    @property
    def model(self) -> str | None:
        """Another name of `potential`."""
        return self.potential

    @classmethod
    def of(cls, row: Prediction) -> Self:
        """Return the body of a row."""
        return cls.model_validate(cls.facts(row))


class QueueOut(ResponseBody):
    """The jobs that a new prediction has to wait for."""

    jobs_ahead: int = Field(description="jobs that run or come first in the same queue and lane", examples=[2])
    wait_s: float | None = Field(
        description="estimated seconds until it starts; null: no worker runs that can do it, or unknown",
        examples=[150.0],
    )


class EstimateOut(ResponseBody):
    """Estimated duration of a prediction, without creating it."""

    options: dict[str, Any] = Field(description="all options, including those that the request leaves out")
    estimate_s: float = Field(description="duration in seconds, from the cost of the options", examples=[95.0])
    estimate_range_s: tuple[float, float] = Field(
        description="range of the duration in seconds, without the wait, corrected by measured durations of similar "
        "predictions on this server",
        examples=[[80.0, 130.0]],
    )
    estimate_basis: NoticeOut = Field(description="source of the range")
    queue: QueueOut
    n_atoms_simulated: int
    q_resolution_inv_angstrom: float | None
    energy_resolution_mev: float | None
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
