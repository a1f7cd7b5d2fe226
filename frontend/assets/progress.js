// Simulations as they go: the server's events, or asking every two seconds where the stream breaks.
(function () {
    "use strict";

    const skip = () => window.dash_clientside.no_update;
    const FINISHED = ["succeeded", "failed", "cancelled"];
    const WORDS = { queued: "Waiting", running: "Running", succeeded: "Ready", failed: "Failed", cancelled: "Cancelled" };
    const COLOURS = { queued: "gray", running: "beam", succeeded: "teal", failed: "red", cancelled: "gray" };
    // Reasons to wait that somebody has to mend.
    const STUCK = ["waiting_for_engine", "waiting_for_queue", "waiting_for_disk_space"];
    let open = [];
    window.beamcast.species = {};

    function duration(seconds) {
        if (seconds === null || seconds === undefined) { return ""; }
        if (seconds < 90) { return Math.max(1, Math.round(seconds)) + " s left"; }
        const minutes = Math.round(seconds / 60);
        if (minutes < 90) { return minutes + " min left"; }
        return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min left";
    }

    function show(state) {
        if (!state) { return Array(11).fill(skip()); }
        const over = FINISHED.includes(state.status);
        const waiting = !over && Boolean(state.waiting_for);
        const running = state.status === "running" && !waiting;
        const begun = !over && state.progress > 0 ? Math.round(state.progress * 100) + " %" : "";
        const stage = over ? ranFor(state) : state.cancel_requested ? "cancelling …" : state.stage + attempt(state);
        return [
            waiting ? WORDS.queued : WORDS[state.status] || state.status,
            waiting ? COLOURS.queued : COLOURS[state.status] || "gray",
            stage,
            "progress-stage" + (waiting && STUCK.includes(state.waiting_for.code) ? " is-stuck" : ""),
            running ? (begun || "0 %") + " · " + (duration(state.eta_s) || "…") : begun,
            state.status === "succeeded" ? 100 : state.progress * 100,
            "progress-bar is-" + state.status,
            over ? { display: "none" } : {},
            !over,
            state.status !== "failed",
            state.error || (state.status === "failed" ? "It stopped without a reason; the server's log may say more." : ""),
        ];
    }

    const ORDINALS = { 2: "second", 3: "third", 4: "fourth", 5: "fifth" };

    // Said, for its per cent may have gone back.
    function attempt(state) {
        if (state.status !== "running" || !(state.attempt > 1)) { return ""; }
        const which = ORDINALS[state.attempt] ? ORDINALS[state.attempt] + " attempt" : "attempt " + state.attempt;
        return " · " + which + ": a worker died";
    }

    function ranFor(state) {
        if (state.status !== "succeeded" || !state.started_at || !state.finished_at) { return ""; }
        const seconds = (new Date(state.finished_at) - new Date(state.started_at)) / 1000;
        return "took " + duration(seconds).replace(" left", "");
    }

    function put(state) {
        const id = { type: "prediction-status", id: state.id };
        window.dash_clientside.set_props(id, { data: state });
        return FINISHED.includes(state.status);
    }

    function follow(context) {
        open.forEach((one) => one.stop());
        open = [];
        if (!context) { return skip(); }
        open = context.predictions
            .filter((prediction) => !FINISHED.includes(prediction.status))
            .map((prediction) => watch(prediction.id));
        return open.length;
    }

    function watch(id) {
        let stopped = false;
        let timer = null;
        const path = "/api/v1/predictions/" + id;
        const source = new EventSource(path + "/events");
        const stop = () => { stopped = true; source.close(); window.clearTimeout(timer); };

        function receive(event) {
            if (stopped) { return; }
            if (put(JSON.parse(event.data))) { stop(); }
        }

        async function ask() {
            try {
                const response = await fetch(path, { cache: "no-store" });
                if (!stopped && response.ok && put(await response.json())) { stop(); }
                if (response.status === 404) { stop(); }
            } catch (error) { /* the server is gone: ask again */ }
            if (!stopped) { timer = window.setTimeout(ask, 2000); }
        }

        source.addEventListener("prediction", receive);
        source.onmessage = receive;
        source.onerror = () => {
            // The stream ends when the server goes or a proxy cuts it: from here on, ask.
            source.close();
            if (!stopped && timer === null) { timer = window.setTimeout(ask, 500); }
        };
        return { stop };
    }

    // Changes only when a simulation's status does, so that what listens to it is not called at every percent.
    function done(states, before) {
        const now = {};
        (states || []).forEach((state) => {
            if (!state) { return; }
            now[state.id] = state.status;
            // Known once it has succeeded: elements, or the sites that it tells apart.
            window.beamcast.species[state.id] = (state.provenance || {}).species || null;
        });
        return JSON.stringify(now) === JSON.stringify(before) ? skip() : now;
    }

    // Leaving the page ends its streams: a browser allows six connections to one server.
    window.addEventListener("pagehide", () => follow(null));
    window.beamcast.stopFollowing = () => follow(null);

    window.dash_clientside = Object.assign({}, window.dash_clientside, { progress: { show, follow, done } });
})();
