"""Body of the engines' route."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from backend.kit.http.schemas import ResponseBody
from backend.predictions.schemas import Method


class EngineOut(ResponseBody):
    """A program that simulates, as the option `engine` of a prediction names it."""

    name: str
    title: str = Field(description="as people call it")
    methods: list[Method] = Field(description="that it can do")
    queue: Literal["cpu", "gpu"]
    workers: int = Field(description="that have it now; 0: a prediction that asks for it waits until one comes")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "gpumd", "title": "GPUMD", "methods": ["md", "trpmd"], "queue": "gpu", "workers": 0},
            ]
        }
    )
