import assert from "node:assert/strict";
import { test } from "node:test";

import { remainingText, stageText } from "../../frontend/static/js/kit/progress.js";
import { groupOrders } from "../../frontend/static/js/forecast/figures.js";
import { grouped } from "../../frontend/static/js/forecast/reliability.js";
import { readable, rowsOf } from "../../frontend/static/js/kit/provenance.js";
import { valueAt } from "../../frontend/static/js/kit/controls.js";

const running = { status: "running", progress: 0.4, eta_s: 60, attempt: 1, stage: "equilibrating", waiting_for: null };

test("progress says what is done", () => {
    assert.equal(stageText({ ...running, attempt: 2 }), "equilibrating · second attempt: a worker died");
    assert.equal(stageText({ ...running, cancel_requested: true }), "cancelling …");
    assert.equal(stageText({ status: "succeeded", started_at: "2026-01-01T00:00:00Z", finished_at: "2026-01-01T00:00:42Z" }), "took 42 s");
    assert.equal(remainingText(running), "40 % · 60 s left");
    assert.equal(remainingText({ ...running, waiting_for: { code: "waiting_for_engine" } }), "40 %");
    assert.equal(remainingText({ ...running, status: "failed" }), "");
});

test("what is the same of several is said once", () => {
    assert.deepEqual(grouped([["a", 1], ["b", 2], ["c", 1]]), [{ value: 1, names: ["a", "c"] }, { value: 2, names: ["b"] }]);
});

test("provenance has units and words", () => {
    assert.equal(readable("production_ps"), "production (ps)");
    assert.deepEqual(rowsOf("supercell", [4, 4, 2]), [["supercell", "4 × 4 × 2"]]);
    assert.deepEqual(rowsOf("", { timings: { relax_s: 1.23456789 }, relax: true }), [["timings relax_s", "1.23457"], ["relax", "yes"]]);
});

test("sliders over decades have three digits, others their steps", () => {
    assert.equal(valueAt(2, { min: 15, max: 2000, step: 1, logarithmic: true }), 100);
    assert.equal(valueAt(1.0034, { min: 0.8, max: 1.2, step: 0.005, logarithmic: false }), 1.005);
    assert.equal(valueAt(9, { min: 15, max: 2000, step: null, logarithmic: true }), 2000);
});

test("curves without orders stay as they are", () => {
    const traces = [{ name: "TOSCA", meta: { role: "total" }, y: [1] }];
    assert.equal(groupOrders(traces), traces);
});
