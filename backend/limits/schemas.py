"""Body of the limits."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from backend.kit.http.schemas import ResponseBody
from backend.kit.settings import Settings


class LimitsOut(ResponseBody):
    """Largest sizes of files that the server accepts, in bytes."""

    structure_bytes: int = Field(examples=[33554432])
    potential_bytes: int = Field(examples=[33554432])
    dataset_bytes: int = Field(examples=[268435456])
    label_bytes: int = Field(description="of labels for a training", examples=[33554432])
    source_bytes: int = Field(description="of all files of uploaded phonons together", examples=[134217728])
    trajectory_bytes: int = Field(
        description="of an uploaded trajectory; above `source_bytes` only as a resumable upload", examples=[2147483648]
    )
    proposal_bytes: int = Field(description="of an exported proposal, both packed and unpacked", examples=[1073741824])

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings of the server set."""
        return cls(
            structure_bytes=settings.max_upload_bytes,
            potential_bytes=settings.max_upload_bytes,
            dataset_bytes=settings.max_dataset_bytes,
            label_bytes=settings.max_upload_bytes,
            source_bytes=settings.max_source_bytes,
            trajectory_bytes=settings.max_trajectory_bytes,
            proposal_bytes=settings.max_proposal_bytes,
        )
