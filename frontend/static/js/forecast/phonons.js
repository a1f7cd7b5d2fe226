// @ts-check
// The phonons of a harmonic forecast: dispersion and density of states.

import { get, latestWins } from "../api.js";
import { byId, fill, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";
import { query } from "../state.js";
import { refusal } from "./modes.js";
import { harmonicOf, lookUp } from "./peaks.js";
import { numberOf } from "./view.js";

/** @typedef {import("./page.js").Page} Page */

const figure = new Figure(byId("phonons"));
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

const draw = latestWins(async (/** @type {Page} */ page) => {
    const { values } = page.state;
    const prediction = harmonicOf(page);
    if (prediction?.status !== "succeeded") {
        figure.say("Appears as soon as the harmonic forecast is ready.");
        return;
    }
    const unit = values.energy_unit ?? "meV";
    const asked = `/predictions/${prediction.id}/phonons?${query({
        theme: theme(), energy_unit: unit, energy_scale: String(numberOf(values.energy_scale) ?? 1) })}`;
    if (asked === drawn) return;
    try {
        if (!figure.drawn) figure.say("Calculating the phonons …");
        await figure.draw(await get(asked), `${prediction.id} ${unit}`);
        drawn = asked;
        figure.graph.removeAllListeners("plotly_click");
        figure.graph.on("plotly_click", (/** @type {any} */ { points: [point] }) => {
            if (point) lookUp(page, point.y);
        });
    } catch (problem) {
        drawn = "";
        figure.refuse(problem);
        fill(figure.messageElement, ...refusal(problem, prediction, page.context.structure));
    }
});
