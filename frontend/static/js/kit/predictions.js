// @ts-check
// Predictions in a few words.

/** Short names of methods. */
export const METHODS = /** @type {Record<string, string>} */ ({ harmonic: "harmonic", md: "MD", trpmd: "TRPMD" });

/** @param {any} prediction @returns {string} what its phonons or forces come from: a potential, or a source of the user */
export const originOf = ({ potential, provenance }) => potential ?? provenance?.source?.name ?? "—";
