// @ts-check
// The page that compares: curves from the address, the figure, the peaks, the numbers.

import { ask, latestWins, save } from "../api.js";
import { unitName } from "../format.js";
import { byId, fill, table, theme } from "../kit/dom.js";
import { Figure, numbers, onRedraw } from "../kit/figure.js";
import { plainText } from "../kit/labels.js";
import { energyRange, IDEAL } from "../forecast/view.js";
import { FormState } from "../state.js";
import { CRYSTAL_SWITCHES, decodeAll, encode, isData, MAX_CURVES, POWDER_SWITCHES } from "./curves.js";
import { forgetDeleted, instrumentsFor, look } from "./library.js";
import { followList, showColours, showCurves } from "./list.js";
import { offerCurves } from "./picker.js";

/** @typedef {import("./curves.js").Curve} Curve */

const form = /** @type {HTMLFormElement} */ (byId("view"));
const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("curves"));
const csv = /** @type {HTMLButtonElement} */ (byId("csv"));
const state = new FormState(form);
const figure = new Figure(byId("comparison"), { name: "comparison" });
/** @type {import("../kit/figure.js").PlotlyFigure | null} */
let drawn = null;

/** @param {string[]} tokens @param {"input" | "change"} step */
function take(tokens, step) {
    field.value = tokens.slice(0, MAX_CURVES).join(",");
    field.dispatchEvent(new Event(step, { bubbles: true }));
}

/** @param {any} trace */
const role = (trace) => trace.meta?.role;

/** @type {(request: null) => void} */
const draw = latestWins(async (/** @type {null} */ _) => {
    const { values } = state;
    try {
        const found = await Promise.all(decodeAll(values.curves).map(look));
        // The user has gone on, and the newer state waits
        if (field.value !== values.curves) return;
        showCurves(found);
        const views = found.filter((one) => one.view).map((one) => one.view);
        const data = found.flatMap((one) => one.dataset ?? []);
        // The API draws them over forecasts of powders
        const datasets = views.some(isPowder) ? data : [];
        form.classList.toggle("is-empty", !found.length);
        byId("data-scale").hidden = !datasets.length;
        byId("curves-group").hidden = !found.length;
        byId("n-curves").textContent = found.length ? String(found.length) : "";
        drawn = null;
        if (!views.length) {
            figure.note("");
            figure.say(data.length ? "Add a forecast: measured data are drawn beside forecasts." : found.length ? "None of these curves can be drawn." : "");
        } else {
            drawn = await ask("/figures", bodyOf(views, datasets, values));
            await show(/** @type {any} */ (drawn), values, notesOn(views, data, values));
        }
    } catch (problem) {
        if (forgetDeleted(problem)) return draw(null);
        figure.refuse(problem);
    }
    csv.disabled = !drawn;
    byId("peaks").hidden = !drawn?.layout.meta?.peaks?.length;
});

/** @param {any} view as the API takes it */
const isPowder = (view) => !view.path;

/**
 * Return what the figure does not say by itself about powders and crystals together.
 * @param {any[]} views
 * @param {string[]} data
 * @param {import("../state.js").Values} values
 */
function notesOn(views, data, values) {
    const crystals = views.filter((one) => !isPowder(one));
    const mixed = crystals.length > 0 && crystals.length < views.length;
    const otherUnit = crystals.some(({ path }) => path.divide_q_squared || path.times_energy_squared);
    return [
        data.length && !views.some(isPowder) ? "Measured data are drawn beside forecasts of powders only: add one." : "",
        mixed && otherUnit && values.normalise === "none"
            ? "Cuts of crystals have a unit of their own: compare positions, choose a normalisation, or do not divide by |q|²." : "",
    ];
}

/** @param {any[]} views @param {string[]} datasets @param {import("../state.js").Values} values */
function bodyOf(views, datasets, values) {
    const range = energyRange(values);
    const { width, height } = figure.graph.getBoundingClientRect();
    return {
        kind: "spectrum", theme: theme(), energy_unit: values.energy_unit, scale: values.scale, arrangement: values.arrangement,
        normalise: values.normalise, peak_labels: values.peak_labels === "1", dataset_ids: datasets, dataset_scale: values.dataset_scale,
        width_px: Math.max(200, Math.round(width)), height_px: Math.max(150, Math.round(height)),
        views: range && range.max !== null ? views.map((one) => ({ ...one, energy_mev: range })) : views,
    };
}

/**
 * @param {import("../kit/figure.js").PlotlyFigure} answer
 * @param {import("../state.js").Values} values
 * @param {string[]} notes
 */
async function show({ data, layout }, values, notes) {
    showColours(data.filter((trace) => role(trace) === "total").map((trace) => trace.line.color));
    const common = plainText(layout.meta?.common_label ?? "");
    figure.note([common && `In common: ${common}.`, values.arrangement === "difference" ? "Differences are from the first curve." : "", ...notes].filter(Boolean).join(" "));
    const peaks = /** @type {{label: string, energies: number[]}[]} */ (layout.meta?.peaks ?? []);
    fill(byId("peak-table"), table(["Curve", `Energies of peaks, ${unitName(values.energy_unit)}`], peaks.map(({ label, energies }) => [
        plainText(label), energies.map((one) => one.toFixed(values.energy_unit === "meV" ? 1 : 0)).join(", ") || "none found"]),
        { class: "data-table is-worded" }));
    await figure.draw({ data, layout }, ["energy_unit", "scale", "normalise", "arrangement", "energy_min", "energy_max"].map((key) => values[key]).join());
}

/** Save what is drawn: energy and intensity of each curve, without the offsets of a stack. */
csv.addEventListener("click", async () => {
    const shown = (drawn?.data ?? []).filter((trace) => ["total", "measured", "difference"].includes(role(trace)));
    const columns = shown.flatMap((trace) => [numbers(trace.x), numbers(trace.customdata ?? trace.y)]);
    const unit = unitName(state.values.energy_unit);
    const quoted = (/** @type {string} */ text) => `"${plainText(text).replaceAll('"', '""')}"`;
    const head = shown.flatMap((trace) => [quoted(`Energy transfer (${unit}): ${trace.name}`), quoted(`Intensity: ${trace.name}`)]);
    const length = Math.max(...columns.map((column) => column.length));
    const lines = Array.from({ length }, (_, row) => columns.map((column) => column[row] ?? "").join(","));
    await save(new Response([head.join(","), ...lines, ""].join("\r\n"), { headers: { "Content-Type": "text/csv" } }), "beamcast-comparison.csv");
});

/** @param {any} chosen prediction or dataset @returns {Promise<Curve>} with the instrument of the last curve, to compare alike */
async function curveOf(chosen) {
    if (!chosen.method) return { dataset: chosen.id };
    const last = decodeAll(field.value).filter((one) => !isData(one)).at(-1);
    const instruments = await instrumentsFor(chosen.structure_id);
    if (!last || isData(last)) return { prediction: chosen.id, instrument: chosen.instruments.find((/** @type {string} */ one) => one in instruments) ?? IDEAL, values: {} };
    const { colour: _, ...values } = last.values;
    const foreign = chosen.sampling === "path" ? POWDER_SWITCHES : CRYSTAL_SWITCHES;
    const settings = Object.entries(values).filter(([name]) => !name.startsWith("iso.") && !foreign.includes(name));
    return { prediction: chosen.id, instrument: last.instrument, values: Object.fromEntries(settings) };
}

offerCurves(async (chosen) => {
    const added = await Promise.all(chosen.map(curveOf));
    const curves = decodeAll(field.value);
    byId("full").hidden = curves.length + added.length <= MAX_CURVES;
    take([...curves, ...added].map(encode), "change");
});
followList(take);
state.watch(() => draw(null));
onRedraw(() => draw(null));
