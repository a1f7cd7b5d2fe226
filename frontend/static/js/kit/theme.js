// @ts-check
// The theme is read in dom.js, which every page has.

export { onThemeChange, theme } from "./dom.js";
