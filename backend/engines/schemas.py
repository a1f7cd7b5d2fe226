"""Body of the engines' route."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from backend.kit.http.schemas import ResponseBody


class EngineOut(ResponseBody):
    """An engine, as the option `engine` of a prediction names it."""

    name: str
    title: str = Field(description="its name in sentences")
    methods: list[str] = Field(description="that it can do")
    default_for: list[str] = Field(description="methods that it runs where `engine` is left out")
    queue: Literal["cpu", "gpu"]
    families: list[str] = Field(description="families of potentials that it loads; empty: any")
    dispersion: list[str] = Field(description="functionals whose DFT-D3 dispersion it can add")
    constant_pressure: bool = Field(description="whether it can let the cell relax at a pressure")
    licence: str
    citation: str
    workers: int = Field(description="that have it now; 0: a prediction that asks for it waits until one comes")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "gpumd",
                    "title": "GPUMD",
                    "methods": ["md", "trpmd"],
                    "default_for": [],
                    "queue": "gpu",
                    "families": ["nep"],
                    "dispersion": ["pbe"],
                    "constant_pressure": True,
                    "licence": "GPL-3.0-or-later",
                    "citation": "K. Xu et al., MGE Advances 3, e70028 (2025)",
                    "workers": 0,
                },
            ]
        }
    )
