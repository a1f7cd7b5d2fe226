// @ts-check
// A panel of the plan: it asks, shows the newest answer, and says what is refused at the fields that are meant.

import { ApiProblem, ask, newestOnly } from "../api.js";
import { byId, element, list, theme } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { clearProblems, showAtField } from "../kit/problems.js";

/** @typedef {import("./bodies.js").Values} Values */

/** Panel → errors of its last answer: a field may be wrong for several. @type {Map<string, import("../api.js").FieldProblem[]>} */
const refused = new Map();

/**
 * Say errors at their fields, together with those of other panels.
 * @param {string} name of the panel
 * @param {import("../api.js").FieldProblem[]} errors
 * @returns {import("../api.js").FieldProblem[]} those that no field in sight is about
 */
export function mark(name, errors) {
    if (!errors.length && !refused.get(name)?.length) return [];
    refused.set(name, errors);
    const form = byId("plan");
    clearProblems(form);
    const homeless = new Set();
    for (const all of refused.values()) {
        for (const error of all) if (!showAtField(form, error.loc, error.msg)) homeless.add(error);
    }
    return errors.filter((error) => homeless.has(error));
}

/** Say in a panel what no field can. @param {string} name @param {unknown} problem null: nothing is wrong */
export function sayProblem(name, problem) {
    const rest = mark(name, problem instanceof ApiProblem ? problem.errors : []);
    const place = document.querySelector(`[data-problem="${name}"]`);
    if (!place) return;
    if (!problem) place.textContent = "";
    else if (!(problem instanceof ApiProblem)) place.textContent = String(problem);
    else if (!problem.errors.length) place.textContent = problem.text;
    else place.textContent = [...new Set(rest.map((error) => error.msg))].join(" ") || "Correct the fields marked in red.";
}

/**
 * Return the work of a panel. The same body is not asked for twice.
 * @template {object} A
 * @param {string} name
 * @param {object} options
 * @param {string} options.path
 * @param {(answer: A | null, problem?: unknown) => void | Promise<void>} options.show null: refused
 * @param {(busy: boolean) => void} [options.busy]
 */
export function panel(name, { path, show, busy = () => {} }) {
    let [shown, asked] = ["", ""];
    const run = newestOnly(async (/** @type {object} */ body, signal) => {
        busy(true);
        shown = "";
        const key = asked;
        try {
            /** @type {A} */
            const answer = await ask(path, body, { signal });
            if (signal.aborted) return;
            sayProblem(name, null);
            await show(answer);
            shown = key;
        } catch (problem) {
            if (signal.aborted) return;
            if (!(problem instanceof ApiProblem)) console.error(problem);
            sayProblem(name, problem);
            await show(null, problem);
        }
        if (signal.aborted) return;
        asked = "";
        busy(false);
    });
    const stop = () => {
        run.stop();
        asked = "";
        busy(false);
    };
    return {
        /** @param {object} body @param {() => void} [unchanged] what follows where the answer is there already */
        ask: (body, unchanged = () => {}) => {
            const key = JSON.stringify(body);
            if (key === asked) return;
            if (key === shown) {
                stop();
                unchanged();
                return;
            }
            asked = key;
            void run(body);
        },
        forget: () => {
            stop();
            shown = "";
            sayProblem(name, null);
        },
    };
}

/**
 * Return the work of a figure of a plan.
 * @param {string} id of its place
 * @param {object} [options]
 * @param {(figure: import("../kit/figure.js").PlotlyFigure) => void} [options.adjust] before it is drawn
 * @param {(graph: HTMLElement & Record<string, any>) => void} [options.drawn]
 * @param {boolean} [options.alone] no panel asks for the same, and says what is refused
 */
export function figurePanel(id, { adjust = () => {}, drawn = () => {}, alone = false } = {}) {
    const place = byId(id);
    const figure = new Figure(place, { name: id });
    const work = panel(id, {
        path: "/plans/figure",
        busy: (is) => {
            place.setAttribute("aria-busy", String(is));
            if (is && !figure.drawn) figure.say("Drawing …");
        },
        show: async (/** @type {import("../kit/figure.js").PlotlyFigure | null} */ made, problem) => {
            const isSaid = !alone && problem instanceof ApiProblem && problem.status === 422;
            if (!made) return isSaid ? figure.say("\u00a0") : figure.refuse(problem);
            adjust(made);
            await figure.draw(made, made.layout.uirevision);
            drawn(figure.graph);
        },
    });
    return {
        figure,
        forget: work.forget,
        /** @param {string} kind @param {object} body @param {Values} values */
        ask: (kind, body, values) => work.ask({ kind, ...body, theme: theme(), energy_unit: values.energy_unit }),
    };
}

/** @param {readonly string[]} texts */
export const warnings = (texts) => list(texts, { class: "plan-warnings small" });

/** @param {readonly string[]} texts */
export const basis = (texts) => (texts.length
    ? element("details", { class: "fold small" }, element("summary", {}, "What this rests on"), list(texts)) : null);
