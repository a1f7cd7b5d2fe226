"""Readers of CASTEP's files against Euphonic, and hostile files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from euphonic import QpointPhononModes

from backend.sources import encoding
from backend.sources.encoding import decode, encode
from backend.sources.formats import recognise
from backend.sources.formats.reading import Reading, Refused, UploadedFile
from backend.sources.phonon_facts import facts_of_constants, facts_of_modes
from scattering.core.phonon_modes import PhononModes
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at, modes_at
from tests.phonons.crystals import nacl_euphonic

from .castep_files import castep_bin, phonon, word

Q = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5], [0.37, 0.11, -0.25]])
GRID = (np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + 0.25) / 2


def read(folder: Path, name: str, content: bytes | str) -> Reading:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = recognise([UploadedFile(name, folder / name)], None)
    return found.read({})


def refusal(folder: Path, name: str, content: bytes | str) -> Refused:
    with pytest.raises(Refused) as caught:
        read(folder, name, content)
    return caught.value


def nacl_modes(q: np.ndarray) -> QpointPhononModes:
    return modes_at(nacl_euphonic(), q)


@pytest.mark.parametrize("name", ["NaCl.castep_bin", "NaCl.check", "renamed.dat"])
def test_force_constants_give_the_energies_of_euphonic(tmp_path: Path, name: str) -> None:
    reading = read(tmp_path, name, castep_bin(nacl_euphonic()))
    assert reading.crystal is not None
    np.testing.assert_allclose(
        energies_at(to_force_constants(reading.crystal), Q), energies_at(nacl_euphonic(), Q), atol=1e-6
    )
    assert reading.crystal.dipoles is not None
    assert reading.program.to_json() == {"name": "CASTEP", "version": "23.1", "functional": "PBE"}
    facts, doubts = facts_of_constants(reading.crystal)
    assert facts["gamma_lo_mev"]["[1,0,0]"] == pytest.approx(32.40, abs=0.05)
    assert doubts == []


def test_force_constants_are_total_without_born_charges(tmp_path: Path) -> None:
    crystal = read(tmp_path, "NaCl.castep_bin", castep_bin(nacl_euphonic())).crystal
    assert crystal is not None
    from dataclasses import replace

    without = energies_at(to_force_constants(replace(crystal, dipoles=None)), np.array([[0.5, 0.0, 0.5]]))
    # Short-range constants alone would have an imaginary mode at X
    np.testing.assert_allclose(without, [[10.177, 10.177, 16.854, 21.829, 21.829, 23.067]], atol=2e-3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (castep_bin(nacl_euphonic())[:-30], "incomplete_file"),
        (castep_bin(nacl_euphonic())[:5000], "incomplete_file"),
        (castep_bin(nacl_euphonic(), with_constants=False), "no_forces"),
        (castep_bin(nacl_euphonic(), version="16.1"), "incomplete_file"),
        (word("CASTEP_BIN", 10) + struct.pack(">i", 2**31 - 1) + b"x", "incomplete_file"),
        (word("CASTEP_BIN", 10) + struct.pack(">i", -4), "incomplete_file"),
    ],
)
def test_broken_binary_files(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(tmp_path, "a.castep_bin", content).notice.code == code


def test_a_supercell_is_refused_by_its_header(tmp_path: Path) -> None:
    content = castep_bin(nacl_euphonic())
    stated = struct.pack(">9i", *nacl_euphonic().sc_matrix.T.ravel())
    huge = struct.pack(">9i", *np.diag([2000] * 3).ravel())
    assert content.count(stated) == 1
    assert refusal(tmp_path, "a.castep_bin", content.replace(stated, huge)).notice.code == "too_large"


def test_flipped_bits_of_a_binary_file(tmp_path: Path) -> None:
    content, rng = castep_bin(nacl_euphonic()), np.random.default_rng(2)
    for _ in range(30):
        flipped = bytearray(content)
        for place in rng.integers(14, 2600, 3):
            flipped[place] ^= 1 << int(rng.integers(8))
        try:
            read(tmp_path, "flipped.castep_bin", bytes(flipped))
        except Refused:
            continue


def test_modes_are_those_of_the_file(tmp_path: Path) -> None:
    modes = nacl_modes(GRID)
    reading = read(tmp_path, "NaCl.phonon", phonon(modes, [1 / 8] * 8))
    assert (reading.crystal, reading.notices) == (None, [])
    found = reading.modes
    assert found is not None
    np.testing.assert_allclose(found.energies_mev, modes.frequencies.to("meV").magnitude, atol=1e-6)
    np.testing.assert_allclose(found.eigenvectors, modes.eigenvectors, atol=1e-11)
    np.testing.assert_allclose(found.weights, 1 / 8)
    facts, doubts = facts_of_modes(found)
    assert (facts["n_q_points"], facts["has_force_constants"], facts["has_eigenvectors"]) == (8, False, True)
    assert facts["highest_energy_mev"] == pytest.approx(modes.frequencies.to("meV").magnitude.max(), abs=1e-3)
    assert doubts == []


def test_the_reader_of_eigenvectors_agrees_with_euphonic(tmp_path: Path) -> None:
    modes = nacl_modes(np.random.default_rng(3).random((5, 3)))
    # Γ twice, with the directions of a split mode, as CASTEP writes it
    text = phonon(modes, [1 / 5] * 5).replace("q-pt=    5", "q-pt=    4")
    text = text.replace("wavevectors  5", "wavevectors  4")
    found = read(tmp_path, "a.phonon", text).modes
    expected = QpointPhononModes.from_castep(tmp_path / "a.phonon")
    assert found is not None
    np.testing.assert_array_equal(found.eigenvectors, expected.eigenvectors)
    np.testing.assert_array_equal(found.weights, expected.weights / expected.weights.sum())


def test_many_eigenvectors_travel_in_single_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = read(tmp_path, "NaCl.phonon", phonon(nacl_modes(GRID), [1 / 8] * 8)).modes
    assert isinstance(modes, PhononModes)
    whole = decode(encode(modes))
    monkeypatch.setattr(encoding, "MAX_DOUBLE_BYTES", 1000)
    sent = encode(modes)
    again = decode(sent)
    assert isinstance(whole, PhononModes)
    assert isinstance(again, PhononModes)
    np.testing.assert_array_equal(whole.eigenvectors, modes.eigenvectors)
    assert (sent["fields"]["eigenvectors"]["type"], again.eigenvectors.dtype) == ("<c8", np.complex128)
    np.testing.assert_allclose(again.eigenvectors, modes.eigenvectors, atol=1e-7)
    np.testing.assert_array_equal(again.energies_mev, modes.energies_mev)


def test_weights_are_scaled_and_told(tmp_path: Path) -> None:
    reading = read(tmp_path, "NaCl.phonon", phonon(nacl_modes(GRID), [1 / 16] * 8))
    assert [(one.code, one.params["weight_sum"]) for one in reading.notices] == [("weights_do_not_sum", 0.5)]
    assert reading.modes is not None
    assert reading.modes.weights.sum() == pytest.approx(1)


def test_modes_at_gamma_alone(tmp_path: Path) -> None:
    reading = read(tmp_path, "NaCl.phonon", phonon(nacl_modes(np.zeros((1, 3))), [1]))
    assert reading.modes is not None
    assert [one.code for one in facts_of_modes(reading.modes)[1]] == ["gamma_only"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text[: len(text) // 2], "incomplete_file"),
        (lambda text: text[: text.index("q-pt=    8")], "incomplete_file"),
        (lambda text: text.replace("END header", ""), "incomplete_file"),
        (lambda text: text.replace("Unit cell", ""), "incomplete_file"),
        (lambda text: text.replace("ions         2", "ions         3"), "incomplete_file"),
        (lambda text: text.replace("wavevectors  8", "wavevectors  99999999"), "too_large"),
        (lambda text: text.replace("ions         2", "ions         999999999"), "too_large"),
        (lambda text: text.replace("Cl", "Xx"), "incomplete_file"),
    ],
)
def test_broken_modes(tmp_path: Path, change: object, code: str) -> None:
    text = phonon(nacl_modes(GRID), [1 / 8] * 8)
    assert refusal(tmp_path, "a.phonon", change(text)).notice.code == code  # type: ignore[operator]


def test_modes_without_eigenvectors(tmp_path: Path) -> None:
    text = phonon(nacl_modes(GRID), [1 / 8] * 8, eigenvectors=False)
    assert refusal(tmp_path, "a.phonon", text).notice.code == "no_eigenvectors"
