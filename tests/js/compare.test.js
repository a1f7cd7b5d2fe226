import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, decode, decodeAll, encode, encodeAll, MAX_CURVES, viewOf } from "../../frontend/static/js/compare/curves.js";

const ID = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c";
const OTHER = "0d03b7f8-4135-4397-9660-c10520cfb406";

test("a curve comes back from its text", () => {
    const curves = [
        { prediction: ID, instrument: "TOSCA", values: {} },
        { prediction: ID, instrument: "generic-direct", values: { e_init: "120", chopper: "A, 2~3:=%", "iso.H": "2H:98", colour: "2f6db5" } },
        { dataset: OTHER },
    ];
    for (const curve of curves) assert.deepEqual(decode(encode(curve)), curve);
    assert.deepEqual(decodeAll(encodeAll(curves)), curves);
    assert.equal(encode(curves[0]), `${ID}:TOSCA`);
    assert.equal(encode({ prediction: ID, instrument: "MAPS", values: { "iso.H": "2H:98" } }), `${ID}:MAPS:iso.H=2H~98`);
});

test("text that is no curve is left out", () => {
    const wrong = ["", "x", ID, `${ID}:`, `../${ID}:TOSCA`, `${ID}:TO SCA`, `${ID}:TOSCA:e_init`, `${ID}:TOSCA:=5`, `${ID}:TOSCA:a=%`,
        `${ID}:TOSCA:a=${"x".repeat(100)}`, "data:", "data:x", `data:${ID}:TOSCA`];
    for (const text of wrong) assert.equal(decode(text), null, text);
    assert.deepEqual(decodeAll([...wrong, `${ID}:TOSCA`].join(",")), [{ prediction: ID, instrument: "TOSCA", values: {} }]);
    assert.deepEqual(decodeAll(undefined), []);
    assert.equal(decodeAll(Array(1000).fill(`${ID}:TOSCA`).join(",")).length, MAX_CURVES);
});

const instruments = { MAPS: { geometry: "direct", defaults: { e_init: 100, chopper: "A" } }, TOSCA: { geometry: "indirect", defaults: {} } };

test("a curve becomes a view of the API", () => {
    const prediction = { id: ID, method: "harmonic", sampling: "powder", options: { n_orders: 2 }, provenance: { species: ["H1", "H2"] } };
    const values = { e_init: "250", "iso.H": "2H:98", "iso.H2": "1H", "iso.H9": "1H", contribution: "coherent", colour: "2f6db5" };
    const body = viewOf({ prediction: ID, instrument: "MAPS", values }, prediction, instruments);
    assert.equal(body.prediction_id, ID);
    assert.deepEqual(body.settings, { e_init: 250, chopper: "A" });
    assert.deepEqual(body.isotopes, { H: { "2H": 0.98, "1H": 0.02 }, H2: "1H" });
    assert.equal(body.contribution, "coherent");
    assert.equal(body.colour, "#2f6db5");
    const ideal = viewOf({ prediction: ID, instrument: "Sample", values: { probe: "x-ray", fwhm_mev: "2" } }, prediction, instruments);
    assert.deepEqual([ideal.instrument, ideal.settings, ideal.probe, ideal.fwhm_mev], [null, {}, "x-ray", 2]);
});

test("the forecast page hands its curves over", () => {
    const defaults = { instruments: "TOSCA", "MAPS.e_init": "100", "iso.H": "", contribution: "total", per_element: "0", scale: "linear", datasets: "" };
    const values = { ...defaults, instruments: "TOSCA,MAPS", "MAPS.e_init": "250", "iso.H": "2H", per_element: "1", scale: "log", datasets: OTHER };
    const predictions = [{ id: ID, status: "succeeded" }, { id: OTHER, status: "running" }];
    const address = addressOf({ values, context: { instruments, predictions } }, defaults);
    const asked = new URLSearchParams(address.slice("/compare?".length));
    assert.deepEqual(decodeAll(asked.get("curves") ?? ""), [
        { prediction: ID, instrument: "TOSCA", values: { "iso.H": "2H" } },
        { prediction: ID, instrument: "MAPS", values: { e_init: "250", "iso.H": "2H" } },
        { dataset: OTHER },
    ]);
    assert.deepEqual([...asked.keys()], ["curves", "scale"]);
});
