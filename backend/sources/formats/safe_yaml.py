"""Reading of untrusted YAML: mappings, lists, numbers and texts, built of the events of the parser.

A tag can name a Python object to make, an alias can repeat a part a million times, and brackets can be nested until the
stack of a loader ends. Each is refused at its event, before anything is made of it; no loader of PyYAML is used.
Long tables of numbers do not pass through the parser (`number_tables`).
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from backend.kit.files import parsed_notices
from backend.sources.formats.number_tables import Tables, take_tables
from backend.sources.formats.reading import Refused
from scattering.core.notices import Notice

MAX_DEPTH: Final = 40
WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
"""Plain scalars, lower case, that are no numbers."""
NUMBER_STARTS: Final = frozenset("+-.0123456789")


def load(data: bytes, file_name: str) -> Any:
    """Return the first document; long tables of numbers in it are arrays.

    Raises
    ------
    Refused
        It has a tag or an alias, is nested too deeply, or is not YAML.
    """
    try:
        return _build(*take_tables(data), file_name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = parsed_notices.printable(str(error), 200)
        raise Refused(Notice("incomplete_file", {"file": file_name, "reason": reason})) from error


def _build(data: bytes, tables: Tables, file_name: str) -> Any:
    document: list[Any] = []
    open_parts: list[list[Any]] = [document]
    # Only the part of the loader that makes events; a file has a million of them
    parser: Any = yaml.CSafeLoader(data)
    try:
        while (event := parser.get_event()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if event.tag is not None:
                    raise _unsafe(file_name, event, event.tag)
                if event.value in tables:
                    open_parts[-1].append(tables[event.value])
                else:
                    open_parts[-1].append(_value(event.value) if event.implicit[0] else event.value)
            elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
                if event.tag is not None:
                    raise _unsafe(file_name, event, event.tag)
                if len(open_parts) > MAX_DEPTH:
                    raise Refused(Notice("nested_too_deep", {"file": file_name, "max_depth": MAX_DEPTH}))
                open_parts.append([])
            elif kind is yaml.SequenceEndEvent:
                part = open_parts.pop()
                open_parts[-1].append(part)
            elif kind is yaml.MappingEndEvent:
                part = open_parts.pop()
                open_parts[-1].append(_mapping(part, file_name))
            elif kind is yaml.AliasEvent:
                raise _unsafe(file_name, event, f"*{event.anchor}")
            elif kind is yaml.DocumentEndEvent:
                break
    finally:
        parser.dispose()
    return document[0] if document else None


def _unsafe(file_name: str, event: yaml.Event, found: str) -> Refused:
    line = event.start_mark.line + 1 if event.start_mark is not None else 0
    params = {"file": file_name, "line": line, "found": parsed_notices.printable(found, 80)}
    return Refused(Notice("unsafe_yaml", params))


def _mapping(parts: list[Any], file_name: str) -> dict[Any, Any]:
    keys = parts[::2]
    if any(isinstance(key, list | dict) for key in keys):
        raise Refused(Notice("incomplete_file", {"file": file_name, "reason": "a key is not a text"}))
    return dict(zip(keys, parts[1::2], strict=True))


def _value(text: str) -> Any:
    """Return the number, the truth value or the text that a plain scalar stands for."""
    if text[:1] in NUMBER_STARTS:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text
    return WORDS.get(text.lower(), text)
