// @ts-check
// Simulations as they go.

import { follow } from "../kit/progress.js";

/**
 * Follow simulations.
 * @param {import("./view.js").Prediction[]} predictions whose `status`, `species` and `state` are kept up to date
 * @param {() => void} onStatus called when a status changes, not at each per cent
 */
export function followProgress(predictions, onStatus) {
    const streams = predictions.map((prediction) => {
        const { id, state: first } = prediction;
        return follow({ id, path: `/predictions/${id}`, event: "prediction", noun: "simulation", state: first }, (state, changed) => {
            Object.assign(prediction, { state, status: state.status, species: state.provenance?.species ?? [] });
            if (changed) onStatus();
        });
    });
    // A browser allows six connections to one server
    window.addEventListener("pagehide", () => streams.forEach((stop) => stop()));
}
