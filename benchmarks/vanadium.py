"""Make `scattering/instruments/data/vanadium.csv` of the published vanadium runs.

`python -m benchmarks.vanadium FOLDER`, in the root of the repository; some minutes. The folder is a copy of
https://github.com/sns-chops/resolution at the commit that the head of the table states. The head is kept.

A published line is wider than the resolution: the atoms recoil, and the line was binned. The resolution is the Gaussian
whose convolution with both has the published width at half of the maximum.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.optimize import brentq

from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.sample.container import displacements

TABLE: Final = Path("scattering/instruments/data/vanadium.csv")
TEMPERATURE_K: Final = 293.0
N_Q: Final = 31
MAX_ENERGY_ERROR: Final = 0.1
"""Relative difference of the energy from the requested one beyond which the line is another one."""
MAX_WIDTH: Final = 0.5
"""Of a line, in incident energies."""
STEPS_PER_WIDTH: Final = 60
MAX_STEP_MEV: Final = 0.5


@dataclass(frozen=True)
class Published:
    """A file of published runs: package, energy bins in incident energies, and column of the frequency."""

    path: str
    package: str
    bin_width: float
    frequency: str
    chopper: float | None = None

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        return self.path.partition("/")[0]


FILES: Final = (
    Published("ARCS/V_Cali_Int_Res_FC1_2018_v2.dat", "ARCS-700-1.5-AST", 0.0126, "Chopper1"),
    Published("ARCS/V_Cali_Int_Res_FC2_2018_v2.dat", "ARCS-100-1.5-AST", 0.0126, "Chopper2"),
    Published("ARCS/V_Cali_Int_Res_FC1_HighRes_2018_v2.dat", "ARCS-700-0.5-AST", 0.0126, "Chopper1"),
    *(
        Published(f"SEQUOIA/V_Cali_Int_Res_All{cycle}.dat", package, 0.0063, frequency, chopper)
        for cycle in ("", "-IPTS_22666")
        for package, frequency, chopper in (("High-Resolution", "Chopper2", 0.0), ("High-Flux", "Chopper1", 1.0))
    ),
    Published("CNCS/V_Cali_Int_Res_HighFlux.dat", "High Flux", 0.005, "Chopper41"),
    Published("CNCS/V_Cali_Int_Res_Intermediate.dat", "Intermediate", 0.005, "Chopper41"),
    Published("CNCS/V_Cali_Int_Res_HighRes_E500bins.dat", "High Resolution", 0.0025, "Chopper41"),
)


def read(folder: Path, file: Published) -> Iterator[dict[str, float]]:
    """Yield the runs of a file that have a line."""
    (energy,) = (one for one in instruments.get(file.instrument).settings if one.name == "e_init")
    lines = (folder / file.path).read_text().splitlines()
    names = lines[0].removeprefix("#").split()
    for line in lines[1:]:
        # The first column has no name
        run = dict(zip(names, map(float, line.split()[1:]), strict=True))
        measured = file.instrument == "CNCS" or run["Ei"] != run["Energy"]
        is_near = abs(run["Ei"] / run["Energy"] - 1) <= MAX_ENERGY_ERROR
        is_allowed = energy.check(run["Ei"]) is None
        is_chosen = file.chopper is None or run["chopper_choice"] == file.chopper
        if is_chosen and is_allowed and measured and is_near and run["FWHM"] <= MAX_WIDTH * run["Ei"]:
            yield run


def resolution_fwhm(run: Mapping[str, float], bin_width: float) -> float | None:
    """Return the FWHM of the resolution in meV; None if recoil and bins alone are as wide as the line."""
    fwhm = run["FWHM"]
    step = min(fwhm / STEPS_PER_WIDTH, MAX_STEP_MEV)
    at, strength = displacements("V", TEMPERATURE_K, step)
    # Midpoints of equal parts of |q| from Q to 2Q
    q = run["Q"] * (1 + (np.arange(N_Q) + 0.5) / N_Q)
    recoil, variance = (float(strength @ at**power) * step for power in (1, 2))
    reach = q[-1] ** 2 * recoil + 10 * (q[-1] * np.sqrt(variance) + at.max()) + 5 * fwhm
    length = fft.next_fast_len(2 * int(reach / step) + 1)
    circular = np.zeros(length)
    circular[np.rint(at / step).astype(int)] = strength
    gamma = fft.fft(circular) * step
    time = 2 * np.pi * fft.fftfreq(length, step)
    line = np.mean([np.exp(one**2 * (gamma - gamma[0].real)) for one in q], axis=0)
    line = line * np.sinc(bin_width * run["Ei"] * time / (2 * np.pi))

    def excess(resolution: float) -> float:
        gaussian = np.exp(-((resolution / FWHM_PER_SIGMA * time) ** 2) / 2)
        return width_at_half(fft.fftshift(fft.ifft(line * gaussian).real), step) - fwhm

    if excess(0.1 * fwhm) > 0:
        return None
    return float(brentq(excess, 0.1 * fwhm, fwhm, rtol=1e-5))


def width_at_half(values: NDArray[np.float64], step: float) -> float:
    """Return the full width of a peak at half of its maximum, in the units of the step."""
    top = int(values.argmax())
    half = values[top] / 2
    right = top + int((values[top:] < half).argmax())
    left = top - int((values[top::-1] < half).argmax())
    after = right - (half - values[right]) / (values[right - 1] - values[right])
    before = left + (half - values[left]) / (values[left + 1] - values[left])
    return float(after - before) * step


def main() -> None:
    """Write the table of all files."""
    folder = Path(sys.argv[1])
    head = [line for line in TABLE.read_text().splitlines(keepends=True) if line.startswith("#")]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["instrument", "package", "run", "e_init_mev", "frequency_hz", "fwhm_mev", "resolution_mev"])
    for instrument, package in dict.fromkeys((one.instrument, one.package) for one in FILES):
        files = [one for one in FILES if (one.instrument, one.package) == (instrument, package)]
        runs = [(one, run) for one in files for run in read(folder, one)]
        for file, run in sorted(runs, key=lambda pair: pair[1]["RunNumber"]):
            resolution = resolution_fwhm(run, file.bin_width)
            if resolution is None:
                continue
            numbers = [f"{run['Ei']:.6g}", f"{run[file.frequency]:.0f}", f"{run['FWHM']:.4g}", f"{resolution:.4g}"]
            writer.writerow([instrument, package, f"{run['RunNumber']:.0f}", *numbers])
    TABLE.write_text("".join(head) + table.getvalue())


if __name__ == "__main__":
    main()
