// @ts-check
// The modes behind the peak that is open (peaks.js), and the one that is animated (motion.js).

import { ApiProblem, ask, newestOnly } from "../api.js";
import { energyIn, unitName } from "../format.js";
import { byId, debounce, element, fill, table, theme } from "../kit/dom.js";
import { onRedraw } from "../kit/figure.js";
import { Motion } from "./motion.js";
import { harmonicOf, hintOf } from "./peaks.js";
import { displayName, IDEAL, instrumentsOf, numberOf, pointName, spectrumBody, succeeded } from "./view.js";
import { cutOf, distanceOf } from "./waves.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("../../../types/api").components["schemas"]["ModesOut"]} Modes */
/** @typedef {import("../../../types/api").components["schemas"]["ModeOut"]} Mode */

/** What moves less than this part of |e|² is not named. */
const MIN_SHARE = 0.05;
const MAX_NAMES = 3;
const REST_MS = 250;
const MARK_PX = 7;
/** Parts of a spectrum's body that modes depend on as well. */
const PARTS = ["instrument", "settings", "isotopes", "contribution", "energy_scale", "q_inv_angstrom", "fwhm_mev", "path"];

/**
 * Name what moves most.
 * @param {Mode["motion"]} motion
 */
export function whatMoves({ by_element, by_site }) {
    const shares = Object.entries(Object.keys(by_site).length ? by_site : by_element).filter(([, share]) => share >= MIN_SHARE);
    return shares.slice(0, MAX_NAMES).map(([name, share]) => `${name}\u00a0${Math.round(100 * share)}\u00a0%`).join(", ");
}

/**
 * Return the part of a request for a spectrum that a request for modes has too.
 * @param {Record<string, any>} body
 */
export const modesBody = (body) => Object.fromEntries(PARTS.filter((name) => name in body).map((name) => [name, body[name]]));

/**
 * Say why there are no modes, with the way out.
 * @param {unknown} problem
 * @param {{id: string}} prediction
 * @param {{id: string}} structure
 */
export function refusal(problem, prediction, structure) {
    if (!(problem instanceof ApiProblem)) return [String(problem)];
    if (problem.code !== "force_constants_not_kept") return [problem.text];
    return [`${problem.text} `, element("a", { href: `/structures/${structure.id}?from=${prediction.id}` }, "Run the forecast again")];
}

/** @type {{page: Page, motion: Motion, modes: Modes | null, chosen: string, asked: string, marked: string, distance: number | null} | null} distance: of a crystal's wave vector along the path, Å⁻¹ */
let panel = null;

/** @param {Page} page */
function prepare(page) {
    // Marked as the template has it: what was typed while this module loaded is kept
    const made = panel ??= { page, motion: new Motion(byId("motion-box")), modes: null, chosen: "", asked: "", marked: " meV", distance: null };
    byId("peak-close").addEventListener("click", () => { page.state.set({ peak: "" }); byId("peak-energy").focus(); });
    page.figures.mark = (figure, kind) => { figure.layout.shapes = [...(figure.layout.shapes ?? []), ...marks(page, kind)]; };
    onRedraw(() => { made.asked = ""; made.chosen = ""; show(page); });
    return made;
}

/**
 * Return a line at the peak that is open; on the map of a crystal, a circle around it.
 * @param {Page} page
 * @param {import("./view.js").Kind} kind
 */
function marks({ state, context }, kind) {
    const mev = numberOf(state.values.peak);
    if (mev === null || kind === "zones" || (kind === "map" && context.sampling !== "path")) return [];
    const at = energyIn(mev, state.values.energy_unit);
    const line = { color: theme() === "dark" ? "#9fadba" : "#55626f", width: 1, dash: "dot" };
    if (kind === "spectrum") return [{ type: "line", name: "peak", x0: at, x1: at, yref: "paper", y0: 0, y1: 1, line }];
    if (panel?.distance === null || panel === null) return [];
    const around = { xsizemode: "pixel", ysizemode: "pixel", x0: -MARK_PX, x1: MARK_PX, y0: -MARK_PX, y1: MARK_PX };
    return [{ type: "circle", name: "peak", xanchor: panel.distance, yanchor: at, ...around, line: { color: "#ff5a36", width: 2 } }];
}

/** Move the marks of what is drawn. @param {Page} page */
function remark(page) {
    for (const kind of /** @type {import("./view.js").Kind[]} */ (["spectrum", "map"])) {
        const figure = page.figures.drawers[kind]?.figure;
        if (!figure?.drawn) continue;
        const others = figure.graph.layout?.shapes?.filter((/** @type {any} */ shape) => shape.name !== "peak") ?? [];
        void /** @type {any} */ (window).Plotly.relayout(figure.graph, { shapes: [...others, ...marks(page, kind)] });
    }
}

/**
 * Keep the panel in step with the page.
 * @param {Page} page
 */
export function show(page) {
    const { state } = page;
    if (!document.getElementById("modes-answer")) return;
    const mine = panel ?? prepare(page);
    const { energy_unit: unit } = state.values;
    const mev = numberOf(state.values.peak);
    listCurves(page);
    byId("peak-close").hidden = mev === null;
    const marked = `${state.values.peak} ${unit}`;
    if (mine.marked !== marked) {
        mine.marked = marked;
        byId("peak-unit").textContent = unitName(unit);
        const typed = /** @type {HTMLInputElement} */ (byId("peak-energy"));
        typed.value = mev === null ? "" : String(Number(energyIn(mev, unit).toPrecision(5)));
        if (mev === null) fill(byId("modes-hint"), hintOf(page));
        remark(page);
    }
    byId("modes-hint").hidden = mev !== null;
    if (mev === null) {
        mine.asked = "";
        mine.chosen = "";
        void find(null);
        byId("modes-answer").hidden = true;
        mine.motion.stop();
        return;
    }
    byId("modes-answer").hidden = false;
    later(mev);
}

/** List the curves that are shown; the first has no name of its own in the address. @param {Page} page */
function listCurves({ state }) {
    const shown = instrumentsOf(state.values);
    const select = /** @type {HTMLSelectElement} */ (state.form.elements.namedItem("peak_of"));
    for (const option of select.options) {
        if (option.value === "") option.textContent = shown[0] === IDEAL ? "Ideal S(q, ω)" : displayName(shown[0] ?? "none");
        else option.hidden = option.disabled = !shown.includes(option.value) || option.value === shown[0];
    }
    byId("peak-of").hidden = shown.length < 2;
}

const later = debounce((/** @type {number} */ mev) => { if (panel?.page.state.values.peak) void find(mev); }, REST_MS);

const find = newestOnly(async (/** @type {number | null} */ mev, signal) => {
    if (!panel || mev === null) return;
    const { page } = panel;
    const view = page.view();
    const prediction = harmonicOf(page);
    const shown = instrumentsOf(view.values);
    const name = shown.find((one) => one === view.values.peak_of) ?? shown[0];
    const say = (/** @type {(Node | string)[]} */ ...parts) => { fill(byId("modes-summary"), ...parts); byId("modes-body").hidden = true; panel?.motion.stop(); };
    if (!prediction || prediction.status !== "succeeded") return say("Appears as soon as the harmonic forecast is ready.");
    if (!name) return say("Choose an instrument, or the ideal S(q, ω).");
    try {
        const cut = prediction.sampling === "path" ? await cutOf(view.values, succeeded(view.context)) : null;
        if (cut?.lacking.includes(prediction.id)) return say(`The harmonic forecast has no wave at ${pointName(cut.point ?? "")}: choose another.`);
        const at = cut?.at[prediction.id] ?? null;
        const waves = cut?.waves[succeeded(view.context).indexOf(prediction)];
        panel.distance = waves && at !== null ? distanceOf(waves, at) : null;
        remark(page);
        const body = { energy_mev: mev, ...modesBody(spectrumBody(view, name, prediction, at)) };
        const asked = JSON.stringify([prediction.id, body, view.values.energy_unit]);
        if (asked === panel.asked) return;
        if (!panel.modes) say("Finding the modes …");
        const modes = /** @type {Modes} */ (await ask(`/predictions/${prediction.id}/modes`, body, { signal }));
        if (signal.aborted) return;
        panel.asked = asked;
        panel.modes = modes;
        showModes(prediction.id, name, cut?.point ?? null);
    } catch (problem) {
        if (signal.aborted) return;
        panel.asked = "";
        panel.modes = null;
        say(...refusal(problem, prediction, page.context.structure));
    }
});

/**
 * @param {string} id prediction
 * @param {string} instrument
 * @param {string | null} point wave vector of a crystal
 */
function showModes(id, instrument, point) {
    if (!panel?.modes) return;
    const { energy_unit: unit } = panel.page.state.values;
    const { modes, summary, range_mev: [low, high], one_phonon_fraction: fraction } = panel.modes;
    const digits = unit === "cm-1" ? 0 : 1;
    const energy = (/** @type {number} */ mev) => energyIn(mev, unit).toFixed(digits);
    const name = unitName(unit);
    const where = instrument === IDEAL ? "" : ` of ${displayName(instrument)}`;
    fill(byId("modes-summary"), element("strong", {}, summary.message), element("span", { class: "quiet small" },
        ` ${point ? `At ${pointName(point)}, within` : "Within"} ${energy(low)}–${energy(high)} ${name}, the resolution${where}.`,
        summary.code === "modes_behind_peak" && fraction !== null ? ` ${Math.round(100 * fraction)} % of the intensity there is of one phonon.` : ""));
    byId("modes-body").hidden = !modes.length;
    const rows = modes.map((mode) => {
        const band = mode.band_mev.map(energy);
        const button = element("button", { type: "button", class: "mode-button", "aria-pressed": "false", "data-mode": `${mode.q_index}/${mode.branch}`,
            onclick: () => choose(id, mode) }, `${energy(mode.energy_mev)} ${name}`);
        const bar = element("span", { class: "mode-bar" });
        bar.style.width = `${Math.round(100 * mode.weight)}%`;
        const place = mode.point ?? `(${mode.wave_vector.map((one) => Number(one.toFixed(3))).join(", ").replaceAll("-", "−")})`;
        return [
            [button, element("span", { class: "quiet small" }, `${band[0] === band[1] ? "flat band" : `band ${band.join("–")}`}, at ${place}`)],
            [element("span", {}, `${Math.round(100 * mode.weight)} %`), bar],
            whatMoves(mode.motion),
        ];
    });
    fill(byId("modes-list"), table(["Mode", "Share", "What moves"], rows, { class: "mode-table" }));
    const kept = modes.find((mode) => `${mode.q_index}/${mode.branch}` === panel?.chosen.split(" ")[1]) ?? modes[0];
    if (kept) choose(id, kept);
    else panel.motion.stop();
    const place = byId("modes");
    if ("follow" in place.dataset) place.scrollIntoView({ block: "nearest" });
    delete place.dataset.follow;
}

/**
 * Animate a mode.
 * @param {string} id prediction
 * @param {Mode} mode
 */
function choose(id, mode) {
    if (!panel) return;
    const key = `${mode.q_index}/${mode.branch}`;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (byId("modes-list").querySelectorAll("[data-mode]"))) {
        const is = button.dataset.mode === key;
        button.setAttribute("aria-pressed", String(is));
        button.closest("tr")?.classList.toggle("is-chosen", is);
    }
    if (panel.chosen === `${id} ${key} ${theme()}`) { panel.motion.resume(); return; }
    panel.chosen = `${id} ${key} ${theme()}`;
    void panel.motion.show(`/predictions/${id}/modes/${key}?theme=${theme()}`, `${mode.energy_mev.toFixed(1)} meV: ${whatMoves(mode.motion)}`);
}
