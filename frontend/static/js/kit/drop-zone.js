// @ts-check
// A place to drop a file: a label around a native file input.

import { ApiProblem } from "../api.js";
import { alertBox, showProblem } from "./problems.js";

const BYTES_PER_MIB = 2 ** 20;

/**
 * Send the file that is chosen, or dropped on the label or, if wanted, anywhere on the page.
 * @param {HTMLElement} zone a label with a file input, `data-max-bytes`, and possibly a <progress>
 * @param {object} options
 * @param {HTMLElement} options.message place of refusals
 * @param {(file: File, progress: (fraction: number) => void) => Promise<void>} options.send
 * @param {string} options.tooLarge advice on what to upload instead of a file that is too large
 * @param {boolean} [options.wholePage]
 * @returns {(file: File | undefined) => Promise<void>} takes a file that comes another way
 */
export function offerDrop(zone, { message, send, tooLarge, wholePage = false }) {
    const input = /** @type {HTMLInputElement} */ (zone.querySelector("input[type=file]"));
    const bar = zone.querySelector("progress");
    const maxBytes = Number(zone.dataset.maxBytes);

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
    /** @param {File | undefined} file */
    const take = async (file) => {
        if (!file || input.disabled) return;
        message.replaceChildren();
        if (file.size > maxBytes) {
            const size = `${file.name} has ${Math.ceil(file.size / BYTES_PER_MIB)} MiB; the limit is ${Math.floor(maxBytes / BYTES_PER_MIB)} MiB.`;
            message.replaceChildren(alertBox("File too large", [`${size} ${tooLarge}`]));
            return;
        }
        setBusy(true);
        try {
            // 1 leaves the bar full while the server reads the file: better without a value
            await send(file, (fraction) => (fraction < 1 ? bar?.setAttribute("value", String(fraction)) : bar?.removeAttribute("value")));
        } catch (problem) {
            const title = problem instanceof ApiProblem && problem.status ? `${file.name} could not be used` : undefined;
            showProblem(zone, message, problem, title);
        }
        setBusy(false);
        // The mended file may have the same name
        input.value = "";
    };

    input.addEventListener("change", () => void take(input.files?.[0]));
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
        void take(event.dataTransfer.files[0]);
    });
    return take;
}
