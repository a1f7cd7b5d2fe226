// @ts-check
// A place to drop a file: a label around a native file input.

import { ApiProblem } from "../api.js";
import { listed } from "../format.js";
import { alertBox, showProblem } from "./problems.js";

const BYTES_PER_MIB = 2 ** 20;

/**
 * Send the file that is chosen, or dropped on the label or, if wanted, anywhere on the page.
 * @param {HTMLElement} zone a label with a file input, `data-max-bytes`, and possibly a <progress>
 * @param {object} options
 * @param {HTMLElement} options.message place of refusals
 * @param {(file: File, progress: (fraction: number) => void, more: File[]) => Promise<void>} options.send more: files
 * that came with the first
 * @param {(files: File[]) => number} [options.limit] bytes that files may have together, by default `data-max-bytes`
 * @param {string} options.tooLarge advice on what to upload instead of a file that is too large
 * @param {boolean} [options.wholePage]
 * @returns {(...files: File[]) => Promise<void>} takes files that come another way
 */
export function offerDrop(zone, { message, send, limit = () => Number(zone.dataset.maxBytes), tooLarge, wholePage = false }) {
    const input = /** @type {HTMLInputElement} */ (zone.querySelector("input[type=file]"));
    const bar = zone.querySelector("progress");

    /** @param {boolean} busy */
    const setBusy = (busy) => {
        zone.classList.toggle("is-busy", busy);
        zone.setAttribute("aria-busy", String(busy));
        input.disabled = busy;
        if (bar) {
            bar.hidden = !busy;
            bar.removeAttribute("value");
        }
    };
    /** @param {File[]} files */
    const take = async (...[file, ...more]) => {
        if (!file || input.disabled) return;
        message.replaceChildren();
        const names = listed([file, ...more].map((one) => one.name));
        const bytes = [file, ...more].reduce((sum, one) => sum + one.size, 0);
        const maxBytes = limit([file, ...more]);
        if (bytes > maxBytes) {
            const have = more.length ? "have" : "has";
            const size = `${names} ${have} ${Math.ceil(bytes / BYTES_PER_MIB)} MiB; the limit is ${Math.floor(maxBytes / BYTES_PER_MIB)} MiB.`;
            message.replaceChildren(alertBox("File too large", [`${size} ${tooLarge}`]));
            return;
        }
        setBusy(true);
        try {
            // 1 leaves the bar full while the server reads the file: better without a value
            await send(file, (fraction) => (fraction < 1 ? bar?.setAttribute("value", String(fraction)) : bar?.removeAttribute("value")), more);
        } catch (problem) {
            const title = problem instanceof ApiProblem && problem.status ? `${names} could not be used` : undefined;
            showProblem(zone, message, problem, title);
        }
        setBusy(false);
        // The mended file may have the same name
        input.value = "";
    };

    input.addEventListener("change", () => void take(...input.files ?? []));
    const target = wholePage ? document : zone;
    target.addEventListener("dragover", (event) => {
        if (!(event instanceof DragEvent) || !event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        zone.classList.add("is-over");
    });
    target.addEventListener("dragleave", (event) => {
        if (event instanceof DragEvent && event.relatedTarget === null) zone.classList.remove("is-over");
    });
    target.addEventListener("drop", (event) => {
        if (!(event instanceof DragEvent) || !event.dataTransfer?.files.length) return;
        event.preventDefault();
        zone.classList.remove("is-over");
        void take(...event.dataTransfer.files);
    });
    return take;
}
