import assert from "node:assert/strict";
import { test } from "node:test";

import {
    advice, bandText, calibration, chosenFeatures, chosenPairs, deuteration, energies, hoursText, measuredHours, measurement, pairsText, plan, sample, suggestedHours, timeText,
} from "../../frontend/static/js/plan/bodies.js";
import { snapped } from "../../frontend/static/js/plan/features.js";
import { sorted } from "../../frontend/static/js/plan/ranking.js";

const VALUES = {
    predictions: "p", energy_scale: "1", "iso.H": "2H:98", "iso.C": "", form: "powder", geometry: "plate", amount: "mass_g", scatterer_percent: "10",
    thickness_mm: "2", mass_g: "5", volume_cm3: "2", width_mm: "40", height_mm: "30", density_g_cm3: "", packing: "1", material: "none", wall_mm: "0.2",
    hours: "24", facilities: "ISIS,SNS", instruments: "", beam_time_h: "", signal_to_noise: "20", q_slices: "", source_power: "1", beam_current: "",
    background: "0", calibrations: "d", standards: "v", features: "", pairs: "", instead: "H:2H", measured_h: "", bin_mev: "0.5", seed: "3",
};

test("energies of an address are sorted, unique and possible", () => {
    assert.deepEqual(energies("62,57,-3,x,57,9000"), [57, 62]);
    assert.equal(chosenFeatures(""), null);
    assert.equal(chosenFeatures("x"), null);
    assert.deepEqual(chosenPairs("57-62,5,62-70"), [[57, 62], [62, 70]]);
    assert.equal(chosenPairs(""), null);
    assert.deepEqual(chosenPairs(pairsText([])), []);
    assert.deepEqual(chosenPairs(pairsText([[57, 62]])), [[57, 62]]);
});

test("only one amount of the sample is sent", () => {
    assert.deepEqual(sample(VALUES), {
        form: "powder", geometry: "plate", width_mm: 40, height_mm: 30, packing: 1, container: { material: "none", wall_mm: 0.2 }, mass_g: 5,
    });
    assert.equal(sample({ ...VALUES, density_g_cm3: "2" }).density_g_cm3, 2);
});

test("a plan asks for features, sample, limits and target", () => {
    const body = plan({ ...VALUES, features: "57,62" });
    assert.deepEqual(body.isotopes, { H: { "2H": 0.98, "1H": 0.02 } });
    assert.deepEqual([body.features_mev, body.pairs_mev, body.settings], [[57, 62], "adjacent", "scan"]);
    assert.deepEqual(body.constraints, { facilities: ["ISIS", "SNS"], instruments: [], beam_time_h: null });
    assert.deepEqual(body.target, { signal_to_noise: 20, q_slices: null, source_power: 1, beam_current: null, background: 0 });
    assert.deepEqual(body.calibrations, [{ dataset_id: "d" }, { calibration_id: "v" }]);
    assert.deepEqual(deuteration(VALUES).instead, { H: "2H" });
});

test("a measurement takes the hours of its setting, rounded up", () => {
    const setting = { instrument: "MAPS", settings: { e_init: 120 }, hours: 5.4, label: "MAPS" };
    assert.deepEqual(advice(VALUES, setting).settings, { e_init: 120 });
    const body = measurement(VALUES, setting, measuredHours(VALUES, setting));
    assert.deepEqual([body.hours, body.bin_mev, body.seed, body.setting], [5.5, 0.5, 3, { instrument: "MAPS", settings: { e_init: 120 } }]);
    assert.equal(measuredHours({ ...VALUES, measured_h: "7" }, setting), 7);
    assert.deepEqual([null, 0.01, 0.61, 5.4, 40.5].map(suggestedHours), [12, 0.1, 0.7, 5.5, 41]);
});

test("a calibration by vanadium has a temperature, one by a sample its forecast", () => {
    const entries = { standard: "vanadium", mass_g: "25", temperature_k: "20", relative_uncertainty: "30", source: "run 1", entered_by: "", measured_on: "" };
    const bands = [{ from_mev: "12", to_mev: "36", counts_per_hour: "41000", background_per_hour: "0" }];
    assert.deepEqual(calibration(entries, bands, {}, "p"), {
        settings: {}, standard: "vanadium", mass_g: 25, temperature_k: 20, relative_uncertainty: 0.3, source: "run 1", entered_by: "", measured_on: null,
        bands: [{ from_mev: 12, to_mev: 36, counts_per_hour: 41000, background_per_hour: 0 }],
    });
    const { prediction_id, temperature_k } = calibration({ ...entries, standard: "forecast" }, bands, {}, "p");
    assert.deepEqual([prediction_id, temperature_k], ["p", undefined]);
});

test("beam time has suitable units", () => {
    assert.deepEqual([null, 0.001, 0.61, 5.4, 40.5, 120, 1e4].map(hoursText), ["—", "< 1 min", "37 min", "5.4 h", "41 h", "5.0 days", "> 1 year"]);
    assert.equal(bandText({ hours: 5.4, hours_low: 3.2, hours_high: 10.3 }), "3.2 h to 10 h");
    assert.equal(bandText({ hours: null, hours_low: null, hours_high: null }), "");
    assert.equal(timeText({ hours: null, basis: "relative" }), "not known");
    assert.equal(timeText({ hours: null, basis: "absolute" }), "never");
});

test("a click means the top of the peak beside it", () => {
    const energy_mev = Array.from({ length: 241 }, (_, step) => step / 2);
    const intensity = energy_mev.map((mev) => Math.exp(-(((mev - 62) / 1.5) ** 2)));
    assert.equal(snapped(62.8, { energy_mev, intensity }), 62);
    assert.equal(snapped(80, { energy_mev, intensity }), 80);
});

test("unknown hours come last, equal ones by rank", () => {
    const one = (rank, hours) => ({ rank, hours, n_measured: 2 });
    const settings = [one(1, 5), one(2, null), one(3, 0.5), one(4, null)];
    const ranks = (key, up) => sorted(settings, key, up).map(({ rank }) => rank);
    assert.deepEqual(ranks("hours", true), [3, 1, 2, 4]);
    assert.deepEqual(ranks("hours", false), [2, 4, 1, 3]);
    assert.deepEqual(ranks("measured", true), [1, 2, 3, 4]);
});
