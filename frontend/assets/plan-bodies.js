// A plan of beam time: what is asked for it, its place in the address, and pieces that its panels share.
(function () {
    "use strict";

    const { newestOnly, ApiProblem, cells } = window.beamcast;
    const { element, significant } = cells;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

    // What the API is asked

    // "2H:98" → 98 % of it, the rest ¹H for hydrogen, natural for others.
    function nucleus(element, text) {
        const [isotope, percent] = text.split(":");
        if (!percent) { return isotope; }
        const share = Number((Number(percent) / 100).toFixed(6));
        return { [isotope]: share, [element === "H" ? "1H" : element]: Number((1 - share).toFixed(6)) };
    }

    const nuclei = (isotopes) => Object.fromEntries(Object.entries(isotopes).map(([one, text]) => [one, nucleus(one, text)]));

    function scattering(state) {
        return { prediction_id: state.prediction, isotopes: nuclei(state.isotopes), energy_scale: state.energy_scale };
    }

    function sample(state) {
        const { form, geometry, amount, width_mm, height_mm, packing, density_g_cm3, material, wall_mm } = state;
        const body = { form, geometry, width_mm, height_mm, packing, container: { material, wall_mm } };
        body[amount] = state[amount];
        if (density_g_cm3 !== null) { body.density_g_cm3 = density_g_cm3; }
        return body;
    }

    const target = ({ signal_to_noise, q_slices, source_power, beam_current, background }) =>
        ({ signal_to_noise, q_slices, source_power, beam_current, background });
    const calibrations = (state) => state.calibrations.map((id) => ({ dataset_id: id }));

    function features(state) {
        return {
            ...scattering(state), features_mev: state.features === null ? "auto" : state.features,
            pairs_mev: state.pairs === null ? "adjacent" : state.pairs,
        };
    }

    function plan(state) {
        const { facilities, instruments, beam_time_h } = state;
        return {
            ...features(state), sample: sample(state), settings: "scan",
            constraints: { facilities, instruments, beam_time_h }, target: target(state), calibrations: calibrations(state),
        };
    }

    function advice(state) {
        return { sample: sample(state), isotopes: nuclei(state.isotopes), irradiation: { hours: state.hours } };
    }

    function deuteration(state) {
        const [site, isotope] = state.instead.split(":");
        return { ...plan(state), most: 3, instead: { [site]: isotope } };
    }

    function measurement(state, { setting, hours, bin, seed }) {
        const { instrument, settings } = setting;
        return {
            ...scattering(state), sample: sample(state), setting: { instrument, settings }, hours, target: target(state),
            calibrations: calibrations(state), bin_mev: bin, seed,
        };
    }

    const figure = (kind, body, state) => ({ kind, ...body, theme: state.theme, energy_unit: state.energy_unit });

    // The address

    function remember(state, context) {
        const query = [["predictions", state.prediction]];
        context.fields.forEach(({ key, kind, default: usual }) => {
            const value = state[key];
            if (kind === "names") {
                if (value.length) { query.push([key, value.join(",")]); }
            } else if (value !== null && value !== usual) {
                query.push([key, value]);
            }
        });
        Object.entries(state.isotopes).forEach(([one, text]) => query.push(["iso." + one, text]));
        if (state.features !== null) { query.push(["features", state.features.join(",")]); }
        if (state.pairs !== null) { query.push(["pairs", state.pairs.map((pair) => pair.join("-")).join(",")]); }
        const written = (text) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":");
        const path = window.location.pathname;
        window.clearTimeout(remember.timer);
        remember.timer = window.setTimeout(() => {
            if (window.location.pathname !== path) { return; }
            const address = path + "?" + query.map(([key, value]) => key + "=" + written(value)).join("&");
            window.history.replaceState(window.history.state, "", address);
        }, 250);
    }

    // What is wrong stands at the field that it is about, whichever panel was refused.

    let wrong = {}; // panel → field → words
    let marked = {};

    function mark(panel, errors, context) {
        // Chips have no place for it.
        const keys = new Set(context.fields.map((one) => one.key).filter((key) => !["facilities", "instruments"].includes(key)));
        const told = {};
        const rest = [];
        errors.forEach((error) => {
            const key = String(error.loc).split(/[.[\]]+/).reverse().find((part) => keys.has(part));
            if (key) { told[key] = error.msg; } else { rest.push(error); }
        });
        wrong[panel] = told;
        const all = Object.assign({}, ...Object.values(wrong));
        new Set([...Object.keys(all), ...Object.keys(marked)]).forEach((key) => {
            if (all[key] !== marked[key]) { set("plan-" + key, { error: all[key] || null }); }
        });
        marked = all;
        return rest;
    }

    // The work that shows one part of the page, unless it is shown already. `show` gets the answer and what was asked.
    function part(name, { path, show, busy, problem }) {
        let last = null;
        let otherwise = () => {};
        const tell = (text) => { if (problem && place(problem)) { set(problem, { children: text }); } };
        const ask = newestOnly(async (request, signal) => {
            const key = JSON.stringify(request.body);
            if (key === last) {
                busy(false, request);
                otherwise();
                return;
            }
            last = null;
            busy(true, request);
            try {
                const answer = await (await window.beamcast.post(path(request), request.body, null, signal)).json();
                if (signal.aborted || !place("plan-page")) { return; }
                show(answer, request);
                mark(name, [], request.context);
                tell(null);
                last = key;
            } catch (error) {
                if (signal.aborted || !place("plan-page")) { return; }
                if (!(error instanceof ApiProblem)) { console.error(error); }
                const rest = mark(name, error.errors || [], request.context);
                const said = (error.errors || []).length && !rest.length ? "See what is marked in red." : error.text || String(error);
                tell(said);
                show(null, request, error);
            }
            busy(false, request);
        });
        // `unchanged` is called where the answer stands there already.
        const start = (request, unchanged) => {
            otherwise = unchanged || (() => {});
            ask(request);
        };
        const forget = () => {
            ask.stop();
            last = null;
        };
        return { start, forget };
    }

    // A figure as the API draws it.
    function figurePart(id, { dressed } = {}) {
        let drawn = false;
        return part(id, {
            path: () => "/plans/figure",
            busy: (is) => {
                if (place(id + "-place")) { place(id + "-place").setAttribute("aria-busy", String(is)); }
                if (is && !drawn) { set(id + "-message", { children: "Being drawn …", className: "graph-message" }); }
            },
            // What is refused, the panel says in words already.
            show: (answer, request, error) => {
                const dress = (made) => (dressed ? dressed(made, request) : made);
                drawn = Boolean(answer);
                const failed = answer || error.status === 422 ? null : error.text || String(error);
                set(id + "-message", { children: failed, className: "graph-message" + (failed ? " is-problem" : "") });
                set(id + "-graph", { figure: answer ? dress(window.beamcast.figures.dress(id, answer, request.theme)) : window.beamcast.figures.blank() });
            },
        });
    }

    // Words

    // A word that explains itself, as frontend/terms.py makes them.
    const term = (label, key, terms) => element("span", { class: "term", tabindex: "0", role: "note", "aria-description": terms[key] }, label);

    // Beam time as it is asked for: minutes below an hour, two digits above.
    function hoursWords(hours) {
        if (hours === null || hours === undefined) { return "—"; }
        if (hours < 1 / 60) { return "< 1 min"; }
        if (Math.round(60 * hours) < 60) { return Math.round(60 * hours) + " min"; }
        if (hours < 96) { return significant(hours, 2) + " h"; }
        if (hours < 24 * 365) { return significant(hours / 24, 2) + " days"; }
        return "> 1 year";
    }

    function bandWords(low, high) {
        if (low === null || high === null || low === undefined || high === undefined) { return null; }
        const [from, to] = [low, high].map(hoursWords);
        return from === to ? null : from + " to " + to;
    }

    const fact = (name, value) => (value === null || value === undefined ? null
        : element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    const listOf = (words, attributes) => (words.length ? element("ul", attributes || {}, words.map((word) => element("li", {}, word))) : null);
    const warned = (words) => (words.length ? listOf(words, { class: "data-words small" }) : null);

    window.beamcast.plan = {
        set, place, number, nuclei, features, plan, advice, deuteration, measurement, scattering, figure, remember, part, figurePart,
        term, hoursWords, bandWords, fact, listOf, warned,
        arrive: () => { wrong = {}; marked = {}; },
    };
})();
