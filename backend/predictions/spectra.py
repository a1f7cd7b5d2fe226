"""Looking at a prediction: its partials, through an instrument.

`scattering.observe` takes a second to import, so this waits until somebody looks; the server warms it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.predictions.partials_cache import PartialsCache
from backend.predictions.schemas import ViewIn
from backend.predictions.spectra_cache import SpectraCache
from backend.predictions.tables import Prediction
from backend.settings import Settings

if TYPE_CHECKING:
    from scattering.observe import Spectrum, View

_lately = SpectraCache()


def observe_prediction(settings: Settings, cache: PartialsCache, prediction: Prediction, view: ViewIn) -> Spectrum:
    """What an instrument would record of a succeeded prediction.

    Raises
    ------
    ScatteringError
        The view asks for something that cannot be.
    """
    from scattering.observe import observe

    partials = cache.read(settings.partials_path(prediction.id))
    # Only what a view holds: where it stands among others, and under which name, changes nothing.
    asked = view.model_dump_json(include=set(ViewIn.model_fields))
    return _lately.get(partials, asked, lambda: observe(partials, as_view(view)))


def as_view(body: ViewIn) -> View:
    """The physics' own form of a view."""
    from scattering.observe import EnergyGrid, View

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
