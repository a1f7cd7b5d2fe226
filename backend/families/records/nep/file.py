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
from scattering.core.notices import Notice
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
UNSUPPORTED_KINDS = ("dipole", "polarizability", "temperature", "charge", "spin", "vdw", "nep3")
"""Parts of the first word of files that no engine here runs."""


class InvalidNep(UnusablePotential):
    """The file is not a usable NEP; `notice` states the error and its line."""


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
            raise InvalidNep(Notice("keyword_missing", {"line": self.number, "keyword": keyword}))
        words = self.lines[self.number].split()
        self.number += 1
        if not words or words[0] != keyword:
            found = words[0][:20] if words else None
            raise InvalidNep(Notice("unexpected_keyword", {"line": self.number, "expected": keyword, "found": found}))
        if len(words) - 1 not in counts:
            stated = {"n_expected": sorted(set(counts)), "n_found": len(words) - 1}
            raise InvalidNep(Notice("value_count_differs", {"line": self.number, "keyword": keyword, **stated}))
        return words[1:]

    def integers(self, words: list[str], quantity: str, lowest: int, highest: int) -> list[int]:
        values = []
        for word in words:
            if not re.fullmatch(r"[0-9]{1,9}", word) or not lowest <= int(word) <= highest:
                stated = {"quantity": quantity, "minimum": lowest, "maximum": highest, "found": word[:20]}
                raise InvalidNep(Notice("invalid_nep_integer", {"line": self.number, **stated}))
            values.append(int(word))
        return values

    def lengths(self, words: list[str], quantity: str, lowest: float = 0.0) -> list[float]:
        values = []
        for word in words:
            try:
                value = float(word)
            except ValueError:
                value = np.nan
            if not lowest <= value <= MAX_CUTOFF_ANGSTROM or "_" in word:
                limits = {"minimum_angstrom": lowest, "maximum_angstrom": MAX_CUTOFF_ANGSTROM}
                stated = {"line": self.number, "quantity": quantity, "found": word[:20]}
                raise InvalidNep(Notice("invalid_nep_cutoff", {**stated, **limits}))
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
        raise InvalidNep(Notice("not_plain_text", {"line": line})) from None
    header = _Header(lines)
    name, version, elements = _first_line(header)
    n_types = len(elements)

    flexible_zbl = False
    if name.endswith("_zbl"):
        inner, outer, *_ = header.lengths(header.take("zbl", (2, 3)), "zbl_cutoff")
        flexible_zbl = inner == outer == 0
        if flexible_zbl and n_types > MAX_FLEXIBLE_ZBL_TYPES:
            raise InvalidNep(
                Notice("too_many_zbl_elements", {"line": header.number, "maximum": MAX_FLEXIBLE_ZBL_TYPES})
            )
        if not flexible_zbl and inner >= outer:
            raise InvalidNep(Notice("disordered_zbl_cutoffs", {"line": header.number}))
    words = header.take("cutoff", (4, 2 * n_types + 2))
    cutoffs = header.lengths(words[:-2], "cutoff", lowest=0.5)
    header.integers(words[-2:], "n_neighbours", 0, 10**6)
    n_radial, n_angular = header.integers(header.take("n_max", (2,)), "n_max", 0, MAX_N)
    basis_radial, basis_angular = header.integers(header.take("basis_size", (2,)), "basis_size", 0, MAX_BASIS)
    n_l = _number_of_l(header)
    neurons, second_layer = header.integers(header.take("ANN", (2,)), "n_neurons", 0, MAX_NEURONS)
    if neurons == 0 or second_layer:
        raise InvalidNep(Notice("not_one_hidden_layer", {"line": header.number}))

    n_angular_descriptors = (n_angular + 1) * n_l
    n_descriptors = n_radial + 1 + n_angular_descriptors
    if n_descriptors > MAX_DESCRIPTORS or n_angular_descriptors > MAX_ANGULAR_DESCRIPTORS:
        found = {"n_components": n_descriptors, "n_angular": n_angular_descriptors}
        limits = {"max_components": MAX_DESCRIPTORS, "max_angular": MAX_ANGULAR_DESCRIPTORS}
        raise InvalidNep(Notice("descriptor_too_long", {**found, **limits}))
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

    The scalers state the ranges only if all descriptor coefficients were equal when the scalers were determined. Return
    None if they were not, or if cutoffs differ between elements.
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
        raise InvalidNep(Notice("not_a_nep", {"line": header.number, "found": name[:20]}))
    for kind in UNSUPPORTED_KINDS:
        if kind in name:
            raise InvalidNep(Notice("unsupported_nep", {"line": header.number, "format": name[:40], "kind": kind}))
    if name not in RUNNABLE:
        stated = {"format": name[:40], "known": list(RUNNABLE)}
        raise InvalidNep(Notice("unknown_nep_format", {"line": header.number, **stated}))
    (n_types,) = header.integers(words[1:2] or ["nothing"], "n_elements", 1, MAX_TYPES)
    elements = tuple(words[2:])
    if len(elements) != n_types:
        raise InvalidNep(
            Notice("elements_named_differ", {"line": header.number, "n_announced": n_types, "n_named": len(elements)})
        )
    for element in elements:
        if element not in chemical_symbols[1 : MAX_TYPES + 1]:
            raise InvalidNep(Notice("unsupported_element", {"line": header.number, "symbol": element[:20]}))
        if elements.count(element) > 1:
            raise InvalidNep(Notice("element_named_twice", {"line": header.number, "symbol": element}))
    return name, int(name[3]), elements


def _number_of_l(header: _Header) -> int:
    """Return the number of invariants of each angular function."""
    words = header.take("l_max", (3, 4, 5, 6, 7))
    three_body, four_body, *more = header.integers(words, "l_max", 0, MAX_L)
    # Older files write the four-body term as 0 or 2, and only the five-body term may follow
    if four_body > 2 or any(flag > 1 for flag in more) or (four_body == 2 and any(more[1:])):
        raise InvalidNep(Notice("invalid_l_max", {"line": header.number}))
    return three_body + min(four_body, 1) + sum(more)


def _check_numbers(lines: list[str], start: int, expected: int) -> None:
    """Check that each line has one finite number, and that the header implies their count."""
    found = len(lines) - start
    if found < expected:
        stated = {"n_expected": expected, "n_found": found}
        raise InvalidNep(Notice("too_few_parameters", {"line": len(lines), **stated}))
    if found > expected:
        raise InvalidNep(Notice("too_many_parameters", {"line": start + expected + 1, "n_expected": expected}))
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
            raise InvalidNep(Notice("not_one_finite_number", {"line": number, "found": word.strip()[:20]}))
