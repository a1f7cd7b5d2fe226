"""Text of users in a printable form."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return one line of printable characters."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def clip(text: str, max_characters: int = 60) -> str:
    """Return one line of at most `max_characters`; an ellipsis marks a shortened one."""
    text = one_line(text)
    return text if len(text) <= max_characters else f"{text[: max_characters - 1]}…"
