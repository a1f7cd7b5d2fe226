// @ts-check
// The answer of a plan: one sentence, the best settings as cards, all of them in a table, resolution against time.

import { energyIn, featureEnergy, integer, plain, significant, unitName } from "../format.js";
import { byId, element, facts, fill, list, scrollable, table, term } from "../kit/dom.js";
import { bandText, hoursText, plan, timeText } from "./bodies.js";
import { figurePanel, panel, warnings } from "./panel.js";

/**
 * @typedef {import("./bodies.js").Setting} Setting
 * @typedef {import("./bodies.js").Values} Values
 * @typedef {import("./bodies.js").Schemas["PlanOut"]} Plan
 * @typedef {{structure: {id: string, name: string}, terms: Record<string, string>}} PageData
 */

/** Settings that are asked for, and those of the table before all are shown. */
const MAX_SETTINGS = 60;
const FIRST_ROWS = 12;

/** @type {Record<Setting["pairs"][number]["verdict"], [string, string]>} */
const VERDICTS = {
    resolved: ["●", "is-resolved"], likely: ["◕", "is-likely"], unlikely: ["◔", "is-unlikely"],
    "not resolved": ["○", "is-not"], "not reachable": ["–", "is-unreachable"],
};
const BASES = { absolute: "hours estimated", calibrated: "calibrated", relative: "relative only" };

const last = (/** @type {number | null} */ value) => value ?? Infinity;
/** @type {{key: string, label: string, value: (one: Setting) => number}[]} */
const COLUMNS = [
    { key: "rank", label: "Setting", value: (one) => one.rank },
    { key: "hours", label: "Beam time", value: (one) => last(one.hours) },
    { key: "resolution", label: "Resolution", value: (one) => last(one.resolution_percent) },
    { key: "measured", label: "Measured", value: (one) => -one.n_measured },
    { key: "resolved", label: "Resolved", value: (one) => -one.n_resolved },
    { key: "basis", label: "Basis", value: (one) => Object.keys(BASES).indexOf(one.basis) },
];

/**
 * Sort settings by a column; equal ones by rank.
 * @param {readonly Setting[]} settings
 * @param {string} key
 * @param {boolean} up
 */
export function sorted(settings, key, up) {
    const value = COLUMNS.find((column) => column.key === key)?.value ?? (() => 0);
    // ∞ − ∞ is no number
    const compare = (/** @type {number} */ one, /** @type {number} */ other) => (one === other ? 0 : one - other);
    return [...settings].sort((one, other) => (up ? 1 : -1) * compare(value(one), value(other)) || one.rank - other.rank);
}

/**
 * @param {import("../state.js").FormState} state
 * @param {PageData} data
 * @param {{told: (settings: Setting[]) => void, simulate: (setting: Setting) => void}} actions
 */
export function rankingPanel(state, { structure, terms }, { told, simulate }) {
    let values = state.values;
    /** @type {Plan | null} */
    let answer = null;
    const sorting = { key: "rank", up: true };

    const unit = () => unitName(values.energy_unit);
    const energy = (/** @type {number} */ mev, /** @type {number} */ digits) => plain(energyIn(mev, values.energy_unit), digits);
    const explained = (/** @type {string} */ label, /** @type {string} */ name) => term(label, terms[name] ?? "");
    const feature = (/** @type {number} */ mev) => featureEnergy(mev, values.energy_unit);
    const pairText = (/** @type {Setting["pairs"][number]} */ pair) => `${feature(pair.low_mev)} – ${feature(pair.high_mev)} ${unit()}`;
    const percent = (/** @type {number | null} */ value) => (value === null ? "—" : `${significant(value, 2)} %`);
    const of = (/** @type {number} */ n, /** @type {number} */ all) => (all ? `${n} of ${all}` : "—");

    /** @param {Setting["pairs"][number]["verdict"]} verdict */
    function verdictBadge(verdict) {
        const [sign, kind] = VERDICTS[verdict];
        return element("span", { class: `plan-verdict ${kind}` }, element("span", { "aria-hidden": "true" }, `${sign} `), verdict);
    }

    /** @param {Setting} one */
    const basisBadge = (one) => element("span", { class: `term plan-basis is-${one.basis}`, "data-explanation": terms[`basis_${one.basis}`] }, BASES[one.basis]);

    /** @param {Setting} one */
    function actions(one) {
        const query = new URLSearchParams({ predictions: values.predictions ?? "", instruments: one.instrument, map: one.instrument });
        for (const [name, value] of Object.entries(one.settings)) query.set(`${one.instrument}.${name}`, String(value));
        return element("div", { class: "plan-card-foot" },
            element("button", { type: "button", class: "link-button", "aria-label": `Simulate ${one.label}`, onclick: () => simulate(one) }, "Simulate"),
            element("a", { class: "link-button", href: `/forecast/${structure.id}?${query}`, "aria-label": `See the forecast on ${one.label}` }, "See the forecast"));
    }

    /** @param {Setting} one */
    function card(one) {
        const band = bandText(one);
        return element("article", { class: `plan-card ${one.rank === 1 ? "is-first" : ""}`, "aria-label": `${one.rank}. ${one.label}` },
            element("div", { class: "quiet small" }, `${one.rank} · ${one.facility}`),
            element("h3", {}, one.label),
            element("div", { class: "plan-time" }, element("strong", {}, timeText(one)),
                band && element("span", { class: "quiet small" }, explained(band, "hours_band")), basisBadge(one)),
            one.within_beam_time === false && element("p", { class: "plan-late small flush" }, "Longer than the available beam time."),
            facts([
                [explained("Resolution", "resolution_percent"), one.resolution_percent === null ? "—" : `${percent(one.resolution_percent)} at worst`],
                [explained("Features measured", "measured_features"), of(one.n_measured, one.n_features)],
            ], { class: "facts-inline small" }),
            one.pairs.length ? element("ul", { class: "plan-pairs small" }, one.pairs.map((pair) =>
                element("li", {}, element("span", {}, pairText(pair)), verdictBadge(pair.verdict)))) : null,
            element("details", { class: "fold small" }, element("summary", {}, "Explanation"),
                element("p", {}, one.explanation), list(one.rests_on)),
            actions(one));
    }

    /** @param {Setting} one */
    function details(one) {
        const width = (/** @type {number | null} */ mev, /** @type {number | null} */ off) => (mev === null ? "—"
            : energy(mev, 3) + (off ? ` ± ${energy(off, 1)}` : ""));
        const rate = (/** @type {number | null} */ value) => (value === null ? "—" : significant(value, 2));
        const time = (/** @type {Setting["features"][number]} */ feature) => {
            if (feature.hours !== null) return [hoursText(feature.hours), bandText(feature)].filter(Boolean).join(", ");
            return feature.relative_time === null ? "never" : `${significant(feature.relative_time, 2)} ×`;
        };
        const features = one.features.map((feature) => [`${featureEnergy(feature.energy_mev, values.energy_unit)} ${unit()}`, ...(feature.reachable
            ? [width(feature.fwhm_mev, feature.fwhm_uncertainty_mev), rate(feature.signal_per_hour), rate(feature.background_per_hour),
                time(feature), feature.counts === null ? "—" : integer(Math.round(feature.counts))]
            : [element("span", { class: "quiet" }, feature.why || "not reachable"), "", "", "", ""])]);
        const pairs = one.pairs.map((pair) => [pairText(pair),
            pair.separation_over_fwhm === null ? "—" : plain(pair.separation_over_fwhm, 3) + (pair.uncertainty ? ` ± ${plain(pair.uncertainty, 1)}` : ""),
            probability(pair.probability), verdictBadge(pair.verdict)]);
        return element("div", { class: "plan-details" },
            scrollable(table(["Feature", `Width (FWHM), ${unit()}`, explained("Signal per hour", "signal_rate"),
                explained("Background per hour", "background_rate"), one.basis === "relative" ? explained("Relative time", "relative_time") : "Time", "Counts"], features), `Features on ${one.label}`),
            pairs.length ? scrollable(table(["Pair", explained("Separation over width", "separation"), explained("Probability", "verdict_probability"),
                explained("Verdict", "verdict")], pairs), `Pairs on ${one.label}`) : null,
            list(one.rests_on, { class: "small quiet" }), actions(one));
    }

    /** The rows of a setting: what it needs, and its numbers, which are made when they are unfolded. @param {Setting} one */
    function rows(one) {
        const id = `setting-${one.rank}`;
        const cell = element("td", { colspan: COLUMNS.length });
        const detail = element("tr", { id, class: "plan-detail", hidden: true }, cell);
        const button = element("button", {
            type: "button", class: "plan-unfold", "aria-expanded": "false", "aria-controls": id,
            onclick: () => {
                if (!cell.firstChild) cell.append(details(one));
                detail.hidden = !detail.hidden;
                button.setAttribute("aria-expanded", String(!detail.hidden));
            },
        }, element("span", { class: "plan-arrow", "aria-hidden": "true" }, "▸"), `${one.rank}. ${one.label}`);
        const band = bandText(one);
        const line = element("tr", {},
            element("th", { scope: "row" }, button),
            element("td", {}, timeText(one), one.within_beam_time === false && element("span", { class: "plan-late" }, " too long"),
                band && element("div", { class: "quiet small" }, band)),
            element("td", {}, percent(one.resolution_percent), one.on_front && [" ", element("span",
                { class: "term plan-front-mark", "data-explanation": terms.pareto }, element("span", { "aria-hidden": "true" }, "★"),
                element("span", { class: "visually-hidden" }, "Pareto-optimal"))]),
            element("td", {}, of(one.n_measured, one.n_features)), element("td", {}, of(one.n_resolved, one.n_pairs)),
            element("td", {}, basisBadge(one)));
        return [line, detail];
    }

    /** @param {readonly Setting[]} settings */
    function settingsTable(settings) {
        const parts = new Map(settings.map((one) => [one, rows(one)]));
        const body = element("tbody");
        const more = element("button", { type: "button", class: "link-button", onclick: () => { more.hidden = true; order(); } }, `Show all ${settings.length}`);
        more.hidden = settings.length <= FIRST_ROWS;
        const heads = COLUMNS.map(({ key, label }) => {
            const sign = element("span", { "aria-hidden": "true" });
            const head = element("th", { scope: "col" }, element("button", { type: "button", class: "plan-sort", onclick: () => sort(key) }, label, sign));
            return { key, head, sign };
        });
        const order = () => {
            const shown = sorted(settings, sorting.key, sorting.up).slice(0, more.hidden ? settings.length : FIRST_ROWS);
            body.replaceChildren(...shown.flatMap((one) => parts.get(one) ?? []));
            for (const { key, head, sign } of heads) {
                const here = key === sorting.key;
                head.setAttribute("aria-sort", here ? (sorting.up ? "ascending" : "descending") : "none");
                sign.textContent = here ? (sorting.up ? " ▲" : " ▼") : "";
            }
        };
        const sort = (/** @type {string} */ key) => {
            Object.assign(sorting, { key, up: sorting.key === key ? !sorting.up : true });
            order();
        };
        order();
        fill(byId("settings-table"), element("table", { class: "data-table plan-settings" }, element("caption", { class: "visually-hidden" }, "Ranked settings"),
            element("thead", {}, element("tr", {}, heads.map(({ head }) => head))), body), more);
    }

    function show() {
        if (!answer) return;
        const { ranked, n_settings: n, seconds, energy_relative_uncertainty: off } = answer;
        byId("answer").textContent = answer.answer.message;
        fill(byId("ranking-notes"),
            element("p", { class: "quiet small flush" }, `${integer(n)} settings tried in ${plain(seconds, 2)} s.`,
                ranked.length > 0 && ` Verdicts include the uncertainty of the energies, ± ${plain(100 * off, 2)} %.`),
            warnings(answer.warnings));
        fill(byId("cards"), best().map(card));
        byId("all-settings").hidden = !ranked.length;
        fill(/** @type {Element} */ (byId("all-settings").querySelector("summary")), `All ${ranked.length} ranked settings, and resolution against time`);
        settingsTable(ranked);
    }

    /** The best setting of each of the best instruments: three choppers of one are one answer. */
    const best = () => (answer?.ranked ?? []).filter((one) => one.explanation);

    /** @type {number | undefined} */
    let clock;
    /** @param {boolean} busy */
    function wait(busy) {
        window.clearInterval(clock);
        byId("waiting").hidden = !busy;
        byId("ranked").setAttribute("aria-busy", String(busy));
        byId("waited").textContent = "";
        const begun = Date.now();
        if (busy) clock = window.setInterval(() => { byId("waited").textContent = `${Math.round((Date.now() - begun) / 1000)} s`; }, 1000);
    }

    const numbers = panel("ranking", {
        path: "/plans",
        busy: wait,
        show: (/** @type {Plan | null} */ given) => {
            answer = given;
            byId("ranked").hidden = !given;
            show();
            told(given?.ranked ?? []);
            askFront();
        },
    });
    const front = figurePanel("front");
    const fold = /** @type {HTMLDetailsElement} */ (byId("all-settings"));
    const askFront = () => { if (fold.open && answer?.ranked.length) front.ask("front", plan(values), values); };
    fold.addEventListener("toggle", askFront);

    return {
        /** Show numbers in the unit that is chosen now. @param {Values} now */
        show: (now) => {
            const changed = now.energy_unit !== values.energy_unit;
            values = now;
            if (changed) show();
        },
        /** @param {Values} now */
        ask: (now) => {
            values = now;
            numbers.ask({ ...plan(now), most: MAX_SETTINGS }, askFront);
        },
        best,
    };
}

/** @param {number | null} value */
function probability(value) {
    if (value === null) return "—";
    return value > 0.995 ? "> 99 %" : value < 0.005 ? "< 1 %" : `${Math.round(100 * value)} %`;
}
