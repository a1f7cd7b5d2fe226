"""Sentences about files of potentials that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, messages
from scattering.core.notices import Notice

QUANTITIES: Final = {
    "basis_size": "basis_size",
    "cutoff": "a cutoff",
    "l_max": "l_max",
    "n_elements": "the number of elements",
    "n_max": "n_max",
    "n_neighbours": "the number of neighbours",
    "n_neurons": "the number of neurons",
    "zbl_cutoff": "a ZBL cutoff",
}
UNSUPPORTED_REASONS: Final = {
    "charge": "Models with charges (qNEP) are not supported yet.",
    "dipole": "It predicts dipoles, not forces.",
    "nep3": "No engine here runs NEP3 any more; train or export the potential as NEP4.",
    "polarizability": "It predicts polarizabilities, not forces.",
    "spin": "Models with spins are not supported.",
    "temperature": "Models that depend on the electrons' temperature have no engine here.",
    "vdw": "Models with a van der Waals head are not supported yet.",
}
"""Kind of NEP → why no engine runs it."""


def _no_family_reads_file(*, reasons: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(messages([Notice.from_json(reason) for reason in reasons]))


def _no_engine_runs_file(*, engines: Sequence[Mapping[str, str | None]]) -> str:
    reasons = [f"{one['engine']}: {one['error'] or 'energy or forces are far too large'}" for one in engines]
    return f"No engine can run this potential ({'; '.join(reasons)})."


def _unexpected_keyword(*, line: int, expected: str, found: str | None) -> str:
    return f"Line {line}: expected '{expected}', found " + ("an empty line." if found is None else f"'{found}'.")


def _value_count_differs(*, line: int, keyword: str, n_expected: Sequence[int], n_found: int) -> str:
    return f"Line {line}: '{keyword}' takes {' or '.join(map(str, n_expected))} values, found {n_found}."


def _invalid_nep_integer(*, line: int, quantity: str, minimum: int, maximum: int, found: str) -> str:
    return f"Line {line}: {QUANTITIES[quantity]} must be a whole number from {minimum} to {maximum}, found '{found}'."


def _invalid_nep_cutoff(
    *, line: int, quantity: str, minimum_angstrom: float, maximum_angstrom: float, found: str
) -> str:
    limits = f"{minimum_angstrom:g} and {maximum_angstrom:g} Å"
    return f"Line {line}: {QUANTITIES[quantity]} must be between {limits}, found '{found}'."


def _unsupported_nep(*, line: int, format: str, kind: str) -> str:
    return f"Line {line}: '{format}' cannot be run. {UNSUPPORTED_REASONS[kind]}"


def _unknown_nep_format(*, line: int, format: str, known: Sequence[str]) -> str:
    return f"Line {line}: '{format}' is not a known kind of NEP; these run: {', '.join(known)}."


WORDS: Final[Mapping[str, Words]] = {
    "potential_file_not_here": "This server does not have a file of {name}.",
    "checkpoint_not_uploadable": "The file may hold Python objects, as checkpoints of PyTorch do, and these run code "
    "when they are loaded. Ask the operator of this server to add it to the folder of potentials.",
    "no_family_reads_file": _no_family_reads_file,
    "no_engine_runs_file": _no_engine_runs_file,
    "not_plain_text": "Line {line}: the file is not plain text.",
    # The first line of a NEP
    "not_a_nep": "Line {line}: a NEP potential begins with a word such as nep4, found '{found}'.",
    "unsupported_nep": _unsupported_nep,
    "unknown_nep_format": _unknown_nep_format,
    "elements_named_differ": "Line {line}: the file states {n_announced} elements but names {n_named}.",
    "unsupported_element": "Line {line}: '{symbol}' is not an element from H to Pu.",
    "element_named_twice": "Line {line}: {symbol} is named twice.",
    # The other lines of its header
    "keyword_missing": "The file ends after line {line}, before '{keyword}'.",
    "unexpected_keyword": _unexpected_keyword,
    "value_count_differs": _value_count_differs,
    "invalid_nep_integer": _invalid_nep_integer,
    "invalid_nep_cutoff": _invalid_nep_cutoff,
    "disordered_zbl_cutoffs": "Line {line}: the inner ZBL cutoff must be smaller than the outer one.",
    "too_many_zbl_elements": "Line {line}: a flexible ZBL is possible for at most {maximum} elements.",
    "invalid_l_max": "Line {line}: after its first value l_max takes 0 or 2, then 0 or 1.",
    "not_one_hidden_layer": "Line {line}: expected 'ANN' with one hidden layer: 'ANN n 0'.",
    "descriptor_too_long": "The descriptor has {n_components} components, {n_angular} of them angular; the engines "
    "take {max_components} and {max_angular}.",
    # Its parameters
    "too_few_parameters": "The file ends after line {line}: the header requires {n_expected} numbers, but the file "
    "has {n_found}.",
    "too_many_parameters": "Line {line}: the header requires {n_expected} numbers, but the file has more.",
    "not_one_finite_number": "Line {line}: expected one finite number, found '{found}'.",
}
