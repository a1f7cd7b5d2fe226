"""Sentences about files of potentials: every key that the NEP reader uses has words."""

from __future__ import annotations

from backend import wording
from backend.families.records.nep.file import UNSUPPORTED_KINDS
from backend.wording.refusals.potential_files import UNSUPPORTED_REASONS
from scattering.core.notices import Notice


def test_unsupported_kinds_have_words() -> None:
    assert set(UNSUPPORTED_KINDS) == UNSUPPORTED_REASONS.keys()


def test_reasons_of_all_families_and_engines_are_stated() -> None:
    engines = [{"engine": "calorine", "error": "no such file"}, {"engine": "nep-adapters", "error": None}]
    unusable = Notice("no_engine_runs_file", {"engines": engines})
    other = Notice("not_a_nep", {"line": 1, "found": "hello"})
    message = wording.message(Notice("no_family_reads_file", {"reasons": [unusable.to_json(), other.to_json()]}))
    assert message == f"{wording.message(unusable)} {wording.message(other)}"
    assert all(word in message for word in ("calorine: no such file", "nep-adapters: energy", "hello"))
