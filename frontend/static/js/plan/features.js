// @ts-check
// Target features of a plan: found, clicked, typed and removed; and the pairs of them to resolve.

import { energyIn, featureEnergy, unitName } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { snapToPeak } from "../kit/snap.js";
import { chosenFeatures, chosenPairs, features, pairsText } from "./bodies.js";
import { figurePanel, panel, warnings } from "./panel.js";

/**
 * @typedef {import("./bodies.js").Pair} Pair
 * @typedef {import("./bodies.js").Schemas["PlannedFeaturesOut"]} Answer
 * @typedef {Pick<Answer["features"][number], "energy_mev" | "source"> & Partial<Answer["features"][number]>} Feature
 */

/** Largest distance of a click from the top of the peak that is meant, of the axis. */
const SNAP = 0.012;
/** Elements with a smaller part of a peak are not named. */
const MIN_ELEMENT_FRACTION = 0.05;
/** @param {number} one @param {number} other meV */
const same = (one, other) => Math.abs(one - other) < 0.006;
/** @param {Pair} one @param {Pair} other */
const samePair = (one, other) => same(one[0], other[0]) && same(one[1], other[1]);
const rounded = (/** @type {number} */ mev) => Number(mev.toFixed(2));

/**
 * Return the top of the peak near an energy, or the energy itself.
 * @param {number} mev
 * @param {{energy_mev: number[], intensity: number[]}} curve
 */
export const snapped = (mev, { energy_mev: energies, intensity }) =>
    snapToPeak(energies, intensity, mev, SNAP * ((energies.at(-1) ?? 0) - (energies[0] ?? 0))).x;

/** @param {import("../state.js").FormState} state */
export function featuresPanel(state) {
    /** @type {Answer | null} */
    let found = null;
    /** The first feature of a pair, meV. @type {number | null} */
    let picked = null;
    let values = state.values;

    const perMev = () => energyIn(1, values.energy_unit);
    const words = (/** @type {number} */ mev) => featureEnergy(mev, values.energy_unit);
    const named = (/** @type {number} */ mev) => `${words(mev)} ${unitName(values.energy_unit)}`;
    const pairs = () => chosenPairs(values.pairs ?? "");

    /** Chosen ones are there at once; what is known of them comes with the answer. @returns {Feature[]} */
    function listed() {
        const known = found?.features ?? [];
        const chosen = chosenFeatures(values.features ?? "");
        return chosen?.map((mev) => known.find((one) => same(one.energy_mev, mev)) ?? { energy_mev: mev, source: "given" }) ?? known;
    }
    const current = () => listed().map((one) => rounded(one.energy_mev));

    /** @param {string} label @param {() => void} remove */
    const removal = (label, remove) => element("button", { type: "button", class: "plan-remove", "aria-label": label, title: label, onclick: remove }, "×");

    /** @param {Feature} feature @param {boolean} only */
    function chip(feature, only) {
        const mev = feature.energy_mev;
        const text = named(mev);
        const name = pairs() ? element("button", {
            type: "button", class: "plan-pick", "aria-pressed": String(picked !== null && same(picked, mev)),
            "aria-label": `${text}: one of a pair`, onclick: () => pick(mev),
        }, text) : text;
        return element("span", { class: `plan-chip ${feature.source === "found" ? "is-found" : ""}`, title: description(feature) },
            name, only ? null : removal(`Remove ${text}`, () => choose(current().filter((one) => !same(one, mev)))));
    }

    /** @param {Feature} feature */
    function description({ elements, fwhm_mev: fwhm = 0, energy_uncertainty_mev: uncertainty = 0 }) {
        if (!elements) return null;
        const parts = Object.entries(elements).filter(([, part]) => part >= MIN_ELEMENT_FRACTION)
            .sort(([, one], [, other]) => other - one).map(([name, part]) => `${name} ${Math.round(100 * part)} %`).join(", ");
        return [parts, fwhm > 0 ? `width ${named(fwhm)}` : "width not resolved", `energy known to ± ${named(uncertainty)}`].filter(Boolean).join(" · ");
    }

    /** @param {Pair} pair */
    function pairChip(pair) {
        const text = `${words(pair[0])} – ${named(pair[1])}`;
        const all = pairs();
        return element("span", { class: "plan-chip is-pair" }, text, all && removal(`Remove the pair ${text}`, () =>
            state.set({ pairs: pairsText(all.filter((one) => !samePair(one, pair))) })));
    }

    function render() {
        const list = byId("feature-list");
        const hadFocus = list.contains(document.activeElement);
        const all = listed();
        fill(list, all.map((one) => chip(one, all.length === 1)));
        if (hadFocus) (list.querySelector("button") ?? byId("feature-energy")).focus();
        const chosen = pairs();
        fill(byId("pair-list"), (chosen ?? neighbours()).map(pairChip));
        byId("pair-mode").textContent = chosen ? "Use neighbours" : "Choose pairs";
        byId("feature-auto").hidden = !values.features;
        byId("feature-energy").setAttribute("placeholder", unitName(values.energy_unit));
        const next = picked === null ? "Press two features to make a pair of them." : "Press the second feature of the pair.";
        fill(byId("feature-words"), chosen ? next : "", found && warnings(found.warnings));
    }

    /** @returns {Pair[]} */
    const neighbours = () => (found?.pairs ?? []).map((one) => [rounded(one.low_mev), rounded(one.high_mev)]);

    /** @param {number[]} energies */
    function choose(energies) {
        const sorted = [...new Set(energies)].sort((one, other) => one - other);
        const has = (/** @type {number} */ mev) => sorted.some((one) => same(one, mev));
        const kept = pairs()?.filter((pair) => pair.every(has));
        state.set({ features: sorted.join(","), ...(kept ? { pairs: pairsText(kept) } : {}) });
    }

    /** @param {number} mev */
    function add(mev) {
        const energies = current();
        if (!energies.some((one) => same(one, mev))) choose([...energies, rounded(mev)]);
    }

    /** @param {number} mev */
    function pick(mev) {
        if (picked === null || same(picked, mev)) {
            picked = picked === null ? mev : null;
            render();
            return;
        }
        const pair = /** @type {Pair} */ ([picked, mev].map(rounded).sort((one, other) => one - other));
        picked = null;
        const others = (pairs() ?? []).filter((one) => !samePair(one, pair));
        const sorted = [...others, pair].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
        state.set({ features: current().join(","), pairs: pairsText(sorted) });
    }

    function addTyped() {
        const field = /** @type {HTMLInputElement} */ (byId("feature-energy"));
        const typed = parseFloat(field.value.replace(",", ".")) / perMev();
        const valid = typed > 0 && typed <= 5000;
        byId("feature-error").textContent = valid ? "" : `Enter an energy between 0 and ${named(5000)}.`;
        if (!valid) return;
        field.value = "";
        add(typed);
    }

    byId("feature-add").addEventListener("click", addTyped);
    byId("feature-energy").addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        addTyped();
    });
    byId("feature-auto").addEventListener("click", () => state.set({ features: "", pairs: "" }));
    byId("pair-mode").addEventListener("click", () => {
        picked = null;
        state.set({ pairs: pairs() ? "" : pairsText(neighbours()) });
    });

    const numbers = panel("features", {
        path: "/plans/features",
        show: (/** @type {Answer | null} */ answer) => {
            found = answer;
            render();
        },
    });
    let listening = false;
    const drawing = figurePanel("features-figure", {
        // A click counts wherever it is: the nearest point of the curve is meant
        adjust: ({ layout }) => void Object.assign(layout, { hovermode: "x", hoverdistance: -1 }),
        drawn: (graph) => {
            if (listening) return;
            listening = true;
            graph.on("plotly_click", (/** @type {{points: {x: number}[]}} */ { points }) => {
                const x = points[0]?.x ?? 0;
                if (x > 0 && found) add(snapped(x / perMev(), found));
            });
        },
    });

    return {
        /** Show a choice before the answer comes. @param {import("./bodies.js").Values} now */
        show: (now) => {
            values = now;
            if (found) render();
        },
        /** @param {import("./bodies.js").Values} now */
        ask: (now) => {
            values = now;
            numbers.ask(features(now));
            drawing.ask("features", features(now), now);
        },
        energies: () => (chosenFeatures(values.features ?? "") ?? current()),
    };
}
