// @ts-check
// Labels of Plotly's figures as text.

const ENTITIES = /** @type {Record<string, string>} */ ({ amp: "&", lt: "<", gt: ">", "#123": "{" });

/**
 * Return a label of Plotly as text: without its tags, and with the characters that the server has escaped.
 * @param {string} label
 */
export function plainText(label) {
    return label.replaceAll(/<[^>]*>/g, "").replaceAll(/&(amp|lt|gt|#123);/g, (_, name) => ENTITIES[name] ?? "");
}
