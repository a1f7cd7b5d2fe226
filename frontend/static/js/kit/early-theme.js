(function () {
    "use strict";
    var stored = null;
    try {
        // The second key is that of version 0.1
        stored = localStorage.getItem("theme") || localStorage.getItem("mantine-color-scheme-value");
    } catch (error) { /* No storage: the system's theme */ }
    var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
