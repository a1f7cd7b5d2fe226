"""Every kind of simulation: a method and a sampling, with the class of its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scattering.options.base import Options
from scattering.options.dynamics import PowderClassical, PowderRingPolymers
from scattering.options.given import PathGiven, PowderGiven
from scattering.options.given_trajectory import (
    PathBeadTrajectory,
    PathTrajectory,
    PowderBeadTrajectory,
    PowderTrajectory,
)
from scattering.options.harmonic import PowderHarmonic
from scattering.options.names import Method, Sampling
from scattering.options.path import PathClassical, PathHarmonic, PathRingPolymers

METHOD_TITLES: Final[Mapping[Method, str]] = {
    "harmonic": "Harmonic phonons",
    "md": "Molecular dynamics",
    "trpmd": "Path integrals (TRPMD)",
}
SHORT_METHOD_TITLES: Final[Mapping[Method, str]] = {"harmonic": "harmonic", "md": "MD", "trpmd": "TRPMD"}
"""Titles in legends."""
SAMPLING_TITLES: Final[Mapping[Sampling, str]] = {"powder": "powder", "path": "single crystal, along a path"}


@dataclass(frozen=True)
class Kind:
    """A kind of simulation.

    Attributes
    ----------
    method, sampling
        Their names in requests.
    options
        Class of the options, with their defaults, checks and costs.
    """

    method: Method
    sampling: Sampling
    options: type[Options]

    @property
    def title(self) -> str:
        """Method and sampling in words."""
        return f"{self.method_title}, {self.sampling_title}"

    @property
    def method_title(self) -> str:
        """The method in words."""
        return METHOD_TITLES[self.method]

    @property
    def short_method_title(self) -> str:
        """The method in legends."""
        return SHORT_METHOD_TITLES[self.method]

    @property
    def sampling_title(self) -> str:
        """The form of the sample in words."""
        return SAMPLING_TITLES[self.sampling]


KINDS: Final[Mapping[tuple[str, str], Kind]] = {
    (kind.method, kind.sampling): kind
    for kind in (
        Kind("harmonic", "powder", PowderHarmonic),
        Kind("harmonic", "path", PathHarmonic),
        Kind("md", "powder", PowderClassical),
        Kind("md", "path", PathClassical),
        Kind("trpmd", "powder", PowderRingPolymers),
        Kind("trpmd", "path", PathRingPolymers),
    )
}

GIVEN_KINDS: Final[Mapping[tuple[str, str], Kind]] = {
    (kind.method, kind.sampling): kind
    for kind in (
        Kind("harmonic", "powder", PowderGiven),
        Kind("harmonic", "path", PathGiven),
        Kind("md", "powder", PowderTrajectory),
        Kind("md", "path", PathTrajectory),
        Kind("trpmd", "powder", PowderBeadTrajectory),
        Kind("trpmd", "path", PathBeadTrajectory),
    )
}
"""Kinds from given force constants, modes or trajectories, without a potential."""


def find_kind(method: str, sampling: str, *, given: bool = False) -> Kind:
    """Return the kind of simulation of a method and a sampling.

    Parameters
    ----------
    given
        Whether it begins with given force constants, modes or a trajectory instead of a potential.

    Raises
    ------
    KeyError
        The kind does not exist.
    """
    return (GIVEN_KINDS if given else KINDS)[method, sampling]
