// @ts-check
// A slider beside a number: whichever the user moves sets the other. The number is the value; the slider has no name.

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
        if (number instanceof HTMLInputElement) pair(slider, number, form);
    }
}

/** @param {HTMLInputElement} slider @param {HTMLInputElement} number @param {HTMLFormElement} form */
function pair(slider, number, form) {
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
