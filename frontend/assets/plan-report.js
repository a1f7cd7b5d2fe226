// What goes out: the report's two pages, the same as HTML, the bundle; and the proposal that the plan is kept in.
(function () {
    "use strict";

    const { call, post, save, fileName, cells } = window.beamcast;
    const { element } = cells;
    const { set, place, plan } = window.beamcast.plan;

    const KINDS = {
        pdf: { path: "/reports", accept: "application/pdf", suffix: ".pdf" },
        html: { path: "/reports", accept: "text/html", suffix: ".html" },
        bundle: { path: "/reports/bundle", accept: "application/zip", suffix: ".zip" },
    };

    let now = null;

    function say(text, isProblem) {
        const at = place("plan-report-message");
        at.className = text ? (isProblem ? "inline-problem" : "quiet small") : "";
        at.replaceChildren(...[text].flat().filter(Boolean));
    }

    const value = (id) => (place(id) ? place(id).value.trim() : "");
    const settingOf = ({ instrument, settings }) => ({ instrument, settings });

    // The plan with the settings that go out: all that were tried are tried again, or the one that was counted with.
    function planned() {
        const chosen = window.beamcast.plan.measurementPanel.chosen();
        const body = plan(now.state);
        return now.state.report_mode === "chosen" && chosen ? { ...body, settings: [settingOf(chosen)] } : body;
    }

    function reportBody() {
        const { state } = now;
        const of = (mode, body) => (state.report_mode === mode ? body : {});
        return {
            prediction_id: state.prediction, title: value("plan-report-title"), proposer: value("plan-report-proposer"),
            notes: value("plan-report-notes"), dataset_ids: state.report_data, plan: planned(),
            ...of("chosen", { hours: window.beamcast.plan.measurementPanel.hours() }),
        };
    }

    async function make(kind, button) {
        const { path, accept, suffix } = KINDS[kind];
        button.disabled = true;
        say("Being made …");
        try {
            const response = await post(path, reportBody(), accept);
            await save(response, fileName("beamcast", now.context.structure.name, "beam time") + suffix);
            say("Saved.");
        } catch (problem) {
            say(problem.text || String(problem), true);
        }
        button.disabled = false;
    }

    // The same request again, after a lost connection, makes no second proposal.
    const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

    async function propose() {
        const settings = window.beamcast.plan.rankingPanel.best().map(settingOf);
        const { sample, ...rest } = plan(now.state);
        const body = { sample, settings, plan: { sample, ...rest } };
        const id = now.state.proposal;
        set("plan-propose", { loading: true });
        try {
            const named = { name: value("plan-report-title") || "Beam time for " + now.context.structure.name, ...body };
            const headers = { "Content-Type": "application/json" };
            const response = await (id === "new"
                ? call("/proposals", { method: "POST", headers: { ...headers, "Idempotency-Key": key() }, body: JSON.stringify(named) })
                : call("/proposals/" + id, { method: "PATCH", headers, body: JSON.stringify(body) }));
            const made = await response.json();
            say(["Kept in ", element("a", { href: "/proposals/" + made.id }, made.name), "."]);
        } catch (problem) {
            say(problem.text || String(problem), true);
        }
        set("plan-propose", { loading: false });
    }

    document.addEventListener("click", (event) => {
        if (!now || !event.target.closest) { return; }
        const button = event.target.closest(".plan-report-button");
        if (button) { make(button.dataset.report, button); }
        if (event.target.closest("#plan-propose")) { propose(); }
    });

    window.beamcast.plan.reportPanel = { look: (looking) => { now = looking; } };
})();
