import assert from "node:assert/strict";
import { test } from "node:test";

import { modesBody, whatMoves } from "../../frontend/static/js/forecast/modes.js";
import { arrows, displaced, moving, widestPhase } from "../../frontend/static/js/forecast/motion.js";
import { viewOfTrace } from "../../frontend/static/js/forecast/peaks.js";
import { snapToPeak } from "../../frontend/static/js/kit/snap.js";

const close = (found, expected) => {
    assert.equal(found.length, expected.length);
    found.forEach((value, place) => assert.ok(Math.abs(value - expected[place]) < 1e-12, `${found} is not ${expected}`));
};

/** Two peaks on a slope, at 40 and 60; the second is higher. */
const x = Float64Array.from({ length: 201 }, (_, place) => place / 2);
const y = x.map((mev) => 0.001 * mev + Math.exp(-(((mev - 40) / 2) ** 2)) + 1.5 * Math.exp(-(((mev - 60) / 2) ** 2)));

test("a click snaps to the top of the nearest peak in reach", () => {
    assert.deepEqual([snapToPeak(x, y, 38.8, 1.5).x, snapToPeak(x, y, 61, 1.5).x], [40, 60]);
    assert.deepEqual([snapToPeak(x, y, 49, 15).x, snapToPeak(x, y, 51, 15).x], [40, 60]);
});

test("far from all peaks a click stays where it is", () => {
    const { x: at, snapped } = snapToPeak(x, y, 48.2, 1.5);
    assert.deepEqual([at, snapped], [48.2, false]);
    assert.deepEqual(snapToPeak(x, y.map(() => 0), 48.2, 1.5).snapped, false);
});

test("a ripple beside a peak is not snapped to", () => {
    const rippled = y.map((value, place) => (x[place] === 56 ? value + 0.2 : value));
    assert.equal(snapToPeak(x, rippled, 57, 4).x, 60);
});

test("a trace belongs to the view whose total it follows", () => {
    const roles = ["error", "error", "total", "element", "order", "total", "bank"];
    assert.deepEqual(roles.map((_, index) => viewOfTrace(roles, index)), [0, 0, 0, 0, 0, 1, 1]);
});

test("modes are asked for with the view of the spectrum, without its parts", () => {
    const body = { instrument: "TOSCA", settings: {}, energy_scale: 1.02, per_order: true, kf_over_ki: true, elastic: false, quantum_correction: "none" };
    assert.deepEqual(modesBody(body), { instrument: "TOSCA", settings: {}, energy_scale: 1.02 });
});

test("what moves is named by site, the most first", () => {
    assert.equal(whatMoves({ by_element: { H: 0.9, C: 0.1 }, by_site: { H1: 0.5, H2: 0.4, C1: 0.06, C2: 0.04 } }), "H1\u00a050\u00a0%, H2\u00a040\u00a0%, C1\u00a06\u00a0%");
});

/** A circle in the xy plane, and an atom at rest. */
const atoms = {
    element: ["H", "C"], site: ["H1", "C1"], inside: [true, true],
    position_angstrom: [[1, 2, 3], [0, 0, 0]], displacement_re: [[1, 0, 0], [0, 0, 0]], displacement_im: [[0, 1, 0], [0, 0, 0]],
};

test("atoms move as r + A Re(u exp(−iωt))", () => {
    close(displaced(atoms, 0.5, 0)[0], [1.5, 2, 3]);
    close(displaced(atoms, 0.5, Math.PI / 2)[0], [1, 2.5, 3]);
    close(displaced(atoms, 0.5, Math.PI)[0], [0.5, 2, 3]);
    close(displaced(atoms, 0.5, 1)[1], [0, 0, 0]);
});

test("arrows show the phase at which the atoms are farthest", () => {
    const standing = { ...atoms, displacement_re: [[0.6, 0, 0], [0, 0, 0]], displacement_im: [[0.8, 0, 0], [0, 0, 0]] };
    close([Math.abs(displaced(standing, 1, widestPhase(standing))[0][0] - 1)], [1]);
    const { lines, heads } = arrows(standing, 0.4);
    assert.deepEqual([lines.x.length, heads.x.length], [3, 1]);
    close([lines.x[0], Math.abs(lines.x[1] - 1), Math.abs(heads.u[0]), heads.v[0]], [1, 1, 1, 0]);
});

test("bonds are drawn in halves that meet in the middle", () => {
    const places = [[1, 0, 0], [0, 0, 0]];
    const [hydrogen, carbon, ofHydrogen, ofCarbon] = moving({ atoms, bonds: [[0, 1]], elements: { H: {}, C: {} } }, places);
    assert.deepEqual([hydrogen.x, carbon.x, ofHydrogen.x, ofCarbon.x], [[1], [0], [1, 0.5, null], [0, 0.5, null]]);
});
