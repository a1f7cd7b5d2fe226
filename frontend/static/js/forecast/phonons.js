// @ts-check
// The phonons of a harmonic forecast: dispersion and density of states.

import { get, latestWins } from "../api.js";
import { byId, fill, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";
import { query } from "../state.js";
import { refusal } from "./modes.js";
import { harmonicOf, lookUp } from "./peaks.js";
import { numberOf } from "./view.js";
import { nearestWave, placeOf, wavesOf } from "./waves.js";

/** @typedef {import("./page.js").Page} Page */

const figure = new Figure(byId("phonons"), { lines: false });
let drawn = "";

/** @type {Page | null} */
let shown = null;
onRedraw(() => {
    drawn = "";
    if (shown && !figure.place.closest("[hidden]")) show(shown);
});

/** @param {Page} page */
export function show(page) {
    shown = page;
    draw(page);
}

/** Farther away than this, no wave vector of the path is the one that was clicked, r.l.u. */
const SAME_PLACE = 0.05;

/** Return the forecasts whose phonons are drawn over these, and offer all but these. @param {Page} page @param {string} id */
function overlaid({ state }, id) {
    for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("#phonons-of input"))) {
        /** @type {HTMLElement} */ (box.parentElement).hidden = box.value === id;
    }
    return (state.values.phonons_of ?? "").split(",").filter((one) => one && one !== id);
}

/**
 * Show the modes at the energy of a branch; of a crystal at the wave vector that was clicked, if its path has it.
 * @param {Page} page
 * @param {string} id prediction
 * @param {any} point Plotly's
 */
async function openBranch(page, id, { y, pointNumber, data }) {
    // The modes below the figure are those of this forecast
    if (data.meta?.number) return;
    const vectors = figure.graph.layout?.meta?.wave_vectors;
    if (page.context.sampling !== "path" || data.meta?.role !== "dispersion" || !vectors) return lookUp(page, y);
    const waves = await wavesOf(id);
    // Each branch ends with a gap
    const near = nearestWave(waves.vectors, vectors[pointNumber % (vectors.length + 1)] ?? [], SAME_PLACE);
    lookUp(page, y, near < 0 ? {} : { point: placeOf(waves, near) });
}

const draw = latestWins(async (/** @type {Page} */ page) => {
    const { values } = page.state;
    const prediction = harmonicOf(page);
    if (prediction?.status !== "succeeded") {
        figure.say("Appears as soon as the harmonic forecast is ready.");
        return;
    }
    const unit = values.energy_unit ?? "meV";
    const others = overlaid(page, prediction.id);
    const density = values.dos ?? "states";
    const asked = `/predictions/${prediction.id}/phonons?${query({
        theme: theme(), energy_unit: unit, energy_scale: String(numberOf(values.energy_scale) ?? 1), density })}${others.map((one) => `&overlay=${one}`).join("")}`;
    if (asked === drawn) return;
    try {
        if (!figure.drawn) figure.say("Calculating the phonons …");
        await figure.draw(await get(asked), `${prediction.id} ${unit} ${density} ${others.join(" ")}`);
        drawn = asked;
        figure.graph.removeAllListeners("plotly_click");
        figure.graph.on("plotly_click", (/** @type {any} */ { points: [point] }) => {
            if (point) void openBranch(page, prediction.id, point);
        });
    } catch (problem) {
        drawn = "";
        figure.refuse(problem);
        fill(figure.messageElement, ...refusal(problem, prediction, page.context.structure));
    }
});
