import assert from "node:assert/strict";
import { test } from "node:test";

import { choice, flag, list, number, readQuery, text, writeQuery } from "../../frontend/static/js/state.js";

const FIELDS = {
    energy: number(120, 3, 2000),
    banks: flag(),
    unit: choice(["meV", "cm-1"]),
    instruments: list(["TOSCA"]),
    title: text(),
};

test("an address without parameters gives the initial values, and they are not written", () => {
    const values = readQuery(FIELDS, new URLSearchParams());
    assert.deepEqual(values, { energy: 120, banks: false, unit: "meV", instruments: ["TOSCA"], title: "" });
    assert.equal(writeQuery(FIELDS, values).size, 0);
});

test("what is written is read again", () => {
    const values = { energy: 35.5, banks: true, unit: "cm-1", instruments: ["a,b", "MAPS"], title: "x & y" };
    const query = new URLSearchParams(String(writeQuery(FIELDS, values)));
    assert.deepEqual(readQuery(FIELDS, query), values);
});

test("an empty list is not its initial value", () => {
    const query = writeQuery(FIELDS, { ...readQuery(FIELDS, new URLSearchParams()), instruments: [] });
    assert.equal(String(query), "instruments=");
    assert.deepEqual(readQuery(FIELDS, query).instruments, []);
});

test("invalid values give the initial ones, and foreign parameters stay", () => {
    const query = new URLSearchParams("energy=1e9&banks=maybe&unit=K&other=1");
    const values = readQuery(FIELDS, query);
    assert.deepEqual([values.energy, values.banks, values.unit], [120, false, "meV"]);
    assert.equal(String(writeQuery(FIELDS, values, query)), "other=1");
});
