// @ts-check
// The page of a forecast: its form, its figures, its tabs.

import { whenLoaded } from "../api.js";
import { onRedraw } from "../kit/figure.js";
import { byId, pageData } from "../kit/dom.js";
import { difference, FormState, query } from "../state.js";
import { Figures } from "./figures.js";
import { followProgress } from "./progress.js";
import { addSites, checkRanges, explainCorrection, offerPoint, openChanged, pairControls, showInstruments, showChopperFacts } from "./settings.js";
import { overlayOf, succeeded } from "./view.js";

const context = /** @type {import("./view.js").Context} */ (pageData("page-data"));
const form = /** @type {HTMLFormElement} */ (byId("view"));

// Addresses of version 0.1 said whether there is a correction, in numbers
const asked = new URLSearchParams(window.location.search);
if (["0", "1"].includes(asked.get("quantum_correction") ?? "")) {
    asked.set("quantum_correction", asked.get("quantum_correction") === "0" ? "none" : "harmonic");
    window.history.replaceState(null, "", `${window.location.pathname}?${asked}`);
}

addSites(form, context.predictions.flatMap((one) => one.species));
pairControls(form);
offerPoint(form, asked.get("point"));
const ids = context.predictions.map((one) => one.id).join(",");
const state = new FormState(form, { others: () => ({ predictions: ids }) });
const view = () => ({ values: state.values, context });

/** @type {Record<string, () => Promise<{show: (page: Page) => void}>>} modules of tabs, loaded when they are opened */
const TABS = {
    data: () => import("./data.js"),
    phonons: () => import("./phonons.js"),
    reliability: () => import("./reliability.js"),
    files: () => import("./files.js"),
};
/** @typedef {{context: import("./view.js").Context, state: FormState, view: typeof view, figures: Figures}} Page */

const figures = new Figures(view, { overlay: () => overlayOf(view()) });
/** @type {Page} */
const page = { context, state, view, figures };

/** Show the parts of the chosen tab. */
function showTab({ tab = "spectrum" } = state.values) {
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-tabs]"))) {
        part.hidden = !(part.dataset.tabs ?? "").split(" ").includes(tab);
    }
    const load = TABS[tab];
    if (!load) return;
    whenLoaded(load(), ({ show }) => show(page));
}

const compare = /** @type {HTMLAnchorElement | null} */ (document.getElementById("compare-link"));
let compareReady = false;

/** Let the link to the comparison name the curves: when somebody comes near it, since few do. */
async function nameCurves() {
    const { addressOf } = await import("../compare/curves.js");
    const cut = context.sampling === "path" ? await (await import("./waves.js")).cutOf(state.values, succeeded(context)) : null;
    if (compare) compare.href = addressOf(view(), state.defaults, cut);
    compareReady = true;
}
compare?.addEventListener("pointerenter", nameCurves);
compare?.addEventListener("focus", nameCurves);
compare?.addEventListener("click", async (event) => {
    if (compareReady) return;
    event.preventDefault();
    await nameCurves();
    window.location.assign(compare.href);
});

/**
 * Keep the links to the comparison, the plan and the other kind of sample in step with the settings.
 * @param {import("../state.js").Values} values
 */
function updateLinks(values) {
    const changed = difference(values, state.defaults);
    compareReady = false;
    const plan = /** @type {HTMLAnchorElement | null} */ (document.getElementById("plan-link"));
    if (plan && context.sampling === "powder") {
        const along = Object.entries(changed).filter(([name]) => name.startsWith("iso.") || name === "energy_scale");
        plan.search = query({ predictions: ids, ...Object.fromEntries(along) });
    }
    const other = /** @type {HTMLAnchorElement | null} */ (document.getElementById("other-sampling"));
    if (other) {
        const { tab: _, peak: _peak, peak_of: _of, peak_prediction: _prediction, ...along } = changed;
        other.search = query({ predictions: context.others.join(","), instruments: values.instruments ?? "", ...along });
    }
}

if (context.sampling === "path") whenLoaded(import("./crystal.js"), ({ followMap }) => followMap(view, figures));
// The modes behind a peak are loaded once somebody asks for them
let modesWanted = false;
figures.onMapClick = (/** @type {import("./figures.js").Click} */ click) => { whenLoaded(import("./peaks.js"), ({ openOnMap }) => openOnMap(page, click)); };
figures.onClick = (/** @type {import("./figures.js").Click} */ click) => { whenLoaded(import("./peaks.js"), ({ openClicked }) => openClicked(page, click)); };
function showModes(values = state.values) {
    if (context.sampling === "path") whenLoaded(import("./crystal.js"), ({ listPoints }) => listPoints(view()));
    modesWanted ||= Boolean(values.peak) || values.energy_unit !== "meV";
    if (modesWanted) whenLoaded(import("./modes.js"), ({ show }) => show(page));
}
document.getElementById("modes")?.addEventListener("focusin", () => { modesWanted = true; showModes(); }, { once: true });
document.getElementById("peak-point")?.addEventListener("change", ({ target }) => {
    state.set({ point: /** @type {HTMLSelectElement} */ (target).value });
});
const findTyped = () => { whenLoaded(import("./peaks.js"), ({ lookUp }) => lookUp(page)); };
document.getElementById("peak-find")?.addEventListener("click", findTyped);
document.getElementById("peak-energy")?.addEventListener("change", findTyped);
openChanged(form, Object.keys(difference(state.values, state.defaults)));
let massesOffered = false;
/** Offer the frequencies of other isotopes, once one was chosen. */
function showMasses(values = state.values) {
    massesOffered ||= Object.entries(values).some(([name, value]) => name.startsWith("iso.") && value !== "");
    if (massesOffered) whenLoaded(import("./other-masses.js"), ({ offerMasses }) => offerMasses(page, form));
}
state.watch(() => {
    // Read once: a slider calls this sixty times a second
    const now = view();
    showInstruments(now);
    explainCorrection(now);
    checkRanges(form, now);
    updateLinks(now.values);
    showMasses(now.values);
    showTab(now.values);
    figures.update();
    showModes(now.values);
    showChopperFacts(now);
});
form.addEventListener("toggle", () => showChopperFacts(view()), { capture: true });
const loadBadges = () => whenLoaded(import("./reliability.js"), ({ showBadges }) => showBadges(page));
followProgress(context.predictions, () => {
    addSites(form, context.predictions.flatMap((one) => one.species));
    showMasses();
    figures.update();
    showModes();
    showTab();
    loadBadges();
});
onRedraw(() => figures.redraw());
document.addEventListener("reconnected", () => {
    showTab();
    showModes();
    loadBadges();
});
performance.mark("interactive");
// The badge beside the title, once the first figure has been asked for
window.requestIdleCallback?.(loadBadges) ?? window.setTimeout(loadBadges, 500);

document.addEventListener("removed", (event) => {
    const { path } = /** @type {CustomEvent<{path: string}>} */ (event).detail;
    if (!path.startsWith("/predictions/")) return;
    const rest = context.predictions.map((one) => one.id).filter((id) => path !== `/predictions/${id}`);
    const { predictions: _, ...values } = Object.fromEntries(new URLSearchParams(window.location.search));
    window.location.assign(rest.length ? `?${query({ predictions: rest.join(","), ...values })}` : `/structures/${context.structure.id}`);
});

/**
 * Read measured data from a file that is dropped anywhere.
 * @param {DragEvent} event
 */
function acceptDrag(event) {
    const isTaken = event.defaultPrevented;
    const hasFiles = [...(event.dataTransfer?.types ?? [])].includes("Files");
    if (hasFiles) event.preventDefault();
    document.body.classList.toggle("is-dropping", hasFiles && event.type === "dragover");
    // The place for a file takes what falls on it
    const [first, ...more] = event.type === "drop" && !isTaken ? event.dataTransfer?.files ?? [] : [];
    if (!first) return;
    state.set({ tab: "data" });
    whenLoaded(import("./data.js"), ({ take }) => take(page, first, more.length > 0));
}
if (context.sampling === "powder") {
    document.addEventListener("dragover", acceptDrag);
    document.addEventListener("drop", acceptDrag);
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("is-dropping"); });
}
