"""The error that readers of untrusted files raise."""

from __future__ import annotations

from scattering.core.notices import Notice


class Unreadable(ValueError):
    """The file is not of the stated kind, or contains nothing usable; `notice` says what is wrong."""

    def __init__(self, wrong: Notice | str) -> None:
        self.notice = wrong if isinstance(wrong, Notice) else Notice("text", {"text": wrong})
        super().__init__(wrong if isinstance(wrong, str) else f"{wrong.code} {dict(wrong.params)}")
