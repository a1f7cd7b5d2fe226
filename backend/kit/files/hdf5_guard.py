"""Reading of untrusted HDF5: only numbers and strings, at paths that a format names.

HDF5 can refer to other files (external links, external storage, virtual datasets), load code (filter plugins), declare
sizes that it does not have, and contain cycles. A measurement needs none of these. Readers therefore never walk through
a file. They ask for paths; each step of a path is checked before it is taken, and the layout, type and size of a
dataset before it is read. A file that still crashes HDF5 only ends a confined process (`backend.kit.files.confined`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5pl, h5s, h5t, h5z
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

SIGNATURE = b"\x89HDF\r\n\x1a\n"
HDF4_SIGNATURE = b"\x0e\x03\x13\x01"
MAX_VALUES = 2_000_000
"""Default limit of one array."""
MAX_CHUNK_BYTES = 64 * 1024**2
"""A chunk is always unpacked as a whole."""
MAX_TEXT_BYTES = 1024**2
MAX_ENTRIES = 2_000
"""Members of a group, for groups that are listed."""
MAX_SOFT_LINKS = 8
FILTERS = frozenset({h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF})
"""Built-in filters that writers of these formats use."""

Group = Any
"""An open group: `h5py` has no types."""

P = ParamSpec("P")
R = TypeVar("R")


def is_hdf5(content: bytes) -> bool:
    """Return whether bytes start an HDF5 file, possibly after a user block."""
    return any(content.startswith(SIGNATURE, at) for at in (0, 512, 1024, 2048))


def _refuse_damage(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that errors of HDF5 about a damaged file become `Unreadable`."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Unreadable:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise Unreadable(Notice("damaged_hdf5")) from error

    return guarded


@contextmanager
def open_hdf5(content: bytes) -> Iterator[Group]:
    """Yield the root group of a file in memory, read-only.

    Raises
    ------
    Unreadable
        The file is not HDF5, or is damaged.
    """
    if content.startswith(HDF4_SIGNATURE):
        raise Unreadable(Notice("hdf4_file"))
    if not is_hdf5(content):
        raise Unreadable(Notice("not_hdf5"))
    _disable_plugins()
    file = _open_image(content)
    try:
        yield _root(file)
    finally:
        file.close()


def _disable_plugins() -> None:
    """Remove all folders from which HDF5 loads filters; none is needed here."""
    while h5pl.size():
        h5pl.remove(0)


@_refuse_damage
def _open_image(content: bytes) -> Any:
    return h5f.open_file_image(content)


@_refuse_damage
def _root(file: Any) -> Group:
    return h5g.open(file, b"/")


@_refuse_damage
def names(group: Group) -> list[str]:
    """Return the names of the members of a group.

    Raises
    ------
    Unreadable
        The group has too many members.
    """
    if group.get_num_objs() > MAX_ENTRIES:
        raise Unreadable(Notice("too_many_hdf5_members", {"max_members": MAX_ENTRIES}))
    return [name.decode("utf-8", "replace") for name in group]


@_refuse_damage
def group_at(parent: Group, path: str) -> Group | None:
    """Return the group at a path; None if there is none."""
    found = _at(parent, path)
    return found if isinstance(found, h5g.GroupID) else None


@_refuse_damage
def shape_of(parent: Group, path: str) -> tuple[int, ...] | None:
    """Return the shape of the dataset at a path, without a check of its values; None if there is no dataset."""
    found = _at(parent, path)
    return _shape(found, path) if isinstance(found, h5d.DatasetID) else None


@_refuse_damage
def number_array(parent: Group, path: str, *, max_values: int = MAX_VALUES) -> NDArray[np.float64] | None:
    """Return the numbers of the dataset at a path, in its shape; None if there is no dataset.

    Raises
    ------
    Unreadable
        The values are not plain numbers, too many, in another file, or compressed with an unknown filter.
    """
    dataset = _at(parent, path)
    if not isinstance(dataset, h5d.DatasetID):
        return None
    if not has_plain_numbers(dataset):
        raise Unreadable(Notice("hdf5_not_numbers", {"path": path}))
    shape = _shape(dataset, path)
    count = math.prod(shape)
    if count > max_values:
        raise Unreadable(Notice("too_many_hdf5_values", {"path": path, "n_values": count, "max_values": max_values}))
    _check_storage(dataset, path, count)
    values = np.empty(shape, dtype=np.float64)
    if count:
        dataset.read(h5s.ALL, h5s.ALL, values)
    return values


def has_plain_numbers(dataset: Any) -> bool:
    """Return whether a dataset has integers or floats of at most 64 bits."""
    kind = dataset.get_type()
    return kind.get_class() in (h5t.INTEGER, h5t.FLOAT) and kind.get_size() <= 8


@_refuse_damage
def checked_storage(parent: Group, path: str) -> Any:
    """Return the dataset at a path after a check of its storage and compression; None if there is no dataset.

    Raises
    ------
    Unreadable
        The values are in another file, or compressed with an unknown filter.
    """
    dataset = _at(parent, path)
    if not isinstance(dataset, h5d.DatasetID):
        return None
    _check_storage(dataset, path, math.prod(_shape(dataset, path)))
    return dataset


@_refuse_damage
def text(parent: Group, path: str, *, max_bytes: int = MAX_TEXT_BYTES) -> str | None:
    """Return the text of the dataset at a path, a string or an array of bytes; None if there is none, or too much."""
    dataset = _at(parent, path)
    if not isinstance(dataset, h5d.DatasetID):
        return None
    kind, shape = dataset.get_type(), _shape(dataset, path)
    characters = kind.get_class() == h5t.INTEGER and kind.get_size() == 1 and len(shape) == 1
    string = kind.get_class() == h5t.STRING and math.prod(shape) == 1
    if not (characters or string) or math.prod(shape) * kind.get_size() > max_bytes:
        return None
    _check_storage(dataset, path, math.prod(shape))
    return _decoded(h5py.Dataset(dataset)[()], max_bytes)


@_refuse_damage
def attribute(parent: Group, path: str, name: str) -> str | None:
    """Return an attribute, a single string, of the object at a path; None if there is none."""
    found = _at(parent, path)
    if found is None or not h5a.exists(found, name.encode()):
        return None
    opened_attribute = h5a.open(found, name.encode())
    kind = opened_attribute.get_type()
    space = opened_attribute.get_space()
    if kind.get_class() != h5t.STRING or kind.get_size() > MAX_TEXT_BYTES or space.get_simple_extent_npoints() != 1:
        return None
    value = np.empty(opened_attribute.shape, dtype=opened_attribute.dtype)
    opened_attribute.read(value)
    return _decoded(value, MAX_TEXT_BYTES)


@_refuse_damage
def number_attribute(parent: Group, path: str, name: str) -> float | None:
    """Return an attribute, a single finite number, of the object at a path; None if there is none."""
    found = _at(parent, path)
    if found is None or not h5a.exists(found, name.encode()):
        return None
    opened_attribute = h5a.open(found, name.encode())
    kind = opened_attribute.get_type()
    if kind.get_class() not in (h5t.INTEGER, h5t.FLOAT) or kind.get_size() > 8:
        return None
    if opened_attribute.get_space().get_simple_extent_npoints() != 1:
        return None
    value = np.empty(opened_attribute.shape, dtype=opened_attribute.dtype)
    opened_attribute.read(value)
    number_ = float(value.item())
    return number_ if math.isfinite(number_) else None


@_refuse_damage
def number(parent: Group, path: str) -> float | None:
    """Return the single finite number at a path, 0 or 1 for a truth value; None if there is none."""
    dataset = _at(parent, path)
    if not isinstance(dataset, h5d.DatasetID) or math.prod(_shape(dataset, path)) != 1:
        return None
    kind = dataset.get_type()
    if kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM) or kind.get_size() > 8:
        return None
    _check_storage(dataset, path, 1)
    value = float(np.asarray(h5py.Dataset(dataset)[()]).item())
    return value if math.isfinite(value) else None


def _at(parent: Group, path: str, soft_links: int = 0) -> Any:
    """Return the object at a path; links are checked before they are followed. None if there is none."""
    here = parent
    for step in (part.encode() for part in path.split("/") if part not in ("", ".")):
        if not isinstance(here, h5g.GroupID) or not here.links.exists(step):
            return None
        link = here.links.get_info(step).type
        if link == h5l.TYPE_SOFT:
            if soft_links >= MAX_SOFT_LINKS:
                raise Unreadable(Notice("hdf5_link_cycle", {"path": path}))
            target = here.links.get_val(step).decode("utf-8", "replace")
            start = h5g.open(_file_of(here), b"/") if target.startswith("/") else here
            here = _at(start, target, soft_links + 1)
            if here is None:
                return None
        elif link == h5l.TYPE_HARD:
            here = h5o.open(here, step)
        else:
            raise Unreadable(Notice("hdf5_link_to_other_file", {"path": path}))
    return here


def _file_of(member: Any) -> Any:
    """Return the open file that contains an object."""
    return h5py.h5i.get_file_id(member)


def _shape(dataset: Any, path: str) -> tuple[int, ...]:
    """Return the shape of a dataset, and refuse one whose values are in other files."""
    # Before the extent is read: HDF5 opens the source files to find the extent of a virtual dataset
    if dataset.get_create_plist().get_layout() == h5d.VIRTUAL:
        raise Unreadable(Notice("hdf5_virtual_dataset", {"path": path}))
    space = dataset.get_space()
    if space.get_simple_extent_type() == h5s.NULL:
        raise Unreadable(Notice("hdf5_empty_dataset", {"path": path}))
    return tuple(int(length) for length in space.get_simple_extent_dims())


def _check_storage(dataset: Any, path: str, count: int) -> None:
    """Refuse values that are in another file, missing, too large when decompressed, or need a filter plugin."""
    layout = dataset.get_create_plist()
    if layout.get_external_count():
        raise Unreadable(Notice("hdf5_values_in_other_file", {"path": path}))
    if count and not dataset.get_storage_size():
        raise Unreadable(Notice("hdf5_without_values", {"path": path, "n_values": count}))
    if layout.get_layout() == h5d.CHUNKED:
        if math.prod(layout.get_chunk()) * dataset.get_type().get_size() > MAX_CHUNK_BYTES:
            raise Unreadable(Notice("hdf5_chunks_too_large", {"path": path}))
        for index in range(layout.get_nfilters()):
            code = layout.get_filter(index)[0]
            if code not in FILTERS:
                raise Unreadable(Notice("hdf5_filter_not_read", {"path": path, "filter": code}))


def _decoded(value: Any, max_bytes: int) -> str | None:
    """Return a string value of h5py as text, without characters that cannot be printed."""
    if isinstance(value, np.ndarray):
        value = value.tobytes() if value.dtype.kind in "iu" else value.reshape(-1)[0]
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if not isinstance(value, bytes) or len(value) > max_bytes:
        return None
    value = value.split(b"\0", 1)[0]
    try:
        words = value.decode("utf-8")
    except UnicodeDecodeError:
        words = value.decode("latin-1")
    return "".join(letter for letter in words if letter.isprintable() or letter in "\n\t").strip()
