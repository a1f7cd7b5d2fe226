"""Body of the health route."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.kit.http.schemas import ResponseBody


class HealthOut(ResponseBody):
    """Health of a server whose parts are all up."""

    status: Literal["ok"] = "ok"
    version: str = Field(examples=["0.1.0"])
    database: Literal["ok"] = "ok"
    broker: Literal["ok"] = "ok"
    workers: int = Field(description="predictions that can run at the same time", examples=[2])
