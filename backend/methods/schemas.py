"""Body of the route of methods."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from backend.engines.catalogue import for_method
from backend.kit.http.schemas import ResponseBody
from scattering.options.names import Method, Sampling


class MethodOut(ResponseBody):
    """One kind of simulation: a method and a sampling."""

    method: Method
    sampling: Sampling
    title: str = Field(description="title of method and sampling")
    method_title: str
    short_method_title: str = Field(description="title of the method in legends")
    sampling_title: str = Field(description="title of the sampling: the form of the sample")
    engines: list[str] = Field(description="engines for this method; the default first")
    options: dict[str, Any] = Field(
        description="JSON Schema of the options of a request, with `unit` and `choice_titles` in addition; an option "
        "without `default` follows from structure and quality if the request leaves it out"
    )

    options_of_source: dict[str, Any] | None = Field(
        description="the same for a forecast from a source (`source_id`); null: sources do not have this method"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "method": "md",
                    "sampling": "powder",
                    "title": "Molecular dynamics, powder",
                    "method_title": "Molecular dynamics",
                    "short_method_title": "MD",
                    "sampling_title": "powder",
                    "engines": list(for_method("md")),
                    "options": {
                        "type": "object",
                        "properties": {
                            "timestep_fs": {
                                "title": "Time step",
                                "type": "number",
                                "minimum": 0.1,
                                "maximum": 5,
                                "unit": "fs",
                            }
                        },
                    },
                    "options_of_source": None,
                }
            ]
        }
    )
