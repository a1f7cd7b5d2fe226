// Figures come from the API as Plotly JSON. They are set on their graphs directly and not as a callback's answer:
// Dash drops the answer of a callback that was called again meanwhile, and a drag would then not redraw until its end.
(function () {
    "use strict";

    const { call, post, latestWins, save, fileName, FORMATS, ApiProblem, CM_PER_MEV, crystal, datasets } = window.beamcast;
    const {
        SAMPLE, PROBES, succeeded, sourcesOf, instrumentsOf, resolves, hasZone, zoneName, spectrumBody, withEnergies,
        labelOf, numbers,
    } = window.beamcast.bodies;
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

    // Plotly works the tool bar's colours out from the paper, which is transparent here.
    function toolbar(theme) {
        const dark = theme === "dark";
        return {
            bgcolor: "rgba(0,0,0,0)",
            color: dark ? "rgba(228,234,240,0.55)" : "rgba(22,33,44,0.5)",
            activecolor: dark ? "#86bcdb" : "#156591",
        };
    }

    // On a phone the legend and the colour bar go below, and the plot gets the width.
    function narrowed(kind, figure) {
        const place = document.getElementById(kind + "-graph");
        if (!place || place.clientWidth > 560) { return; }
        const layout = figure.layout;
        layout.font = { ...layout.font, size: 11 };
        const lines = ["spectrum", "comparison"].includes(kind) || kind.startsWith("plan-");
        layout.margin = { ...layout.margin, l: 48, r: 8, t: lines ? ((layout.title || {}).text ? 36 : 16) : 30 };
        Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name)).forEach((name) => {
            const axis = layout[name];
            axis.title = { ...axis.title, font: { size: 11 }, standoff: 4 };
            axis.nticks = 6;
        });
        if (lines) {
            layout.legend = { ...layout.legend, orientation: "h", x: 0, y: -0.2, yanchor: "top", font: { size: 11 } };
        }
        figure.data.filter((trace) => trace.colorbar).forEach((trace) => {
            trace.colorbar = {
                ...trace.colorbar, orientation: "h", x: 0.5, y: -0.2, yanchor: "top", len: 1, thickness: 10, nticks: 5,
                title: { ...trace.colorbar.title, side: "bottom", font: { size: 11 } },
            };
        });
    }

    // Viridis without its lightest end (darkest first), for the numbers of phonons where one curve is taken apart.
    const ORDERS = ["#440154", "#482576", "#414487", "#35608d", "#2a788e", "#21918c", "#22a884", "#43bf71", "#7ad151", "#bbdf27"];
    const FAINT = 1e-4;

    const largest = (values) => numbers(values).reduce((most, value) => Math.max(most, value), 0);

    // Each number of phonons stands in the legend once for all instruments, and not at all where it is nothing to see.
    function ordersTold(traces, theme) {
        const role = (trace) => (trace.meta || {}).role;
        if (!traces.some((trace) => role(trace) === "order")) { return traces; }
        const totals = traces.filter((trace) => role(trace) === "total");
        const floor = FAINT * Math.max(...totals.map((trace) => largest(trace.y)));
        const named = new Set();
        return traces.filter((trace) => role(trace) !== "order" || largest(trace.y) >= floor).map((trace) => {
            if (role(trace) !== "order") { return trace; }
            const name = trace.name.slice(trace.name.lastIndexOf(": ") + 2);
            const at = Math.min(parseInt(name, 10), ORDERS.length) - 1;
            const told = { ...trace, name, legendgroup: name, showlegend: !named.has(name) };
            named.add(name);
            if (totals.length === 1) {
                const colour = ORDERS[theme === "dark" ? ORDERS.length - 1 - at : at];
                told.line = { ...trace.line, color: colour, dash: "solid", width: 1.5 };
            }
            return told;
        });
    }

    // While it stays the same, a zoom stays.
    function revision(kind, view) {
        const range = [view.energy_min, view.energy_max].join();
        return [kind, view.energy_unit, range, kind === "spectrum" ? view.scale : view.map].join();
    }

    // The part of the spectrum that the user looks at closely, in meV: the API draws it in finer bins.
    let zoomed = null;
    const ZOOM_SHARE = 0.5;

    function followZoom(kind, view, whole) {
        const plot = document.querySelector("#" + kind + "-graph .js-plotly-plot");
        if (kind !== "spectrum" || !plot || !plot.on || !whole) { return; }
        plot.beamcastShown = { of: revision(kind, view), whole, perMev: view.energy_unit === "meV" ? 1 : CM_PER_MEV };
        if (plot.beamcastFollowed) { return; }
        plot.beamcastFollowed = true;
        plot.on("plotly_relayout", (change) => {
            const shown = plot.beamcastShown;
            const ends = (axis) => change[axis + ".range"] || [change[axis + ".range[0]"], change[axis + ".range[1]"]];
            const x = ends("xaxis");
            const y = ends("yaxis");
            if (!change["xaxis.autorange"] && x[0] === undefined) { return; }
            const close = x[1] - x[0] < ZOOM_SHARE * (shown.whole[1] - shown.whole[0]);
            zoomed = close ? { of: shown.of, x, y, min: x[0] / shown.perMev, max: x[1] / shown.perMev } : null;
            window.beamcast.lookAgain();
        });
    }

    function dressed(kind, figure, view, theme) {
        const layout = figure.layout || {};
        layout.autosize = true;
        layout.modebar = toolbar(theme);
        layout.uirevision = revision(kind, view);
        if (kind === "spectrum") { figure.data = ordersTold(figure.data, theme); }
        if (kind === "spectrum" && zoomed && zoomed.of === layout.uirevision) {
            // Dash draws the figure once more when it is zoomed, after which Plotly takes the zoom for the figure's own.
            layout.xaxis.range = zoomed.x;
            if (zoomed.y[0] !== undefined) { layout.yaxis.range = zoomed.y; }
        }
        if (view.dispersion === false) { figure.data = figure.data.filter((trace) => (trace.meta || {}).role !== "dispersion"); }
        narrowed(kind, figure);
        return { data: figure.data, layout };
    }

    // A figure that is as the API draws it, in the page's dress.
    function dress(kind, figure, theme) {
        figure.layout.autosize = true;
        figure.layout.modebar = toolbar(theme);
        narrowed(kind, figure);
        return { data: figure.data, layout: figure.layout };
    }

    // What the API draws on the same axes at most.
    const MOST_VIEWS = 24;

    const listed = (words) => words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words[words.length - 1];

    // Of crystals: which simulation lacks the zone, or the wave, that is looked at.
    function crystalWords(kind, view, ready, at) {
        if (!at || kind === "zones") { return []; }
        const words = [];
        const say = (those, what) => {
            if (those.length) { words.push(listed(those.map((one) => one.label)) + what + ": not shown."); }
        };
        say(ready.filter((one) => !hasZone(view, one)), " has no zone " + zoneName(view.zone || ""));
        if (kind === "spectrum") { say(ready.filter((one) => at.lacking.includes(one.id)), " has no wave at " + at.point); }
        return words;
    }

    const DASHES = { harmonic: "harmonic is dashed", md: "MD solid", trpmd: "TRPMD dash-dotted" };

    // What the figure does not say by itself.
    function note(kind, { view, context }, { ready, sources, views, at }) {
        const words = [];
        const left = ready.filter((prediction) => !sourcesOf(view, ready).includes(prediction))
            .filter((prediction) => kind === "spectrum" || prediction.id === view.map_prediction);
        words.push(...crystalWords(kind, view, ready, at));
        if (view.order && left.length) {
            words.push("Only harmonic predictions tell numbers of phonons apart: " + listed(left.map((one) => one.label)) + " not shown.");
        }
        if (view.per_order && !view.order && kind === "spectrum" && sources.some((one) => !one.n_orders)) {
            words.push("Orders are drawn for harmonic predictions only.");
        }
        const dull = sources.filter((one) => Object.keys(view.isotopes).some((site) => !resolves(one, site)));
        if (dull.length) { words.push("The isotopes of single sites do not apply to " + listed(dull.map((one) => one.label)) + ", which tells no sites apart."); }
        if (kind !== "spectrum") {
            if (kind === "map" && view.map === SAMPLE) { words.push("The sample itself, before any instrument: there is no window."); }
            return words.join(" ");
        }
        if (view.instruments.includes(SAMPLE) && view.probe !== "neutron") {
            words.push(view.contribution === "incoherent" ? "X-rays and electrons have no incoherent part: the sample is not shown."
                : "Intensities for " + PROBES[view.probe] + " have a unit of their own: compare positions, not heights.");
        }
        const runs = Array.from(new Set(sources.map((one) => one.runs).filter((count) => count > 1)));
        if (runs.length && view.errors && !view.order) { words.push("Shade: one standard error, from " + listed(runs) + " runs."); }
        const methods = Object.keys(DASHES).filter((method) => sources.some((one) => one.method === method));
        if (!at && methods.length > 1) { words.push("Colour tells the instrument; " + listed(methods.map((method) => DASHES[method])) + "."); }
        if (views.length > MOST_VIEWS) { words.push("Only the first " + MOST_VIEWS + " of " + views.length + " curves are drawn."); }
        return words.join(" ");
    }

    function saying(kind, text) {
        const element = document.getElementById(kind + "-note");
        if (element && element.textContent !== text) { set(kind + "-note", { children: text }); }
    }

    // Measured spectra on the same axes.
    function overlay(view) {
        const ids = datasets.drawn(view).map((one) => one.id);
        return ids.length ? { dataset_ids: ids, offset: view.offset, dataset_scale: view.dataset_scale } : null;
    }

    function drawer(kind) {
        let last = null;
        let drawn = false;
        return latestWins(async (now) => {
            const { view, done, theme, context } = now;
            const ready = succeeded(context, done);
            // Of crystals alone: the point that is cut at, and which simulations have no wave there.
            const at = context.sampling === "path" ? await crystal.cutOf(view, ready) : null;
            const chosen = kind === "spectrum" ? view.instruments : (view.map ? [view.map] : []);
            const shown = chosen.filter((name) => instrumentsOf(view).includes(name));
            let sources = kind === "zones" ? ready : sourcesOf(view, ready);
            if (at && kind !== "map") { sources = sources.filter((prediction) => !at.lacking.includes(prediction.id)); }
            if (kind !== "spectrum" && sources.length) {
                const named = sources.find((prediction) => prediction.id === view.map_prediction);
                sources = [named || sources[sources.length - 1]];
            }
            const all = { ...view, zone: kind === "zones" ? null : view.zone };
            const views = [];
            sources.forEach((prediction) => shown.forEach((name) => views.push({
                prediction_id: prediction.id,
                label: labelOf(all, name, prediction, context),
                ...spectrumBody(all, name, prediction, context, at && !at.lacking.includes(prediction.id) ? at.point : null),
            })));
            saying(kind, note(kind, now, { ready, sources, views, at }));
            if (!views.length) {
                last = null;
                const waiting = context.predictions.some((p) => ["queued", "running"].includes((done || {})[p.id] || p.status));
                const word = !chosen.length ? "Choose an instrument, or the sample itself."
                    : !shown.length ? "X-rays and electrons have no incoherent part: choose Total or Coherent."
                        : waiting ? "Appears here as soon as the first simulation is ready."
                            : ready.length && at ? "No simulation here has this zone and this point: choose others."
                            : ready.length ? "Nothing here tells numbers of phonons apart: choose All together."
                                : "There is no result to show: see above why.";
                say(kind, word, false);
                set(kind + "-graph", { figure: blank() });
                return;
            }
            const style = kind !== "spectrum" ? { scale: view.map_scale }
                : { scale: view.scale, per_element: view.per_element, banks: view.banks, errors: view.errors };
            const over = kind === "spectrum" && !at ? overlay(view) : null;
            const close = kind === "spectrum" && zoomed && zoomed.of === revision(kind, view)
                ? { zoom_mev: { min: zoomed.min, max: zoomed.max } } : null;
            const asked = { kind, theme: theme || "light", energy_unit: view.energy_unit, ...style, ...over, ...close };
            const range = [view.energy_min, view.energy_max];
            const key = JSON.stringify([asked, range, views, kind === "map" && view.dispersion, over && datasets.stamp()]);
            if (key === last) { return; }
            // The first look at a simulation reads it from the disk, which may take seconds.
            if (!drawn) { say(kind, "Reading the simulation …", false); }
            try {
                const ranged = await withEnergies(views.slice(0, MOST_VIEWS), view);
                const response = await post("/figures", { ...asked, views: ranged });
                const figure = await response.json();
                if (!here(kind + "-graph")) { return; }
                if (at && kind === "map") { crystal.tell(now, ranged[0], figure.layout.yaxis.range); }
                const whole = (figure.layout.xaxis || {}).range;
                set(kind + "-graph", { figure: dressed(kind, figure, view, theme) });
                followZoom(kind, view, whole);
                say(kind, null, false);
                drawn = true;
                last = key;
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

    let drawers = [];
    let looking = null;

    // Called by the controls directly: every callback between a slider and its figure costs a dozen of Dash's rounds
    // over all components of the page.
    window.beamcast.look = function (now) {
        // A new page has new graphs: what was drawn before says nothing about them.
        if (!looking || looking.context !== now.context) {
            const kinds = now.context.sampling === "path" ? ["map", "spectrum", "zones"] : ["spectrum", "map"];
            drawers = kinds.map(drawer);
        }
        looking = now;
        datasets.look(now);
        window.beamcast.comparison.look(now);
        drawers.forEach((draw) => draw(now));
        window.beamcast.tellRepetitions(now);
    };
    // When it is not the controls that changed, but what they stand for.
    window.beamcast.lookAgain = () => { if (looking) { window.beamcast.look(looking); } };

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


    async function download(clicks) {
        const touched = window.dash_clientside.callback_context.triggered_id;
        if (!touched || !looking || !(clicks || []).some(Boolean)) { return skip(); }
        const { view, context, done } = looking;
        const prediction = context.predictions.find((one) => one.id === touched.prediction);
        try {
            const at = context.sampling === "path" ? await crystal.cutOf(view, succeeded(context, done)) : null;
            if (at && !hasZone(view, prediction)) { return "It has no zone " + zoneName(view.zone) + ": choose another."; }
            const about = spectrumBody(view, touched.instrument, prediction, context, at ? at.point : null);
            const [{ prediction_id: id, ...body }] = await withEnergies([{ ...about, prediction_id: prediction.id }], view);
            const response = await post("/predictions/" + id + "/spectrum", body, FORMATS[touched.format].accept);
            const name = fileName("beamcast", context.structure.name, touched.instrument, prediction.label);
            await save(response, name + FORMATS[touched.format].suffix);
            return null;
        } catch (problem) {
            return problem.text || String(problem);
        }
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        figures: { structure, download },
    });
    window.beamcast.figures = { blank, toolbar, dress };
})();
