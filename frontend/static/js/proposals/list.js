// @ts-check
// The list of proposals: make one, import one.

import { ask, newKey, upload } from "../api.js";
import { byId } from "../kit/dom.js";
import { showProblem } from "../kit/problems.js";

/** @typedef {import("../../../types/api").components["schemas"]["ProposalOut"]} Proposal */

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("new-proposal"));
if (form) offer(form);

/** @param {HTMLFormElement} form */
function offer(form) {
    const message = byId("message");
    const file = /** @type {HTMLInputElement} */ (byId("import"));
    const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
    let key = newKey();
    name.addEventListener("input", () => { key = newKey(); });

    /** @param {string} title of a refusal @param {() => Promise<Proposal>} work */
    async function open(title, work) {
        for (const control of form.elements) control.toggleAttribute("disabled", true);
        try {
            const made = await work();
            key = newKey();
            window.location.assign(`/proposals/${made.id}`);
        } catch (problem) {
            showProblem(form, message, problem, title);
        }
        for (const control of form.elements) control.toggleAttribute("disabled", false);
        file.value = "";  // The mended file of the same name is another choice
    }

    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const body = { name: name.value.trim() || "Untitled proposal" };
        void open("No proposal was made", () => ask("/proposals", body, { key }));
    });
    file.addEventListener("change", () => {
        const chosen = file.files?.[0];
        if (!chosen) return;
        message.textContent = `Importing ${chosen.name}: every file in it is checked, which may take a minute …`;
        void open("Nothing was imported", () => upload("/proposals/import", { file: chosen }, { key: newKey() }));
    });
}
