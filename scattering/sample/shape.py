"""Plates, cylinders and annuli in a beam: the lines that neutrons take through them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Geometry = Literal["plate", "annulus", "cylinder"]
NODES = 6
"""Lines in each stretch of the width within which lengths vary smoothly: means are right to 3e-4, those of a full
cylinder to 1e-6. A scan of settings asks for them thousands of times."""


@dataclass(frozen=True)
class Shape:
    """A sample, its height upright, and its walls. The beam is horizontal; lengths in mm.

    Attributes
    ----------
    geometry
        A plate perpendicular to the beam; a cylinder or an annulus whose axis is upright.
    thickness
        Of the plate, of the annulus's wall; the diameter of the cylinder.
    width
        Across the beam: of the plate; the outer diameter of annulus and cylinder.
    wall
        Of the container on each face of the sample: two of a plate, one of a cylinder, two of an annulus (so that a
        beam through its middle crosses four). 0: none.
    """

    geometry: Geometry
    thickness: float
    width: float
    height: float
    wall: float

    @property
    def volume(self) -> float:
        """Of the sample, mm³."""
        across = self.thickness * self.width if self.geometry == "plate" else _area(self._sample_discs, math.inf)
        return across * self.height

    @property
    def wall_volume(self) -> float:
        """Of the container's walls as high as the sample, without lids and frames, mm³."""
        across = 2 * self.wall * self.width if self.geometry == "plate" else _area(self._wall_discs, math.inf)
        return across * self.height

    def illuminated(self, beam: tuple[float, float]) -> float:
        """Share of the sample's volume within a beam of a width and a height, centred on it."""
        return self._share(self._sample_discs, beam)

    def walls_illuminated(self, beam: tuple[float, float]) -> float:
        """Share of the walls' volume within a centred beam."""
        return self._share(self._wall_discs, beam) if self.wall else 0.0

    @cached_property
    def lines(self) -> Lines:
        """Lines along the beam, in the middle of the height, over the width of the sample."""
        if self.geometry == "plate":
            return Lines(*(np.array([value]) for value in (1.0, self.thickness / 2, self.wall, 0.0)))
        radius, inner = self.width / 2, self.width / 2 - self._depth
        bounds = sorted({0.0, max(inner - self.wall, 0.0), max(inner, 0.0), radius})
        # Half chords rise as the root of the distance to a stretch's upper end: a square in the variable removes it
        u, weight = np.polynomial.legendre.leggauss(NODES)
        u, weight = (1 - u) / 2, weight / 2
        spans = list(itertools.pairwise(bounds))
        y = np.concatenate([high - (high - low) * u**2 for low, high in spans])
        weights = np.concatenate([(high - low) * 2 * u * weight for low, high in spans]) / radius

        def half(r: float) -> NDArray[np.float64]:
            return np.sqrt(np.maximum(r**2 - y**2, 0.0)) if r > 0 else np.zeros_like(y)

        return Lines(
            weights,
            half(radius) - half(inner),
            half(radius + self.wall) - half(radius),
            half(inner) - half(inner - self.wall),
        )

    @property
    def _depth(self) -> float:
        """From the outer face of a round sample to its inner face or its axis."""
        return self.width / 2 if self.geometry == "cylinder" else self.thickness

    @property
    def _sample_discs(self) -> list[tuple[float, float]]:
        """Radii, with signs, of the discs whose areas add up to the round sample's cross-section."""
        return [(self.width / 2, 1.0), (self.width / 2 - self._depth, -1.0)]

    @property
    def _wall_discs(self) -> list[tuple[float, float]]:
        inner = self.width / 2 - self._depth
        return [(self.width / 2 + self.wall, 1.0), (self.width / 2, -1.0), (inner, 1.0), (inner - self.wall, -1.0)]

    def _share(self, discs: list[tuple[float, float]], beam: tuple[float, float]) -> float:
        high = min(1.0, beam[1] / self.height)
        if self.geometry == "plate":
            return high * min(1.0, beam[0] / self.width)
        return high * _area(discs, beam[0] / 2) / _area(discs, math.inf)


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight lines through a sample: outer wall, sample, inner walls (two, parted by a void), sample, outer wall.

    Arrays of shape (n,), mm. `share` is the part of the sample's width that a line stands for; they sum to 1.
    `sample` is the length in each half of the sample, `outer` in each outer wall, `inner` in each inner one.
    """

    share: NDArray[np.float64]
    sample: NDArray[np.float64]
    outer: NDArray[np.float64]
    inner: NDArray[np.float64]


def _area(discs: list[tuple[float, float]], half_width: float) -> float:
    return sum(sign * _strip(radius, half_width) for radius, sign in discs)


def _strip(radius: float, half_width: float) -> float:
    """Area of a disc that lies no further than `half_width` from a line through its middle."""
    if radius <= 0:
        return 0.0
    if half_width >= radius:
        return math.pi * radius**2
    return 2 * (half_width * math.sqrt(radius**2 - half_width**2) + radius**2 * math.asin(half_width / radius))
