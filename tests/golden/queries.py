"""What is asked of the old data folder. `{name}` stands for the id of what has that name in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.golden import answers

OBSERVED_RTOL = 1e-6
COMPARED_RTOL = 3e-5
"""Spectra are multiplied in single precision (6e-8), in an order that goes by threads and processor; differences of
them, searches and least squares are less certain."""
OBSERVED = ("spectra/", "default-grid/", "paths/", "figures/", "plans/", "reports/", "datasets/", "trust/")
COMPARED = ("comparisons/", "figures/comparison", "figures/refinement", "figures/ranking")


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes
    ----------
    read
        What of the response is compared, from its JSON, or from its text where `of_text`.
    slow
        Takes more than about half a second.
    worded
        Whether its sentences are kept: many settings say the same.
    """

    method: str
    path: str
    json: Any = None
    headers: dict[str, str] | None = None
    read: Callable[[Any], Any] = lambda answer: answer
    of_text: bool = False
    rtol: float = 1e-9
    slow: bool = False
    worded: bool = True


INSTRUMENTS: dict[str, list[dict[str, Any]]] = {
    "ARCS": [{}, {"e_init": 60.0, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 420}],
    "CNCS": [{}, {"e_init": 3.3, "chopper_package": "High Resolution"}],
    "HYSPEC": [{}, {"e_init": 15.0, "chopper_frequency": 360, "detector_centre": 80.0}],
    "LET": [{}, {"e_init": 5.0, "chopper_package": "Intermediate"}],
    "Lagrange": [{}, {"monochromator": "Cu(331)"}, {"monochromator": "Si(311)"}, {"monochromator": "Si(111)"}],
    "MAPS": [{}, {"e_init": 120.0, "chopper_package": "B", "chopper_frequency": 600}],
    "MARI": [{}, {"e_init": 60.0, "chopper_package": "G", "chopper_frequency": 250}],
    "MERLIN": [{}, {"e_init": 35.0, "chopper_package": "S", "chopper_frequency": 300}],
    "PANTHER": [{}, {"e_init": 76.0}],
    "SEQUOIA": [{}, {"e_init": 50.0, "chopper_package": "High-Resolution", "chopper_frequency": 300}],
    "TFXA": [{}],
    "TOSCA": [{}],
    "VISION": [{}],
    "generic-direct": [{}, {"e_init": 45.0, "two_theta_max": 60.0, "elastic_fwhm_percent": 2.5}],
    "generic-indirect": [{}, {"e_final": 3.5, "relative_fwhm_percent": 2.0}],
}
ENERGIES = [0.0, 1.0, 5.0, 12.0, 30.0, 57.0, 90.0]
GRID = {"min": 0, "max": 90, "step": 0.3}
"""Of spectra: a grid that is said, so that another default changes nothing."""
WIDE = {"min": 0, "max": 140, "step": 0.5}
EXAMPLES = ("silicon", "benzene", "lithium-hydride", "magnesium-oxide")
SILICON, HYDRIDE = "silicon-harmonic", "lithium-hydride-harmonic"
POWDERS = (
    SILICON,
    HYDRIDE,
    "benzene-harmonic",
    "strontium-titanate-harmonic",
    "random-potential",
    "aluminium-md",
    "aluminium-trpmd",
)
PATHS = ("silicon-path-harmonic", "magnesium-oxide-path-harmonic", "silicon-path-md", "silicon-path-trpmd")
UNFINISHED = (
    "failed",
    "died",
    "cancelled",
    "replicas-in-flight",
    "preparing",
    "path-in-flight",
    "cancel-requested",
    "prepared",
    "disk-full",
    "waiting-for-engine",
    "queued",
    "queued-gpumd",
    "queued-trpmd",
)
DATASETS = ("silicon-tosca", "lithium-hydride-tosca", "jcamp", "aluminium-map")
PLATE = {"geometry": "plate", "mass_g": 5}
MARI: dict[str, Any] = {"instrument": "MARI", "settings": {"e_init": 60.0, "chopper_frequency": 200}}


def all_requests() -> dict[str, Request]:
    """Every request by its key."""
    found: dict[str, Request] = {}
    for part in (_rows, _instruments, _estimates, _spectra, _paths, _comparisons, _figures, _samples, _plans, _reports):
        for key, request in part():
            assert key not in found, key
            for keys, rtol in ((OBSERVED, OBSERVED_RTOL), (COMPARED, COMPARED_RTOL)):
                request = replace(request, rtol=rtol) if key.startswith(keys) else request
            found[key] = request
    return found


Requests = Iterator[tuple[str, Request]]


def _rows() -> Requests:
    for name in (*EXAMPLES, "strontium-titanate", "aluminium", "copper"):
        yield f"structures/{name}", Request("GET", f"structures/{{{name}}}")
    for name in (*POWDERS, *PATHS, *UNFINISHED):
        yield f"predictions/{name}", Request("GET", f"predictions/{{{name}}}")
        yield f"jobs/{name}", Request("GET", f"predictions/{{{name}}}/jobs")
    for name in (*POWDERS, *PATHS):
        yield f"trust/{name}", Request("GET", f"predictions/{{{name}}}/trust")
    for name in DATASETS:
        yield f"datasets/{name}", Request("GET", f"datasets/{{{name}}}")
        yield f"datasets/{name}-data", Request("GET", f"datasets/{{{name}}}/data")
    for name in ("proposal", "archived"):
        yield f"proposals/{name}", Request("GET", f"proposals/{{{name}}}")
    yield "proposals/shared", Request("GET", "shared/{token}")
    yield "potentials/uploaded", Request("GET", "models/{potential}")


def _instruments() -> Requests:
    yield "instruments/catalogue", Request("GET", "instruments", read=_bare_instruments)
    yield "instruments/for-silicon", Request("GET", "instruments?structure_id={silicon}", read=_bare_instruments)
    for name, settings in INSTRUMENTS.items():
        for number, chosen in enumerate(settings):
            key = f"{name}-{number}"
            body = {"settings": chosen}
            yield f"instruments/window-{key}", Request("POST", f"instruments/{name}/window", body)
            asked = {**body, "energy_mev": [e for e in ENERGIES if e < 0.9 * chosen.get("e_init", 100.0)]}
            if name in ("TFXA", "Lagrange"):
                asked["energy_mev"] = [30.0, 57.0, 90.0, 200.0]
            elif name in ("CNCS", "LET", "HYSPEC"):
                asked["energy_mev"] = [0.0, 0.5, 1.0, 2.5]
            yield f"instruments/resolution-{key}", Request("POST", f"instruments/{name}/resolution", asked)
    for name in ("LET", "MARI", "MERLIN", "CNCS"):
        yield f"instruments/repetitions-{name}", Request("POST", f"instruments/{name}/repetitions", {})
    elements = "H,Li,B,C,N,O,Si,Cl,Ni,Sr,Ti"
    yield "instruments/isotopes", Request("GET", f"isotopes?elements={elements}")


def _bare_instruments(answer: Any) -> Any:
    """Without titles and descriptions, which are words, and by name."""
    kept = ("geometry", "defaults", "energy_range_mev", "measured_range_mev", "two_theta_deg", "final_energy_mev")
    kept = (*kept, "flight_paths_m", "flux_known", "relative_uncertainty")
    return {
        one["name"]: {name: one[name] for name in kept}
        | {
            "bounds": {
                key: {bound: value for bound, value in schema.items() if isinstance(value, int | float)}
                for key, schema in one["settings_schema"]["properties"].items()
            }
        }
        for one in answer
    }


def _estimates() -> Requests:
    for structure in EXAMPLES:
        for method in ("harmonic", "md", "trpmd"):
            for sampling in ("powder", "path"):
                for quality in ("preview", "standard", "production"):
                    body = {
                        "structure_id": f"{{{structure}}}",
                        "method": method,
                        "sampling": sampling,
                        "quality": quality,
                        "temperature_k": 150,
                        "instruments": ["TOSCA", "MAPS"] if quality == "standard" else [],
                    }
                    key = f"estimates/{structure}-{sampling}-{method}-{quality}"
                    yield key, Request("POST", "predictions/estimate", body)
    base = {"structure_id": "{lithium-hydride}", "quality": "preview"}
    chosen: dict[str, dict[str, Any]] = {
        "npt": {"method": "md", "options": {"ensemble": "npt", "pressure_gpa": 2.0, "replicas": 6}},
        "long": {"method": "md", "options": {"supercell": [10, 10, 10], "production_ps": 500.0}},
        "cold-beads": {"method": "trpmd", "temperature_k": 10},
        "gpumd": {"method": "md", "options": {"engine": "gpumd", "correlation_ps": 3.0}},
        "dispersion": {"method": "harmonic", "options": {"dispersion": "pbe", "resolve_sites": True}},
        "zones": {"method": "harmonic", "sampling": "path", "options": {"path": "Γ-X|L-Γ", "n_zones": 9, "seed": 4}},
    }
    for name, body in chosen.items():
        yield f"estimates/{name}", Request("POST", "predictions/estimate", {**base, **body})


def _spectrum(name: str, **view: Any) -> Request:
    return Request("POST", f"predictions/{{{name}}}/spectrum", {"energy_mev": GRID, **view})


def _spectra() -> Requests:
    for name in POWDERS:
        yield f"spectra/{name}-ideal", _spectrum(name, fwhm_mev=2.0)
        yield f"spectra/{name}-tosca", _spectrum(name, instrument="TOSCA")
        yield f"spectra/{name}-arcs", _spectrum(name, instrument="ARCS", settings={"e_init": 120.0})
    for name in (SILICON, HYDRIDE):
        for instrument, settings in INSTRUMENTS.items():
            if instrument in ("CNCS", "HYSPEC", "LET"):
                grid = {"min": 0, "max": 15, "step": 0.1}
            elif instrument in ("Lagrange", "TFXA"):
                grid = {"min": 25, "max": 120, "step": 0.4}
            else:
                grid = GRID
            view = {"instrument": instrument, "settings": settings[0], "energy_mev": grid}
            yield f"spectra/{name}-on-{instrument}", _spectrum(name, **view)
    maps = {"instrument": "MAPS", "settings": {"e_init": 120.0, "chopper_package": "B", "chopper_frequency": 600}}
    for name in (SILICON, HYDRIDE, "aluminium-md"):
        gain = {"min": -60, "max": 90, "step": 0.5}
        yield f"spectra/{name}-gain", _spectrum(name, **maps, energy_mev=gain)
        yield f"spectra/{name}-gain-ideal", _spectrum(name, energy_mev=gain, fwhm_mev=1.5)
        yield f"spectra/{name}-elastic", _spectrum(name, **maps, elastic=True)
        yield f"spectra/{name}-elastic-tosca", _spectrum(name, instrument="TOSCA", elastic=True)
        yield f"spectra/{name}-kf-ki", _spectrum(name, **maps, kf_over_ki=True)
        yield f"spectra/{name}-q-range", _spectrum(name, **maps, q_inv_angstrom={"min": 2.0, "max": 4.0})
        yield f"spectra/{name}-scaled", _spectrum(name, **maps, energy_scale=1.05)
        for contribution in ("coherent", "incoherent"):
            yield f"spectra/{name}-{contribution}", _spectrum(name, **maps, contribution=contribution)
        for probe in ("x-ray", "electron"):
            yield f"spectra/{name}-{probe}", _spectrum(name, probe=probe, fwhm_mev=3.0)
    for name in (SILICON, HYDRIDE):
        yield f"spectra/{name}-per-order", _spectrum(name, instrument="TOSCA", per_order=True)
        for order in (1, 2):
            yield f"spectra/{name}-order-{order}", _spectrum(name, instrument="TOSCA", order=order)
    yield f"spectra/{HYDRIDE}-deuterated", _spectrum(HYDRIDE, instrument="TOSCA", isotopes={"H": "2H"})
    mixed = {"H": {"1H": 0.02, "2H": 0.98}, "Li": "7Li"}
    yield f"spectra/{HYDRIDE}-mixed", _spectrum(HYDRIDE, **maps, isotopes=mixed, elastic=True)
    yield f"spectra/{SILICON}-isotope", _spectrum(SILICON, **maps, isotopes={"Si": "29Si"})
    yield "spectra/benzene-deuterated", _spectrum("benzene-harmonic", instrument="VISION", isotopes={"H": "2H"})
    for name in ("aluminium-md", "aluminium-trpmd"):
        classical = ("standard", "schofield", "mixed") if name == "aluminium-md" else ()
        for correction in ("none", "harmonic", *classical):
            view = {"quantum_correction": correction, "energy_mev": {"min": -40, "max": 50, "step": 0.5}}
            yield f"spectra/{name}-{correction}", _spectrum(name, **view)
    yield (
        f"spectra/{SILICON}-csv",
        Request(
            "POST",
            f"predictions/{{{SILICON}}}/spectrum",
            {"instrument": "TOSCA", "energy_mev": GRID},
            headers={"Accept": "text/csv"},
            read=answers.csv,
            of_text=True,
        ),
    )
    # The grid that is chosen where none is asked for
    for name in (SILICON, HYDRIDE, "aluminium-md"):
        for instrument in (None, "TOSCA", "VISION", "MAPS"):
            key = f"default-grid/{name}-{instrument or 'ideal'}"
            yield key, Request("POST", f"predictions/{{{name}}}/spectrum", {"instrument": instrument})


def _paths() -> Requests:
    grid = {"min": 0, "max": 75, "step": 0.5}
    for name in PATHS:
        yield f"paths/{name}", _spectrum(name, energy_mev=grid, fwhm_mev=2.0)
        yield f"paths/{name}-at-x", _spectrum(name, energy_mev=grid, path={"point": "X", "times_energy_squared": True})
        raw = {"divide_debye_waller": False, "divide_q_squared": False, "zone": 0, "point": 1}
        yield f"paths/{name}-zone", _spectrum(name, energy_mev=grid, path=raw, fwhm_mev=1.0)
        arcs = {"instrument": "ARCS", "settings": {"e_init": 120.0}, "energy_mev": grid}
        if name != "silicon-path-trpmd":
            yield f"paths/{name}-arcs", _spectrum(name, **arcs)
            yield f"paths/{name}-gain", _spectrum(name, **{**arcs, "energy_mev": {"min": -40, "max": 70, "step": 0.5}})
    yield "paths/isotope", _spectrum("magnesium-oxide-path-harmonic", energy_mev=grid, isotopes={"Mg": "25Mg"})
    for correction in ("none", "mixed"):
        view = {"energy_mev": grid, "quantum_correction": correction}
        yield f"paths/silicon-path-md-{correction}", _spectrum("silicon-path-md", **view)
    yield "paths/scaled", _spectrum("silicon-path-harmonic", energy_mev=grid, energy_scale=0.95, fwhm_mev=2.0)


FIT = {"scale": True, "shift": True, "range_mev": [25, 70]}


def _compared(path: str, name: str, dataset: str, **more: Any) -> Request:
    body = {"prediction_id": f"{{{name}}}", "dataset_id": f"{{{dataset}}}", **more}
    return Request("POST", f"comparisons{path}", body)


def _comparisons() -> Requests:
    silicon = (SILICON, "silicon-tosca")
    hydride = (HYDRIDE, "lithium-hydride-tosca")
    yield "comparisons/scale", _compared("", *silicon)
    yield "comparisons/shift", _compared("", *silicon, fit=FIT)
    everything = {"scale": True, "shift": True, "stretch": True, "background": "linear", "extra_width": True}
    yield "comparisons/everything", _compared("", *silicon, fit=everything)
    yield "comparisons/constant", _compared("", *hydride, fit={"scale": True, "background": "constant"})
    yield "comparisons/nothing", _compared("", *hydride, fit={"scale": False})
    yield "comparisons/no-errors", _compared("", HYDRIDE, "jcamp", fit={"scale": True, "stretch": True})
    yield "comparisons/map", _compared("", "aluminium-md", "aluminium-map", view=MARI, follow_dataset=False)
    background = {"background": "constant"}
    yield "comparisons/map-background", _compared("", "aluminium-md", "aluminium-map", view=MARI, fit=background)
    yield "comparisons/peaks-silicon", _compared("/peaks", *silicon)
    yield "comparisons/peaks-hydride", _compared("/peaks", *hydride, tolerance_mev=8, prominence=0.05)
    yield "comparisons/refinement", _compared("/refinement", *silicon)
    candidates = [
        {"prediction_id": f"{{{SILICON}}}"},
        {"prediction_id": f"{{{SILICON}}}", "view": {"energy_scale": 1.03}, "label": "stiffer"},
        {"prediction_id": "{aluminium-md}"},
    ]
    ranking = {"dataset_id": "{silicon-tosca}", "candidates": candidates, "fit": FIT}
    yield "comparisons/ranking", Request("POST", "comparisons/ranking", ranking)
    for kind, body in (
        ("comparison", {"prediction_id": f"{{{SILICON}}}", "dataset_id": "{silicon-tosca}", "fit": FIT}),
        ("refinement", {"prediction_id": f"{{{SILICON}}}", "dataset_id": "{silicon-tosca}"}),
        ("ranking", ranking),
    ):
        yield f"figures/{kind}", _figure("comparisons/figure", {"kind": kind, **body})


def _figure(path: str, body: Any, **more: Any) -> Request:
    return Request("POST", path, body, read=answers.figure, **more)


def _figures() -> Requests:
    tosca = {"instrument": "TOSCA", "energy_mev": WIDE}
    maps = {"instrument": "MAPS", "settings": {"e_init": 120.0}, "energy_mev": GRID}
    for name in (SILICON, HYDRIDE, "aluminium-md"):
        path = f"predictions/{{{name}}}/figure"
        yield f"figures/{name}-spectrum", _figure(path, {"kind": "spectrum", **tosca, "per_element": True})
        yield f"figures/{name}-map", _figure(path, {"kind": "map", **maps})
    path = f"predictions/{{{SILICON}}}/figure"
    yield "figures/banks-cm", _figure(path, {"kind": "spectrum", **tosca, "banks": True, "energy_unit": "cm-1"})
    yield "figures/log", _figure(path, {"kind": "spectrum", **maps, "scale": "log", "elastic": True})
    measured = {"dataset_ids": ["{silicon-tosca}"], "dataset_scale": "maximum"}
    yield "figures/measured", _figure(path, {"kind": "spectrum", **tosca, **measured})
    yield "figures/measured-fitted", _figure(path, {"kind": "spectrum", **tosca, **measured, "dataset_scale": "fit"})
    over = {**MARI, "dataset_ids": ["{aluminium-map}"], "energy_mev": {"min": 0, "max": 50, "step": 0.5}}
    yield "figures/measured-map", _figure("predictions/{aluminium-md}/figure", {"kind": "map", **over})
    views = [
        {"prediction_id": f"{{{SILICON}}}", **tosca},
        {"prediction_id": f"{{{HYDRIDE}}}", **tosca, "isotopes": {"H": "2H"}},
        {"prediction_id": "{aluminium-trpmd}", **maps},
    ]
    yield "figures/several", _figure("figures", {"kind": "spectrum", "views": views, "offset": 0.3})
    for name in PATHS:
        path = f"predictions/{{{name}}}/figure"
        grid = {"energy_mev": {"min": 0, "max": 75, "step": 0.5}}
        for kind in ("map", "spectrum", "zones"):
            yield f"figures/{name}-{kind}", _figure(path, {"kind": kind, **grid, "fwhm_mev": 1.5})
    yield "figures/structure", Request("GET", "structures/{benzene}/figure", read=answers.figure)


def _samples() -> Requests:
    def advice(structure: str, **body: Any) -> Request:
        return Request("POST", f"structures/{{{structure}}}/sample-advice", body)

    yield "samples/silicon", advice("silicon", sample=PLATE, instrument="TOSCA")
    yield "samples/benzene", advice("benzene", sample={"geometry": "annulus", "thickness_mm": 0.5}, instrument="MARI")
    cylinder = {"geometry": "cylinder", "thickness_mm": 8.0, "packing": 0.6, "container": {"material": "vanadium"}}
    yield "samples/cylinder", advice("magnesium-oxide", sample=cylinder, instrument="MAPS", settings={"e_init": 60})
    mixed = {"H": {"1H": 0.1, "2H": 0.9}}
    yield "samples/deuterated", advice("lithium-hydride", isotopes=mixed, irradiation={"hours": 72})
    bare = {"container": {"material": "none"}, "scatterer_percent": 25, "form": "single crystal"}
    yield "samples/crystal", advice("copper", sample=bare, instrument="ARCS", irradiation={"flux_n_cm2_s": 1e8})


def _plans() -> Requests:
    silicon = {"prediction_id": f"{{{SILICON}}}", "features_mev": [20.0, 57.0, 62.0], "sample": PLATE}
    hydride = {"prediction_id": f"{{{HYDRIDE}}}", "sample": {"mass_g": 1.0, "geometry": "plate"}}
    given = [
        {"instrument": "TOSCA"},
        {"instrument": "MAPS", "settings": {"e_init": 120}},
        {"instrument": "VISION"},
        {"instrument": "Lagrange"},
        {"instrument": "generic-direct"},
    ]
    calibrated = {"calibrations": [{"dataset_id": "{silicon-tosca}"}]}

    def plan(**body: Any) -> Request:
        return Request("POST", "plans", body)

    yield "plans/given", plan(**silicon, settings=given, constraints={"beam_time_h": 48})
    yield "plans/calibrated", plan(**silicon, settings=given, **calibrated)
    target = {"signal_to_noise": 8, "source_power": 0.8, "background": 2.0, "q_slices": 10}
    yield "plans/target", plan(**silicon, settings=given, target=target)
    current = {"target": {"beam_current": 200.0}, "constraints": {"facilities": ["ISIS"]}}
    yield "plans/current", plan(**silicon, settings=given[:2], **current)
    yield "plans/auto", plan(**hydride, settings=given, isotopes={"H": "2H"})
    md = {"prediction_id": "{aluminium-md}", "features_mev": [20.0, 35.0], "energy_scale": 1.02}
    yield "plans/md", plan(**md, settings=given[:2])
    narrow = {"constraints": {"instruments": ["MERLIN", "TOSCA"]}, "most": 60, "all_tried": True}
    yield "plans/scan-some", Request("POST", "plans", {**silicon, **narrow}, worded=False)
    slow = Request("POST", "plans", {**silicon, "all_tried": True, **calibrated}, slow=True, worded=False)
    yield "plans/scan", slow
    # The shoulder at 66 meV is left out: whether it counts as a peak goes by the last bit, in 2cfd2fe too
    hydride_scan = {**hydride, "features_mev": [75.0, 142.0], "most": 60}
    yield "plans/scan-hydride", Request("POST", "plans", hydride_scan, slow=True, worded=False)
    for name in (SILICON, HYDRIDE, "strontium-titanate-harmonic"):
        yield f"plans/features-{name}", Request("POST", "plans/features", {"prediction_id": f"{{{name}}}"})
    pairs = {"features_mev": [20.0, 57.0, 62.0], "pairs_mev": [[20.0, 62.0]], "energy_scale": 1.01}
    yield "plans/pairs", Request("POST", "plans/features", {"prediction_id": f"{{{SILICON}}}", **pairs})
    yield "plans/deuteration", Request("POST", "plans/deuteration", {**hydride, "settings": given[:3]})
    maps = {"prediction_id": f"{{{SILICON}}}", "sample": PLATE, "setting": given[1], "hours": 12, "seed": 3}
    yield "plans/measurement", Request("POST", "plans/measurement", maps)
    calibrated_run = {**maps, "setting": given[0], "bin_mev": 0.5, **calibrated}
    yield "plans/measurement-calibrated", Request("POST", "plans/measurement", calibrated_run)
    for kind, body in (
        ("front", {**silicon, "settings": given}),
        ("measurement", maps),
        ("features", {"prediction_id": f"{{{SILICON}}}"}),
        ("deuteration", {**hydride, "settings": given[:3]}),
        ("sheet", {"prediction_id": f"{{{SILICON}}}", "settings": given[:3], "features_mev": [57.0]}),
    ):
        yield f"figures/plan-{kind}", _figure("plans/figure", {"kind": kind, **body})


def _reports() -> Requests:
    html = {"headers": {"Accept": "text/html"}, "read": answers.page, "of_text": True, "slow": True}
    silicon = {"prediction_id": f"{{{SILICON}}}", "features_mev": [20.0, 57.0, 62.0], "sample": PLATE}
    plan = {**silicon, "settings": [{"instrument": "TOSCA"}, {"instrument": "MAPS", "settings": {"e_init": 120}}]}
    body = {"prediction_id": f"{{{SILICON}}}", "plan": plan, "dataset_ids": ["{silicon-tosca}"], "title": "Silicon"}
    yield "reports/plan", Request("POST", "reports", body, **html)
    views = [MARI, {"instrument": "TOSCA"}]
    others = {"prediction_id": f"{{{HYDRIDE}}}", "views": views, "others": [f"{{{SILICON}}}"]}
    yield "reports/views", Request("POST", "reports", others, **html)
