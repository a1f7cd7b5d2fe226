"""nep.txt: the strict reader against files as GPUMD writes them, and against broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from nep_adapters import inspect_model

from backend import wording
from backend.families.records.nep import file as nep_file
from backend.families.records.nep.file import InvalidNep
from scattering.core.notices import Notice

from .nep_texts import nep_text


def refused(text: str) -> Notice:
    with pytest.raises(InvalidNep) as refusal:
        nep_file.read(text.encode())
    # Words that do not suit the parameters give a warning, which is an error in tests
    wording.message(refusal.value.notice)
    return refusal.value.notice


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"elements": ("C", "H")},
        {"elements": ("Si",), "name": "nep4_zbl", "zbl": "zbl 1 2"},
        {"elements": ("Si", "O"), "name": "nep4_zbl", "zbl": "zbl 1 2 0.65"},
        {"elements": ("Si", "O"), "name": "nep5"},
        {"elements": ("Si", "O"), "l_max": "l_max 4 2 1"},
        {"elements": ("Si", "O"), "l_max": "l_max 4 1 1 1 1"},
        {"elements": ("Si", "O"), "cutoff": "cutoff 6 5 5 4 100 60"},
        {"elements": ("Si", "O"), "n_max": (3, 2), "basis": (7, 5), "neurons": 7},
    ],
)
def test_counts_agree_with_the_engine_that_reads_them(options: dict[str, object], tmp_path: Path) -> None:
    # NEPAdapters refuses a file with a number too few or too many, and tells how long its descriptor is.
    text = nep_text(**options)  # type: ignore[arg-type]
    (tmp_path / "nep.txt").write_text(text)
    theirs = inspect_model(tmp_path / "nep.txt")
    found = nep_file.read(text.encode())
    assert found.n_descriptors == theirs.descriptor_dim
    assert found.elements == theirs.elements
    assert (found.cutoff_radial, found.cutoff_angular) == (theirs.cutoff_radial, theirs.cutoff_angular)


def test_flexible_zbl_has_ten_numbers_a_pair() -> None:
    text = nep_text(elements=("Si", "O"), name="nep4_zbl", zbl="zbl 0 0", extra=30)
    assert nep_file.read(text.encode()).elements == ("Si", "O")
    short = refused(nep_text(elements=("Si", "O"), name="nep4_zbl", zbl="zbl 0 0", extra=20))
    assert short.code == "too_few_parameters"
    assert short.params["n_expected"] - short.params["n_found"] == 10


def test_windows_line_ends_and_final_blank_lines_pass() -> None:
    assert nep_file.read(nep_text().replace("\n", "\r\n").encode() + b"\r\n\r\n").elements == ("Si",)


def test_cut_and_lengthened_files_are_told_by_line() -> None:
    lines = nep_text().rstrip("\n").split("\n")
    for keep in range(1, len(lines)):
        cut = refused("\n".join(lines[:keep]))
        assert cut.code in ("keyword_missing", "too_few_parameters")
        assert cut.params["line"] == keep
    lengthened = refused("\n".join([*lines, "0.5"]))
    assert (lengthened.code, lengthened.params["line"]) == ("too_many_parameters", len(lines) + 1)


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e999", "x", "1 2", "1_0", "", "0x10", "1,5"])
def test_every_number_must_be_one(word: str) -> None:
    lines = nep_text().rstrip("\n").split("\n")
    lines[20] = word
    assert refused("\n".join(lines)) == Notice("not_one_finite_number", {"line": 21, "found": word})


@pytest.mark.parametrize(
    ("old", "new", "code", "params"),
    [
        ("nep4 1 Si", "", "not_a_nep", {"line": 1, "found": ""}),
        ("nep4 1 Si", "hello", "not_a_nep", {"line": 1, "found": "hello"}),
        ("nep4 1 Si", "nep3 1 Si", "unsupported_nep", {"format": "nep3", "kind": "nep3"}),
        ("nep4 1 Si", "nep4_dipole 1 Si", "unsupported_nep", {"format": "nep4_dipole", "kind": "dipole"}),
        ("nep4 1 Si", "nep4_polarizability 1 Si", "unsupported_nep", {"kind": "polarizability"}),
        ("nep4 1 Si", "nep4_charge1 1 Si", "unsupported_nep", {"kind": "charge"}),
        ("nep4 1 Si", "nep4_spin 1 Si", "unsupported_nep", {"kind": "spin"}),
        ("nep4 1 Si", "nep4_temperature 1 Si", "unsupported_nep", {"kind": "temperature"}),
        ("nep4 1 Si", "nep9 1 Si", "unknown_nep_format", {"format": "nep9"}),
        ("nep4 1 Si", "nep4 2 Si", "elements_named_differ", {"n_announced": 2, "n_named": 1}),
        ("nep4 1 Si", "nep4 2 Si Si", "element_named_twice", {"symbol": "Si"}),
        ("nep4 1 Si", "nep4 1 Xx", "unsupported_element", {"symbol": "Xx"}),
        ("nep4 1 Si", "nep4 0", "invalid_nep_integer", {"quantity": "n_elements", "found": "0"}),
        ("nep4 1 Si", "nep4 999999999999 Si", "invalid_nep_integer", {"minimum": 1, "maximum": 94}),
        ("nep4 1 Si", "nep4 -1 Si", "invalid_nep_integer", {"found": "-1"}),
        (
            "cutoff 6 5 100 60",
            "cutoff 6 5 100",
            "value_count_differs",
            {"line": 2, "keyword": "cutoff", "n_expected": [4], "n_found": 3},
        ),
        ("cutoff 6 5 100 60", "cutoff nan 5 100 60", "invalid_nep_cutoff", {"quantity": "cutoff", "found": "nan"}),
        ("cutoff 6 5 100 60", "cutoff 60 5 100 60", "invalid_nep_cutoff", {"maximum_angstrom": 10}),
        ("cutoff 6 5 100 60", "cutoff 0 5 100 60", "invalid_nep_cutoff", {"minimum_angstrom": 0.5}),
        (
            "cutoff 6 5 100 60",
            "cutof 6 5 100 60",
            "unexpected_keyword",
            {"line": 2, "expected": "cutoff", "found": "cutof"},
        ),
        ("n_max 4 4", "n_max 4", "value_count_differs", {"keyword": "n_max", "n_expected": [2], "n_found": 1}),
        ("n_max 4 4", "n_max 99 4", "invalid_nep_integer", {"quantity": "n_max", "found": "99"}),
        ("basis_size 8 8", "basis_size 8 1e1", "invalid_nep_integer", {"quantity": "basis_size", "found": "1e1"}),
        ("l_max 4 2 0", "l_max 9 2 0", "invalid_nep_integer", {"quantity": "l_max", "maximum": 8}),
        ("l_max 4 2 0", "l_max 4 3 0", "invalid_l_max", {"line": 5}),
        ("l_max 4 2 0", "l_max 4", "value_count_differs", {"keyword": "l_max", "n_found": 1}),
        ("ANN 5 0", "ANN 500 0", "invalid_nep_integer", {"quantity": "n_neurons", "maximum": 120}),
        ("ANN 5 0", "ANN 5 5", "not_one_hidden_layer", {"line": 6}),
        ("ANN 5 0", "ANN 0 0", "not_one_hidden_layer", {"line": 6}),
        (
            "n_max 4 4\nbasis_size 8 8\nl_max 4 2 0",
            "n_max 16 16\nbasis_size 8 8\nl_max 8 2 0",
            "descriptor_too_long",
            {"max_components": 103, "max_angular": 90},
        ),
    ],
)
def test_headers_that_are_refused(old: str, new: str, code: str, params: dict[str, object]) -> None:
    text = nep_text()
    assert old in text
    notice = refused(text.replace(old, new, 1))
    assert (notice.code, {**notice.params, **params}) == (code, notice.params)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", bytes(range(256)), b"nep4 1 Si\n" + b"\x80"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidNep) as refusal:
        nep_file.read(content)
    assert refusal.value.notice.code in ("not_a_nep", "not_plain_text")
