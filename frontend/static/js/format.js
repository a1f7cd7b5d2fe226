// @ts-check
// Quantities as text.

/**
 * @param {number} n
 * @param {string} noun
 * @param {string} [plural]
 */
export const count = (n, noun, plural = `${noun}s`) => `${n} ${n === 1 ? noun : plural}`;

/**
 * Return a duration in suitable units: 40 s, 4 min, 2 h 30 min.
 * @param {number | null | undefined} seconds
 */
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

/**
 * Return a number with a number of significant digits, without exponent if possible.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function significant(value, digits = 3) {
    if (value === null || value === undefined) return "—";
    if (value === 0) return "0";
    const rounded = Number(value.toPrecision(digits));
    return Math.abs(rounded) >= 10 ** digits
        ? rounded.toLocaleString("en", { maximumFractionDigits: 0 }).replaceAll(",", "\u202f")
        : String(rounded);
}

/**
 * Return a file name of words: lower case, without characters that a system may refuse.
 * @param {...string} words
 */
export const fileName = (...words) => words.join("-").replaceAll(/[^\w.-]+/g, "-").toLowerCase();
