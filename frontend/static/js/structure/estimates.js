// @ts-check
// What a forecast would cost and resolve, and what the options that are left empty become.

import { duration, durationRange, integer, listed, plain, significant } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { listOf, takes } from "./request.js";

/** @typedef {import("../../../types/api").components["schemas"]["EstimateOut"]} Estimate */
/** @typedef {import("../../../types/api").components["schemas"]["EngineOut"]} Engine */
/** @typedef {import("./request.js").Option} Option */
/** @typedef {import("../state.js").Values} Values */
/** @typedef {Map<string, Estimate>} Estimates by "method quality" */
/** @typedef {{method: string, estimate: Estimate}} Chosen */

export const QUALITIES = ["preview", "standard", "production"];
const DYNAMICS = ["md", "trpmd"];

/** @param {Values} values @returns {string[]} methods that the cards of qualities describe */
const described = ({ methods = "" }) => {
    const chosen = listOf(methods).filter((method) => DYNAMICS.includes(method));
    return chosen.length ? chosen : ["md"];
};

/**
 * Return the pairs "method quality" of which estimates are shown.
 * @param {Values} values
 * @param {string[]} methods all
 * @param {boolean} cards whether the cards of qualities are in sight
 */
export const neededPairs = (values, methods, cards) => [...new Set([
    ...methods.map((method) => `${method} ${values.quality}`),
    ...(cards ? described(values).flatMap((method) => QUALITIES.map((quality) => `${method} ${quality}`)) : []),
])];

/** @param {Estimate[]} estimates @returns {string} duration of all */
function total(estimates) {
    const sum = (/** @type {0 | 1} */ end) => estimates.reduce((all, one) => all + one.estimate_range_s[end], 0);
    return durationRange(sum(0), sum(1));
}

/**
 * Show the times of the methods, the cards of the qualities, and the options.
 * @param {HTMLFormElement} form
 * @param {Values} values
 * @param {Estimates} estimates
 * @param {{options: Option[], methods: import("./request.js").MethodFacts[], lengths: number[], engines: Engine[]}} about
 */
export function showEstimates(form, values, estimates, about) {
    const short = (/** @type {string} */ method) =>
        about.methods.find((one) => one.method === method)?.short_method_title ?? method;
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-time]"))) {
        const estimate = estimates.get(`${place.dataset.time} ${values.quality}`);
        const beads = estimate?.options.n_beads;
        place.textContent = estimate ? (beads ? `${beads} beads, ` : "") + total([estimate]) : "—";
    }
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-quality]"))) {
        const found = described(values).flatMap((method) => {
            const estimate = estimates.get(`${method} ${place.dataset.quality}`);
            return estimate ? [{ method, estimate }] : [];
        });
        fill(place, element("span", { class: "quality-time" }, found.length ? total(found.map((one) => one.estimate)) : "—"),
            found.map(({ method, estimate }) => [
                found.length > 1 && element("span", { class: "quality-method" }, `${short(method)}, ${total([estimate])}`),
                ...facts(estimate, about.lengths),
            ]).flat());
    }
    const chosen = listOf(values.methods ?? "").flatMap((method) => {
        const estimate = estimates.get(`${method} ${values.quality}`);
        return estimate ? [{ method, estimate }] : [];
    });
    for (const option of about.options) showDefault(form, option, values, chosen);
    showEngines(chosen, about.engines, short);
    byId("form-summary").textContent = chosen.length === listOf(values.methods ?? "").length ? summary(chosen) : "";
}

/** @param {Estimate} estimate @param {number[]} lengths of the cell, Å */
function facts({ options, n_atoms_simulated: atoms, q_resolution_inv_angstrom: dq, energy_resolution_mev: de }, lengths) {
    const repeats = /** @type {number[] | undefined} */ (options.supercell);
    const edges = repeats?.map((n, axis) => Math.round(n * (lengths[axis] ?? 0)));
    const rows = [
        ["Atoms", integer(atoms)],
        ["Beads", options.n_beads],
        ["Box", edges && `${edges.join(" × ")} Å`],
        ["Zones", options.n_zones],
        ["Δq", dq && `${significant(dq, 2)} Å⁻¹`],
        ["ΔE", de && `${significant(de, 2)} meV`],
    ];
    return rows.filter(([, value]) => value).map(([name, value]) =>
        element("span", { class: "quality-fact" }, element("span", { class: "quiet" }, `${name} `), String(value)));
}

/**
 * Show what an option that is left empty becomes.
 * @param {HTMLFormElement} form
 * @param {Option} option
 * @param {Values} values
 * @param {Chosen[]} chosen
 */
function showDefault(form, option, values, chosen) {
    const control = form.elements.namedItem(option.name);
    if (!(control instanceof HTMLInputElement) || !control.placeholder) return;
    const found = chosen.filter(({ method }) => takes(option, method, values)).map(({ estimate }) => estimate.options[option.name])
        .filter((value) => value !== null && value !== undefined)
        .map((value) => (Array.isArray(value) ? value.join(" × ") : typeof value === "number" && !Number.isInteger(value) ? plain(value, 4) : String(value)));
    control.placeholder = found.length ? `${[...new Set(found)].join(" or ")} (automatic)` : "automatic";
}

/** @param {Chosen[]} chosen @param {Engine[]} engines @param {(method: string) => string} short */
function showEngines(chosen, engines, short) {
    const title = (/** @type {unknown} */ name) => engines.find((one) => one.name === name)?.title ?? String(name);
    const taken = Map.groupBy(chosen, ({ estimate }) => title(estimate.options.engine));
    const texts = [...taken].map(([engine, users]) => (taken.size > 1 ? `${listed(users.map(({ method }) => short(method)))}: ${engine}` : engine));
    byId("engine-note").textContent = texts.join("; ");
}

/** @param {Chosen[]} chosen */
function summary(chosen) {
    const estimates = chosen.map((one) => one.estimate);
    const queues = estimates.map((one) => one.queue);
    const ahead = Math.max(0, ...queues.map((one) => one.jobs_ahead));
    const waits = queues.map((one) => one.wait_s);
    const wait = waits.includes(null) ? null : Math.max(0, ...waits.map(Number));
    const queue = !ahead ? "" : ` after ${ahead} ${ahead === 1 ? "job" : "jobs"} ahead${wait ? ` (about ${duration(wait)})` : ""}`;
    return chosen.length ? `Takes ${total(estimates)} on this server${queue}.` : "";
}

/**
 * Return the notes on a forecast: warnings of the estimates, and engines that no worker has.
 * @param {Values} values
 * @param {Estimates} estimates
 * @param {Engine[]} engines
 */
export function notesOf(values, estimates, engines) {
    const chosen = listOf(values.methods ?? "").flatMap((method) => estimates.get(`${method} ${values.quality}`) ?? []);
    const missing = engines.filter((one) => !one.workers && chosen.some(({ options }) => options.engine === one.name))
        .map((one) => `No worker has ${one.title} now: the forecast waits until one comes.`);
    return [...new Set([...chosen.flatMap((one) => one.warnings), ...missing])];
}
