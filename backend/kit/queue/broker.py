"""The embedded broker: kombu's folder of message files, with atomic messages.

kombu opens a file and then writes it; a worker that reads in between gets an empty message and stops.
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
    """kombu's channel, with atomic writing of messages."""

    def _put(self, queue: Any, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu at odds with itself
        folder = Path(self.data_folder_out)
        # Workers read files that end in .msg, in the order of their names
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        part = folder / f"{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")  # type: ignore[no-untyped-call]
        os.replace(part, folder / name)


class Transport(FolderTransport):
    """kombu's transport with our channel."""

    Channel = Channel


def install() -> None:
    """Use this transport for `filesystem://`."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
