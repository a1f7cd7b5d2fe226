"""How to simulate: defaults worked out from the structure, and what they cost.

Every number here is a choice that the user may overrule; the reason stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core import energy_axis
from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.errors import FieldError, InvalidOptions
from scattering.core.sites import site_labels
from scattering.instruments import kinematics
from scattering.simulate.path_integral import MAX_BEADS, n_beads_needed
from scattering.simulate.powder import shells

Method = Literal["harmonic", "md", "trpmd"]
Quality = Literal["preview", "standard", "production"]

ATOM_STEPS_PER_SECOND: Final = 25_000.0
"""NEP89 on one core of a 2020s server; replaced by what this machine has measured."""
CELL_PS: Final = 2.0
"""A cell swings with a period of about half a picosecond: it is given so long to settle at least, and to average."""
DISPERSION_COST: Final = 5.0
"""Times a step of NEP89 alone that one with DFT-D3 takes, on cores."""

MAX_ATOMS: Final = 200_000
HARMONIC_MIN_HEIGHT: Final = 12.0
"""Å. Twice the radial cutoff of NEP89: no atom then meets its own image within the cutoff of another."""
ENERGY_STEP_MEV: Final = energy_axis.STEPS_MEV[0]
"""Bins of the partials, unless they take too much memory."""
Q_STEP: Final = 0.1
"""Å⁻¹. Bins of the partials."""
SPARE: Final = 1.05
"""A run over the correlation time, at least. The longest lags have few time origins then, and next to no weight under
the window of `correlation`."""
MAX_ORDERS: Final = 10
"""Of the phonons that a harmonic prediction counts."""


@dataclass(frozen=True)
class Dynamics:
    """How fast the lightest element moves.

    Attributes
    ----------
    timestep_fs
        About a twentieth of the period of its stiffest usual vibration.
    sample_fs
        Between two stored frames: under half of that period, so that its frequency is resolved (Nyquist).
    highest_mev
        The stiffest usual vibration with room for overtones that matter.
    typical_mev
        Where the vibrations of most such materials end.
    """

    timestep_fs: float
    sample_fs: float
    highest_mev: float
    typical_mev: float


def dynamics(numbers: NDArray[np.integer[Any]]) -> Dynamics:
    """Choose time step and sampling from the lightest element.

    O-H and C-H stretch at 370 to 460 meV (period 9 to 11 fs), N≡N and C≡O at 290 meV, Si-Si at 65 meV.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return Dynamics(timestep_fs=0.5, sample_fs=3.0, highest_mev=500.0, typical_mev=430.0)
    if lightest <= 10:
        return Dynamics(timestep_fs=1.0, sample_fs=6.0, highest_mev=300.0, typical_mev=170.0)
    return Dynamics(timestep_fs=2.0, sample_fs=14.0, highest_mev=140.0, typical_mev=65.0)


@dataclass(frozen=True)
class _Effort:
    """What a quality aims at; the steps are those of all replicas together."""

    atoms: int
    atom_steps: float
    replicas: int
    equilibration_ps: float
    correlation_ps: float
    n_q_points: int


_EFFORTS: Final[Mapping[str, Mapping[str, _Effort]]] = {
    "md": {
        # A minute or two of MD on two cores; an hour; a night
        "preview": _Effort(300, 4e6, 3, 0.3, 1.8, 5000),
        "standard": _Effort(1500, 1.2e8, 4, 2.0, 5.0, 8000),
        "production": _Effort(6000, 2e9, 4, 5.0, 10.0, 12000),
    },
    "trpmd": {
        # As many steps, of fewer atoms: each bead takes one of its own. Minutes for heavy atoms at room temperature;
        # hours where hydrogen wants dozens of beads, for then the shortest run that resolves anything costs that much
        "preview": _Effort(100, 4e6, 2, 0.3, 1.8, 3000),
        "standard": _Effort(400, 2.4e8, 4, 2.0, 4.0, 5000),
        "production": _Effort(1500, 4e9, 4, 5.0, 8.0, 8000),
    },
}


def heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between opposite faces of a cell, shape (3,), Å."""
    return np.asarray(1 / np.linalg.norm(np.linalg.inv(cell), axis=0))


def supercell(cell: NDArray[np.float64], *, min_height: float = 0.0, n_atoms: int = 1, target: int = 0) -> list[int]:
    """Repeat a cell along its shortest sides until it is high enough and has about as many atoms as wanted.

    Sides of equal length grow together, so that a cubic cell stays cubic; it stops short of twice the atoms wanted.
    """
    side, repeats = heights(cell), np.ones(3, dtype=int)
    while True:
        shortest = (side * repeats).min()
        larger = repeats + (side * repeats < 1.02 * shortest)
        wanted = n_atoms * repeats.prod() < target and n_atoms * larger.prod() <= 2 * target
        if shortest >= min_height and not wanted:
            return [int(repeat) for repeat in repeats]
        repeats = larger


def q_range(numbers: NDArray[np.integer[Any]], names: Sequence[str]) -> float:
    """Largest |q| in Å⁻¹ that the instruments with their defaults see of such a sample, to a whole number.

    Hydrogen scatters incoherently and is looked at over all |q|, up to 18 Å⁻¹; else 12 Å⁻¹ suffice, beyond which the
    Debye–Waller factor and multi-phonon scattering have blurred everything.
    """
    cap = 18.0 if 1 in numbers else 12.0
    if not names:
        return cap
    highest = dynamics(numbers).highest_mev
    reach = 0.0
    for name in names:
        instrument = instruments.get(name)
        low, high = instrument.energy_range(instrument.defaults)
        energies = np.linspace(low, max(low, min(high, highest)), 50)
        reach = max(reach, float(np.nanmax(kinematics.window(instrument, {}, energies).q_max)))
    return min(cap, math.ceil(reach + 0.5))


def q_low(numbers: NDArray[np.integer[Any]], names: Sequence[str]) -> float:
    """Smallest |q| in Å⁻¹ that any of the instruments with their defaults sees of such a sample; 0 for none."""
    highest = dynamics(numbers).highest_mev
    least = math.inf
    for name in names:
        instrument = instruments.get(name)
        low, high = instrument.energy_range(instrument.defaults)
        energies = np.linspace(low, max(low, min(high, highest)), 50)
        least = min(least, float(np.nanmin(kinematics.window(instrument, {}, energies).q_min)))
    return least if names else 0.0


@dataclass(frozen=True)
class _Option:
    """What an option may be: one of the choices where there are any, else between minimum and maximum."""

    kind: type
    minimum: float = 0.0
    maximum: float = 0.0
    unit: str = ""
    choices: tuple[str, ...] = ()


def _one_of(*choices: str) -> _Option:
    return _Option(str, choices=choices)


_COMMON: Final = {
    "dispersion": _one_of("pbe"),
    "q_max_inv_angstrom": _Option(float, 1.0, 30.0, "Å⁻¹"),
    "seed": _Option(int, 0, 2**31 - 1),
    "relax_cell": _Option(bool),
    "resolve_sites": _Option(bool),
}
_DYNAMICS: Final = {
    **_COMMON,
    "timestep_fs": _Option(float, 0.1, 5.0, "fs"),
    "sample_fs": _Option(float, 0.1, 100.0, "fs"),
    "equilibration_ps": _Option(float, 0.01, 10_000.0, "ps"),
    "production_ps": _Option(float, 0.1, 100_000.0, "ps"),
    "correlation_ps": _Option(float, 0.05, 1000.0, "ps"),
    "n_q_points": _Option(int, 10, 20_000),
    "replicas": _Option(int, 1, 64),
    "ensemble": _one_of("nvt", "npt"),
    "pressure_gpa": _Option(float, -10.0, 200.0, "GPa"),
}
_OPTIONS: Final[Mapping[str, Mapping[str, _Option]]] = {
    "harmonic": {
        **_COMMON,
        "engine": _one_of("nep-adapters", "nep-adapters-cuda", "calorine"),
        "displacement_angstrom": _Option(float, 0.001, 0.1, "Å"),
        "n_orders": _Option(int, 1, MAX_ORDERS),
        "energy_max_mev": _Option(float, 1.0, 2000.0, "meV"),
    },
    "md": {
        **_DYNAMICS,
        "engine": _one_of("nep-adapters", "nep-adapters-cuda", "calorine", "gpumd"),
        "production_ensemble": _one_of("nve", "nvt"),
    },
    "trpmd": {
        **_DYNAMICS,
        "engine": _one_of("i-pi", "gpumd"),
        "n_beads": _Option(int, 2, MAX_BEADS),
    },
}


def engines(method: str) -> tuple[str, ...]:
    """What a method can be simulated with, as its option `engine` takes it; first what is taken by default."""
    return _OPTIONS[method]["engine"].choices


def _check(name: str, option: _Option, value: Any) -> str | None:
    if option.choices:
        one_of = f"{'Choose one of' if len(option.choices) > 1 else 'Choose'} {', '.join(option.choices)}."
        return None if isinstance(value, str) and value in option.choices else one_of
    if option.kind is bool:
        return None if isinstance(value, bool) else "Choose true or false."
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "Give a number."
    if option.kind is int and value != int(value):
        return "Give a whole number."
    if not option.minimum <= value <= option.maximum:
        return (
            f"Choose between {option.minimum:g} and {option.maximum:g} {option.unit}".rstrip() + f"; it is {value:g}."
        )
    return None


def _check_supercell(value: Any, n_atoms: int) -> str | None:
    if (
        not isinstance(value, list | tuple)
        or len(value) != 3
        or any(isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 200 for n in value)
    ):
        return "Give three whole numbers from 1 to 200, the repeats along each cell vector."
    if (total := math.prod(value) * n_atoms) > MAX_ATOMS:
        return f"{total} atoms are more than the {MAX_ATOMS} that are allowed; choose fewer repeats."
    return None


def _checked(method: str, given: Mapping[str, Any], n_atoms: int) -> dict[str, Any]:
    """Return the options given, each checked and of its type."""
    allowed, errors, checked = _OPTIONS[method], list[FieldError](), dict[str, Any]()
    for name, value in given.items():
        if value is None:
            continue
        if name == "supercell":
            problem = _check_supercell(value, n_atoms)
            if problem is None:
                checked[name] = list(value)
        elif name in allowed:
            problem = _check(name, allowed[name], value)
            if problem is None:
                checked[name] = allowed[name].kind(value)
        else:
            problem = f"There is no such option; {method} knows supercell, {', '.join(allowed)}."
        if problem is not None:
            errors.append({"loc": f"options.{name}", "msg": problem})
    if checked.get("n_beads", 0) % 2:
        errors.append({"loc": "options.n_beads", "msg": "Choose an even number of beads: GPUMD takes no other."})
    if checked.get("pressure_gpa", 0.0) != 0.0 and checked.get("ensemble") != "npt":
        errors.append({"loc": "options.pressure_gpa", "msg": "The cell meets a pressure in the ensemble npt only."})
    if errors:
        raise InvalidOptions(errors)
    return checked


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
    """Check the options given and fill in the others.

    Parameters
    ----------
    method, quality
        Of `Method` and `Quality`; the quality of a harmonic prediction is the same whatever it is called.
    numbers, positions, cell
        Of the uploaded cell: shapes (n_atoms,), (n_atoms, 3) in Å and (3, 3) in Å.
    temperature
        Kelvin.
    instruments
        Names that the range of |q| must serve.
    options
        What the user has chosen; None counts as left out.
    engine_default
        What to simulate with, if the user does not say, where it can do the method; else the method's first engine.

    Returns
    -------
    Every option, in the form that a worker takes. `supercell` counts repeats of the uploaded cell.

    Raises
    ------
    InvalidOptions
        An option that the method does not have, out of range, or at odds with another one.
    """
    n_atoms = len(numbers)
    given = _checked(method, options, n_atoms)
    filled: dict[str, Any] = {"q_max_inv_angstrom": q_range(numbers, instruments), "seed": 1}
    filled |= {"relax_cell": False, "resolve_sites": False, "dispersion": None}
    engines = _OPTIONS[method]["engine"].choices
    filled["engine"] = engine_default if engine_default in engines else engines[0]
    if method == "harmonic":
        filled |= {"supercell": supercell(cell, min_height=HARMONIC_MIN_HEIGHT), "displacement_angstrom": 0.01}
        filled |= {"n_orders": MAX_ORDERS, "energy_max_mev": energy_axis.worthwhile_end(numbers)}
        filled |= given
        if (problem := _check_supercell(filled["supercell"], n_atoms)) is not None:
            raise InvalidOptions([{"loc": "options.supercell", "msg": problem}])
        if filled["resolve_sites"]:
            _check_sites(filled, site_labels(cell=cell, positions=positions, numbers=numbers))
        return filled
    effort, speed = _EFFORTS[method][quality], dynamics(numbers)
    filled |= {
        "supercell": supercell(cell, n_atoms=n_atoms, target=effort.atoms, min_height=10.0),
        "timestep_fs": speed.timestep_fs,
        "sample_fs": speed.sample_fs,
        "equilibration_ps": effort.equilibration_ps,
        "n_q_points": effort.n_q_points,
        "replicas": effort.replicas,
        "ensemble": "nvt",
        "pressure_gpa": 0.0,
    }
    if method == "md":
        filled["production_ensemble"] = "nve"
    else:
        # By where the vibrations end: overtones, up to the highest energy, are of the same coordinates
        filled["n_beads"] = n_beads_needed(speed.typical_mev, temperature)
    filled |= given
    if (problem := _check_supercell(filled["supercell"], n_atoms)) is not None:
        raise InvalidOptions([{"loc": "options.supercell", "msg": problem}])
    # Frames are whole numbers of steps apart
    every = max(1, round(filled["sample_fs"] / filled["timestep_fs"]))
    filled["sample_fs"] = every * filled["timestep_fs"]
    if "production_ps" not in given:
        steps = effort.atom_steps / n_atoms_simulated(filled, n_atoms) / n_beads(filled) / filled["replicas"]
        picoseconds = steps * filled["timestep_fs"] * 1e-3 - filled["equilibration_ps"]
        shortest = SPARE * filled.get("correlation_ps", effort.correlation_ps)
        filled["production_ps"] = round(min(max(picoseconds, shortest), 1000.0), 1)
    if "correlation_ps" not in given:
        filled["correlation_ps"] = round(
            min(filled["production_ps"] / SPARE, max(filled["production_ps"] / 2, effort.correlation_ps), 20.0), 3
        )
    frames = filled["correlation_ps"] * 1e3 / filled["sample_fs"]
    if filled["correlation_ps"] > filled["production_ps"]:
        raise InvalidOptions(
            [{"loc": "options.correlation_ps", "msg": "The correlation time must not be longer than the production."}]
        )
    if frames < 16:
        raise InvalidOptions(
            [
                {
                    "loc": "options.correlation_ps",
                    "msg": f"The correlation time holds {frames:.0f} frames; choose at least 16 "
                    f"({16e-3 * filled['sample_fs']:.3f} ps).",
                }
            ]
        )
    return filled


def _check_sites(options: Mapping[str, Any], labels: Sequence[str]) -> None:
    n_sites, n_q = len(set(labels)), round(options["q_max_inv_angstrom"] / Q_STEP)
    size = energy_axis.smallest_size(
        end=options["energy_max_mev"], n_species=n_sites, n_orders=options["n_orders"], n_q=n_q
    )
    allowed = 2 * energy_axis.MAX_ARRAY_BYTES
    if size > allowed:
        problem = (
            f"{n_sites} sites and their pairs would take {size / 1e6:.0f} MB, of {allowed / 1e6:.0f} MB "
            "allowed: don't tell sites apart, or choose a smaller range of q or energy, or fewer orders."
        )
        raise InvalidOptions([{"loc": "options.resolve_sites", "msg": problem}])


def nyquist_energy(sample_fs: float) -> float:
    """Highest energy in meV that frames so far apart can tell."""
    return PLANCK_MEV_FS / (2 * sample_fs)


def n_atoms_simulated(options: Mapping[str, Any], n_atoms_cell: int) -> int:
    """Atoms in the supercell."""
    return n_atoms_cell * int(math.prod(options["supercell"]))


def n_beads(options: Mapping[str, Any]) -> int:
    """Beads of each atom's ring polymer; 1 is classical."""
    return int(options.get("n_beads", 1))


def q_resolution(options: Mapping[str, Any], cell: NDArray[np.float64]) -> float:
    """Smallest |q| that fits the supercell, which is also how finely it samples |q|, in Å⁻¹."""
    return float(2 * np.pi / (heights(cell) * np.array(options["supercell"])).max())


def q_bins(options: Mapping[str, Any]) -> NDArray[np.float64]:
    """Centres of the bins of |q| of a molecular-dynamics prediction, in Å⁻¹.

    They begin at the first bin whatever the instruments: so few waves of the supercell are that long that leaving them
    out would save nothing.
    """
    return Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / Q_STEP) + 1)


def energy_resolution(options: Mapping[str, Any]) -> float:
    """FWHM in meV that the correlation time allows (h over it, with the Hann window of `correlation`).

    A harmonic prediction has none but the bins.
    """
    if "correlation_ps" not in options:
        return ENERGY_STEP_MEV
    return PLANCK_MEV_FS / (float(options["correlation_ps"]) * 1e3)


def estimate_seconds(
    options: Mapping[str, Any], *, n_atoms_cell: int, method: str, atom_steps_per_second: float
) -> float:
    """Expected duration in s on this machine, all cores.

    The force evaluations go by the measured speed; the other terms were fitted to runs of silicon, benzene and
    Sc-doped BaTiO₃ on two cores and scale as the algorithms do.
    """
    n_atoms = n_atoms_simulated(options, n_atoms_cell)
    if method == "harmonic":
        evaluations = 3 * n_atoms_cell
        zone = 160 * 48 / n_atoms_cell * (n_atoms_cell / 48) ** 3
        # By the sites of the self part, were there no symmetry: benzene's 48 atoms are 6
        orders = 0.003 * n_atoms_cell * options["n_orders"]
        return float(4.0 + evaluations * n_atoms / atom_steps_per_second + zone * 0.008 + orders)
    replicas, beads = options.get("replicas", 1), n_beads(options)
    steps = replicas * (options["equilibration_ps"] + options["production_ps"]) * 1e3 / options["timestep_fs"]
    if options["ensemble"] == "npt":
        steps += 2 * max(options["equilibration_ps"], CELL_PS) * 1e3 / options["timestep_fs"]
    frames = replicas * options["production_ps"] * 1e3 / options["sample_fs"]
    n_self = 6 * len(shells(options["q_max_inv_angstrom"]))
    # Beside an atom's step, a phase of it costs 1/40 000, and a phase with its share of a Fourier transform 1/6000;
    # each bead has a phase, and they share the transform
    analysis = n_atoms * frames * (options["n_q_points"] * beads / 40_000 + n_self * (1 / 6000 + (beads - 1) / 40_000))
    return float(10.0 + (n_atoms * beads * steps + analysis) / atom_steps_per_second)
