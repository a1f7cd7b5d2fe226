// @ts-check
// Which forecasts are ranked: those of this structure, unless the address names others.

import { get } from "../api.js";
import { METHODS, originOf } from "../kit/predictions.js";
import { byId, element, fill } from "../kit/dom.js";
import { elementOf } from "../kit/controls.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {{value: string, label: string, own: boolean, one: any, elements: string[] | null}} Choice */

/** Forecasts that the API ranks at once. */
const MAX_CANDIDATES = 24;
const MAX_LISTED = 60;
/** Value of the address when nothing is selected; empty means all of this structure. */
const NOTHING = "none";

/** @type {{of: string, choices: Promise<Choice[]>} | null} */
let known = null;

/** @param {any} one */
const words = (one) => [METHODS[one.method] ?? one.method, `${one.temperature_k} K`, originOf(one), one.quality].filter(Boolean).join(", ");

/** Return all finished forecasts of powders; asked for anew when a simulation has ended. @param {Page} page */
async function load({ context }) {
    const of = JSON.stringify(context.predictions.map((one) => one.status));
    if (known?.of !== of) {
        known = { of, choices: Promise.all([get("/predictions?limit=500"), get("/structures?limit=500")])
            .then(([/** @type {any} */ predictions, /** @type {any} */ structures]) => predictions.items
                .filter((/** @type {any} */ one) => one.status === "succeeded" && one.sampling === "powder")
                .map((/** @type {any} */ one) => {
                    const structure = structures.items.find((/** @type {any} */ other) => other.id === one.structure_id);
                    const own = one.structure_id === context.structure.id;
                    const label = (own ? "" : `${structure?.name ?? "another structure"}, `) + words(one);
                    return { value: one.id, label, own, one, elements: structure?.elements ?? null };
                })) };
        known.choices.catch(() => { known = null; });
    }
    return known.choices;
}

/** @param {Page} page @param {Choice[]} choices @param {Set<string>} chosen */
function list(page, choices, chosen) {
    const own = choices.filter((one) => one.own);
    const box = (/** @type {Choice} */ { value, label }) => element("label", { class: "check" }, element("input", {
        type: "checkbox", value, checked: chosen.has(value), onchange: (/** @type {Event} */ event) => {
            const after = new Set(chosen);
            if (/** @type {HTMLInputElement} */ (event.target).checked) after.add(value);
            else after.delete(value);
            const all = after.size === own.length && own.every((one) => after.has(one.value));
            page.state.set({ fit_candidates: all ? "" : [...after].join(",") || NOTHING });
        },
    }), label);
    const others = choices.filter((one) => !one.own);
    const field = /** @type {HTMLInputElement} */ (byId("ranking-others").previousElementSibling);
    /** @type {HTMLElement} */ (field.parentElement).hidden = !others.length;
    const listOthers = () => {
        const sought = field.value.toLowerCase().split(/\s+/);
        const found = others.filter((one) => chosen.has(one.value) || sought.every((word) => one.label.toLowerCase().includes(word)));
        fill(byId("ranking-others"), ...(found.length ? found.slice(0, MAX_LISTED).map(box)
            : [element("p", { class: "quiet small" }, "No finished forecast of a powder has these words.")]));
    };
    field.oninput = listOthers;
    fill(byId("ranking-own"), ...own.map(box));
    listOthers();
}

/** Show the lists, and return what is to be ranked. @param {Page} page @param {(prediction: any) => any} viewOf */
export async function candidates(page, viewOf) {
    const choices = await load(page);
    const wanted = page.state.values.fit_candidates;
    const chosen = new Set(wanted ? wanted.split(",") : choices.filter((one) => one.own).map((one) => one.value));
    const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : "";
    list(page, choices, new Set([...chosen].filter((id) => id !== NOTHING)));
    /** @type {HTMLElement | null} */ (byId("fit").querySelector(`[data-for="ranking"] input[value="${CSS.escape(focused)}"]`))?.focus();
    return choices.filter((one) => chosen.has(one.value)).slice(0, MAX_CANDIDATES).map(({ value, label, one, elements }) => {
        const n_orders = one.method === "harmonic" ? one.options.n_orders ?? 0 : 0;
        const view = viewOf({ ...one, n_orders, species: one.provenance?.species ?? [] });
        // Isotopes of elements that a structure lacks are no question to it
        const isotopes = Object.entries(view.isotopes).filter(([site]) => !elements || elements.includes(elementOf(site)));
        return { prediction_id: value, label, view: { ...view, isotopes: Object.fromEntries(isotopes) } };
    });
}
