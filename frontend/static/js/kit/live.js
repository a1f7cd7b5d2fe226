// @ts-check
// Parts of a page that follow the server: its HTML is fetched anew, and the parts marked with `data-live` are changed in
// place. Elements that stay the same, or have the same `data-key`, are kept with their focus and selection.

import { reload } from "../api.js";

/** Bring the parts of this page up to date. */
export async function refresh() {
    const section = /** @type {HTMLElement | null} */ (document.activeElement?.closest("section") ?? null);
    const next = new DOMParser().parseFromString(await (await reload()).text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
        const other = next.getElementById(part.id);
        if (other) update(part, document.importNode(other, true));
    }
    // The focus was on something that is gone
    if (section && document.activeElement === document.body) {
        section.tabIndex = -1;
        section.focus();
    }
}

/** @param {Node | null} node */
const keyOf = (node) => (node instanceof HTMLElement ? node.dataset.key : undefined);

/**
 * Make a node like another one, with as few changes as possible.
 * @param {Node} node
 * @param {Node} next of the same name
 */
export function update(node, next) {
    if (node.isEqualNode(next)) return;
    if (!(node instanceof Element) || !(next instanceof Element)) {
        node.nodeValue = next.nodeValue;
        return;
    }
    for (const { name } of [...node.attributes]) {
        // The reader opened it
        if (!next.hasAttribute(name) && name !== "open") node.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
        if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    let place = node.firstChild;
    for (const child of [...next.childNodes]) {
        const key = keyOf(child);
        /** @type {Node | null | undefined} */
        const same = key === undefined
            ? place && keyOf(place) === undefined && place.nodeName === child.nodeName ? place : null
            : [...node.children].find((other) => keyOf(other) === key);
        if (!same) {
            node.insertBefore(child, place);
            continue;
        }
        if (same === place) place = place.nextSibling;
        else node.insertBefore(same, place);
        update(same, child);
    }
    while (place) {
        const rest = place.nextSibling;
        place.remove();
        place = rest;
    }
}
