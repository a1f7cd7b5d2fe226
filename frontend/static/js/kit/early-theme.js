// A classic script, before the first paint: the theme that the user chose, or that of the system.
(function () {
    "use strict";
    let stored = null;
    try {
        stored = window.localStorage.getItem("theme");
    } catch {
        // No storage: the system's theme
    }
    const dark = stored === "dark" || (stored !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
