// @ts-check
// Frequencies with other isotopes: a new forecast from the force constants of a harmonic one, beside it.

import { ask } from "../api.js";
import { byId } from "../kit/dom.js";
import { isotopesOf } from "../kit/controls.js";
import { clearProblems, showProblem } from "../kit/problems.js";
import { difference, query } from "../state.js";
import { resolves } from "./view.js";

/** @typedef {import("./page.js").Page} Page */

const REFUSED = "The frequencies with this isotope cannot be calculated";

/** Return the harmonic forecast whose force constants are there, if one is shown. @param {Page} page */
const harmonic = ({ context }) => context.predictions.find((one) => one.method === "harmonic" && one.status === "succeeded");

/** Return the isotopes that the view states. @param {Page} page */
function chosenIsotopes(page) {
    const source = harmonic(page);
    return source ? isotopesOf(page.state.values, (site) => resolves(source, site)) : {};
}

/** Offer the calculation if an isotope is chosen. @param {Page} page @param {HTMLFormElement} form */
export function offerMasses(page, form) {
    const place = document.getElementById("other-masses");
    if (place) place.hidden = !harmonic(page) || !Object.keys(chosenIsotopes(page)).length;
    const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("run-isotopes"));
    if (!button) return;
    button.onclick = async () => {
        const source = harmonic(page);
        if (!source) return;
        const message = byId("isotopes-message");
        clearProblems(form, message);
        button.disabled = true;
        try {
            const made = /** @type {{id: string}} */ (await ask(`/predictions/${source.id}/isotopes`, { isotopes: chosenIsotopes(page) }));
            const ids = [...page.context.predictions.map((one) => one.id), made.id].join(",");
            // Each forecast has the scattering lengths of its own isotopes
            const kept = Object.entries(difference(page.state.values, page.state.defaults)).filter(([name]) => !name.startsWith("iso."));
            window.location.assign(`?${query({ predictions: ids, ...Object.fromEntries(kept) })}`);
        } catch (problem) {
            showProblem(form, message, problem, REFUSED);
            button.disabled = false;
        }
    };
}
