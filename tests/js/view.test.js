import assert from "node:assert/strict";
import { test } from "node:test";

import {
    energyRange, labelOf, mapInstrument, settingsOf, sourcesOf, spectrumBody,
} from "../../frontend/static/js/forecast/view.js";

const harmonic = { id: "h", method: "harmonic", sampling: "powder", label: "harmonic", status: "succeeded", n_orders: 2, runs: 1, zones: [], species: ["Si1"], state: {} };
const trpmd = { ...harmonic, id: "t", method: "trpmd", label: "TRPMD", n_orders: 0, species: ["Si"] };
const crystal = { ...harmonic, id: "c", sampling: "path", n_orders: 0, zones: [[0, 0, 0], [2, 2, 0]] };
const context = {
    sampling: "powder", predictions: [harmonic, trpmd], others: [], points: [], datasets: [], corrections: {},
    structure: { id: "s", name: "Silicon" },
    instruments: {
        TOSCA: { geometry: "indirect", defaults: {} },
        MAPS: { geometry: "direct", defaults: { e_init: 80, chopper_package: "A", chopper_frequency: 400 } },
    },
};
const values = {
    instruments: "TOSCA,MAPS", contribution: "total", quantum_correction: "schofield", energy_scale: "1", errors: "1",
    "MAPS.e_init": "123", "MAPS.chopper_package": "S", "MAPS.chopper_frequency": "",
};

test("settings have the type of their defaults, and a half-typed number is the default", () => {
    assert.deepEqual(settingsOf({ values, context }, "MAPS"), { e_init: 123, chopper_package: "S", chopper_frequency: 400 });
});

test("isotopes of sites go to the predictions that tell these apart", () => {
    const view = { values: { ...values, "iso.Si": "2H:98", "iso.Si1": "29Si" }, context };
    assert.deepEqual(spectrumBody(view, "TOSCA", harmonic).isotopes, { Si: { "2H": 0.98, Si: 0.02 }, Si1: "29Si" });
    assert.deepEqual(spectrumBody(view, "TOSCA", trpmd).isotopes, { Si: { "2H": 0.98, Si: 0.02 } });
});

test("path integrals keep their own correction, unless there is none", () => {
    assert.equal(spectrumBody({ values, context }, "TOSCA", harmonic).quantum_correction, "schofield");
    assert.equal(spectrumBody({ values, context }, "TOSCA", trpmd).quantum_correction, "harmonic");
    const none = { values: { ...values, quantum_correction: "none" }, context };
    assert.equal(spectrumBody(none, "TOSCA", trpmd).quantum_correction, "none");
});

test("the ideal spectrum has no instrument, but a probe and a width", () => {
    const body = spectrumBody({ values: { ...values, probe: "electron", fwhm_mev: "2", "iso.Si": "29Si", kf_over_ki: "1" }, context }, "Sample", harmonic);
    assert.deepEqual([body.instrument, body.settings, body.isotopes, body.kf_over_ki, body.probe, body.fwhm_mev], [null, {}, {}, false, "electron", 2]);
});

test("orders come from predictions that tell them apart", () => {
    assert.deepEqual(sourcesOf({ ...values, order: "2" }, [harmonic, trpmd]), [harmonic]);
    assert.equal(spectrumBody({ values: { ...values, order: "2", per_order: "1" }, context }, "TOSCA", harmonic).order, 2);
    assert.equal(spectrumBody({ values: { ...values, per_order: "1" }, context }, "TOSCA", harmonic).per_order, true);
    assert.equal(spectrumBody({ values: { ...values, per_order: "1" }, context }, "TOSCA", trpmd).per_order, undefined);
});

test("a zone of a crystal is its place among those simulated", () => {
    const view = { values: { ...values, zone: "2,2,0", divide_debye_waller: "1" }, context };
    assert.deepEqual(spectrumBody(view, "MAPS", crystal, "X").path, {
        divide_debye_waller: true, divide_q_squared: false, times_energy_squared: false, point: "X", zone: 1,
    });
    assert.equal(labelOf(view, "MAPS", crystal), "MAPS, harmonic, zone 2 2 0");
});

test("ranges may be open, and are left out when their ends are the wrong way round", () => {
    assert.deepEqual(energyRange({ energy_min: "-80", energy_max: "" }), { min: -80, max: null });
    assert.equal(energyRange({ energy_min: "80", energy_max: "30" }), null);
    assert.equal(energyRange({ energy_min: "", energy_max: "" }), null);
    assert.deepEqual(spectrumBody({ values: { ...values, q_min: "2", q_max: "" }, context }, "TOSCA", harmonic).q_inv_angstrom, { min: 2, max: 1000 });
});

test("the map prefers an instrument that sees an area", () => {
    assert.equal(mapInstrument({ values, context }), "MAPS");
    assert.equal(mapInstrument({ values: { ...values, map: "TOSCA" }, context }), "TOSCA");
    assert.equal(mapInstrument({ values: { ...values, instruments: "TOSCA", map: "MAPS" }, context }), "TOSCA");
});
