"""How to simulate a single crystal along a path: path, Brillouin zones, a supercell that has the waves, and the cost.

The same functions as in `protocol`, whose options hold here too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering import instruments as catalogue
from scattering.core.errors import FieldError, InvalidOptions
from scattering.core.sites import site_labels
from scattering.crystal.path import (
    BrillouinZone,
    SampledPath,
    Segment,
    brillouin_zone,
    commensurate,
    path_labels,
    path_text,
    sample,
    segments,
)
from scattering.crystal.zones import check_zones, random_zones, reachable_zones
from scattering.instruments import kinematics
from scattering.simulate import protocol

DEFAULT_ZONES: Final = 52
"""As many as Lindgren et al. take for silicon."""
MAX_ZONES: Final = 1000
WAVE_VECTORS: Final = (60, 150)
"""How many a harmonic path has at least and at most, by default: as a figure resolves."""
FINE_POINTS: Final = 300
"""Of the harmonic dispersion along the path."""
DISPLACEMENT: Final = 0.01
"""Å. Of the atoms whose force constants give the dispersion beside molecular dynamics."""
MAX_ARMS: Final = 6
"""Waves that symmetry makes equivalent to one of the path, over which molecular dynamics averages."""
MAX_BYTES: Final = 150e6
"""Of the coherent partials, with those of each run."""


@dataclass(frozen=True)
class _Effort:
    """What a quality aims at; the steps are those of all replicas (and beads) together."""

    atoms: int
    atom_steps: float
    equilibration_ps: float
    correlation_ps: float


_EFFORTS: Final[Mapping[str, Mapping[str, _Effort]]] = {
    "md": {
        # Some minutes of MD on two cores; some hours; a day or a GPU
        "preview": _Effort(1700, 1.2e7, 0.3, 2.0),
        "standard": _Effort(6000, 3e8, 2.0, 5.0),
        "production": _Effort(30_000, 5e9, 5.0, 10.0),
    },
    "trpmd": {
        # Each bead takes the steps of an atom: fewer atoms, that is fewer waves on the path
        "preview": _Effort(250, 1.2e7, 0.3, 2.0),
        "standard": _Effort(1700, 6e8, 2.0, 4.0),
        "production": _Effort(6000, 1e10, 5.0, 8.0),
    },
}


def fill_options(
    *,
    method: str,
    quality: str,
    numbers: NDArray[np.integer[Any]],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    temperature: float,
    instruments: Sequence[str],
    options: Mapping[str, Any],
    engine_default: str = "nep-adapters",
) -> dict[str, Any]:
    """Check the options given and fill in the others, as `protocol.fill_options` does, with those of a path.

    Parameters
    ----------
    method, quality, numbers, positions, cell, temperature, instruments, engine_default
        As of `protocol.fill_options`; the instruments choose the Brillouin zones.
    options
        What the user has chosen; besides those of `protocol`: `path`, such as "Γ-X-U|K-Γ-L"; `zones`, "first",
        "random", or a list of reciprocal lattice vectors [h, k, l] of the uploaded cell; `n_zones`, how many random
        ones; with the harmonic method `path_spacing_inv_angstrom` between wave vectors; with molecular dynamics
        `force_constant_supercell`, for the dispersion.

    Returns
    -------
    Every option, in the form that a worker takes: `zones` is a list of vectors.

    Raises
    ------
    InvalidOptions
        An option that the method does not have, out of range, or at odds with another one.
    """
    given = {name: value for name, value in options.items() if value is not None}
    own = _own_options(method, given)
    rest = {name: value for name, value in given.items() if name not in own}
    zone = brillouin_zone(cell=cell, positions=positions, numbers=numbers)
    path = path_labels(zone, own.get("path"))
    lines = segments(zone, path)
    base: dict[str, Any] = {
        "numbers": numbers,
        "positions": positions,
        "cell": cell,
        "temperature": temperature,
        "instruments": instruments,
        "quality": quality,
        "engine_default": engine_default,
    }
    if method != "harmonic":
        filled = _fill_dynamics(method, lines, base, rest, own.get("force_constant_supercell"))
        vectors = sample(lines, cell, supercell=filled["supercell"]).wave_vectors
        if len(vectors) == 0:
            raise InvalidOptions(
                [{"loc": "options.supercell", "msg": "The supercell has no wave on this path; choose more repeats."}]
            )
        n_energy = protocol.dynamics(numbers).highest_mev / protocol.ENERGY_STEP_MEV
        n_kept = 1 + filled["replicas"]
    else:
        rest = {"energy_max_mev": protocol.dynamics(numbers).highest_mev, **rest}
        filled = protocol.fill_options(method=method, options=rest, **base)
        n_energy = filled["energy_max_mev"] / protocol.ENERGY_STEP_MEV
        n_kept = 1
    bytes_each = 4 * n_kept * n_energy * _n_pairs(filled, numbers, positions, cell)
    if method == "harmonic":
        length = sample(lines, cell, spacing=math.inf).ticks[-1][0]
        affordable = MAX_BYTES / (bytes_each * DEFAULT_ZONES)
        spacing = own.get("path_spacing_inv_angstrom", length / float(np.clip(affordable, *WAVE_VECTORS)))
        filled["path_spacing_inv_angstrom"] = spacing
        vectors = sample(lines, cell, spacing=spacing).wave_vectors
    most = max(1, int(MAX_BYTES / (bytes_each * len(vectors))))
    zones = _zones(zone, vectors, own, filled, instruments, numbers, min(DEFAULT_ZONES, most))
    if len(zones) > most:
        raise InvalidOptions(
            [
                {
                    "loc": "options.zones" if isinstance(own.get("zones"), list) else "options.n_zones",
                    "msg": f"{len(zones)} zones of {len(vectors)} wave vectors are too much to keep; choose at most "
                    f"{most}, or a shorter path.",
                }
            ]
        )
    return {**filled, "path": path_text(path), "zones": zones.tolist(), "n_zones": len(zones)}


def _own_options(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a path among those given, checked as far as they can be on their own."""
    errors: list[FieldError] = []
    own: dict[str, Any] = {}

    def take(name: str, problem: str | None) -> None:
        own[name] = given[name]
        if problem is not None:
            errors.append({"loc": f"options.{name}", "msg": problem})

    if "path" in given:
        text = given["path"]
        take("path", None if isinstance(text, str) and text.strip() else "Write the path as text, such as Γ-X-U|K-Γ-L.")
    if "zones" in given:
        take("zones", _check_zones(given["zones"]))
    if "n_zones" in given:
        n = given["n_zones"]
        number = isinstance(n, int | float) and not isinstance(n, bool) and 1 <= n <= MAX_ZONES
        take("n_zones", None if number and n == int(n) else f"Give a whole number from 1 to {MAX_ZONES}.")
    if method != "harmonic":
        if "n_q_points" in given:
            message = "Along a path the q-points are those of path and zones; leave it out."
            errors.append({"loc": "options.n_q_points", "msg": message})
        if "force_constant_supercell" in given:
            take("force_constant_supercell", None)
    elif "path_spacing_inv_angstrom" in given:
        spacing = given["path_spacing_inv_angstrom"]
        number = isinstance(spacing, int | float) and not isinstance(spacing, bool)
        take("path_spacing_inv_angstrom", None if number and 1e-3 <= spacing <= 1 else "Choose 0.001 to 1 Å⁻¹.")
    if errors:
        raise InvalidOptions(errors)
    return own


def _check_zones(value: Any) -> str | None:
    if value in ("first", "random"):
        return None
    vectors = value if isinstance(value, list | tuple) and value else [None]
    for vector in vectors:
        if (
            not isinstance(vector, list | tuple)
            or len(vector) != 3
            or any(isinstance(index, bool) or not isinstance(index, int) or abs(index) > 1000 for index in vector)
        ):
            return 'Choose "first" or "random", or give a list of reciprocal lattice vectors, such as [[0, 0, 4]].'
    if len(vectors) > MAX_ZONES:
        return f"Give at most {MAX_ZONES} zones."
    return None


def _zones(
    zone: BrillouinZone,
    vectors: NDArray[np.float64],
    own: Mapping[str, Any],
    filled: Mapping[str, Any],
    names: Sequence[str],
    numbers: NDArray[np.integer[Any]],
    default: int,
) -> NDArray[np.int64]:
    chosen = own.get("zones", "random")
    if chosen == "first":
        return np.zeros((1, 3), dtype=np.int64)
    if chosen != "random":
        return check_zones(zone, chosen)
    low, high = reach(names, numbers)
    reachable = reachable_zones(zone, vectors, q_min=low, q_max=min(high, filled["q_max_inv_angstrom"]))
    if len(reachable) == 0:
        raise InvalidOptions(
            [
                {
                    "loc": "options.q_max_inv_angstrom",
                    "msg": f"No Brillouin zone lies whole between {low:.1f} and {filled['q_max_inv_angstrom']:.1f} "
                    "Å⁻¹; choose a larger |q|, or other instruments.",
                }
            ]
        )
    return random_zones(reachable, int(own.get("n_zones", default)), seed=filled["seed"])


def reach(names: Sequence[str], numbers: NDArray[np.integer[Any]]) -> tuple[float, float]:
    """Smallest and largest |q| in Å⁻¹ that instruments with their defaults reach where such a sample vibrates."""
    low, high = math.inf, 0.0
    for name in names:
        instrument = catalogue.get(name)
        first, last = instrument.energy_range(instrument.defaults)
        energies = np.linspace(first, max(first, min(last, protocol.dynamics(numbers).typical_mev)), 50)
        window = kinematics.window(instrument, {}, energies)
        low, high = min(low, float(np.nanmin(window.q_min))), max(high, float(np.nanmax(window.q_max)))
    return (low, high) if names else (0.0, math.inf)


def _n_pairs(
    filled: Mapping[str, Any],
    numbers: NDArray[np.integer[Any]],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
) -> int:
    sites = site_labels(cell=cell, positions=positions, numbers=numbers) if filled["resolve_sites"] else numbers
    n_species = len(set(sites))
    return n_species * (n_species + 1) // 2


def _fill_dynamics(
    method: str, lines: Sequence[Segment], base: Mapping[str, Any], given: Mapping[str, Any], force_constants: Any
) -> dict[str, Any]:
    effort, n_atoms = _EFFORTS[method][base["quality"]], len(base["numbers"])
    chosen = dict(given)
    chosen.setdefault("supercell", commensurate_supercell(lines, base["cell"], n_atoms=n_atoms, target=effort.atoms))
    chosen.setdefault("equilibration_ps", effort.equilibration_ps)
    # Checks what was given before anything is worked out from it
    filled = protocol.fill_options(method=method, options=chosen, **base)
    if "production_ps" not in given:
        atoms = protocol.n_atoms_simulated(filled, n_atoms) * protocol.n_beads(filled)
        steps = effort.atom_steps / atoms / filled["replicas"]
        picoseconds = steps * filled["timestep_fs"] * 1e-3 - filled["equilibration_ps"]
        shortest = protocol.SPARE * given.get("correlation_ps", effort.correlation_ps)
        chosen["production_ps"] = round(min(max(picoseconds, shortest), 1000.0), 1)
    if "correlation_ps" not in given:
        production = chosen["production_ps"]
        longest = min(production / protocol.SPARE, max(production / 2, effort.correlation_ps), 20.0)
        chosen["correlation_ps"] = round(longest, 3)
    filled = protocol.fill_options(method=method, options=chosen, **base)
    del filled["n_q_points"]
    try:
        phonons = protocol.fill_options(method="harmonic", options={"supercell": force_constants}, **base)
    except InvalidOptions as error:
        raise InvalidOptions(
            [{"loc": "options.force_constant_supercell", "msg": problem["msg"]} for problem in error.errors]
        ) from error
    return {**filled, "force_constant_supercell": phonons["supercell"]}


def commensurate_supercell(
    lines: Sequence[Segment], cell: NDArray[np.float64], *, n_atoms: int, target: int
) -> list[int]:
    """Choose a supercell of about `target` atoms that has as many special points of a path as possible.

    Among the boxes nearest to a cube of half to two and a half times the atoms wanted: first by how many ends of the
    path's lines are waves of the box, then by how near the number of atoms is. Sides of equal height are repeated
    alike.

    Parameters
    ----------
    lines
        The path.
    cell
        Shape (3, 3), Å. The uploaded cell.
    n_atoms
        Of that cell.
    target
        Atoms wanted.
    """
    side = protocol.heights(cell)
    alike = np.round(side, 3)
    ends = np.array([place for line in lines for place in (line.start, line.end)])
    best, choice = (-1, 0.0), [1, 1, 1]
    candidates = set()
    for height in np.geomspace(10.0, 500.0, 400):
        nearest = np.maximum(1, np.rint(height / side)).astype(int)
        if nearest.prod() * n_atoms > 8 * target:
            break
        for shift in itertools.product((-1, 0, 1), repeat=3):
            repeats = nearest + shift
            if (repeats * side >= min(10.0, height)).all() and all(
                repeats[i] == repeats[j] for i, j in itertools.combinations(range(3), 2) if alike[i] == alike[j]
            ):
                candidates.add(tuple(int(n) for n in repeats))
    for repeats in sorted(candidates):
        atoms = math.prod(repeats) * n_atoms
        if 0.5 <= atoms / target <= 2.5:
            places = ends * repeats
            sampled = int((np.abs(places - np.rint(places)).max(axis=1) < 1e-4).sum())
            score = (sampled, -abs(math.log(atoms / target)))
            if score > best:
                best, choice = score, list(repeats)
    if best[0] < 0:  # a large uploaded cell
        return protocol.supercell(cell, n_atoms=n_atoms, target=target, min_height=10.0)
    return choice


def missing_segments(lines: Sequence[Segment], supercell: Sequence[int]) -> list[str]:
    """Name the lines of a path on which a supercell has fewer than two waves."""
    return ["–".join(line.labels) for line in lines if len(commensurate(line, supercell)) < 2]


def path_of(options: Mapping[str, Any], zone: BrillouinZone) -> tuple[Segment, ...]:
    """Return the lines of the path that filled options name."""
    return segments(zone, path_labels(zone, options["path"]))


def sampled_path(
    options: Mapping[str, Any], lines: Sequence[Segment], cell: NDArray[np.float64]
) -> tuple[SampledPath, SampledPath]:
    """Return where to calculate the scattering, and where the dispersion.

    Parameters
    ----------
    options
        As `fill_options` returns them.
    lines
        As from `path_of`.
    cell
        Shape (3, 3), Å: the uploaded cell, relaxed where that was asked for.
    """
    length = sample(lines, cell, spacing=math.inf).ticks[-1][0]
    fine = sample(lines, cell, spacing=length / FINE_POINTS)
    if "path_spacing_inv_angstrom" in options:
        return sample(lines, cell, spacing=options["path_spacing_inv_angstrom"]), fine
    return sample(lines, cell, supercell=options["supercell"]), fine


def estimate_seconds(
    options: Mapping[str, Any], *, n_atoms_cell: int, method: str, atom_steps_per_second: float
) -> float:
    """Expected duration in s on this machine, all cores; see `protocol.estimate_seconds`."""
    harmonic = {"supercell": options.get("force_constant_supercell", options["supercell"]), "n_orders": 0}
    phonons = protocol.estimate_seconds(
        harmonic, n_atoms_cell=n_atoms_cell, method="harmonic", atom_steps_per_second=atom_steps_per_second
    )
    if method == "harmonic":
        return phonons
    # About as many waves on a line as the box has repeats along it; each in every zone and in equivalent directions
    n_lines = len(options["path"].replace("|", "-").split("-")) - 1
    n_q_points = round(n_lines * max(options["supercell"]) * 0.6 * options["n_zones"] * MAX_ARMS * 0.6)
    dynamics = protocol.estimate_seconds(
        {**options, "n_q_points": n_q_points},
        n_atoms_cell=n_atoms_cell,
        method=method,
        atom_steps_per_second=atom_steps_per_second,
    )
    return phonons + dynamics
