// @ts-check
// Downloads, provenance, and the structure.

import { ApiProblem, call, FORMATS, get, save, send, textOf } from "../api.js";
import { capital, fileName } from "../format.js";
import { offerDisplacements } from "../kit/displacements.js";
import { originOf } from "../kit/predictions.js";
import { byId, element, facts, fill, icon, theme } from "../kit/dom.js";
import { Figure, onRedraw } from "../kit/figure.js";
import { readable, rowsOf } from "../kit/provenance.js";
import { displayName, hasZone, instrumentsOf, pointName, spectrumBody, succeeded, zoneName } from "./view.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./view.js").Prediction} Prediction */

/** @param {Page} page @param {Prediction} prediction @param {string} instrument @param {"csv" | "hdf5"} format */
async function download({ view, figures }, prediction, instrument, format) {
    const now = view();
    const message = byId("download-message");
    message.hidden = true;
    try {
        if (!hasZone(now.values, prediction)) throw new ApiProblem(422, "No such zone", `It has no zone ${zoneName(now.values.zone ?? "")}: choose another.`);
        const cut = now.context.sampling === "path" ? await (await import("./waves.js")).cutOf(now.values, succeeded(now.context)) : null;
        if (cut?.lacking.includes(prediction.id)) throw new ApiProblem(422, "No such wave", `It has no wave at ${pointName(cut.point ?? "")}: choose another point.`);
        const body = spectrumBody(now, instrument, prediction, cut?.at[prediction.id] ?? null);
        const [asked] = await figures.withEnergies([{ ...body, prediction_id: prediction.id }], now.values);
        const { prediction_id: id, ...rest } = asked;
        const response = await send("POST", `/predictions/${id}/spectrum`, rest, { accept: FORMATS[format].accept });
        await save(response, fileName("beamcast", now.context.structure.name, instrument, prediction.label) + FORMATS[format].suffix);
    } catch (problem) {
        message.textContent = textOf(problem);
        message.hidden = false;
    }
}

/**
 * Save a file that a forecast may not have.
 * @param {string} path
 * @param {string} name
 */
async function downloadFile(path, name) {
    const message = byId("download-message");
    message.hidden = true;
    try {
        await save(await call(path), name);
    } catch (problem) {
        message.textContent = textOf(problem);
        message.hidden = false;
    }
}

/** Return the row of files for the phonon website, if a forecast is harmonic. @param {Page} page @param {Prediction[]} ready */
function websiteRow({ context }, ready) {
    if (!ready.some((one) => one.method === "harmonic")) return null;
    return element("tr", {}, element("th", { scope: "row" }, element("a", { href: "https://henriquemiranda.github.io/phononwebsite/phonon.html", rel: "noreferrer" }, "Phonon website")),
        ...ready.map((one) => element("td", {}, one.method === "harmonic"
            ? element("button", { type: "button", class: "link-button", "data-download": "phonon-website", "aria-label": `Modes for the phonon website, ${one.label}, JSON`,
                onclick: () => void downloadFile(`/predictions/${one.id}/phonon-website.json`, `${fileName("beamcast", context.structure.name, "phonon-website")}.json`) },
            icon("download", 13), "JSON") : null)));
}

/** @param {Page} page */
function listDownloads(page) {
    const { context, values } = page.view();
    const ready = succeeded(context);
    const place = byId("downloads");
    if (!ready.length) {
        fill(place, element("p", { class: "quiet small" }, "Downloads appear when a simulation is ready."));
        return;
    }
    const rows = instrumentsOf(values).map((name) => element("tr", {}, element("th", { scope: "row" }, displayName(name)),
        ...ready.map((prediction) => element("td", {}, ...(/** @type {("csv" | "hdf5")[]} */ (["csv", "hdf5"])).map((format) => {
            const label = `Spectrum on ${name}, ${prediction.label}, ${format.toUpperCase()}`;
            return element("button", { type: "button", class: "link-button", "aria-label": label, "data-download": format,
                onclick: () => void download(page, prediction, name, format) }, icon("download", 13), format.toUpperCase());
        })))));
    const partials = element("tr", {}, element("th", { scope: "row" }, "Partials"), ...ready.map((prediction) => element("td", {},
        element("a", { class: "link-button", href: `/api/v1/predictions/${prediction.id}/partials`, download: "", "data-download": "partials",
            "aria-label": `Partials, ${prediction.label}, HDF5` }, icon("download", 13), "HDF5"))));
    const head = element("tr", {}, element("td", {}), ...ready.map((one) => element("th", { scope: "col" }, capital(one.label))));
    fill(place, element("table", { class: "downloads" }, element("thead", {}, head), element("tbody", {}, ...rows, partials, websiteRow(page, ready))),
        context.sampling === "path" ? element("p", { class: "quiet small flush" },
            "CSV has the cut with each of its zones; HDF5 also has the map and the harmonic phonons.") : null);
}

/** @type {Promise<any[]> | null} */
let potentials = null;

/** @param {Page} page */
async function listProvenance({ context }) {
    potentials ??= get("/potentials").then((/** @type {any} */ answer) => answer.items ?? answer).catch(() => []);
    const known = await potentials;
    const open = new Set([...byId("provenance").querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.id));
    fill(byId("provenance"), ...context.predictions.map(({ id, label, state }) => {
        const potential = known.find((one) => one.id === state.potential_id)?.name ?? originOf(state);
        const { pressure_gpa: pressure, ...options } = state.options;
        const told = options.ensemble === "npt" ? { ...options, pressure_gpa: pressure } : options;
        const rows = [
            ...rowsOf("", { status: state.status, potential, temperature_k: state.temperature_k, quality: state.quality ?? "—" }),
            ...rowsOf("", told), ...rowsOf("", { ...state.provenance, versions: undefined }).filter(([name]) => name !== "versions"),
            ...rowsOf("", state.provenance?.versions ?? {}), ...rowsOf("id", id),
        ];
        return element("details", { "data-id": id, open: open.has(id) }, element("summary", {}, capital(label)),
            facts(rows.map(([name, text]) => [readable(name), text]), { class: "facts is-provenance" }));
    }));
}

/** @type {Figure | null} */
let structure = null;

/** @param {Page} page */
async function drawStructure({ context }) {
    if (structure) return;
    const figure = new Figure(byId("structure"), { lines: false });
    structure = figure;
    const draw = async () => {
        try {
            await figure.draw(await get(`/structures/${context.structure.id}/figure?theme=${theme()}`), context.structure.id);
        } catch (problem) {
            figure.refuse(problem);
        }
    };
    onRedraw(() => void draw());
    await draw();
}

/** @param {Page} page */
export function show(page) {
    listDownloads(page);
    // The relaxed cell of a harmonic forecast, or else the cell as it was uploaded
    const { context } = page;
    offerDisplacements(() => {
        const harmonic = context.predictions.find((one) => one.method === "harmonic" && one.status === "succeeded");
        return harmonic ? `/predictions/${harmonic.id}` : `/structures/${context.structure.id}`;
    }, context.structure.name);
    void listProvenance(page);
    void drawStructure(page);
}
