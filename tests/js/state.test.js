import assert from "node:assert/strict";
import { test } from "node:test";

import { difference, query } from "../../frontend/static/js/state.js";

test("the address names what differs from the defaults", () => {
    const defaults = { errors: "1", order: "", "MAPS.e_init": "120" };
    assert.deepEqual(difference({ errors: "0", order: "", "MAPS.e_init": "123" }, defaults), { errors: "0", "MAPS.e_init": "123" });
});

test("commas and colons stay readable in an address", () => {
    assert.equal(query({ instruments: "TOSCA,MAPS", "iso.H": "2H:98", name: "a&b" }), "instruments=TOSCA,MAPS&iso.H=2H:98&name=a%26b");
});
