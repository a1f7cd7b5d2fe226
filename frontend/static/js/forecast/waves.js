// @ts-check
// Wave vectors of single crystals: which ones a simulation has, and where the cut is.
//
// The place of a cut is the name of a special point, or "h,k,l" in reciprocal lattice units.

import { ask } from "../api.js";
import { isVector } from "./view.js";

/** @typedef {[number, number, number]} Vector r.l.u. */
/** @typedef {{points: string[], vectors: Vector[], distances: number[], names: string[]}} Waves names: "" between special points */
/**
 * @typedef {object} CutPlace
 * @property {string | null} point chosen, or the usual one
 * @property {string | null} usual the first special point beyond Γ that all simulations have
 * @property {Record<string, string | number>} at of each simulation that has it: what the API takes
 * @property {string[]} lacking simulations without a wave there
 * @property {Waves[]} waves of the simulations, in their order
 */

export const GAMMA = "Γ";
const SAME_DISTANCE = 1e-6;
/** Reciprocal lattice units: addresses have four decimals. */
const SAME_WAVE = 2e-4;
const DECIMALS = 4;

/** @param {readonly number[]} vector @returns {string} as forms and addresses write it */
export const written = (vector) => vector.map((one) => String(Number(one.toFixed(DECIMALS)) + 0)).join(",");
/** @type {Map<string, Promise<Waves>>} */
const known = new Map();

/**
 * Return the wave vectors of a simulation; molecular dynamics has those of its box.
 * @param {string} id
 * @returns {Promise<Waves>}
 */
export function wavesOf(id) {
    let asked = known.get(id);
    if (!asked) {
        asked = askWaves(id);
        known.set(id, asked);
        asked.catch(() => known.delete(id));
    }
    return asked;
}

/** @param {string} id */
async function askWaves(id) {
    const seen = /** @type {any} */ (await ask(`/predictions/${id}/spectrum`, { instrument: null, energy_mev: { min: 0, max: 10, step: 1 } }));
    const distances = /** @type {number[]} */ (seen.map.q_inv_angstrom);
    const ticks = /** @type {{label: string, distance_inv_angstrom: number}[]} */ (seen.path.ticks);
    const names = distances.map((distance) => ticks.find((tick) => Math.abs(distance - tick.distance_inv_angstrom) < SAME_DISTANCE)?.label ?? "");
    return { points: [...new Set(names.flatMap((name) => (name ? name.split("|") : [])))], vectors: seen.path.wave_vectors, distances, names };
}

/**
 * Return the index of the wave vector nearest to another one, if one is within reach.
 * @param {readonly Vector[]} vectors
 * @param {readonly number[]} wanted
 * @param {number} [reach] r.l.u.
 */
export function nearestWave(vectors, wanted, reach = Infinity) {
    const away = vectors.map((vector) => Math.hypot(...vector.map((one, axis) => one - (wanted[axis] ?? 0))));
    const least = Math.min(...away);
    return least <= reach ? away.indexOf(least) : -1;
}

/**
 * Return how forms write the place of a wave vector: the name of a special point where it is one.
 * @param {Waves} waves
 * @param {number} index
 */
export function placeOf({ names, vectors }, index) {
    const [name] = (names[index] ?? "").split("|");
    return name || written(vectors[index] ?? [0, 0, 0]);
}

/**
 * Return the place as the API takes it, or null if the simulation has no wave there.
 * @param {Waves} waves
 * @param {string} point
 */
export function locate({ points, vectors }, point) {
    if (!isVector(point)) return points.includes(point) ? point : null;
    const found = nearestWave(vectors, point.split(",").map(Number), SAME_WAVE);
    return found < 0 ? null : found;
}

/**
 * Return the distance along the path of a place as the API takes it, Å⁻¹.
 * @param {Waves} waves
 * @param {string | number} at
 */
export const distanceOf = ({ names, distances }, at) =>
    distances[typeof at === "number" ? at : names.findIndex((name) => name.split("|").includes(at))] ?? null;

/**
 * Return where the cut is; by default at the first special point beyond Γ that all simulations have.
 * @param {import("../state.js").Values} values
 * @param {readonly {id: string}[]} ready
 * @returns {Promise<CutPlace>}
 */
export async function cutOf(values, ready) {
    const waves = await Promise.all(ready.map(({ id }) => wavesOf(id)));
    const usual = (waves[0]?.points ?? []).find((point) => point !== GAMMA && waves.every(({ points }) => points.includes(point))) ?? null;
    const point = values.point || usual;
    /** @type {Record<string, string | number>} */
    const at = {};
    ready.forEach(({ id }, place) => {
        const found = point ? locate(/** @type {Waves} */ (waves[place]), point) : null;
        if (found !== null) at[id] = found;
    });
    return { point, usual, at, lacking: point ? ready.filter(({ id }) => !(id in at)).map(({ id }) => id) : [], waves };
}
