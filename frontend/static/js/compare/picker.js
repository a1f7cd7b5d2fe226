// @ts-check
// The list of forecasts and data to choose from.

import { get, latestWins } from "../api.js";
import { byId, debounce, element, fill } from "../kit/dom.js";
import { ago, count, listed } from "../format.js";
import { nameOf, once, runText } from "./library.js";

const LIMIT = 100;
const MAX_DATASETS = 200;
const SEARCH_DELAY_MS = 250;

/** @param {(chosen: any[]) => void} add is told the forecasts (as the API gives them) or datasets that were chosen */
export function offerCurves(add) {
    const input = /** @type {HTMLInputElement} */ (byId("search"));
    const search = latestWins(async () => {
        const words = input.value.trim().slice(0, 200);
        try {
            const [predictions, datasets] = await Promise.all([
                get(`/predictions?limit=${LIMIT}&search=${encodeURIComponent(words)}`), once(`/datasets?limit=${MAX_DATASETS}`)]);
            await show(/** @type {any} */ (predictions), datasets?.items ?? datasets ?? [], words);
        } catch (problem) {
            fill(byId("choices"), element("p", { role: "alert" }, problem instanceof Error ? problem.message : String(problem)));
        }
    });
    /** @type {(text: string, label: string, chosen: any[]) => HTMLElement} */
    const choice = (text, label, chosen) => element("button",
        { type: "button", class: "choice", "aria-label": label, onclick: () => add(chosen) }, element("span", { "aria-hidden": "true" }, "+"), text);

    /** @param {any} page @param {any[]} datasets @param {string} words */
    async function show({ items, total }, datasets, words) {
        const ready = items.filter((/** @type {any} */ one) => one.status === "succeeded");
        const ids = [...new Set(ready.map((/** @type {any} */ one) => one.structure_id))];
        const structures = await Promise.all(ids.map((id) => once(`/structures/${id}`)));
        const groups = ids.map((id, place) => {
            const name = nameOf(structures[place]);
            const own = ready.filter((/** @type {any} */ one) => one.structure_id === id);
            return element("section", { class: "choices" },
                element("h3", {}, name, " ", element("span", { class: "quiet" }, ago(structures[place]?.created_at))),
                own.length > 1 ? choice(`All ${own.length}`, `Add all ${own.length} forecasts of ${name}`, own) : null,
                ...own.map((/** @type {any} */ one) => choice(runText(one), `Add ${name}, ${runText(one)}`, [one])));
        });
        const measured = datasets.filter((one) => one.kind === "1d" && words.toLowerCase().split(/\s+/).every((word) =>
            [one.name, one.instrument, one.filename].join(" ").toLowerCase().includes(word)));
        if (measured.length) {
            groups.push(element("section", { class: "choices" }, element("h3", {}, "Measured data"),
                ...measured.map((one) => choice(one.name, `Add data: ${one.name}`, [one]))));
        }
        const left = total - items.length;
        const none = words ? "No finished forecast and no data have these words." : "There is no finished forecast yet: start one from the list of structures.";
        fill(byId("choices"), ...groups, groups.length ? null : element("p", { class: "quiet small" }, none),
            left > 0 ? element("p", { class: "quiet small" }, `Search to see ${count(left, "older forecast")} more.`) : null);
        byId("found").textContent = listed([count(ready.length, "forecast"), count(measured.length, "dataset")]);
    }
    input.addEventListener("input", debounce(() => search(null), SEARCH_DELAY_MS));
    input.form?.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("reconnected", () => search(null));
    search(null);
}
