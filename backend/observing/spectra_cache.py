"""Spectra that were observed lately: of four curves on a page, a slider changes one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

SpectrumT = TypeVar("SpectrumT")

HELD = 16
"""Views kept of each partials; one is about a megabyte."""


class SpectraCache:
    """Views of partials by what they ask, `held` of each. Safe to use from many threads.

    They go when the partials go, and so must not hold these themselves.
    """

    def __init__(self, held: int = HELD) -> None:
        self._most = held
        self._held: WeakKeyDictionary[Any, OrderedDict[str, Future[Any]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self, partials: object, asked: str, observe: Callable[[], SpectrumT]) -> SpectrumT:
        """The spectrum for what is asked. Who asks for one that is just being worked out waits for it.

        A page asks for its map and its spectra at the same time, and both hold the same view.
        """
        with self._lock:
            views = self._held.setdefault(partials, OrderedDict())
            future = views.get(asked)
            first = future is None
            if future is None:
                future = views[asked] = Future()
                if len(views) > self._most:
                    views.popitem(last=False)
            else:
                views.move_to_end(asked)
        if first:
            try:
                future.set_result(observe())
            except BaseException as error:
                with self._lock:
                    views.pop(asked, None)
                future.set_exception(error)
        return cast(SpectrumT, future.result())
