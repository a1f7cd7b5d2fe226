import assert from "node:assert/strict";
import test from "node:test";

import { repeats } from "../../frontend/static/js/kit/repeats.js";
import { findMissing, requestBody, zonesOf } from "../../frontend/static/js/structure/request.js";

const option = (name, kind, ...takers) => ({ name, kind, takers });
const DYNAMICS = ["md.powder", "trpmd.powder", "md.path"];
const about = {
    structureId: "s",
    options: [
        option("supercell", "repeats", "harmonic.powder", ...DYNAMICS),
        option("engine", "choice", "harmonic.powder", ...DYNAMICS),
        option("seed", "integer", "harmonic.powder", ...DYNAMICS),
        option("resolve_sites", "switch", "harmonic.powder", ...DYNAMICS),
        option("replicas", "integer", ...DYNAMICS),
        option("ensemble", "choice", ...DYNAMICS),
        option("pressure_gpa", "number", ...DYNAMICS),
        option("n_orders", "integer", "harmonic.powder"),
        option("zones", "zones", "md.path"),
        option("n_zones", "integer", "md.path"),
    ],
    methods: [
        { method: "harmonic", sampling: "powder", short_method_title: "harmonic", engines: ["nep-adapters"] },
        { method: "md", sampling: "powder", short_method_title: "MD", engines: ["nep-adapters", "gpumd"] },
        { method: "trpmd", sampling: "powder", short_method_title: "TRPMD", engines: ["i-pi", "gpumd"] },
    ],
};
const form = {
    instruments: "TOSCA,MAPS", methods: "harmonic,md", temperature_k: "10", sampling: "powder", quality: "preview", potential: "p",
    resolve_sites: "0", ensemble: "nvt",
};
const optionsOf = (values, method) => requestBody({ ...form, ...values }, method, "preview", about).options;

test("supercells as people write them", () => {
    for (const [text, sent] of [
        ["4", [4, 4, 4]], ["4 4 2", [4, 4, 2]], ["4×4×2", [4, 4, 2]], ["4x4, 2", [4, 4, 2]], ["4 4", "4 4"], ["many", "many"],
    ]) assert.deepEqual(repeats(text), sent);
});

test("zones as people write them", () => {
    assert.deepEqual(zonesOf("0 0 4; 2 2 0"), [[0, 0, 4], [2, 2, 0]]);
    assert.deepEqual(zonesOf("(1, 1, −1) [0 0 2]"), [[1, 1, -1], [0, 0, 2]]);
    for (const text of ["", "0 0", "a b c", "1 1 1.5"]) assert.equal(zonesOf(text), null);
});

test("a body names what was chosen, and the rest is the API's choice", () => {
    assert.deepEqual(requestBody(form, "harmonic", "standard", about), {
        structure_id: "s", method: "harmonic", temperature_k: 10, sampling: "powder", instruments: ["TOSCA", "MAPS"],
        quality: "standard", options: {}, potential: "p",
    });
    assert.deepEqual(optionsOf({}, "md"), { ensemble: "nvt" });
});

test("options go to the methods that have them", () => {
    const values = { seed: "7", replicas: "4", n_orders: "2", supercell: "3", resolve_sites: "1" };
    assert.deepEqual(optionsOf(values, "harmonic"), { seed: 7, n_orders: 2, resolve_sites: true });
    assert.deepEqual(optionsOf(values, "md"), { seed: 7, replicas: 4, supercell: [3, 3, 3], resolve_sites: true, ensemble: "nvt" });
    // Alone, harmonic phonons take the supercell
    assert.deepEqual(optionsOf({ supercell: "3", methods: "harmonic" }, "harmonic"), { supercell: [3, 3, 3] });
});

test("a pressure is of a cell that finds its size", () => {
    assert.deepEqual(optionsOf({ pressure_gpa: "2" }, "md"), { ensemble: "nvt" });
    assert.deepEqual(optionsOf({ pressure_gpa: "-2", ensemble: "npt" }, "md"), { ensemble: "npt", pressure_gpa: -2 });
});

test("an engine is asked of the methods that it can do", () => {
    assert.equal(optionsOf({ engine: "gpumd" }, "harmonic").engine, undefined);
    assert.equal(optionsOf({ engine: "gpumd" }, "trpmd").engine, "gpumd");
});

test("zones that are written leave no number of random ones", () => {
    const crystal = { sampling: "path", ensemble: "" };
    assert.deepEqual(optionsOf({ ...crystal, zones: "chosen", hkl: "0 0 4", n_zones: "9" }, "md"), { zones: [[0, 0, 4]] });
    assert.deepEqual(optionsOf({ ...crystal, zones: "", n_zones: "9" }, "md"), { n_zones: 9 });
    assert.deepEqual(optionsOf({ zones: "chosen", hkl: "0 0 4" }, "md"), { ensemble: "nvt" });
});

test("what is missing is named", () => {
    const locs = (values) => findMissing({ ...form, ...values }).map((error) => error.loc);
    assert.deepEqual(locs({}), []);
    assert.deepEqual(locs({ instruments: "", methods: "", temperature_k: "" }), ["instruments", "method", "temperature_k"]);
    assert.deepEqual(locs({ sampling: "path", zones: "chosen", hkl: "0 0" }), ["options.zones"]);
});

test("only dynamics have the harmonic part of another forecast", () => {
    const values = { ...form, harmonic_reference: "h", harmonic_modes: "internal" };
    assert.equal(requestBody(values, "md", "preview", about).harmonic_reference_id, "h");
    assert.equal(requestBody(values, "md", "preview", about).harmonic_modes, "internal");
    assert.ok(!("harmonic_modes" in requestBody(form, "md", "preview", about)));
    assert.ok(!("harmonic_reference_id" in requestBody(values, "harmonic", "preview", about)));
    assert.ok(!("harmonic_reference_id" in requestBody({ ...values, source: "s" }, "md", "preview", about)));
    assert.ok(!("harmonic_reference_id" in requestBody(form, "md", "preview", about)));
});
