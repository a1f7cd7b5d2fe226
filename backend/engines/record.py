"""The fields of an engine's record, `records/NAME.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]


class Program(BaseModel):
    """The executable of an engine that runs as a separate process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="its name on the search path")
    environment: str = Field(description="environment variable that overrides its path")


class Engine(BaseModel):
    """An engine: a program that gives forces or moves atoms. Its code is a module that workers import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = Field(description="value of the option `engine` of a prediction")
    title: str = Field(description="its name on pages and in reports")
    role: Literal["calculator", "program"] = Field(
        description="calculator: gives forces, and ASE moves the atoms. program: moves the atoms itself"
    )
    queue: Literal["cpu", "gpu"]
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    default_for: tuple[str, ...] = Field((), description="methods of which it is the default engine")
    families: tuple[str, ...] = Field(
        (), description="families of potentials that it loads; empty: all, by the forces of a calculator"
    )
    dispersion: tuple[str, ...] = Field((), description="functionals whose DFT-D3 dispersion it can add")
    constant_pressure: bool = Field(False, description="whether it can simulate at constant pressure")
    package: str = Field("", description="Python distribution that it needs; may be empty")
    extra: str = Field("", description="extra of Beamcast that installs the package; empty: comes with Beamcast")
    program: Program | None = None
    module: str = Field("", description="Python module with its code; empty: workers.engines.NAME")
    licence: str
    citation: str

    @property
    def gives_forces(self) -> bool:
        """Whether the engine evaluates forces of single structures."""
        return self.role == "calculator"

    @property
    def takes_forces(self) -> bool:
        """Whether the forces of its dynamics are those of a calculator, and can be modified."""
        return self.gives_forces or not self.families

    def loads(self, family: str) -> bool:
        """Return whether the engine can load potentials of a family."""
        return not self.families or family in self.families
