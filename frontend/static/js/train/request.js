// @ts-check
// From the values of the form to requests.

/** @typedef {import("../state.js").Values} Values */
/** @typedef {{name: string, kind: string}} Option */
/** @typedef {"quick" | "standard" | "thorough"} Effort */

/** Kinds of references that have fields of their own; all others are engines of the server. */
export const OWN_FIELDS = ["file", "phonons"];

/** @param {Values} values */
function referenceOf({ reference = "", label_set_id: labels = "", prediction_id: prediction = "" }) {
    if (reference === "file") return { kind: "file", label_set_id: labels || null };
    if (reference === "phonons") return { kind: "phonons", prediction_id: prediction || null };
    return { kind: "engine", engine: reference };
}

/**
 * Return the body of `POST /trainings`; options that are empty are those of the effort.
 * @param {Values} values
 * @param {string} effort
 * @param {{structure_id: string, options: Option[]}} about
 */
export function requestBody(values, effort, { structure_id, options }) {
    const chosen = Object.fromEntries(options.flatMap(({ name, kind }) => {
        const text = (values[name] ?? "").trim();
        if (!text) return [];
        return [[name, kind === "flag" ? text === "1" : kind === "text" ? text : Number(text)]];
    }));
    const phonons = values.reference === "file" && values.reference_prediction_id;
    return {
        structure_id,
        base: values.base,
        reference: referenceOf(values),
        temperature_k: Number(values.temperature_k),
        effort,
        options: { ...chosen, ...(phonons ? { reference_prediction_id: phonons } : {}) },
    };
}

/**
 * Return what the form lacks before the API can be asked.
 * @param {Values} values
 * @returns {import("../api.js").FieldProblem[]}
 */
export function findMissing(values) {
    const errors = [];
    if (!values.base) errors.push({ loc: "base", msg: "No potential that can be trained covers this structure." });
    if (!values.reference) errors.push({ loc: "reference", msg: "Choose a reference." });
    if (values.reference === "file" && !values.label_set_id) errors.push({ loc: "reference.label_set_id", msg: "Choose labels, or upload some." });
    if (values.reference === "phonons" && !values.prediction_id) errors.push({ loc: "reference.prediction_id", msg: "Choose a forecast." });
    if (!values.temperature_k) errors.push({ loc: "temperature_k", msg: "Give a temperature in kelvin." });
    return errors;
}
