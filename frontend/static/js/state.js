// @ts-check
// The state of a page. The address is its truth: a change writes the address, Back undoes it, a copied link restores it.

/**
 * A field of the state in the address.
 * @template T
 * @typedef {object} Field
 * @property {T} initial value without a parameter in the address
 * @property {(text: string) => T | undefined} read undefined: the text is not valid, and the initial value is used
 * @property {(value: T) => string} write
 */

/** @type {(initial?: string) => Field<string>} */
export const text = (initial = "") => ({ initial, read: (value) => value, write: (value) => value });

/** @type {(initial: number, low?: number, high?: number) => Field<number>} */
export const number = (initial, low = -Infinity, high = Infinity) => ({
    initial,
    read: (value) => {
        const read = Number(value);
        return value.trim() !== "" && Number.isFinite(read) && read >= low && read <= high ? read : undefined;
    },
    write: String,
});

/** @type {(initial?: boolean) => Field<boolean>} */
export const flag = (initial = false) => ({
    initial,
    read: (value) => (value === "1" ? true : value === "0" ? false : undefined),
    write: (value) => (value ? "1" : "0"),
});

/**
 * @template {string} T
 * @param {readonly T[]} choices the first is the initial value
 * @returns {Field<T>}
 */
export const choice = (choices) => ({
    initial: /** @type {T} */ (choices[0]),
    read: (value) => choices.find((one) => one === value),
    write: (value) => value,
});

/** @type {(initial?: readonly string[]) => Field<readonly string[]>} */
export const list = (initial = []) => ({
    initial,
    read: (value) => (value === "" ? [] : value.split(",").map(decodeURIComponent)),
    write: (value) => value.map(encodeURIComponent).join(","),
});

/**
 * @template {Record<string, Field<any>>} F
 * @typedef {{[K in keyof F]: F[K] extends Field<infer T> ? T : never}} Values
 */

/**
 * Read fields from a query.
 * @template {Record<string, Field<any>>} F
 * @param {F} fields
 * @param {URLSearchParams} query
 * @returns {Values<F>}
 */
export function readQuery(fields, query) {
    const entries = Object.entries(fields).map(([name, field]) => {
        const value = query.get(name);
        return [name, value === null ? field.initial : (field.read(value) ?? field.initial)];
    });
    return /** @type {Values<F>} */ (Object.fromEntries(entries));
}

/**
 * Write fields into a query; other parameters stay, and initial values are left out.
 * @template {Record<string, Field<any>>} F
 * @param {F} fields
 * @param {Values<F>} values
 * @param {URLSearchParams} [query]
 * @returns {URLSearchParams}
 */
export function writeQuery(fields, values, query = new URLSearchParams()) {
    const written = new URLSearchParams(query);
    for (const [name, field] of Object.entries(fields)) {
        const value = field.write(values[name]);
        if (value === field.write(field.initial)) written.delete(name);
        else written.set(name, value);
    }
    return written;
}

/**
 * The store of a page.
 * @template {Record<string, Field<any>>} F
 */
export class Store {
    /** @param {F} fields */
    constructor(fields) {
        this.fields = fields;
        this.values = readQuery(fields, new URLSearchParams(window.location.search));
        /** @type {Set<(values: Values<F>) => void>} */
        this.listeners = new Set();
        window.addEventListener("popstate", () => {
            this.values = readQuery(fields, new URLSearchParams(window.location.search));
            this.#announce();
        });
    }

    /**
     * Change values, and write them into the address.
     * @param {Partial<Values<F>>} changes
     * @param {{replace?: boolean}} [options] replace: no new entry in the history, as during the drag of a slider
     */
    set(changes, { replace = false } = {}) {
        this.values = { ...this.values, ...changes };
        const query = writeQuery(this.fields, this.values, new URLSearchParams(window.location.search));
        const address = `${window.location.pathname}${query.size ? `?${query}` : ""}${window.location.hash}`;
        if (replace) window.history.replaceState(null, "", address);
        else window.history.pushState(null, "", address);
        this.#announce();
    }

    /**
     * Call a function now and after each change.
     * @param {(values: Values<F>) => void} listener
     */
    watch(listener) {
        this.listeners.add(listener);
        listener(this.values);
    }

    #announce() {
        for (const listener of this.listeners) listener(this.values);
    }
}
