// @ts-check
// Names and values of the API as rows of a list of facts.

const UNITS = /** @type {[string, string][]} */ ([
    ["_fs", "fs"], ["_ps", "ps"], ["_inv_angstrom", "Å⁻¹"], ["_mev", "meV"], ["_gpa", "GPa"], ["_k", "K"], ["_s", "s"], ["_angstrom", "Å"],
]);

/** Return a name of the API as words with its unit: `production_ps` becomes `production (ps)`. @param {string} key */
export function readable(key) {
    for (const [suffix, unit] of UNITS) {
        // A name within may follow, such as that of a special point
        const place = `${key} `.indexOf(`${suffix} `);
        if (place >= 0) return `${`${key.slice(0, place)} ${key.slice(place + suffix.length)}`.replaceAll("_", " ").trim()} (${unit})`;
    }
    return key.replaceAll("_", " ");
}

/**
 * Return nested values as rows of a name and a text.
 * @param {string} name
 * @param {any} value
 * @returns {[string, string][]}
 */
export function rowsOf(name, value) {
    if (Array.isArray(value)) {
        if (Array.isArray(value[0])) return [[name, value.map((vector) => vector.join(" ")).join("; ")]];
        const repeats = value.length === 3 && value.every(Number.isInteger);
        return [[name, value.join(repeats ? " × " : ", ")]];
    }
    if (value !== null && typeof value === "object") {
        return Object.entries(value).flatMap(([key, inner]) => rowsOf(`${name} ${key}`.trim(), inner));
    }
    if (typeof value === "boolean") return [[name, value ? "yes" : "no"]];
    if (typeof value === "number") return [[name, String(Number(value.toPrecision(6)))]];
    return [[name, value === null || value === undefined ? "—" : String(value)]];
}
