// @ts-check
// The form that starts a forecast: suggestions, estimates and messages while it is filled in, then the start.

import { ApiProblem, ask, get, newestOnly, newKey, send, upload } from "../api.js";
import { byId, careBox, debounce, element, fill } from "../kit/dom.js";
import { offerDrop } from "../kit/drop-zone.js";
import { pairIsotopes } from "../kit/controls.js";
import { clearProblems, showProblem } from "../kit/problems.js";
import { FormState } from "../state.js";
import { neededPairs, notesOf, showEstimates } from "./estimates.js";
import { findMissing, isDynamics, listOf, requestBody, settled, sourceOf, takes } from "./request.js";

/** @typedef {import("../../../types/api").components["schemas"]["SuggestionOut"]} Suggestion */
/** @typedef {import("../../../types/api").components["schemas"]["PredictionOut"]} Prediction */
/** @typedef {import("../../../types/api").components["schemas"]["PotentialOut"]} Potential */
/** @typedef {import("./estimates.js").Engine} Engine */
/** @typedef {{structure_id: string, lengths_angstrom: number[], elements: string[], from: string | null,
 *     methods: import("./request.js").MethodFacts[], sources: Record<string, import("./request.js").SourceFacts>, engines: Engine[]}} PageData */

const DELAY_MS = 200;
const REFUSED = "This forecast cannot be started";
const FOLLOWS = ["temperature_k", "methods"];

/** @param {HTMLFormElement} form @param {PageData} data */
export function runForm(form, data) {
    const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-option]")]);
    const options = fields.map(({ dataset: { option = "", kind = "", takers = "" } }) =>
        ({ name: option, kind, takers: takers.split(" ") }));
    const methods = [...new Set(data.methods.map((one) => one.method))];
    const about = { structureId: data.structure_id, options, methods: data.methods, lengths: data.lengths_angstrom, engines: data.engines };
    pairIsotopes(form);
    const customise = /** @type {HTMLDetailsElement} */ (byId("customise"));
    const alert = byId("form-message");
    const state = new FormState(form, { others: () => (data.from ? { from: data.from } : {}) });
    /** What the user has set in this visit, or an address has. @type {Set<string>} */
    const touched = new Set(data.from ? FOLLOWS : []);
    const isTouched = (/** @type {string} */ name) => touched.has(name) || new URLSearchParams(window.location.search).has(name);

    /** Show the controls that a chosen method has. */
    function showControls() {
        const values = settled(state.values, data.sources);
        const chosen = listOf(values.methods ?? "");
        for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-of-potential]"))) {
            part.hidden = sourceOf(values) !== "" || "ofDynamics" in part.dataset && !chosen.some(isDynamics);
        }
        for (const [place, option] of options.entries()) {
            const field = fields[place];
            if (field) field.hidden = !(chosen.length ? chosen : methods).some((method) => takes(option, method, values));
        }
        const potential = /** @type {HTMLSelectElement} */ (byId("potential")).selectedOptions[0];
        byId("potential-note").textContent = potential ? `Potential: ${potential.text}` : "";
        /** @type {HTMLInputElement} */ (form.elements.namedItem("hkl")).hidden = values.zones !== "chosen";
        const engine = /** @type {HTMLSelectElement} */ (form.elements.namedItem("engine"));
        for (const choice of engine.options) {
            const able = !choice.value || data.methods.some((one) => one.sampling === values.sampling
                && chosen.includes(one.method) && one.engines.includes(choice.value));
            choice.hidden = choice.disabled = !able;
            const facts = about.engines.find((one) => one.name === choice.value);
            if (facts) choice.text = facts.workers ? facts.title : `${facts.title} · no worker has it now`;
            if (!able && choice.selected) engine.value = "";
        }
    }

    /** @param {AbortSignal} signal */
    async function suggest(signal) {
        const values = settled(state.values, data.sources);
        const query = new URLSearchParams({ instruments: values.instruments ?? "" });
        if (isTouched("temperature_k") && values.temperature_k) query.set("temperature_k", values.temperature_k);
        const suggestion = /** @type {Suggestion} */ (await get(`/structures/${data.structure_id}/suggestion?${query}`, { signal }));
        // The suggestion becomes the default, which the address leaves out
        const temperature = /** @type {HTMLInputElement} */ (form.elements.namedItem("temperature_k"));
        const source = data.sources[sourceOf(values)];
        const known = source?.has_temperature ? source.temperature_k : suggestion.temperature_k;
        if (!isTouched("temperature_k")) temperature.value = temperature.defaultValue = known === null ? "" : String(Math.round(10 * known) / 10);
        if (!isTouched("methods")) {
            for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=methods]"))) {
                box.checked = box.defaultChecked = suggestion.methods.includes(/** @type {any} */ (box.value));
            }
        }
        const [temperatures, reasons] = [false, true].map((wanted) => suggestion.reasons
            .filter(({ code }) => /^(harmonic|md)_/.test(code) === wanted && code !== "temperature_requested").map((one) => one.message).join(" "));
        byId("temperature-reasons").textContent = !source?.has_temperature ? temperatures ?? ""
            : source.temperature_k === null ? "The temperature at which the trajectory was run." : "Of the velocities in the trajectory.";
        byId("method-reasons").textContent = isTouched("methods") ? "" : reasons ?? "";
        showControls();
    }

    /** @param {AbortSignal} signal */
    async function estimate(signal) {
        const values = settled(state.values, data.sources);
        const missing = findMissing(values);
        if (missing.length) {
            byId("form-summary").textContent = "";
            showProblem(form, alert, new ApiProblem(422, REFUSED, "", missing));
            return;
        }
        const own = sourceOf(values) !== "";
        const pairs = neededPairs(values, own ? listOf(values.methods ?? "") : methods, customise.open && !own);
        const [engines, ...answers] = await Promise.allSettled([
            /** @type {Promise<Engine[]>} */ (get("/engines", { signal })),
            ...pairs.map((pair) => {
                const [method = "", quality = ""] = pair.split(" ");
                return /** @type {Promise<import("./estimates.js").Estimate>} */ (
                    ask("/predictions/estimate", requestBody(values, method, quality, about), { signal }));
            }),
        ]);
        if (signal.aborted) return;
        if (engines?.status === "fulfilled") about.engines = /** @type {Engine[]} */ (engines.value);
        const found = new Map(pairs.flatMap((pair, place) => {
            const answer = /** @type {PromiseSettledResult<import("./estimates.js").Estimate>} */ (answers[place]);
            return answer.status === "fulfilled" ? [[pair, answer.value]] : [];
        }));
        const refusal = listOf(values.methods ?? "").map((method) => answers[pairs.indexOf(`${method} ${values.quality}`)])
            .find((answer) => answer?.status === "rejected");
        clearProblems(form, alert);
        showEstimates(form, values, found, about);
        if (refusal?.status === "rejected") showProblem(form, alert, refusal.reason, REFUSED);
        fill(byId("notes"), careBox(notesOf(values, found, about.engines)));
    }

    const update = newestOnly(async (/** @type {null} */ _, signal) => {
        try {
            await suggest(signal);
        } catch (problem) {
            // A temperature out of bounds: the estimate says so at the field
            if (!(problem instanceof ApiProblem)) throw problem;
        }
        await estimate(signal);
        if (!signal.aborted) form.removeAttribute("aria-busy");
    });
    const updateSoon = debounce(() => void update(null), DELAY_MS);

    form.addEventListener("input", ({ target }) => touched.add(/** @type {HTMLInputElement} */ (target).name), true);
    window.addEventListener("popstate", () => touched.clear(), true);
    state.watch(() => {
        form.setAttribute("aria-busy", "true");
        showControls();
        updateSoon();
    });
    customise.addEventListener("toggle", updateSoon);
    document.addEventListener("reconnected", updateSoon);
    offerStart(form, alert, data.structure_id, () => {
        const values = settled(state.values, data.sources);
        const missing = findMissing(values);
        if (missing.length) throw new ApiProblem(422, REFUSED, "", missing);
        return { values, bodies: listOf(values.methods ?? "").map((method) => requestBody(values, method, values.quality ?? "", about)) };
    });
    offerPotentials(state, data.elements);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} alert
 * @param {string} structure
 * @param {() => {values: import("../state.js").Values, bodies: Record<string, unknown>[]}} read
 */
function offerStart(form, alert, structure, read) {
    const button = /** @type {HTMLButtonElement} */ (byId("start"));
    const visit = newKey();
    /** The same request has the same key: a double click, or a lost answer, starts it once. @type {string[]} */
    const sent = [];
    const keyOf = (/** @type {unknown} */ body) => {
        const text = JSON.stringify(body);
        if (!sent.includes(text)) sent.push(text);
        return `${visit}-${sent.indexOf(text)}`;
    };
    window.addEventListener("pageshow", ({ persisted }) => { if (persisted) window.location.reload(); });
    button.addEventListener("click", async () => {
        button.disabled = true;
        /** @type {string[]} */
        const started = [];
        try {
            const { values, bodies } = read();
            for (const body of bodies) {
                /** @type {Prediction} */
                const { id } = await ask("/predictions", body, { key: keyOf(body) });
                started.push(id);
            }
            window.location.assign(`/forecast/${structure}?predictions=${started.join(",")}&instruments=${values.instruments}`);
        } catch (problem) {
            // All or nothing: half of a forecast would run unseen
            await Promise.allSettled(started.map((id) => send("POST", `/predictions/${id}/cancel`)));
            showProblem(form, alert, problem, REFUSED);
            button.disabled = false;
        }
    });
}

/**
 * Let the user upload a potential, which is then chosen.
 * @param {FormState} state
 * @param {string[]} elements of the structure
 */
function offerPotentials(state, elements) {
    const message = byId("potential-message");
    offerDrop(byId("potential-drop"), {
        message,
        tooLarge: "A nep.txt file has a few megabytes.",
        send: async (file) => {
            /** @type {Potential} */
            const potential = await upload("/potentials", { file, name: file.name });
            const missing = elements.filter((one) => !potential.elements.includes(one));
            const select = /** @type {HTMLSelectElement} */ (byId("potential"));
            if (![...select.options].some((one) => one.value === potential.id)) {
                const label = `${potential.name} · ${missing.length ? `lacks ${missing.join(", ")}` : potential.elements.join(", ")}`;
                select.append(element("option", { value: potential.id, disabled: missing.length > 0 }, label));
            }
            if (!missing.length) state.set({ potential: potential.id });
            else fill(message, element("p", { class: "alert alert-care" }, `${potential.name} was added, but it lacks ${missing.join(", ")}, which this structure contains.`));
        },
    });
}
