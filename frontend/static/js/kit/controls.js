// @ts-check
// Controls of two parts. A slider beside a number: whichever the user moves sets the other; the number is the value, and the
// slider has no name. An isotope beside its percentage: the text field `iso.H` holds what the address says: "" (as usual),
// "2H", "H" (natural, of a site), or "2H:98", 98 % of ²H.

import { boundsText } from "./problems.js";

/** @typedef {string | Record<string, number>} Nucleus as the API takes it */

/** @param {string} site such as "H2" @returns {string} its element */
export const elementOf = (site) => site.replace(/\d+$/, "");

/**
 * Return an isotope or a mixture as the API takes it. What fills a mixture up is ¹H for hydrogen, and the natural
 * element for others.
 * @param {string} site
 * @param {string} text
 * @returns {Nucleus}
 */
export function nucleus(site, text) {
    const [isotope = "", percent] = text.split(":");
    if (percent === undefined) return isotope;
    const fraction = Number((Number(percent) / 100).toFixed(6));
    const element = elementOf(site);
    if (fraction === 1) return isotope;
    return { [isotope]: fraction, [element === "H" ? "1H" : element]: Number((1 - fraction).toFixed(6)) };
}

/**
 * Return the isotopes that a form's values name, as the API takes them.
 * @param {Record<string, string>} values
 * @param {(site: string) => boolean} [applies] whether a site is told apart
 * @returns {Record<string, Nucleus>}
 */
export function isotopesOf(values, applies = () => true) {
    const chosen = Object.entries(values)
        .filter(([name, value]) => name.startsWith("iso.") && value !== "")
        .map(([name, value]) => /** @type {[string, string]} */ ([name.slice("iso.".length), value]))
        .filter(([site]) => applies(site));
    return Object.fromEntries(chosen.map(([site, value]) => [site, nucleus(site, value)]));
}

/**
 * Return isotopes over others, as the API takes them: the choice for an element replaces also those for its sites.
 * @param {Record<string, Nucleus>} below
 * @param {Record<string, Nucleus>} above
 * @returns {Record<string, Nucleus>}
 */
export const override = (below, above) =>
    ({ ...Object.fromEntries(Object.entries(below).filter(([site]) => !(elementOf(site) in above))), ...above });

/** Keep the controls of isotopes in step with their text fields. @param {HTMLFormElement} form */
export function pairIsotopes(form) {
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-isotopes]"))) pair(row, form);
}

/** @param {HTMLElement} row @param {HTMLFormElement} form */
function pair(row, form) {
    const site = row.dataset.isotopes ?? "";
    const part = (/** @type {string} */ name) =>
        /** @type {HTMLInputElement & HTMLSelectElement} */ (row.querySelector(`[data-part="${name}"]`));
    const field = /** @type {HTMLInputElement} */ (row.querySelector(`[name="iso.${site}"]`));
    const [choice, percent, isotope, mixture] = [part("choice"), part("percent"), part("isotope"), part("mixture")];
    const has = (/** @type {HTMLSelectElement} */ select, /** @type {string} */ value) =>
        [...select.options].some((option) => option.value === value);

    // Where nothing means another choice, the natural element is named
    const saysNatural = site !== row.dataset.element || has(choice, "like");

    const show = () => {
        const [name = "", share] = field.value.split(":");
        const usual = choice.options[0]?.value ?? "natural";
        if (share !== undefined && has(isotope, name) && Number(share) >= 0 && Number(share) <= 100) {
            choice.value = "mixture";
            isotope.value = name;
            percent.value = share;
        } else if (name === row.dataset.element && saysNatural) {
            choice.value = "natural";
        } else if (name && has(choice, name)) {
            choice.value = name;
        } else {
            choice.value = usual;
            field.value = "";
        }
        mixture.hidden = choice.value !== "mixture";
    };
    const take = () => {
        mixture.hidden = choice.value !== "mixture";
        // The mixture stays as it was until the percentage is possible
        if (choice.value === "mixture" && boundsText(percent)) return;
        if (choice.value === "mixture") field.value = `${isotope.value}:${percent.value}`;
        else if (choice.value === "natural") field.value = saysNatural ? row.dataset.element ?? "" : "";
        else if (choice.value === "like") field.value = "";
        else field.value = choice.value;
    };
    // Before the form itself hears of the change
    for (const control of [choice, percent, isotope]) control.addEventListener("input", take);
    percent.addEventListener("change", () => { restore(percent); take(); });
    form.addEventListener("statechange", show);
    show();
}

/** Steps of a slider over decades. */
const LOGARITHMIC_STEP = 0.002;
/** Digits of a value that comes from a slider over decades. */
const DIGITS = 3;

/**
 * Return the value at a position of a slider, on the number's own steps.
 * @param {number} position
 * @param {{min: number, max: number, step: number | null, logarithmic: boolean}} scale
 */
export function valueAt(position, { min, max, step, logarithmic }) {
    const value = logarithmic ? 10 ** position : position;
    const near = step ? min + Math.round((value - min) / step) * step : value;
    return Math.min(Math.max(Number((logarithmic ? value : near).toPrecision(logarithmic ? DIGITS : 6)), min), max);
}

/** Pair all sliders of a form with their numbers. @param {HTMLFormElement} form */
export function pairSliders(form) {
    for (const slider of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-slider-of]"))) {
        const number = form.elements.namedItem(slider.dataset.sliderOf ?? "");
        if (number instanceof HTMLInputElement) pairSlider(slider, number, form);
    }
}

/** @param {HTMLInputElement} slider @param {HTMLInputElement} number @param {HTMLFormElement} form */
function pairSlider(slider, number, form) {
    const logarithmic = slider.dataset.logarithmic !== undefined;
    const step = Number(number.step) || null;
    const scale = { min: Number(number.min), max: Number(number.max), step, logarithmic };
    const position = (/** @type {number} */ value) => (logarithmic ? Math.log10(value) : value);
    slider.min = String(position(scale.min));
    slider.max = String(position(scale.max));
    slider.step = logarithmic ? String(LOGARITHMIC_STEP) : String(step ?? "any");
    const follow = () => {
        // A value between two steps is shown, too
        const { badInput, rangeOverflow, rangeUnderflow } = number.validity;
        if (number.value !== "" && !badInput && !rangeOverflow && !rangeUnderflow) slider.value = String(position(Number(number.value)));
        slider.setAttribute("aria-valuetext", number.value);
    };
    slider.addEventListener("input", () => {
        number.value = String(valueAt(Number(slider.value), scale));
        slider.setAttribute("aria-valuetext", number.value);
    });
    number.addEventListener("input", follow);
    number.addEventListener("change", () => restore(number));
    number.addEventListener("change", follow);
    form.addEventListener("statechange", follow);
    follow();
}

/** Put the default in place of what is no number. @param {HTMLInputElement} number */
export function restore(number) {
    if (number.validity.badInput || (number.value === "" && number.defaultValue !== "")) number.value = number.defaultValue;
}
