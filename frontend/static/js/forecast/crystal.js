// @ts-check
// Single crystals: the lists of wave vectors and of zones, by their distance, and warnings about the view.

import { ask, latestWins } from "../api.js";
import { energyIn } from "../format.js";
import { byId, debounce, element } from "../kit/dom.js";
import { BETWEEN, isVector, pointName, succeeded, zoneName } from "./view.js";
import { cutOf, GAMMA, written } from "./waves.js";

/** @typedef {import("./view.js").View} View */

/** Energies of a question whose intensities are not looked at. */
const COARSE_STEPS = 64;
const REST_MS = 400;

/**
 * Keep the lists of zones and points, and the warnings, in step with the map.
 * @param {() => View} view
 * @param {import("./figures.js").Figures} figures
 */
export function followMap(view, figures) {
    const tell = latestWins(async (/** @type {{asked: any, range: number[]}} */ { asked, range }) => {
        const { values } = view();
        const { prediction_id: id, label: _, ...body } = asked;
        const [min = 0, max = 1] = range.map((value) => value / energyIn(1, values.energy_unit));
        const path = { ...body.path };
        delete path.zone;
        const energy_mev = { min, max, step: (max - min) / COARSE_STEPS };
        const seen = /** @type {any} */ (await ask(`/predictions/${id}/spectrum`, { ...body, path, energy_mev }));
        listZones(seen.path.zones);
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

const pointSelect = () => /** @type {HTMLSelectElement} */ (document.querySelector('select[name="point"]'));
let listed = "";

/**
 * List the wave vectors of the cut: special points, then the others; and the same beside the modes.
 * @param {View} view
 */
export async function listPoints({ values, context }) {
    const { usual, waves, point } = await cutOf(values, succeeded(context));
    const select = pointSelect();
    const between = [...new Set(waves.flatMap(({ vectors, names }) => vectors.filter((_, place) => !names[place]).map(written)))];
    const key = JSON.stringify([usual, waves.map(({ points }) => points), between]);
    if (key !== listed) {
        listed = key;
        for (const option of select.options) {
            if (option.value === "") option.textContent = `First beyond ${GAMMA}${usual ? `: ${usual}` : ""}`;
            else if (!isVector(option.value)) option.disabled = waves.length > 0 && !waves.some(({ points }) => points.includes(option.value));
        }
        const there = new Set([...select.options].map((option) => option.value));
        const group = select.querySelector("optgroup") ?? select.appendChild(element("optgroup", { label: BETWEEN }));
        group.append(...between.filter((one) => !there.has(one)).map((one) => new Option(pointName(one), one)));
    }
    const beside = /** @type {HTMLSelectElement | null} */ (document.getElementById("peak-point"));
    if (!beside) return;
    if (beside.options.length !== select.options.length - 1 || beside.dataset.of !== key) {
        beside.dataset.of = key;
        beside.replaceChildren(...[...select.options].filter((option) => option.value && !option.disabled)
            .map((option) => new Option(option.textContent ?? "", option.value)));
    }
    beside.value = point ?? "";
}
