"""Samplings of reciprocal space: how partials of each are stored, what instruments record of them, and its files.

`scattering.observe.spectrum` takes a second to import, so this waits until somebody looks; the server warms it up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from backend.kit.http.errors import Unprocessable
from backend.observing import layouts, path_formats, powder_formats
from backend.observing.array_file import Layout
from backend.observing.writing import Writer
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from scattering.core.partials import Partials
    from scattering.crystal.partials import CrystalPartials
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum
    from scattering.observe.view import View


@dataclass(frozen=True)
class Observation:
    """What belongs to one sampling.

    Attributes
    ----------
    layout
        Of the file of partials.
    observe
        Partials, view → spectrum.
    writers
        Media type → what writes a spectrum so.
    comparable
        Whether measured data are compared with such predictions, and beam time is planned by them.
    """

    layout: Layout[Any]
    observe: Callable[[Any, View], Any]
    writers: Mapping[str, Writer[Any]]
    comparable: bool


def _observe_powder(partials: Partials, view: View) -> Spectrum:
    from scattering.observe.spectrum import observe

    if view.path is not None:
        raise Unprocessable.at("path", Notice("path_of_powder"))
    return observe(partials, view)


def _observe_path(partials: CrystalPartials, view: View) -> PathSpectrum:
    """Observe a single crystal; a view that names no cut gets one."""
    from scattering.crystal.observe import observe_path
    from scattering.crystal.path import GAMMA
    from scattering.observe.view import PathView

    path = view.path or PathView()
    # At Γ of the first zone there is nothing to see, and little at Γ of any other
    elsewhere = (index for index, label in enumerate(partials.labels) if label not in ("", GAMMA))
    point = path.point if path.point is not None else next(elsewhere, len(partials.distance) // 2)
    return observe_path(partials, view, replace(path, point=point))


_OBSERVATIONS: Final[Mapping[str, Observation]] = {
    "powder": Observation(layouts.POWDER, _observe_powder, powder_formats.WRITERS, comparable=True),
    "path": Observation(layouts.PATH, _observe_path, path_formats.WRITERS, comparable=False),
}
COMPARABLE: Final = tuple(sampling for sampling, one in _OBSERVATIONS.items() if one.comparable)
"""Samplings whose predictions measured data are compared with."""


def observation(sampling: str) -> Observation:
    """Return what belongs to a sampling.

    Raises
    ------
    KeyError
        There is no such sampling.
    """
    return _OBSERVATIONS[sampling]
