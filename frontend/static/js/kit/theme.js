// @ts-check
// Light or dark: stored in the browser, announced to figures.

/** @typedef {"light" | "dark"} Theme */

/** @returns {Theme} the theme of the page */
export function theme() {
    return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

/**
 * Switch the theme, and remember it.
 * @param {Theme} wanted
 */
export function setTheme(wanted) {
    document.documentElement.dataset.theme = wanted;
    try {
        window.localStorage.setItem("theme", wanted);
    } catch {
        // No storage: the theme lasts as long as the page
    }
    document.dispatchEvent(new CustomEvent("themechange", { detail: wanted }));
}

/**
 * Call a function with the theme whenever it changes.
 * @param {(theme: Theme) => void} listener
 */
export function onThemeChange(listener) {
    document.addEventListener("themechange", () => listener(theme()));
}
