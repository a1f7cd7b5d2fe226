// @ts-check
// Forecasts, structures and data, each asked for once.

import { ApiProblem, get } from "../api.js";
import { displayName, IDEAL, pointName, zoneName } from "../forecast/view.js";
import { listed } from "../format.js";
import { COLOUR, CRYSTAL_SWITCHES, isData, viewOf } from "./curves.js";
import { METHODS, originOf } from "../kit/predictions.js";

/** @typedef {import("./curves.js").Curve} Curve */
/** What a single crystal offers: its wave vectors, and its zones as "0,0,4". @typedef {{waves: import("../forecast/waves.js").Waves, zones: string[]}} Crystal */
/**
 * A curve with what the API knows of it.
 * @typedef {{curve: Curve, name: string, text: string, view: any, dataset: string | null, instruments: any, elements: string[], crystal: Crystal | null}} Found
 */


/** @type {Map<string, Promise<any>>} */
const kept = new Map();
/** @param {string} path @returns {Promise<any>} null: the API refuses it */
export function once(path) {
    const answer = kept.get(path) ?? get(path).catch((problem) => {
        kept.delete(path);
        if (problem instanceof ApiProblem && problem.status >= 400 && problem.status < 500) return null;
        throw problem;
    });
    kept.set(path, answer);
    return answer;
}

/**
 * Forget what the API says is deleted, so that its curve says so.
 * @param {unknown} problem
 * @returns {boolean} whether something was forgotten
 */
export function forgetDeleted(problem) {
    if (!(problem instanceof ApiProblem) || problem.code !== "not_found") return false;
    const { kind, id } = problem.params;
    return kept.delete(`/${kind}s/${id}`);
}

/** @param {any} prediction */
export const runText = (prediction) =>
    [`${METHODS[prediction.method] ?? prediction.method} ${prediction.temperature_k} K${prediction.sampling === "path" ? ", crystal" : ""}`, originOf(prediction), prediction.quality].join(" · ");

/** @param {any} structure */
export const nameOf = (structure) => structure?.name || structure?.formula || "Structure";

/** @param {string} structureId @returns {Promise<Record<string, any>>} the instruments with defaults for a structure */
export async function instrumentsFor(structureId) {
    const answer = await once(`/instruments?structure_id=${structureId}`);
    return Object.fromEntries((answer?.items ?? answer ?? []).map((/** @type {any} */ one) => [one.name, one]));
}

const missing = { view: null, dataset: null, instruments: {}, elements: [], crystal: null };

/** @param {Curve} curve @returns {Promise<Found>} */
export async function look(curve) {
    if (isData(curve)) {
        const data = await once(`/datasets/${curve.dataset}`);
        if (!data) return { ...missing, curve, name: "Deleted measured data", text: "These measured data were deleted, or the link is wrong. Remove this curve." };
        if (data.kind !== "1d") return { ...missing, curve, name: data.name, text: "A map cannot be drawn beside spectra. Remove this curve." };
        return { ...missing, curve, name: data.name, dataset: data.id,
            text: ["measured", data.instrument && displayName(data.instrument), data.temperature_k && `${data.temperature_k} K`].filter(Boolean).join(" · ") };
    }
    const prediction = await once(`/predictions/${curve.prediction}`);
    if (!prediction) return { ...missing, curve, name: "Deleted forecast", text: "This forecast was deleted, or the link is wrong. Remove this curve." };
    const [structure, instruments] = await Promise.all([once(`/structures/${prediction.structure_id}`), instrumentsFor(prediction.structure_id)]);
    const ready = prediction.status === "succeeded";
    if (!ready) kept.delete(`/predictions/${curve.prediction}`);
    const known = curve.instrument === IDEAL || curve.instrument in instruments;
    const { crystal, at, point, lacks } = ready && prediction.sampling === "path" ? await lookAtCrystal(curve, prediction) : POWDER;
    const why = !known ? `There is no instrument ${curve.instrument}: choose another.` : ready ? lacks : "Not ready yet.";
    const settings = instruments[curve.instrument]?.defaults ?? {};
    const changes = Object.entries(curve.values).filter(([name]) => name !== COLOUR && name !== "e_init" && (crystal || !CRYSTAL_SWITCHES.includes(name)) && name !== "point")
        .map(([name, value]) => (name.startsWith("iso.") ? isotopeText(name.slice(4), value) : CRYSTAL_WORDS[name]?.(value) ?? `${name.replaceAll("_", " ")} ${value}`));
    const energy = "e_init" in settings ? `Eᵢ ${Number(curve.values.e_init ?? settings.e_init)} meV` : "";
    const shown = curve.instrument === IDEAL ? "ideal S(q, ω)" : displayName(curve.instrument);
    return {
        curve, name: nameOf(structure), dataset: null, instruments, crystal, elements: structure?.elements ?? [],
        text: why || [shown, energy, point && `cut at ${pointName(point)}`, listed(changes), runText(prediction)].filter(Boolean).join(" · "),
        view: why ? null : viewOf(curve, prediction, instruments, at),
    };
}

const POWDER = { crystal: null, at: null, point: "", lacks: "" };
/** @type {Record<string, (value: string) => string>} */
const CRYSTAL_WORDS = {
    zone: (value) => `zone ${zoneName(value)}`,
    divide_debye_waller: () => "Debye–Waller kept",
    divide_q_squared: () => "not divided by |q|²",
    times_energy_squared: () => "× ω²",
};

/**
 * Return what a crystal offers, where its cut is, and what it lacks, as a sentence.
 * @param {import("./curves.js").Forecast} curve
 * @param {any} prediction
 * @returns {Promise<{crystal: Crystal, at: string | number | null, point: string, lacks: string}>}
 */
async function lookAtCrystal({ values }, prediction) {
    const { cutOf } = await import("../forecast/waves.js");
    const { at, point, waves: [waves] } = await cutOf(values, [prediction]);
    const zones = (prediction.options.zones ?? []).map((/** @type {number[]} */ zone) => zone.join());
    const lacks = point && !(prediction.id in at) ? `It has no wave at ${pointName(point)}: choose another point.`
        : values.zone && !zones.includes(values.zone) ? `It has no zone ${zoneName(values.zone)}: choose another.` : "";
    return { crystal: { waves: /** @type {import("../forecast/waves.js").Waves} */ (waves), zones }, at: at[prediction.id] ?? null, point: point ?? "", lacks };
}

/** @param {string} site @param {string} text */
function isotopeText(site, text) {
    const [isotope, percent] = text.split(":");
    return `${site}: ${percent === undefined ? "" : `${percent} % `}${isotope}`;
}
