// @ts-check
// The form that starts a training: labels, estimates and messages while it is filled in, then the start.

import { ApiProblem, ask, newestOnly, newKey, upload } from "../api.js";
import { durationRange, integer, plain } from "../format.js";
import { byId, careBox, debounce, element, fill, pageData } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { clearProblems, showProblem } from "../kit/problems.js";
import { FormState } from "../state.js";
import { findMissing, requestBody } from "./request.js";

/** @typedef {import("../../../types/api").components["schemas"]["TrainingEstimateOut"]} Estimate */
/** @typedef {import("../../../types/api").components["schemas"]["LabelSetOut"]} LabelSet */

const DELAY_MS = 200;
const REFUSED = "This training cannot be started";
const EFFORTS = ["quick", "standard", "thorough"];

const about = /** @type {{structure_id: string, elements: string[], kinds: import("./request.js").Kinds, options: import("./request.js").Option[]}} */ (pageData("page-data"));
const form = /** @type {HTMLFormElement} */ (byId("train-form"));
const alert = byId("form-message");
const state = new FormState(form);

/** Show the fields that the chosen reference has. */
function showControls() {
    const { reference = "" } = state.values;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-of-reference]"))) {
        part.hidden = part.dataset.ofReference !== about.kinds[reference];
    }
}

/** @param {Estimate | undefined} estimate @param {string} effort */
function showEffort(estimate, effort) {
    const place = /** @type {HTMLElement} */ (form.querySelector(`[data-effort="${effort}"]`));
    const steps = estimate?.options.steps;
    fill(place, element("span", { class: "quality-time" }, estimate ? durationRange(...estimate.estimate_s) : "—"),
        typeof steps === "number" ? element("span", { class: "quality-fact" }, element("span", { class: "quiet" }, "Steps "), integer(steps)) : null);
}

/** Show what options that are left empty become. @param {Estimate | undefined} estimate */
function showDefaults(estimate) {
    for (const { name } of about.options) {
        const control = form.elements.namedItem(name);
        if (!(control instanceof HTMLInputElement)) continue;
        const value = estimate?.options[name];
        const text = typeof value === "number" ? plain(value, 4) : value === null || value === undefined ? "" : String(value);
        control.placeholder = text ? `${text} (automatic)` : "automatic";
    }
}

const update = newestOnly(async (/** @type {null} */ _, signal) => {
    const { values } = state;
    if (findMissing(values, about.kinds).length) {
        clearProblems(form, alert);
        EFFORTS.forEach((effort) => showEffort(undefined, effort));
        byId("form-summary").textContent = "";
        form.removeAttribute("aria-busy");
        return;
    }
    const answers = await Promise.allSettled(EFFORTS.map((effort) =>
        /** @type {Promise<Estimate>} */ (ask("/trainings/estimate", requestBody(values, effort, about), { signal }))));
    if (signal.aborted) return;
    clearProblems(form, alert);
    /** @type {Estimate | undefined} */
    let chosen;
    for (const [place, answer] of answers.entries()) {
        const estimate = answer.status === "fulfilled" ? answer.value : undefined;
        const effort = EFFORTS[place] ?? "";
        showEffort(estimate, effort);
        if (effort !== values.effort) continue;
        chosen = estimate;
        if (answer.status === "rejected") showProblem(form, alert, answer.reason, REFUSED);
    }
    showDefaults(chosen);
    byId("form-summary").textContent = chosen ? `Takes ${durationRange(...chosen.estimate_s)} on one core.` : "";
    form.removeAttribute("aria-busy");
});
const updateSoon = debounce(() => void update(null), DELAY_MS);

state.watch(() => {
    form.setAttribute("aria-busy", "true");
    showControls();
    updateSoon();
});
document.addEventListener("reconnected", updateSoon);

const visit = newKey();
/** The same request has the same key: a double click, or a lost answer, starts it once. @type {string[]} */
const sent = [];
const button = /** @type {HTMLButtonElement} */ (byId("start"));
window.addEventListener("pageshow", ({ persisted }) => { if (persisted) window.location.reload(); });
button.addEventListener("click", async () => {
    button.disabled = true;
    try {
        const { values } = state;
        const missing = findMissing(values, about.kinds);
        if (missing.length) throw new ApiProblem(422, REFUSED, "", missing);
        const body = requestBody(values, values.effort ?? "", about);
        const text = JSON.stringify(body);
        if (!sent.includes(text)) sent.push(text);
        const { id } = await ask("/trainings", body, { key: `${visit}-${sent.indexOf(text)}` });
        window.location.assign(`/trainings/${id}`);
    } catch (problem) {
        showProblem(form, alert, problem, REFUSED);
        button.disabled = false;
    }
});

const message = byId("labels-message");
offerDrop(byId("labels-drop"), {
    message,
    tooLarge: "Choose fewer structures: 20 to 50 are enough for most crystals.",
    send: async (file) => {
        const level = /** @type {HTMLInputElement} */ (byId("level-of-theory")).value.trim();
        /** @type {LabelSet} */
        const labels = await upload("/label-sets", { file, ...(level && { level_of_theory: level }) });
        const suits = [...labels.elements].sort().join() === [...about.elements].sort().join();
        const select = /** @type {HTMLSelectElement} */ (byId("label-set"));
        const name = [labels.name, labels.level_of_theory, `${integer(labels.n_structures)} structures`].filter(Boolean).join(" · ");
        select.append(element("option", { value: labels.id, disabled: !suits }, suits ? name : `${name} · of ${labels.elements.join(", ")}`));
        if (suits) state.set({ label_set_id: labels.id });
        const others = suits ? [] : [`${labels.name} was added, but its labels are of ${labels.elements.join(", ")}.`];
        fill(message, careBox([...others, ...labels.warnings]));
    },
});
