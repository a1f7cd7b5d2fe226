"""Looking into layouts without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def walk(layout: Any) -> Iterator[Component]:
    """Every component of a layout, also those that stand in other properties than `children`."""
    if isinstance(layout, Component):
        yield layout
        for name in layout._prop_names:
            yield from walk(getattr(layout, name, None))
    elif isinstance(layout, list | tuple):
        for item in layout:
            yield from walk(item)


def by_id(layout: Any, id: Any) -> Component:
    """The one component with an id."""
    found = [component for component in walk(layout) if getattr(component, "id", None) == id]
    assert len(found) == 1, f"{id}: {len(found)} found"
    return found[0]


def text(layout: Any) -> str:
    """What a reader sees, joined."""
    if isinstance(layout, Component):
        return text(getattr(layout, "children", None)) + text(getattr(layout, "title", None) or "")
    if isinstance(layout, list | tuple):
        return "".join(text(item) for item in layout)
    return "" if layout is None else str(layout)
