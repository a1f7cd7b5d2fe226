"""Cache of spectra: a slider usually changes one of several curves of a figure."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

SpectrumT = TypeVar("SpectrumT")

MAX_VIEWS = 16
"""Number of spectra kept for each partials; one is about a megabyte."""


class SpectraCache:
    """The newest spectra of each partials, by a key of the view. Safe to use from many threads.

    The spectra are deleted with their partials, and so must not refer to them.
    """

    def __init__(self, max_views: int = MAX_VIEWS) -> None:
        self._max_views = max_views
        self._futures: WeakKeyDictionary[Any, OrderedDict[str, Future[Any]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self, partials: object, key: str, observe: Callable[[], SpectrumT]) -> SpectrumT:
        """Return the spectrum of a view; call `observe` if it is new, wait if another thread is calculating it.

        A page requests its map and its spectra at the same time, with the same view.
        """
        with self._lock:
            views = self._futures.setdefault(partials, OrderedDict())
            future = views.get(key)
            first = future is None
            if future is None:
                future = views[key] = Future()
                if len(views) > self._max_views:
                    views.popitem(last=False)
            else:
                views.move_to_end(key)
        if first:
            try:
                future.set_result(observe())
            except BaseException as error:
                with self._lock:
                    views.pop(key, None)
                future.set_exception(error)
        return cast(SpectrumT, future.result())
