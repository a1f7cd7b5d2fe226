// @ts-check
// What the API refuses, at the fields it is about.

import { ApiProblem } from "../api.js";
import { element } from "./dom.js";

/**
 * Say a problem in a form: messages at the fields they are about (`data-loc`, the last known part of the error's
 * location), the rest in an alert.
 * @param {HTMLElement} form
 * @param {HTMLElement} alert
 * @param {unknown} problem
 * @param {string} [title] heading of a refusal; the API's own for errors of the server
 */
export function showProblem(form, alert, problem, title) {
    clearProblems(form, alert);
    if (!(problem instanceof ApiProblem)) {
        alert.replaceChildren(alertBox("Something went wrong", [String(problem)]));
        return;
    }
    const rest = problem.errors.filter((error) => !showAtField(form, error.loc, error.msg)).map((error) => error.msg);
    const said = problem.errors.map((error) => error.msg);
    const texts = rest.length ? [...new Set(rest)] : [said.length ? "Change what is marked." : problem.detail];
    const heading = title && problem.status >= 400 && problem.status < 500 ? title : problem.title;
    alert.replaceChildren(alertBox(heading, texts));
}

/**
 * Remove all messages.
 * @param {HTMLElement} form
 * @param {HTMLElement} [alert]
 */
export function clearProblems(form, alert) {
    for (const message of form.querySelectorAll(".field-error")) message.textContent = "";
    for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    alert?.replaceChildren();
}

/**
 * Say something at a field.
 * @param {HTMLElement} form
 * @param {string} loc such as "options.supercell"
 * @param {string} text
 * @returns {boolean} whether there is such a field in sight
 */
export function showAtField(form, loc, text) {
    const parts = loc.split(".");
    for (let first = 0; first < parts.length; first += 1) {
        for (const name of [parts.slice(first).join("."), parts[first]]) {
            const place = /** @type {HTMLElement | null} */ (form.querySelector(`[data-loc="${CSS.escape(name ?? "")}"]`));
            const message = place?.querySelector(".field-error");
            if (!place || !message || place.closest("[hidden]")) continue;
            message.textContent = text;
            place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
            // A message in a folded part would not be seen
            for (let fold = place.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
            return true;
        }
    }
    return false;
}

/**
 * @param {string} title
 * @param {string[]} texts
 */
export function alertBox(title, texts) {
    return element(
        "div",
        { class: "alert alert-problem", role: "alert" },
        element("strong", {}, title),
        texts.length === 1 ? element("p", { class: "flush" }, texts[0]) : null,
        texts.length > 1 ? element("ul", {}, ...texts.map((text) => element("li", {}, text))) : null,
    );
}
