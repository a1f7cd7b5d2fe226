// @ts-check
// The frame of every page.

import { setTheme, theme } from "./theme.js";

document.getElementById("theme-toggle")?.addEventListener("click", () => {
    setTheme(theme() === "dark" ? "light" : "dark");
});
