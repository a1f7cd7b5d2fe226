"""Strict reader of the text format of neuroevolution potentials (nep.txt).

Engines trust the sizes in the header, and copy them into arrays of fixed length. Files that pass here fit.

References
----------
Z. Fan et al., J. Chem. Phys. 157, 114801 (2022), eqs. 3-14; GPUMD manual, "nep.txt file"; array lengths from NEP_CPU
(src/nep.h, src/nep_utilities.h).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols

from backend.families.record import UnusablePotential
from scattering.trust.training import TrainingRanges

MAX_TYPES = 94
MAX_N = 16
MAX_BASIS = 16
MAX_L = 8
MAX_NEURONS = 120
MAX_DESCRIPTORS = 103
MAX_ANGULAR_DESCRIPTORS = 90
MAX_FLEXIBLE_ZBL_TYPES = 10
MAX_CUTOFF_ANGSTROM = 10.0
"""Largest cutoff that GPUMD trains. The engines keep at most 1000 neighbours of an atom."""

RUNNABLE = ("nep4", "nep4_zbl", "nep5", "nep5_zbl")
OTHER_KINDS = {
    "dipole": "It predicts dipoles, not forces.",
    "polarizability": "It predicts polarizabilities, not forces.",
    "temperature": "Models that depend on the electrons' temperature have no engine here.",
    "charge": "Models with charges (qNEP) are not supported yet.",
    "spin": "Models with spins are not supported.",
    "vdw": "Models with a van der Waals head are not supported yet.",
}


class InvalidNep(UnusablePotential):
    """The file is not a usable NEP; the text states the error and its line."""


@dataclass(frozen=True)
class NepFile:
    """The header of a nep.txt.

    Parameters
    ----------
    format
        First word, such as `nep4_zbl`.
    version
        3, 4 or 5.
    elements
        Symbols in the file's order.
    cutoff_radial, cutoff_angular
        Largest cutoffs of all types, in Å.
    n_descriptors
        Inputs of the network.
    n_parameters
        Weights, biases and descriptor coefficients, without the scalers and the numbers of a flexible ZBL.
    """

    format: str
    version: int
    elements: tuple[str, ...]
    cutoff_radial: float
    cutoff_angular: float
    n_descriptors: int
    n_parameters: int


class _Header:
    """Lines of a header, read one after another."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.number = 0

    def take(self, keyword: str, counts: tuple[int, ...]) -> list[str]:
        """Return the words after the keyword of the next line."""
        if self.number >= len(self.lines):
            raise InvalidNep(f"The file ends after line {self.number}, before '{keyword}'.")
        words = self.lines[self.number].split()
        self.number += 1
        if not words or words[0] != keyword:
            found = words[0][:20] if words else "an empty line"
            raise self.wrong(f"expected '{keyword}', found '{found}'")
        if len(words) - 1 not in counts:
            raise self.wrong(
                f"'{keyword}' takes {' or '.join(map(str, sorted(set(counts))))} values, found {len(words) - 1}"
            )
        return words[1:]

    def wrong(self, message: str) -> InvalidNep:
        return InvalidNep(f"Line {self.number}: {message}.")

    def integers(self, words: list[str], what: str, lowest: int, highest: int) -> list[int]:
        values = []
        for word in words:
            if not re.fullmatch(r"[0-9]{1,9}", word) or not lowest <= int(word) <= highest:
                raise self.wrong(f"{what} must be a whole number from {lowest} to {highest}, found '{word[:20]}'")
            values.append(int(word))
        return values

    def lengths(self, words: list[str], what: str, lowest: float = 0.0) -> list[float]:
        values = []
        for word in words:
            try:
                value = float(word)
            except ValueError:
                value = np.nan
            if not lowest <= value <= MAX_CUTOFF_ANGSTROM or "_" in word:
                raise self.wrong(
                    f"{what} must lie between {lowest:g} and {MAX_CUTOFF_ANGSTROM:g} Å, found '{word[:20]}'"
                )
            values.append(value)
        return values


def read(content: bytes) -> NepFile:
    """Read and check a whole nep.txt.

    Raises
    ------
    InvalidNep
        The file is corrupt, incomplete, of a kind without forces, or too large for the engines.
    """
    try:
        lines = content.decode("ascii").replace("\r\n", "\n").rstrip().split("\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidNep(f"Line {line}: the file is not plain text.") from None
    header = _Header(lines)
    name, version, elements = _first_line(header)
    n_types = len(elements)

    flexible_zbl = False
    if name.endswith("_zbl"):
        inner, outer, *_ = header.lengths(header.take("zbl", (2, 3)), "a ZBL cutoff")
        flexible_zbl = inner == outer == 0
        if flexible_zbl and n_types > MAX_FLEXIBLE_ZBL_TYPES:
            raise header.wrong(f"a flexible ZBL is possible for at most {MAX_FLEXIBLE_ZBL_TYPES} elements")
        if not flexible_zbl and inner >= outer:
            raise header.wrong("the inner ZBL cutoff must be smaller than the outer one")
    words = header.take("cutoff", (4, 2 * n_types + 2))
    cutoffs = header.lengths(words[:-2], "a cutoff", lowest=0.5)
    header.integers(words[-2:], "the number of neighbours", 0, 10**6)
    n_radial, n_angular = header.integers(header.take("n_max", (2,)), "n_max", 0, MAX_N)
    basis_radial, basis_angular = header.integers(header.take("basis_size", (2,)), "basis_size", 0, MAX_BASIS)
    n_l = _number_of_l(header)
    neurons, second_layer = header.integers(header.take("ANN", (2,)), "the number of neurons", 0, MAX_NEURONS)
    if neurons == 0 or second_layer:
        raise header.wrong("expected 'ANN' with one hidden layer: 'ANN n 0'")

    n_angular_descriptors = (n_angular + 1) * n_l
    n_descriptors = n_radial + 1 + n_angular_descriptors
    if n_descriptors > MAX_DESCRIPTORS or n_angular_descriptors > MAX_ANGULAR_DESCRIPTORS:
        raise InvalidNep(
            f"The descriptor has {n_descriptors} components, {n_angular_descriptors} of them angular; the engines take "
            f"{MAX_DESCRIPTORS} and {MAX_ANGULAR_DESCRIPTORS}."
        )
    if version == 4:
        n_network = (n_descriptors + 2) * neurons * n_types + 1
    else:
        n_network = ((n_descriptors + 2) * neurons + 1) * n_types + 1
    n_expansion = n_types**2 * ((n_radial + 1) * (basis_radial + 1) + (n_angular + 1) * (basis_angular + 1))
    n_parameters = n_network + n_expansion
    n_zbl = 10 * n_types * (n_types + 1) // 2 if flexible_zbl else 0
    _check_numbers(lines, header.number, n_parameters + n_descriptors + n_zbl)
    return NepFile(name, version, elements, max(cutoffs[::2]), max(cutoffs[1::2]), n_descriptors, n_parameters)


def read_training_ranges(content: bytes) -> TrainingRanges | None:
    """Return the ranges of descriptors in the training set, from a nep.txt that `read` has accepted.

    Return None if the scalers do not belong to coefficients that are all 1, or if cutoffs differ between elements.
    """
    lines = content.decode("ascii").rstrip().splitlines()
    header = {words[0]: words[1:] for words in map(str.split, lines[:7])}
    cutoffs, (n_radial, n_angular) = header["cutoff"][:-2], map(int, header["n_max"])
    n_types = int(lines[0].split()[1])
    if len(cutoffs) != 2:
        return None
    n_l = _number_of_l(_Header([" ".join(["l_max", *header["l_max"]])]))
    n_descriptors = n_radial + 1 + (n_angular + 1) * n_l
    flexible_zbl = "zbl" in header and not any(map(float, header["zbl"][:2]))
    end = len(lines) - (10 * n_types * (n_types + 1) // 2 if flexible_zbl else 0)
    scales = np.array(lines[end - n_descriptors : end], dtype=np.float64)
    radial, angular = scales[: n_radial + 1], scales[n_radial + 1 :].reshape(n_l, n_angular + 1)
    # With equal coefficients, all radial functions are the same
    alike = np.allclose(radial, radial[0], rtol=1e-4) and np.allclose(angular, angular[:, :1], rtol=1e-4)
    if not alike or scales.min() <= 0:
        return None
    three_body = angular[: int(header["l_max"][0]), 0]
    basis_radial, basis_angular = map(int, header["basis_size"])
    ranges = 1 / np.array([radial[0], *three_body])
    return TrainingRanges(float(cutoffs[0]), float(cutoffs[1]), basis_radial, basis_angular, ranges)


def _first_line(header: _Header) -> tuple[str, int, tuple[str, ...]]:
    words = header.lines[0].split()
    header.number = 1
    name = words[0] if words else ""
    if not re.fullmatch(r"nep[0-9]+[a-z0-9_]*", name):
        raise header.wrong(f"a NEP potential begins with a word such as nep4, found '{name[:20]}'")
    for kind, reason in OTHER_KINDS.items():
        if kind in name:
            raise header.wrong(f"'{name[:40]}' cannot be run. {reason[:-1]}")
    if name.startswith("nep3"):
        raise header.wrong("no engine here runs NEP3 any more; train or export the potential as NEP4")
    if name not in RUNNABLE:
        raise header.wrong(f"'{name[:40]}' is not a kind of NEP that is known; these run: {', '.join(RUNNABLE)}")
    (n_types,) = header.integers(words[1:2] or ["nothing"], "the number of elements", 1, MAX_TYPES)
    elements = tuple(words[2:])
    if len(elements) != n_types:
        raise header.wrong(f"{n_types} elements are announced, {len(elements)} named")
    for element in elements:
        if element not in chemical_symbols[1 : MAX_TYPES + 1]:
            raise header.wrong(f"'{element[:20]}' is not an element from H to Pu")
        if elements.count(element) > 1:
            raise header.wrong(f"{element} is named twice")
    return name, int(name[3]), elements


def _number_of_l(header: _Header) -> int:
    """Return the number of invariants of each angular function."""
    words = header.take("l_max", (3, 4, 5, 6, 7))
    three_body, four_body, *more = header.integers(words, "l_max", 0, MAX_L)
    # Older files write the four-body term as 0 or 2, and only the five-body term may follow
    if four_body > 2 or any(flag > 1 for flag in more) or (four_body == 2 and any(more[1:])):
        raise header.wrong("after its first value l_max takes 0 or 2, then 0 or 1")
    return three_body + min(four_body, 1) + sum(more)


def _check_numbers(lines: list[str], start: int, expected: int) -> None:
    """Check that each line has one finite number, and that the header implies their count."""
    found = len(lines) - start
    if found < expected:
        raise InvalidNep(
            f"The file ends after line {len(lines)}: the header asks for {expected} numbers, {found} are here."
        )
    if found > expected:
        raise InvalidNep(f"Line {start + expected + 1}: the header asks for {expected} numbers, but the file goes on.")
    words = lines[start:]
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        values = None
    if values is not None and np.isfinite(values).all() and not any("_" in word for word in words):
        return
    for number, word in enumerate(words, start + 1):
        try:
            value = float(word) if "_" not in word else np.nan
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise InvalidNep(f"Line {number}: expected one finite number, found '{word.strip()[:20]}'.")
