"""What an engine's record says: the data in `records/NAME.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]


class Program(BaseModel):
    """The executable of an engine that runs as a process of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="as it is found on the path")
    environment: str = Field(description="environment variable that gives its path instead")


class Engine(BaseModel):
    """An engine: the program that gives forces or moves atoms. The code is a module that workers import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="value of the option `engine` of a prediction")
    title: str = Field(description="its name in pages and reports")
    role: Literal["calculator", "program"] = Field(
        description="calculator: gives forces, and ASE moves the atoms. program: moves the atoms itself"
    )
    queue: Literal["cpu", "gpu"]
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    default_for: tuple[str, ...] = Field((), description="methods that it runs where the user does not choose")
    families: tuple[str, ...] = Field(
        (), description="families of potentials that it loads; empty: any, with the forces of a calculator"
    )
    dispersion: tuple[str, ...] = Field((), description="functionals whose DFT-D3 dispersion it can add")
    constant_pressure: bool = Field(False, description="whether it can let the cell relax at a pressure")
    package: str = Field("", description="Python distribution that it needs; empty: none")
    program: Program | None = None
    module: str = Field("", description="Python module with its code; empty: in workers.engines, by its name")
    licence: str
    citation: str

    @property
    def gives_forces(self) -> bool:
        """Whether it can evaluate single structures."""
        return self.role == "calculator"

    def loads(self, family: str) -> bool:
        """Whether it can run potentials of a family."""
        return not self.families or family in self.families
