// A measured map beside the forecast in its own bins, and the difference.
(function () {
    "use strict";

    const { post, newestOnly, ApiProblem } = window.beamcast;
    const { succeeded, sourcesOf, instrumentsOf, SAMPLE } = window.beamcast.bodies;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const place = (id) => document.getElementById(id);
    const SETTLED_MS = 250;

    let now = null;
    let chosen = { dataset: null, background: false };

    // As the map above, but through the instrument that the data were measured on, where it is shown.
    function forecastFor(dataset) {
        const { view, context, done } = now;
        const sources = sourcesOf(view, succeeded(context, done));
        const names = instrumentsOf(view);
        const name = names.includes(dataset.instrument) ? dataset.instrument : names.includes(view.map) ? view.map : null;
        const prediction = sources.find((one) => one.id === view.map_prediction) || sources.at(-1);
        return prediction && name ? { prediction, name } : null;
    }

    let last = null;
    const draw = newestOnly(async ({ dataset, body, look }, signal) => {
        const key = JSON.stringify([body, look, window.beamcast.datasets.stamp()]);
        if (key === last) { return; }
        last = null;
        const { put } = window.beamcast.comparison;
        place("measured-map").setAttribute("aria-busy", "true");
        try {
            const [numbers, figure] = await Promise.all([
                post("/comparisons", body, null, signal), post("/comparisons/figure", { kind: "comparison", ...body, ...look }, null, signal),
            ].map(async (response) => (await response).json()));
            if (signal.aborted || !place("measured-map-graph")) { return; }
            set("measured-map-graph", { figure: window.beamcast.figures.dress("measured-map", figure, now.theme) });
            put("measured-map-note", { children: window.beamcast.tables.mapWords(numbers, dataset.y_unit || "data unit") });
            put("measured-map-problem", { children: null });
            last = key;
        } catch (problem) {
            if (signal.aborted) { return; }
            put("measured-map-problem", { children: problem instanceof ApiProblem ? problem.text : String(problem) });
            put("measured-map-note", { children: null });
            set("measured-map-graph", { figure: window.beamcast.figures.blank() });
        }
        place("measured-map").setAttribute("aria-busy", "false");
    });

    function ask() {
        if (!now || !place("measured-map")) { return; }
        const { offer, bodyOf, put } = window.beamcast.comparison;
        const maps = window.beamcast.datasets.maps(now.view);
        const id = maps.length
            ? offer("measured-map-dataset", maps.map((one) => ({ value: one.id, label: one.name })), chosen.dataset, maps[0].id) : null;
        const dataset = maps.find((one) => one.id === id);
        const forecast = dataset && forecastFor(dataset);
        put("measured-map", { hidden: !forecast });
        if (!forecast) {
            draw.stop();
            last = null;
            return;
        }
        const fit = { scale: true, background: chosen.background ? "constant" : "none" };
        draw({
            dataset,
            body: { prediction_id: forecast.prediction.id, view: bodyOf(now.view, forecast.name, forecast.prediction),
                dataset_id: dataset.id, fit, follow_dataset: forecast.name !== SAMPLE },
            look: { theme: now.theme || "light", energy_unit: now.view.energy_unit, scale: now.view.map_scale },
        });
    }

    function update() {
        window.clearTimeout(update.timer);
        update.timer = window.setTimeout(ask, SETTLED_MS);
    }

    function look(looking) {
        if (!now || now.context !== looking.context) {
            draw.stop();
            last = null;
        }
        now = looking;
        update();
    }

    function choose(dataset, background) {
        chosen = { dataset, background: Boolean(background) };
        update();
    }

    window.beamcast.measuredMap = { look, choose };
})();
