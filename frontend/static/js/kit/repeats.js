// @ts-check
// Supercells as text.

/**
 * Return three repeats from `4 4 2`, `4x4x2` or `4`; other text goes to the API, which says what it wants.
 * @param {string} text
 */
export function repeats(text) {
    const words = text.trim().toLowerCase().split(/[\s,;x×]+/);
    if (![1, 3].includes(words.length) || !words.every((word) => /^\d+$/.test(word))) return text;
    const numbers = words.map(Number);
    return numbers.length === 1 ? [numbers[0], numbers[0], numbers[0]] : numbers;
}
