"""Samplings of reciprocal space, each with its file of partials, its spectra and their file formats.

`scattering.observe.spectrum` is imported at the first use, since that takes a second.
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
    from scattering.observe.view import PathView, View


@dataclass(frozen=True)
class Observation:
    """Layout, observation and writers of one sampling.

    Attributes
    ----------
    layout
        Layout of the file of partials.
    observe
        Function of partials and view that returns the spectrum.
    writers
        Media type → writer of a spectrum.
    comparable
        Whether predictions can be compared with measured data, and used to plan beam time.
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
    """Observe a single crystal, with a default cut if the view has none."""
    from scattering.crystal.observe import observe_path

    return observe_path(partials, view, complete_path(partials, view.path))


def complete_path(partials: CrystalPartials, path: PathView | None) -> PathView:
    """Return the choices for a path with a wave vector of the cut: by default the first special point but Γ."""
    from scattering.crystal.path import GAMMA
    from scattering.observe.view import PathView

    path = path or PathView()
    # The intensity at Γ is zero in the first zone and low in others
    other_points = (index for index, label in enumerate(partials.labels) if label not in ("", GAMMA))
    point = path.point if path.point is not None else next(other_points, len(partials.distance) // 2)
    return replace(path, point=point)


_OBSERVATIONS: Final[Mapping[str, Observation]] = {
    "powder": Observation(layouts.POWDER, _observe_powder, powder_formats.WRITERS, comparable=True),
    "path": Observation(layouts.PATH, _observe_path, path_formats.WRITERS, comparable=False),
}
COMPARABLE: Final = tuple(sampling for sampling, one in _OBSERVATIONS.items() if one.comparable)
"""Samplings whose predictions can be compared with measured data."""


def observation(sampling: str) -> Observation:
    """Return layout, observation and writers of a sampling.

    Raises
    ------
    KeyError
        The sampling is unknown.
    """
    return _OBSERVATIONS[sampling]
