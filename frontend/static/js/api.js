// @ts-check
// Calls of the REST API.

const API = "/api/v1";
const CHECK_INTERVAL_MS = 2000;

/** @typedef {{loc: string, msg: string, code?: string, params?: Record<string, unknown>}} FieldProblem */

/** The API refused a request (RFC 9457), or did not answer (status 0). */
export class ApiProblem extends Error {
    /**
     * @param {number} status
     * @param {string} title
     * @param {string} detail
     * @param {FieldProblem[]} [errors]
     * @param {{code?: string, params?: Record<string, any>}} [notice]
     */
    constructor(status, title, detail, errors = [], { code = "", params = {} } = {}) {
        super(detail);
        this.name = "ApiProblem";
        this.status = status;
        this.title = title;
        this.detail = detail;
        this.errors = errors;
        this.code = code;
        this.params = params;
    }

    /** The messages of the fields, or else the detail, as one line. */
    get text() {
        const messages = [...new Set(this.errors.map((error) => error.msg).filter(Boolean))];
        return messages.join(" ") || this.detail || this.title;
    }
}

/** @param {unknown} problem @returns {string} what to say of anything thrown */
export const textOf = (problem) => (problem instanceof ApiProblem ? problem.text : String(problem));

/**
 * Send a request, and return the response if it is a success.
 * @param {string} path below /api/v1
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 * @throws {ApiProblem}
 */
export const call = (path, options) => fetchOwn(API + path, options);

/** Fetch this page's HTML anew. */
export const reload = () => fetchOwn(window.location.href, { cache: "no-store", headers: { Accept: "text/html" } });

/** @param {string} address of this server @param {RequestInit} [options] */
async function fetchOwn(address, options) {
    let response;
    try {
        response = await fetch(address, options);
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw noAnswer();
    }
    return accepted(response);
}

function noAnswer() {
    connectionLost();
    return new ApiProblem(0, "Connection lost", "The server does not answer.");
}

/**
 * @param {Response} response
 * @throws {ApiProblem} it is a refusal
 */
async function accepted(response) {
    if (response.ok) return response;
    /** @type {{title?: string, detail?: string, errors?: FieldProblem[], code?: string, params?: Record<string, any>}} */
    const body = await response.json().catch(() => ({}));
    const title = body.title ?? `The server answered ${response.status}`;
    if (response.status === 404 && NOT_FOUND.includes(body.code ?? "")) sayDeleted(body.params?.kind);
    throw new ApiProblem(response.status, title, body.detail ?? title, body.errors ?? [], body);
}

/**
 * @template T
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<T>}
 */
export async function get(path, options = {}) {
    return (await call(path, { ...options, headers: { Accept: "application/json" } })).json();
}

/**
 * Send JSON.
 * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {{signal?: AbortSignal, accept?: string, key?: string, keepalive?: boolean}} [options] key: a request that is
 * sent again with the same key makes nothing new; keepalive: goes on when the page is left, if the body is small
 */
export function send(method, path, body, { signal, accept = "application/json", key, keepalive = false } = {}) {
    const headers = {
        Accept: accept, ...(key && { "Idempotency-Key": key }), ...(body !== undefined && { "Content-Type": "application/json" }),
    };
    return call(path, { method, keepalive, headers, body: JSON.stringify(body) ?? null, signal: signal ?? null });
}

/**
 * Send JSON with POST, and read JSON.
 * @template T
 * @param {string} path
 * @param {unknown} [body]
 * @param {{signal?: AbortSignal, key?: string}} [options] as of `send`
 * @returns {Promise<T>}
 */
export async function ask(path, body, options = {}) {
    return (await send("POST", path, body, options)).json();
}

/**
 * Return a function that does one piece of work at a time: while it works, the newest request waits, and those in
 * between are dropped. A fast drag redraws as often as the server can, and ends with its last value.
 * @template T
 * @param {(request: T) => Promise<void>} work
 * @returns {(request: T) => void}
 */
export function latestWins(work) {
    let busy = false;
    /** @type {{request: T} | null} */
    let waiting = null;
    async function next() {
        busy = true;
        while (waiting) {
            const { request } = waiting;
            waiting = null;
            try {
                await work(request);
            } catch (error) {
                console.error(error);
            }
        }
        busy = false;
    }
    return (request) => {
        waiting = { request };
        if (!busy) void next();
    };
}

/**
 * Return a function that does only the newest piece of work: it aborts the one before. For slow answers, of which an old
 * one would mislead.
 * @template T
 * @param {(request: T, signal: AbortSignal) => Promise<void>} work
 * @returns {((request: T) => Promise<void>) & {stop: () => void}}
 */
export function newestOnly(work) {
    /** @type {AbortController | null} */
    let current = null;
    /** @param {T} request */
    const start = async (request) => {
        current?.abort();
        const mine = new AbortController();
        current = mine;
        try {
            await work(request, mine.signal);
        } catch (error) {
            if (!mine.signal.aborted) console.error(error);
        }
    };
    return Object.assign(start, { stop: () => current?.abort() });
}

/** Codes of refusals that say that something was deleted; or is no longer shared. */
const NOT_FOUND = ["not_found", "not_own", "unknown_link", "expired_link"];
const DELETED = /** @type {Record<string, string>} */ ({
    structure: "This structure was deleted.",
    prediction: "This forecast was deleted.",
    dataset: "These measured data were deleted.",
    potential: "This potential was deleted.",
    training: "This training was deleted.",
    label_set: "These labels were deleted.",
    proposal: "This proposal was deleted.",
    link: "This proposal is no longer shared.",
});

/**
 * Say that what this page shows was deleted elsewhere, with the page's ways on.
 * @param {string | undefined} kind of the item; by default what the page shows
 */
function sayDeleted(kind) {
    const alert = document.getElementById("gone");
    const text = alert?.querySelector("strong");
    if (!alert || !text) return;
    text.textContent = DELETED[kind ?? alert.dataset.kind ?? ""] ?? "What this page shows was deleted.";
    alert.hidden = false;
}

/** @type {number | undefined} */
let checkTimer;

/**
 * Show that the connection is lost, and hide it when the server answers again; figures then redraw themselves. A static
 * file is asked for, since the readers of a shared proposal may not be let past a login.
 */
function connectionLost() {
    const alert = document.getElementById("offline");
    if (alert) alert.hidden = false;
    checkTimer ??= window.setInterval(async () => {
        try {
            await fetch(import.meta.url, { method: "HEAD", cache: "no-store" });
        } catch {
            return;
        }
        window.clearInterval(checkTimer);
        checkTimer = undefined;
        if (alert) alert.hidden = true;
        document.dispatchEvent(new CustomEvent("reconnected"));
    }, CHECK_INTERVAL_MS);
}

/**
 * Use a module once it is there. Without a connection, the page asks again when the server is back (`reconnected`).
 * @template T
 * @param {Promise<T>} importing
 * @param {(module: T) => void} use
 */
export function whenLoaded(importing, use) {
    importing.then(use, connectionLost);
}

/** Let the browser save a response. @param {Response} response @param {string} name */
export async function save(response, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Formats of downloads: what to ask for, and the end of the file's name. */
export const FORMATS = {
    csv: { accept: "text/csv", suffix: ".csv" },
    hdf5: { accept: "application/x-hdf5", suffix: ".h5" },
};

/** Return a value for the header `Idempotency-Key`. */
export const newKey = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Send files and texts as a form, and read JSON.
 * @template T
 * @param {string} path
 * @param {Record<string, string | File | (string | File)[]>} fields
 * @param {{signal?: AbortSignal, key?: string, progress?: (fraction: number) => void}} [options] key: as of `send`;
 * progress: is told which fraction was sent
 * @returns {Promise<T>}
 */
export function upload(path, fields, { signal, key, progress } = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) form.append(name, one);
    return new Promise((resolve, reject) => {
        // `fetch` does not tell how much of a body was sent
        const request = new XMLHttpRequest();
        request.open("POST", API + path);
        request.setRequestHeader("Accept", "application/json");
        if (key) request.setRequestHeader("Idempotency-Key", key);
        request.upload.addEventListener("progress", ({ loaded, total }) => progress?.(loaded / total));
        request.addEventListener("load", () =>
            resolve(accepted(new Response(request.responseText, { status: request.status })).then((response) => response.json())));
        request.addEventListener("abort", () => reject(signal?.reason));
        request.addEventListener("error", () => reject(noAnswer()));
        signal?.addEventListener("abort", () => request.abort());
        request.send(form);
    });
}
