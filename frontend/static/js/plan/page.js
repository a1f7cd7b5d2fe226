// @ts-check
// The page of a plan: its form is its state, and every panel asks with it.

import { byId, debounce, pageData } from "../kit/dom.js";
import { onRedraw, plotly } from "../kit/figure.js";
import { pairIsotopes, restore } from "../kit/controls.js";
import { refresh } from "../kit/live.js";
import { FormState } from "../state.js";
import { featuresPanel } from "./features.js";
import { measurementPanel } from "./measurement.js";
import { rankingPanel } from "./ranking.js";
import { reportPanel } from "./report.js";
import { samplePanel } from "./sample.js";

/** Typing and clicking are over when nothing has changed for this long; a ranking takes seconds. */
const SETTLED_MS = 300;
const SETTLED_FOR_RANKING_MS = 700;

const form = /** @type {HTMLFormElement} */ (byId("plan"));
const { structure, terms, defaults, simulated } = pageData("page-data");

form.addEventListener("change", ({ target }) => { if (target instanceof HTMLInputElement && target.type === "number") restore(target); });
pairIsotopes(form);
const forecast = /** @type {HTMLSelectElement} */ (byId("predictions"));
const state = new FormState(form, { others: () => ({ predictions: forecast.value }) });

let values = state.values;

const features = featuresPanel(state);
const sample = samplePanel({ structure, terms, simulated });
const measurement = measurementPanel(state);
const ranking = rankingPanel(state, { structure, terms }, {
    told: (settings) => {
        measurement.offer(settings);
        askQuick();
    },
    simulate: measurement.simulate,
});
reportPanel(() => values, structure, { best: ranking.best, chosen: measurement.chosen });

function askQuick() {
    features.ask(values);
    sample.ask(values, measurement.chosen());
    measurement.ask(values, features.energies());
}
const soon = debounce(askQuick, SETTLED_MS);
const later = debounce(() => ranking.ask(values), SETTLED_FOR_RANKING_MS);

function showFields() {
    for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-amount]"))) {
        field.hidden = field.dataset.amount !== values.amount;
    }
    byId("wall").hidden = values.material === "none";
    /** @type {HTMLAnchorElement} */ (byId("forecast-link")).href = `/forecast/${structure.id}?predictions=${values.predictions}`;
}

state.watch(() => {
    values = state.values;
    showFields();
    features.show(values);
    ranking.show(values);
    soon();
    later();
});
// Nothing has changed yet: ask at once. Figures come after some seconds, until then their library is there
plotly().catch(() => {});
if (values.instruments) /** @type {HTMLDetailsElement} */ (byId("only-instruments")).open = true;
ranking.ask(values);
askQuick();
onRedraw(() => {
    askQuick();
    ranking.ask(values);
});

/** @type {Promise<{open: () => void}> | null} */
let dialog = null;
byId("calibrate").addEventListener("click", async () => {
    dialog ??= import("./calibration.js").then((module) => module.calibrationDialog(state, defaults));
    (await dialog).open();
});
document.addEventListener("removed", async () => {
    await refresh();
    state.touch();
});

byId("reset").addEventListener("click", () => {
    const { predictions = "" } = values;
    state.set({ ...state.defaults, predictions });
});
const rail = byId("rail-body");
const toggle = /** @type {HTMLElement} */ (document.querySelector("[aria-controls='rail-body']"));
toggle.addEventListener("click", () => toggle.setAttribute("aria-expanded", String(rail.classList.toggle("is-open"))));
