// @ts-check
// The state of a page: the values of a form, with the address as their truth.
//
// The server writes the form with its defaults. The address names what differs from them: a change writes it, Back
// undoes it, a copied link restores it, and a reset of the form is a reset of the page.

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

/**
 * Write a query. Commas and colons stay readable.
 * @param {Values} values
 */
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
 * Set the controls of one name. What a control cannot be is ignored: nobody vouches for an address.
 * @param {Control[]} controls
 * @param {string} value
 */
function setValue(controls, value) {
    const [first] = controls;
    if (first instanceof HTMLSelectElement) {
        if ([...first.options].some((option) => option.value === value)) first.value = value;
    } else if (first instanceof HTMLInputElement && first.type === "radio") {
        for (const control of /** @type {HTMLInputElement[]} */ (controls)) {
            if (control.value === value) control.checked = true;
        }
    } else if (first instanceof HTMLInputElement && first.type === "checkbox") {
        const chosen = value.toLowerCase().split(",");
        for (const control of /** @type {HTMLInputElement[]} */ (controls)) {
            control.checked = control.dataset.list !== undefined ? chosen.includes(control.value.toLowerCase()) : value === "1";
        }
    } else if (first instanceof HTMLInputElement && first.type === "number") {
        first.value = withinBounds(first, value);
    } else if (first) {
        first.value = value;
    }
}

/**
 * @param {HTMLInputElement} control
 * @param {string} value
 */
function withinBounds(control, value) {
    const read = Number(value);
    if (value.trim() === "" || !Number.isFinite(read)) return control.defaultValue;
    const low = control.min === "" ? -Infinity : Number(control.min);
    const high = control.max === "" ? Infinity : Number(control.max);
    return String(Math.min(Math.max(read, low), high));
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

    /** @returns {Values} all values, as the address writes them */
    get values() {
        return Object.fromEntries([...this.controls].map(([name, controls]) => [name, valueOf(controls)]));
    }

    /** @returns {Values} the values as the server wrote them */
    get defaults() {
        return Object.fromEntries([...this.controls].map(([name, controls]) => [name, valueOf(controls, true)]));
    }

    /**
     * Set values, as a step of the history.
     * @param {Values} values
     */
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

    /**
     * Call a function now and after each change.
     * @param {() => void} listener
     */
    watch(listener) {
        this.listeners.add(listener);
        listener();
    }

    #read() {
        const found = new URLSearchParams(window.location.search);
        for (const [name, controls] of this.controls) {
            const value = found.get(name);
            setValue(controls, valueOf(controls, true));
            if (value !== null) setValue(controls, value);
            if (value === null && controls[0] instanceof HTMLInputElement && controls[0].type === "number") {
                controls[0].value = controls[0].defaultValue;
            }
        }
        this.form.dispatchEvent(new CustomEvent("statechange"));
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
        for (const listener of this.listeners) listener();
    }
}
