// @ts-check
// Large trajectories: the progress of their upload, with pause and resume, and of their reading on the server.

import { get, send } from "../api.js";
import { duration } from "../format.js";
import { element, fill } from "../kit/dom.js";
import { alertBox } from "../kit/problems.js";
import { deleteUpload, RESUMABLE_FROM, sendResumably } from "../kit/resumable.js";

/** @typedef {import("../../../types/api").components["schemas"]["SourceOut"]} Source */

const MIB = 2 ** 20;
const POLL_MS = 1000;

/** @param {string} title @param {import("../kit/dom.js").Children} [more] */
function card(title, more) {
    const bar = element("progress", { class: "offer-progress", max: "1", value: "0", "aria-label": title });
    const line = element("span", { class: "progress-stage", role: "status" });
    return { bar, line, parts: [element("h2", {}, title), bar, element("div", { class: "progress-line" }, line, more)] };
}

/**
 * Send the large ones of some files, and return what the API takes in place of the files.
 * @param {HTMLElement} place
 * @param {File[]} files
 * @returns {Promise<{files: File[], uploads: string[]} | null>} null: the user has cancelled the upload
 */
export async function sendLarge(place, files) {
    const large = files.filter(({ size }) => size > RESUMABLE_FROM);
    const uploads = [];
    for (const file of large) {
        const id = await sendOne(place, file);
        if (id === null) return null;
        uploads.push(id);
    }
    return { files: files.filter((file) => !large.includes(file)), uploads };
}

/** @param {HTMLElement} place @param {File} file @returns {Promise<string | null>} */
function sendOne(place, file) {
    const toggle = element("button", { type: "button", class: "button is-light" }, "Pause");
    const cancel = element("button", { type: "button", class: "button is-light" }, "Cancel");
    const { bar, line, parts } = card(`Uploading ${file.name}`, [toggle, cancel]);
    fill(place, ...parts);
    place.setAttribute("aria-label", "Upload");
    place.hidden = false;
    return new Promise((resolve, reject) => {
        let controller = new AbortController();
        let sent = 0;
        let note = "";
        const show = () => {
            bar.value = sent / file.size;
            line.textContent = `${Math.floor(sent / MIB)} of ${Math.ceil(file.size / MIB)} MiB${note}`;
        };
        const run = async () => {
            const { signal } = controller;
            try {
                resolve(await sendResumably(file, {
                    signal,
                    progress: (bytes) => { sent = bytes; show(); },
                    waiting: (waits) => { note = waits ? ", waiting for the connection" : ""; show(); },
                }));
            } catch (problem) {
                if (!signal.aborted) reject(problem);
            }
        };
        toggle.addEventListener("click", () => {
            const paused = controller.signal.aborted;
            toggle.textContent = paused ? "Pause" : "Resume";
            note = paused ? "" : ", paused";
            show();
            if (!paused) return controller.abort();
            controller = new AbortController();
            return void run();
        });
        cancel.addEventListener("click", async () => {
            controller.abort();
            place.hidden = true;
            // What cannot be deleted now expires
            await deleteUpload(file).catch(() => {});
            resolve(null);
        });
        show();
        void run();
    });
}

/**
 * Show the reading of a source, until it is ready.
 * @param {HTMLElement} place
 * @param {string} id
 * @returns {Promise<Source | null>} null: it was refused or deleted
 */
export async function waitForSource(place, id) {
    const cancel = element("button", { type: "button", class: "button is-light" }, "Cancel");
    const { bar, line, parts } = card("Reading the trajectory", cancel);
    let cancelled = false;
    cancel.addEventListener("click", async () => {
        cancelled = true;
        await send("DELETE", `/sources/${id}`);
        place.hidden = true;
    });
    fill(place, ...parts);
    place.hidden = false;
    while (!cancelled) {
        const source = /** @type {Source | null} */ (await get(`/sources/${id}`).catch(({ status }) => {
            if (status === 0) return null;
            cancelled = true;
            place.hidden = true;
            return null;
        }));
        if (source && source.status !== "queued" && source.status !== "running") {
            if (source.status === "ready") return source;
            fill(place, alertBox(`${source.name} could not be read`, [source.error?.message ?? "The reading was cancelled."]));
            return null;
        }
        if (source) {
            bar.value = source.progress;
            const left = source.eta_s && source.progress > 0 ? `, about ${duration(source.eta_s)} left` : "";
            line.textContent = `${Math.round(100 * source.progress)} %: ${source.stage ?? "waiting for a worker"}${left}`;
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return null;
}
