import assert from "node:assert/strict";
import { test } from "node:test";

import { findMissing, requestBody } from "../../frontend/static/js/train/request.js";

const kinds = { file: "file", phonons: "phonons", "gfn1-xtb": "engine" };
const about = { structure_id: "s", kinds, options: [{ name: "steps", kind: "integer" }, { name: "fit_stress", kind: "flag" }, { name: "seed", kind: "integer" }] };
const values = { base: "b", reference: "file", label_set_id: "l", temperature_k: "300", effort: "quick", steps: "50", fit_stress: "0", seed: " " };

test("a request names what was chosen, and leaves the rest to the effort", () => {
    assert.deepEqual(requestBody(values, "thorough", about), {
        structure_id: "s", base: "b", reference: { kind: "file", label_set_id: "l" }, temperature_k: 300, effort: "thorough",
        options: { steps: 50, fit_stress: false },
    });
});

test("each kind of reference has its own fields", () => {
    const asked = { ...values, prediction_id: "p", reference_prediction_id: "r" };
    assert.deepEqual(requestBody({ ...asked, reference: "phonons" }, "quick", about).reference, { kind: "phonons", prediction_id: "p" });
    assert.deepEqual(requestBody({ ...asked, reference: "gfn1-xtb" }, "quick", about).reference, { kind: "engine", engine: "gfn1-xtb" });
    assert.equal(requestBody(asked, "quick", about).options.reference_prediction_id, "r");
    assert.equal("reference_prediction_id" in requestBody({ ...asked, reference: "gfn1-xtb" }, "quick", about).options, false);
});

test("what is missing is said at its field", () => {
    assert.deepEqual(findMissing(values, kinds), []);
    assert.deepEqual(findMissing({ ...values, label_set_id: "", temperature_k: "" }, kinds).map(({ loc }) => loc), ["reference.label_set_id", "temperature_k"]);
    assert.deepEqual(findMissing({ ...values, reference: "phonons" }, kinds).map(({ loc }) => loc), ["reference.prediction_id"]);
    assert.deepEqual(findMissing({ ...values, reference: "", base: "" }, kinds).map(({ loc }) => loc), ["base", "reference"]);
});
