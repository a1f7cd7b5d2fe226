"""Plates, cylinders and annuli in a beam: volumes, and path lengths of neutrons through them."""

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
"""Lines in each part of the width in which path lengths vary smoothly: means are right to 3e-4, those of a full
cylinder to 1e-6. A scan of settings needs them thousands of times."""


@dataclass(frozen=True)
class Shape:
    """An upright sample and its walls in a horizontal beam; lengths in mm.

    Attributes
    ----------
    geometry
        A plate perpendicular to the beam; a cylinder or an annulus with an upright axis.
    thickness
        Thickness of the plate or of the wall of the annulus; diameter of the cylinder.
    width
        Width of the plate across the beam; outer diameter of the annulus or cylinder.
    wall
        Thickness of the container wall on each face of the sample: a plate and an annulus have two faces, a cylinder
        has one. A beam through the middle of an annulus crosses four walls. 0: no container.
    """

    geometry: Geometry
    thickness: float
    width: float
    height: float
    wall: float

    @property
    def volume(self) -> float:
        """Volume of the sample, mm³."""
        across = self.thickness * self.width if self.geometry == "plate" else _area(self._sample_discs, math.inf)
        return across * self.height

    @property
    def wall_volume(self) -> float:
        """Volume of the container walls around the sample, without lids and frames, mm³."""
        across = 2 * self.wall * self.width if self.geometry == "plate" else _area(self._wall_discs, math.inf)
        return across * self.height

    def illuminated_fraction(self, beam: tuple[float, float]) -> float:
        """Return the fraction of the sample's volume within a centred beam of a width and a height, mm."""
        return self._share(self._sample_discs, beam)

    def illuminated_wall_fraction(self, beam: tuple[float, float]) -> float:
        """Return the fraction of the walls' volume within a centred beam of a width and a height, mm."""
        return self._share(self._wall_discs, beam) if self.wall else 0.0

    @cached_property
    def lines(self) -> Lines:
        """Lines along the beam at mid-height, over the width of the sample."""
        if self.geometry == "plate":
            return Lines(*(np.array([value]) for value in (1.0, self.thickness / 2, self.wall, 0.0)))
        radius, inner = self.width / 2, self.width / 2 - self._depth
        bounds = sorted({0.0, max(inner - self.wall, 0.0), max(inner, 0.0), radius})
        # Half chords rise as the root of the distance to the upper end of a part; squaring the variable removes it
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
        """Distance from the outer face of a round sample to its inner face or its axis."""
        return self.width / 2 if self.geometry == "cylinder" else self.thickness

    @property
    def _sample_discs(self) -> list[tuple[float, float]]:
        """Radii and signs of the discs whose areas add up to the cross-section of a round sample."""
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
    """Straight lines through outer wall, sample, two inner walls with a void between them, sample, and outer wall.

    Arrays of shape (n,), mm. `share` is the fraction of the sample's width that a line represents; they sum to 1.
    `sample` is the length in each half of the sample, `outer` in each outer wall, `inner` in each inner wall.
    """

    share: NDArray[np.float64]
    sample: NDArray[np.float64]
    outer: NDArray[np.float64]
    inner: NDArray[np.float64]


def _area(discs: list[tuple[float, float]], half_width: float) -> float:
    return sum(sign * _strip(radius, half_width) for radius, sign in discs)


def _strip(radius: float, half_width: float) -> float:
    """Return the area of a disc within `half_width` of a line through its centre."""
    if radius <= 0:
        return 0.0
    if half_width >= radius:
        return math.pi * radius**2
    return 2 * (half_width * math.sqrt(radius**2 - half_width**2) + radius**2 * math.asin(half_width / radius))
