// @ts-check
// Landing page: a dropped file, or an example, becomes a structure, and its page opens.

import { ApiProblem, ask, upload } from "../api.js";
import { followBadges } from "../kit/badges.js";
import { byId } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { whenInView } from "../kit/in-view.js";
import { showProblem } from "../kit/problems.js";

/** @typedef {import("../../../types/api").components["schemas"]["StructureOut"]} Structure */
/** @typedef {import("../../../types/api").components["schemas"]["PredictionOut"]} Prediction */

const message = byId("message");

/** @param {Structure} structure */
const open = ({ id }) => window.location.assign(`/structures/${id}`);

const orderedCells = byId("ordered-cells");

/** Offer the ordered cells of a disordered crystal. @param {File} file @param {ApiProblem} disorder */
async function offerOrder(file, disorder) {
    const { offerOrderedCells } = await import("./ordered-cells.js");
    await offerOrderedCells(orderedCells, file, disorder, open);
}

offerDrop(byId("drop"), {
    message,
    wholePage: true,
    tooLarge: "Upload one structure, not a trajectory or a charge density.",
    send: async (file, progress) => {
        orderedCells.hidden = true;
        try {
            open(await upload("/structures", { file }, { progress }));
        } catch (problem) {
            if (!(problem instanceof ApiProblem) || problem.code !== "partial_occupancies") throw problem;
            await offerOrder(file, problem);
        }
    },
});

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-example]"))) {
    button.addEventListener("click", async () => {
        message.replaceChildren();
        button.disabled = true;
        try {
            open(await ask(`/examples/${button.dataset.example}`));
        } catch (problem) {
            showProblem(message, message, problem, "This example could not be opened");
            message.scrollIntoView({ block: "nearest" });
        }
        button.disabled = false;
    });
}

followBadges();

const example = document.getElementById("example-figure");
if (example) {
    whenInView(example, async () => {
        const { showExample } = await import("./example.js");
        showExample(example);
    });
}

const copy = document.getElementById("copy-forecast");
copy?.addEventListener("click", async () => {
    try {
        /** @type {Prediction} */
        const { id, structure_id: structure } = await ask("/examples/forecast");
        window.location.assign(`/forecast/${structure}?predictions=${id}`);
    } catch (problem) {
        showProblem(message, message, problem);
        message.scrollIntoView({ block: "nearest" });
    }
});
