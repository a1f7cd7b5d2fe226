// @ts-check
// Badges of simulations (`parts.status_badge`) that follow their state.

import { ApiProblem, get } from "../api.js";

/** @typedef {import("../../../types/api").components["schemas"]["PredictionOut"]} Prediction */

const INTERVAL_MS = 4000;
const LIVE = ".badge-queued, .badge-running";
/** As in the macro. @type {Record<string, string>} */
export const BADGE_WORDS = { queued: "waiting", ready: "ready", succeeded: "ready", failed: "failed", cancelled: "cancelled" };

/** Ask for the state of what waits or runs, until nothing does. */
export function followBadges() {
    if (!document.querySelector(LIVE)) return;
    window.setTimeout(async () => {
        if (!document.hidden) {
            const live = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(LIVE)]);
            await Promise.all(live.map(update));
        }
        followBadges();
    }, INTERVAL_MS);
}

/** @param {HTMLElement} badge */
async function update(badge) {
    try {
        const { status, progress } = /** @type {Prediction} */ (await get(`/predictions/${badge.dataset.prediction}`));
        badge.className = `badge badge-${status}`;
        const state = badge.querySelector(".badge-state");
        if (state) state.textContent = BADGE_WORDS[status] ?? `${Math.round(100 * progress)} %`;
    } catch (problem) {
        if (problem instanceof ApiProblem && problem.status === 404) badge.remove();
    }
}
