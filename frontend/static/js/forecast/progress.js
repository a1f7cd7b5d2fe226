// @ts-check
// Simulations as they go: the server's events, or a question every two seconds where the stream breaks.

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
/** A simulation that ran longer is not cancelled without a question. */
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
 * Follow simulations.
 * @param {import("./view.js").Prediction[]} predictions whose `status`, `species` and `state` are kept up to date
 * @param {() => void} onStatus called when a status changes, not at each per cent
 */
export function followProgress(predictions, onStatus) {
    const streams = predictions.map((prediction) => follow(prediction, onStatus));
    // A browser allows six connections to one server
    window.addEventListener("pagehide", () => streams.forEach((stop) => stop()));
}

/** @param {import("./view.js").Prediction} prediction @param {() => void} onStatus @returns {() => void} ends it */
function follow(prediction, onStatus) {
    const row = /** @type {HTMLElement} */ (document.querySelector(`[data-prediction="${prediction.id}"]`));
    const part = (/** @type {string} */ name) => /** @type {any} */ (row.querySelector(`[data-part="${name}"]`));
    const path = `/predictions/${prediction.id}`;
    let stopped = false;
    /** @type {number | undefined} */
    let timer;

    /** @param {any} state @returns {boolean} whether it is over */
    function receive(state) {
        const changed = prediction.status !== state.status;
        Object.assign(prediction, { state, status: state.status, species: state.provenance?.species ?? [] });
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
        if (changed) onStatus();
        return over;
    }

    part("cancel").addEventListener("click", async () => {
        const { started_at: started } = prediction.state;
        const work = async () => { await send("POST", `${path}/cancel`); part("cancel").disabled = true; part("cancel").textContent = "Cancelling …"; };
        const lost = started ? (Date.now() - Date.parse(started)) / 1000 : 0;
        const refused = (/** @type {unknown} */ problem) => {
            part("stage").textContent = `Not cancelled: ${textOf(problem)}`;
        };
        if (prediction.status !== "running" || lost < ASK_AFTER_S) { work().catch(refused); return; }
        const { ask } = await import("../kit/removal.js");
        ask({
            question: "Cancel this simulation?",
            consequence: `It has run for ${duration(lost)}, which would be lost. You can start it again with the same settings.`,
            verb: "Cancel the simulation", keep: "Let it run", work,
        });
    });

    if (receive(prediction.state)) return () => {};
    const source = new EventSource(`/api/v1${path}/events`);
    const stop = () => { stopped = true; source.close(); window.clearTimeout(timer); };
    const hear = (/** @type {MessageEvent} */ event) => { if (!stopped && receive(JSON.parse(event.data))) stop(); };
    const question = async () => {
        try {
            if (receive(await get(path))) stop();
        } catch (problem) {
            if (problem instanceof ApiProblem && problem.status === 404) stop();
        }
        if (!stopped) timer = window.setTimeout(question, RETRY_MS);
    };
    source.addEventListener("prediction", hear);
    source.onmessage = hear;
    source.onerror = () => {
        // The stream ends when the server goes or a proxy cuts it
        source.close();
        if (!stopped && timer === undefined) timer = window.setTimeout(question, RETRY_MS / 4);
    };
    return stop;
}
