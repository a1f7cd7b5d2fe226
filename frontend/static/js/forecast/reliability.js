// @ts-check
// Reliability: one grade, three bullets, details folded.

import { get } from "../api.js";
import { capital } from "../format.js";
import { byId, element, fill, list } from "../kit/dom.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {any} Trust */

const VERDICTS = /** @type {Record<string, string>} */ ({
    good: "strength", fair: "limitation", poor: "serious limitation", unknown: "unknown",
});

/** @type {Map<string, Promise<Trust | null>>} */
const known = new Map();

/** @param {Page} page @returns {Promise<Map<string, Trust>>} label → reliability, of what is ready */
async function trusts({ context }) {
    const ready = context.predictions.filter((one) => one.status === "succeeded");
    for (const { id } of ready) {
        if (!known.has(id)) known.set(id, get(`/predictions/${id}/trust`).catch(() => { known.delete(id); return null; }));
    }
    const answers = await Promise.all(ready.map(async (one) => /** @type {[string, Trust]} */ ([one.label, await known.get(one.id)])));
    return new Map(answers.filter(([, trust]) => trust !== null));
}

/**
 * Group what is the same of several.
 * @template T
 * @param {Iterable<[string, T]>} entries
 * @returns {{value: T, names: string[]}[]}
 */
export function grouped(entries) {
    /** @type {Map<string, {value: T, names: string[]}>} */
    const groups = new Map();
    for (const [name, value] of entries) {
        const key = JSON.stringify(value);
        const group = groups.get(key) ?? { value, names: [] };
        group.names.push(name);
        groups.set(key, group);
    }
    return [...groups.values()];
}

/** @param {string[]} names */
const joined = (names) => names.map(capital).join(", ");

/** @param {Page} page the grades beside the title */
export async function showBadges(page) {
    const found = await trusts(page);
    const groups = grouped([...found].map(([name, trust]) => [name, [trust.badge, trust.label, trust.headline]]));
    fill(byId("trust-badges"), ...groups.map(({ value: [badge, label, headline], names }) => {
        const link = element("button", { type: "button", class: `trust-badge is-${badge}`, "data-badge": badge, title: headline },
            groups.length > 1 ? `${joined(names)}: ${label}` : label);
        link.addEventListener("click", () => page.state.set({ tab: "reliability" }));
        return link;
    }));
}

/**
 * Offer to train a potential where one was used, and link the evidence of those that were trained.
 * @param {Page} page
 * @param {Map<string, Trust>} found
 */
function offerTraining({ context }, found) {
    const used = context.predictions.find((one) => one.state.potential_id);
    const ids = [...found.values()].flatMap((trust) => trust.points.map((/** @type {any} */ point) => point.numbers.training_id)).filter(Boolean);
    const place = byId("improve");
    place.hidden = !used;
    if (!used) return;
    fill(place, [...new Set(ids)].map((id) => [element("a", { href: `/trainings/${id}` }, "Evidence of the trained potential"), " · "]).flat(),
        element("a", { href: `/train/${context.structure.id}?temperature_k=${used.state.temperature_k}` }, "Improve the potential for this material"));
}

/** @param {Page} page */
export async function show(page) {
    void showBadges(page);
    const found = await trusts(page);
    const place = byId("reliability");
    const warnings = grouped(page.context.predictions.filter((one) => one.state.warnings.length).map((one) => [one.label, one.state.warnings]))
        .map(({ value, names }) => element("div", { class: "alert alert-care" }, element("strong", {}, `${joined(names)}: warnings`),
            list(value)));
    if (!found.size) {
        fill(place, element("p", { class: "quiet small flush" }, "More is known when a simulation is ready."), ...warnings);
        return;
    }
    const several = found.size > 1;
    const grades = grouped([...found].map(([name, trust]) => [name, [trust.badge, trust.headline, (trust.bullets ?? []).map((/** @type {any} */ one) => one.message)]]))
        .map(({ value: [badge, headline, bullets], names }) => element("div", { class: `trust-headline is-${badge}` },
            element("p", { class: "flush" }, several ? element("strong", {}, `${joined(names)}. `) : null, headline),
            list(bullets)));
    const titles = new Map([...found.values()].flatMap((trust) => trust.points.map((/** @type {any} */ point) => [point.topic, point.title])));
    const points = [...titles].flatMap(([topic, title]) => {
        const told = [...found].map(([name, trust]) => /** @type {[string, any]} */ ([name, trust.points.find((/** @type {any} */ point) => point.topic === topic)]))
            .filter(([, point]) => point).map(([name, point]) => /** @type {[string, string[]]} */ ([name, [point.verdict, point.text]]));
        const groups = grouped(told);
        return groups.map(({ value: [verdict = "unknown", text], names }) => element("li", { class: "has-mark" },
            element("span", { class: `trust-mark is-${verdict}`, title: VERDICTS[verdict] }, element("span", { class: "visually-hidden" }, `${VERDICTS[verdict]}: `)),
            element("strong", {}, `${title}${groups.length > 1 ? ` (${joined(names)})` : ""}. `), text));
    });
    offerTraining(page, found);
    fill(place, ...grades, ...warnings,
        element("details", { open: !grades.some((grade) => grade.querySelector("ul")) }, element("summary", {}, "All points"), element("ul", { class: "trust-points" }, ...points)));
}
