// @ts-check
// Elements from data. Text stays text: nothing here reads markup.

/** @typedef {string | number | Node | null | undefined | false} Child */
/** @typedef {Child | Child[]} Children */

/**
 * Return an element with attributes and children. A boolean attribute is present or absent; `onclick` and its like are
 * listeners; null and undefined are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Children} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
        else if (typeof value === "boolean") made.toggleAttribute(name, value);
        else if (value !== null && value !== undefined) made.setAttribute(name, String(value));
    }
    append(made, children);
    return made;
}

/** @param {Element} parent @param {Children[]} children */
function append(parent, children) {
    for (const child of children.flat()) {
        if (child === null || child === undefined || child === false || child === "") continue;
        parent.append(child instanceof Node ? child : String(child));
    }
}

/** Replace what an element holds. @param {Element} parent @param {...Children} children */
export function fill(parent, ...children) {
    parent.replaceChildren();
    append(parent, children);
}

/** Return an icon of the sprite. @param {string} name @param {number} [size] px */
export function icon(name, size = 14) {
    const namespace = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(namespace, "svg");
    for (const [key, value] of Object.entries({ class: "icon", width: size, height: size, "aria-hidden": "true" })) {
        svg.setAttribute(key, String(value));
    }
    const use = document.createElementNS(namespace, "use");
    use.setAttribute("href", `#${name}`);
    svg.append(use);
    return svg;
}

/** Return a chemical formula with its numbers as subscripts. @param {string} text such as "C6D6" */
export const formula = (text) => element("span", { class: "formula" },
    text.split(/(\d+(?:\.\d+)?)/).filter(Boolean).map((piece) => (/^\d/.test(piece) ? element("sub", {}, piece) : piece)));

/** Return a term with its explanation (terms.js). @param {string} label @param {string} explanation */
export const term = (label, explanation) => element("span", { class: "term", "data-explanation": explanation }, label);

/**
 * Return a table. The first cell of a row is its header.
 * @param {Children[]} head
 * @param {Children[][]} rows
 * @param {Record<string, any>} [attributes]
 */
export function table(head, rows, attributes = {}) {
    return element(
        "table",
        { class: "data-table", ...attributes },
        element("thead", {}, element("tr", {}, ...head.map((cell) => element("th", { scope: "col" }, cell)))),
        element(
            "tbody",
            {},
            ...rows.map((row) =>
                element("tr", {}, ...row.map((cell, place) =>
                    place ? element("td", {}, cell) : element("th", { scope: "row" }, cell)))),
        ),
    );
}

/** @param {readonly string[]} texts @returns a list; null without any */
export const list = (texts, attributes = {}) =>
    (texts.length ? element("ul", attributes, texts.map((text) => element("li", {}, text))) : null);

/** @param {readonly string[]} texts @returns warnings in a box; null without any */
export const careBox = (texts) =>
    (texts.length ? element("div", { class: "alert alert-care" }, texts.map((text) => element("p", { class: "flush" }, text))) : null);

/** @param {[Children, Children][]} pairs names and values @returns a list of facts */
export const facts = (pairs, attributes = {}) => element("dl", attributes, pairs.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));

/** @param {HTMLElement} content @param {string} label @returns what scrolls if it is wider than the page */
export const scrollable = (content, label) =>
    element("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": label }, content);

/**
 * Return the element with an id. Templates and modules belong together: a missing one is an error of ours.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
    const found = document.getElementById(id);
    if (!found) throw new Error(`the page has no element #${id}`);
    return found;
}

/**
 * Return the data that the server put into the page: `<script type="application/json" id="…">`.
 * @param {string} id
 * @returns {any}
 */
export const pageData = (id) => JSON.parse(byId(id).textContent ?? "null");

/**
 * Call a function once no call has come for a time.
 * @template {any[]} A
 * @param {(...parameters: A) => void} work
 * @param {number} ms
 * @returns {(...parameters: A) => void}
 */
export function debounce(work, ms) {
    /** @type {number | undefined} */
    let timer;
    return (...parameters) => {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => work(...parameters), ms);
    };
}

/** @typedef {"light" | "dark"} Theme */

/** @returns {Theme} the theme of the page */
export function theme() {
    return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

/** Call a function with the theme whenever it changes. @param {(theme: Theme) => void} listener */
export function onThemeChange(listener) {
    document.addEventListener("themechange", () => listener(theme()));
}
