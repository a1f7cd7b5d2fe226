// @ts-check
// Figures: Plotly's JSON from the API, drawn in a place with a message and a note.

import { ApiProblem } from "../api.js";
import { onThemeChange, theme } from "./dom.js";

/**
 * @typedef {object} PlotlyFigure
 * @property {any[]} data
 * @property {Record<string, any>} layout
 */

export const NARROW_PX = 560;
/** A larger margin above a plot has labels in it. */
const LABEL_MARGIN_PX = 70;

/** @type {Promise<any> | null} */
let library = null;

/** Load plotly.js, once. Its address stands in the page: `<link id="plotly" rel="preload" as="script" href="…">`. */
export function plotly() {
    library ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = /** @type {HTMLLinkElement} */ (document.getElementById("plotly")).href;
        script.addEventListener("load", () => resolve(/** @type {any} */ (window).Plotly));
        script.addEventListener("error", () => {
            library = null;
            script.remove();
            reject(new ApiProblem(0, "Connection lost", "The figures' library could not be loaded."));
        });
        document.head.append(script);
    });
    return library;
}

/** @param {string} name of the file that the camera saves */
const config = (name) => ({
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"],
    toImageButtonOptions: { format: "svg", filename: name },
});

// Plotly takes the tool bar's colours from the paper, which is transparent here
function toolbar() {
    const dark = theme() === "dark";
    return {
        bgcolor: "rgba(0,0,0,0)",
        color: dark ? "rgba(228,234,240,0.65)" : "rgba(22,33,44,0.6)",
        activecolor: dark ? "#86bcdb" : "#156591",
    };
}

/**
 * On a phone the legend and the colour bar go below, and the plot gets the width.
 * @param {PlotlyFigure} figure
 * @param {boolean} lines
 */
export function narrow(figure, lines) {
    const { layout } = figure;
    layout.font = { ...layout.font, size: 11 };
    const top = lines ? (layout.title?.text ? 36 : 16) : 30;
    layout.margin = { ...layout.margin, l: 48, r: 8, t: layout.margin?.t > LABEL_MARGIN_PX ? layout.margin.t : top };
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
        const axis = layout[name];
        axis.title = { ...axis.title, font: { size: 11 }, standoff: 4 };
        axis.nticks = 6;
    }
    if (lines) {
        layout.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: -0.2, yanchor: "top", font: { size: 11 } };
    }
    for (const trace of figure.data.filter((one) => one.colorbar)) {
        trace.colorbar = {
            ...trace.colorbar, orientation: "h", x: 0.5, y: -0.2, yanchor: "top", len: 1, thickness: 10, nticks: 5,
            title: { ...trace.colorbar.title, side: "bottom", font: { size: 11 } },
        };
    }
}

/** A figure in its place: `parts.figure(id, label)` of the templates. */
export class Figure {
    /**
     * @param {HTMLElement} place
     * @param {{name?: string, lines?: boolean}} [options] name: of the saved picture; lines: curves, not a map
     */
    constructor(place, { name = place.id, lines = true } = {}) {
        this.place = place;
        this.lines = lines;
        this.config = config(`beamcast-${name}`);
        this.graph = /** @type {HTMLElement & Record<string, any>} */ (place.querySelector(".graph"));
        this.messageElement = /** @type {HTMLElement} */ (place.querySelector(".graph-message"));
        this.noteElement = /** @type {HTMLElement} */ (place.querySelector(".graph-note"));
        this.drawn = false;
    }

    /**
     * Draw a figure; the message goes.
     * @param {PlotlyFigure} figure
     * @param {string} [revision] a zoom, or a view of a 3-D figure, stays while this stays the same
     */
    async draw(figure, revision = "same") {
        const Plotly = await plotly();
        const layout = { ...figure.layout, autosize: true, modebar: toolbar(), uirevision: revision };
        const dressed = { data: figure.data, layout };
        if (this.graph.clientWidth <= NARROW_PX && !figure.layout.scene) narrow(dressed, this.lines);
        await Plotly.react(this.graph, dressed.data, dressed.layout, this.config);
        this.drawn = true;
        this.place.classList.remove("is-held");
        if (!performance.getEntriesByName("figure").length) performance.mark("figure");
        this.say("");
    }

    /** Remove what is drawn. */
    clear() {
        const { Plotly } = /** @type {any} */ (window);
        if (this.drawn) Plotly.purge(this.graph);
        this.drawn = false;
    }

    /**
     * Say why there is no figure; what was drawn goes, since it answers another question.
     * @param {string} text
     * @param {{problem?: boolean}} [options]
     */
    say(text, { problem = false } = {}) {
        if (text) this.clear();
        this.place.classList.remove("is-held");
        this.messageElement.textContent = text;
        this.messageElement.classList.toggle("is-problem", problem);
    }

    /**
     * Keep what is drawn, faded and said to be of the settings before; a field of the page is marked with the reason.
     * @param {ApiProblem} problem
     */
    hold(problem) {
        if (!this.drawn) {
            this.refuse(problem);
            return;
        }
        this.place.classList.add("is-held");
        this.messageElement.textContent = `${problem.text} The figure shows the settings before this one.`;
        this.messageElement.classList.add("is-problem");
    }

    /** @param {unknown} problem */
    refuse(problem) {
        this.say(problem instanceof ApiProblem ? problem.text : String(problem), { problem: true });
    }

    /** @param {string} text below the figure */
    note(text) {
        if (this.noteElement.textContent !== text) this.noteElement.textContent = text;
    }
}

/**
 * Call a function when figures must be drawn anew: in the other theme, or since the server is back.
 * @param {() => void} redraw
 */
export function onRedraw(redraw) {
    onThemeChange(redraw);
    document.addEventListener("reconnected", redraw);
}

/**
 * Return the numbers of a trace: Plotly's JSON holds long lists as base64.
 * @param {any} values
 * @returns {ArrayLike<number>}
 */
export function numbers(values) {
    if (!values?.bdata) return values ?? [];
    const bytes = Uint8Array.from(atob(values.bdata), (character) => character.charCodeAt(0));
    const views = /** @type {Record<string, any>} */ ({
        f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u1: Uint8Array, u2: Uint16Array,
    });
    return new (views[values.dtype] ?? Float64Array)(bytes.buffer);
}

// On paper: figures were drawn for the screen, and scale to the width of the page.

/** Let the drawings of a page scale: a drawing with a view box has no size of its own. */
function letScale() {
    for (const svg of /** @type {NodeListOf<SVGSVGElement>} */ (document.querySelectorAll(".js-plotly-plot .main-svg"))) {
        const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
        if (!Number(width) || !Number(height)) continue;
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        /** @type {HTMLElement | null} */ (svg.closest(".svg-container"))?.style.setProperty("--graph-aspect", `${width} / ${height}`);
    }
}

/** A 3-D figure is empty on paper: its canvas is read at once after it is drawn, and printed as an image. */
function copyScenes() {
    for (const graph of /** @type {NodeListOf<HTMLElement & Record<string, any>>} */ (document.querySelectorAll(".js-plotly-plot"))) {
        const plot = graph._fullLayout?.scene?._scene?.glplot;
        if (!plot) continue;
        plot.redraw();
        const image = new Image();
        image.className = "print-image";
        image.alt = "";
        image.src = plot.canvas.toDataURL();
        graph.querySelector(".gl-container")?.append(image);
    }
}

/** On the screen a drawing that grows with its window must not be stretched. */
function endScale() {
    for (const image of document.querySelectorAll(".print-image")) image.remove();
    for (const svg of document.querySelectorAll(".js-plotly-plot .main-svg")) svg.removeAttribute("viewBox");
}

// Node's tests of modules that draw have no window
globalThis.window?.addEventListener("beforeprint", () => {
    letScale();
    copyScenes();
});
globalThis.window?.addEventListener("afterprint", endScale);
