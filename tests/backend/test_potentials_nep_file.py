"""nep.txt: the strict reader against files as GPUMD writes them, and against broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from nep_adapters import inspect_model

from backend.families.records.nep import file as nep_file
from backend.families.records.nep.file import InvalidNep

from .nep_texts import nep_text


def refused(text: str) -> str:
    with pytest.raises(InvalidNep) as refusal:
        nep_file.read(text.encode())
    return str(refusal.value)


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
    assert "asks for" in refused(nep_text(elements=("Si", "O"), name="nep4_zbl", zbl="zbl 0 0", extra=20))


def test_windows_line_ends_and_final_blank_lines_pass() -> None:
    assert nep_file.read(nep_text().replace("\n", "\r\n").encode() + b"\r\n\r\n").elements == ("Si",)


def test_cut_and_lengthened_files_are_told_by_line() -> None:
    lines = nep_text().rstrip("\n").split("\n")
    for keep in range(1, len(lines)):
        assert f"ends after line {keep}" in refused("\n".join(lines[:keep]))
    assert f"Line {len(lines) + 1}: " in refused("\n".join([*lines, "0.5"]))


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e999", "x", "1 2", "1_0", "", "0x10", "1,5"])
def test_every_number_must_be_one(word: str) -> None:
    lines = nep_text().rstrip("\n").split("\n")
    lines[20] = word
    message = refused("\n".join(lines))
    assert message.startswith("Line 21: expected one finite number")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("nep4 1 Si", "", "Line 1"),
        ("nep4 1 Si", "hello", "begins with a word such as nep4"),
        ("nep4 1 Si", "nep3 1 Si", "NEP3"),
        ("nep4 1 Si", "nep4_dipole 1 Si", "dipoles, not forces"),
        ("nep4 1 Si", "nep4_polarizability 1 Si", "polarizabilities"),
        ("nep4 1 Si", "nep4_charge1 1 Si", "charges"),
        ("nep4 1 Si", "nep4_spin 1 Si", "spins"),
        ("nep4 1 Si", "nep4_temperature 1 Si", "temperature"),
        ("nep4 1 Si", "nep9 1 Si", "not a kind of NEP that is known"),
        ("nep4 1 Si", "nep4 2 Si", "2 elements are announced, 1 named"),
        ("nep4 1 Si", "nep4 2 Si Si", "Si is named twice"),
        ("nep4 1 Si", "nep4 1 Xx", "'Xx' is not an element"),
        ("nep4 1 Si", "nep4 0", "from 1 to 94"),
        ("nep4 1 Si", "nep4 999999999999 Si", "from 1 to 94"),
        ("nep4 1 Si", "nep4 -1 Si", "from 1 to 94"),
        ("cutoff 6 5 100 60", "cutoff 6 5 100", "'cutoff' takes 4 values"),
        ("cutoff 6 5 100 60", "cutoff nan 5 100 60", "a cutoff must lie between"),
        ("cutoff 6 5 100 60", "cutoff 60 5 100 60", "a cutoff must lie between"),
        ("cutoff 6 5 100 60", "cutoff 0 5 100 60", "a cutoff must lie between"),
        ("cutoff 6 5 100 60", "cutof 6 5 100 60", "expected 'cutoff', found 'cutof'"),
        ("n_max 4 4", "n_max 4", "'n_max' takes 2 values"),
        ("n_max 4 4", "n_max 99 4", "from 0 to 16"),
        ("basis_size 8 8", "basis_size 8 1e1", "from 0 to 16"),
        ("l_max 4 2 0", "l_max 9 2 0", "from 0 to 8"),
        ("l_max 4 2 0", "l_max 4 3 0", "0 or 2, then 0 or 1"),
        ("l_max 4 2 0", "l_max 4", "'l_max' takes"),
        ("ANN 5 0", "ANN 500 0", "from 0 to 120"),
        ("ANN 5 0", "ANN 5 5", "one hidden layer"),
        ("ANN 5 0", "ANN 0 0", "one hidden layer"),
        ("n_max 4 4\nbasis_size 8 8\nl_max 4 2 0", "n_max 16 16\nbasis_size 8 8\nl_max 8 2 0", "the engines take"),
    ],
)
def test_headers_that_are_refused(old: str, new: str, word: str) -> None:
    text = nep_text()
    assert old in text
    assert word in refused(text.replace(old, new, 1))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", bytes(range(256)), b"nep4 1 Si\n" + b"\x80"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidNep, match=r"Line 1|Line 2|ends after"):
        nep_file.read(content)
