// @ts-check
// The state of a page: the values of a form, with the address as their truth.
//
// The server writes the form with its defaults. The address names what differs from them: a change writes it, Back
// undoes it, a copied link restores it, and a reset of the form is a reset of the page.

import { boundsText, markBounds } from "./kit/problems.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */
/** @typedef {Record<string, string>} Values name → value as the address writes it */

/** Changes of one control within this time are one step of the history. */
const SAME_STEP_MS = 1000;
/** Browsers refuse more than about 100 changes of the address in 30 s, and a drag makes 60 a second. */
const ADDRESS_DELAY_MS = 250;

/**
 * Return the values that differ from the defaults.
 * @param {Values} values
 * @param {Values} defaults
 * @returns {Values}
 */
export function difference(values, defaults) {
    return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== defaults[name]));
}

/** Write a query. Commas and colons stay readable. @param {Values} values */
export function query(values) {
    const plain = (/** @type {string} */ text) =>
        encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3A", ":");
    return Object.entries(values).map(([name, value]) => `${plain(name)}=${plain(value)}`).join("&");
}

/**
 * Return the value of the controls of one name, as the address writes it.
 * @param {Control[]} controls
 * @param {boolean} [initial] the default instead of the present value
 * @returns {string}
 */
function valueOf(controls, initial = false) {
    const [first] = controls;
    if (first instanceof HTMLSelectElement) {
        if (!initial) return first.value;
        return ([...first.options].find((option) => option.defaultSelected) ?? first.options[0])?.value ?? "";
    }
    if (first instanceof HTMLInputElement && (first.type === "radio" || first.type === "checkbox")) {
        const chosen = /** @type {HTMLInputElement[]} */ (controls)
            .filter((control) => (initial ? control.defaultChecked : control.checked));
        if (first.type === "radio") return chosen[0]?.value ?? "";
        if (first.dataset.list !== undefined) return chosen.map((control) => control.value).join(",");
        return chosen.length ? "1" : "0";
    }
    return (initial ? first?.defaultValue : first?.value) ?? "";
}

/**
 * Set the controls of one name. What a control cannot be is left out: nobody vouches for an address.
 * @param {Control[]} controls
 * @param {string} value
 * @returns {string} what was left out
 */
function setValue(controls, value) {
    const [first] = controls;
    if (first instanceof HTMLSelectElement) {
        if ([...first.options].some((option) => option.value === value)) first.value = value;
        // The server has chosen one of the list
        else if (!value.split(",").includes(first.value)) return value;
    } else if (first instanceof HTMLInputElement && first.type === "radio") {
        const chosen = /** @type {HTMLInputElement[]} */ (controls).find((control) => control.value === value);
        if (!chosen) return value;
        chosen.checked = true;
    } else if (first instanceof HTMLInputElement && first.type === "checkbox" && first.dataset.list !== undefined) {
        return setList(/** @type {HTMLInputElement[]} */ (controls), value);
    } else if (first instanceof HTMLInputElement && first.type === "checkbox") {
        if (!["0", "1"].includes(value)) return value;
        first.checked = value === "1";
    } else if (first instanceof HTMLInputElement && first.type === "number") {
        if (!isWithinBounds(first, value)) return value;
        first.value = value.trim() === "" ? first.defaultValue : value.trim();
    } else if (first) {
        first.value = value;
    }
    return "";
}

/**
 * Choose of a list. If nothing that is named can be chosen, the choice stays as it is.
 * @param {HTMLInputElement[]} controls
 * @param {string} value
 * @returns {string} the names that cannot be chosen
 */
function setList(controls, value) {
    const named = value.split(",").filter(Boolean);
    const values = controls.map((control) => control.value.toLowerCase());
    const unknown = named.filter((one) => !values.includes(one.toLowerCase()));
    if (unknown.length < named.length || !named.length) {
        const chosen = named.map((one) => one.toLowerCase());
        for (const control of controls) control.checked = chosen.includes(control.value.toLowerCase());
    }
    return unknown.join(", ");
}

/** @param {HTMLInputElement} control @param {string} value */
function isWithinBounds(control, value) {
    const [read, low, high] = [value, control.min || "-Infinity", control.max || "Infinity"].map(Number);
    return value.trim() === "" || (Number.isFinite(read) && Number(read) >= Number(low) && Number(read) <= Number(high));
}

/**
 * Return the words for a control: its own name, or that of the group that it belongs to.
 * @param {Control[]} controls
 */
function nameOf(controls) {
    const [first] = controls;
    const group = first && (first.type === "radio" || controls.length > 1) ? first.closest("fieldset")?.querySelector("legend") : null;
    const isotope = first?.closest("[data-isotopes]")?.querySelector("select")?.getAttribute("aria-label");
    const range = first?.closest("[role=group]")?.getAttribute("aria-label");
    const words = isotope ?? group?.textContent ?? first?.getAttribute("aria-label") ?? first?.labels?.[0]?.textContent ?? first?.name ?? "";
    return `${range ? `${range}, ` : ""}${words}`.trim().replaceAll(/\s+/g, " ");
}

/** Say which values of the address are not used. @param {string[]} values with the names of their controls */
function sayIgnored(values) {
    const place = document.getElementById("ignored");
    if (!place) return;
    place.hidden = !values.length;
    place.textContent = values.length ? `The address has values that are not possible; the defaults are used instead: ${values.join(", ")}.` : "";
}

/** The form of a page, in step with the address. */
export class FormState {
    /**
     * @param {HTMLFormElement} form
     * @param {{others?: () => Values}} [options] others: what always stands in the address, first
     */
    constructor(form, { others = () => ({}) } = {}) {
        this.form = form;
        this.others = others;
        /** @type {Set<() => void>} */
        this.listeners = new Set();
        this.lastStep = { name: "", time: 0 };
        /** The last value of each number that was within its bounds. @type {Map<Control, string>} */
        this.valid = new Map();
        this.#read();
        form.addEventListener("submit", (event) => event.preventDefault());
        form.addEventListener("input", () => this.#announce());
        form.addEventListener("change", (event) => {
            const control = /** @type {Control} */ (event.target);
            this.#announce();
            this.#write(control.name || control.dataset.sliderOf || "");
        });
        form.addEventListener("reset", () => {
            // The controls are reset after this event
            queueMicrotask(() => window.setTimeout(() => this.#changed("reset")));
        });
        window.addEventListener("popstate", () => {
            window.clearTimeout(this.timer);
            this.lastStep = { name: "", time: 0 };
            this.#read();
            this.#announce();
        });
    }

    /** @returns {Map<string, Control[]>} the controls by name */
    get controls() {
        /** @type {Map<string, Control[]>} */
        const byName = new Map();
        for (const control of /** @type {Iterable<Control>} */ (this.form.elements)) {
            if (!control.name || control.disabled) continue;
            byName.set(control.name, [...(byName.get(control.name) ?? []), control]);
        }
        return byName;
    }

    /** @returns {Values} all values, as the address writes them; a number out of its bounds is as it was before */
    get values() {
        return Object.fromEntries([...this.controls].map(([name, controls]) => [name, this.#validOf(controls)]));
    }

    /** @param {Control[]} controls */
    #validOf(controls) {
        const [first] = controls;
        const value = valueOf(controls);
        if (!(first instanceof HTMLInputElement) || first.type !== "number") return value;
        if (boundsText(first)) return this.valid.get(first) ?? first.defaultValue;
        this.valid.set(first, value);
        return value;
    }

    /** @returns {Values} the values as the server wrote them */
    get defaults() {
        return Object.fromEntries([...this.controls].map(([name, controls]) => [name, valueOf(controls, true)]));
    }

    /** Set values, as a step of the history. @param {Values} values */
    set(values) {
        const controls = this.controls;
        for (const [name, value] of Object.entries(values)) setValue(controls.get(name) ?? [], value);
        this.#changed(Object.keys(values).join());
    }

    /** Announce a change that a control cannot tell by itself, as a step of the history. */
    touch(name = "") {
        this.#changed(name);
    }

    /** @returns {string} the address of the page as it is now, without the host */
    get address() {
        const values = { ...this.others(), ...difference(this.values, this.defaults) };
        const text = query(values);
        return window.location.pathname + (text ? `?${text}` : "");
    }

    /** Call a function now and after each change. @param {() => void} listener */
    watch(listener) {
        this.listeners.add(listener);
        listener();
    }

    #read() {
        const found = new URLSearchParams(window.location.search);
        /** @type {string[]} */
        const ignored = [];
        for (const [name, controls] of this.controls) {
            const value = found.get(name);
            setValue(controls, valueOf(controls, true));
            if (controls[0] instanceof HTMLInputElement && controls[0].type === "number") controls[0].value = controls[0].defaultValue;
            const left = value === null ? "" : setValue(controls, value);
            if (left) ignored.push(`${nameOf(controls)} “${left}”`);
        }
        this.form.dispatchEvent(new CustomEvent("statechange"));
        for (const [name, controls] of this.controls) {
            // Isotopes that their element does not have (kit/controls.js)
            const value = found.get(name);
            if (value && controls[0]?.type === "text" && !controls[0].value) ignored.push(`${nameOf(controls)} “${value}”`);
        }
        sayIgnored(ignored);
    }

    /** @param {string} name */
    #changed(name) {
        this.form.dispatchEvent(new CustomEvent("statechange"));
        this.#announce();
        this.#write(name);
    }

    /** @param {string} name of the control that changed */
    #write(name) {
        window.clearTimeout(this.timer);
        const address = this.address;
        if (address === window.location.pathname + decodeURI(window.location.search)) return;
        const now = Date.now();
        const sameStep = name === this.lastStep.name && now - this.lastStep.time < SAME_STEP_MS;
        if (!sameStep) {
            this.lastStep = { name, time: now };
            window.history.pushState(null, "", address);
            return;
        }
        this.lastStep.time = now;
        this.timer = window.setTimeout(() => window.history.replaceState(null, "", this.address), ADDRESS_DELAY_MS);
    }

    #announce() {
        markBounds(this.form);
        for (const listener of this.listeners) listener();
    }
}
