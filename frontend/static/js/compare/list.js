// @ts-check
// The list of curves: their order, colours and settings. The template of a row stands in the page.

import { byId } from "../kit/dom.js";
import { pairIsotopes, pairSliders } from "../kit/controls.js";
import { boundsText, markBounds } from "../kit/problems.js";
import { BETWEEN, isVector, pointName, zoneName } from "../forecast/view.js";
import { COLOUR, DEFAULTS, encode } from "./curves.js";
import { once } from "./library.js";

/** @typedef {import("./curves.js").Forecast} Forecast */
/** @typedef {import("./library.js").Found} Found */
/** @typedef {"input" | "change"} Step */
/** @typedef {{li: HTMLElement, token: string, found: Found}} Row */

/** @type {Row[]} */
let rows = [];

/** @param {string} id */
const template = (id) => document.importNode(/** @type {HTMLTemplateElement} */ (byId(id)).content, true);
/** @param {Element} inside @param {string} name @returns {any} */
const part = (inside, name) => inside.querySelector(`[data-part="${name}"]`);

/** Show the curves; rows that stay keep their open settings and the focus. @param {Found[]} all */
export function showCurves(all) {
    const list = byId("curves");
    const old = [...rows];
    const focused = /** @type {HTMLElement | null} */ (list.contains(document.activeElement) ? document.activeElement : null);
    const place = focused ? rows.findIndex(({ li }) => li.contains(focused)) : 0;
    rows = all.map((found, index) => {
        const token = encode(found.curve);
        const at = old.findIndex((row) => row.token === token);
        const row = old.splice(at, at < 0 ? 0 : 1)[0] ?? { li: /** @type {HTMLElement} */ (template("curve-template").firstElementChild), token, found };
        describe(row, found);
        part(row.li, "up").disabled = index === 0;
        part(row.li, "down").disabled = index === all.length - 1;
        return row;
    });
    if (rows.map(({ li }) => li).some((li, index) => li !== list.children[index]) || list.children.length > rows.length) {
        list.replaceChildren(...rows.map(({ li }) => li));
    }
    if (!focused || document.activeElement === focused) return;
    const near = focused.isConnected ? focused.closest("li") : rows[Math.min(place, rows.length - 1)]?.li;
    /** @type {HTMLElement | undefined | null} */
    const next = focused.isConnected && !focused.matches(":disabled") ? focused : near?.querySelector("button:enabled");
    (next ?? byId("search")).focus();
}

/** @param {Row} row @param {Found} found */
function describe(row, found) {
    const { li } = row;
    row.found = found;
    part(li, "name").textContent = found.name;
    part(li, "text").textContent = found.text;
    for (const control of /** @type {NodeListOf<HTMLElement>} */ (li.querySelectorAll("[data-label]"))) {
        control.setAttribute("aria-label", `${control.dataset.label}: ${found.name}, ${found.text}`);
    }
    const data = "dataset" in found.curve;
    part(li, "colour").hidden = part(li, "duplicate").hidden = data;
    part(li, "mark").hidden = !data;
    part(li, "settings").hidden = !found.elements.length;
    li.classList.toggle("is-missing", !found.view && !found.dataset);
}

/** @param {string[]} colours of the forecasts that are drawn, in their order */
export const showColours = (colours) => rows.filter(({ found }) => found.view)
    .forEach(({ li }, place) => { part(li, "colour").value = colours[place] ?? "#000000"; });

/**
 * Announce the tokens of the curves when the user changes them.
 * @param {(tokens: string[], step: Step) => void} changed
 */
export function followList(changed) {
    const list = byId("curves");
    /** @param {Event} event */
    const rowOf = ({ target }) => rows.find(({ li }) => li.contains(/** @type {Node} */ (target)));
    list.addEventListener("click", (event) => {
        const name = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.part;
        const row = rowOf(event);
        if (!row || !name) return;
        const tokens = rows.map((one) => one.token);
        const place = rows.indexOf(row);
        tokens.splice(place, 1);
        if (name === "duplicate") tokens.splice(place, 0, row.token, row.token);
        else if (name !== "remove") tokens.splice(name === "up" ? place - 1 : place + 1, 0, row.token);
        changed(tokens, "change");
    });
    list.addEventListener("toggle", (event) => {
        const row = rowOf(event);
        if (row && /** @type {HTMLDetailsElement} */ (event.target).open && !part(row.li, "settings").querySelector("form")) void edit(row);
    }, true);
    for (const step of /** @type {Step[]} */ (["input", "change"])) {
        list.addEventListener(step, (event) => {
            const row = rowOf(event);
            const control = /** @type {HTMLInputElement} */ (event.target);
            if (!row || (control.name === "instrument" && step === "input")) return;
            const curve = /** @type {Forecast} */ (row.found.curve);
            const next = control.dataset.part === "colour" ? { ...curve, values: { ...curve.values, [COLOUR]: control.value.slice(1) } }
                : control.form ? read(row, control.form) : curve;
            row.token = encode(next);
            row.found = { ...row.found, curve: next };
            changed(rows.map(({ token }) => token), step);
            if (next.instrument !== curve.instrument) void edit(row).then(() => part(row.li, "settings").querySelector("select").focus());
        });
    }
}

/** Make the settings of a curve. @param {Row} row */
async function edit({ li, found }) {
    const { instruments, elements } = found;
    const { instrument, values } = /** @type {Forecast} */ (found.curve);
    const isotopes = await once(`/isotopes?elements=${elements.join(",")}`) ?? {};
    const form = document.createElement("form");
    form.append(template("settings-template"));
    const settings = document.querySelector(`[data-settings-of="${CSS.escape(instrument)}"]`);
    if (settings) form.append(document.importNode(/** @type {HTMLTemplateElement} */ (settings).content, true));
    if (found.crystal) form.append(await crystalSettings(found.crystal));
    const sites = Object.keys(values).filter((key) => /^iso\..*\d$/.test(key)).map((key) => key.slice("iso.".length));
    for (const site of [...elements.filter((one) => isotopes[one]?.length > 1), ...sites]) form.append(isotopeRow(site, isotopes));
    for (const control of /** @type {Iterable<HTMLInputElement>} */ (form.elements)) {
        const key = control.name.replace(`${instrument}.`, "");
        const value = key === "instrument" ? instrument : values[key] ?? instruments[instrument]?.defaults[key] ?? DEFAULTS[key];
        if (key && value !== undefined) control.value = String(value);
    }
    pairSliders(form);
    pairIsotopes(form);
    form.addEventListener("submit", (event) => event.preventDefault());
    const place = part(li, "settings");
    place.querySelector("form")?.remove();
    place.append(form);
}

/** Make the settings of a single crystal. @param {import("./library.js").Crystal} crystal */
async function crystalSettings({ waves, zones }) {
    const { placeOf } = await import("../forecast/waves.js");
    const settings = template("crystal-template");
    const places = [...new Set(waves.vectors.map((_, index) => placeOf(waves, index)))];
    const others = document.createElement("optgroup");
    others.label = BETWEEN;
    others.append(...places.filter(isVector).map((place) => new Option(pointName(place), place)));
    settings.querySelector('[name="point"]')?.append(...waves.points.map((point) => new Option(point, point)), others);
    settings.querySelector('[name="zone"]')?.append(...zones.map((zone) => new Option(zoneName(zone), zone)));
    return settings;
}

/** @param {Row} row @param {HTMLFormElement} form @returns {Forecast} */
function read({ found }, form) {
    const { prediction, instrument: before, values: old } = /** @type {Forecast} */ (found.curve);
    const { instrument = before, ...entries } = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)]));
    const defaults = found.instruments[before]?.defaults ?? {};
    const values = { ...old };
    markBounds(form);
    for (const [key, value] of Object.entries(entries)) {
        // The figure stays as it was until the number is possible
        if (boundsText(/** @type {Element} */ (form.elements.namedItem(key)))) continue;
        const name = key.replace(`${before}.`, "");
        delete values[name];
        if (value !== "" && value !== String(defaults[name] ?? DEFAULTS[name] ?? "")) values[name] = value;
    }
    // Settings belong to the instrument
    if (instrument !== before) for (const name of Object.keys(defaults)) delete values[name];
    return { prediction, instrument, values };
}

/** @param {string} site @param {Record<string, string[]>} isotopes */
function isotopeRow(site, isotopes) {
    const row = template("isotope-template");
    const symbol = site.replace(/\d+$/, "");
    for (const one of row.querySelectorAll("*")) {
        for (const attribute of one.attributes) attribute.value = attribute.value.replaceAll("@", attribute.name === "data-element" ? symbol : site);
        if (one.classList.contains("isotope-site")) one.textContent = site;
    }
    // As kit/controls.js fills a mixture up
    const rest = symbol === "H" ? "1H" : symbol;
    for (const text of row.querySelectorAll(".isotope-mixture > .small")) text.textContent = `the rest ${rest === symbol ? "natural" : rest}`;
    for (const name of isotopes[symbol] ?? []) {
        row.querySelector('[value="mixture"]')?.before(new Option(name, name));
        if (name !== rest) row.querySelector('[data-part="isotope"]')?.append(new Option(name, name));
    }
    return row;
}
