import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiProblem, latestWins, newestOnly } from "../../frontend/static/js/api.js";

const later = () => new Promise((resolve) => setImmediate(resolve));

test("the newest waiting request wins, and the last is always done", async () => {
    const done = [];
    const ask = latestWins(async (request) => {
        done.push(request);
        await later();
    });
    for (const request of [1, 2, 3, undefined]) ask(request);
    await later();
    await later();
    ask(5);
    await later();
    assert.deepEqual(done, [1, undefined, 5]);
});

test("work that fails does not stop the next", async (t) => {
    t.mock.method(console, "error", () => {});
    const done = [];
    const ask = latestWins(async (request) => {
        if (request === 1) throw new Error("no");
        done.push(request);
    });
    ask(1);
    ask(2);
    await later();
    assert.deepEqual(done, [2]);
});

test("a newer request aborts the older one", async () => {
    const signals = [];
    const ask = newestOnly(async (_, signal) => {
        signals.push(signal);
        await later();
    });
    void ask(1);
    await ask(2);
    assert.deepEqual(signals.map((signal) => signal.aborted), [true, false]);
    void ask(3);
    ask.stop();
    assert.equal(signals.at(-1).aborted, true);
});

test("a problem's text is that of its fields, each once, or its detail", () => {
    const fields = [{ loc: "a", msg: "Too low." }, { loc: "b", msg: "Too low." }, { loc: "c", msg: "Missing." }];
    assert.equal(new ApiProblem(422, "Invalid", "Long detail", fields).text, "Too low. Missing.");
    assert.equal(new ApiProblem(500, "Title", "Detail").text, "Detail");
});
