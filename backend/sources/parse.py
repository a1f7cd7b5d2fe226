"""Read the files of a source in a confined process (`kit.files.confined`), and write its contents as JSON.

A parser that loops, fills the memory or crashes ends only that process.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypedDict

import numpy as np
from ase.data import atomic_numbers

from backend.kit.files import confined, parsed_notices
from backend.kit.files.unreadable import Unreadable
from backend.sources.checks import find_doubts
from backend.sources.dipole_checks import fit_dipoles
from backend.sources.encoding import encode, encode_array
from backend.sources.formats import load_readers, recognise
from backend.sources.formats.reading import (
    NeedsFields,
    Reading,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    refusing_damage,
)
from backend.sources.formats.trajectories.survey import FrameSink, TrajectoryReading
from backend.sources.phonon_facts import facts_of_constants, facts_of_modes
from backend.sources.stated_dipoles import add_dipoles
from backend.sources.streaming import FrameWriter
from backend.structures.formats.masses import isotope_of_mass
from backend.structures.formats.reading import Reading as StructureReading
from backend.structures.geometry import StructureData
from backend.structures.parse import contents_of
from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.options.base import ATOM_STEPS_PER_SECOND
from scattering.options.case import Case
from scattering.options.registry import find_kind
from scattering.options.temperature import DEFAULT_TEMPERATURE_K

# Once, and not in the child of each file
load_readers()

MEMORY_BYTES = 3 * 1024**3
NOTHING_KNOWN: dict[str, Any] = {
    "structure": None,
    "facts": None,
    "trajectory": None,
    "program": {},
    "notices": [],
    "phonons": None,
}


Kept = Literal["nothing", "phonons", "all"]
"""The data that an answer has beside facts: none, phonons alone, or the frames of a trajectory too."""


class Request(TypedDict):
    """Names of the uploaded files, in the order of `confined.inputs`, and the statements of the user about them."""

    file_names: list[str]
    format: str | None
    statements: Statements
    keep: Kept
    max_trajectory_bytes: int


def main(arguments: list[str] | None = None) -> None:
    """Read the input files and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--request", type=json.loads, required=True)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        if options.request["keep"] != "all":
            answer.write(as_json(options.request))
            return
        writer = FrameWriter(answer.buffer)
        writer.contents(as_json(options.request, writer))


def as_json(request: Request, frames: FrameWriter | None = None) -> str:
    """Return the result of `parse`, or its refusal as a notice, `error`, with the field that it concerns, `loc`."""
    places = confined.inputs(len(request["file_names"]))
    files = [UploadedFile(name, place) for name, place in zip(request["file_names"], places, strict=True)]
    try:
        return json.dumps(parse(files, request, frames), allow_nan=False)
    except Unreadable as error:
        (notice,) = parsed_notices.to_json([error.notice])
        return json.dumps({"error": notice, "loc": error.loc if isinstance(error, Refused) else "files"})


def parse(files: Sequence[UploadedFile], request: Request, frames: FrameWriter | None = None) -> dict[str, Any]:
    """Return `format`, `kind`, `recognised`, `needs`, `structure`, facts, `program`, `notices`, and data to be kept.

    Facts are `facts` of phonons, or `trajectory`. The data are `phonons`, in whichever of their forms (`encoding`). The
    frames of a trajectory go to `frames`, and `first` has the positions of the first one.

    Where the user must state something first, `needs` names it, and nothing else is known.

    Raises
    ------
    Unreadable
        The files have no usable phonons.
    """
    recognised = recognise(files, request["format"])
    answer: dict[str, Any] = {
        "format": recognised.format.name,
        "kind": recognised.format.kind,
        "recognised": recognised.to_json(),
        "needs": [],
        **NOTHING_KNOWN,
    }
    statements, with_frames = request["statements"], request["keep"] == "all"
    try:
        if recognised.format.survey is not None:
            _check_trajectory_size(files, request["max_trajectory_bytes"])
        reading = recognised.read(statements, keep=_sink(recognised.main, frames) if with_frames else False)
    except NeedsFields as error:
        return answer | {"needs": [_need(one) for one in error.needs]}
    with refusing_damage(files[0]):
        if isinstance(reading, TrajectoryReading):
            return answer | _trajectory_contents(reading, keep=with_frames)
        return answer | _contents(reading, statements, keep=request["keep"] != "nothing")


def _sink(file: UploadedFile, frames: FrameWriter | None) -> FrameSink:
    """Return the function that passes frames on, and how much of their file is read."""
    assert frames is not None
    return lambda moved: frames.frame(moved, file.share_read)


def _need(need: Any) -> dict[str, Any]:
    (why,) = parsed_notices.to_json([need.why])
    return {"field": need.field, "why": why, "choices": dict(need.choices)}


def _contents(reading: Reading, statements: Statements, *, keep: bool) -> dict[str, Any]:
    structure = contents_of(StructureReading(_structure(reading.unit_cell)))
    crystal = reading.crystal
    if crystal is None:
        assert reading.modes is not None
        if "born_charges" in statements or "dielectric" in statements:
            raise Refused(Notice("dipoles_of_modes"), "born_charges")
        facts, doubts = facts_of_modes(reading.modes)
        phonons: Any = reading.modes
    else:
        if np.linalg.det(crystal.uploaded_cell) < 0:
            # Structures are right-handed: −a, −b, −c
            crystal = replace(crystal, uploaded_cell=-crystal.uploaded_cell)
        crystal, of_dipoles = add_dipoles(crystal, statements)
        crystal, changes = fit_dipoles(crystal, loc="born_charges" if "born_charges" in statements else "files")
        facts, doubts = facts_of_constants(crystal)
        doubts = [*of_dipoles, *changes, *find_doubts(crystal, unsymmetrised=reading.unsymmetrised), *doubts]
        phonons = crystal
    return {
        "structure": structure,
        "facts": facts,
        "program": reading.program.to_json(),
        "notices": parsed_notices.to_json([*reading.notices, *doubts]),
        "phonons": encode(phonons) if keep else None,
    }


def _check_trajectory_size(files: Sequence[UploadedFile], maximum: int) -> None:
    n_bytes = sum(file.path.stat().st_size for file in files)
    if n_bytes > maximum:
        sizes = {"n_found": n_bytes // 2**20, "maximum": maximum // 2**20}
        raise Refused(Notice("too_large", {"quantity": "trajectory_mib", **sizes}))


def _trajectory_contents(reading: TrajectoryReading, *, keep: bool) -> dict[str, Any]:
    structure = contents_of(StructureReading(_structure(reading.unit_cell)))
    return {
        "structure": structure,
        "trajectory": {**reading.facts, "analysis_s": _analysis_seconds(reading)},
        "program": reading.program.to_json(),
        "notices": parsed_notices.to_json(reading.notices),
        "phonons": None if reading.trajectory is None else encode(reading.trajectory),
        "first": encode_array(reading.first) if keep else None,
    }


def _analysis_seconds(reading: TrajectoryReading) -> float | None:
    """Return the estimated duration of the analysis for a powder in s; None if the trajectory is too short for it."""
    cell, facts = reading.unit_cell, reading.facts
    case = Case(
        numbers=np.array([atomic_numbers[symbol] for symbol in cell.symbols]),
        positions=cell.positions,
        cell=cell.cell,
        temperature=DEFAULT_TEMPERATURE_K,
        instruments=(),
        quality="standard",
        engines=("",),
        frames=(facts["n_frames"], facts["frame_interval_fs"]),
        n_beads=facts["n_beads"],
    )
    method = "trpmd" if facts["nuclei"] == "ring_polymer" else "md"
    try:
        options = find_kind(method, "powder", given=True).options.fill({}, case)
    except InvalidOptions:
        return None
    return options.estimate_seconds(n_atoms_cell=len(cell.symbols), atom_steps_per_second=ATOM_STEPS_PER_SECOND)


def _structure(cell: UnitCell) -> StructureData:
    numbers = [atomic_numbers[symbol] for symbol in cell.symbols]
    isotopes = [isotope_of_mass(number, mass) or "" for number, mass in zip(numbers, cell.masses, strict=True)]
    try:
        return StructureData(
            numbers=np.array(numbers, dtype=np.int64),
            positions=cell.positions,
            cell=cell.cell,
            pbc=np.ones(3, dtype=np.bool_),
            isotopes=tuple(isotopes) if any(isotopes) else (),
        )
    except ValueError as error:
        raise Refused(Notice("incomplete_file", {"file": "", "reason": str(error)})) from error


if __name__ == "__main__":
    main()
