// Proposals: adding what a page shows.
(function () {
    "use strict";

    const { call, ApiProblem } = window.beamcast;
    const skip = () => window.dash_clientside.no_update;
    const place = (id) => document.getElementById(id);
    const JSON_HEADERS = { "Content-Type": "application/json" };
    const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

    async function add(chosen, about) {
        if (!chosen || !about) { return skip(); }
        const message = place("add-to-proposal-message");
        const told = (...children) => { if (message) { message.replaceChildren(...children); } };
        const measured = (new URLSearchParams(window.location.search).get("datasets") || "").split(",").filter(Boolean);
        try {
            let id = chosen;
            if (chosen === "new") {
                const headers = { ...JSON_HEADERS, "Idempotency-Key": newKey() };
                id = (await (await call("/proposals", { method: "POST", headers, body: JSON.stringify({ name: about.name }) })).json()).id;
            }
            let made = null;
            for (const [kind, item] of [...about.things, ...measured.map((one) => ["datasets", one])]) {
                made = await (await call("/proposals/" + id + "/" + kind + "/" + item, { method: "PUT" })).json();
            }
            const name = document.createElement("a");
            name.href = "/proposals/" + id;
            name.textContent = made ? made.name : "the proposal";
            told("Added to ", name);
        } catch (problem) {
            told("Not added: " + (problem instanceof ApiProblem ? problem.text : String(problem)));
        }
        return null;
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, { proposals: { add } });
})();
