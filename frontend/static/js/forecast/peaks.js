// @ts-check
// Which peak of the spectrum is open: by a click, or by its energy. It stands in the address.

import { energyIn } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { snapToPeak } from "../kit/snap.js";
import { IDEAL, instrumentsOf, numberOf } from "./view.js";
import { nearestWave, placeOf, wavesOf } from "./waves.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./figures.js").Click} Click */

/** A click finds a peak within this part of the axis, or within so many pixels, whichever is more. */
const SNAP_FRACTION = 0.015;
const SNAP_PX = 8;
/** Parts of a figure that are no curve to click at. */
const NO_CURVES = ["error", "measured"];
/** @param {Page} page */
export const hintOf = ({ context }) => (context.sampling === "path"
    ? "Click a peak of a harmonic cut or a point of the map, or choose a wave vector and enter an energy."
    : "Click a peak of a harmonic curve, or enter its energy.");

/**
 * Return the view that drew a trace. The traces of a view are its error band, its total, and the parts of it.
 * @param {(string | undefined)[]} roles of all traces
 * @param {number} index
 */
export function viewOfTrace(roles, index) {
    const totals = roles.slice(0, index).filter((role) => role === "total").length;
    return roles[index] === "total" || roles[index] === "error" ? totals : totals - 1;
}

/** Return the harmonic forecast whose modes are shown. @param {Page} page */
export function harmonicOf({ context, state }) {
    const all = context.predictions.filter((one) => one.method === "harmonic");
    return all.find((one) => one.id === state.values.peak_prediction) ?? all[0];
}

/** @param {Page} page @returns {number} a meV in the unit of the axis */
const perMev = ({ state }) => energyIn(1, state.values.energy_unit);

/** @param {number} mev @returns {string} as the address keeps it */
const written = (mev) => String(Number(mev.toPrecision(5)));

/**
 * Open the peak that was clicked: of all curves, the one whose top is nearest to the pointer.
 * @param {Page} page
 * @param {Click} click
 */
export function openClicked(page, { points, event, graph, views }) {
    const roles = graph.data.map((/** @type {any} */ trace) => trace.meta?.role);
    const { top, left } = graph.getBoundingClientRect();
    const tops = points.filter((point) => !NO_CURVES.includes(roles[point.curveNumber])).map((point) => {
        const { xaxis, yaxis, fullData } = point;
        const reach = Math.max(SNAP_FRACTION, SNAP_PX / xaxis._length) * Math.abs(xaxis.range[1] - xaxis.range[0]);
        const peak = snapToPeak(fullData.x, fullData.y, xaxis.p2d(event.clientX - left - xaxis._offset), reach);
        const height = Math.min(Math.max(yaxis.d2p(peak.y), 0), yaxis._length) || 0;
        const away = Math.hypot(xaxis.d2p(peak.x) - (event.clientX - left - xaxis._offset), height - (event.clientY - top - yaxis._offset));
        return { view: views[viewOfTrace(roles, point.curveNumber)], mev: peak.x / perMev(page), away };
    }).filter(({ view }) => view);
    const [nearest] = tops.sort((one, other) => one.away - other.away);
    if (nearest) open(page, nearest);
}

/**
 * Open the modes at a point of the map: those of its wave vector, and of the branch that is nearest in energy.
 * @param {Page} page
 * @param {Click} click
 */
export async function openOnMap(page, { points, event, graph, views }) {
    const point = points.find((one) => one.data.type === "heatmap");
    const [view] = views;
    if (!point || !view) return;
    const { yaxis, fullData } = point;
    const [row, column] = /** @type {[number, number]} */ (point.pointNumber);
    // Logarithmic colours have the intensities beside them
    const rows = /** @type {ArrayLike<number>[]} */ (fullData.customdata ?? fullData.z);
    const intensities = Array.from(rows, (one) => one[column] ?? 0);
    const edges = Array.from(/** @type {ArrayLike<number>} */ (fullData.y));
    const energies = edges.length > rows.length ? edges.slice(1).map((edge, place) => (edge + (edges[place] ?? 0)) / 2) : edges;
    const at = yaxis.p2d(event.clientY - graph.getBoundingClientRect().top - yaxis._offset);
    const reach = Math.max(SNAP_FRACTION, SNAP_PX / yaxis._length) * Math.abs(yaxis.range[1] - yaxis.range[0]);
    const peak = snapToPeak(energies, intensities, Number.isFinite(at) ? at : energies[row] ?? 0, reach);
    const harmonic = harmonicOf(page);
    const [clicked, waves] = await Promise.all([wavesOf(view.prediction_id), wavesOf(harmonic?.id ?? view.prediction_id)]);
    const place = placeOf(waves, nearestWave(waves.vectors, clicked.vectors[column] ?? [0, 0, 0]));
    open(page, { view, mev: peak.x / perMev(page), place });
}

/**
 * @param {Page} page
 * @param {{view: any, mev: number, place?: string}} peak view: what the API drew; place: wave vector of a crystal
 */
function open(page, { view, mev, place }) {
    const { context, state } = page;
    const clicked = context.predictions.find((one) => one.id === view.prediction_id);
    if (clicked?.method !== "harmonic") {
        byId("modes").hidden = false;
        if (state.values.peak) state.set({ peak: "" });
        const what = `this ${place ? "map" : "curve"} is of ${clicked?.method === "trpmd" ? "quantum" : "molecular"} dynamics: `;
        fill(byId("modes-hint"), `Modes are those of harmonic forecasts, and ${what}`,
            harmonicOf(page) ? (place ? "choose the harmonic simulation above it." : "click the curve of the harmonic forecast.")
                : element("a", { href: `/structures/${context.structure.id}?method=harmonic` }, "start a harmonic forecast"));
        return;
    }
    const first = context.predictions.find((one) => one.method === "harmonic");
    const name = view.instrument ?? IDEAL;
    // The answer comes into view once it is there
    byId("modes").dataset.follow = "";
    state.set({
        peak: written(mev),
        ...(place ? { point: place } : {}),
        peak_of: name === instrumentsOf(state.values)[0] ? "" : name,
        ...("peak_prediction" in state.values ? { peak_prediction: clicked === first ? "" : clicked.id } : {}),
    });
}

/**
 * Show the modes at an energy.
 * @param {Page} page
 * @param {number} [energy] in the unit of the axis; by default the one typed
 * @param {Record<string, string>} [more] values to set beside it
 */
export function lookUp(page, energy, more = {}) {
    const typed = energy ?? numberOf(/** @type {HTMLInputElement} */ (byId("peak-energy")).value);
    page.state.set({ peak: typed === null ? "" : written(typed / perMev(page)), ...more });
    if (typed === null) byId("peak-energy").focus();
}
