// @ts-check
// The figures of a forecast: drawn by the API, as the form stands.

import { ApiProblem, ask, latestWins } from "../api.js";
import { energyIn } from "../format.js";
import { byId, theme } from "../kit/dom.js";
import { Figure, numbers } from "../kit/figure.js";
import { FieldMessages } from "../kit/problems.js";
import {
    emptyReason, energyRange, instrumentsOf, labelOf, mapInstrument, MAX_VIEWS, noteOf, showable, sourcesOf, spectrumBody, succeeded,
} from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Kind} Kind */
/**
 * @typedef {object} Click on the spectrum, or on the map of a crystal
 * @property {any[]} points Plotly's, one for each curve at this energy
 * @property {MouseEvent} event
 * @property {HTMLElement & Record<string, any>} graph
 * @property {any[]} views what the API drew
 */

// Viridis without its lightest end (darkest first), for the phonon orders of a single curve
const ORDER_COLOURS = ["#440154", "#482576", "#414487", "#35608d", "#2a788e", "#21918c", "#22a884", "#43bf71", "#7ad151", "#bbdf27"];
/** An order below this part of the largest intensity is left out of the legend. */
const MIN_ORDER = 1e-4;
/** Below this part of the axis, a zoom asks for finer bins. */
const ZOOM_FRACTION = 0.5;
const NO_CUT = /** @type {import("./waves.js").CutPlace} */ ({ point: null, usual: null, at: {}, lacking: [], waves: [] });

/** @param {any} trace */
const role = (trace) => trace.meta?.role;
/** @param {any} values */
const largest = (values) => Array.from(numbers(values)).reduce((most, value) => Math.max(most, value), 0);

/**
 * Put each phonon order into the legend once for all instruments, and not at all where it is too small to see.
 * @param {any[]} traces
 */
export function groupOrders(traces) {
    if (!traces.some((trace) => role(trace) === "order")) return traces;
    const totals = traces.filter((trace) => role(trace) === "total");
    const floor = MIN_ORDER * Math.max(...totals.map((trace) => largest(trace.y)));
    /** @type {Set<string>} */
    const named = new Set();
    return traces.filter((trace) => role(trace) !== "order" || largest(trace.y) >= floor).map((trace) => {
        if (role(trace) !== "order") return trace;
        const name = trace.name.slice(trace.name.lastIndexOf(": ") + 2);
        const place = Math.min(parseInt(name, 10), ORDER_COLOURS.length) - 1;
        const grouped = { ...trace, name, legendgroup: name, showlegend: !named.has(name) };
        named.add(name);
        if (totals.length === 1) {
            const colour = ORDER_COLOURS[theme() === "dark" ? ORDER_COLOURS.length - 1 - place : place];
            grouped.line = { ...trace.line, color: colour, dash: "solid", width: 1.5 };
        }
        return grouped;
    });
}

/** Return the state that keeps a zoom. @param {Kind} kind @param {View} view */
const revision = (kind, { values, context }) =>
    [kind, values.energy_unit, values.energy_min, values.energy_max,
        kind === "spectrum" ? values.scale : mapInstrument({ values, context })].join();

/**
 * Return the part of the form that an error is about: a setting is one of the instrument of its view.
 * @param {import("../api.js").FieldProblem} error of "settings.e_init", or of "views.1.settings.e_init"
 * @param {any[]} views
 */
function panelOf({ loc, params }, views) {
    const [first = "", place = "", field] = loc.split(".");
    const name = first === "settings" ? params?.instrument : views[Number(place)]?.instrument;
    return (first === "settings" || field === "settings") && typeof name === "string"
        ? /** @type {HTMLElement | null} */ (document.querySelector(`[data-instrument="${CSS.escape(name)}"]`)) : null;
}

/**
 * The figures of the page. Each redraws as often as the server can while a slider moves, and ends with the last value.
 */
export class Figures {
    /**
     * @param {() => View} view
     * @param {{overlay?: () => Record<string, any>}} [options] overlay: measured data over the spectrum
     */
    constructor(view, { overlay = () => ({}) } = {}) {
        this.view = view;
        this.overlay = overlay;
        /** @type {{of: string, x: number[], y: number[], min: number, max: number} | null} */
        this.zoom = null;
        this.reach = { of: "", mev: 0 };
        /** @type {((figure: import("../kit/figure.js").PlotlyFigure, views: any[]) => void)[]} */
        this.mapListeners = [];
        /** @type {(click: Click) => void} hears clicks on the spectrum */
        this.onClick = () => {};
        /** @type {(click: Click) => void} hears clicks on the map of a crystal */
        this.onMapClick = () => {};
        /** @type {(figure: import("../kit/figure.js").PlotlyFigure, kind: Kind, views: any[]) => void} adds marks */
        this.mark = () => {};
        /** @type {Partial<Record<Kind, {figure: Figure, messages: FieldMessages, redraw: (request: null) => void, last: string | null}>>} */
        this.drawers = {};
        for (const kind of /** @type {Kind[]} */ (["spectrum", "map", "zones"])) {
            const place = document.getElementById(kind);
            if (!place) continue;
            const figure = new Figure(place, { lines: kind === "spectrum" });
            const messages = new FieldMessages(byId("view"));
            this.drawers[kind] = { figure, messages, redraw: latestWins(() => this.#draw(kind)), last: null };
        }
    }

    /** Draw what is in sight, if what it shows has changed. */
    update() {
        for (const { figure, redraw } of Object.values(this.drawers)) {
            if (figure.place.closest("[hidden]") === null) redraw(null);
        }
    }

    /** Draw everything anew: in the other theme, or since the server is back. */
    redraw() {
        for (const drawer of Object.values(this.drawers)) drawer.last = null;
        this.update();
    }

    /** Return the views of a figure, and what it leaves out. @param {Kind} kind @param {View} view */
    async views(kind, view) {
        const { values, context } = view;
        const ready = succeeded(context);
        const cut = context.sampling === "path" ? await (await import("./waves.js")).cutOf(values, ready) : NO_CUT;
        const instrument = mapInstrument(view);
        const chosen = kind === "spectrum" ? instrumentsOf(values) : instrument ? [instrument] : [];
        const shown = showable(values, chosen);
        const all = kind === "zones" ? { ...view, values: { ...values, zone: "" } } : view;
        let sources = sourcesOf(all.values, ready);
        if (kind !== "map") sources = sources.filter((one) => !cut.lacking.includes(one.id));
        if (kind !== "spectrum" && sources.length) {
            sources = [sources.find((one) => one.id === values.map_prediction) ?? /** @type {any} */ (sources.at(-1))];
        }
        const views = sources.flatMap((prediction) => shown.map((name) => ({
            prediction_id: prediction.id,
            label: labelOf(all, name, prediction),
            ...spectrumBody(all, name, prediction, cut.at[prediction.id] ?? null),
        })));
        return { views, chosen, shown, sources, ...cut };
    }

    /** @param {Kind} kind */
    async #draw(kind) {
        const drawer = this.drawers[kind];
        if (!drawer) return;
        const { figure } = drawer;
        const view = this.view();
        const { values } = view;
        /** @type {any[]} */
        let views = [];
        try {
            const { chosen, shown, sources, point, lacking, ...made } = await this.views(kind, view);
            views = made.views;
            figure.note(noteOf(kind, view, { sources, n_views: views.length, point, lacking }));
            if (!views.length) {
                drawer.last = null;
                figure.say(emptyReason(view, { chosen, shown }));
                return;
            }
            const zoom = kind === "spectrum" && this.zoom?.of === revision(kind, view) ? this.zoom : null;
            const style = kind === "spectrum"
                ? {
                    scale: values.scale, per_element: values.per_element === "1", banks: values.banks === "1",
                    errors: values.errors !== "0", ...this.overlay(),
                }
                : { scale: values.map_scale };
            const body = {
                kind, theme: theme(), energy_unit: values.energy_unit, ...style,
                ...(zoom ? { zoom_mev: { min: zoom.min, max: zoom.max } } : {}),
                views: await this.withEnergies(views.slice(0, MAX_VIEWS), values),
            };
            const key = JSON.stringify([body, values.dispersion]);
            if (key === drawer.last) return;
            // The first look at a simulation reads its file, which may take seconds
            if (!figure.drawn) figure.say("Reading the simulation …");
            const answer = await ask("/figures", body);
            await this.#show(kind, /** @type {any} */ (answer), view, zoom, body.views);
            drawer.messages.clear();
            drawer.last = key;
        } catch (problem) {
            drawer.last = null;
            const said = drawer.messages.show(problem, (error) => panelOf(error, views));
            if (said && problem instanceof ApiProblem) figure.hold(problem);
            else figure.refuse(problem);
        }
    }

    /**
     * @param {Kind} kind
     * @param {import("../kit/figure.js").PlotlyFigure} answer
     * @param {View} view
     * @param {{x: number[], y: number[]} | null} zoom
     * @param {any[]} views
     */
    async #show(kind, answer, view, zoom, views) {
        const { values } = view;
        const { figure } = /** @type {{figure: Figure}} */ (this.drawers[kind]);
        // A copy: Plotly writes a zoom into the layout
        const whole = answer.layout.xaxis?.range?.slice();
        if (kind === "spectrum") {
            answer.data = groupOrders(answer.data);
        }
        this.mark(answer, kind, views);
        if (kind === "map") for (const listener of this.mapListeners) listener(answer, views);
        if (values.dispersion === "0") answer.data = answer.data.filter((trace) => role(trace) !== "dispersion");
        if (zoom) {
            answer.layout.xaxis.range = zoom.x;
            if (zoom.y[0] !== undefined) answer.layout.yaxis.range = zoom.y;
        }
        await figure.draw(answer, revision(kind, view));
        const clicked = kind === "spectrum" ? this.onClick : kind === "map" && view.context.sampling === "path" ? this.onMapClick : null;
        if (clicked) {
            figure.graph.removeAllListeners("plotly_click");
            figure.graph.on("plotly_click", (/** @type {any} */ { points, event }) => clicked({ points, event, graph: figure.graph, views }));
        }
        if (kind === "spectrum" && whole) this.#followZoom(figure, revision(kind, view), whole, energyIn(1, values.energy_unit));
    }

    /**
     * Ask for finer bins where the user looks closely.
     * @param {Figure} figure
     * @param {string} of
     * @param {number[]} whole the whole axis, in its unit
     * @param {number} perMev
     */
    #followZoom({ graph }, of, whole, perMev) {
        graph.removeAllListeners("plotly_relayout");
        graph.on("plotly_relayout", (/** @type {Record<string, any>} */ change) => {
            const ends = (/** @type {string} */ axis) => change[`${axis}.range`] ?? [change[`${axis}.range[0]`], change[`${axis}.range[1]`]];
            const [x, y] = [ends("xaxis"), ends("yaxis")];
            if (!change["xaxis.autorange"] && x[0] === undefined) return;
            const close = x[1] - x[0] < ZOOM_FRACTION * (/** @type {number} */ (whole[1]) - /** @type {number} */ (whole[0]));
            this.zoom = close ? { of, x, y, min: x[0] / perMev, max: x[1] / perMev } : null;
            this.update();
        });
    }

    /**
     * Add the energies asked for to views. Where only the start is given, the end is where the spectra end.
     * @param {any[]} views
     * @param {import("./view.js").Values} values
     */
    async withEnergies(views, values) {
        const range = energyRange(values);
        if (!range) return views;
        const max = range.max ?? await this.#reach(views);
        return max > range.min ? views.map((one) => ({ ...one, energy_mev: { min: range.min, max } })) : views;
    }

    /** @param {any[]} views @returns {Promise<number>} where the spectra end, in meV */
    async #reach(views) {
        const body = { kind: "spectrum", errors: false, views };
        const of = JSON.stringify(body);
        if (this.reach.of !== of) {
            const figure = /** @type {any} */ (await ask("/figures", body));
            const range = figure.layout.xaxis?.range;
            this.reach = { of, mev: range ? range[1] : Math.max(...figure.data.map((/** @type {any} */ trace) => Array.from(numbers(trace.x)).at(-1))) };
        }
        return this.reach.mev;
    }
}
