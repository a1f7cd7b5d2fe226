// @ts-check
// The list of trajectories that the server is reading, or could not read.

import { ApiProblem, get, send } from "../api.js";
import { BADGE_WORDS } from "../kit/badges.js";

/** @typedef {import("../../../types/api").components["schemas"]["SourceOut"]} Source */

const INTERVAL_MS = 2000;

/** Follow each of them until it is read, and remove what the user does not want. @param {HTMLElement} list */
export function followSources(list) {
    for (const row of /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-source]")])) {
        row.querySelector("button")?.addEventListener("click", async () => {
            await send("DELETE", `/sources/${row.dataset.source}`).catch(unlessGone);
            row.remove();
        });
        void follow(row);
    }
}

/** @param {HTMLElement} row */
async function follow(row) {
    while (row.isConnected && row.querySelector(".badge-queued, .badge-running")) {
        await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
        if (document.hidden) continue;
        try {
            show(row, await get(`/sources/${row.dataset.source}`));
        } catch (problem) {
            unlessGone(problem);
            if (problem instanceof ApiProblem && problem.status === 404) row.remove();
        }
    }
}

/** @param {HTMLElement} row @param {Source} source */
function show(row, { id, status, progress, stage, error, structure_id: structure }) {
    const badge = row.querySelector(".badge");
    const state = row.querySelector(".badge-state");
    const line = row.querySelector("[role=status]");
    const open = row.querySelector("a");
    if (!badge || !state || !line || !open) return;
    badge.className = `badge badge-${status === "ready" ? "succeeded" : status}`;
    state.textContent = BADGE_WORDS[status] ?? `${Math.round(100 * progress)} %`;
    line.textContent = error?.message ?? stage ?? "";
    if (structure) {
        open.href = `/structures/${structure}?source=${id}`;
        open.hidden = false;
        row.querySelector("button")?.remove();
    }
}

/** The server may not answer for a while, and somebody may have deleted it. @param {unknown} problem */
function unlessGone(problem) {
    if (!(problem instanceof ApiProblem) || ![0, 404].includes(problem.status)) throw problem;
}
