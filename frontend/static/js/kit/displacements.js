// @ts-check
// Inputs of a DFT code for displaced supercells, of a forecast or a structure (templates/macros/displacements.html).

import { save, send, textOf } from "../api.js";
import { fileName } from "../format.js";
import { byId } from "./dom.js";
import { repeats } from "./repeats.js";

/**
 * Let the button save the inputs.
 * @param {() => string} pathOf of the forecast or the structure
 * @param {string} name of the structure
 */
export function offerDisplacements(pathOf, name) {
    const button = /** @type {HTMLButtonElement} */ (byId("displaced-save"));
    const message = byId("displaced-message");
    const value = (/** @type {string} */ id) => /** @type {HTMLInputElement | HTMLSelectElement} */ (byId(id)).value;
    button.onclick = async () => {
        message.hidden = true;
        button.disabled = true;
        try {
            const code = value("displaced-code");
            const distance = value("displaced-distance");
            const supercell = value("displaced-supercell").trim();
            const body = { code, supercell: supercell ? repeats(supercell) : null, ...(distance && { distance_angstrom: Number(distance) }) };
            const response = await send("POST", `${pathOf()}/displacements`, body, { accept: "application/zip" });
            await save(response, `${fileName("beamcast", name, code)}.zip`);
        } catch (problem) {
            message.textContent = textOf(problem);
            message.hidden = false;
        }
        button.disabled = false;
    };
}
