"""Bodies of modes and phonons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field, JsonValue

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.observing.schemas import (
    Contribution,
    EnergyScale,
    EnergyTransfer,
    IdealFwhm,
    PathViewIn,
    QRangeIn,
    TickOut,
    ViewIn,
)
from backend.predictions.schemas import Name

if TYPE_CHECKING:
    from scattering.observe.view import View

Vector = tuple[float, float, float]


class ModesIn(RequestBody):
    """A peak of a forecast: its energy on the axis of the spectrum, and the view in which it is seen."""

    energy_mev: EnergyTransfer = Field(description="energy transfer of the peak, with the energy scale")
    width_mev: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="range of energy around it; null: FWHM of the resolution, without an instrument 2 % of the energy",
    )
    instrument: Name | None = Field(None, description="null: ideal S(q, ω), no instrument")
    settings: FreeForm = Field(default_factory=dict)
    isotopes: dict[Name, Name | dict[Name, float]] = Field(
        default_factory=dict, max_length=118, examples=[{"H": "2H"}], description="as in a view of a spectrum"
    )
    contribution: Contribution = "total"
    energy_scale: EnergyScale = 1.0
    q_inv_angstrom: QRangeIn | None = Field(None, description="range of |q| of the spectrum")
    fwhm_mev: IdealFwhm = 0.0
    path: PathViewIn | None = Field(
        None, description="only for a prediction along a path; `point` is the wave vector of the peak"
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"energy_mev": 120.0, "instrument": "TOSCA"}]})

    def to_view(self) -> View:
        """Return the view for `scattering`."""
        return ViewIn(**self.model_dump(exclude={"energy_mev", "width_mev"})).to_view()


class SharesOut(ResponseBody):
    """Shares of elements and of crystallographic sites, the largest first; each sums to 1."""

    by_element: dict[str, float] = Field(examples=[{"H": 0.82, "C": 0.18}])
    by_site: dict[str, float] = Field(examples=[{"H1": 0.5, "H2": 0.32, "C1": 0.18}])


class ModeOut(ResponseBody):
    """A band behind a peak, and the mode that stands for it."""

    q_index: int = Field(description="wave vector, for the address of the motion")
    branch: int = Field(description="mode in the order of energies, from 0, for the address of the motion")
    point: str | None = Field(description="name of the wave vector, if it is a special point", examples=["Γ"])
    wave_vector: Vector = Field(description="r.l.u. of the uploaded cell")
    wave_vector_primitive: Vector = Field(description="in reciprocal vectors of the primitive cell")
    energy_mev: float
    band_mev: tuple[float, float] = Field(description="lowest and highest energy of the band within the range")
    weight: float = Field(description="share of the band in the one-phonon intensity within the range")
    participation_ratio: float = Field(description="1: all atoms move alike; 1/N: one of N atoms moves")
    motion: SharesOut = Field(description="shares of |e|², the kinetic energy")
    scattering: SharesOut = Field(description="shares of the intensity, without interference between atoms")


EXAMPLE_MODE: JsonValue = {
    "q_index": 0,
    "branch": 46,
    "point": "Γ",
    "wave_vector": [0.0, 0.0, 0.0],
    "wave_vector_primitive": [0.0, 0.0, 0.0],
    "energy_mev": 109.9,
    "band_mev": [109.1, 110.2],
    "weight": 0.54,
    "participation_ratio": 0.55,
    "motion": {"by_element": {"H": 0.94, "C": 0.06}, "by_site": {"H1": 0.4, "H2": 0.3, "H3": 0.24, "C1": 0.06}},
    "scattering": {"by_element": {"H": 0.998, "C": 0.002}, "by_site": {"H1": 0.43, "H2": 0.32, "H3": 0.25}},
}


class ModesOut(ResponseBody):
    """The modes behind a peak."""

    energy_mev: float
    range_mev: tuple[float, float]
    summary: NoticeOut = Field(
        description="one line about the peak: `modes_behind_peak`, `mostly_several_phonons` (powder), "
        "`mostly_other_wave_vectors` (single crystal) or `no_modes_at_energy`"
    )
    n_bands: int = Field(description="bands with at least 1 % of the intensity")
    one_phonon_fraction: float | None = Field(
        description="fraction of one-phonon scattering in the range; of a single crystal, of coherent one-phonon "
        "scattering at this wave vector; null if nothing scatters there"
    )
    intensity_barn_per_sr: float = Field(description="one-phonon intensity within the range, per atom")
    scattering: SharesOut = Field(description="shares of the intensity of all modes within the range")
    modes: list[ModeOut] = Field(description="at most 12, the strongest first")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "energy_mev": 110.0,
                    "range_mev": [109.0, 111.0],
                    "summary": {
                        "code": "modes_behind_peak",
                        "params": {
                            "element": "H",
                            "fraction": 0.998,
                            "n_bands": 3,
                            "from_mev": 109.0,
                            "to_mev": 110.8,
                        },
                        "message": "100 % of the intensity is from H; 3 bands between 109 and 110.8 meV.",
                    },
                    "n_bands": 3,
                    "one_phonon_fraction": 0.73,
                    "intensity_barn_per_sr": 0.031,
                    "scattering": {"by_element": {"H": 0.998, "C": 0.002}, "by_site": {"H1": 0.5, "H2": 0.498}},
                    "modes": [EXAMPLE_MODE],
                }
            ]
        }
    )


class ElementLookOut(ResponseBody):
    """Appearance of an element, as in the figure of a structure."""

    colour: str = Field(examples=["#909090"])
    size_px: float = Field(description="size of a marker in a figure of this cell")
    radius_angstrom: float = Field(description="covalent radius")


class AtomsOut(ResponseBody):
    """Drawn atoms; all lists have the same length."""

    element: list[str]
    site: list[str]
    position_angstrom: list[Vector]
    displacement_re: list[Vector] = Field(description="real part of u; the largest amplitude of an atom is 1")
    displacement_im: list[Vector] = Field(description="imaginary part of u")
    inside: list[bool] = Field(description="false: a further image of an atom, on a face or bonded across it")


class MotionOut(ResponseBody):
    """A mode in motion: an atom is at r + A Re(u exp(−iωt)), with any amplitude A; u includes the phase of the wave."""

    q_index: int
    branch: int
    energy_mev: float = Field(description="without an energy scale; negative if the mode is imaginary")
    wave_vector: Vector = Field(description="r.l.u. of the uploaded cell")
    lattice_angstrom: tuple[Vector, Vector, Vector] = Field(description="vectors of the shown cell as rows")
    repeats: tuple[int, int, int] = Field(description="uploaded cells in the shown cell")
    whole_period: bool = Field(description="whether the shown cell holds a whole wave")
    elements: dict[str, ElementLookOut]
    atoms: AtomsOut
    bonds: list[tuple[int, int]] = Field(description="indices of the atoms of each bond")
    notices: list[NoticeOut]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "q_index": 0,
                    "branch": 5,
                    "energy_mev": 63.2,
                    "wave_vector": [0.0, 0.0, 0.0],
                    "lattice_angstrom": [[5.43, 0.0, 0.0], [0.0, 5.43, 0.0], [0.0, 0.0, 5.43]],
                    "repeats": [1, 1, 1],
                    "whole_period": True,
                    "elements": {"Si": {"colour": "#f0c8a0", "size_px": 21.2, "radius_angstrom": 1.11}},
                    "atoms": {
                        "element": ["Si", "Si"],
                        "site": ["Si", "Si"],
                        "position_angstrom": [[0.0, 0.0, 0.0], [1.358, 1.358, 1.358]],
                        "displacement_re": [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]],
                        "displacement_im": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
                        "inside": [True, True],
                    },
                    "bonds": [[0, 1]],
                    "notices": [],
                }
            ]
        }
    )


class BandsOut(ResponseBody):
    """Phonon energies along a path; negative where imaginary."""

    distance_inv_angstrom: list[float]
    wave_vector: list[Vector] | None = Field(description="r.l.u. of the uploaded cell; null: unknown")
    energy_mev: list[list[float]] = Field(description="first index: distance; second index: branch")
    ticks: list[TickOut]


class DensityOut(ResponseBody):
    """Densities of states: modes of the primitive cell per meV."""

    energy_mev: list[float]
    total: list[float]
    by_element: dict[str, list[float]] = Field(description="with the weights |e|² of its atoms; they sum to the total")
    fwhm_mev: float = Field(description="width of the Gaussian of each mode")


class PhononsOut(ResponseBody):
    """Dispersion and density of states."""

    dispersion: BandsOut
    density: DensityOut | None = Field(description="null: the prediction has no force constants")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dispersion": {
                        "distance_inv_angstrom": [0.0, 1.157],
                        "wave_vector": [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
                        "energy_mev": [[0.0, 0.0, 0.0, 62.1, 62.1, 62.1], [17.3, 17.3, 49.8, 49.8, 56.0, 56.0]],
                        "ticks": [
                            {"label": "Γ", "distance_inv_angstrom": 0.0},
                            {"label": "X", "distance_inv_angstrom": 1.157},
                        ],
                    },
                    "density": {
                        "energy_mev": [0.0, 31.0, 62.0],
                        "total": [0.01, 0.08, 0.1],
                        "by_element": {"Si": [0.01, 0.08, 0.1]},
                        "fwhm_mev": 0.9,
                    },
                }
            ]
        }
    )
