// Forecast and measured data compared: what is asked for, and that only the newest answer is shown.
(function () {
    "use strict";

    const { post, newestOnly, ApiProblem } = window.beamcast;
    const { succeeded, sourcesOf, instrumentsOf, spectrumBody, labelOf, SAMPLE } = window.beamcast.bodies;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const datasets = () => window.beamcast.datasets;

    // A drag of a slider is over when nothing has changed for so long.
    const SETTLED_MS = 250;
    const KINDS = { fit: "comparison", peaks: "comparison", refinement: "refinement", ranking: "ranking" };
    const PATHS = { fit: "/comparisons", peaks: "/comparisons/peaks", refinement: "/comparisons/refinement", ranking: "/comparisons/ranking" };

    let now = null; // the page's view
    let chosen = null; // on the panel
    let offered = {}; // what the selects were given last, by id
    let shown = {}; // Dash's properties as they were set last

    const put = (id, props) => {
        const text = JSON.stringify(props);
        if (shown[id] !== text) {
            shown[id] = text;
            set(id, props);
        }
    };

    const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
    const textOf = (problem) => (problem instanceof ApiProblem ? problem.text : String(problem));

    // Choices

    // Gives a select its options and returns the chosen one: the user's, while it is among them.
    function offer(id, options, picked, usual) {
        const value = options.some((one) => one.value === picked) ? picked : usual;
        const given = JSON.stringify([options, value]);
        if (!offered[id] || offered[id].given !== given) {
            offered[id] = { given, value };
            set(id, { data: options, value });
        }
        put(id + "-field", { hidden: options.length < 2 });
        return value;
    }

    function forecasts({ view, context, done }) {
        const names = instrumentsOf(view);
        return sourcesOf(view, succeeded(context, done)).flatMap((prediction) => names.map((name) => ({
            value: prediction.id + "|" + name, label: labelOf(view, name, prediction, context), prediction, name,
        })));
    }

    // Through the instrument that the data were measured on, if it is shown; of the best simulation so far.
    function usual(dataset, options, view) {
        const names = instrumentsOf(view);
        const name = names.includes(dataset.instrument) ? dataset.instrument : names[0];
        return options.filter((one) => one.name === name).at(-1);
    }

    // The view as comparisons take it: they find energies that suit the data, and show no orders by themselves.
    function bodyOf(view, name, prediction) {
        const { per_order: ignored, ...body } = spectrumBody(view, name, prediction, now.context, null);
        return body;
    }

    function rangeOf(dataset) {
        const [low, high] = [number(chosen.min), number(chosen.max)];
        if (low === null && high === null) { return null; }
        return [low === null ? dataset.energy_range_mev[0] : low, high === null ? dataset.energy_range_mev[1] : high];
    }

    function fitOf(dataset) {
        return {
            scale: chosen.scale, shift: chosen.shift, stretch: chosen.stretch, extra_width: chosen.width,
            background: chosen.background, range_mev: rangeOf(dataset),
        };
    }

    async function requestFor(dataset, forecast) {
        const { view, theme } = now;
        const fit = fitOf(dataset);
        const common = { dataset_id: dataset.id, fit, follow_dataset: forecast.name !== SAMPLE };
        let body = { prediction_id: forecast.prediction.id, view: bodyOf(view, forecast.name, forecast.prediction), ...common };
        if (chosen.tab === "ranking") {
            await window.beamcast.ranking.load(now);
            const candidates = window.beamcast.ranking.candidates(now, chosen.others, (seen, one) => bodyOf(seen, forecast.name, one));
            body = { candidates, ...common };
        }
        const tolerance = chosen.tab === "peaks" && number(chosen.tolerance) > 0 ? { tolerance_mev: chosen.tolerance } : {};
        const look = { theme: theme || "light", energy_unit: view.energy_unit, scale: view.scale };
        return {
            tab: chosen.tab, dataset, path: PATHS[chosen.tab], body: { ...body, ...tolerance }, unit: view.energy_unit,
            figure: { kind: KINDS[chosen.tab], ...body, ...look }, stamp: datasets().stamp(),
        };
    }

    // Answers

    const waiting = { numbers: false, figure: false };

    function busy(part, is) {
        waiting[part] = is;
        const body = place("comparison-body");
        if (body) { body.setAttribute("aria-busy", String(waiting.numbers || waiting.figure)); }
    }

    const problems = { numbers: null, figure: null };

    function complain(name, text) {
        problems[name] = text;
        put("comparison-problem", { children: problems.numbers || problems.figure });
        if (text && name === "numbers") { place("comparison-results").replaceChildren(); }
        if (text && name === "figure") { set("comparison-graph", { figure: window.beamcast.figures.blank() }); }
    }

    // The work that shows one part of an answer, unless it is the one that is shown already.
    function part(name, bodyFor, pathFor, show) {
        let last = null;
        const start = newestOnly(async (request, signal) => {
            const key = JSON.stringify([pathFor(request), bodyFor(request), request.tab, request.unit, request.stamp]);
            if (key === last) {
                busy(name, false);
                return;
            }
            last = null;
            busy(name, true);
            try {
                const answer = await (await post(pathFor(request), bodyFor(request), null, signal)).json();
                if (signal.aborted || !place("comparison-results")) { return; }
                show(answer, request);
                complain(name, null);
                last = key;
            } catch (problem) {
                if (signal.aborted) { return; }
                complain(name, textOf(problem));
            }
            busy(name, false);
        });
        const forget = (text) => {
            start.stop();
            last = null;
            busy(name, false);
            if (text) { complain(name, text); }
        };
        return { start, forget };
    }

    const numbers = part("numbers", (request) => request.body, (request) => request.path, (answer, request) => {
        const dataUnit = request.dataset.y_unit || "data unit";
        const how = { unit: request.unit, dataUnit, terms: now.context.data_words.terms, predictions: now.context.predictions, asked: request.body };
        const results = window.beamcast.tables[request.tab](answer, how).filter(Boolean);
        place("comparison-results").replaceChildren(...results);
    });

    const figure = part("figure", (request) => request.figure, () => "/comparisons/figure", (answer, request) => {
        place("comparison").dataset.tab = request.tab;
        set("comparison-graph", { figure: window.beamcast.figures.dress("comparison", answer, now.theme) });
    });

    // Nothing can be asked: of an old answer nothing stays where it is said why.
    function stop(text) {
        numbers.forget(text);
        figure.forget(text);
    }

    async function ask() {
        if (!now || !chosen || !place("comparison")) { return; }
        const spectra = datasets().drawn(now.view);
        const options = forecasts(now);
        put("comparison", { hidden: !spectra.length || !options.length });
        if (!spectra.length || !options.length) {
            stop();
            return;
        }
        const id = offer("comparison-dataset", spectra.map((one) => ({ value: one.id, label: one.name })), chosen.dataset, spectra[0].id);
        const dataset = spectra.find((one) => one.id === id);
        const value = offer("comparison-forecast", options.map((one) => ({ value: one.value, label: one.label })),
            chosen.forecast, usual(dataset, options, now.view).value);
        put("peaks-options", { hidden: chosen.tab !== "peaks" });
        put("ranking-options", { hidden: chosen.tab !== "ranking" });
        const range = rangeOf(dataset);
        const wrong = range !== null && range[1] <= range[0];
        put("fit-max", { error: wrong ? "Must be above “From”." : null });
        if (wrong) { return; }
        const before = asked.number += 1;
        let request;
        try {
            request = await requestFor(dataset, options.find((one) => one.value === value));
        } catch (problem) {
            stop(textOf(problem));
            return;
        }
        // Its own list of candidates may have come after another question.
        if (before !== asked.number) { return; }
        if (request.tab === "ranking" && !request.body.candidates.length) {
            stop("Tick a forecast to be ranked.");
            return;
        }
        numbers.start(request);
        figure.start(request);
    }
    const asked = { number: 0 };

    function update() {
        window.clearTimeout(update.timer);
        update.timer = window.setTimeout(ask, SETTLED_MS);
    }

    // Called by the page's controls, through assets/figures.js.
    function look(looking) {
        if (!looking.view.datasets) { return; }
        if (!now || now.context !== looking.context) {
            stop();
            offered = {};
            shown = {};
            window.beamcast.ranking.arrive(update);
        }
        now = looking;
        update();
        window.beamcast.measuredMap.look(looking);
    }

    // Called by the panel's own. What a select was given is no choice of the user's.
    function choose(tab, dataset, forecast, scale, shift, stretch, width, background, min, max, tolerance, others, map, mapBackground) {
        const picked = (id, value, before) => (offered[id] && offered[id].value === value ? before : value);
        const before = chosen || {};
        chosen = {
            tab, scale, shift, stretch, width, background, min, max, tolerance, others,
            dataset: picked("comparison-dataset", dataset, before.dataset),
            forecast: picked("comparison-forecast", forecast, before.forecast),
        };
        update();
        window.beamcast.measuredMap.choose(map, mapBackground);
        return skip();
    }

    window.beamcast.comparison = { look, offer, bodyOf, put };
    window.dash_clientside = Object.assign({}, window.dash_clientside, { comparison: { choose } });
})();
