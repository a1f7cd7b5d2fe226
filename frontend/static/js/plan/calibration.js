// @ts-check
// A facility's own calibration: the counts of a standard, entered in a dialog.

import { ask, newKey } from "../api.js";
import { byId } from "../kit/dom.js";
import { refresh } from "../kit/live.js";
import { clearProblems, showProblem } from "../kit/problems.js";
import { pairSliders } from "../kit/controls.js";
import { calibration } from "./bodies.js";

/** @typedef {import("../state.js").Values} Entries */

/** @param {HTMLElement} place @returns {Entries} the values of its controls by name */
const entriesOf = (place) => Object.fromEntries([.../** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */ (place.querySelectorAll("[name]"))]
    .map((control) => [control.name, control.value]));

const dialog = /** @type {HTMLDialogElement} */ (byId("calibration-dialog"));
const form = /** @type {HTMLFormElement} */ (byId("calibration-form"));
const instrument = /** @type {HTMLSelectElement} */ (byId("calibrated"));
const standard = /** @type {HTMLSelectElement} */ (byId("standard"));
const bands = /** @type {HTMLFieldSetElement[]} */ ([...form.querySelectorAll("[data-band]")]);

/** @param {HTMLFieldSetElement} part @param {boolean} shown what is hidden is neither checked nor sent */
const show = (part, shown) => { part.hidden = part.disabled = !shown; };

function showFields() {
    for (const part of /** @type {NodeListOf<HTMLFieldSetElement>} */ (form.querySelectorAll("[data-settings]"))) {
        show(part, part.dataset.settings === instrument.value);
    }
    byId("vanadium-temperature").hidden = standard.value === "forecast";
}

/**
 * @param {import("../state.js").FormState} state
 * @param {Record<string, Record<string, any>>} defaults instrument → its settings
 */
export function calibrationDialog(state, defaults) {
    pairSliders(form);
    form.addEventListener("change", showFields);
    byId("add-band").addEventListener("click", () => {
        const next = bands.find((band) => band.hidden);
        if (next) show(next, true);
        byId("add-band").hidden = bands.every((band) => !band.hidden);
    });

    async function save() {
        const name = instrument.value;
        const chosen = form.querySelector(`[data-settings="${name}"]`);
        const settings = Object.fromEntries(Object.entries(chosen ? entriesOf(/** @type {HTMLElement} */ (chosen)) : {}).map(([key, value]) => {
            const own = key.slice(name.length + 1);
            return [own, typeof defaults[name]?.[own] === "number" ? Number(value) : value];
        }));
        const body = calibration(entriesOf(form), bands.filter((band) => !band.hidden).map(entriesOf), settings, state.values.predictions ?? "");
        /** @type {{id: string}} */
        const made = await ask(`/instruments/${name}/calibrations`, body, { key: newKey() });
        const used = state.values.standards;
        await refresh();
        state.set({ standards: [...(used ? [used] : []), made.id].join(",") });
        dialog.close();
        form.reset();
    }

    form.addEventListener("submit", async (event) => {
        if (/** @type {HTMLButtonElement | null} */ (event.submitter)?.value !== "save") return;
        event.preventDefault();
        clearProblems(form, byId("calibration-problem"));
        try {
            await save();
        } catch (problem) {
            showProblem(form, byId("calibration-problem"), problem, "This calibration cannot be used");
        }
    });
    return {
        open: () => {
            showFields();
            dialog.showModal();
        },
    };
}
