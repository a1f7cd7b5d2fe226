// @ts-check
// "Add to proposal" on other pages: `items.add_to_proposal` of the templates.

import { ApiProblem, newKey, send } from "../api.js";
import { element, fill } from "./dom.js";

/** @typedef {import("../../../types/api").components["schemas"]["ProposalOut"]} Proposal */

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
        fill(state, `Not added: ${problem instanceof ApiProblem ? problem.text : String(problem)}`);
    }
    select.disabled = false;
    select.value = "";
}

/**
 * @param {string} id of the proposal, or "new"
 * @param {DOMStringMap} about
 */
async function add(id, { collect: kind = "", ids = "", name = "" }) {
    const datasets = new URLSearchParams(window.location.search).get("datasets")?.split(",").filter(Boolean) ?? [];
    /** @type {Proposal | undefined} */
    let proposal;
    if (id === "new") {
        const headers = { "Idempotency-Key": newKey() };
        proposal = /** @type {Proposal} */ (await (await send("POST", "/proposals", { name }, { headers })).json());
    }
    for (const path of [...ids.split(" ").map((one) => `${kind}/${one}`), ...datasets.map((one) => `datasets/${one}`)]) {
        const answer = await send("PUT", `/proposals/${proposal?.id ?? id}/${path}`);
        proposal = /** @type {Proposal} */ (await answer.json());
    }
    return /** @type {Proposal} */ (proposal);
}
