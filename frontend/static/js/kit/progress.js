// @ts-check
// Work of the server as it goes, in its row (`parts.progress_row`): the server's events, or a question every two seconds where
// the stream breaks.

import { ApiProblem, get, send, textOf } from "../api.js";
import { duration } from "../format.js";

const FINISHED = ["succeeded", "failed", "cancelled"];
const STATES = /** @type {Record<string, string>} */ ({
    queued: "Waiting", running: "Running", succeeded: "Ready", failed: "Failed", cancelled: "Cancelled",
});
/** Reasons to wait that somebody has to mend. */
const STUCK = ["waiting_for_engine", "waiting_for_queue", "waiting_for_disk_space"];
const ORDINALS = /** @type {Record<number, string>} */ ({ 2: "second", 3: "third", 4: "fourth", 5: "fifth" });
const RETRY_MS = 2000;
/** Work that ran longer is not cancelled without a question. */
const ASK_AFTER_S = 60;

/** @param {any} state */
export function stageText(state) {
    if (state.status === "succeeded" && state.started_at && state.finished_at) {
        return `took ${duration((Date.parse(state.finished_at) - Date.parse(state.started_at)) / 1000)}`;
    }
    if (FINISHED.includes(state.status)) return "";
    if (state.cancel_requested) return "cancelling …";
    const again = state.status === "running" && state.attempt > 1
        ? ` · ${ORDINALS[state.attempt] ? `${ORDINALS[state.attempt]} attempt` : `attempt ${state.attempt}`}: a worker died` : "";
    return `${state.stage ?? ""}${again}`;
}

/** @param {any} state */
export function remainingText(state) {
    if (FINISHED.includes(state.status)) return "";
    const percent = `${Math.round(100 * state.progress)} %`;
    if (state.status === "running" && !state.waiting_for) {
        return `${percent} · ${state.eta_s === null || state.eta_s === undefined ? "…" : `${duration(Math.max(1, state.eta_s))} left`}`;
    }
    return state.progress > 0 ? percent : "";
}

/**
 * @typedef {object} Work
 * @property {string} id of its row
 * @property {string} path in the API
 * @property {string} event name of its events
 * @property {string} noun such as "simulation"
 * @property {any} state
 */

/**
 * Follow work of the server.
 * @param {Work} work
 * @param {(state: any, changed: boolean) => void} onState called with every state, and whether its status has changed
 * @returns {() => void} ends it
 */
export function follow({ id, path, event, noun, state: first }, onState) {
    const row = /** @type {HTMLElement} */ (document.querySelector(`[data-progress="${id}"]`));
    const part = (/** @type {string} */ name) => /** @type {any} */ (row.querySelector(`[data-part="${name}"]`));
    let known = first;
    let stopped = false;
    /** @type {number | undefined} */
    let timer;

    /** @param {any} state @returns {boolean} whether it is over */
    function receive(state) {
        const changed = known.status !== state.status;
        known = state;
        const waiting = !FINISHED.includes(state.status) && Boolean(state.waiting_for);
        const shown = waiting ? "queued" : state.status;
        part("badge").textContent = STATES[shown] ?? shown;
        part("badge").className = `badge badge-${shown}`;
        part("stage").textContent = stageText(state);
        part("stage").classList.toggle("is-stuck", waiting && STUCK.includes(state.waiting_for.code));
        part("eta").textContent = remainingText(state);
        part("bar").value = state.status === "succeeded" ? 1 : state.progress;
        const over = FINISHED.includes(state.status);
        row.classList.toggle("is-over", over);
        part("cancel").hidden = over;
        part("delete").hidden = !over;
        part("problem").hidden = !["failed", "cancelled"].includes(state.status);
        part("error").textContent = state.status === "cancelled" ? "Cancelled."
            : state.error ?? "It stopped without a reason; the server's log may say more.";
        part("problem").classList.toggle("is-calm", state.status === "cancelled");
        onState(state, changed);
        return over;
    }

    part("cancel").addEventListener("click", async () => {
        const { started_at: started } = known;
        const work = async () => { await send("POST", `${path}/cancel`); part("cancel").disabled = true; part("cancel").textContent = "Cancelling …"; };
        const lost = started ? (Date.now() - Date.parse(started)) / 1000 : 0;
        const refused = (/** @type {unknown} */ problem) => {
            part("stage").textContent = `Not cancelled: ${textOf(problem)}`;
        };
        if (known.status !== "running" || lost < ASK_AFTER_S) { work().catch(refused); return; }
        const { ask } = await import("./removal.js");
        ask({
            question: `Cancel this ${noun}?`,
            consequence: `It has run for ${duration(lost)}, which would be lost. You can start it again with the same settings.`,
            verb: `Cancel the ${noun}`, keep: "Let it run", work,
        });
    });

    if (receive(first)) return () => {};
    const source = new EventSource(`/api/v1${path}/events`);
    const stop = () => { stopped = true; source.close(); window.clearTimeout(timer); };
    const hear = (/** @type {MessageEvent} */ message) => { if (!stopped && receive(JSON.parse(message.data))) stop(); };
    const question = async () => {
        try {
            if (receive(await get(path))) stop();
        } catch (problem) {
            if (problem instanceof ApiProblem && problem.status === 404) stop();
        }
        if (!stopped) timer = window.setTimeout(question, RETRY_MS);
    };
    source.addEventListener(event, hear);
    source.onmessage = hear;
    source.onerror = () => {
        // The stream ends when the server goes or a proxy cuts it
        source.close();
        if (!stopped && timer === undefined) timer = window.setTimeout(question, RETRY_MS / 4);
    };
    return stop;
}
