// @ts-check
// A user's own phonons or trajectory: what was read of the files, what they lack, and one click that keeps them.

import { newKey, upload } from "../api.js";
import { count, duration, integer, listed, significant } from "../format.js";
import { careBox, element, facts, fill, formula, table } from "../kit/dom.js";
import { showProblem } from "../kit/problems.js";
import { forgetUpload, RESUMABLE_FROM } from "../kit/resumable.js";
import { sendLarge, waitForSource } from "./large-files.js";

/** @typedef {import("../../../types/api").components["schemas"]["SourcePreviewOut"]} Preview */
/** @typedef {import("../../../types/api").components["schemas"]["SourceOut"]} Source */

/** Energies that are 0 within the precision of force constants. */
const NOTHING_MEV = 0.05;
const LABELS = /** @type {Record<string, string>} */ ({
    supercell: "Supercell", primitive: "Primitive cell", species: "Elements",
    time_step_fs: "Time step (fs)", frame_interval_fs: "Time between frames (fs)", cell_angstrom: "Cell (Å)",
});
/** How the fields are written that a file may lack. */
const PLACEHOLDERS = /** @type {Record<string, string>} */ ({ supercell: "2 2 2", primitive: "auto", species: "Na, 2H; X: no atom", cell_angstrom: "10 10 10" });

/**
 * Show what files of phonons hold, and offer to use them.
 * @param {HTMLElement} place
 * @param {File[]} files
 * @param {(source: Source) => void} use takes what was kept
 */
export async function offerPhonons(place, files, use) {
    const key = newKey();
    const sent = files.some(({ size }) => size > RESUMABLE_FROM) ? await sendLarge(place, files) : { files };
    if (!sent) return;
    const problem = element("div");
    /** @type {Record<string, string>} */
    let typed = {};
    await show();
    place.setAttribute("aria-label", "Own phonons");
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });

    async function show() {
        const preview = /** @type {Preview} */ (await upload("/sources/preview", { ...sent, ...typed }));
        const keep = element("button", { type: "button", class: "button" }, `Use ${preview.kind === "phonons" ? "these phonons" : "this trajectory"}`);
        keep.addEventListener("click", async () => {
            keep.disabled = true;
            try {
                /** @type {Source | null} */
                let source = await upload("/sources", { ...sent, ...typed }, { key: `${key}-${JSON.stringify(typed)}` });
                if (source?.status !== "ready") source = await waitForSource(place, source?.id ?? "");
                files.forEach(forgetUpload);
                if (source) use(source);
            } catch (refusal) {
                showProblem(place, problem, refusal, "These files could not be used");
            }
            keep.disabled = false;
        });
        fill(place, element("h2", {}, `Your ${preview.kind}`, preview.formula ? [": ", formula(preview.formula)] : null), ...summary(preview), problem,
            preview.needs.length ? questions(preview) : [chargesOf(preview), keep]);
    }

    /** Offer to state Born charges where they are missed. @param {Preview} preview */
    function chargesOf({ findings, elements }) {
        if (!findings.some((one) => one.code === "no_nac") || !elements) return null;
        const form = formOf([
            element("div", { class: "form-grid" }, ...elements.map((one) => answer(`born_charges.${one}`, `Born charge of ${one} (e)`)),
                answer("dielectric", "Dielectric constant ε∞")),
        ]);
        return element("details", { class: "customise" }, element("summary", {}, "Enter Born charges and ε∞"), form);
    }

    /** @param {Preview} preview */
    function questions({ needs }) {
        return formOf(needs.map(question));
    }

    /** @param {HTMLElement[]} parts */
    function formOf(parts) {
        const form = element("form", { class: "stack" }, ...parts, element("button", { class: "button is-light" }, "Read again"));
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            typed = { ...typed, ...answersOf(new FormData(/** @type {HTMLFormElement} */ (form))) };
            try {
                await show();
            } catch (refusal) {
                showProblem(form, problem, refusal, "These files could not be read");
            }
        });
        return form;
    }
}

/** @param {Preview} preview */
function summary({ phonons, trajectory, recognised, findings, format, cell, program, n_atoms: atoms }) {
    const files = element("p", { class: "small quiet" }, `${listed(recognised.map(({ file }) => file))}, read as ${format}${madeBy(program)}.`);
    const doubts = careBox(findings.map((one) => one.message));
    if (trajectory) return [files, facts(ofTrajectory(trajectory), { class: "facts" }), doubts];
    if (!phonons) return [files, doubts];
    const { special_phonons_mev: special, gamma_lo_mev: lo, highest_energy_mev: highest } = phonons;
    const energies = (/** @type {number[]} */ all) => all.map((one) => significant(Math.abs(one) < NOTHING_MEV ? 0 : one)).join(", ");
    /** @type {[import("../kit/dom.js").Children, import("../kit/dom.js").Children][]} */
    const rows = [
        ["Primitive cell", `${count(phonons.n_atoms_primitive, "atom")}${cell && atoms ? `, ${(cell.volume_angstrom3 * phonons.n_atoms_primitive / atoms).toFixed(1)} Å³` : ""}`],
    ];
    if (phonons.supercell) rows.push(["Supercell", `${Math.round(Math.abs(determinant(phonons.supercell)))} primitive cells`]);
    if (phonons.n_q_points) rows.push(["Wave vectors", String(phonons.n_q_points)]);
    rows.push(["LO–TO splitting", phonons.has_nac ? "yes, from Born charges" : "no Born charges"]);
    const splits = [...Map.groupBy(Object.entries(lo), ([, energy]) => significant(energy))]
        .map(([energy, along]) => `${energy} meV along ${listed(along.map(([direction]) => direction))}`);
    if (phonons.has_nac && splits.length) rows.push(["LO at Γ", splits.join("; ")]);
    rows.push(["Highest energy", `${significant(highest)} meV`]);
    return [
        files,
        facts(rows, { class: "facts" }),
        Object.keys(special).length > 0
            && table(["Point", "Energies (meV)"], Object.entries(special).map(([point, all]) => [formula(point.replace("_", "")), energies(all)])),
        doubts,
    ];
}

/**
 * @param {NonNullable<Preview["trajectory"]>} trajectory
 * @returns {[string, string][]}
 */
function ofTrajectory(trajectory) {
    const { mean_temperature_k: temperature } = trajectory;
    // Of a large file, only the head was read
    const about = trajectory.is_estimated ? "about " : "";
    return [
        ["Frames", `${about}${integer(trajectory.n_frames)}, one every ${significant(trajectory.frame_interval_fs)} fs`],
        ["Length", `${about}${significant(trajectory.length_ps)} ps`],
        ["Atoms", Object.entries(trajectory.species).map(([name, number]) => `${number} ${name}`).join(", ")],
        ["Energies", `up to ${significant(trajectory.resolves_up_to_mev)} meV, resolution ${significant(trajectory.energy_resolution_mev, 2)} meV`],
        ...wavesOf(trajectory),
        ["Temperature", temperature === null ? "no velocities" : `${significant(temperature)} K`],
    ];
}

/**
 * Return what wave vectors fit the box, and how long their analysis takes.
 * @param {NonNullable<Preview["trajectory"]>} trajectory
 * @returns {[string, string][]}
 */
function wavesOf({ q_step_inv_angstrom: step, unit_cells: cells, analysis_s: seconds, nuclei, n_beads: beads }) {
    /** @type {[string, string][]} */
    const rows = [];
    if (nuclei === "ring_polymer") rows.push(["Nuclei", `ring polymers, ${beads > 1 ? `${beads} beads` : "their centroids"}`]);
    if (step && cells) rows.push(["Wave vectors", `from ${significant(step, 2)} Å⁻¹; along a path those of ${cells.join(" × ")} unit cells`]);
    if (seconds) rows.push(["Analysis", `${duration(seconds)} for a powder`]);
    return rows;
}

/** @param {number[][]} matrix of 3 × 3 */
function determinant(matrix) {
    const [[a = 0, b = 0, c = 0] = [], [d = 0, e = 0, f = 0] = [], [g = 0, h = 0, i = 0] = []] = matrix;
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** @param {Preview["program"]} program */
const madeBy = ({ name, version, functional }) => (name ? `, made by ${[name, version].filter(Boolean).join(" ")}${functional ? ` with ${functional}` : ""}` : "");

/** @param {string} name @param {string} label @param {string} [value] what the answer probably is */
const answer = (name, label, value = "") => element("label", { class: "field" }, element("span", { class: "field-label" }, label),
    element("input", { type: "text", name, value, required: true, placeholder: PLACEHOLDERS[name.split(".")[0] ?? ""] ?? "" }));

/** @param {Preview["needs"][number]} need */
function question({ field, why, choices }) {
    const named = Object.entries(choices ?? {});
    return element("div", { class: "stack" }, element("p", { class: "small flush" }, why),
        field === "nuclei" ? kindOfNuclei() : named.length ? element("div", { class: "form-grid" }, ...named.map(([key, about]) => ofType(`${field}.${key}`, key, about)))
            : answer(field, LABELS[field] ?? field));
}

const kindOfNuclei = () => element("label", { class: "field" }, element("span", { class: "field-label" }, "Nuclei"),
    element("select", { name: "nuclei" }, element("option", { value: "ring_polymer" }, "Beads of ring polymers"), element("option", { value: "classical" }, "Classical nuclei")));

/**
 * @param {string} name
 * @param {string} type
 * @param {any} about
 */
function ofType(name, type, about) {
    const { n_atoms: atoms, mass_u: mass, suggested } = /** @type {{n_atoms: number, mass_u: number | null, suggested?: string}} */ (about);
    return answer(name, `${type}: ${count(atoms, "atom")}${mass ? `, ${significant(mass, 4)} u` : ""}`, suggested);
}

/**
 * Return what was typed, as the API takes it: "2 2 2" as [2, 2, 2], and the answers to one question together.
 * @param {Iterable<[string, FormDataEntryValue]>} entries
 */
export function answersOf(entries) {
    /** @type {Record<string, any>} */
    const answers = {};
    for (const [name, value] of entries) {
        const text = String(value).trim();
        const [field = "", key] = name.split(".");
        const typed = numbersOf(text) ?? text;
        answers[field] = key === undefined ? typed : { ...answers[field], [key]: typed };
    }
    return Object.fromEntries(Object.entries(answers).map(([field, value]) =>
        [field, typeof value === "string" ? value : JSON.stringify(value)]));
}

/** @param {string} text @returns {number | number[] | number[][] | null} 1, 3 or 9 numbers; null: no such text */
function numbersOf(text) {
    const found = text.replaceAll("\u2212", "-").split(/[\s,;x×[\]]+/).filter(Boolean).map(Number);
    if (found.length === 1 && Number.isFinite(found[0])) return found[0] ?? null;
    if (found.some((one) => !Number.isFinite(one))) return null;
    if (found.length === 9) return [0, 3, 6].map((start) => found.slice(start, start + 3));
    return found.length === 3 ? found : null;
}
