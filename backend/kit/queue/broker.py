"""The embedded broker: kombu's folder of message files, with messages that appear whole.

kombu opens the file and then writes it; a worker that looks in between takes an empty message and stops.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.filesystem import Channel as FolderChannel
from kombu.transport.filesystem import Transport as FolderTransport
from kombu.utils.json import dumps


class Channel(FolderChannel):
    """kombu's channel, but for how a message is put."""

    def _put(self, queue: Any, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu at odds with itself
        folder = Path(self.data_folder_out)
        # Workers take names in their order, and look at those that end in .msg only.
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")  # type: ignore[no-untyped-call]
        os.replace(part, folder / name)


class Transport(FolderTransport):
    """kombu's transport with our channel."""

    Channel = Channel


def install() -> None:
    """Make `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
