// @ts-check
// Answers of comparisons as tables: numbers with their errors and units.

import { count, energyIn, plain, plusMinus, significant, unitName } from "../format.js";
import { careBox, element, scrollable, table, term } from "../kit/dom.js";
import { WORDS } from "./data.js";

/** @typedef {import("../kit/dom.js").Child} Child */
/**
 * @typedef {object} How
 * @property {string} unit of energies
 * @property {string} dataUnit
 * @property {{id: string, label: string}[]} predictions
 * @property {Record<string, any>} body what was asked
 * @property {(stretch: number) => void} applyStretch
 */

/** Smallest fraction that is shown. */
const MIN_FRACTION = 0.005;

/** @param {string} label @param {string} key */
const explained = (label, key) => term(label, WORDS.terms[key] ?? "");
/** @param {number | null | undefined} fraction */
const percent = (fraction, digits = 3) => (typeof fraction === "number" ? `${significant(100 * fraction, digits)} %` : "—");
/** @param {number | null} value @param {number} digits */
const fixed = (value, digits) => (value === null ? "—" : value.toFixed(digits).replace("-", "−"));
/** @param {Child[]} words */
const note = (...words) => element("p", { class: "quiet small flush" }, ...words);
/** @param {string} label @param {Parameters<typeof table>} parts */
const scrolled = (label, ...parts) => scrollable(table(...parts), label);

/** @type {Record<string, [string, string]>} fitted parameters: name and explained term */
const PARAMETERS = {
    scale: ["Scale", "fit_scale"], shift_mev: ["Shift", "fit_shift"], stretch: ["Stretch", "fit_stretch"], background: ["Background", "fit_background"],
    background_slope_per_mev: ["Slope of the background", "fit_background"], extra_fwhm_mev: ["Extra width", "fit_width"],
};
const GOODNESS = /** @type {[string, string, (one: any) => string][]} */ ([
    ["χ²/ν", "chi2", (one) => significant(one.chi2_reduced)],
    ["R-factor", "r_factor", (one) => percent(one.r_factor)],
    ["Correlation", "correlation", (one) => fixed(one.correlation, 3)],
]);

/** @param {any} answer @param {How} how */
function parameterRows(answer, { unit, dataUnit }) {
    const energy = energyIn(1, unit);
    const units = /** @type {Record<string, [string, number]>} */ ({
        scale: [`${dataUnit} / forecast’s`, 1], shift_mev: [unitName(unit), energy], stretch: ["× energy", 1], background: [dataUnit, 1],
        background_slope_per_mev: [`${dataUnit} per ${unitName(unit)}`, 1 / energy], extra_fwhm_mev: [`${unitName(unit)} FWHM`, energy],
    });
    return Object.entries(PARAMETERS).filter(([name]) => name in answer.standard_errors).map(([name, [label, key]]) => {
        const [words, factor] = units[name] ?? ["", 1];
        const [value, error] = [answer[name], answer.standard_errors[name]];
        const text = value === null ? "—" : plusMinus(value * factor, error === null ? null : error * factor);
        return [explained(label, key), error === null && value !== null ? `${text} (not determined)` : text, words];
    });
}

/** @param {any} answer */
function correlations({ correlations: { parameters, matrix } }) {
    if (parameters.length < 2) return null;
    const names = parameters.map((/** @type {string} */ name) => PARAMETERS[name]?.[0] ?? name);
    const rows = names.map((/** @type {string} */ name, /** @type {number} */ row) => [name,
        ...matrix[row].map((/** @type {number | null} */ value, /** @type {number} */ column) => (column > row ? "" : fixed(value, 2)))]);
    return element("details", { class: "fold" }, element("summary", {}, "Correlations of the fitted parameters"), scrolled("Correlations", ["Parameter", ...names], rows));
}

/** @param {any} answer @param {How} how */
function fitted(answer, how) {
    const rows = parameterRows(answer, how);
    const within = `${answer.range_mev.map((/** @type {number} */ end) => plain(energyIn(end, how.unit))).join(" to ")} ${unitName(how.unit)}`;
    const all = /** @type {typeof GOODNESS} */ ([["χ² per degree of freedom", "chi2", /** @type {any} */ (GOODNESS[0])[2]], GOODNESS[1],
        ["R-factor, weighted", "r_weighted", (/** @type {any} */ one) => percent(one.r_weighted)], GOODNESS[2]]);
    const agreement = [...all.map(([label, key, tell]) => [explained(label, key), tell(answer), tell(answer.everywhere)]),
        ["Points", count(answer.n_points, "point"), count(answer.everywhere.n_points, "point")]];
    const determined = typeof answer.standard_errors.stretch === "number";
    return [
        careBox(answer.warnings),
        element("div", { class: "result-grid" },
            element("div", {},
                rows.length ? scrolled("Fitted parameters", [explained("Fitted", "standard_errors"), "Value ± standard error", "Unit"], rows)
                    : note("No parameter is fitted: the forecast is compared as it is."),
                determined ? element("button", { type: "button", class: "button is-light", onclick: () => how.applyStretch(answer.stretch) },
                    "Apply this stretch to the energy scale") : null),
            scrolled("Agreement", ["Agreement", `Fitted range, ${within}`, "Everywhere"], agreement)),
        correlations(answer),
    ];
}

/** @param {Record<string, number | null> | null} parts @param {(name: string, percentage: number) => string} tell */
const fractions = (parts, tell) => Object.entries(parts ?? {}).filter(([, part]) => (part ?? 0) >= MIN_FRACTION)
    .map(([name, part]) => tell(name, Math.round(100 * (part ?? 0)))).join(", ");
/** @param {number} size */
const decimals = (size) => size.toFixed(size < 10 ? 2 : 1);

/** An arrow, a sign and words; the colour says it a third time. @param {number | undefined} mev @param {string} unit */
function difference(mev, unit) {
    if (mev === undefined) return "—";
    const low = mev < 0;
    return element("span", { class: low ? "redshift" : "blueshift" },
        `${low ? "▼ −" : "▲ +"}${decimals(Math.abs(energyIn(mev, unit)))} ${unitName(unit)}`,
        element("span", { class: "visually-hidden" }, `, the forecast lies too ${low ? "low" : "high"}`));
}

/** @param {any} answer @param {string} unit */
function peakSummary({ pairs, only_measured: rest, tolerance_mev: tolerance }, unit) {
    const all = pairs.length + rest.length;
    if (!all) return "The data have no significant peak.";
    const within = `${plain(energyIn(tolerance, unit), 2)} ${unitName(unit)}`;
    const words = `${pairs.length} of ${count(all, "measured peak has", "measured peaks have")} one in the forecast within ${within}.`;
    if (!pairs.length) return words;
    const sorted = pairs.map((/** @type {any} */ pair) => pair.difference_mev).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
    const median = (sorted[Math.floor((pairs.length - 1) / 2)] + sorted[Math.ceil((pairs.length - 1) / 2)]) / 2;
    return `${words} In the median, the forecast lies ${decimals(Math.abs(energyIn(median, unit)))} ${unitName(unit)} too ${median < 0 ? "low" : "high"}.`;
}

/** @param {any} answer @param {How} how */
function peaks(answer, { unit, predictions, body }) {
    const energy = (/** @type {number | undefined} */ mev, /** @type {number | null} */ error = null) => (mev === undefined ? "—"
        : error ? plusMinus(energyIn(mev, unit), energyIn(error, unit)) : significant(energyIn(mev, unit), 4));
    const width = (/** @type {number | null | undefined} */ mev) => significant(energyIn(mev, unit), 2);
    /** @type {any[]} */
    const all = [...answer.pairs, ...answer.only_measured, ...answer.only_forecast];
    const place = (/** @type {any} */ peak) => peak.measured_mev ?? peak.forecast_mev;
    const withOrders = all.some((peak) => peak.orders);
    const withElements = all.some((peak) => Object.keys(peak.elements ?? {}).length > 1);
    const sorted = all.sort((one, other) => place(one) - place(other));
    const rows = sorted.map((peak) => [
        energy(peak.measured_mev, peak.measured_error_mev), energy(peak.forecast_mev), difference(peak.difference_mev, unit),
        `${width(peak.measured_fwhm_mev)} / ${width(peak.forecast_fwhm_mev)}`,
        ...(withElements ? [fractions(peak.elements, (name, part) => `${name} ${part} %`) || "—"] : []),
        ...(withOrders ? [fractions(peak.orders, (name, part) => `${name}: ${part} %`) || "—"] : []),
    ]);
    const made = scrolled("Peaks", [`Measured, ${unitName(unit)}`, `Forecast, ${unitName(unit)}`, explained("Forecast − measured", "peak_difference"), `Widths, ${unitName(unit)}`,
        ...(withElements ? [explained("Contributing elements", "peak_elements")] : []), ...(withOrders ? [explained("Multiphonon order", "peak_orders")] : [])], rows);
    sorted.forEach((peak, row) => made.querySelectorAll("tbody tr")[row]?.classList.toggle("is-alone", peak.difference_mev === undefined));
    const source = answer.orders_from && answer.orders_from !== body.prediction_id
        ? `Multiphonon orders come from ${predictions.find((one) => one.id === answer.orders_from)?.label ?? "a harmonic forecast of the same structure"}.`
        : withOrders ? "" : "Multiphonon orders need a harmonic forecast of the same structure.";
    return [element("p", { class: "result-summary" }, peakSummary(answer, unit)), careBox(answer.warnings), rows.length ? made : null, source ? note(source) : null];
}

/** @param {any} answer */
function refinement({ stages, warnings }) {
    const rows = stages.map((/** @type {any} */ stage) => [element("div", {}, stage.title, element("div", { class: "quiet small" }, stage.words)),
        ...GOODNESS.map(([, , tell]) => tell(stage)), plusMinus(stage.scale, stage.standard_errors.scale)]);
    const head = ["Stage", ...GOODNESS.map(([label, key]) => explained(label, key)), explained("Scale", "fit_scale")];
    return [careBox(warnings), scrolled("Effect of each correction", head, rows, { class: "data-table is-worded" })];
}

/** @param {number | null} probability */
function certainty(probability) {
    if (probability === null) return "—";
    if (probability > 0.999 || probability < 0.001) return probability > 0.5 ? "> 99.9 %" : "< 0.1 %";
    return `${plain(100 * probability, probability > 0.99 ? 3 : 2)} %`;
}

/** @param {any} answer */
function ranking({ measure, ranked, caution, warnings }) {
    const chi2 = measure === "chi2";
    const worse = (/** @type {any} */ one) => (one.worse_by === null ? "—" : one.rank === 1 ? "best" : chi2 ? significant(one.worse_by) : percent(one.worse_by, 2));
    const rows = ranked.map((/** @type {any} */ one) => [`${one.rank}. ${one.label}`, worse(one), certainty(one.probability_worse), ...GOODNESS.map(([, , tell]) => tell(one))]);
    const head = ["Forecast", explained(chi2 ? "Δχ²" : "Scatter larger by", "worse_by"), explained("Probability of being worse", "probability_worse"),
        ...GOODNESS.map(([label, key]) => explained(label, key))];
    return [careBox(caution ? [caution, ...warnings] : warnings), scrolled("Model ranking", head, rows)];
}

/** One line below a measured map. @param {any} answer @param {string} dataUnit */
export function mapWords(answer, dataUnit) {
    const { standard_errors: errors } = answer;
    return [[
        `Scale ${plusMinus(answer.scale, errors.scale)} ${dataUnit} / forecast’s`,
        "background" in errors ? `background ${plusMinus(answer.background, errors.background)} ${dataUnit}` : "",
        answer.chi2_reduced === null ? "" : `χ² per degree of freedom ${significant(answer.chi2_reduced)}`,
        `R-factor ${percent(answer.r_factor)}`,
        answer.correlation === null ? "" : `correlation ${fixed(answer.correlation, 3)}`,
        `${count(answer.n_points, "value")}.`,
    ].filter(Boolean).join(" · "), ...answer.warnings].join(" ");
}

/** Tables by tab. */
export const tables = { fit: fitted, peaks, refinement, ranking };
