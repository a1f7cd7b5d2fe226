"""Form factors of X-rays and electrons, which replace the scattering lengths of neutrons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.core.errors import InvalidView
from scattering.core.notices import Notice
from scattering.core.species import element

Probe = Literal["neutron", "x-ray", "electron"]
UNITS: dict[Probe, str] = {
    "neutron": "barn/(sr meV) per atom",
    "x-ray": "electron units/meV per atom",
    "electron": "Å²/meV per atom",
}

ELECTRONS: Final = "electron-parameters-kmax6-peng-1996.json"


def form_factors(species: tuple[str, ...], q: NDArray[np.float64], probe: Probe) -> NDArray[np.float64]:
    """Return the form factors f(q) of free neutral atoms.

    X-rays: the Fourier transform of the electron density, f(0) = Z, without the Thomson length r₀ and without
    resonances. Electrons: the elastic scattering amplitude of the screened nucleus in Å.

    Parameters
    ----------
    species
        Elements or their sites.
    q
        Shape (n_q,), Å⁻¹.
    probe
        "x-ray" or "electron".

    Returns
    -------
    Shape (n_species, n_q), in electrons or Å.

    Raises
    ------
    InvalidView
        The tables lack an element.

    References
    ----------
    X-rays: Waasmaier and Kirfel, Acta Cryst. A51 (1995) 416, as tabulated in `periodictable` (which has hydrogen,
    where dynasor's table has none). Electrons: Peng, Ren, Dudarev and Whelan, Acta Cryst. A52 (1996) 257, from
    dynasor.
    """
    return np.array([_form_factor(element(one), tuple(q.tolist()), probe) for one in species])


@lru_cache(maxsize=512)
def _form_factor(symbol: str, q: tuple[float, ...], probe: Probe) -> NDArray[np.float64]:
    try:
        if probe == "x-ray":
            from periodictable.cromermann import fxrayatq

            return np.asarray(fxrayatq(symbol, np.array(q)), dtype=float)
        heights, widths = _electron_table()[symbol]
        s_squared = (np.array(q) / (4 * np.pi)) ** 2
        return np.asarray(np.exp(-s_squared[:, None] * widths) @ heights)
    except (KeyError, ValueError) as error:
        stated = {"probe": probe, "element": symbol, "q_max_inv_angstrom": q[-1]}
        raise InvalidView.at("probe", Notice("no_form_factor", stated)) from error


@cache
def _electron_table() -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return a_i in Å and b_i in Å² of f = Σ a_i exp(−b_i s²), s = q/4π, each of shape (5,), by element.

    The fit holds up to s = 6 Å⁻¹. The file is read without importing dynasor. This would take two seconds and import
    pandas, and a thread that draws a figure meanwhile would find a half-imported pandas (plotly looks for it in
    `sys.modules`) and fail.
    """
    package = find_spec("dynasor")
    assert package is not None
    assert package.submodule_search_locations
    (folder, *_) = package.submodule_search_locations
    columns = json.loads(Path(folder, "post_processing", "form-factors", ELECTRONS).read_text("utf-8"))

    def coefficients(name: str, symbol: str) -> NDArray[np.float64]:
        return np.array([columns[f"{name}{number}"][symbol] for number in range(1, 6)], dtype=float)

    return {symbol: (coefficients("a", symbol), coefficients("b", symbol)) for symbol in columns["a1"]}


def pair_weights(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return f_α(q) f_β(q) for the unique pairs of `Partials.pairs`: (n_species, n_q) → (n_pairs, n_q)."""
    first, second = np.triu_indices(len(factors))
    return np.asarray(factors[first] * factors[second])
