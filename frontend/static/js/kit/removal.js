// @ts-check
// Questions before something is lost, in the browser's own dialog.

import { ApiProblem, send, textOf } from "../api.js";
import { element } from "./dom.js";

/**
 * @typedef {object} Question
 * @property {string} question
 * @property {import("./dom.js").Children} consequence
 * @property {string} verb
 * @property {string} [keep]
 * @property {() => Promise<(() => void) | void>} work it may return what follows when the dialog is closed
 * @property {{verb: string, work: () => Promise<void>}} [instead] a milder choice
 */

/** Ask, and do what is asked for; a refusal is said in the dialog, which then stays. @param {Question} about */
export function ask({ question, consequence, verb, keep = "Keep", work, instead }) {
    const problem = element("p", { class: "field-error", role: "alert" });
    /** @param {string} label @param {string} kind @param {Question["work"]} work */
    const choice = (label, kind, work) => {
        const button = element("button", { type: "button", class: `button ${kind}` }, label);
        button.addEventListener("click", async () => {
            button.disabled = true;
            try {
                const next = await work();
                dialog.close();
                next?.();
            } catch (error) {
                problem.textContent = textOf(error);
                button.disabled = false;
            }
        });
        return button;
    };
    const no = element("button", { type: "button", class: "button is-light", autofocus: true }, keep);
    const dialog = element(
        "dialog",
        { "aria-labelledby": "question", "aria-describedby": "consequence" },
        element("h2", { id: "question" }, question),
        element("div", { id: "consequence" }, consequence),
        problem,
        element("div", { class: "dialog-buttons" }, no, instead && choice(instead.verb, "", instead.work), choice(verb, "is-danger", work)),
    );
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
}

/**
 * Ask, and delete what a button with `data-remove` names. The event `removed` tells the page, with the path.
 * @param {HTMLElement} button
 */
export function askToRemove(button) {
    const { remove = "", question = "", consequence = "", then = "" } = button.dataset;
    /** @param {string} more of the query */
    const work = async (more = "") => {
        await send("DELETE", remove + (more && (remove.includes("?") ? "&" : "?") + more));
        if (then) window.location.assign(then);
        else document.dispatchEvent(new CustomEvent("removed", { detail: { path: remove, button } }));
    };
    ask({
        question,
        consequence,
        verb: "Delete",
        work: async () => {
            try {
                await work();
            } catch (problem) {
                if (!(problem instanceof ApiProblem && problem.code === "used_by_proposals")) throw problem;
                return () => askAboutProposals(problem.params.proposals, work);
            }
        },
    });
}

/**
 * Ask what becomes of something in the proposals that use it.
 * @param {{id: string, name: string}[]} proposals
 * @param {(query: string) => Promise<void>} work
 */
function askAboutProposals(proposals, work) {
    const link = (/** @type {{id: string, name: string}} */ one) =>
        element("li", {}, element("a", { href: `/proposals/${one.id}` }, one.name));
    ask({
        question: proposals.length > 1 ? `${proposals.length} proposals use it` : "A proposal uses it",
        consequence: [
            element("ul", {}, ...proposals.map(link)),
            element("p", {}, "Kept there, it leaves your lists, and is deleted when no proposal uses it any more."),
        ],
        verb: "Delete there too",
        keep: "Cancel",
        work: () => work("in_proposals=remove"),
        instead: { verb: proposals.length > 1 ? "Keep in the proposals" : "Keep in the proposal", work: () => work("in_proposals=keep") },
    });
}
