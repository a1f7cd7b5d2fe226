// @ts-check
// The lists of potentials, trainings and label sets, brought up to date while a training goes on and after a deletion.

import { byId } from "../kit/dom.js";
import { refresh } from "../kit/live.js";
import { showProblem } from "../kit/problems.js";

const INTERVAL_MS = 4000;
const page = byId("potentials-page");
const message = byId("message");

async function bringUpToDate() {
    try {
        await refresh();
        message.replaceChildren();
    } catch (problem) {
        showProblem(page, message, problem);
    }
}

function follow() {
    if (!("ongoing" in byId("trainings").dataset)) return;
    window.setTimeout(async () => {
        if (!document.hidden) await bringUpToDate();
        follow();
    }, INTERVAL_MS);
}

follow();
document.addEventListener("removed", () => void bringUpToDate());
