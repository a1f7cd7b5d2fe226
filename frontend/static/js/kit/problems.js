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

/** Remove all messages. @param {HTMLElement} form @param {HTMLElement} [alert] */
export function clearProblems(form, alert) {
    for (const message of form.querySelectorAll(".field-error")) message.textContent = "";
    for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    markBounds(form);
    alert?.replaceChildren();
}

/**
 * Return what is wrong with a number by itself; "" if it is within its bounds. Steps are for the arrows only.
 * @param {Element} control
 */
export function boundsText(control) {
    if (!(control instanceof HTMLInputElement) || control.type !== "number" || control.form?.noValidate) return "";
    const { badInput, rangeUnderflow, rangeOverflow } = control.validity;
    if (badInput) return "Give a number.";
    if (rangeUnderflow) return `Must be at least ${Number(control.min)}.`;
    return rangeOverflow ? `Must be at most ${Number(control.max)}.` : "";
}

/** Say at numbers that they are out of their bounds. @param {HTMLElement} form */
export function markBounds(form) {
    for (const control of form.querySelectorAll("input[type=number]")) {
        const text = boundsText(control);
        const message = control.closest("[data-loc]")?.querySelector(".field-error");
        if (!message || (!text && !control.hasAttribute("data-out-of-bounds"))) continue;
        message.textContent = text;
        control.toggleAttribute("data-out-of-bounds", Boolean(text));
        if (text) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
    }
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
            const places = /** @type {HTMLElement[]} */ ([...form.querySelectorAll(`[data-loc="${CSS.escape(name ?? "")}"]`)]);
            const place = places.find((one) => !one.closest("[hidden]") && one.querySelector(".field-error"));
            const message = place?.querySelector(".field-error");
            if (!place || !message) continue;
            // A number out of its bounds says so already
            if (!place.querySelector("[data-out-of-bounds]")) message.textContent = text;
            place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
            // A message in a folded part would not be seen
            for (let fold = place.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
            return true;
        }
    }
    return false;
}

/** The messages of one asker at the fields of a form: others keep theirs. */
export class FieldMessages {
    /** @param {HTMLElement} form */
    constructor(form) {
        this.form = form;
        /** @type {HTMLElement[]} places that have a message */
        this.marked = [];
    }

    /**
     * Say a refusal at its fields.
     * @param {unknown} problem
     * @param {(error: import("../api.js").FieldProblem) => HTMLElement | null} partOf the part of the form that an error is
     * about; null: all of it
     * @returns {boolean} whether every error is said
     */
    show(problem, partOf = () => null) {
        this.clear();
        if (!(problem instanceof ApiProblem) || !problem.errors.length) return false;
        const before = new Set(this.#filled());
        const said = problem.errors.map((error) => showAtField(partOf(error) ?? this.form, error.loc, error.msg));
        this.marked = this.#filled().filter((one) => !before.has(one));
        return said.every(Boolean);
    }

    clear() {
        for (const message of this.marked) {
            // By now the number may be out of its bounds, which its field says
            if (message.closest("[data-loc]")?.querySelector("[data-out-of-bounds]")) continue;
            message.textContent = "";
            message.closest("[data-loc]")?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
        }
        this.marked = [];
    }

    #filled() {
        return /** @type {HTMLElement[]} */ ([...this.form.querySelectorAll(".field-error:not(:empty)")]);
    }
}

/** @param {string} title @param {string[]} texts */
export function alertBox(title, texts) {
    return element(
        "div",
        { class: "alert alert-problem", role: "alert" },
        element("strong", {}, title),
        texts.length === 1 ? element("p", { class: "flush" }, texts[0]) : null,
        texts.length > 1 ? element("ul", {}, ...texts.map((text) => element("li", {}, text))) : null,
    );
}
