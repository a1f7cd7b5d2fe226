// @ts-check
// What is typed is saved a moment later, and when the page is left.

import { ApiProblem, send, textOf } from "../api.js";

const DELAY_MS = 700;
const RETRY_MS = 3000;
/** Browsers end larger requests when the page is left. */
const MAX_KEEPALIVE_BYTES = 60_000;

/** @param {string} text */
const isSmall = (text) => new Blob([text]).size < MAX_KEEPALIVE_BYTES;

/** Saves fields of one thing. */
export class Autosave {
    /** @type {Record<string, string>} */
    #unsaved = {};
    /** @type {number | undefined} */
    #timer;
    #isBusy = false;
    #path;
    #say;

    /**
     * @param {string} path of the thing, which PATCH changes
     * @param {(text: string, isProblem?: boolean) => void} say is told the state
     */
    constructor(path, say) {
        this.#path = path;
        this.#say = say;
        window.addEventListener("pagehide", () => void this.save({ leaving: true }));
        window.addEventListener("beforeunload", (event) => {
            if (this.#isEmpty) return;
            if (this.#isBusy || !isSmall(JSON.stringify(this.#unsaved))) event.preventDefault();
        });
    }

    get #isEmpty() {
        return !Object.keys(this.#unsaved).length;
    }

    /** Save a field soon. @param {string} field @param {string} value */
    change(field, value) {
        this.#unsaved[field] = value;
        this.#say("Not saved yet");
        this.#saveIn(DELAY_MS);
    }

    /** Save now. @param {{leaving?: boolean}} [options] */
    async save({ leaving = false } = {}) {
        window.clearTimeout(this.#timer);
        if (this.#isEmpty || (this.#isBusy && !leaving)) return;
        const body = this.#unsaved;
        this.#unsaved = {};
        this.#isBusy = true;
        this.#say("Saving …");
        try {
            await send("PATCH", this.#path, body, { keepalive: isSmall(JSON.stringify(body)) });
            if (this.#isEmpty) this.#say("Saved");
        } catch (problem) {
            this.#say(`Not saved: ${textOf(problem)}`, true);
            if (problem instanceof ApiProblem && (problem.status === 0 || problem.status >= 500)) {
                this.#unsaved = { ...body, ...this.#unsaved };
                this.#saveIn(RETRY_MS);
            }
        } finally {
            this.#isBusy = false;
        }
        if (!this.#isEmpty && this.#timer === undefined) await this.save();
    }

    /** @param {number} ms */
    #saveIn(ms) {
        window.clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => {
            this.#timer = undefined;
            void this.save();
        }, ms);
    }
}
