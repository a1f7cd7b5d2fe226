"""Reading of untrusted YAML: mappings, lists, numbers and texts, built of the events of the parser.

A tag can name a Python object to make, an alias can repeat a part a million times, and brackets can be nested until the
stack of a loader ends. Each is refused at its event, before anything is made of it; no loader of PyYAML is used.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from backend.kit.files import parsed_notices
from backend.sources.formats.reading import Refused
from scattering.core.notices import Notice

MAX_DEPTH: Final = 40
WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
"""Plain scalars, lower case, that are no numbers."""

_START: Final = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_END: Final = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


def load(data: bytes, file_name: str) -> Any:
    """Return the first document.

    Raises
    ------
    Refused
        It has a tag or an alias, is nested too deeply, or is not YAML.
    """
    try:
        return _build(data, file_name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = parsed_notices.printable(str(error), 200)
        raise Refused(Notice("incomplete_file", {"file": file_name, "reason": reason})) from error


def _build(data: bytes, file_name: str) -> Any:
    document: list[Any] = []
    open_parts: list[list[Any]] = [document]
    for event in yaml.parse(data, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent):
            _check(event, file_name)
            open_parts[-1].append(_value(event))
        elif isinstance(event, _START):
            _check(event, file_name)
            if len(open_parts) > MAX_DEPTH:
                raise Refused(Notice("nested_too_deep", {"file": file_name, "max_depth": MAX_DEPTH}))
            open_parts.append([])
        elif isinstance(event, _END):
            part = open_parts.pop()
            open_parts[-1].append(part if isinstance(event, yaml.SequenceEndEvent) else _mapping(part, file_name))
        elif isinstance(event, yaml.AliasEvent):
            raise _unsafe(file_name, event, f"*{event.anchor}")
        elif isinstance(event, yaml.DocumentEndEvent):
            break
    return document[0] if document else None


def _check(event: Any, file_name: str) -> None:
    if event.tag is not None:
        raise _unsafe(file_name, event, event.tag)


def _unsafe(file_name: str, event: yaml.Event, found: str) -> Refused:
    line = event.start_mark.line + 1 if event.start_mark is not None else 0
    params = {"file": file_name, "line": line, "found": parsed_notices.printable(found, 80)}
    return Refused(Notice("unsafe_yaml", params))


def _mapping(parts: list[Any], file_name: str) -> dict[Any, Any]:
    keys = parts[::2]
    if any(isinstance(key, list | dict) for key in keys):
        raise Refused(Notice("incomplete_file", {"file": file_name, "reason": "a key is not a text"}))
    return dict(zip(keys, parts[1::2], strict=True))


def _value(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text[:1] in "+-.0123456789" and text:
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    return WORDS.get(text.lower(), text)
