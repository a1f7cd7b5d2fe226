// A measurement at one setting, simulated; and the sample on all instruments.
(function () {
    "use strict";

    const { cells } = window.beamcast;
    const { element, count } = cells;
    const { set, place, number, part, figurePart, measurement, scattering, figure, hoursWords, listOf, warned } = window.beamcast.plan;

    const USUAL_HOURS = 12; // where the ranking knows none

    let now = null;
    let ranked = [];
    let chosen = null; // the setting
    let given = {}; // what the controls were given last
    let own = {}; // what the user has set: hours, bin, and whether the setting was chosen
    let seed = 1;

    // Rounded up to what one asks for.
    function suggested(one) {
        if (!one || one.hours === null) { return USUAL_HOURS; }
        if (one.hours < 1) { return Math.max(0.1, Math.ceil(10 * one.hours) / 10); }
        return Math.min(1e5, one.hours < 10 ? Math.ceil(2 * one.hours) / 2 : Math.ceil(one.hours));
    }

    function give(id, props) {
        const text = JSON.stringify(props);
        if (given[id] !== text) {
            given[id] = text;
            set(id, props);
        }
    }

    const hours = () => own.hours ?? suggested(chosen);

    const numbers = part("measurement", {
        path: () => "/plans/measurement",
        problem: "plan-measurement-problem",
        busy: (is) => place("plan-measurement").setAttribute("aria-busy", String(is)),
        show: (answer) => {
            const at = place("plan-measurement-words");
            if (!answer) {
                at.replaceChildren();
                return;
            }
            const total = answer.counts.reduce((sum, one) => sum + one, 0);
            const words = answer.label + ", " + hoursWords(answer.hours) + ": " + count(total) + " counts in " + count(answer.counts.length) +
                " bins, all detectors together. Error bars are √counts.";
            at.replaceChildren(...[
                element("p", { class: "quiet small graph-note" }, words), warned(answer.warnings),
                answer.rests_on.length ? element("details", { class: "fold" }, element("summary", {}, "What this rests on"), listOf(answer.rests_on, { class: "small" })) : null,
            ].filter(Boolean));
        },
    });
    const drawing = figurePart("plan-measurement");

    function ask() {
        set("plan-seed", { children: chosen ? "Seed " + seed : null });
        const unknown = chosen && chosen.basis === "relative";
        if (!chosen || !now || unknown) {
            [numbers, drawing].forEach((one) => one.forget());
            place("plan-measurement").setAttribute("aria-busy", "false");
            place("plan-measurement-words").replaceChildren();
            set("plan-measurement-graph", { figure: window.beamcast.figures.blank() });
            set("plan-measurement-message", { className: "graph-message", children: unknown
                ? "How much " + chosen.instrument + " counts is not published: one of your own measurements, with exposure and mass, would tell." : null });
            return;
        }
        const { state, context } = now;
        const body = measurement(state, { setting: chosen, hours: hours(), bin: own.bin ?? null, seed });
        numbers.start({ body, context });
        drawing.start({ body: figure("measurement", body, state), context, theme: state.theme });
    }

    // Whose counts are known, first.
    const best = () => ranked.find((one) => one.basis !== "relative") || ranked[0] || null;

    // With the newest ranking: the best, or what was chosen where it is still there.
    function offer(settings) {
        ranked = settings;
        const kept = own.setting ? ranked.find((one) => one.label === own.setting) : null;
        chosen = kept || best();
        give("plan-setting", { data: ranked.map((one) => ({ value: one.label, label: one.rank + ". " + one.label })), value: chosen ? chosen.label : null });
        give("plan-measured-hours", { value: hours() });
        ask();
    }

    function choose(one) {
        own.setting = one.label;
        delete own.hours;
        chosen = one;
        give("plan-setting", { data: ranked.map((other) => ({ value: other.label, label: other.rank + ". " + other.label })), value: one.label });
        give("plan-measured-hours", { value: hours() });
        ask();
        place("plan-measurement").scrollIntoView({ block: "start" });
        window.beamcast.plan.chosen(chosen);
    }

    // Called by the controls. What they were given is no choice of the user's.
    function measure(label, typed, bin) {
        if (!now || !place("plan-measurement")) { return window.dash_clientside.no_update; }
        const width = number(bin);
        own.bin = width > 0 ? width : null;
        const picked = ranked.find((one) => one.label === label);
        if (picked && chosen && picked.label !== chosen.label) {
            own.setting = label;
            delete own.hours;
            chosen = picked;
            give("plan-measured-hours", { value: hours() });
            window.beamcast.plan.chosen(chosen);
        } else if (number(typed) > 0 && typed !== hours()) {
            own.hours = typed;
            given["plan-measured-hours"] = JSON.stringify({ value: typed });
        }
        ask();
        return window.dash_clientside.no_update;
    }

    document.addEventListener("click", (event) => {
        if (event.target.closest && event.target.closest("#plan-again") && chosen) {
            seed += 1;
            ask();
        }
    });

    // The sample on all instruments: asked for when it comes into sight, for it is the largest figure.

    let inSight = false;
    let watcher = null;

    const sheet = part("sheet", {
        path: () => "/plans/figure",
        problem: "plan-sheet-problem",
        busy: (is) => {
            place("plan-sheet-place").setAttribute("aria-busy", String(is));
            set("plan-sheet-message", { children: is ? "Being drawn …" : null });
        },
        show: (answer, { theme }) => {
            if (!answer) {
                set("plan-sheet-graph", { figure: window.beamcast.figures.blank() });
                return;
            }
            // As high as its rows need; on a phone it is scrolled, not squeezed.
            const frame = place("plan-sheet-graph").closest(".graph-frame");
            frame.style.height = (answer.layout.height || 760) + "px";
            delete answer.layout.height;
            delete answer.layout.width;
            answer.layout.autosize = true;
            answer.layout.modebar = window.beamcast.figures.toolbar(theme);
            set("plan-sheet-graph", { figure: { data: answer.data, layout: answer.layout } });
        },
    });

    // The best setting of each instrument that was ranked.
    function bestOfEach() {
        const first = new Map();
        ranked.forEach((one) => { if (!first.has(one.instrument)) { first.set(one.instrument, { instrument: one.instrument, settings: one.settings }); } });
        return Array.from(first.values());
    }

    function askSheet() {
        if (!inSight || !now || !place("plan-sheet")) { return; }
        const { state, context } = now;
        if (state.sheet_mode === "ranked" && !ranked.length) { return; }
        const settings = state.sheet_mode === "ranked" ? bestOfEach() : [];
        const body = { ...scattering(state), settings, features_mev: state.features || window.beamcast.plan.featuresPanel.energies() };
        sheet.start({ body: figure("sheet", body, state), context, theme: state.theme });
    }

    function watch() {
        if (watcher) { watcher.disconnect(); }
        inSight = false;
        watcher = new IntersectionObserver((entries) => {
            if (entries.some((one) => one.isIntersecting)) {
                inSight = true;
                watcher.disconnect();
                askSheet();
            }
        }, { rootMargin: "200px" });
        watcher.observe(place("plan-sheet"));
    }

    function look(looking) {
        if (!now || now.context !== looking.context) {
            [ranked, chosen, given, own, seed] = [[], null, {}, {}, 1];
            [numbers, drawing, sheet].forEach((one) => one.forget());
            now = looking;
            watch();
        }
        now = looking;
        askSheet();
    }

    window.beamcast.plan.measurementPanel = {
        look, measure, choose, offer: (settings) => { offer(settings); askSheet(); }, chosen: () => chosen, hours,
    };
})();
