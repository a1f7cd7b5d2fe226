// @ts-check
// Operations, brought up to date every few seconds while somebody can see them.

import { byId } from "../kit/dom.js";
import { refresh } from "../kit/live.js";
import { showProblem } from "../kit/problems.js";

const page = byId("operations");
const message = byId("message");

async function follow() {
    try {
        if (!document.hidden) {
            await refresh();
            message.replaceChildren();
        }
    } catch (problem) {
        showProblem(page, message, problem);
    }
    window.setTimeout(() => void follow(), 1000 * Number(page.dataset.intervalS));
}

window.setTimeout(() => void follow(), 1000 * Number(page.dataset.intervalS));
document.addEventListener("visibilitychange", () => { if (!document.hidden) void refresh().catch(() => {}); });
