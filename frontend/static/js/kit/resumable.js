// @ts-check
// Uploads of large files that go on after a lost connection or a reload: the client's side of tus 1.0.

import { ApiProblem, call } from "../api.js";

/** Size from which files are sent this way. */
export const RESUMABLE_FROM = 32 * 2 ** 20;
const PART_BYTES = 8 * 2 ** 20;
const TUS = { "Tus-Resumable": "1.0.0" };
const MAX_WAIT_MS = 15_000;
/** Refusals after which the offset is asked for again: the server has other bytes, another writer, or no answer. */
const TEMPORARY = new Set([0, 408, 409, 423, 460, 502, 503, 504]);

/** The file is the same after a reload if these are. @param {File} file */
const keyOf = ({ name, size, lastModified }) => `upload:${name}:${size}:${lastModified}`;

/** @returns {Promise<string[]>} names of the files of this browser whose uploads are not complete; used and expired ones are forgotten */
export async function unfinishedNames() {
    const names = [];
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith("upload:"))) {
        const answer = await fetch(`/api/v1/uploads/${localStorage.getItem(key)}`, { method: "HEAD", headers: TUS });
        if (answer.status === 404) localStorage.removeItem(key);
        else if (answer.headers.get("Upload-Offset") !== answer.headers.get("Upload-Length")) names.push(key.slice(7).replace(/:\d+:\d+$/, ""));
    }
    return names;
}

/**
 * Send a file, from where an earlier attempt has ended.
 * @param {File} file
 * @param {object} options
 * @param {AbortSignal} options.signal pauses the upload: the same call continues it
 * @param {(bytes: number) => void} options.progress
 * @param {(waits: boolean) => void} options.waiting told when the connection is lost, and when it is back
 * @returns {Promise<string>} id of the upload
 * @throws {ApiProblem} the server refuses the file
 */
export async function sendResumably(file, { signal, progress, waiting }) {
    for (let failures = 0; ;) {
        try {
            const found = await find(file, signal);
            const id = found?.id ?? await begin(file, signal);
            let offset = found?.offset ?? 0;
            progress(offset);
            waiting(false);
            while (offset < file.size) {
                offset = await sendPart(id, file, offset, signal);
                failures = 0;
                progress(offset);
            }
            return id;
        } catch (problem) {
            if (!(problem instanceof ApiProblem) || !TEMPORARY.has(problem.status)) throw problem;
            waiting(true);
            await pause(Math.min(500 * 2 ** failures++, MAX_WAIT_MS), signal);
        }
    }
}

/** Forget an upload: its file is used, or not wanted. @param {File} file */
export const forgetUpload = (file) => localStorage.removeItem(keyOf(file));

/** Delete what was sent of a file. @param {File} file */
export async function deleteUpload(file) {
    const id = localStorage.getItem(keyOf(file));
    forgetUpload(file);
    if (id) await call(`/uploads/${id}`, { method: "DELETE", headers: TUS });
}

/** @param {File} file @param {AbortSignal} signal @returns {Promise<{id: string, offset: number} | null>} null: none, or expired */
async function find(file, signal) {
    const id = localStorage.getItem(keyOf(file));
    if (!id) return null;
    try {
        const { headers } = await call(`/uploads/${id}`, { method: "HEAD", headers: TUS, signal });
        if (Number(headers.get("Upload-Length")) === file.size) return { id, offset: Number(headers.get("Upload-Offset")) };
    } catch (problem) {
        if (!(problem instanceof ApiProblem) || problem.status !== 404) throw problem;
    }
    forgetUpload(file);
    return null;
}

/** @param {File} file @param {AbortSignal} signal @returns {Promise<string>} id of a new upload */
async function begin(file, signal) {
    const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
    const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name}` };
    const answer = await call("/uploads", { method: "POST", headers, signal });
    const id = answer.headers.get("Location")?.split("/").at(-1) ?? "";
    localStorage.setItem(keyOf(file), id);
    return id;
}

/**
 * @param {string} id
 * @param {File} file
 * @param {number} offset
 * @param {AbortSignal} signal
 * @returns {Promise<number>} the next offset
 */
async function sendPart(id, file, offset, signal) {
    const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const body = file.slice(offset, offset + PART_BYTES);
    const answer = await call(`/uploads/${id}`, { method: "PATCH", headers, body, signal });
    return Number(answer.headers.get("Upload-Offset"));
}

/** Wait, or until the browser is online again. @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
const pause = (ms, signal) => new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(done, ms);
    addEventListener("online", done, { once: true });
    signal.addEventListener("abort", stop, { once: true });
    function done() {
        clearTimeout(timer);
        removeEventListener("online", done);
        signal.removeEventListener("abort", stop);
        resolve();
    }
    function stop() {
        clearTimeout(timer);
        removeEventListener("online", done);
        reject(signal.reason);
    }
});
