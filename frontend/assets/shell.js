// What belongs to every page: colour scheme, window title, the word when the server is gone.
(function () {
    "use strict";

    const root = document.documentElement;
    const scheme = () => (root.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light");

    function watchTheme() {
        if (!watchTheme.observer) {
            watchTheme.observer = new MutationObserver(() => {
                if (scheme() !== watchTheme.last) {
                    watchTheme.last = scheme();
                    window.dash_clientside.set_props("theme", { data: watchTheme.last });
                }
            });
            watchTheme.observer.observe(root, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
        }
        watchTheme.last = scheme();
        return watchTheme.last;
    }

    function arrive(title) {
        if (title) {
            if (window.beamcast.stopFollowing && !document.getElementById("forecast-page")) {
                window.beamcast.stopFollowing();
            }
            document.title = title === "Beamcast" ? title : title + " · Beamcast";
            window.scrollTo(0, 0);
            // The buttons beside them open these; by themselves they are a nameless stop of the tab key.
            document.querySelectorAll("input[type=file]").forEach((input) => {
                input.tabIndex = -1;
                input.setAttribute("aria-label", "File");
            });
        }
        return window.dash_clientside.no_update;
    }

    // The page's own requests tell when the server is gone; then its health is asked until it is back.
    const plainFetch = window.fetch.bind(window);
    let asking = null;
    let pageMissed = false;

    function offline(gone) {
        const word = document.getElementById("offline");
        if (word) { word.hidden = !gone; }
        if (gone && !asking) {
            asking = window.setInterval(async () => {
                try {
                    await plainFetch("/api/v1/health", { cache: "no-store" });
                    offline(false);
                    // A page that never came is fetched again; one that is there stays, with what was typed into it.
                    if (pageMissed) { window.location.reload(); }
                } catch (error) { /* still gone */ }
            }, 2000);
        } else if (!gone && asking) {
            window.clearInterval(asking);
            asking = null;
        }
    }

    window.fetch = async function (...request) {
        try {
            return await plainFetch(...request);
        } catch (error) {
            if (error instanceof TypeError) {
                const body = (request[1] || {}).body;
                pageMissed = pageMissed || (typeof body === "string" && body.includes("page.children"));
                offline(true);
            }
            throw error;
        }
    };

    window.dash_clientside = Object.assign({}, window.dash_clientside, { shell: { watchTheme, arrive } });
})();
