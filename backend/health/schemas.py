"""Body of the health route."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody


class HealthOut(ResponseBody):
    """Health of a server whose parts are all up."""

    status: Literal["ok"] = "ok"
    version: str = Field(examples=["0.1.0"])
    database: Literal["ok"] = "ok"
    broker: Literal["ok"] = "ok"
    queues: Literal["ok"] = "ok"
    disk: Literal["ok"] = "ok"
    workers: int = Field(description="predictions that can run at the same time", examples=[2])
    sandbox: Literal["bubblewrap", "none"] = Field(description="what confines the readers of uploaded files")
    notices: list[NoticeOut] = Field(
        description="what works and should be mended: no sandbox, little space on the disk, jobs that no worker can do"
    )
