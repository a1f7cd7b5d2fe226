// @ts-check
// Forecast and measured data compared: a fit, peaks, the effect of each correction, a ranking; and a measured map.

import { ask, newestOnly } from "../api.js";
import { byId, debounce, fill, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";
import { mapWords, tables } from "./comparison-tables.js";
import { drawnData, IDEAL, instrumentsOf, labelOf, mapInstrument, numberOf, sourcesOf, spectrumBody, succeeded } from "./view.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Prediction} Prediction */
/** @typedef {import("./data.js").Dataset} Dataset */
/** @typedef {Record<string, any>} Body */
/** @typedef {{path: string, body: Body, figure: Body, dataset: Dataset}} Request */

/** A drag of a slider is over when nothing has changed for so long. */
const SETTLED_MS = 250;
const PATHS = { fit: "/comparisons", peaks: "/comparisons/peaks", refinement: "/comparisons/refinement", ranking: "/comparisons/ranking" };

/** @type {Page} */
let page;

/**
 * Return a function that asks the API, unless its last answer was to the same question about the same data.
 * @returns {(path: string, body: Body, dataset: Dataset, signal: AbortSignal) => Promise<any>}
 */
function remembering() {
    let last = { of: "", answer: /** @type {any} */ (null) };
    return async (path, body, dataset, signal) => {
        const of = JSON.stringify([path, body, dataset]);
        if (of !== last.of) last = { of, answer: await ask(path, body, { signal }) };
        return last.answer;
    };
}

/** A section that shows the newest answer: its figure, and its numbers. */
class Section {
    /**
     * @param {string} id
     * @param {Figure} figure
     * @param {(numbers: any, request: Request) => void} show
     * @param {() => void} clear removes the numbers
     */
    constructor(id, figure, show, clear) {
        this.element = byId(id);
        this.figure = figure;
        this.clear = clear;
        this.shown = "";
        const [numbers, drawing] = [remembering(), remembering()];
        this.ask = newestOnly(async (/** @type {Request} */ request, signal) => {
            const { path, body, figure: wanted, dataset } = request;
            const key = JSON.stringify(request);
            this.#setBusy(key !== this.shown);
            if (key === this.shown) return;
            try {
                const [answer, drawn] = await Promise.all([numbers(path, body, dataset, signal),
                    drawing("/comparisons/figure", wanted, dataset, signal)]);
                if (signal.aborted) return;
                show(answer, request);
                this.shown = key;
                await figure.draw(drawn, wanted.kind + wanted.energy_unit + wanted.scale);
                this.#setBusy(false);
            } catch (problem) {
                if (!signal.aborted) this.#showNothing(() => figure.refuse(problem));
            }
        });
    }

    /** @param {boolean} busy */
    #setBusy(busy) {
        this.element.querySelector(".fit-body")?.setAttribute("aria-busy", String(busy));
    }

    /** No old answer stays where there is none to the question. @param {() => void} explain */
    #showNothing(explain) {
        this.shown = "";
        this.clear();
        this.figure.clear();
        explain();
        this.#setBusy(false);
    }

    /** Ask nothing. @param {string} [text] why */
    stop(text = "") {
        this.ask.stop();
        this.#showNothing(() => this.figure.say(text));
    }
}

/**
 * Give a select its options. Its choice is kept by a text field of the form, which the address holds.
 * @param {string} name of the field
 * @param {{value: string, label: string}[]} options
 * @param {string} usual
 * @returns {string} the chosen value
 */
function offer(name, options, usual) {
    const select = /** @type {HTMLSelectElement} */ (document.querySelector(`[data-sets="${name}"]`));
    const wanted = page.state.values[name] ?? "";
    const texts = (/** @type {Iterable<{value: string, label: string}>} */ those) => JSON.stringify([...those].map((one) => [one.value, one.label]));
    if (texts(options) !== texts(select.options)) fill(select, ...options.map((one) => new Option(one.label, one.value)));
    select.value = options.some((one) => one.value === wanted) ? wanted : usual;
    select.onchange = () => page.state.set({ [name]: select.value });
    /** @type {HTMLElement} */ (select.parentElement).hidden = options.length < 2;
    return select.value;
}

/** @param {string} name of the field @param {Dataset[]} data @returns {Dataset | undefined} */
function offerData(name, data) {
    const id = offer(name, data.map((one) => ({ value: one.id, label: one.name })), data[0]?.id ?? "");
    return data.find((one) => one.id === id);
}

/**
 * Return a view as comparisons take it: they find energies that suit the data, and show no orders by themselves.
 * @param {View} view
 * @param {string} name
 * @param {Prediction} prediction
 */
function viewBody(view, name, prediction) {
    const { per_order: _, ...body } = spectrumBody(view, name, prediction);
    return body;
}

/** @param {View} view @param {string} kind of the figure @param {string | undefined} scale */
const look = ({ values }, kind, scale) => ({ kind, scale, theme: theme(), energy_unit: values.energy_unit });

/** @param {View} view */
async function compare(view) {
    const { values } = view;
    const names = instrumentsOf(values);
    const options = sourcesOf(values, succeeded(view.context)).flatMap((prediction) => names.map((name) =>
        ({ value: `${prediction.id}:${name}`, label: labelOf(view, name, prediction), prediction, name })));
    const dataset = offerData("fit_dataset", drawnData(view, "1d"));
    // Of the best simulation so far, through the instrument of the data if it is shown
    const instrument = names.find((name) => name === dataset?.instrument) ?? names[0];
    const value = offer("fit_forecast", options, options.filter((one) => one.name === instrument).at(-1)?.value ?? "");
    const forecast = options.find((one) => one.value === value);
    fit.element.hidden = !dataset || !forecast;
    if (!dataset || !forecast) {
        fit.stop();
        return;
    }
    const tab = /** @type {keyof typeof PATHS} */ (values.fit_tab ?? "fit");
    fit.element.dataset.tab = tab;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (fit.element.querySelectorAll("[data-for]"))) part.hidden = part.dataset.for !== tab;
    const ends = [numberOf(values.fit_min), numberOf(values.fit_max)];
    const range = ends.some((end) => end !== null) ? ends.map((end, place) => end ?? /** @type {number} */ (dataset.energy_range_mev[place])) : null;
    const isReversed = range !== null && Number(range[1]) <= Number(range[0]);
    /** @type {HTMLElement} */ (fit.element.querySelector('[data-loc="fit_max"] .field-error')).textContent = isReversed ? "Must be above “Fit from”." : "";
    if (isReversed) {
        fit.stop("The range to fit ends before it starts.");
        return;
    }
    const isOn = (/** @type {string} */ key) => values[key] === "1";
    const common = {
        dataset_id: dataset.id, follow_dataset: forecast.name !== IDEAL,
        fit: {
            scale: isOn("fit_scale"), shift: isOn("fit_shift"), stretch: isOn("fit_stretch"), extra_width: isOn("fit_width"),
            background: values.fit_background, range_mev: range,
        },
    };
    /** @type {Body} */
    let body = { prediction_id: forecast.prediction.id, view: viewBody(view, forecast.name, forecast.prediction), ...common };
    if (tab === "ranking") {
        const candidates = await (await import("./ranking.js")).candidates(page, (one) => viewBody(view, forecast.name, one));
        // The list of forecasts may have come after another question
        if (JSON.stringify(page.state.values) !== JSON.stringify(values)) return;
        if (!candidates.length) {
            fit.stop("Select a forecast to rank.");
            return;
        }
        body = { candidates, ...common };
    }
    const tolerance = tab === "peaks" && numberOf(values.fit_tolerance);
    const kind = tab === "ranking" || tab === "refinement" ? tab : "comparison";
    void fit.ask({
        path: PATHS[tab], dataset, body: tolerance ? { ...body, tolerance_mev: tolerance } : body, figure: { ...body, ...look(view, kind, values.scale) },
    });
}

/** @param {View} view */
function compareMap(view) {
    const { values } = view;
    const dataset = offerData("fit_map", drawnData(view, "2d"));
    const sources = sourcesOf(values, succeeded(view.context));
    const prediction = sources.find((one) => one.id === values.map_prediction) ?? sources.at(-1);
    const name = instrumentsOf(values).find((one) => one === dataset?.instrument) ?? mapInstrument(view);
    map.element.hidden = !dataset || !prediction || !name;
    if (!dataset || !prediction || !name) {
        map.stop();
        return;
    }
    const body = {
        prediction_id: prediction.id, view: viewBody(view, name, prediction), dataset_id: dataset.id, follow_dataset: name !== IDEAL,
        fit: { scale: true, background: values.fit_map_background === "1" ? "constant" : "none" },
    };
    void map.ask({ path: PATHS.fit, dataset, body, figure: { ...body, ...look(view, "comparison", values.map_scale) } });
}

/**
 * Multiply the energy scale of the page by the stretch of a fit, and let the next fit have none.
 * @param {number} stretch
 */
function applyStretch(stretch) {
    const wanted = (numberOf(page.state.values.energy_scale) ?? 1) * stretch;
    const [{ min, max }] = /** @type {[HTMLInputElement]} */ (page.state.controls.get("energy_scale"));
    const reached = Math.min(Math.max(Number(wanted.toFixed(4)), Number(min)), Number(max));
    page.state.set({ energy_scale: String(reached), fit_stretch: "0" });
    const limited = Math.abs(reached - wanted) > 1e-4 ? `, its limit: the fit gives ${wanted.toFixed(3)}` : "";
    byId("fit-applied").textContent = `The energy scale is ${reached}${limited}. “Back” undoes this.`;
}

/** @param {Request} request */
const dataUnit = ({ dataset }) => dataset.y_unit || "data unit";
const results = /** @type {HTMLElement} */ (document.querySelector(".fit-results"));
const fit = new Section("fit", new Figure(byId("comparison")), (answer, request) => {
    const how = { unit: request.figure.energy_unit, dataUnit: dataUnit(request), predictions: page.context.predictions, body: request.body, applyStretch };
    const tab = /** @type {keyof typeof tables} */ (fit.element.dataset.tab);
    fill(results, ...tables[tab](answer, how));
}, () => fill(results));
const mapFigure = new Figure(byId("measured-map"), { lines: false });
const map = new Section("map-fit", mapFigure, (answer, request) => mapFigure.note(mapWords(answer, dataUnit(request))), () => mapFigure.note(""));

const askAll = debounce(() => {
    const view = page.view();
    compare(view).catch((problem) => fit.stop(problem.text ?? String(problem)));
    compareMap(view);
}, SETTLED_MS);
onRedraw(askAll);

/** @param {Page} opened */
export function update(opened) {
    page = opened;
    askAll();
}
