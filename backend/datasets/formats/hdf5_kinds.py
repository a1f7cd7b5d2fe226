"""Recognise the format of an HDF5 file, or the reason why it is not supported."""

from __future__ import annotations

import re
from typing import Literal

from backend.kit.files.hdf5_guard import Group, attribute, group_at, is_hdf5, names, shape_of, text
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

Kind = Literal["nxspe", "mantid-nexus", "beamcast-hdf5", "sns-histogram"]

WORKSPACE = re.compile(r"mantid_workspace_(\d{1,6})")


def kind_by_bytes(head: bytes) -> Kind | None:
    """The kind that the names in a file's first bytes show, if any: untrusted HDF5 is not opened for that."""
    # Beamcast's first: its files may say from which others they were made
    if b"beamcast_format" in head:
        return "beamcast-hdf5"
    if b"NXSPE_info" in head:
        return "nxspe"
    if b"mantid_workspace_" in head:
        return "mantid-nexus"
    return "sns-histogram" if b"bin boundaries" in head and b"grid" in head else None


def speaks_for(head: bytes, kind: Kind) -> bool:
    """Whether a file's first bytes are of HDF5 and name this kind, or none, so that the file's name decides."""
    return is_hdf5(head) and kind_by_bytes(head) in (kind, None)


def require(root: Group, wanted: Kind) -> list[str]:
    """Names of the entries of the wanted kind.

    Raises
    ------
    Unreadable
        The file is something else; the text says what it looks like, and what to do.
    """
    members = names(root)
    found = {member: _kind(root, member) for member in members}
    entries = [member for member in members if found[member] == wanted]
    if entries:
        return entries
    for member in members:
        if other := found[member]:
            raise Unreadable(Notice("other_hdf5_format", {"found": other, "expected": wanted}))
    raise Unreadable(_describe_other(root, members))


def _kind(root: Group, member: str) -> Kind | None:
    if WORKSPACE.fullmatch(member):
        return "mantid-nexus"
    if group_at(root, member) is None:
        return None
    if (
        group_at(root, f"{member}/NXSPE_info") is not None
        or (text(root, f"{member}/definition") or "").upper() == "NXSPE"
    ):
        return "nxspe"
    if text(root, f"{member}/about") is not None and any(
        attribute(root, f"{member}/{part}", "signal") == "intensity" for part in ("data", "spectrum", "map")
    ):
        return "beamcast-hdf5"
    if group_at(root, f"{member}/grid") is not None and shape_of(root, f"{member}/data") is not None:
        return "sns-histogram"
    return None


def _describe_other(root: Group, members: list[str]) -> Notice:
    for member in members:
        if group_at(root, member) is None:
            continue
        definition = text(root, f"{member}/definition") or ""
        if shape_of(root, f"{member}/data1/DATA") is not None:
            return Notice("lamp_file")
        if member.startswith(("MDEventWorkspace", "MDHistoWorkspace")):
            return Notice("multidimensional_workspace")
        inside = names(group_at(root, member))
        if (
            member.startswith("raw_data")
            or definition.upper() in ("NXTOFRAW", "NXTOFNPD")
            or any("event" in name for name in inside)
            # Of the ILL
            or {"acquisition_mode", "instrument"} <= set(inside)
        ):
            return Notice("raw_data")
        if definition:
            return Notice("other_nexus_definition", {"definition": definition[:40]})
    return Notice("unknown_hdf5")
