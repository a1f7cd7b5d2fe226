// @ts-check
// Single crystals: at which special points there are waves, how far out each zone lies, and warnings about the view.

import { ask, latestWins } from "../api.js";
import { energyIn } from "../format.js";
import { byId, debounce, element } from "../kit/dom.js";
import { succeeded, zoneName } from "./view.js";

/** @typedef {import("./view.js").Prediction} Prediction */
/** @typedef {import("./view.js").View} View */

const SAME_Q = 1e-6;
const GAMMA = "Γ";
/** Energies of a question whose intensities are not looked at. */
const COARSE_STEPS = 64;
const REST_MS = 400;

/** @type {Map<string, Promise<string[]>>} */
const known = new Map();

/**
 * Return the special points at which a simulation has a wave; of molecular dynamics' box, that is some of them.
 * @param {Prediction} prediction
 * @returns {Promise<string[]>}
 */
function pointsOf(prediction) {
    let asked = known.get(prediction.id);
    if (!asked) {
        asked = askPoints(prediction.id);
        known.set(prediction.id, asked);
        asked.catch(() => known.delete(prediction.id));
    }
    return asked;
}

/** @param {string} id */
async function askPoints(id) {
    const seen = /** @type {any} */ (await ask(`/predictions/${id}/spectrum`, { instrument: null, energy_mev: { min: 0, max: 10, step: 1 } }));
    const waves = /** @type {number[]} */ (seen.map.q_inv_angstrom);
    const sampled = seen.path.ticks.filter((/** @type {any} */ tick) =>
        waves.some((distance) => Math.abs(distance - tick.distance_inv_angstrom) < SAME_Q));
    return [...new Set(sampled.flatMap((/** @type {any} */ tick) => tick.label.split("|")))];
}

/**
 * Return the point of the cut, which simulations have no wave there, and the default: the first beyond Γ that all have.
 * @param {import("../state.js").Values} values
 * @param {Prediction[]} ready
 */
export async function cutOf(values, ready) {
    const points = await Promise.all(ready.map(pointsOf));
    const usual = (points[0] ?? []).find((point) => point !== GAMMA && points.every((those) => those.includes(point))) ?? null;
    const point = values.point || usual;
    const lacking = ready.filter((one, place) => point && !points[place]?.includes(point)).map((one) => one.id);
    return { point, lacking, usual, points };
}

/**
 * Keep the lists of zones and points, and the warnings, in step with the map.
 * @param {() => View} view
 * @param {import("./figures.js").Figures} figures
 */
export function followMap(view, figures) {
    const tell = latestWins(async (/** @type {{asked: any, range: number[]}} */ { asked, range }) => {
        const { values, context } = view();
        const { prediction_id: id, label: _, ...body } = asked;
        const [min = 0, max = 1] = range.map((value) => value / energyIn(1, values.energy_unit));
        const path = { ...body.path };
        delete path.zone;
        const energy_mev = { min, max, step: (max - min) / COARSE_STEPS };
        const seen = /** @type {any} */ (await ask(`/predictions/${id}/spectrum`, { ...body, path, energy_mev }));
        const cut = await cutOf(values, succeeded(context));
        listZones(seen.path.zones);
        listPoints(cut);
        byId("path-warnings").textContent = seen.warnings.join(" ");
    });
    const later = debounce(tell, REST_MS);
    figures.mapListeners.push((figure, views) => later({ asked: views[0], range: figure.layout.yaxis.range }));
}

/** @param {{hkl: number[], q_inv_angstrom: number}[]} zones by rising |k + G| */
function listZones(zones) {
    const select = /** @type {HTMLSelectElement} */ (document.querySelector('select[name="zone"]'));
    const options = new Map([...select.options].map((option) => [option.value, option]));
    const sorted = zones.map((zone) => {
        const value = zone.hkl.join(",");
        const option = options.get(value) ?? element("option", { value });
        options.delete(value);
        option.textContent = `${zoneName(value)} (${zone.q_inv_angstrom.toFixed(2)} Å⁻¹)`;
        return option;
    });
    const first = options.get("");
    options.delete("");
    const chosen = select.value;
    select.replaceChildren(...(first ? [first] : []), ...sorted, ...options.values());
    select.value = chosen;
}

/** @param {{usual: string | null, points: string[][]}} cut */
function listPoints({ usual, points }) {
    const select = /** @type {HTMLSelectElement} */ (document.querySelector('select[name="point"]'));
    for (const option of select.options) {
        if (option.value === "") option.textContent = `First beyond ${GAMMA}${usual ? `: ${usual}` : ""}`;
        else option.disabled = points.length > 0 && !points.some((those) => those.includes(option.value));
    }
}

