"""What an instrument records of a prediction's partials.

`scattering.observe.spectrum` takes a second to import, so this waits until somebody looks; the server warms it up.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra_cache import SpectraCache
from backend.predictions.tables import Prediction

if TYPE_CHECKING:
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum
    from scattering.observe.view import View

PATH_ALONE = "This prediction is of a single crystal along a path; look at it without powders beside it."
_lately = SpectraCache()


def observe_prediction(settings: Settings, cache: PartialsCache, prediction: Prediction, view: View) -> Spectrum:
    """Return what an instrument records of a succeeded prediction of a powder.

    Raises
    ------
    ScatteringError, Unprocessable
        The view asks for something that cannot be.
    """
    from backend.observing.partials_file import read_partials
    from scattering.observe.spectrum import observe

    if prediction.sampling != "powder" or view.path is not None:
        message = "This prediction is of a powder: it has no path." if prediction.sampling == "powder" else PATH_ALONE
        raise Unprocessable(message, [{"loc": "path", "msg": message}])
    partials = cache.read(settings.partials_path(prediction.id), read_partials)
    return _lately.get(partials, _key(view), lambda: observe(partials, view))


def observe_path_prediction(
    settings: Settings, cache: PartialsCache, prediction: Prediction, view: View
) -> PathSpectrum:
    """Return what an instrument records of a succeeded prediction along a path; a view that names no cut gets one.

    Raises
    ------
    ScatteringError
        The view asks for something that cannot be.
    """
    from backend.observing.crystal_file import read_crystal_partials
    from scattering.crystal.observe import observe_path
    from scattering.crystal.path import GAMMA
    from scattering.observe.view import PathView

    partials = cache.read(settings.partials_path(prediction.id), read_crystal_partials)
    path = view.path or PathView()
    # At Γ of the first zone there is nothing to see, and little at Γ of any other
    elsewhere = (index for index, label in enumerate(partials.labels) if label not in ("", GAMMA))
    point = path.point if path.point is not None else next(elsewhere, len(partials.distance) // 2)
    return _lately.get(partials, _key(view), lambda: observe_path(partials, view, replace(path, point=point)))


def _key(view: View) -> str:
    return json.dumps(asdict(view), sort_keys=True)
