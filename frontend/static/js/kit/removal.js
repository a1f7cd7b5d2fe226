// @ts-check
// Questions before something is lost, in the browser's own dialog.

import { ApiProblem, send } from "../api.js";
import { element } from "./dom.js";

/**
 * Ask, and do what is asked for; a refusal is said in the dialog, which then stays.
 * @param {{question: string, consequence: string, verb: string, keep?: string, work: () => Promise<void>}} about
 */
export function ask({ question, consequence, verb, keep = "Keep", work }) {
    const problem = element("p", { class: "field-error", role: "alert" });
    const yes = element("button", { type: "button", class: "button is-danger" }, verb);
    const no = element("button", { type: "button", class: "button is-light", autofocus: true }, keep);
    const dialog = element(
        "dialog",
        { "aria-labelledby": "question", "aria-describedby": "consequence" },
        element("h2", { id: "question" }, question),
        element("p", { id: "consequence" }, consequence),
        problem,
        element("div", { class: "dialog-buttons" }, no, yes),
    );
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    yes.addEventListener("click", async () => {
        yes.disabled = true;
        try {
            await work();
            dialog.close();
        } catch (error) {
            problem.textContent = error instanceof ApiProblem ? error.text : String(error);
            yes.disabled = false;
        }
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
}

/** Let all buttons with `data-remove` ask and delete. The event `removed` tells the page, with the path. */
export function offerRemoval() {
    document.addEventListener("click", (event) => {
        const button = event.target instanceof Element ? event.target.closest("[data-remove]") : null;
        if (!(button instanceof HTMLElement)) return;
        const { remove = "", question = "", consequence = "", then = "" } = button.dataset;
        ask({
            question,
            consequence,
            verb: "Delete",
            work: async () => {
                await send("DELETE", remove);
                if (then) window.location.assign(then);
                else document.dispatchEvent(new CustomEvent("removed", { detail: { path: remove, button } }));
            },
        });
    });
}
