// Isotopes of elements and sites, as forms hold them and as the API takes them.

import assert from "node:assert/strict";
import test from "node:test";

import { isotopesOf, nucleus, override } from "../../frontend/static/js/kit/controls.js";
import { requestBody } from "../../frontend/static/js/structure/request.js";

test("a mixture is filled up", () => {
    assert.equal(nucleus("H", "2H"), "2H");
    assert.deepEqual(nucleus("H", "2H:98"), { "2H": 0.98, "1H": 0.02 });
    assert.deepEqual(nucleus("Li2", "7Li:50"), { "7Li": 0.5, Li: 0.5 });
});

test("the choice for an element replaces those for its sites", () => {
    assert.deepEqual(override({ H1: "2H", Li: "7Li" }, { H: "H" }), { Li: "7Li", H: "H" });
    assert.deepEqual(override({ H: "2H" }, { H2: "1H" }), { H: "2H", H2: "1H" });
    assert.deepEqual(override({ H: "2H" }, {}), { H: "2H" });
});

test("a request names the isotopes that were chosen", () => {
    const about = { structureId: "x", options: [], methods: [] };
    const values = { methods: "harmonic", sampling: "powder", temperature_k: "10", instruments: "TOSCA" };
    assert.ok(!("isotopes" in requestBody({ ...values, "iso.H": "" }, "harmonic", "preview", about)));
    const body = requestBody({ ...values, "iso.H": "2H:98", "iso.Li": "Li" }, "harmonic", "preview", about);
    assert.deepEqual(body.isotopes, { H: { "2H": 0.98, "1H": 0.02 }, Li: "Li" });
    assert.deepEqual(isotopesOf({ "iso.H": "2H", e_init: "3" }), { H: "2H" });
});
