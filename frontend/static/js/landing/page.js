// @ts-check
// Landing page: a dropped file, or an example, becomes a structure, and its page opens.

import { send, upload } from "../api.js";
import { followBadges } from "../kit/badges.js";
import { byId } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { whenInView } from "../kit/in-view.js";
import { showProblem } from "../kit/problems.js";

/** @typedef {import("../../../types/api").components["schemas"]["StructureOut"]} Structure */
/** @typedef {import("../../../types/api").components["schemas"]["PredictionOut"]} Prediction */

const message = byId("message");

/** @param {Response} response with a structure */
async function open(response) {
    const structure = /** @type {Structure} */ (await response.json());
    window.location.assign(`/structures/${structure.id}`);
}

offerDrop(byId("drop"), {
    message,
    wholePage: true,
    tooLarge: "Upload one structure, not a trajectory or a charge density.",
    send: async (file, progress) => {
        const form = new FormData();
        form.append("file", file);
        await open(await upload("/structures", form, { progress }));
    },
});

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-example]"))) {
    button.addEventListener("click", async () => {
        message.replaceChildren();
        button.disabled = true;
        try {
            await open(await send("POST", `/examples/${button.dataset.example}`));
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
        const response = await send("POST", "/examples/forecast");
        const { id, structure_id: structure } = /** @type {Prediction} */ (await response.json());
        window.location.assign(`/forecast/${structure}?predictions=${id}`);
    } catch (problem) {
        showProblem(message, message, problem);
        message.scrollIntoView({ block: "nearest" });
    }
});
