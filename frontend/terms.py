"""One-sentence explanations of the field's terms, which `js/kit/shell.js` shows at the terms."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "harmonic": "Phonons from the forces at small displacements: quick, exact quantum statistics, scattering by one "
    "phonon and by several at once, no anharmonicity.",
    "md": "Newton's equations for all atoms at the temperature: slower, anharmonic, classical statistics.",
    "trpmd": "Each atom is a ring of beads held together by springs (path integrals), which has the zero-point "
    "motion and the quantum spread of a nucleus; its thermostatted dynamics gives the energies. Each bead costs as "
    "much as a whole run.",
    "quality": "How large a box and how long a run: the larger resolves q better, the longer resolves energy better.",
    "source": "Your own phonons or trajectory, of another program, or what an interatomic potential gives.",
    "potential": "The model that gives the forces on the atoms; every forecast is only as good as it.",
    "harmonic_reference": "Dynamics can have the phonons of a harmonic forecast of this structure, for example from "
    "your own force constants, and the anharmonicity of the potential.",
    "harmonic_modes": "In a crystal of molecules, whole molecules can move as in the potential: where its lattice is "
    "stiffer than that of the other forecast, the crystal may fall apart with all modes.",
    "temperature": "Sample temperature: it sets how strongly modes are populated and how far they soften.",
    "production": "Time that is recorded and analysed; the energy resolution is inversely proportional to it.",
    "q_max": "Largest momentum transfer that is computed; TOSCA reaches far out at high energies.",
    "energy_max": "Highest energy that the phonon orders are computed up to.",
    "sampling": "A powder averages over all directions. A single crystal is looked at along a path of wave vectors, in "
    "many Brillouin zones: its phonons show as curves.",
    "path": "From special point to special point of the Brillouin zone, with hyphens; | begins anew at another point. "
    "Which points there are depends on the lattice: the grey text shows the usual path.",
    "zones": "The same phonons scatter differently in every Brillouin zone; the average over many shows all of them.",
    "hkl": "Reciprocal lattice vectors of the uploaded cell, three whole numbers each, with semicolons between.",
    "zone": "The average over all zones that the instrument reaches at that energy, or one zone alone.",
    "divide_debye_waller": "Far zones then count as near ones do. The mean-square displacement is of the same run.",
    "divide_q_squared": "Scattering by one phonon grows with the square of the momentum transfer.",
    "point": "The wave vector at which the intensity is shown against energy. Molecular dynamics has only the waves "
    "that fit into its box.",
    "times_energy_squared": "Multiplies the cut by ω²: flattens what occupation and 1/ω make steep.",
    "modes": "Vibrations of the crystal: in each, all atoms move with one energy. A peak is the scattering of many.",
    "phonons": "Energies of the vibrations against their wave vector, without an instrument.",
    "amplitude": "Largest displacement of an atom in the animation. In the crystal it is far smaller.",
    "phonons_of": "Draws the phonons of other forecasts of this structure over these, at the same wave vectors: of "
    "another potential, or other isotopes.",
    "dispersion": "Draws the harmonic phonons of the same potential over the map, as lines.",
    "q_range_zones": "Only Brillouin zones count whose |k + G| lies within this range.",
    "contribution": "Coherent scattering carries the phase between atoms, incoherent each atom's own motion.",
    "quantum_correction": "Multiplies the classical S(q, ω) of molecular dynamics by a function of βħω, so that the "
    "neutron loses energy more often than it gains it. Harmonic predictions need none.",
    "elastic_line": "Adds the scattering without energy transfer, as broad as simulation and instrument make it.",
    "kf_over_ki": "Multiplies by the final over the incident wave vector: what detectors count, where reduction "
    "programs divide it out. Needs an instrument.",
    "q_range": "The spectrum averages over this range of |q| alone; left empty, over all that the instrument reaches.",
    "order": "How many phonons one neutron creates or absorbs: 1 gives the fundamentals, 2 overtones and combinations "
    "of two. Molecular dynamics has them all at once and cannot tell them apart.",
    "per_order": "Draws the scattering by one phonon, by two, … each as a curve of its own (harmonic predictions).",
    "errors": "Shades one standard error to either side, from the scatter of the independent runs.",
    "probe": "What is scattered. X-rays and electrons see the electrons of all atoms: hydrogen nearly vanishes.",
    "sample_width": "Full width at half maximum of a Gaussian that everything is broadened with.",
    "elastic_width": "Full width at half maximum of the elastic line at these settings.",
    "repetitions": "The choppers let these incident energies through between two pulses of the source as well: each "
    "gives a data set of its own in the same run.",
    "energy_scale": "Multiplies all energies, to make up for a potential that is uniformly too soft or too stiff.",
    "energy_range": "Energies that are computed and shown; left empty, the instruments' whole range of energy loss. "
    "Below 0 the neutron gains energy.",
    "simulated_isotopes": "Isotopes whose masses the atoms have. They change density and energies; views have their "
    "scattering lengths by default.",
    "isotopes": "Swapping isotopes here changes scattering lengths only; masses, and so energies, stay as simulated. A "
    "harmonic forecast with other masses takes seconds: “Frequencies with this isotope”.",
    "measured_data": "Spectra and maps from files. They are drawn over the forecast and compared with it, and stay on "
    "this server.",
    "offset": "Raises each curve above the one before it, by this fraction of the largest intensity.",
    "dataset_scale": "Most measured intensities have an arbitrary unit. Fitted: one factor from least squares brings "
    "the data onto the first curve. Same maximum: the maxima are equal. None: no factor.",
    "x_unit": "Unit of the numbers in the file. Frequencies and wave numbers are converted to meV. A wavelength is "
    "that of the neutron on the side of the sample where it varies.",
    "measured_instrument": "The forecast is then shown through this instrument with the same settings.",
    "fixed_energy": "Final energy of an indirect, incident energy of a direct spectrometer. It is needed to convert "
    "wavelengths or scattering angles to energy and momentum transfer.",
    "measured_mass": "Mass in the beam. With proton charge or measuring time, it calibrates the count rate of this "
    "instrument for plans of beam time.",
    "exposure_uah": "Integrated proton current of the run, from its log. It replaces the measuring time and the power "
    "of the source.",
    "exposure_h": "Hours of beam on the sample, if the proton charge is not known.",
    "fit_scale": "One factor on the forecast. Most measured intensities have an arbitrary unit.",
    "fit_shift": "Adds the same energy to the whole forecast, to correct a wrong zero of the energy axis.",
    "fit_stretch": "Multiplies all energies of the forecast: 1.02 means that the potential is 2 % too soft.",
    "fit_background": "Intensity that the forecast does not include: the can, multiple scattering, noise.",
    "fit_width": "Broadens the forecast by a Gaussian (full width at half maximum) on top of the resolution.",
    "fit_range": "Energies that are fitted. Empty: all energies of the forecast, without the elastic line. Data "
    "outside the range are drawn, too.",
    "standard_errors": "One standard deviation, from the errors of the data. If the data have no errors, from their "
    "scatter.",
    "tolerance": "Largest energy difference between a measured peak and the forecast peak that it is matched with. "
    "Increase it for a potential that is much too soft.",
    "chi2": "Mean squared deviation in units of the errors, per degree of freedom. It is 1 if forecast and data "
    "differ by noise alone.",
    "r_factor": "Sum of the absolute deviations over the sum of the data: 0 is perfect agreement.",
    "r_weighted": "The R-factor with squared deviations, weighted by the errors of the data.",
    "correlation": "Correlation of measured and forecast intensities: 1 if they rise and fall together.",
    "peak_difference": "▼: the forecast lies too low (a redshift; the potential is too soft). ▲: it lies too high (a "
    "blueshift).",
    "peak_elements": "Elements whose motion gives the forecast its intensity at the peak.",
    "peak_orders": "Number of phonons that one neutron creates: 1 is a fundamental, more are overtones and "
    "combinations.",
    "worse_by": "Difference in χ² to the best forecast. If the data have no errors: the fraction by which the scatter "
    "is larger.",
    "probability_worse": "Probability that the difference to the best forecast is not noise.",
    "features": "Peaks that the experiment is about: where they stand decides which settings resolve and reach them.",
    "pairs": "Two features that the experiment must see as two: their distance is compared with the width.",
    "sample_amount": "One of these is given, and the others follow from it.",
    "scatterer": "Share of the beam that the sample scatters at 1.798 Å. About 10 % is usual: with more, neutrons that "
    "scatter twice blur what is measured.",
    "thickness": "Of a plate, of the wall of an annulus; the diameter of a cylinder.",
    "sample_volume": "That the sample fills, voids included.",
    "beam_width": "Across the beam; the outer diameter of an annulus.",
    "sample_density": "Of the solid, without voids; left empty, that of the crystal structure.",
    "packing": "Filled part of the volume: about 0.6 for a loose powder, 1 for a pressed or single piece.",
    "container": "Scatters and absorbs, too. Aluminium has Bragg edges and phonons up to 40 meV; vanadium scatters "
    "without direction, and more.",
    "irradiated_for": "Activation is given after this time in the beam.",
    "plan_limits": "Nothing chosen: anywhere. Each limit takes settings out of the ranking.",
    "beam_time": "Available hours; settings that take longer are marked.",
    "signal_to_noise": "Signal of each feature within its width, over the statistical error of all counts there.",
    "q_slices": "Slices of momentum transfer, each of which must reach the signal to noise. Left empty: 40 for a "
    "chopper spectrometer, whose maps are read in slices; 1 where an analyser gives one spectrum.",
    "report_data": "Spectra measured of this structure: the report draws each beside the forecast of its instrument.",
    "beam_current": "Of the protons at ISIS: replaces the source power for its instruments. Their fluxes "
    "are stated for 160 µA.",
    "source_power": "Fraction of nominal source power, which the instrument's flux is stated for: 160 µA at ISIS.",
    "plan_background": "Multiplies the assumed ambient background.",
    "calibration": "Instruments without a published flux, such as TOSCA and VISION, have hours only with a "
    "calibration: the counts of a standard, or one of your spectra whose card states instrument, exposure and mass.",
    "what_if": "The same motion with other scattering lengths: masses, and so energies, stay as simulated.",
    "verdict": "From the separation over the instrument's width, with the uncertainties of both: resolved (surely), "
    "likely, unlikely, not resolved, or not reachable.",
    "hours_band": "Low and high, one standard deviation: flux, background, resolution and statistics may be off.",
    "basis": "Basis of the hours: published flux, your own measured data, or only a comparison.",
    "basis_absolute": "From the published flux of the instrument.",
    "basis_calibrated": "From measured counts: your own data, or a standard of known mass.",
    "basis_relative": "No published absolute flux: times compare features of one setting only. Calibrate with your own "
    "data, or with the counts of a standard, to get hours.",
    "relative_time": "Relative to the quickest feature of the same setting; hours are not known.",
    "resolution_percent": "Full width at half maximum over the energy transfer, of the feature where it is worst.",
    "measured_features": "Features that the setting reaches, that are visible as peaks at its resolution, and that "
    "take less than 1000 h, out of all.",
    "separation": "Distance of the two features over the full width at half maximum: above 1, two peaks are seen.",
    "verdict_probability": "Probability that the separation exceeds one width, given the uncertainties.",
    "signal_rate": "Counts an hour that belong to the feature, all detectors together.",
    "background_rate": "Counts an hour under it, from sample, container and ambient background.",
    "pareto": "A setting is Pareto-optimal if no other setting tried resolves better in less time.",
    "transmission": "Fraction of the beam that passes sample and container without a collision.",
    "multiple_scattering": "Neutrons that scatter twice or more over those that scatter once: a smooth background.",
    "container_scattering": "Scattering of the container over that of the sample.",
    "activation": "Radioactivity of the sample after the irradiation time.",
    "cool_down": "Wait before the sample may be handled: until less than 0.001 µCi is left.",
    "simulated_measurement": "Poisson counts of signal and background at this setting after these hours, with the "
    "noise of a measurement.",
    "plan_bin": "Left empty: a third of the finest resolution.",
    "proposal": "A workspace for one request for beam time: sample, forecasts, data, settings, notes.",
    "per_element": "Shows how much of each spectrum every element contributes.",
    "banks": "TOSCA's forward (45°) and backward (135°) detector banks, which see different momentum transfers.",
    "window": "The momentum and energy transfers that the instrument's angles and energies can reach.",
    "provenance": "Everything needed to repeat this forecast: versions, potential, seed, settings, timings.",
    "trust": "What is known about the errors of this forecast.",
    "improve": "General potentials are 10–30 % off for a material. A training fits one to energies and forces of a "
    "reference, and checks its phonons.",
    "base": "The training restricts it to the elements of the structure, and changes its weights.",
    "reference": "What the trained potential shall agree with. It supplies the labels: energies and forces of small "
    "cells.",
    "label_set": "Energies (eV), forces (eV/Å) and stresses (eV/Å³) of calculated cells, as extended XYZ. Units, "
    "signs, wrong energies and mixed levels of theory are checked.",
    "level_of_theory": "Functional and cut-off energy, as they shall appear in reports. The uncertainty of the "
    "energies depends on the functional.",
    "reference_phonons": "A harmonic forecast with the phonons of the same level of theory, such as one from uploaded "
    "force constants. The trained potential must come closer to them.",
    "training_temperature": "Temperature at which molecular dynamics with the trained potential must stay intact.",
    "held_out": "Labels that were not trained on. Root mean square errors; the zero of energy does not count.",
    "lowest_mode": "The lowest energy over the Brillouin zone; negative if a mode is imaginary.",
    "special_phonons": "Energies at the special points of the Brillouin zone. Those of imaginary modes are negative.",
}

CORRECTIONS: dict[str, tuple[str, str]] = {
    "none": ("None (classical)", "S(q, ω) as simulated: the same on both sides of the elastic line."),
    "harmonic": ("Harmonic", "βħω/(1 − exp(−βħω)). Exact for one phonon of a harmonic crystal: the one to start with."),
    "standard": (
        "Standard",
        "2/(1 + exp(−βħω)). Keeps what is even in ω as it is: far too little intensity for stiff modes.",
    ),
    "schofield": (
        "Schofield",
        "exp(βħω/2). Right for recoil at small energies; grows without bound at large ones.",
    ),
    "mixed": (
        "Mixed (Skinner)",
        "The geometric mean of Harmonic and Schofield, meant for stiff modes and overtones in liquids.",
    ),
}
"""Quantum corrections by the API's name: what the page calls each, and what it is good for."""

KUBO_CORRECTIONS: dict[str, tuple[str, str]] = {
    "none": ("None", "The Kubo-transformed S(q, ω) as simulated: the same on both sides of the elastic line."),
    "harmonic": (
        "Harmonic (fixed by theory)",
        "βħω/(1 − exp(−βħω)) undoes the Kubo transform, which is all that path integrals leave to be corrected.",
    ),
}
"""Those of path integrals: the others would count quantum statistics twice."""
KUBO_BESIDE = "TRPMD is drawn with Harmonic all the same: it undoes the Kubo transform, and the others are for MD."
"""Where a correction for classical dynamics is chosen with path integrals beside it."""
