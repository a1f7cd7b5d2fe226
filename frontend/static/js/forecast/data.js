// @ts-check
// Measured data: the list, what is drawn, and the instrument that comes along with them.

import { call, FORMATS, save, textOf, upload, whenLoaded } from "../api.js";
import { count, fileName, plain } from "../format.js";
import { byId, element, fill, icon, pageData } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { alertBox } from "../kit/problems.js";
import { displayName, drawnData, instrumentsOf } from "./view.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("../../../types/api").components["schemas"]["DatasetOut"]} Dataset */

/** @type {{formats: Record<string, string>, units: Record<string, string>, terms: Record<string, string>}} */
export const WORDS = pageData("data-words");

/** @type {Page} */
let page;
/** @type {(...files: File[]) => Promise<void>} */
let read;
/** @type {typeof import("./comparison.js") | null} */
let comparison = null;
/** Data whose instrument came along. */
let followed = "";

/** @param {string} unit of a file's energy axis */
export const fileUnit = (unit) => (WORDS.units[unit] ?? unit).replace(/ \(.*/, "");
/** @param {number[]} ends @param {string} unit */
export const range = (ends, unit) => `${ends.map((end) => plain(end)).join(" to ")} ${unit}`;

/** @param {Dataset} one @returns {string} the instrument that it was measured on; empty if not stated */
function instrumentWords({ instrument, settings }) {
    if (!instrument) return "";
    const energy = settings?.e_init;
    return displayName(instrument) + (energy ? ` with Eᵢ = ${plain(Number(energy), 4)} meV` : "");
}

/** @param {Dataset} one */
function describe(one) {
    const isMap = one.kind === "2d";
    const run = /** @type {[number | null, string][]} */ (
        [[one.temperature_k, "K"], [one.mass_g, "g"], [one.exposure_uah, "µA h"], [one.exposure_h, "h"]]);
    return [
        instrumentWords(one),
        isMap ? `map, |q| ${range(one.q_range_inv_angstrom ?? [], "Å⁻¹")}` : "",
        range(one.energy_range_mev, "meV") + (one.x_unit === "meV" ? "" : ` (file in ${fileUnit(one.x_unit)})`),
        count(one.n_points, isMap ? "value" : "point") + (one.has_errors ? " with errors" : ", no errors"),
        ...run.map(([value, unit]) => (typeof value === "number" ? `${plain(value, 4)} ${unit}` : "")),
    ].filter(Boolean).join(" · ");
}

/** Fill the row of a dataset; its checkbox stays. @param {HTMLElement} row @param {Dataset} one */
function fillRow(row, one) {
    const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    /** @type {(text: string, label: string, symbol: string, attributes: Record<string, any>) => HTMLElement} */
    const action = (text, label, symbol, attributes) => element(attributes.href ? "a" : "button",
        { type: attributes.href ? null : "button", class: "link-button", "aria-label": label, ...attributes },
        symbol ? icon(symbol, 13) : null, text);
    fill(row,
        element("label", { class: "data-name" }, box, element("span", {}, one.name)),
        element("p", { class: "quiet small flush" }, describe(one)),
        element("div", { class: "data-actions" },
            action("Edit", `Edit ${one.name}`, "", { onclick: () => void edit(one) }),
            ...(/** @type {("csv" | "hdf5")[]} */ (["csv", "hdf5"])).map((format) => action(format.toUpperCase(),
                `${one.name} as ${format.toUpperCase()}`, "download", { onclick: () => void download(one, format) })),
            action("Original", `Original file of ${one.name}`, "download",
                { href: `/api/v1/datasets/${one.id}/file`, download: "", title: one.filename }),
            action("Delete", `Delete ${one.name}`, "trash", {
                class: "link-button is-quiet", "data-remove": `/datasets/${one.id}`, "data-question": `Delete “${one.name}”?`,
                "data-consequence": "The measured data and their file are deleted. This cannot be undone.",
            })));
    box.onchange = () => (box.checked ? follow(one) : forget(one.id));
}

/** @param {string} id @returns {HTMLElement | null} */
const rowOf = (id) => document.querySelector(`[data-dataset="${CSS.escape(id)}"]`);

/** @param {Dataset} one @param {"csv" | "hdf5"} format */
async function download(one, format) {
    const message = byId("data-message");
    fill(message);
    try {
        const response = await call(`/datasets/${one.id}/data`, { headers: { Accept: FORMATS[format].accept } });
        await save(response, fileName("beamcast", one.name) + FORMATS[format].suffix);
    } catch (problem) {
        fill(message, alertBox("The download failed", [textOf(problem)]));
    }
}

/** @param {string} id */
function forget(id) {
    if (followed === id) fill(byId("data-followed"));
}

/**
 * Show the forecast through the instrument that data were measured on, with the same settings: once, when the data are
 * chosen.
 * @param {Dataset} one
 */
function follow(one) {
    const { state, context } = page;
    const shown = instrumentsOf(state.values);
    const name = one.instrument;
    const message = byId("data-followed");
    fill(message);
    if (!name || shown.includes(name) || !context.instruments[name]) return;
    const settings = Object.fromEntries(Object.entries(one.settings ?? {}).map(([key, value]) => [`${name}.${key}`, String(value)]));
    const before = Object.fromEntries(Object.keys(settings).map((key) => [key, state.values[key] ?? ""]));
    const undo = () => {
        state.set({ instruments: instrumentsOf(state.values).filter((other) => other !== name).join(","), ...before });
        fill(message);
    };
    state.set({ instruments: [...shown, name].join(","), ...settings });
    followed = one.id;
    fill(message, `${instrumentWords(one)} is shown, too: “${one.name}” was measured there. `,
        element("button", { type: "button", class: "link-button", onclick: undo }, "Undo"));
}

/** @param {Dataset} one */
const edit = async (one) => (await import("./data-card.js")).openCard(page, { dataset: one, saved });

/** Show data that were saved on the card. @param {Dataset} one */
function saved(one) {
    const { context, state, figures } = page;
    const place = context.datasets.findIndex(({ id }) => id === one.id);
    if (place >= 0) {
        context.datasets[place] = one;
        fillRow(/** @type {HTMLElement} */ (rowOf(one.id)), one);
        figures.redraw();
        show(page);
        return;
    }
    context.datasets.unshift(one);
    const box = element("input", { type: "checkbox", name: "datasets", value: one.id, "data-list": "" });
    const row = element("li", { class: "data-row", "data-dataset": one.id }, box);
    fillRow(row, one);
    byId("data-list").prepend(row);
    box.checked = true;
    state.touch("datasets");
    follow(one);
}

/** @param {Page} opened */
function start(opened) {
    page = opened;
    for (const one of page.context.datasets) {
        const row = rowOf(one.id);
        if (row) fillRow(row, one);
    }
    const others = /** @type {HTMLDetailsElement} */ (document.querySelector(".data-others"));
    others.open = others.querySelector(":checked") !== null;
    read = offerDrop(byId("data-drop"), {
        message: byId("data-message"),
        tooLarge: "",
        send: async (file, progress) => {
            /** @type {import("../../../types/api").components["schemas"]["PreviewOut"]} */
            const preview = await upload("/datasets/preview", { file }, { progress });
            (await import("./data-card.js")).openCard(page, { file, preview, saved });
        },
    });
    document.addEventListener("removed", (event) => {
        const [, id = ""] = /^\/datasets\/(.+)/.exec(/** @type {CustomEvent<{path: string}>} */ (event).detail.path) ?? [];
        if (!rowOf(id)) return;
        rowOf(id)?.remove();
        page.context.datasets = page.context.datasets.filter((one) => one.id !== id);
        others.hidden = others.querySelector("li") === null;
        forget(id);
        page.state.touch("datasets");
    });
}

/** Read a file that was dropped on the page. @param {Page} opened @param {File} file @param {boolean} isOneOfSeveral */
export async function take(opened, file, isOneOfSeveral) {
    if (!page) start(opened);
    if (document.querySelector("dialog[open]")) {
        (await import("./data-card.js")).refuse(`${file.name} is not read: save or discard these data first.`);
        return;
    }
    await read(file);
    if (isOneOfSeveral) byId("data-message").append(element("p", { class: "small flush" }, `One file at a time: only ${file.name} was read.`));
}

/** @param {Page} opened */
export function show(opened) {
    if (!page) start(opened);
    const view = page.view();
    const spectra = drawnData(view, "1d").length;
    byId("data-tools").hidden = !spectra;
    if (!spectra && !drawnData(view, "2d").length && !comparison) return;
    whenLoaded(import("./comparison.js"), (module) => {
        comparison = module;
        module.update(page);
    });
}
