"""Looking at a prediction: its partials, through an instrument.

`scattering.observe.spectrum` takes a second to import, so this waits until somebody looks; the server warms it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra_cache import SpectraCache
from backend.predictions.schemas import PathViewIn, ViewIn
from backend.predictions.tables import Prediction

if TYPE_CHECKING:
    from scattering.crystal.view import PathSpectrum
    from scattering.observe.spectrum import Spectrum, View

PATH_ALONE = "This prediction is of a single crystal along a path; look at it without powders beside it."
_lately = SpectraCache()


def observe_prediction(settings: Settings, cache: PartialsCache, prediction: Prediction, view: ViewIn) -> Spectrum:
    """What an instrument would record of a succeeded prediction of a powder.

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
    return _lately.get(partials, _asked(view), lambda: observe(partials, as_view(view)))


def observe_path_prediction(
    settings: Settings, cache: PartialsCache, prediction: Prediction, view: ViewIn
) -> PathSpectrum:
    """What an instrument would record of a succeeded prediction along a path; it is cut somewhere, if not asked where.

    Raises
    ------
    ScatteringError
        The view asks for something that cannot be.
    """
    from backend.observing.crystal_file import read_crystal_partials
    from scattering.crystal.observe import observe_path
    from scattering.crystal.path import GAMMA
    from scattering.crystal.view import PathView

    partials = cache.read(settings.partials_path(prediction.id), read_crystal_partials)
    path = view.path or PathViewIn()
    # Nothing is to be seen at Γ of the first zone, and little else at Γ of any
    elsewhere = (index for index, label in enumerate(partials.labels) if label not in ("", GAMMA))
    point = path.point if path.point is not None else next(elsewhere, len(partials.distance) // 2)
    asked = PathView(**{**path.model_dump(), "point": point})
    return _lately.get(partials, _asked(view), lambda: observe_path(partials, as_view(view), asked))


def _asked(view: ViewIn) -> str:
    # Only what a view holds: where it stands among others, and under which name, changes nothing.
    return view.model_dump_json(include=set(ViewIn.model_fields))


def as_view(body: ViewIn) -> View:
    """The physics' own form of a view."""
    from scattering.observe.spectrum import EnergyGrid, View

    grid, q_range = body.energy_mev, body.q_inv_angstrom
    return View(
        instrument=body.instrument,
        settings=body.settings,
        isotopes=body.isotopes,
        contribution=body.contribution,
        quantum_correction=body.quantum_correction,
        energy_scale=body.energy_scale,
        energy_mev=EnergyGrid(grid.min, grid.max, grid.step) if grid else None,
        order=body.order,
        per_order=body.per_order,
        elastic=body.elastic,
        kf_over_ki=body.kf_over_ki,
        q_range=(q_range.min, q_range.max) if q_range else None,
        probe=body.probe,
        fwhm_mev=body.fwhm_mev,
    )
