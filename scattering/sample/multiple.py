"""Multiple scattering in a sample, by Monte Carlo simulation."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.sample.material import THERMAL_MEV
from scattering.sample.shape import Shape
from scattering.sample.specimen import Sample

N_HISTORIES: Final = 20_000
"""Simulated neutrons: the ratio of a 10 % scatterer is right to about 1 %."""
MIN_WEIGHT: Final = 1e-4
"""Escapes after a collision, over those after the first, below which the simulation ends."""
MAX_COLLISIONS: Final = 300
_Rays = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def multiple_scattering(
    sample: Sample, energy_mev: float = THERMAL_MEV, *, seed: int = 1, histories: int = N_HISTORIES
) -> float:
    """Return the ratio of neutrons that leave a sample after several collisions to those that leave after one.

    The Monte Carlo simulation scatters neutrons isotropically and elastically in the sample without its walls, in a
    beam as large as the sample. It gives the strength of multiple scattering, not its energies or angles.

    Parameters
    ----------
    sample
        Gives the shape and the attenuation.
    energy_mev
        Energy of the neutrons, before and after each collision.
    seed
        Of the random numbers; the same seed gives the same result.
    histories
        Number of simulated neutrons; the error falls with its square root.

    References
    ----------
    Sears, Adv. Phys. 24 (1975) 1.
    """
    scattering = sample.packing * float(sample.material.scattering_per_mm(energy_mev))
    attenuation = sample.packing * float(sample.material.attenuation_per_mm(energy_mev))
    escaped = escape_fractions(sample.shape, attenuation, scattering / attenuation, seed=seed, histories=histories)
    return float(escaped[1:].sum() / escaped[0])


def escape_fractions(
    shape: Shape, attenuation: float, scattered: float, *, seed: int = 1, histories: int = N_HISTORIES
) -> NDArray[np.float64]:
    """Return the fraction of the beam that leaves after 1, 2, … collisions.

    Every neutron is forced to collide and carries the probability of that as its weight. At each collision the fraction
    that would leave in the new direction is counted.

    Parameters
    ----------
    shape
        Of the sample; its walls are ignored.
    attenuation
        Of the beam, per mm.
    scattered
        Fraction of the collisions that scatter the neutron instead of absorbing it.
    seed, histories
        As in `multiple_scattering`.
    """
    random = np.random.default_rng(seed)
    position = np.empty((histories, 3))
    position[:, 1] = (random.random(histories) - 0.5) * shape.width
    position[:, 2] = (random.random(histories) - 0.5) * shape.height
    if shape.geometry == "plate":
        position[:, 0] = -shape.thickness / 2
    else:
        position[:, 0] = -np.sqrt(shape.width**2 / 4 - position[:, 1] ** 2)
    direction = np.tile([1.0, 0.0, 0.0], (histories, 1))
    rays = _through(shape, position, direction)
    weight = np.ones(histories)
    counted: list[float] = []
    while len(counted) < MAX_COLLISIONS:
        within = rays[0] - (rays[2] - rays[1])
        collides = -np.expm1(-attenuation * within)
        weight = weight * collides * scattered
        travelled = -np.log1p(-random.random(histories) * collides) / attenuation
        # The neutron passes the void without a collision
        distance = travelled + np.where(travelled > rays[1], rays[2] - rays[1], 0.0)
        position = position + distance[:, None] * direction
        direction = _isotropic(random, histories)
        rays = _through(shape, position, direction)
        counted.append(float(np.mean(weight * np.exp(-attenuation * (rays[0] - (rays[2] - rays[1]))))))
        if counted[-1] <= MIN_WEIGHT * counted[0]:
            break
    return np.array(counted)


def _isotropic(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    cosine, turn = 2 * random.random(n) - 1, 2 * np.pi * random.random(n)
    sine = np.sqrt(1 - cosine**2)
    return np.stack([sine * np.cos(turn), sine * np.sin(turn), cosine], axis=1)


def _through(shape: Shape, position: NDArray[np.float64], direction: NDArray[np.float64]) -> _Rays:
    """Return the distances, mm, along directions to the outer surface and to the near and far face of the void.

    Shapes (n,). If a ray meets no void, both faces lie at the outer surface.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        out = _slab(position[:, 2], direction[:, 2], shape.height / 2)
        if shape.geometry == "plate":
            for axis, half in ((0, shape.thickness / 2), (1, shape.width / 2)):
                out = np.minimum(out, _slab(position[:, axis], direction[:, axis], half))
            return out, out, out
        radius = shape.width / 2
        out = np.minimum(out, np.nan_to_num(_circle(position, direction, radius)[1], nan=0.0).clip(0.0))
        inner = radius - shape.thickness if shape.geometry == "annulus" else 0.0
        if inner <= 0:
            return out, out, out
        near, far = _circle(position, direction, inner)
        ahead = far > 0
    near, far = np.where(ahead, np.maximum(near, 0.0), out), np.where(ahead, far, out)
    return out, np.minimum(near, out), np.minimum(far, out)


def _slab(position: NDArray[np.float64], direction: NDArray[np.float64], half: float) -> NDArray[np.float64]:
    """Return the distance to the face of a slab in the direction of a ray."""
    distance = (np.copysign(half, direction) - position) / direction
    return np.where(direction == 0, np.inf, distance).clip(0.0)


def _circle(
    position: NDArray[np.float64], direction: NDArray[np.float64], radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances at which rays enter and leave an upright cylinder; NaN if they miss it."""
    a = direction[:, 0] ** 2 + direction[:, 1] ** 2
    b = position[:, 0] * direction[:, 0] + position[:, 1] * direction[:, 1]
    c = position[:, 0] ** 2 + position[:, 1] ** 2 - radius**2
    root = np.sqrt(b**2 - a * c)
    return (-b - root) / a, (-b + root) / a
