"""Good files of every format that is read, and hostile ones made of them by seeded damage."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ase
import ase.io
import h5py
import numpy as np

from backend.datasets.data_file import as_hdf5
from backend.structures import examples
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from tests.backend import datasets_hdf5, datasets_texts
from tests.backend.nep_texts import nep_text

STRUCTURES: Final = "/structures"
CELLS: Final = "/structures/ordered-cells"
DATA: Final = "/datasets"
PREVIEW: Final = "/datasets/preview"
POTENTIALS: Final = "/potentials"
PROPOSALS: Final = "/proposals/import"
HUGE: Final = (
    *(b"1e400", b"-1e308", b"9" * 400, b"9" * 5000, b"nan", b"inf", b"1e-400", b"-0", b"0x7f", b"99999999999", b"1e15"),
    *("٣٤".encode(), b"1_0", b"1d308", b"--1", b"1(99999999999)", b"0"),
)
WORDS: Final = (
    *(b"\0", b"\0" * 1000, b"\xff\xfe", b"\x1b[2J", "\u202e\ufeff\u2028".encode(), "𝔘🏳️‍🌈".encode(), b"\xed\xa0\x80"),
    *(b";", b"'", b'"', b"#", b"loop_", b"data_", b"$(id)", b"=1+1", b"../../x", b"%s%n", b"{{7*7}}", b"\r", b"\x1a"),
)
NUMBER: Final = re.compile(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class File:
    """A file for an upload."""

    route: str
    name: str
    content: bytes
    fields: tuple[tuple[str, str], ...] = ()


def structures() -> list[File]:
    """Return good files of structures, of every format."""
    crystal = ase.Atoms("NaCl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[4.0, 4.1, 4.2], pbc=True)
    names = {"POSCAR": "vasp", "a.extxyz": "extxyz", "a.xsf": "xsf", "a.gen": "gen"}
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for name, fmt in names.items():
            ase.io.write(Path(folder, "file"), crystal, format=fmt)
            files.append(File(STRUCTURES, name, Path(folder, "file").read_bytes()))
    cell = b"%BLOCK LATTICE_CART\n4 0 0\n0 4 0\n0 0 4\n%ENDBLOCK LATTICE_CART\n%BLOCK POSITIONS_FRAC\n"
    cell += (
        b"Na 0 0 0\nCl 0.5 0.5 0.5\n%ENDBLOCK POSITIONS_FRAC\n%BLOCK SPECIES_MASS\nNa 22.9\n%ENDBLOCK SPECIES_MASS\n"
    )
    aims = b"lattice_vector 4 0 0\nlattice_vector 0 4 0\nlattice_vector 0 0 4\natom_frac 0 0 0 Na\natom 2 2 2 Cl\n"
    files += [File(STRUCTURES, "a.cell", cell), File(STRUCTURES, "geometry.in", aims)]
    catalogue = examples.catalogue()
    files += [File(STRUCTURES, f"{name}.cif", catalogue[name].content) for name in ("silicon", "benzene", "ice-xi")]
    disordered = catalogue["barium-titanate-sc-h"].content
    return [*files, File(CELLS, "a.cif", disordered), File(STRUCTURES, "a.cif", disordered, (("ordered_cell", "1"),))]


def data() -> list[File]:
    """Return good files of measured data, of every format."""
    x, y, error = datasets_texts.spectrum(40)
    energy, angles = np.linspace(-5.0, 90.0, 21), np.arange(10.0, 70.0, 10.0)
    values = np.random.default_rng(0).normal(3.0, 1.0, (6, 20))
    histogram = datasets_hdf5.mantid(values, abs(values), energy, np.arange(7.0), units=("DeltaE", "MomentumTransfer"))
    half = (x[1] - x[0]) / 2
    spectrum = MeasuredSpectrum(x, y, error, x - half, x + half)
    texts = {
        "table.csv": datasets_texts.columns(x, y, error, names="energy (meV),intensity,error"),
        "german.csv": datasets_texts.columns(x, y, names="Energie (meV);Intensität", delimiter=";", decimal=","),
        "isis.dat": datasets_texts.isis_dat(x, y, error),
        "mantid.dat": datasets_texts.save_ascii({"1": (x, y, error), "2": (x, y, error)}),
        "focused.xye": datasets_texts.focused_xye([(x, y, error)]),
        "dave.grp": datasets_texts.dave(x, [(y, error), (y, error)], groups=(0.5, 1.0)),
        "ill.inx": datasets_texts.inx(x / 100, [(y, error), (y, error)], angles=(20.0, 40.0)),
        "monitor.dat": datasets_texts.mcstas(x, y, error),
        "isis.jdx": datasets_texts.jcamp(10.0, 5.0, [int(value) for value in 1000 * abs(y)]).encode(),
    }
    binaries = {
        "a.nxspe": datasets_hdf5.nxspe(angles, energy, values, abs(values)),
        "a.nxs": histogram,
        "map.h5": as_hdf5(MeasuredMap(np.arange(7.0), energy, values, abs(values)), {"title": "a map"}),
        "spectrum.h5": as_hdf5(spectrum, {"title": "a run", "instrument": "TOSCA"}),
    }
    files = [File(PREVIEW, name, content) for name, content in {**texts, **binaries}.items()]
    stated = (("instrument", "TOSCA"), ("temperature_k", "20"))
    return files + [File(DATA, file.name, file.content, stated) for file in files]


def potentials() -> list[File]:
    """Return good potentials."""
    return [File(POTENTIALS, "nep.txt", nep_text(elements=elements).encode()) for elements in (("Si",), ("Na", "Cl"))]


def hostile(proposal: bytes, count: int, seed: int) -> Iterator[File]:
    """Yield hostile files: first those that are built for one harm each, then damaged ones of all kinds in turn.

    Parameters
    ----------
    proposal
        A good archive of a proposal, with partials.
    """
    rng = random.Random(seed)
    built = [*zips(proposal), *hdf5s(), *texts()]
    yield from built
    kinds = [structures(), data(), potentials(), [File(PROPOSALS, "proposal.zip", proposal)]]
    weights = (5, 5, 1, 2)
    for _ in range(count - len(built)):
        (kind,) = rng.choices(kinds, weights)
        file = rng.choice(kind)
        damage: Callable[[random.Random, bytes], bytes] = damaged
        if file.route == PROPOSALS and rng.random() < 0.8:
            damage = damaged_archive
        content = damage(rng, file.content)
        if rng.random() < 0.05:
            # A file of another kind under this name
            content = rng.choice(rng.choice(kinds)).content
        yield File(file.route, file.name, content, file.fields)


def damaged(rng: random.Random, content: bytes) -> bytes:
    """Return a file with one to three damages."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = rng.choice(DAMAGES)(rng, content)
    return content


def _truncated(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _flipped(rng: random.Random, content: bytes) -> bytes:
    broken = bytearray(content or b"\0")
    for _ in range(rng.choice((1, 8, 64))):
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def _repeated(rng: random.Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    block = content[start : start + rng.choice((1, 20, 500, 5000))]
    times = min(rng.choice((2, 100, 20_000)), 2_000_000 // (len(block) + 1))
    return content[:start] + block * times + content[start:]


def _huge(rng: random.Random, content: bytes) -> bytes:
    found = [match.span() for match in NUMBER.finditer(content[:200_000])]
    if not found:
        return _flipped(rng, content)
    for _ in range(rng.choice((1, 1, 5))):
        start, end = rng.choice(found)
        content = content[:start] + rng.choice(HUGE) + content[end:]
    return content


def _word(rng: random.Random, content: bytes) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.choice(WORDS) + content[place:]


def _lines(rng: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    action = rng.randrange(4)
    if action == 0:
        del lines[place]
    elif action == 1:
        lines[place], lines[other] = lines[other], lines[place]
    elif action == 2:
        lines[place] = lines[place] * min(1000, 2_000_000 // (len(lines[place]) + 1))
    else:
        lines[place:place] = [lines[other]] * min(20_000, 2_000_000 // (len(lines[other]) + 1))
    return b"\n".join(lines)


def _encoded(rng: random.Random, content: bytes) -> bytes:
    text = content.decode("latin-1")
    return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig", "cp037")), "replace")


def _nested(rng: random.Random, content: bytes) -> bytes:
    opening, closing = rng.choice(((b"[", b"]"), (b"(", b")"), (b'{"a":', b"}"), (b"loop_\n", b""), (b'"', b'"')))
    depth = rng.choice((100, 10_000, 100_000))
    place = rng.randrange(len(content) + 1)
    return content[:place] + opening * depth + closing * depth + content[place:]


DAMAGES: Final = (
    _truncated,
    _flipped,
    _flipped,
    _repeated,
    _huge,
    _huge,
    _huge,
    _word,
    _lines,
    _lines,
    _encoded,
    _nested,
)


def damaged_archive(rng: random.Random, content: bytes) -> bytes:
    """Return an archive with one member damaged; its container is whole."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(members))
    if rng.random() < 0.4:
        name = "beamcast.json"
    if name == "beamcast.json" and rng.random() < 0.7:
        members[name] = _damaged_json(rng, members[name])
    elif rng.random() < 0.1:
        del members[name]
    else:
        members[name] = damaged(rng, members[name])
    return packed(members)


def _damaged_json(rng: random.Random, content: bytes) -> bytes:
    """Return JSON with one value, anywhere in it, replaced."""
    value = json.loads(content)
    at: Any = value
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = rng.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.9:
            at = at[key]
            continue
        odd = (None, True, -1, 10**30, 1e308, "", "\0", "\ud800", "x" * 100_000, [], {}, [[[]]], "../../x", "1e999")
        at[key] = rng.choice(odd)
        return json.dumps(value).encode()


def packed(members: dict[str, bytes]) -> bytes:
    """Return an archive with these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def zips(proposal: bytes) -> Iterator[File]:
    """Yield archives that are built to harm."""
    with zipfile.ZipFile(io.BytesIO(proposal)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    partials = next(name for name in members if name.endswith(".h5"))
    zeros = bytes(64 * 1024**2)
    made = {
        "bomb": packed({**members, partials: zeros}),
        "bomb in the manifest": packed({**members, "beamcast.json": zeros}),
        "bomb in JSON": packed({**members, "beamcast.json": b"[" * 10_000_000}),
        "climbs": packed({**members, "../../climbed": b"x", "/etc/climbed": b"x", "C:\\climbed": b"x"}),
        "many members": packed({**members, **{f"x/{number}": b"" for number in range(20_000)}}),
        "empty": packed({}),
        "in itself": packed({"beamcast.json": proposal, "proposal.zip": proposal}),
        "directory only": proposal[proposal.rindex(b"PK\1\2") :],
        "end only": proposal[proposal.rindex(b"PK\5\6") :],
        "sizes that lie": _in_directory(proposal, 24, b"\xff\xff\xff\x7f"),
        "sizes of nothing": _in_directory(proposal, 24, bytes(4)),
        "encrypted": _in_directory(proposal, 8, b"\1\0"),
        "unknown packing": _in_directory(proposal, 10, b"\x63\0"),
        "all at one place": _in_directory(proposal, 42, bytes(4)),
    }
    quoted = zlib.compress(zeros, 9)
    made["packed twice"] = packed({**members, partials: quoted})
    for content in made.values():
        yield File(PROPOSALS, "proposal.zip", content)


def _in_directory(archive: bytes, offset: int, value: bytes) -> bytes:
    """Return an archive with the same bytes at one place of each entry of its directory."""
    changed = bytearray(archive)
    for entry in re.finditer(rb"PK\x01\x02", archive):
        changed[entry.start() + offset : entry.start() + offset + len(value)] = value
    return bytes(changed)


def hdf5s() -> Iterator[File]:
    """Yield HDF5 files that are built to harm, under the name of each format."""

    def links(root: Any) -> None:
        root["one"], root["two"] = h5py.SoftLink("/two"), h5py.SoftLink("/one")
        root["reduced"] = h5py.ExternalLink("/etc/passwd", "/")
        root["mantid_workspace_1"] = h5py.ExternalLink("/proc/self/mem", "/x")
        root["data"] = h5py.SoftLink("/")

    def cycles(root: Any) -> None:
        group = root.create_group("reduced")
        group["again"] = group
        group["up"] = root["/"]
        root["mantid_workspace_1"] = group

    def deep(root: Any) -> None:
        for _ in range(2000):
            root = root.create_group("g")

    def wide(root: Any) -> None:
        for number in range(5000):
            root.create_group(f"entry{number}").attrs["NX_class"] = np.bytes_("NXentry")

    def bomb(root: Any) -> None:
        group = root.create_group("reduced/data")
        for name in ("data", "error", "energy", "polar"):
            group.create_dataset(name, (2**17, 2**13), dtype="f8", chunks=(2**9, 2**9), compression="gzip", fillvalue=1)
        root["reduced/definition"] = np.array([b"NXSPE"])

    def elsewhere(root: Any) -> None:
        group = root.create_group("reduced/data")
        group.create_dataset("data", (64,), dtype="u1", external=[("/etc/passwd", 0, 64)])
        layout = h5py.VirtualLayout(shape=(64,), dtype="u1")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(64,))
        group.create_virtual_dataset("error", layout)
        root["reduced/definition"] = np.array([b"NXSPE"])

    for build in (links, cycles, deep, wide, bomb, elsewhere):
        content = datasets_hdf5.file_of(build)
        for name in ("a.nxspe", "a.nxs", "a.h5"):
            yield File(PREVIEW, name, content)


def texts() -> Iterator[File]:
    """Yield texts that are built to harm."""
    cif = examples.catalogue()["silicon"].content
    cases = {
        "a.cif": (
            *(
                b"data_x\n" * 200_000,
                b"loop_\n" + b"_a\n" * 100_000,
                b"data_x\n;" + b"x" * 5_000_000,
                b"data_x\n_a '" * 9,
            ),
            *(cif.replace(b"5.43", b"5e-300"), re.sub(rb"_cell_angle_alpha .*", b"_cell_angle_alpha 0", cif)),
            cif + b"loop_\n_symmetry_equiv_pos_as_xyz\n" + b"'x+x+x+x+x+x,y*y,z/0'\n" * 50_000,
            cif + b"loop_\n_atom_site_label\n_atom_site_fract_x\n" + b"Si1 0.1\n" * 200_000,
        ),
        "POSCAR": (b"x\n1\n1 0 0\n0 1 0\n0 0 1\nSi\n99999999999\nDirect\n0 0 0\n", b"x\n" * 100_000, b"x\n1e308\n" * 9),
        "a.xyz": (
            b'999999999\nLattice="1 0 0 0 1 0 0 0 1"\nSi 0 0 0\n',
            b'1\nLattice="' + b"1 " * 500_000 + b'"\nSi 0 0 0\n',
        ),
        "a.cell": (b"%BLOCK LATTICE_CART\n" * 100_000, b"%BLOCK POSITIONS_FRAC\n" + b"Si 0 0 0\n" * 200_000),
        "a.gen": (b"999999999 F\nSi\n1 1 0 0 0\n", b"1 S\n" + b"Si " * 200_000),
        "a.xsf": (b"CRYSTAL\nPRIMVEC\n" * 50_000, b"ANIMSTEPS 999999999\nCRYSTAL\n"),
    }
    for name, contents in cases.items():
        for content in contents:
            yield File(STRUCTURES, name, content)
    tables = (
        *(
            b"1 " * 2_000_000,
            b"1,2\n" * 1_000_000,
            (b"," * 10_000 + b"\n") * 100,
            b'"' * 1_000_000,
            b"1e999,1e999\n" * 9,
        ),
        *(b"energy,intensity\n" * 50_000, b"#" * 3_000_000, b"##TITLE=x\n##XYDATA=(X++(Y..Y))\n" + b"1%" * 500_000),
        *(b"##TITLE=x\n##NPOINTS=999999999\n##XYDATA=(X++(Y..Y))\n1 s9s9s9s9\n", b"# " + b"x: " * 500_000),
    )
    for content in tables:
        yield File(PREVIEW, "a.csv", content)
    for text in (b"nep4 1 Si\ncutoff 1e9 1e9\n", b"nep4 99999999 Si\n", nep_text(extra=200_000).encode()):
        yield File(POTENTIALS, "nep.txt", text)
    header = struct.pack("<8sB", b"\x89HDF\r\n\x1a\n", 255)
    yield File(DATA, "a.h5", header * 1000)
