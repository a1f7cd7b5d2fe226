// @ts-check
// Quantities as text, printed as in a journal: a minus sign, thin spaces between thousands.

const CM_PER_MEV = 8.065544;

/** @param {string} [unit] of energies, as the address names it */
export const unitName = (unit) => (unit === "cm-1" ? "cm⁻¹" : "meV");

/** @param {string} text */
function printed(text) {
    const [whole = "", rest] = text.replace("-", "\u2212").split(".");
    const grouped = whole.length > 4 ? whole.replace(/(\d)(?=(\d{3})+$)/g, "$1\u202f") : whole;
    return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** @param {number} n @param {string} noun @param {string} [plural] */
export const count = (n, noun, plural = `${noun}s`) => `${integer(n)} ${n === 1 ? noun : plural}`;

/** @param {number} n */
export const integer = (n) => printed(String(n));

/** Return a duration in suitable units: 40 s, 4 min, 2 h 30 min. @param {number | null | undefined} seconds */
export function duration(seconds) {
    if (seconds === null || seconds === undefined) return "—";
    if (seconds < 1) return "under 1 s";
    if (seconds < 90) return `${Math.round(seconds)} s`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 90) return `${minutes} min`;
    let hours = Math.floor(minutes / 60);
    if (hours >= 48) return `${Math.round(hours / 24)} days`;
    let rest = 10 * Math.round((minutes % 60) / 10);
    if (rest === 60) [hours, rest] = [hours + 1, 0];
    return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

/** Return a range of durations: 20–40 s, 50 s – 2 min. @param {number} low s @param {number} high s */
export function durationRange(low, high) {
    const [from, to] = [duration(low), duration(high)];
    if (low < 1) return high < 1 ? from : `up to ${to}`;
    if (from === to) return `about ${to}`;
    const [first = "", unit, ...more] = from.split(" ");
    return !more.length && to.split(" ").length === 2 && to.endsWith(` ${unit}`) ? `${first}–${to}` : `${from} – ${to}`;
}

/**
 * Return a number with a number of significant digits; a power of ten where it is very large or small.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function significant(value, digits = 3) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "—";
    if (value === 0) return "0";
    const power = Math.floor(Math.log10(Math.abs(value)));
    if (power >= 6 || power < -4) return powerOfTen(value, digits);
    return printed(value.toFixed(Math.min(Math.max(0, digits - 1 - power), 12)));
}

/**
 * Return a number as it was set: significant digits without zeros at the end.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export const plain = (value, digits = 3) =>
    significant(value, digits).replace(/(\.\d*?)0+($| )/, "$1$2").replace(/\.($| )/, "$1");

/**
 * Return the energy of a feature in a unit: three significant digits, but at least a tenth of a meV or one cm⁻¹, without
 * zeros at the end. Everything that names a feature uses this rule; `feature_energy` of backend/wording is the same.
 * @param {number} mev
 * @param {string | undefined} unit
 */
export function featureEnergy(mev, unit) {
    const value = energyIn(mev, unit);
    if (!(value > 0) || !Number.isFinite(value)) return significant(value);
    const text = value.toFixed(Math.max(unit === "cm-1" ? 0 : 1, 2 - Math.floor(Math.log10(value))));
    return printed(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

/** @param {number} power */
const raised = (power) => String(power).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? "");

/** @param {number} value @param {number} digits */
function powerOfTen(value, digits) {
    const [mantissa = "", power] = value.toExponential(digits - 1).split("e");
    return `${printed(mantissa)} × 10${raised(Number(power))}`;
}

/**
 * Return a value with its standard error, which has two digits: 1.0234 ± 0.0051.
 * @param {number | null | undefined} value
 * @param {number | null | undefined} error
 */
export function plusMinus(value, error) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "—";
    if (!error || !(error > 0) || !Number.isFinite(error)) return significant(value, 4);
    const power = Math.floor(Math.log10(Math.max(Math.abs(value), error)));
    const far = power >= 6 || power < -4;
    const unit = far ? 10 ** power : 1;
    // Rounding 0.0996 to two digits gives 0.10
    const last = Math.floor(Math.log10(Number(error.toPrecision(2)) / unit)) - 1;
    const rounded = (/** @type {number} */ number) => (last < 0 ? (number / unit).toFixed(Math.min(-last, 15))
        : String(Math.round(number / unit / 10 ** last) * 10 ** last));
    const text = `${printed(rounded(value))} ± ${printed(rounded(error))}`;
    return far ? `(${text}) × 10${raised(power)}` : text;
}

/**
 * Return an energy in a unit.
 * @template {number | null | undefined} T
 * @param {T} mev
 * @param {string} [unit]
 * @returns {T}
 */
export const energyIn = (mev, unit) =>
    /** @type {T} */ (typeof mev === "number" && unit === "cm-1" ? mev * CM_PER_MEV : mev);

/** Join words: "a", "a and b", "a, b and c". @param {readonly string[]} words */
export const listed = (words) =>
    words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** @param {string} words @returns {string} with a capital letter; the other letters stay */
export const capital = (words) => words.slice(0, 1).toUpperCase() + words.slice(1);

/** Return a file name of words: lower case, without characters that a system may refuse. @param {...string} words */
export const fileName = (...words) => words.join("-").replaceAll(/[^\w.-]+/g, "-").toLowerCase();

/**
 * Return how long ago a time in UTC (ISO 8601) was; empty without a readable time.
 * @param {string | null | undefined} timestamp
 * @param {number} [now] ms
 */
export function ago(timestamp, now = Date.now()) {
    const moment = Date.parse(/[zZ]|[+-]\d\d:\d\d$/.test(timestamp ?? "") ? timestamp ?? "" : `${timestamp}Z`);
    if (Number.isNaN(moment)) return "";
    const seconds = (now - moment) / 1000;
    for (const [size, name] of /** @type {[number, string][]} */ ([[86400, "day"], [3600, "hour"], [60, "minute"]])) {
        if (seconds >= size) return `${count(Math.floor(seconds / size), name)} ago`;
    }
    return "just now";
}
