// @ts-check
// From the values of the form to requests.

/** @typedef {import("../state.js").Values} Values */
/** @typedef {{name: string, kind: string}} Option */
/** @typedef {"quick" | "standard" | "thorough"} Effort */

/** Id of a reference → its kind. @typedef {Record<string, string>} Kinds */

/** @param {Values} values @param {Kinds} kinds */
function referenceOf({ reference = "", label_set_id: labels, prediction_id: prediction }, kinds) {
    const kind = kinds[reference];
    if (kind === "file") return { kind, label_set_id: labels || null };
    if (kind === "phonons") return { kind, prediction_id: prediction || null };
    return { kind, engine: reference };
}

/**
 * Return the body of `POST /trainings`; options that are empty are those of the effort.
 * @param {Values} values
 * @param {string} effort
 * @param {{structure_id: string, options: Option[], kinds: Kinds}} about
 */
export function requestBody(values, effort, { structure_id, options, kinds }) {
    const chosen = Object.fromEntries(options.flatMap(({ name, kind }) => {
        const text = (values[name] ?? "").trim();
        if (!text) return [];
        return [[name, kind === "flag" ? text === "1" : kind === "text" ? text : Number(text)]];
    }));
    const phonons = kinds[values.reference ?? ""] === "file" && values.reference_prediction_id;
    return {
        structure_id,
        base: values.base,
        reference: referenceOf(values, kinds),
        temperature_k: Number(values.temperature_k),
        effort,
        options: { ...chosen, ...(phonons ? { reference_prediction_id: phonons } : {}) },
    };
}

/**
 * Return what the form lacks before the API can be asked.
 * @param {Values} values
 * @param {Kinds} kinds
 * @returns {import("../api.js").FieldProblem[]}
 */
export function findMissing(values, kinds) {
    const errors = [];
    const kind = kinds[values.reference ?? ""];
    if (!values.base) errors.push({ loc: "base", msg: "No potential that can be trained covers this structure." });
    if (!values.reference) errors.push({ loc: "reference", msg: "Choose a reference." });
    if (kind === "file" && !values.label_set_id) errors.push({ loc: "reference.label_set_id", msg: "Choose labels, or upload some." });
    if (kind === "phonons" && !values.prediction_id) errors.push({ loc: "reference.prediction_id", msg: "Choose a forecast." });
    if (!values.temperature_k) errors.push({ loc: "temperature_k", msg: "Give a temperature in kelvin." });
    return errors;
}
