"""The compact form of harmonic partials: what it loses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scattering.core.compact import MAX_RELATIVE_ERROR, compress, expand, round_to_bits
from scattering.core.partials import Partials

Q, ENERGY = np.arange(0.1, 6.05, 0.1), np.arange(0.0, 200.0, 0.5)


def line(centre: float, width: float) -> np.ndarray:
    return np.exp(-(((ENERGY - centre) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))


def partials(n_orders: int = 3) -> Partials:
    """A species whose order n has the shape (q²u)ⁿ exp(−q²u)/n! times a line at n × 40 meV, and one at n × 25 meV."""
    orders, x = [], Q**2 * 0.02
    for n in range(1, n_orders + 1):
        weight = x**n * np.exp(-x) / np.prod(np.arange(1, n + 1))
        orders.append([np.outer(weight, line(n * centre, 1.0 + n)) for centre in (40.0, 25.0)])
    held = np.array(orders, dtype=np.float32)
    interference = np.array(
        [held[0, 0], 0.3 * np.sin(3 * Q)[:, None] * held[0, 0], held[0, 1]],
        dtype=np.float32,
    )
    coherent = interference.copy()
    coherent[0] += held[1:, 0].sum(axis=0)
    coherent[2] += held[1:, 1].sum(axis=0)
    return Partials(
        q=Q,
        energy=ENERGY,
        species=("C", "H"),
        concentration=np.array([0.5, 0.5]),
        coherent=coherent,
        incoherent=held.sum(axis=0),
        coherent_elastic=np.zeros((3, len(Q))),
        incoherent_elastic=np.exp(-x) * np.ones((2, 1)),
        temperature=10.0,
        statistics="quantum",
        metadata={"method": "harmonic"},
        orders=held,
    )


def test_a_separable_order_is_one_product() -> None:
    compact = compress(partials())
    assert compact.self_over_q.shape == (3, 2, 1, len(Q))
    assert compact.self_over_energy.shape == (3, 2, 1, len(ENERGY))


def test_what_comes_back_is_close_and_consistent() -> None:
    before = partials()
    after = expand(compress(before))
    for name in ("q", "energy", "concentration", "coherent_elastic", "incoherent_elastic"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert (after.species, after.temperature, after.metadata) == (before.species, before.temperature, before.metadata)
    assert after.orders is not None
    assert before.orders is not None
    np.testing.assert_allclose(after.orders, before.orders, rtol=2e-3, atol=2e-4 * before.orders.max())
    np.testing.assert_allclose(after.coherent, before.coherent, rtol=5e-3, atol=2e-4 * before.coherent.max())
    # The orders add up, and the self part of the higher ones is in the like pairs
    np.testing.assert_allclose(after.incoherent, after.orders.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(
        after.one_phonon_interference, compress(before).interference, atol=1e-6 * before.coherent.max()
    )
    # Nothing scatters where nothing scattered
    assert after.orders.min() == 0
    assert not after.orders[0, :, :, ENERGY > 190].any()


def test_a_sum_of_two_products_needs_two() -> None:
    before = partials(1)
    assert before.orders is not None
    mixed = before.orders.copy()
    mixed[0, 0] += 0.1 * np.outer(np.cos(Q) ** 2, line(90.0, 2.0)).astype(np.float32)
    both = dataclasses.replace(before, orders=mixed, incoherent=mixed.sum(axis=0))
    compact = compress(both)
    assert compact.self_over_q.shape[2] == 2
    found = expand(compact).orders
    assert found is not None
    error = np.sqrt(np.mean((found - mixed) ** 2) / np.mean(mixed**2))
    # Rounding to nine digits adds at most 2⁻¹⁰
    assert error < MAX_RELATIVE_ERROR + 2**-10


def test_partials_without_orders_have_no_compact_form() -> None:
    with pytest.raises(ValueError, match="orders"):
        compress(dataclasses.replace(partials(), orders=None))


@pytest.mark.parametrize("bits", [3, 7, 12])
def test_rounding_keeps_digits_signs_and_zero(bits: int) -> None:
    values = np.concatenate([np.geomspace(1e-30, 1e30, 1000), -np.geomspace(1e-3, 1e3, 50), [0.0, 1.0, 0.5]])
    found = round_to_bits(values, bits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, values.astype(np.float32), rtol=2.0 ** -(bits + 1), atol=0)
    assert found[-3:].tolist() == [0.0, 1.0, 0.5]
    # All later binary digits are zero
    assert not (found.view(np.uint32) & ((1 << (23 - bits)) - 1)).any()
