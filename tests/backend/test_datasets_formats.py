"""Which format a file has, files of other kinds, our own CSV, and damage of every kind."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from backend.datasets.cleaning import clean_spectrum
from backend.datasets.formats import FORMATS, HEAD_BYTES, format_of, other_files
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from backend.observing import powder_formats as written
from backend.wording.refusals.data import OTHER_FILES
from scattering.core.notices import Notice
from scattering.observe.spectrum import Spectrum

from . import datasets_texts as texts

X, Y, E = texts.spectrum()
FILES: dict[str, tuple[str, bytes]] = {
    "columns": ("a.dat", texts.columns(X, Y, E)),
    "isis-dat": ("a.dat", texts.isis_dat(X, Y, E)),
    "mantid-ascii": ("a.dat", texts.save_ascii({"1": (X, Y, E)})),
    "jcamp-dx": ("a.jdx", texts.jcamp(0, 1, [1, 2, 3, 4, 5, 6], "DIFDUP").encode()),
    "dave-grp": ("a.grp", texts.dave(X[:40], [(Y[:40], E[:40]), (2 * Y[:40], E[:40])], groups=(1, 2), label="Group")),
    "inx": ("a.inx", texts.inx(X[:40], [(Y[:40], E[:40])], angles=[30.0])),
    "mcstas": ("a.dat", texts.mcstas(X[:40], Y[:40], E[:40])),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ending", [".dat", ".txt", ".csv", ".DX", "", ".nxs"])
def test_the_text_tells_its_format_whatever_it_is_called(name: str, ending: str) -> None:
    assert format_of(f"C:\\data\\run{ending}", FILES[name][1][:HEAD_BYTES]).name == name


def test_other_forms_of_mantids_text() -> None:
    assert format_of("a.csv", texts.save_ascii_1(X, [(Y, E)])).name == "mantid-ascii"
    assert format_of("a.xye", texts.focused_xye([(X, Y, E)])).name == "mantid-ascii"


def test_a_header_longer_than_the_head_is_left_to_the_reader() -> None:
    data = b"# remark\n" * 20_000 + texts.columns(X, Y, E)
    fmt = format_of("a.txt", data[:HEAD_BYTES])
    assert fmt.name == "columns"
    assert len(fmt.read(data)[0].y) == len(X)


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("paper.dat", b"%PDF-1.4\n", "pdf"),
        ("data.csv", b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "office"),
        ("data.zip", b"PK\x03\x04\x14\0\0\0run1.txt", "zip"),
        ("data.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        ("data.csv", b"\n<!DOCTYPE html>\n<html><title>Log in</title>", "html"),
        ("data.csv", b"<!-- x --><html>", "html"),
        ("w12", b"<html><head><title>LAMP_FORMAT Mon Nov 2 2015</title></head><body>\n X_SIZE: 512\n", "lamp"),
        ("w12", b"LAMP_FORMAT\n HEADER FILE written by the LAMP APPLICATION\n DATA_FILE: w12_d\n", "lamp"),
        ("data.dat.gz", b"\x1f\x8b\x08", "gzip"),
        ("plot.png", b"\x89PNG\r\n\x1a\n", "png"),
        ("a.cif", b"data_x\n_cell_length_a 4.0\nloop_\n_atom_site_label\n", "cif"),
        (
            "POSCAR",
            b"NaCl\n1.0\n 5.6 0.0 0.0\n 0.0 5.6 0.0\n 0.0 0.0 5.6\nNa Cl\n4 4\nDirect\n0.0 0.0 0.0\n",
            "poscar",
        ),
        ("a.xyz", b'2\nLattice="4 0 0 0 4 0 0 0 4"\nH 0 0 0\n', "extxyz"),
        ("a.json", b'{"energy_mev": [1, 2]}', "json"),
        ("a.npy", b"\x93NUMPY\x01\0", "numpy"),
        ("a.dat", b"\x06\0\0\0horace\0\0\0\0\0\0\x10@", "horace"),
        ("a.dave", b"SR\0\4\0\0\0\x0a", "idl"),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "matlab"),
        ("006453.dat", b"R" * 80 + b"\n  006453       0       1\n", "ill-raw"),
        ("a.txt", b"TITL benzene\nCELL 0.71073 7.4 9.4 6.8 90 90 90\nZERR 4 0 0 0 0 0 0\nSFAC C H\n", "shelx"),
        ("a.txt", b"@<TRIPOS>MOLECULE\nbenzene\n", "mol2"),
        ("a.txt", b"benzene\n  program\n\n 12 12  0  0  0  0  0  0  0  0999 V2000\n", "mol"),
        ("a.txt", b"HEADER    HYDROLASE\nCRYST1   52.000   58.600\n", "pdb"),
        ("a.cif", b"data_x\n_space_group_magn.number_BNS 1.1\n_cell_length_a 4\nloop_\n", "mcif"),
        ("a.yaml", b"phonopy:\n  version: 2.9\n", "phonopy"),
        ("a.spec", b"#F scan\n#E 1\n\n#S 1 ascan\n1 2\n", "spec"),
        ("mccode.sim", b"McStas simulation description file for IN5.\n", "mcstas-sim"),
        ("a.spe", b"       2       3\n### Phi Grid\n 1.0 2.0 3.0\n", "spe"),
    ],
)
def test_files_of_other_kinds_are_named(name: str, head: bytes, kind: str) -> None:
    titles = [fmt.title for fmt in FORMATS.values()]
    with pytest.raises(Unreadable) as refused:
        format_of(name, head)
    assert refused.value.notice == Notice("other_kind_of_file", {"kind": kind, "formats": titles})
    with pytest.raises(Unreadable) as refused:
        FORMATS["columns"].read(head)
    assert refused.value.notice == Notice("other_kind_of_file", {"kind": kind})


@pytest.mark.parametrize(
    ("name", "kind"),
    [("cut.SQW", "horace"), ("a.d2d", "horace"), ("w12.lmp", "lamp"), ("a.spc", "galactic"), ("run.raw", "isis-raw")],
)
def test_files_whose_bytes_say_nothing_are_named_by_their_endings(name: str, kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        format_of(name, bytes(range(1, 200)))
    assert refused.value.notice.params["kind"] == kind
    # What the bytes prove comes first
    assert format_of(name, FILES["columns"][1]).name == "columns"


def test_every_kind_of_other_files_has_its_words() -> None:
    known = {kind for _, kind in other_files._MAGIC} | set(other_files._BY_NAME.values())
    assert sorted(known - set(OTHER_FILES)) == []


def test_unknown_files_are_refused_with_the_list() -> None:
    with pytest.raises(Unreadable) as refused:
        format_of("notes.md", b"Dear diary,\n")
    assert all(fmt.title in str(refused.value) for fmt in FORMATS.values())
    with pytest.raises(Unreadable, match="blank_file"):
        format_of("a.csv", b"\n")
    with pytest.raises(Unreadable, match="unrecognised_data_format"):
        format_of("a.csv", bytes(range(256)))


def _spectrum() -> Spectrum:
    return Spectrum(
        energy=X,
        intensity=Y,
        error=E,
        unit="barn/sr/meV",
        per_element={"H": 0.75 * Y, "C": 0.25 * Y},
        banks={"back": 2 * Y},
        per_order={1: 0.5 * Y},
        map=None,  # type: ignore[arg-type]
        notices=(Notice("text", {"text": "The window was cut at 300 meV."}),),
    )


def test_our_own_csv_comes_back_with_what_it_says_of_itself() -> None:
    about = {
        "prediction": "b7",
        "method": "md",
        "temperature_k": 20.0,
        "view": {"instrument": "MAPS", "settings": {"e_init": 400, "choppers": {"a": 1}, "chopper_package": "S"}},
    }
    data = written.as_csv(_spectrum(), about)
    fmt = format_of("beamcast-MAPS.csv", data)
    assert fmt.name == "beamcast-csv"
    found = fmt.read(data)
    assert [spectrum.stated.title for spectrum in found] == [
        "forecast, md",
        "bank back",
        "element H",
        "element C",
        "number of phonons 1",
    ]
    total = found[0]
    assert isinstance(total, RawSpectrum)
    assert total.error is not None
    for got, wanted in ((total.x, X), (total.y, Y), (total.error, E)):
        assert np.allclose(got, wanted, rtol=1e-7, atol=0)  # eight digits printed
    assert np.allclose(found[2].y, 0.75 * Y, rtol=1e-7, atol=0)
    assert [spectrum.error is None for spectrum in found[1:]] == [True] * 4
    stated = total.stated
    assert (stated.instrument, stated.run.temperature_k, stated.fixed_energy_mev) == ("MAPS", 20.0, 400.0)
    assert stated.settings == {"e_init": 400, "chopper_package": "S"}
    assert (total.x_unit, total.y_unit) == ("meV", "barn/sr/meV")
    assert total.notices == (Notice("remark_in_file", {"remark": "The window was cut at 300 meV."}),)
    assert clean_spectrum(total, "meV")[1] == []


@pytest.mark.parametrize(
    "about",
    [
        '{"view": 5, "temperature_k": "cold", "method": []}',
        '{"view": {"instrument": {}, "settings": [1]}, "temperature_k": 1e999}',
        '{"view": {"settings": {"e_init": -4}}, "temperature_k": true}',
        "{not json",
        "{" * 50_000,
        '{"a":' * 50_000,
        "[]",
    ],
)
def test_our_own_csv_with_nonsense_in_its_words(about: str) -> None:
    data = f"# intensity in 1/meV\r\n# {about}\r\nenergy_mev,intensity\r\n1,2\r\n2,3\r\n3,4\r\n".encode()
    (found,) = FORMATS["beamcast-csv"].read(data)
    assert found.stated.instrument is None
    assert found.stated.run.temperature_k is None
    assert found.stated.fixed_energy_mev is None
    json.dumps(dict(found.stated.settings), allow_nan=False)


def test_our_own_csv_without_its_columns_is_refused() -> None:
    with pytest.raises(Unreadable, match="beamcast_columns_missing"):
        FORMATS["beamcast-csv"].read(b"# intensity in x\n# {}\nomega,intensity\n1,2\n2,3\n3,4\n")


@pytest.mark.parametrize("name", [*FILES, "beamcast-csv"])
def test_damage_ends_in_numbers_or_in_a_word(name: str) -> None:
    """Bytes changed, cut off, put in, doubled: never another exception, never columns of different lengths."""
    generator = random.Random(11)
    whole = written.as_csv(_spectrum(), {}) if name == "beamcast-csv" else FILES[name][1]
    whole = whole[:2500]
    pieces = [
        b"\0",
        b"\xff\xfe",
        b"nan",
        b",,,",
        b"\n",
        b"\r",
        b"1e999",
        b"##",
        b"#",
        b'"',
        b"-",
        b"9" * 400,
        "µ⁻¹".encode(),
        b" ",
    ]
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(generator.randrange(1, 4)):
            at = generator.randrange(len(data))
            match generator.randrange(4):
                case 0:
                    data[at] = generator.randrange(256)
                case 1:
                    del data[at : at + generator.randrange(1, 200)]
                case 2:
                    data[at:at] = generator.choice(pieces)
                case _:
                    data[at:at] = data[max(0, at - 60) : at]
            data = data or bytearray(b"1")
        try:
            fmt = format_of(FILES.get(name, ("a.csv", b""))[0], bytes(data))
            spectra = [*fmt.read(bytes(data)), *FORMATS[name].read(bytes(data))]
        except Unreadable as error:
            message = str(error)
        else:
            message = ""
            for spectrum in spectra:
                assert isinstance(spectrum, RawSpectrum)
                assert spectrum.x.shape == spectrum.y.shape
                assert spectrum.error is None or spectrum.error.shape == spectrum.y.shape
        assert len(message) < 800


def test_every_format_has_a_page_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in page] == []
