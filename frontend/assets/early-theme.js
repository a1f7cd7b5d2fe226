// Before anything is painted: the colour scheme that the user chose, or the system's, so that dark pages don't flash.
(function () {
    "use strict";
    var stored = null;
    try { stored = window.localStorage.getItem("mantine-color-scheme-value"); } catch (error) { /* no storage */ }
    var dark = stored === "dark" ||
        (stored !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
