"""Checks of labels: units and signs, wrong energies, and mixed levels of theory, seen beside another potential.

A potential that is 10–30 % off still has forces in the right direction and of the right size, so it tells electronvolts
from hartrees, and a force from a gradient. Its energy also follows how far a frame is from equilibrium. What remains of
an energy beside it, beyond one offset for each element, scatters little within one level of theory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.label_sets.extxyz import Label
from scattering.core.notices import Notice

EV_PER_ANGSTROM: Final[Mapping[str, float]] = {
    "hartree_per_bohr": 1 / 51.42206747632590,
    "rydberg_per_bohr": 1 / 25.71103373816295,
    "kcal_per_mol_angstrom": 23.06054783061903,
    "kj_per_mol_angstrom": 96.4853321233100,
    "mev_per_angstrom": 1000.0,
}
"""Numbers of other units for 1 eV/Å (CODATA 2018)."""
EV: Final[Mapping[str, float]] = {
    "hartree": 1 / 27.211386245988,
    "rydberg": 1 / 13.605693122994,
    "kcal_per_mol": 23.06054783061903,
    "kj_per_mol": 96.4853321233100,
    "mev": 1000.0,
}
EV_PER_ANGSTROM3: Final[Mapping[str, float]] = {"gpa": 160.2176634, "kbar": 1602.176634, "bar": 1602176.634}
MAX_RATIO: Final = 4.0
"""Largest ratio of labels and potential, either way, in the same units: the softest potentials are half as stiff."""
MIN_FORCE_EV_PER_ANGSTROM: Final = 0.03
"""Root mean square of the forces of a frame below which it is next to equilibrium, and says nothing."""
MIN_CORRELATION: Final = 0.5
MAX_FORCE_EV_PER_ANGSTROM: Final = 100.0
"""Above it, atoms are on top of each other."""
MAX_STRESS_EV_PER_ANGSTROM3: Final = 1.0
"""160 GPa. Larger ones are in other units."""
USUAL_STRESS_EV_PER_ANGSTROM3: Final = 0.02
"""3 GPa: of strains of some percent."""
MIN_SPREAD_EV: Final = 0.002
"""Spread of energies per atom below which frames say nothing about the unit of energies."""
N_REWEIGHTED: Final = 50
MIN_DEVIATION_EV: Final = 1e-4
MIN_OUTLIER_EV: Final = 0.03
"""Deviation of an energy per atom below which it is not called wrong: a potential errs as much for strained cells."""
OUTLIER_SIGMA: Final = 8.0
SIGMA_PER_DEVIATION: Final = 1.4826
MIN_FRAMES: Final = 5
"""Frames with the same elements from which on a scatter is known."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Results of a potential for the frames of a set, in their order: eV, eV/Å, eV/Å³."""

    energies: NDArray[np.float64]
    forces: Sequence[NDArray[np.float64]]
    stresses: Sequence[NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Offsets:
    """Energies on the scale of a potential.

    Attributes
    ----------
    per_species
        Atomic number → eV to subtract for each atom.
    residuals
        What remains of the energies per atom, shape (n_frames,), eV.
    """

    per_species: Mapping[int, float]
    residuals: NDArray[np.float64]


def check_stated_levels(labels: Sequence[Label]) -> None:
    """Refuse frames that state different levels of theory."""
    first = labels[0]
    for number, label in enumerate(labels, start=1):
        if label.level != first.level:
            raise Unreadable(
                Notice("label_levels_differ", {"frame": number, "level": label.level, "first_level": first.level})
            )


def check_sizes(labels: Sequence[Label]) -> None:
    """Refuse forces and stresses that no unit of this format gives."""
    for number, label in enumerate(labels, start=1):
        largest = float(np.linalg.norm(label.forces, axis=1).max())
        if largest > MAX_FORCE_EV_PER_ANGSTROM:
            raise Unreadable(Notice("label_force_too_large", {"frame": number, "force_ev_per_angstrom": largest}))
        if label.stress is not None and np.abs(label.stress).max() > MAX_STRESS_EV_PER_ANGSTROM3:
            ratio = float(np.abs(label.stress).max()) / USUAL_STRESS_EV_PER_ANGSTROM3
            raise Unreadable(_other_unit(number, "stress", ratio, EV_PER_ANGSTROM3))


def compare(labels: Sequence[Label], by: Compared) -> Offsets:
    """Check labels beside a potential, and put their energies on its scale.

    Raises
    ------
    Unreadable
        A frame is in other units, has the opposite sign, a wrong energy, or another level of theory.
    """
    _check_forces(labels, by)
    _check_stresses(labels, by)
    _check_energy_unit(labels, by)
    offsets = fit_offsets(labels, by.energies)
    _check_energies(labels, by, offsets)
    return offsets


def _check_forces(labels: Sequence[Label], by: Compared) -> None:
    told = {}
    for number, (label, forces) in enumerate(zip(labels, by.forces, strict=True), start=1):
        theirs, ours = label.forces.ravel(), forces.ravel()
        if np.sqrt(np.mean(ours**2)) < MIN_FORCE_EV_PER_ANGSTROM or not theirs.any():
            continue
        correlation = float(theirs @ ours / np.sqrt((theirs @ theirs) * (ours @ ours)))
        told[number] = (float(theirs @ ours / (ours @ ours)), correlation)
    for number, (slope, alike) in told.items():
        if alike < -MIN_CORRELATION:
            raise Unreadable(Notice("label_sign", {"frame": number, "quantity": "forces"}))
        if alike > MIN_CORRELATION and not 1 / MAX_RATIO < slope < MAX_RATIO:
            raise Unreadable(_other_unit(number, "forces", slope, EV_PER_ANGSTROM))


def _check_stresses(labels: Sequence[Label], by: Compared) -> None:
    """Compare changes of the stress: a basis of plane waves that is too small adds a constant to all of them."""
    known = [number for number, label in enumerate(labels) if label.stress is not None]
    if len(known) < MIN_FRAMES:
        return
    theirs = np.array([labels[number].stress for number in known]).reshape(len(known), 9)
    ours = np.array([by.stresses[number] for number in known]).reshape(len(known), 9)
    theirs, ours = theirs - np.median(theirs, axis=0), ours - np.median(ours, axis=0)
    if not ours.any() or not theirs.any():
        return
    slopes = (theirs * ours).sum(axis=1) / np.maximum((ours * ours).sum(axis=1), 1e-12)
    slope = float((theirs * ours).sum() / (ours * ours).sum())
    correlation = float((theirs * ours).sum() / np.sqrt((theirs**2).sum() * (ours**2).sum()))
    if abs(correlation) < MIN_CORRELATION or 1 / MAX_RATIO < slope < MAX_RATIO:
        return
    worst = known[int(np.abs(np.log(np.maximum(np.abs(slopes), 1e-12))).argmax())] + 1
    if slope < 0:
        raise Unreadable(Notice("label_sign", {"frame": worst, "quantity": "stress"}))
    raise Unreadable(_other_unit(worst, "stress", slope, EV_PER_ANGSTROM3))


def _check_energy_unit(labels: Sequence[Label], by: Compared) -> None:
    """Compare differences of energies between frames of the same composition: the median of all pairs of frames."""
    slopes, first = [], 0
    for members in _compositions(labels).values():
        theirs = np.array([labels[number].energy / labels[number].n_atoms for number in members])
        ours = np.array([by.energies[number] / labels[number].n_atoms for number in members])
        differences = ours[:, None] - ours
        wide = np.abs(differences) > MIN_SPREAD_EV
        if wide.any():
            first = first or members[0] + 1
            slopes += ((theirs[:, None] - theirs)[wide] / differences[wide]).tolist()
    if len(slopes) < MIN_FRAMES * (MIN_FRAMES - 1):
        return
    slope = float(np.median(slopes))
    if slope < -1 / MAX_RATIO:
        raise Unreadable(Notice("label_sign", {"frame": first, "quantity": "energy"}))
    if slope > MAX_RATIO or 0 < slope < 1 / MAX_RATIO / 2:
        raise Unreadable(_other_unit(first, "energy", slope, EV))


def _other_unit(frame: int, quantity: str, ratio: float, units: Mapping[str, float]) -> Notice:
    """Return the notice of a wrong unit, with the known unit whose ratio is nearest, if one is near."""
    likely = min(units, key=lambda name: abs(np.log(abs(ratio) / units[name])))
    near = abs(np.log(abs(ratio) / units[likely])) < np.log(MAX_RATIO)
    params = {"frame": frame, "quantity": quantity, "ratio": float(f"{ratio:.3g}"), "likely": likely if near else None}
    return Notice("label_unit", params)


def _compositions(labels: Sequence[Label]) -> dict[tuple[tuple[int, int], ...], list[int]]:
    """Return frames by their reduced composition."""
    groups: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for number, label in enumerate(labels):
        elements, counts = np.unique(label.numbers, return_counts=True)
        shared = int(np.gcd.reduce(counts))
        key = tuple((int(one), int(n // shared)) for one, n in zip(elements, counts, strict=True))
        groups.setdefault(key, []).append(number)
    return groups


def fit_offsets(labels: Sequence[Label], energies: NDArray[np.float64]) -> Offsets:
    """Fit one offset for each element: of equal compositions only the sum of the offsets counts.

    Parameters
    ----------
    energies
        Energies of the potential, shape (n_frames,), eV.
    """
    elements = sorted({int(number) for label in labels for number in label.numbers})
    sizes = np.array([label.n_atoms for label in labels], dtype=np.float64)
    shares = np.array([[(label.numbers == one).sum() for one in elements] for label in labels]) / sizes[:, None]
    wanted = (np.array([label.energy for label in labels]) - energies) / sizes
    found = least_deviations(shares, wanted)
    return Offsets(dict(zip(elements, found.tolist(), strict=True)), wanted - shares @ found)


def _check_energies(labels: Sequence[Label], by: Compared, offsets: Offsets) -> None:
    """Find energies that do not belong to the others of their composition."""
    for members in _compositions(labels).values():
        if len(members) < MIN_FRAMES:
            continue
        per_atom = np.array([by.energies[number] / labels[number].n_atoms for number in members])
        left = _without_stiffness(offsets.residuals[members], per_atom)
        order = np.argsort(left)
        gaps = np.diff(left[order])
        place = int(gaps.argmax())
        low, high = left[order[: place + 1]], left[order[place + 1 :]]
        spread = max(_scatter(low), _scatter(high), MIN_OUTLIER_EV / OUTLIER_SIGMA)
        if gaps[place] < max(OUTLIER_SIGMA * spread, MIN_OUTLIER_EV):
            continue
        is_low = len(low) < len(high)
        fewer = order[: place + 1] if is_low else order[place + 1 :]
        frames = sorted(members[one] + 1 for one in fewer)
        params = {"frame": frames[0], "gap_ev_per_atom": round(float(gaps[place]), 4)}
        if len(fewer) == 1:
            raise Unreadable(Notice("label_energy_wrong", params))
        raise Unreadable(Notice("label_levels_mixed", {**params, "frames": frames[:20], "n_frames": len(frames)}))


def _without_stiffness(residuals: NDArray[np.float64], energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return residuals without the part that grows with the energy of the potential, which is no error."""
    differences = energies[:, None] - energies
    wide = np.abs(differences) > MIN_SPREAD_EV
    if not wide.any():
        return residuals - np.median(residuals)
    slope = float(np.median((residuals[:, None] - residuals)[wide] / differences[wide]))
    rest = residuals - np.clip(slope, -1, 1) * energies
    return np.asarray(rest - np.median(rest))


def least_deviations(design: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients with the least sum of absolute deviations, which a few wrong values do not change.

    Iteratively reweighted least squares; of coefficients that the data leave open, the smallest ones.
    """
    weights = np.ones(len(wanted))
    found: NDArray[np.float64] = np.zeros(design.shape[1])
    for _ in range(N_REWEIGHTED):
        root = np.sqrt(weights)
        found = np.asarray(np.linalg.lstsq(design * root[:, None], wanted * root, rcond=None)[0], dtype=np.float64)
        weights = 1 / np.maximum(np.abs(wanted - design @ found), MIN_DEVIATION_EV)
    return found


def _scatter(values: NDArray[np.float64]) -> float:
    return float(SIGMA_PER_DEVIATION * np.median(np.abs(values - np.median(values))))
