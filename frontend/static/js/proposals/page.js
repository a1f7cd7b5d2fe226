// @ts-check
// One proposal: its texts are saved as they are typed; buttons change it, and then its parts are brought up to date.

import { get, send } from "../api.js";
import { byId } from "../kit/dom.js";
import { refresh } from "../kit/live.js";
import { clearProblems, showProblem } from "../kit/problems.js";
import { ask } from "../kit/removal.js";
import { Autosave } from "./autosave.js";

/** @typedef {import("../../../types/api").components["schemas"]["ProposalOut"]} Proposal */

const page = byId("proposal");
const path = page.dataset.path ?? "";
const message = byId("message");

// Texts

const saved = byId("saved");
const autosave = new Autosave(path, say);
const heading = /** @type {HTMLElement} */ (page.querySelector("h1"));

/** @param {string} text @param {boolean} [isProblem] */
function say(text, isProblem = false) {
    saved.textContent = text;
    saved.className = isProblem ? "field-error" : "quiet small";
}

for (const field of page.querySelectorAll("textarea")) {
    field.addEventListener("input", () => {
        if (field.name === "name") {
            const name = field.value.trim();
            if (!name) {
                say("Not saved: the proposal needs a name.", true);
                return;
            }
            document.title = `${name} · Beamcast`;
            heading.textContent = name;
        }
        autosave.change(field.name, field.value);
    });
    field.addEventListener("blur", () => void autosave.save());
    // A name is one line, however many it needs on a phone
    if (field.name === "name") {
        field.addEventListener("keydown", (event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            field.blur();
        });
    }
}

// Buttons

/**
 * Change something, and show the proposal as it is then.
 * @param {() => Promise<void>} work
 * @param {{form?: HTMLElement, alert?: HTMLElement, title?: string}} [about] form and place of a refusal, and its title
 */
async function change(work, { form = page, alert = message, title = "Nothing was changed" } = {}) {
    if (page.ariaBusy === "true") return;
    clearProblems(form, alert);
    page.ariaBusy = "true";
    try {
        await work();
        await update();
    } catch (problem) {
        showProblem(form, alert, problem, title);
    }
    page.ariaBusy = "false";
}

async function update() {
    await refresh();
    showLink();
}

/** @param {HTMLButtonElement} button */
async function act(button) {
    const { send: method = "POST", path: target = "", then } = button.dataset;
    const answer = await send(/** @type {"POST" | "DELETE"} */ (method), target);
    if (then !== "open") return;
    /** @type {Proposal} */
    const made = await answer.json();
    window.location.assign(`/proposals/${made.id}`);
}

/** @param {number} number of the setting */
async function removeSetting(number) {
    const { settings } = /** @type {Proposal} */ (await get(path));
    await send("PATCH", path, { settings: settings.filter((_, index) => index !== number) });
}

page.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    const { send: method, setting, question, consequence = "" } = button.dataset;
    if (button.id === "copy-share") {
        void copyLink(button);
    } else if (setting !== undefined) {
        void change(() => removeSetting(Number(setting)));
    } else if (method && question) {
        ask({
            question,
            consequence,
            verb: button.textContent ?? "",
            keep: "Cancel",
            work: async () => {
                await act(button);
                await update();
            },
        });
    } else if (method) {
        void change(() => act(button));
    }
});
document.addEventListener("removed", () => void update());

page.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    const data = new FormData(form);
    if (form.id === "share") {
        const days = Number(data.get("days"));
        void change(async () => {
            await send("POST", `${path}/share`, days ? { days } : { expires_at: null });
        }, { title: "The proposal was not shared" });
    } else {
        const state = byId("report-message");
        void change(async () => {
            state.textContent = "Making the report …";
            await send("POST", `${path}/reports`, { title: String(data.get("title")).trim() });
            form.reset();
            state.textContent = "";
        }, { form, alert: state, title: "No report was made" });
    }
});

// The link, with the name of this server

function showLink() {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById("share-link"));
    if (field) field.value = new URL(field.defaultValue, window.location.href).href;
}
showLink();

/** @param {HTMLButtonElement} button */
async function copyLink(button) {
    const field = /** @type {HTMLInputElement} */ (byId("share-link"));
    const label = /** @type {HTMLElement} */ (button.querySelector("span"));
    try {
        await navigator.clipboard.writeText(field.value);
        label.textContent = "Link copied";
    } catch {
        field.select();
        label.textContent = "Copy the selected text";
    }
    window.setTimeout(() => { label.textContent = "Copy link"; }, 2500);
}
