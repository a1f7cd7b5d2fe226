import assert from "node:assert/strict";
import { test } from "node:test";

import { count, duration, durationRange, featureEnergy, fileName, plusMinus, significant } from "../../frontend/static/js/format.js";

test("durations have suitable units", () => {
    const cases = [
        [null, "—"],
        [0.2, "under 1 s"],
        [89, "89 s"],
        [90, "2 min"],
        [5340, "89 min"],
        [5400, "1 h 30 min"],
        [7100, "2 h"],
        [200_000, "2 days"],
    ];
    for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
});

test("ranges of durations name a unit once", () => {
    const cases = [[20, 40, "20–40 s"], [50, 120, "50 s – 2 min"], [40, 40.2, "about 40 s"], [0.5, 3, "up to 3 s"], [0.1, 0.5, "under 1 s"]];
    for (const [low, high, text] of cases) assert.equal(durationRange(low, high), text);
});

test("numbers have significant digits and no exponent", () => {
    assert.equal(significant(0), "0");
    assert.equal(significant(0.0123456), "0.0123");
    assert.equal(significant(999.6), "1000");
    assert.equal(significant(1_234_567), "1.23 × 10⁶");
    assert.equal(significant(undefined), "—");
});

test("nouns follow their number, and file names are harmless", () => {
    assert.equal(count(1, "atom"), "1 atom");
    assert.equal(count(0, "energy", "energies"), "0 energies");
    assert.equal(fileName("Benzene / 10 K", "TOSCA"), "benzene-10-k-tosca");
});

test("errors have two digits", () => {
    const cases = [
        [1.02341, 0.0051, "1.0234 ± 0.0051"],
        [13312, 1287, "13\u202f300 ± 1300"],
        [-0.5, 0.0996, "−0.50 ± 0.10"],
        [3.14159e8, 2.5e6, "(3.142 ± 0.025) × 10⁸"],
        [2.0e-6, 3.4e-7, "(2.00 ± 0.34) × 10⁻⁶"],
        [0.01, 25, "0 ± 25"],
        [5, null, "5.000"],
        [null, 0.1, "—"],
    ];
    for (const [value, error, text] of cases) assert.equal(plusMinus(value, error), text);
});

test("features have one rounding, that of the sentences of the server", () => {
    const cases = [
        [136.25, "meV", "136.3"], [36.52, "meV", "36.5"], [40, "meV", "40"], [100, "meV", "100"], [5.234, "meV", "5.23"],
        [0.4567, "meV", "0.457"], [136.253, "cm-1", "1099"], [5.234, "cm-1", "42.2"], [0, "meV", "0"],
    ];
    for (const [mev, unit, text] of cases) assert.equal(featureEnergy(mev, unit), text);
});
