// @ts-check
// From the values of the form to requests.

import { isotopesOf } from "../kit/controls.js";
import { repeats } from "../kit/repeats.js";

/** @typedef {import("../state.js").Values} Values */
/** @typedef {"harmonic" | "md" | "trpmd"} Method */
/** @typedef {{method: string, has_temperature: boolean, temperature_k: number | null}} SourceFacts has_temperature: the motion is that of one */
/** @typedef {{name: string, kind: string, takers: string[]}} Option an option of the API and its control */
/** @typedef {{method: string, sampling: string, short_method_title: string, engines: string[]}} MethodFacts */

/** @param {string} text values with commas between */
export const listOf = (text) => text.split(",").filter(Boolean);

/**
 * Return the zones written as `0 0 4; 2 2 0`, also with commas or in brackets; null if it is no such list.
 * @param {string} text
 * @returns {number[][] | null}
 */
export function zonesOf(text) {
    const zones = text.split(/[;()[\]\n]+/).filter((part) => part.replace(/[\s,]/g, ""))
        .map((part) => part.replaceAll("\u2212", "-").split(/[\s,]+/).filter(Boolean));
    const valid = zones.every((zone) => zone.length === 3 && zone.every((word) => /^[+-]?\d{1,6}$/.test(word)));
    return valid && zones.length ? zones.map((zone) => zone.map(Number)) : null;
}

/**
 * Tell whether a method uses an option, as the other values are.
 * @param {Option} option
 * @param {string} method
 * @param {Values} values
 */
export function takes({ name, takers }, method, values) {
    if (!takers.includes(`${sourceOf(values) ? "source." : ""}${method}.${values.sampling}`)) return false;
    if (name === "pressure_gpa") return values.ensemble === "npt";
    if (name === "n_zones") return !values.zones;
    // Force constants converge in a smaller box than dynamics need
    if (name === "supercell") return method !== "harmonic" || values.methods === "harmonic";
    return true;
}

/** Return the source of the phonons, or nothing where a potential gives them. @param {Values} values */
export const sourceOf = ({ source }) => (source && source !== "potential" ? source : "");

/** Tell whether a method moves the atoms. @param {string} method */
export const isDynamics = (method) => method !== "harmonic";

/**
 * Return the values of the form as they count: a source leaves no choice of the method.
 * @param {Values} values
 * @param {Record<string, SourceFacts>} sources
 */
export const settled = (values, sources) => (sourceOf(values) ? { ...values, methods: sources[sourceOf(values)]?.method ?? "" } : values);

/**
 * Return the body of `POST /predictions`; options that are empty are the API's choice.
 * @param {Values} values
 * @param {string} method
 * @param {string} quality
 * @param {{structureId: string, options: Option[], methods: MethodFacts[]}} about
 */
export function requestBody(values, method, quality, { structureId, options, methods }) {
    /** @type {Record<string, unknown>} */
    const chosen = {};
    const engines = methods.find((one) => one.method === method && one.sampling === values.sampling)?.engines ?? [];
    for (const option of options) {
        const text = (values[option.name] ?? "").trim();
        if (!text || text === "0" && option.kind === "switch" || !takes(option, method, values)) continue;
        if (option.name === "engine" && !engines.includes(text)) continue;
        chosen[option.name] = valueOf(option.kind, text, values);
    }
    const isotopes = isotopesOf(values);
    const source = sourceOf(values);
    return {
        ...(source ? { source_id: source } : { structure_id: structureId }),
        method,
        temperature_k: Number(values.temperature_k),
        sampling: values.sampling,
        instruments: listOf(values.instruments ?? ""),
        quality,
        options: chosen,
        ...(Object.keys(isotopes).length ? { isotopes } : {}),
        ...(values.potential && !source ? { potential: values.potential } : {}),
        ...(values.harmonic_reference && !source && isDynamics(method)
            ? { harmonic_reference_id: values.harmonic_reference, harmonic_modes: values.harmonic_modes }
            : {}),
    };
}

/** @param {string} kind @param {string} text @param {Values} values */
function valueOf(kind, text, values) {
    if (kind === "number" || kind === "integer") return Number(text);
    if (kind === "switch" || kind === "flag") return text === "1";
    if (kind === "repeats") return repeats(text);
    if (kind === "zones" && text === "chosen") return zonesOf(values.hkl ?? "");
    return text;
}

/**
 * Return what the form lacks before the API can be asked.
 * @param {Values} values
 * @returns {import("../api.js").FieldProblem[]}
 */
export function findMissing(values) {
    const errors = [];
    if (!values.instruments) errors.push({ loc: "instruments", msg: "Choose at least one instrument." });
    if (!values.methods) errors.push({ loc: "method", msg: "Choose at least one method." });
    if (!values.temperature_k) errors.push({ loc: "temperature_k", msg: "Give a temperature in kelvin." });
    if (values.sampling === "path" && values.zones === "chosen" && !zonesOf(values.hkl ?? "")) {
        const msg = "Write three whole numbers for each zone, with semicolons between, such as 0 0 4; 2 2 0.";
        errors.push({ loc: "options.zones", msg });
    }
    return errors;
}
