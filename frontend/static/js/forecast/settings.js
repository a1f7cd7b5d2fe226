// @ts-check
// The settings: instruments with their controls, isotopes of sites, the text of a correction.

import { ask, latestWins } from "../api.js";
import { significant } from "../format.js";
import { byId, debounce, element } from "../kit/dom.js";
import { pairIsotopes, pairSliders } from "../kit/controls.js";
import { boundsText } from "../kit/problems.js";
import { BETWEEN, instrumentsOf, isVector, pointName, settingsOf } from "./view.js";

/** @typedef {import("./view.js").View} View */

/** Instruments whose controls are open when the page opens. */
const OPEN_AT_FIRST = 2;
/** A slider that rests: figures go first while it moves. */
const REST_MS = 250;
/** Incident energies that are listed. */
const MAX_ENERGIES = 5;
const SAME_ENERGY = 0.01;

/** Set the controls up. @param {HTMLFormElement} form */
export function pairControls(form) {
    pairSliders(form);
    pairIsotopes(form);
    const toggle = /** @type {HTMLElement} */ (form.querySelector(".rail-toggle"));
    toggle.addEventListener("click", () => {
        const open = byId("rail-body").classList.toggle("is-open");
        toggle.setAttribute("aria-expanded", String(open));
    });
}

/**
 * Open the folded groups in which something differs from its default.
 * @param {HTMLFormElement} form
 * @param {string[]} changed names of such values
 */
export function openChanged(form, changed) {
    for (const group of /** @type {NodeListOf<HTMLDetailsElement>} */ (form.querySelectorAll("details[data-opens-with]"))) {
        const names = (group.dataset.opensWith ?? "").split(" ");
        if (changed.some((name) => names.some((one) => (one.endsWith(".") ? name.startsWith(one) : name === one)))) group.open = true;
    }
    const sites = /** @type {HTMLDetailsElement | null} */ (form.querySelector("[data-sites]"));
    if (sites && changed.some((name) => /^iso\.[A-Z][a-z]?\d/.test(name))) sites.open = true;
}

/** @type {string[] | null} */
let before = null;

/** Show the controls of the chosen instruments, and offer these for the map. @param {View} view */
export function showInstruments({ values }) {
    const shown = instrumentsOf(values);
    if (before && before.join() === shown.join()) return;
    for (const panel of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("[data-instrument]"))) {
        const name = panel.dataset.instrument ?? "";
        panel.hidden = !shown.includes(name);
        const settable = panel.querySelector("input, select") !== null;
        if (!before && settable && shown.indexOf(name) >= 0 && shown.indexOf(name) < OPEN_AT_FIRST) panel.open = true;
        // Who adds an instrument wants to set it
        if (before && shown.includes(name) && !before.includes(name)) panel.open = true;
    }
    for (const option of /** @type {NodeListOf<HTMLOptionElement>} */ (document.querySelectorAll('select[name="map"] option'))) {
        option.hidden = option.disabled = option.value !== "" && !shown.includes(option.value);
    }
    before = shown;
}

/** @param {View} view */
export function explainCorrection({ values, context }) {
    if (context.predictions.every((one) => one.method === "harmonic")) return;
    const text = context.corrections[values.quantum_correction ?? ""] ?? "";
    const place = byId("correction-text");
    if (place.textContent !== text) place.textContent = text;
}

/** Say at a range that its ends are the wrong way round. @param {HTMLFormElement} form @param {View} view */
export function checkRanges(form, { values }) {
    for (const name of ["energy", "q"]) {
        const control = form.elements.namedItem(`${name}_max`);
        const high = values[`${name}_max`] ?? "";
        const message = control instanceof HTMLInputElement && !boundsText(control) && control.closest("[data-loc]")?.querySelector(".field-error");
        const wrong = high !== "" && Number(high) <= Number(values[`${name}_min`] || 0);
        if (message) message.textContent = wrong ? "Must be above “From”." : "";
    }
}

/** @type {Map<string, {energies: string | null, width: string, notices: string}>} */
const known = new Map();

/** Show which incident energies come along and how well the width is known, of direct instruments whose settings are open. */
export const showChopperFacts = debounce(latestWins(async (/** @type {View} */ view) => {
    const open = instrumentsOf(view.values).filter((one) => document.querySelector(`details[open][data-instrument="${CSS.escape(one)}"]`));
    for (const name of open.filter((one) => view.context.instruments[one]?.geometry === "direct")) {
        const settings = settingsOf(view, name);
        const key = name + JSON.stringify(settings);
        if (!known.has(key)) {
            try {
                const [repetitions, resolution] = await Promise.all([
                    ask(`/instruments/${name}/repetitions`, { settings }), ask(`/instruments/${name}/resolution`, { settings, energy_mev: [0] }),
                ]);
                known.set(key, { energies: energies(repetitions, settings.e_init), ...widthOf(resolution) });
            } catch {
                // The figure says what is wrong
                continue;
            }
        }
        const facts = known.get(key);
        const panel = document.querySelector(`[data-instrument="${CSS.escape(name)}"]`);
        if (!facts || !panel) continue;
        for (const [part, text] of Object.entries({ repetitions: facts.energies, width: facts.width, "width-notices": facts.notices })) {
            const line = /** @type {HTMLElement | null} */ (panel.querySelector(`[data-${part}]`));
            if (!line) continue;
            line.hidden = !text;
            const place = line.querySelector(":scope > span:last-child") ?? line;
            place.textContent = text;
        }
    }
}), REST_MS);

/** @param {any} answer of `/instruments/{name}/resolution` at the elastic line */
function widthOf({ fwhm_mev: [fwhm], relative_uncertainty: part, notices }) {
    return {
        width: `${significant(fwhm)} meV${part === null ? "" : ` ± ${Math.round(100 * part)} %`}`,
        notices: notices.map((/** @type {{message: string}} */ one) => one.message).join(" "),
    };
}

/** @param {any} answer @param {number} chosen meV @returns {string | null} null: the choppers are not known */
function energies(answer, chosen) {
    if (!answer.choppers_known) return null;
    const others = answer.repetitions.map((/** @type {any} */ one) => one.e_init_mev)
        .filter((/** @type {number} */ energy) => Math.abs(energy - chosen) > SAME_ENERGY * chosen);
    if (!others.length) return "none";
    const list = others.slice(0, MAX_ENERGIES).map((/** @type {number} */ energy) => Number(energy.toPrecision(3)));
    return `Eᵢ = ${list.join(", ")}${others.length > MAX_ENERGIES ? ", …" : ""} meV`;
}

/**
 * Offer isotopes of sites that a simulation has told apart since the page came.
 * @param {HTMLFormElement} form
 * @param {string[]} species
 */
export function addSites(form, species) {
    const list = form.querySelector("[data-site-list]");
    if (!list) return;
    const added = species.filter((site) => /\d$/.test(site) && !form.elements.namedItem(`iso.${site}`));
    for (const site of added) {
        const template = /** @type {HTMLTemplateElement | null} */ (form.querySelector(`[data-site-of="${site.replace(/\d+$/, "")}"]`));
        if (!template) continue;
        const row = document.importNode(template.content, true);
        for (const part of row.querySelectorAll("*")) {
            for (const attribute of part.attributes) attribute.value = attribute.value.replaceAll("@", site);
            if (part.classList.contains("isotope-site")) part.textContent = site;
        }
        list.append(row);
    }
    if (added.length) {
        /** @type {HTMLElement} */ (form.querySelector("[data-sites]")).hidden = false;
        pairIsotopes(form);
    }
}

/**
 * Offer a wave vector that an address names, before the form is read.
 * @param {HTMLFormElement} form
 * @param {string | null} point
 */
export function offerPoint(form, point) {
    const select = /** @type {HTMLSelectElement | null} */ (form.elements.namedItem("point"));
    if (select && point && isVector(point)) select.append(element("optgroup", { label: BETWEEN }, new Option(pointName(point), point)));
}
