// @ts-check
// "Add to proposal" on other pages: `items.add_to_proposal` of the templates.

import { ask, newKey, send, textOf } from "../api.js";
import { element, fill } from "./dom.js";

/** @param {HTMLSelectElement} select */
export async function collect(select) {
    const state = /** @type {HTMLElement} */ (select.nextElementSibling);
    const { value } = select;
    if (!value) return;
    select.disabled = true;
    fill(state);
    try {
        const proposal = await add(value, select.dataset);
        fill(state, "Added to ", element("a", { href: `/proposals/${proposal.id}` }, proposal.name));
        if (value === "new") select.append(element("option", { value: proposal.id }, proposal.name));
    } catch (problem) {
        fill(state, `Not added: ${textOf(problem)}`);
    }
    select.disabled = false;
    select.value = "";
}

/** @param {string} id of the proposal, or "new" @param {DOMStringMap} about */
async function add(id, { collect: kind = "", ids = "", name = "" }) {
    const datasets = new URLSearchParams(window.location.search).get("datasets")?.split(",").filter(Boolean) ?? [];
    /** @type {{id: string, name: string}} */
    let proposal = id === "new" ? await ask("/proposals", { name }, { key: newKey() }) : { id, name: "" };
    for (const path of [...ids.split(" ").map((one) => `${kind}/${one}`), ...datasets.map((one) => `datasets/${one}`)]) {
        proposal = await (await send("PUT", `/proposals/${proposal.id}/${path}`)).json();
    }
    return proposal;
}
