// Proposals: what is typed is saved by itself, archives go straight to the REST API, links are copied.
(function () {
    "use strict";

    const { call, post, latestWins, ApiProblem } = window.beamcast;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const JSON_HEADERS = { "Content-Type": "application/json" };
    const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

    // Saving

    const FIELDS = { "proposal-name": "name", "proposal-notes": "notes" };
    const WAIT_MS = 700;
    const AGAIN_MS = 3000;
    const MOST_KEPT_ALIVE = 60000;
    // What is typed and not saved yet, by proposal: the page may be left meanwhile.
    const unsaved = new Map();
    let timer = null;

    function tell(text, isProblem) {
        const element = place("proposal-saved");
        if (!element) { return; }
        element.textContent = text;
        element.className = isProblem ? "field-error" : "quiet small";
    }

    const openId = () => (place("proposal-page") || { dataset: {} }).dataset.proposal;

    async function saveOne(id) {
        const body = unsaved.get(id);
        unsaved.delete(id);
        if (!body) { return; }
        if (id === openId()) { tell("Saving …"); }
        try {
            const text = JSON.stringify(body);
            // Goes on when the page is left; browsers refuse that to more.
            const keepalive = new Blob([text]).size < MOST_KEPT_ALIVE;
            await call("/proposals/" + id, { method: "PATCH", headers: JSON_HEADERS, body: text, keepalive });
            if (id === openId() && !unsaved.has(id)) { tell("Saved"); }
        } catch (problem) {
            // Kept, and tried again until the server is back; what was typed since counts.
            if (problem.status === 0) {
                unsaved.set(id, { ...body, ...unsaved.get(id) });
                timer = window.setTimeout(() => flush(true), AGAIN_MS);
            }
            if (id === openId()) { tell("Not saved: " + (problem instanceof ApiProblem ? problem.text : String(problem)), true); }
        }
    }

    const flush = latestWins(async () => {
        window.clearTimeout(timer);
        for (const id of Array.from(unsaved.keys())) { await saveOne(id); }
    });

    document.addEventListener("input", (event) => {
        const field = FIELDS[event.target.id];
        const id = openId();
        if (!field || !id) { return; }
        const value = event.target.value;
        if (field === "name") {
            fit();
            if (!value.trim()) {
                tell("Not saved: give it a name.", true);
                return;
            }
            document.title = value.trim() + " · Beamcast";
            place("proposal-heading").textContent = value.trim();
        }
        unsaved.set(id, { ...unsaved.get(id), [field]: value });
        tell("Not saved yet");
        window.clearTimeout(timer);
        timer = window.setTimeout(() => flush(true), WAIT_MS);
    });
    document.addEventListener("focusout", (event) => { if (FIELDS[event.target.id]) { flush(true); } });
    window.addEventListener("pagehide", () => flush(true));

    // A name is one line, however many it needs on a phone.
    document.addEventListener("keydown", (event) => {
        if (event.target.id === "proposal-name" && event.key === "Enter") {
            event.preventDefault();
            event.target.blur();
        }
    });

    function fit() {
        const name = place("proposal-name");
        if (!name) { return; }
        name.style.height = "auto";
        name.style.height = name.scrollHeight + "px";
    }
    window.addEventListener("resize", fit);

    // Sharing

    const address = (path) => window.location.origin + path;

    function link(path) {
        return path ? address(path) : skip();
    }

    async function copy() {
        const field = place("share-link");
        let words = "Link copied";
        try {
            await navigator.clipboard.writeText(field.value);
        } catch (error) {
            field.select();
            words = "Copy what is marked";
        }
        set("copy-share", { children: words });
        window.setTimeout(() => { if (place("copy-share")) { set("copy-share", { children: "Copy link" }); } }, 2500);
    }

    // Importing

    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: ".zip,application/zip", hidden: true, tabIndex: -1, id: "import-file" });
    input.setAttribute("aria-label", "File");
    document.body.append(input);

    function say(text, isProblem) {
        set("proposals-message", { children: text, className: text ? (isProblem ? "inline-problem" : "quiet small") : "" });
    }

    async function bring(file) {
        const form = new FormData();
        form.append("file", file);
        const button = place("import-proposal");
        if (button) { button.disabled = true; }
        say("Importing " + file.name + ": every file in it is checked, which may take a minute …");
        try {
            const response = await call("/proposals/import", { method: "POST", body: form, headers: { "Idempotency-Key": newKey() } });
            const made = await response.json();
            say(null);
            set("location", { href: "/proposals/" + made.id });
        } catch (problem) {
            say(problem instanceof ApiProblem ? problem.text : String(problem), true);
        }
        if (button) { button.disabled = false; }
    }

    input.addEventListener("change", () => {
        if (input.files.length) { bring(input.files[0]); }
        input.value = ""; // the mended file of the same name counts as a change
    });

    document.addEventListener("click", (event) => {
        if (!event.target.closest) { return; }
        if (event.target.closest("#import-proposal")) { input.click(); }
        if (event.target.closest("#copy-share")) { copy(); }
    });

    // Adding what a page shows

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

    // What readers see

    const drawing = {};
    function drawer(kind) {
        return latestWins(async ({ theme, context }) => {
            const views = kind === "map" ? context.views.slice(0, 1) : context.views;
            const over = kind === "spectrum" && context.dataset_ids.length ? { dataset_ids: context.dataset_ids } : {};
            const word = (children, isProblem) => set(kind + "-message", { children, className: "graph-message" + (isProblem ? " is-problem" : "") });
            try {
                const response = await post("/shared/" + context.token + "/figures", { kind, theme, views, ...over });
                const figure = await response.json();
                if (!place(kind + "-graph") || !place("shared-page")) { return; }
                set(kind + "-graph", { figure: window.beamcast.figures.dress(kind, figure, theme) });
                word(null);
            } catch (problem) {
                if (place("shared-page")) { word(problem.text || String(problem), true); }
            }
        });
    }

    function draw(theme, context) {
        if (!theme || !context) { return skip(); }
        ["spectrum", "map"].forEach((kind) => {
            drawing[kind] = drawing[kind] || drawer(kind);
            drawing[kind]({ theme, context });
        });
        return skip();
    }

    // After a report is deleted, the page fetches what is left.
    window.beamcast.proposals = { stale: () => set("proposal-stale", { data: newKey() }), fit };
    window.dash_clientside = Object.assign({}, window.dash_clientside, { proposals: { link, add, draw } });
})();
