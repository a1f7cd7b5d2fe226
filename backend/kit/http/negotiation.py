"""Content negotiation by the `Accept` header (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kit.http.errors import NotAcceptable
from scattering.core.notices import Notice


def choose(accept: str | None, offered: Sequence[str]) -> str:
    """Return the offered media type that the client prefers; between equal ones the first.

    Raises
    ------
    NotAcceptable
        The client accepts none of them.
    """
    wanted = [_parse(item) for item in (accept or "*/*").split(",") if item.strip()]
    quality, best = max(((_quality(media_type, wanted), media_type) for media_type in offered), key=lambda x: x[0])
    if quality == 0:
        raise NotAcceptable(Notice("formats_available", {"formats": list(offered)}))
    return best


def _parse(item: str) -> tuple[str, float]:
    media_range, *parameters = (part.strip() for part in item.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return media_range.lower(), quality


def _quality(media_type: str, wanted: Sequence[tuple[str, float]]) -> float:
    # The most specific matching range decides
    for media_range in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        for candidate, quality in wanted:
            if candidate == media_range:
                return quality
    return 0.0
