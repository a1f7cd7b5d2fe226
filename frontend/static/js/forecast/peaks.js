// @ts-check
// Which peak of the spectrum is open: by a click, or by its energy. It stands in the address.

import { energyIn } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { snapToPeak } from "../kit/snap.js";
import { IDEAL, instrumentsOf, numberOf } from "./view.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./figures.js").Click} Click */

/** A click finds a peak within this part of the axis, or within so many pixels, whichever is more. */
const SNAP_FRACTION = 0.015;
const SNAP_PX = 8;
/** Parts of a figure that are no curve to click at. */
const NO_CURVES = ["error", "measured"];
export const HINT = "Click a peak of a harmonic curve, or enter its energy.";

/**
 * Return the view that drew a trace. The traces of a view are its error band, its total, and the parts of it.
 * @param {(string | undefined)[]} roles of all traces
 * @param {number} index
 */
export function viewOfTrace(roles, index) {
    const totals = roles.slice(0, index).filter((role) => role === "total").length;
    return roles[index] === "total" || roles[index] === "error" ? totals : totals - 1;
}

/**
 * Return the harmonic forecast whose modes are shown.
 * @param {Page} page
 */
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
 * @param {Page} page
 * @param {{view: any, mev: number}} peak view: what the API drew
 */
function open(page, { view, mev }) {
    const { context, state } = page;
    const clicked = context.predictions.find((one) => one.id === view.prediction_id);
    if (clicked?.method !== "harmonic") {
        byId("modes").hidden = false;
        if (state.values.peak) state.set({ peak: "" });
        fill(byId("modes-hint"), `Modes are those of harmonic forecasts, and this curve is of ${clicked?.method === "trpmd" ? "quantum" : "molecular"} dynamics: `,
            harmonicOf(page) ? "click the curve of the harmonic forecast."
                : element("a", { href: `/structures/${context.structure.id}?method=harmonic` }, "start a harmonic forecast"));
        return;
    }
    const first = context.predictions.find((one) => one.method === "harmonic");
    const name = view.instrument ?? IDEAL;
    // The answer comes into view once it is there
    byId("modes").dataset.follow = "";
    state.set({
        peak: written(mev),
        peak_of: name === instrumentsOf(state.values)[0] ? "" : name,
        ...("peak_prediction" in state.values ? { peak_prediction: clicked === first ? "" : clicked.id } : {}),
    });
}

/** Show the modes at an energy, in the unit of the axis. @param {Page} page @param {number} [energy] the one typed */
export function lookUp(page, energy) {
    const typed = energy ?? numberOf(/** @type {HTMLInputElement} */ (byId("peak-energy")).value);
    page.state.set({ peak: typed === null ? "" : written(typed / perMev(page)) });
    if (typed === null) byId("peak-energy").focus();
}
