"""Scattering vectors that stand for a powder."""

import numpy as np

from scattering.simulate import powder

CELL = np.array([[14.78, 0.0, 0.0], [0.0, 18.84, 0.0], [-3.0, 0.0, 13.3]])
Q = 0.1 * np.arange(1, 121)


def test_six_axes_average_one_phonon_and_the_first_anisotropy_as_a_sphere() -> None:
    """⟨q·U·q⟩ = q² tr U/3 and ⟨(q·U·q)²⟩ = q⁴ (tr²U + 2 tr U²)/15 over a sphere, for a symmetric U."""
    root = np.random.default_rng(1).normal(size=(3, 3))
    tensor = root @ root.T
    moduli = np.array([0.5, 7.0])
    vectors = powder.shell_vectors(moduli, seed=4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=2), moduli[:, None] * np.ones(6), rtol=1e-12)
    forms = np.einsum("sna,ab,snb->sn", vectors, tensor, vectors)
    np.testing.assert_allclose(forms.mean(axis=1), moduli**2 * np.trace(tensor) / 3, rtol=1e-12)
    squares = np.trace(tensor) ** 2 + 2 * np.trace(tensor @ tensor)
    np.testing.assert_allclose((forms**2).mean(axis=1), moduli**4 * squares / 15, rtol=1e-12)
    assert not np.allclose(vectors[0] / moduli[0], vectors[1] / moduli[1])


def test_shells_reach_the_end() -> None:
    assert powder.shells(18.0)[-1] >= 18.0 - 1e-9
    assert len(powder.shells(18.0)) == 60
    assert powder.shells(10.1)[-1] >= 10.1


def test_vectors_fit_the_box_once_each_and_spread_evenly_over_the_bins() -> None:
    points = powder.box_vectors(CELL, Q, 3600, seed=2)
    indices = points @ CELL.T / (2 * np.pi)
    np.testing.assert_allclose(indices, np.rint(indices), atol=1e-9)
    both = np.rint(np.concatenate([indices, -indices])).astype(int)
    assert len(np.unique(both, axis=0)) == 2 * len(points)
    norms = np.linalg.norm(points, axis=1)
    count = np.histogram(norms, np.append(Q - 0.05, Q[-1] + 0.05))[0]
    # From where the box has 30 a bin, 4πq² dq V/(2π)³/2 of them, each bin has its share
    assert (count[Q > 2.0] == 30).all()
    assert count.max() == 30
    # and below it has nearly all, which is that many on average
    small = (Q > 0.3) & (Q < 0.9)
    volume = abs(np.linalg.det(CELL))
    there = (2 * np.pi * Q[small] ** 2 * 0.1 * volume / (2 * np.pi) ** 3).sum()
    # A few dozen vectors: their number scatters by a surface term
    assert 0.75 < count[small].sum() / there < 1.25


def test_directions_are_those_of_a_sphere_and_the_seed_chooses_them() -> None:
    points = powder.box_vectors(CELL, Q, 3600, seed=2)
    directions = points[200:] / np.linalg.norm(points[200:], axis=1, keepdims=True)
    second = directions.T @ directions / len(directions)
    # 3400 random directions: each second moment to 0.3/√3400
    np.testing.assert_allclose(second, np.eye(3) / 3, atol=0.02)
    np.testing.assert_array_equal(points, powder.box_vectors(CELL, Q, 3600, seed=2))
    assert len(np.unique(np.concatenate([points, powder.box_vectors(CELL, Q, 3600, seed=3)]), axis=0)) > 4000
