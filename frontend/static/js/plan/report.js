// @ts-check
// What goes out: the pages of the report, the bundle, and the proposal that keeps the plan.

import { ask, newKey, save, send } from "../api.js";
import { fileName } from "../format.js";
import { byId, element, fill } from "../kit/dom.js";
import { measuredHours, names, plainSetting, plan } from "./bodies.js";
import { sayProblem } from "./panel.js";

/** @typedef {import("./bodies.js").Setting} Setting */

/** @type {Record<string, {path: string, accept: string, suffix: string}>} */
const KINDS = {
    pdf: { path: "/reports", accept: "application/pdf", suffix: ".pdf" },
    html: { path: "/reports", accept: "text/html", suffix: ".html" },
    bundle: { path: "/reports/bundle", accept: "application/zip", suffix: ".zip" },
};
const text = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id)).value.trim();

/**
 * @param {() => import("./bodies.js").Values} values
 * @param {{name: string}} structure
 * @param {{best: () => Setting[], chosen: () => Setting | null}} settings
 */
export function reportPanel(values, structure, { best, chosen }) {
    function reportBody() {
        const now = values();
        const one = now.report === "simulated" ? chosen() : null;
        return {
            prediction_id: now.predictions, title: text("report-title"), proposer: text("report-proposer"), notes: text("report-notes"),
            dataset_ids: names(now.report_data), plan: { ...plan(now), ...(one ? { settings: [plainSetting(one)] } : {}) },
            ...(one ? { hours: measuredHours(now, one) } : {}),
        };
    }

    /** @param {string} kind */
    async function make(kind) {
        const { path, accept, suffix } = /** @type {typeof KINDS[string]} */ (KINDS[kind]);
        await save(await send("POST", path, reportBody(), { accept }), fileName("beamcast", structure.name, "beam time") + suffix);
        return ["Saved."];
    }

    async function propose() {
        const body = { sample: plan(values()).sample, settings: best().map(plainSetting), plan: plan(values()) };
        const id = text("proposal");
        const name = text("report-title") || `Beam time for ${structure.name}`;
        /** @type {{id: string, name: string}} */
        const kept = id ? await (await send("PATCH", `/proposals/${id}`, body)).json()
            : await ask("/proposals", { name, ...body }, { key: newKey() });
        return ["Kept in ", element("a", { href: `/proposals/${kept.id}` }, kept.name), "."];
    }

    /**
     * @param {HTMLButtonElement} button
     * @param {string} waiting
     * @param {() => Promise<import("../kit/dom.js").Children>} work
     */
    const does = (button, waiting, work) => button.addEventListener("click", async () => {
        button.disabled = true;
        fill(byId("report-words"), waiting);
        try {
            fill(byId("report-words"), await work());
            sayProblem("report", null);
        } catch (problem) {
            fill(byId("report-words"));
            sayProblem("report", problem);
        }
        button.disabled = false;
    });
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-report]"))) {
        does(button, "Making the report …", () => make(button.dataset.report ?? "pdf"));
    }
    does(/** @type {HTMLButtonElement} */ (byId("propose")), "Adding …", propose);
}
