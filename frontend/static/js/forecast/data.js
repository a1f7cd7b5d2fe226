// @ts-check
/** @param {import("./page.js").Page} _page */
export function show(_page) {}
