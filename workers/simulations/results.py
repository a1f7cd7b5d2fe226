"""Files of results that jobs pass on: nested dataclasses and arrays in the npz format, without pickles."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_ARRAY: Final = "array in this file"
_TREE: Final = "tree"


def save(path: Path, value: Any) -> None:
    """Write a dataclass, mapping or sequence of arrays and JSON values.

    Raises
    ------
    OSError
        The disk is full.
    """
    arrays = dict[str, NDArray[Any]]()
    tree = json.dumps(_plain(value, arrays))
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_TREE: np.array(tree)}, **arrays)


def load(path: Path) -> Any:
    """Read a file of `save`: dataclasses become mappings, tuples become lists."""
    with np.load(path, allow_pickle=False) as file:
        return _rich(json.loads(str(file[_TREE])), file)


def _plain(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(one, arrays) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one, arrays) for one in value]
    return value


def _rich(tree: Any, arrays: Any) -> Any:
    if isinstance(tree, dict):
        return arrays[tree[_ARRAY]] if _ARRAY in tree else {key: _rich(one, arrays) for key, one in tree.items()}
    if isinstance(tree, list):
        return [_rich(one, arrays) for one in tree]
    return tree
