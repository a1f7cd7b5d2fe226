// Figures come from the API as Plotly JSON. They are set on their graphs directly and not as a callback's answer:
// Dash drops the answer of a callback that was called again meanwhile, and a drag would then not redraw until its end.
(function () {
    "use strict";

    const { call, post, latestWins, ApiProblem } = window.beamcast;
    const skip = () => window.dash_clientside.no_update;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const here = (id) => document.getElementById(id) !== null;

    const said = {};

    function say(kind, text, isProblem) {
        const element = document.getElementById(kind + "-message");
        if (said[kind] === text && element && element.textContent === (text || "")) { return; }
        said[kind] = text;
        set(kind + "-message", { children: text, className: "graph-message" + (isProblem ? " is-problem" : "") });
    }

    // CODATA 2022: e / (h c), exact
    const INVERSE_CM_PER_MEV = 8.065543937;

    const succeeded = (context, done) =>
        context.predictions.filter((prediction) => (done || {})[prediction.id] === "succeeded");

    // The body of /spectrum for one instrument, as the controls stand.
    function spectrumBody(view, instrument) {
        const body = {
            instrument,
            settings: view.settings[instrument] || {},
            isotopes: view.isotopes,
            contribution: view.contribution,
            quantum_correction: view.quantum_correction,
            energy_scale: view.energy_scale,
        };
        const grid = energyGrid(view);
        if (grid) { body.energy_mev = grid; }
        return body;
    }

    function energyGrid(view) {
        if (view.energy_max === null || view.energy_max <= (view.energy_min || 0)) { return null; }
        const min = view.energy_min || 0;
        const span = view.energy_max - min;
        const rough = span / 500;
        const decade = Math.pow(10, Math.floor(Math.log10(rough)));
        const step = [1, 2, 5, 10].map((n) => n * decade).find((nice) => nice >= rough);
        return { min, max: view.energy_max, step: Number(step.toPrecision(3)) };
    }

    // Plotly works the tool bar's colours out from the paper, which is transparent here.
    function toolbar(theme) {
        const dark = theme === "dark";
        return {
            bgcolor: "rgba(0,0,0,0)",
            color: dark ? "rgba(228,234,240,0.55)" : "rgba(22,33,44,0.5)",
            activecolor: dark ? "#86bcdb" : "#156591",
        };
    }

    // Without an upper end there is no grid to ask for, but the axis can start where the user says.
    function startingAt(kind, layout, view) {
        const axis = kind === "map" ? layout.yaxis : layout.xaxis;
        if (view.energy_min === null || energyGrid(view) || !axis || !axis.range) { return; }
        const start = view.energy_min * (view.energy_unit === "cm-1" ? INVERSE_CM_PER_MEV : 1);
        if (start < axis.range[1]) { axis.range = [start, axis.range[1]]; }
    }

    // On a phone the legend and the colour bar go below, and the plot gets the width.
    function narrowed(kind, figure) {
        const place = document.getElementById(kind + "-graph");
        if (!place || place.clientWidth > 560) { return; }
        const layout = figure.layout;
        layout.font = { ...layout.font, size: 11 };
        layout.margin = { ...layout.margin, l: 48, r: 8, t: kind === "map" ? 30 : 16 };
        ["xaxis", "yaxis"].forEach((name) => {
            const axis = layout[name];
            axis.title = { ...axis.title, font: { size: 11 }, standoff: 4 };
            axis.nticks = 6;
        });
        if (kind === "spectrum") {
            layout.legend = { ...layout.legend, orientation: "h", x: 0, y: -0.2, yanchor: "top", font: { size: 11 } };
        }
        figure.data.filter((trace) => trace.colorbar).forEach((trace) => {
            trace.colorbar = {
                ...trace.colorbar, orientation: "h", x: 0.5, y: -0.2, yanchor: "top", len: 1, thickness: 10, nticks: 5,
                title: { ...trace.colorbar.title, side: "bottom", font: { size: 11 } },
            };
        });
    }

    function dressed(kind, figure, view, theme) {
        const layout = figure.layout || {};
        layout.autosize = true;
        layout.modebar = toolbar(theme);
        const range = [view.energy_min, view.energy_max].join();
        layout.uirevision = kind === "map" ? [kind, view.map, view.energy_unit, range].join() : [kind, view.energy_unit, view.scale, range].join();
        startingAt(kind, layout, view);
        narrowed(kind, figure);
        return { data: figure.data, layout };
    }

    // What the API draws on the same axes at most.
    const MOST_VIEWS = 24;

    function drawer(kind) {
        let last = null;
        return latestWins(async ({ view, done, theme, context }) => {
            const ready = succeeded(context, done);
            const chosen = kind === "map" ? (view.map ? [view.map] : []) : view.instruments;
            if (!ready.length || !chosen.length) {
                last = null;
                const waiting = context.predictions.some((p) => ["queued", "running"].includes((done || {})[p.id] || p.status));
                const word = !chosen.length ? "Choose an instrument."
                    : waiting ? "Appears here as soon as the first simulation is ready."
                        : "There is no result to show: see above why.";
                say(kind, word, false);
                set(kind + "-graph", { figure: blank() });
                return;
            }
            let sources = ready;
            if (kind === "map") {
                const named = ready.find((prediction) => prediction.id === view.map_prediction);
                sources = [named || ready[ready.length - 1]];
            }
            const views = [];
            sources.forEach((prediction) => chosen.forEach((name) => views.push({
                prediction_id: prediction.id,
                label: name + ", " + prediction.label,
                ...spectrumBody(view, name),
            })));
            const body = JSON.stringify({
                kind, views: views.slice(0, MOST_VIEWS), theme: theme || "light", energy_unit: view.energy_unit,
                ...(kind === "map" ? { scale: view.map_scale } : { scale: view.scale, per_element: view.per_element, banks: view.banks }),
            });
            if (body === last) { return; }
            try {
                const response = await post("/figures", JSON.parse(body));
                const figure = await response.json();
                if (!here(kind + "-graph")) { return; }
                set(kind + "-graph", { figure: dressed(kind, figure, view, theme) });
                say(kind, null, false);
                last = body;
            } catch (problem) {
                last = null;
                say(kind, problem instanceof ApiProblem ? problem.text : String(problem), true);
            }
        });
    }

    function blank() {
        const axis = { visible: false };
        return { data: [], layout: { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis, yaxis: axis } };
    }

    const drawers = {};
    let looking = null;

    // Called by the controls directly: every callback between a slider and its figure costs a dozen of Dash's rounds
    // over all components of the page.
    window.beamcast.look = function (now) {
        // A new page has new graphs: what was drawn before says nothing about them.
        if (!looking || looking.context !== now.context) {
            drawers.spectrum = drawer("spectrum");
            drawers.map = drawer("map");
        }
        looking = now;
        drawers.spectrum(now);
        drawers.map(now);
    };

    const drawStructure = latestWins(async ({ theme, context }) => {
        const path = "/structures/" + context.structure.id + "/figure?theme=" + (theme || "light");
        try {
            const figure = await (await call(path)).json();
            if (!here("structure-graph")) { return; }
            figure.layout.autosize = true;
            figure.layout.modebar = toolbar(theme);
            figure.layout.uirevision = context.structure.id;
            set("structure-graph", { figure: { data: figure.data, layout: figure.layout } });
            set("structure-graph-message", { children: null });
        } catch (problem) {
            set("structure-graph-message", { children: problem.text || String(problem), className: "graph-message is-problem" });
        }
    });

    function structure(theme, context) {
        if (theme && context) { drawStructure({ theme, context }); }
        return skip();
    }

    const ACCEPT = { csv: "text/csv", hdf5: "application/x-hdf5" };
    const SUFFIX = { csv: ".csv", hdf5: ".h5" };

    async function download(clicks) {
        const touched = window.dash_clientside.callback_context.triggered_id;
        if (!touched || !looking || !(clicks || []).some(Boolean)) { return skip(); }
        const { view, context } = looking;
        const prediction = context.predictions.find((one) => one.id === touched.prediction);
        try {
            const response = await post("/predictions/" + touched.prediction + "/spectrum",
                spectrumBody(view, touched.instrument), ACCEPT[touched.format]);
            const name = [context.structure.name, touched.instrument, prediction.label].join("-")
                .replace(/[^\w.-]+/g, "-").toLowerCase();
            const link = document.createElement("a");
            link.href = URL.createObjectURL(await response.blob());
            link.download = "beamcast-" + name + SUFFIX[touched.format];
            link.click();
            window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
            return null;
        } catch (problem) {
            return problem.text || String(problem);
        }
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        figures: { structure, download },
    });
})();
